"""The world in virtual time: its bill by hand, its rules, and what holds for every scaler and trace."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.scaling import POINTS, OperatingPoint
from provisioner.simulator.baselines import (
    AlwaysOn,
    Dstack,
    Keda,
    Knative,
    PerInput,
    RunPod,
    SkyServe,
    TargetScaler,
    simple_rule,
)
from provisioner.simulator.bounds import bound_usd, gap_usd, zero_wait_usd
from provisioner.simulator.easel import EaselScaler
from provisioner.simulator.market import MarketModel
from provisioner.simulator.outcome import interval, quantile
from provisioner.simulator.synthetic import Shape, generate
from provisioner.simulator.trace import Request
from provisioner.simulator.world import Scaler, World

# No luck: the image takes 100 s, weights 20 s, parked machines take 10 s to run, and money counts in round figures.
CALM = MarketModel(
    usd_per_hour=3.6, storage_usd_per_hour=0.036, launch_usd=0.5, pull_sigma=0.0, pull_s=100, load_s=20,
    dud_share=0.0, wake_s=(10.0, 10.0), wake_success=1.0,
)  # fmt: skip
POINT = OperatingPoint(tolerated_wait_s=40, idle_last_s=300, idle_rest_s=300, park_slots=1, parked_s=3600)


def job(t_s: float, exec_s: float = 10.0, model: str = "m") -> Request:
    return Request(t_s, exec_s, "user", 1, model)


def everybody() -> list[Scaler]:
    baselines: list[TargetScaler] = [
        AlwaysOn(1), Keda(), SkyServe(target_qps=0.05), Dstack(target_rps=0.05), Knative(), RunPod(), PerInput(),
        simple_rule(),
    ]  # fmt: skip
    return [*baselines, EaselScaler(POINT), EaselScaler(POINTS["fast"], can_park=False)]


def test_a_cold_start_by_hand() -> None:
    """One job: 100 s of pulling at the disk's price, 20 s of loading and 10 s of drawing at the whole price."""
    outcome = World([job(0.0)], EaselScaler(POINT), CALM, seed=1).run()
    assert outcome.waits == pytest.approx([120.0])
    assert outcome.usd == pytest.approx(0.5 + 130 * 0.036 / 3600 + 30 * 3.564 / 3600)


def test_a_parked_machine_by_hand() -> None:
    """Parked 300 s after its job, woken by the next one: 10 s to run, 20 s to load, and no second launch."""
    outcome = World([job(0.0), job(1000.0)], EaselScaler(POINT), CALM, seed=1).run()
    assert outcome.waits == pytest.approx([120.0, 30.0])
    assert (outcome.launches, outcome.parks, outcome.wakes) == (1, 1, 1)
    assert outcome.gpu_usd == pytest.approx((20 + 10 + 300 + 20 + 10) * 3.564 / 3600, abs=1e-4)


def test_a_taken_gpu_is_replaced() -> None:
    """The parked machine does not come back: after 30 s a fresh one is rented, and the job is drawn."""
    outcome = World([job(0.0), job(1000.0)], EaselScaler(POINT), replace(CALM, wake_success=0.0), seed=1).run()
    assert outcome.launches == 2
    assert outcome.waits[1] == pytest.approx(150, abs=3)


def test_duds_are_replaced_after_the_deadline() -> None:
    """Half of all machines never come up: every job is drawn nevertheless."""
    trace = [job(number * 5000.0) for number in range(20)]
    outcome = World(trace, EaselScaler(POINT, can_park=False), replace(CALM, dud_share=0.5), seed=1).run()
    assert len(outcome.waits) == 20
    assert outcome.launches > 22
    assert max(outcome.waits) > 600


def test_affinity_saves_swaps() -> None:
    """A worker takes the job of its loaded checkpoint first; without that each change of model costs the swap."""
    trace = [job(0.0, model=model) for model in "abababababababab"]
    waits = {
        affinity: sum(
            World(trace, AlwaysOn(1), replace(CALM, swap_s=8.0, affinity=affinity, load_s=1, pull_s=1), seed=1)
            .run()
            .waits
        )
        for affinity in (True, False)
    }
    assert waits[True] < 0.7 * waits[False]


