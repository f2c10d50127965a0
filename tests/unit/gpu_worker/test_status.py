from gpu_worker.status import WorkerStatus
from tasks.errors import ErrorCode, JobError
from tasks.schema import WorkerState
from tests.conftest import ManualClock


def test_the_states_of_a_worker(clock: ManualClock) -> None:
    """The fleet decides by these: idle machines are given back, draining ones are not counted on."""
    status = WorkerStatus(now=clock)
    assert status.facts()["state"] is WorkerState.STARTING
    status.ready()
    assert status.facts()["state"] is WorkerState.IDLE
    with status.working_on("a"):
        assert status.facts()["state"] is WorkerState.BUSY
        assert status.facts()["job_ids"] == ("a",)
    assert status.facts()["state"] is WorkerState.IDLE
    status.drain()
    assert status.facts()["state"] is WorkerState.DRAINING


def test_since_is_when_the_state_began(clock: ManualClock) -> None:
    """Idle time is counted from here; a second job must not start it anew."""
    status = WorkerStatus(now=clock)
    status.ready()
    idle_since = clock()
    clock.advance(5)
    assert status.facts()["since"] == idle_since
    with status.working_on("a"):
        busy_since = clock()
        clock.advance(5)
        with status.working_on("b"):
            assert status.facts()["since"] == busy_since


def test_busy_seconds(clock: ManualClock) -> None:
    """Two jobs at a time are one busy worker."""
    status = WorkerStatus(now=clock)
    with status.working_on("a"):
        clock.advance(3)
        with status.working_on("b"):
            clock.advance(4)
    clock.advance(100)
    assert status.facts()["busy_s"] == 7


def test_the_last_error_is_told(clock: ManualClock) -> None:
    """A person sees from outside what ails a machine."""
    status = WorkerStatus(now=clock)
    status.note_error(JobError(ErrorCode.OUT_OF_MEMORY, "tried to allocate 2 GiB"))
    assert status.facts()["last_error"] == "out_of_memory: tried to allocate 2 GiB"


def test_what_is_being_fetched_is_told(clock: ManualClock) -> None:
    """A machine that fetches for minutes is not dead, and the fleet sees how far it is."""
    status = WorkerStatus(now=clock)
    with status.fetching("sdxl") as note:
        note(30, 100)
        assert status.facts()["fetching"] == ("sdxl 30 %",)
        note(5_000_000, None)
        assert status.facts()["fetching"] == ("sdxl 5 MB",)
    assert status.facts()["fetching"] == ()


def test_the_loras_drawn_with_lately_are_named(clock: ManualClock) -> None:
    """Members see which are at hand; the newest first, each once, and not all of five thousand."""
    status = WorkerStatus(now=clock)
    status.note_done(loras=["ink", "fox"])
    status.note_done(loras=["fox", "sea"])
    assert status.facts()["loras"] == ("fox", "sea", "ink")
    for number in range(100):
        status.note_done(loras=[f"l{number}"])
    assert len(str(status.facts()["loras"])) < 1000
