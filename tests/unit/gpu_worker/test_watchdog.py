from gpu_worker.watchdog import FIRST_BOUND_S, FIRST_STEP_S, FLOOR_S, Watchdog, bound_s


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_bound_is_learned_from_steps() -> None:
    """A slow card is no stalled card, and a fast one is known to be stuck within a minute."""
    assert bound_s([]) == FIRST_BOUND_S
    assert bound_s([0.1, 0.1, 0.2]) == FLOOR_S
    assert bound_s([10.0, 10.0, 12.0]) == 200.0


def test_a_step_that_does_not_come_is_reported() -> None:
    """Nothing inside the process can interrupt a hung kernel."""
    clock, stalls = Clock(), list[float]()
    watchdog = Watchdog(stalls.append, clock=clock)
    with watchdog.drawing():
        clock.now += 1
        watchdog.step()
        clock.now += FLOOR_S - 1
        watchdog.look()
        assert stalls == []
        clock.now += 2
        watchdog.look()
    assert stalls == [FLOOR_S + 1]


def test_what_a_job_brings_may_take_longer_than_a_step() -> None:
    """Three ControlNets from a slow disk, on a worker whose steps are fast: it must not be ended again and again."""
    clock, stalls = Clock(), list[float]()
    watchdog = Watchdog(stalls.append, clock=clock)
    for _ in range(2):
        with watchdog.drawing():
            clock.now += FIRST_STEP_S - 1
            watchdog.look()
            for _ in range(10):
                watchdog.step()
                clock.now += 0.1
    assert stalls == []
    with watchdog.drawing():
        clock.now += FIRST_STEP_S + 1
        watchdog.look()
    assert stalls == [FIRST_STEP_S + 1]


def test_an_idle_lane_is_not_stalled() -> None:
    """Between jobs silence means nothing."""
    clock, stalls = Clock(), list[float]()
    watchdog = Watchdog(stalls.append, clock=clock)
    with watchdog.drawing():
        pass
    clock.now += 10_000
    watchdog.look()
    assert stalls == []


def test_loading_has_its_own_patience() -> None:
    """Reading seven gigabytes from a slow disk takes longer than any step."""
    clock, stalls = Clock(), list[float]()
    watchdog = Watchdog(stalls.append, clock=clock)
    with watchdog.drawing():
        clock.now += 1
        watchdog.step()
    with watchdog.loading():
        clock.now += FIRST_BOUND_S - 1
        watchdog.look()
    assert stalls == []


def test_what_is_prepared_beside_an_idle_lane_is_watched() -> None:
    """A detector may hang on the card before its job ever reaches the lane."""
    clock, stalls = Clock(), list[float]()
    watchdog = Watchdog(stalls.append, clock=clock)
    with watchdog.preparing():
        clock.now += 100
        with watchdog.preparing(), watchdog.drawing():
            watchdog.step()
        clock.now += FIRST_BOUND_S - 101
        watchdog.look()
        assert stalls == []
        clock.now += 2
        watchdog.look()
    assert stalls == [FIRST_BOUND_S + 1]
    clock.now += 10_000
    watchdog.look()
    assert len(stalls) == 1
