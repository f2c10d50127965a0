"""`make properties`: as many stories as five minutes allow on all cores; prints how many."""

import argparse
import os
import random
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from tests.properties import cases

ENOUGH = 10_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="repeats an earlier run")
    chosen = parser.parse_args()
    sys.stdout.write(f"seed {chosen.seed}\n")
    sys.stdout.flush()
    until = time.monotonic() + chosen.minutes * 60
    seeds = [chosen.seed + 1_000_000 * number for number in range(chosen.processes)]
    with ProcessPoolExecutor(chosen.processes) as pool:
        done = pool.map(_work, seeds, [until] * len(seeds), [ENOUGH // len(seeds)] * len(seeds))
        sys.stdout.write(f"{sum(done):,} stories of faults and crashes, and every promise was kept\n")


def _work(first_seed: int, until: float, number: int) -> int:
    with cases.resources() as opened:
        return cases.run(number, opened, first_seed=first_seed, until=until)


if __name__ == "__main__":
    main()
