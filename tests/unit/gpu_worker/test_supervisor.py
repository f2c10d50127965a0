import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from gpu_worker.supervisor import pause_s

ROOT = Path(__file__).parents[3]

PROGRAM = """
import sys
from gpu_worker.supervisor import Supervisor
sys.exit(Supervisor([sys.executable, "-c", sys.argv[1]], sleep=lambda s: None).run())
"""
LIFE = "import pathlib, sys, time; log = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else {log!r}); "


def start(child: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", PROGRAM, textwrap.dedent(child)], cwd=ROOT, text=True)


def wait_for(path: Path, *, timeout_s: float = 20) -> str:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if path.exists() and path.read_text():
            return path.read_text()
        time.sleep(0.02)
    raise AssertionError(f"{path} was not written")


def test_pauses_grow_and_end() -> None:
    """A worker that dies at once must not burn its machine, and must come back in bearable time."""
    assert [pause_s(crashes) for crashes in (1, 2, 3, 6, 50)] == [1.0, 2.0, 4.0, 30.0, 30.0]


@pytest.mark.parametrize("code", [0, 2])
def test_an_end_on_purpose_is_final(code: int) -> None:
    """Drained, destroyed or misconfigured: starting again would be wrong."""
    assert start(f"import sys; sys.exit({code})").wait(20) == code


def test_crashes_are_followed_by_a_new_start(tmp_path: Path) -> None:
    """A fatal CUDA error and a SIGKILL cost one process, not the machine."""
    count = tmp_path / "count"
    child = f"""
    import os, pathlib, signal, sys
    count = pathlib.Path({str(count)!r})
    with count.open("a") as file:
        file.write("x")
    if len(count.read_text()) == 1:
        sys.exit(71)
    if len(count.read_text()) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    """
    assert start(child).wait(30) == 0
    assert count.read_text() == "xxx"


def test_sigterm_is_passed_on(tmp_path: Path) -> None:
    """The worker drains; the supervisor waits for it."""
    ready, ended = tmp_path / "ready", tmp_path / "ended"
    child = f"""
    import pathlib, signal, sys, time
    def end(*_):
        pathlib.Path({str(ended)!r}).write_text("drained")
        sys.exit(0)
    signal.signal(signal.SIGTERM, end)
    pathlib.Path({str(ready)!r}).write_text("yes")
    time.sleep(60)
    """
    supervisor = start(child)
    wait_for(ready)
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(20) == 0
    assert ended.read_text() == "drained"


def test_a_second_sigterm_ends_at_once(tmp_path: Path) -> None:
    """Whoever asks twice does not want to wait for the picture."""
    ready, heard = tmp_path / "ready", tmp_path / "heard"
    child = f"""
    import pathlib, signal, time
    signal.signal(signal.SIGTERM, lambda *_: pathlib.Path({str(heard)!r}).write_text("yes"))
    pathlib.Path({str(ready)!r}).write_text("yes")
    while True:
        time.sleep(60)
    """
    supervisor = start(child)
    wait_for(ready)
    supervisor.send_signal(signal.SIGTERM)
    wait_for(heard)
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(20) == 128 + signal.SIGTERM


def test_the_worker_ends_with_its_supervisor(tmp_path: Path) -> None:
    """A supervisor that is killed must leave no orphan that still takes jobs."""
    ready, ended = tmp_path / "ready", tmp_path / "ended"
    child = f"""
    import os, pathlib, sys
    sys.path.insert(0, {str(ROOT)!r})
    lifeline = int(os.environ["EASEL_LIFELINE_FD"])
    pathlib.Path({str(ready)!r}).write_text("yes")
    os.read(lifeline, 1)
    pathlib.Path({str(ended)!r}).write_text("noticed")
    """
    supervisor = start(child)
    wait_for(ready)
    supervisor.kill()
    supervisor.wait(20)
    assert wait_for(ended) == "noticed"
