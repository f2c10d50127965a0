"""`python -m benchmarks`: every benchmark in turn but the long ones; `python -m benchmarks NAME …` the named ones."""

import sys

from benchmarks import (
    changes,
    checkpoint_switch,
    control_plane,
    enqueue_to_start,
    gpu,
    many_people,
    mixed_jobs,
    overlap,
    worker_overhead,
)

BENCHMARKS = {
    "control_plane": control_plane.main,
    "many_people": many_people.main,
    "enqueue_to_start": enqueue_to_start.main,
    "worker_overhead": worker_overhead.main,
    "overlap": overlap.main,
    "checkpoint_switch": checkpoint_switch.main,
    "changes": changes.main,
    "gpu": gpu.main,
    "mixed_jobs": mixed_jobs.main,
}

LONG = {"mixed_jobs"}  # many minutes

if __name__ == "__main__":
    unknown = set(sys.argv[1:]) - set(BENCHMARKS)
    if unknown:
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    for name in sys.argv[1:] or [each for each in BENCHMARKS if each not in LONG]:
        BENCHMARKS[name]()
