"""Traces like those of a mid-size Discord bot: sessions in busy spells, silent mornings, a ramp of popularity."""

import math
import random
from dataclasses import dataclass
from itertools import accumulate

from provisioner.simulator.trace import Request

_DAY_S = 86_400.0
SIZES, SIZE_WEIGHTS = (1, 2, 4, 8), (58, 8, 19, 15)
# Share of the day's traffic by the hour: four silent hours, a long evening.
_DAY_CURVE = (9, 10, 10, 9, 8, 7, 6, 5, 4, 3, 1.5, 0.15, 0.1, 0.15, 1, 3, 4, 5, 6, 6, 7, 7, 8, 9)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What the figures of a production text-to-image service look like (docs/autoscaling.md names them).

    `exec_s` is the mean, with a lognormal spread beyond the number of pictures. `growth`: the last day's traffic over
    the first one's. A session is one member's requests 20 to 60 s apart; spells are times in which a channel is awake.
    """

    requests: int = 27_000
    days: float = 23.0
    exec_s: float = 28.0
    exec_sigma: float = 0.5
    users: int = 4_200
    models: int = 86
    model_exponent: float = 1.3
    growth: float = 12.0
    requests_per_session: float = 5.0
    spell_s: float = 2_400.0
    pause_s: float = 2_600.0
    pause_sigma: float = 1.1


def generate(shape: Shape, *, seed: int) -> list[Request]:
    """A trace; the same for the same shape and seed."""
    chance = random.Random(seed)  # noqa: S311 - a simulation, not a secret
    starts = _session_starts(shape, chance)
    users = list(accumulate(1 / (rank + 3) ** 0.8 for rank in range(shape.users)))
    models = list(accumulate(1 / (rank + 1) ** shape.model_exponent for rank in range(shape.models)))
    requests = [request for start in starts for request in _session(start, shape, chance, users, models)]
    requests.sort(key=lambda request: request.t_s)
    begin = requests[0].t_s
    return [Request(r.t_s - begin, r.exec_s, r.user, r.n_images, r.model) for r in requests]


def _session_starts(shape: Shape, chance: random.Random) -> list[float]:
    """As many sessions as give the wanted requests, where popularity, hour and spells make them likely."""
    spells = _spells(shape, chance)
    weights = list(accumulate((end - begin) * _popularity((begin + end) / 2, shape) for begin, end in spells))
    number = round(shape.requests / shape.requests_per_session)
    chosen = chance.choices(spells, cum_weights=weights, k=number)
    return [chance.uniform(begin, end) for begin, end in chosen]


def _spells(shape: Shape, chance: random.Random) -> list[tuple[float, float]]:
    spells: list[tuple[float, float]] = []
    t_s, horizon_s = 0.0, shape.days * _DAY_S
    while t_s < horizon_s:
        end = t_s + chance.expovariate(1 / shape.spell_s)
        spells.append((t_s, min(end, horizon_s)))
        t_s = end + chance.lognormvariate(math.log(shape.pause_s) - shape.pause_sigma**2 / 2, shape.pause_sigma)
    return spells


def _popularity(t_s: float, shape: Shape) -> float:
    hour = int(t_s % _DAY_S // 3600)
    ramp: float = shape.growth ** (t_s / (shape.days * _DAY_S))
    return _DAY_CURVE[hour] * ramp


def _session(
    start: float, shape: Shape, chance: random.Random, users: list[float], models: list[float]
) -> list[Request]:
    """One member, mostly one model and size; each request 20 to 60 s after the one before."""
    user = chance.choices(range(len(users)), cum_weights=users)[0]
    model = chance.choices(range(len(models)), cum_weights=models)[0]
    size = chance.choices(SIZES, SIZE_WEIGHTS)[0]
    found, t_s, go_on = [], start, 1 - 1 / shape.requests_per_session
    while True:
        found.append(Request(t_s, _exec_s(size, shape, chance), f"user-{user}", size, f"model-{model}"))
        if chance.random() > go_on:
            return found
        t_s += chance.uniform(20, 60)


def _exec_s(size: int, shape: Shape, chance: random.Random) -> float:
    """Half of it whatever the size, half in proportion to the pictures; the mean over all sizes is `exec_s`."""
    mean_size = sum(number * weight for number, weight in zip(SIZES, SIZE_WEIGHTS, strict=True)) / sum(SIZE_WEIGHTS)
    mean_s = shape.exec_s * (0.5 + 0.5 * size / mean_size)
    return mean_s * chance.lognormvariate(-(shape.exec_sigma**2) / 2, shape.exec_sigma)