traces = st.lists(
    st.tuples(st.floats(0, 900), st.floats(1, 200), st.sampled_from("abc"), st.sampled_from([1, 2, 4, 8])),
    min_size=1,
    max_size=25,
)


@settings(deadline=None, max_examples=40)
@given(drawn=traces, seed=st.integers(0, 1000), which=st.integers(0, 9))
def test_every_job_is_drawn_once_within_the_bounds(
    drawn: list[tuple[float, float, str, int]], seed: int, which: int
) -> None:
    """Whatever the scaler: all jobs start, none too early, never more machines than may be, no bill below the bound."""
    moment, trace = 0.0, []
    for gap, exec_s, user, size in drawn:
        moment += gap
        trace.append(Request(moment, exec_s, user, size, user))
    trace = [replace(one, t_s=one.t_s - trace[0].t_s) for one in trace]
    market = MarketModel(max_workers=4)
    world = World(trace, everybody()[which], market, seed=seed)
    outcome = world.run()
    assert len(outcome.waits) == len(trace)
    assert min(outcome.waits) >= 0
    assert len(world.machines) <= market.max_workers
    assert outcome.usd >= bound_usd(trace, market, wait_s=max(outcome.waits)) - 1e-9
    assert outcome.span_s >= trace[-1].t_s + trace[-1].exec_s


@pytest.mark.parametrize("scaler", range(10))
def test_runs_are_reproducible(scaler: int) -> None:
    """The same seed gives the same run."""
    trace = generate(Shape(requests=150, days=0.5), seed=2)
    runs = [World(trace, everybody()[scaler], MarketModel(), seed=5).run().figures() for _ in range(2)]
    assert runs[0] == runs[1]


def test_parking_pays_in_the_simulated_market() -> None:
    """The reason why the policy parks: cheaper, and shorter waits, on the same jobs."""
    trace = generate(Shape(requests=1500, days=3), seed=1)
    with_, without = (World(trace, EaselScaler(POINT, can_park=can), CALM, seed=1).run() for can in (True, False))
    assert with_.usd < without.usd
    assert sum(with_.waits) < sum(without.waits)


def test_the_optimum_by_hand() -> None:
    """Two jobs at once need two workers; a long gap is bridged by the cheapest way."""
    alone, pair = [job(0.0)], [job(0.0), job(1.0)]
    start = 0.5 + 20 / 1000
    assert zero_wait_usd(alone, CALM) == pytest.approx(start + 0.01)
    assert zero_wait_usd(pair, CALM) == pytest.approx(2 * (start + 0.01))
    later = [job(0.0), job(110.0)]
    assert zero_wait_usd(later, CALM, can_park=False) == pytest.approx(start + 0.02 + 0.1)
    assert gap_usd(1e6, CALM, can_park=True) == pytest.approx(start)
    assert gap_usd(1000, CALM, can_park=True) == pytest.approx(0.01 + 20 * 0.00099)


@given(gap=st.floats(0, 1e5), shorter=st.floats(0, 1e5))
def test_a_gap_costs_more_the_longer_it_is_and_less_with_parking(gap: float, shorter: float) -> None:
    """What the bounds rest on."""
    assert gap_usd(min(gap, shorter), CALM, can_park=True) <= gap_usd(gap, CALM, can_park=True)
    assert gap_usd(gap, CALM, can_park=True) <= gap_usd(gap, CALM, can_park=False)


def test_intervals_and_quantiles() -> None:
    """Student's t for few seeds; a single seed has no interval."""
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.95) == 4.0
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.5) == 2.0
    assert interval([1.0, 2.0, 3.0]).half_width == pytest.approx(4.30 / math.sqrt(3))
    assert str(interval([5.0])) == "5.00"
