from gpu_worker.drain import finish
from gpu_worker.traffic import LEAD_S, Traffic


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_an_idle_worker_takes_a_message() -> None:
    """The gate must not keep work from a worker that has none."""
    assert Traffic().may_take(0)


def test_a_message_that_was_just_taken_closes_the_gate() -> None:
    """Between the pop and the first line of the job, no second message may slip in."""
    assert not Traffic().may_take(1)


def test_a_job_that_prepares_closes_the_gate() -> None:
    """Nobody knows yet how long it will have the lane."""
    traffic = Traffic()
    with traffic.holding("a"):
        assert not traffic.may_take(1)


def test_the_gate_opens_when_the_lane_is_nearly_free() -> None:
    """The next job is prepared while this one ends, and not earlier: an idle worker could have had it."""
    clock = Clock()
    traffic = Traffic(clock=clock)
    with traffic.holding("a"), traffic.on_lane("a"):
        assert not traffic.may_take(1)
        traffic.expect_free_in(LEAD_S + 5)
        assert not traffic.may_take(1)
        clock.now += 5
        assert traffic.may_take(1)


def test_a_job_that_waits_for_the_lane_closes_the_gate() -> None:
    """At most one job is prepared ahead."""
    traffic = Traffic()
    with traffic.holding("a"), traffic.on_lane("a"), traffic.holding("b"):
        traffic.expect_free_in(0.1)
        assert not traffic.may_take(2)


def test_encoding_does_not_keep_the_lane() -> None:
    """While the last picture is encoded and handed over, the next job samples."""
    traffic = Traffic()
    with traffic.holding("a"):
        with traffic.on_lane("a"):
            pass
        assert traffic.may_take(1)


def test_a_draining_worker_takes_nothing() -> None:
    """SIGTERM closes the gate for good."""
    traffic = Traffic()
    traffic.close()
    assert not traffic.may_take(0)


def test_a_job_that_ended_is_forgotten() -> None:
    """What is over must not count for ever."""
    traffic = Traffic()
    with traffic.holding("a"), traffic.on_lane("a"):
        assert traffic.jobs == ("a",)
    assert not traffic.jobs
    assert traffic.may_take(0)


def test_at_the_end_of_its_age_a_machine_finishes_what_it_draws() -> None:
    """Nothing more is taken, the running job is waited for, and one that never ends keeps no machine."""
    traffic, waits = Traffic(), list[float]()
    assert finish(traffic, sleep=waits.append)
    with traffic.holding("a"):
        assert not finish(traffic, bound_s=3, sleep=waits.append)
    assert waits == [1.0] * 3
    assert not traffic.may_take(0)
