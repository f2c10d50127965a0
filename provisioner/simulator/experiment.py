"""Ours against everybody: each rule is tuned on the first half of the days and judged on the second."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from provisioner.simulator.bounds import bound_usd, zero_wait_usd
from provisioner.simulator.market import MarketModel
from provisioner.simulator.outcome import Interval, Outcome, interval, over_seeds
from provisioner.simulator.rules import OURS, Factory, rivals
from provisioner.simulator.synthetic import Shape, generate
from provisioner.simulator.trace import Request, halves, scaled
from provisioner.simulator.world import World

# Tuning sees other seeds than judging, so nobody is tuned on its own luck.
TUNING_SEEDS = (101, 102)
# A rule is at our cost where it costs at most this much more.
AT_OUR_COST = 1.05
# Tuned: the least product of cost and 95th percentile plus this, since below it nobody minds.
_NOBODY_MINDS_S = 30.0


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A trace's shape, on a GPU that needs `scale` of its time."""

    key: str
    title: str
    shape: Shape
    scale: float
    market: MarketModel = field(default_factory=MarketModel)

    def half(self, number: int, *, seed: int) -> list[Request]:
        """The first (0) or second (1) half of this seed's trace."""
        return halves(scaled(generate(self.shape, seed=seed), self.scale))[number]

    @property
    def mean_exec_s(self) -> float:
        """What owners of rate-based rules would have measured."""
        return self.shape.exec_s * self.scale


SCENARIOS = {
    one.key: one
    for one in (
        Scenario(
            key="quick", title="a GPU that needs 10 s a job (0.13 GPU busy on average)", shape=Shape(), scale=0.35
        ),
        Scenario(key="slow", title="a GPU that needs 28 s a job (0.38 GPU busy)", shape=Shape(), scale=1.0),
        Scenario(
            key="busy",
            title="ten times the traffic, 10 s a job (1.3 GPUs busy)",
            shape=Shape(days=4, requests=47_000),
            scale=0.35,
        ),
    )
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One rule's figures on the second half."""

    family: str
    name: str
    roles: tuple[str, ...]
    figures: Mapping[str, Interval]


@dataclass(frozen=True, kw_only=True)
class Result:
    """Everything about a scenario."""

    scenario: Scenario
    seeds: int
    rows: tuple[Row, ...]
    optimum: Mapping[str, Interval]


def run(scenario: Scenario, *, seeds: int, say: Callable[[str], None]) -> Result:
    """Tune, judge, and compute what cannot be beaten."""
    tuning = [(seed, scenario.half(0, seed=seed)) for seed in TUNING_SEEDS]
    costs = {name: _mean(_play(factory, tuning, scenario.market))[0] for name, factory in OURS.items()}
    chosen = _choose(scenario, tuning, costs, say)
    judging = [(seed, scenario.half(1, seed=seed)) for seed in range(1, seeds + 1)]
    rows: list[Row] = []
    for family, factory, roles in [*(("Easel", one, (name,)) for name, one in OURS.items()), *chosen]:
        figures = over_seeds(_play(factory, judging, scenario.market))
        rows.append(Row(family=family, name=factory().name, roles=tuple(roles), figures=figures))
        say(f"{rows[-1].name}: ${figures['usd_per_1000']} per 1000 pictures, p95 {figures['p95_s']} s")
    longest = {row.roles[0]: row.figures["max_s"].mean for row in rows if row.family == "Easel"}
    optimum = _optimum(judging, scenario.market, wait_s=longest["standard"])
    return Result(scenario=scenario, seeds=seeds, rows=tuple(rows), optimum=optimum)


def _choose(
    scenario: Scenario,
    tuning: Sequence[tuple[int, list[Request]]],
    costs: Mapping[str, float],
    say: Callable[[str], None],
) -> list[tuple[str, Factory, list[str]]]:
    """Per family: as it ships, tuned, and the quickest that costs what our points cost."""
    chosen: list[tuple[str, Factory, list[str]]] = []
    for family, factories in rivals(scenario.mean_exec_s).items():
        seen = [_mean(_play(factory, tuning, scenario.market)) for factory in factories]
        say(f"{family}: {len(factories)} settings tried")
        roles: dict[int, list[str]] = {0: ["as shipped"]}
        best = min(range(len(seen)), key=lambda one: seen[one][0] * (seen[one][1] + _NOBODY_MINDS_S))
        roles.setdefault(best, []).append("tuned")
        for point, usd in costs.items():
            affordable = [one for one, (cost, _) in enumerate(seen) if cost <= AT_OUR_COST * usd]
            if affordable:
                quickest = min(affordable, key=lambda one: seen[one][1])
                roles.setdefault(quickest, []).append(f"for {point}'s cost")
        chosen += [(family, factories[one], names) for one, names in roles.items()]
    return chosen


def _play(factory: Factory, traces: Sequence[tuple[int, list[Request]]], market: MarketModel) -> list[Outcome]:
    return [World(trace, factory(), market, seed=seed).run() for seed, trace in traces]


def _mean(outcomes: Sequence[Outcome]) -> tuple[float, float]:
    figures = [one.figures() for one in outcomes]
    return fmean(one["usd_per_1000"] for one in figures), fmean(one["p95_s"] for one in figures)


def _optimum(traces: Sequence[tuple[int, list[Request]]], market: MarketModel, *, wait_s: float) -> dict[str, Interval]:
    """US dollars per 1000 pictures of the clairvoyant, and the bound at the longest wait of our standard point."""
    found: dict[str, list[float]] = {}
    for _, trace in traces:
        images = sum(request.n_images for request in trace) / 1000
        for can_park, suffix in ((True, "parking"), (False, "no parking")):
            zero, bound = (
                zero_wait_usd(trace, market, can_park=can_park),
                bound_usd(trace, market, wait_s=wait_s, can_park=can_park),
            )
            found.setdefault(f"nobody waits, {suffix}", []).append(zero / images)
            found.setdefault(f"bound at {wait_s:.0f} s, {suffix}", []).append(bound / images)
    return {name: interval(values) for name, values in found.items()}
