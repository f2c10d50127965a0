"""Pushed code: the worker drains for it, the supervisor starts from it, and the image's own is there where it fails."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from redis import Redis

from gpu_worker import exit_codes
from gpu_worker.releases import Releases, ReleaseWatch
from gpu_worker.supervisor import Supervisor
from provisioner import bundle
from tasks import keys, releases

ROOT = Path(__file__).parents[3]


def watch(redis: Redis, *, running: str = "", refused: str = "") -> bool:
    """Whether the worker would drain."""
    return ReleaseWatch(redis, "w1", running=running, refused=refused, on_release=lambda: None).look()


def test_a_worker_drains_for_another_release_only(redis: Redis) -> None:
    """Not for the one that it runs, nor for one that failed, nor for somebody else's."""
    assert not watch(redis)
    releases.offer(redis, "w2", b"theirs")
    assert not watch(redis)
    name = releases.offer(redis, "w1", b"code")
    assert watch(redis)
    assert not watch(redis, running=name)
    assert not watch(redis, refused=name)


def test_a_bundle_runs_without_the_checkout(redis: Redis, tmp_path: Path) -> None:
    """Code and registry are whole: the worker's configuration is read from them, and no ledger is among them."""
    packed = bundle.build(ROOT / "sandbox" / "config", profile="sandbox")
    assert packed == bundle.build(ROOT / "sandbox" / "config", profile="sandbox"), "the name says what is in it"
    name = releases.offer(redis, "w1", packed.content)
    variables = Releases(tmp_path, lambda: redis, "w1").take()
    assert variables["EASEL_RELEASE"] == name
    assert not (tmp_path / name / "tasks" / "ledger").exists()
    look = "import config.loading as l, gpu_worker.worker, sys, pathlib, os; \
        r = l.load_registry(pathlib.Path(os.environ['EASEL_CONFIG_DIR'])); print(l.__file__, r.profile.id)"
    seen = run_and_read(look, variables, tmp_path)
    assert seen == f"{tmp_path / name / 'config' / 'loading.py'} sandbox"


def run_and_read(code: str, variables: Mapping[str, str], folder: Path) -> str:
    """What a process prints under a supervisor that was given these variables at once."""
    told = folder / "told"
    child = f"import os, sys; fd = os.open({str(told)!r}, os.O_WRONLY | os.O_CREAT); os.dup2(fd, 1)\n"
    first = f"import sys\nif not {variables!r}.items() <= dict(__import__('os').environ).items(): sys.exit(73)\n"
    supervisor = Supervisor([sys.executable, "-c", first + child + code], take_release=lambda: variables)
    assert supervisor.run() == exit_codes.DONE
    return told.read_text().strip()


@pytest.mark.parametrize("code", [exit_codes.MISCONFIGURED, 1])
def test_code_that_does_not_run_is_left_again(tmp_path: Path, code: int) -> None:
    """It fails at once or finds its configuration wrong: back to the image's own, and not taken a second time."""
    child = f"""
import os, sys
with open({str(tmp_path / "log")!r}, "a") as log:
    log.write(os.environ.get("EASEL_RELEASE", "own") + " " + os.environ.get("EASEL_REFUSED_RELEASE", "-") + "\\n")
if "EASEL_REFUSED_RELEASE" in os.environ: sys.exit(0)
sys.exit({code} if os.environ.get("EASEL_RELEASE") == "bad" else 73)
"""
    os.environ.pop("EASEL_RELEASE", None)
    taken = {"EASEL_RELEASE": "bad"}
    supervisor = Supervisor([sys.executable, "-c", child], sleep=lambda _s: None, take_release=lambda: taken)
    assert supervisor.run() == exit_codes.DONE
    assert (tmp_path / "log").read_text().splitlines() == ["own -", "bad -", "own bad"]


def test_a_spoiled_bundle_is_not_taken(redis: Redis, tmp_path: Path) -> None:
    """Its name is its hash; what is no archive changes nothing."""
    releases.offer(redis, "w1", b"no archive")
    assert Releases(tmp_path, lambda: redis, "w1").take() == {}
    redis.hset(keys.release("w1"), "bundle", b"something else")
    assert Releases(tmp_path, lambda: redis, "w1").take() == {}
