"""Every rule by its name, and the settings among which each is tuned; the first of each is what it ships with."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from config.scaling import POINTS
from provisioner.simulator.baselines import AlwaysOn, Dstack, Keda, Knative, PerInput, RunPod, SkyServe, simple_rule
from provisioner.simulator.easel import EaselScaler
from provisioner.simulator.world import Scaler

_T = TypeVar("_T")
_U = TypeVar("_U")
Factory = Callable[[], Scaler]

OURS: Mapping[str, Factory] = {
    name: partial(EaselScaler, point, name=f"Easel {name}") for name, point in POINTS.items()
}
# What the same points cost where the provider or the loop cannot park.
UNPARKED: Mapping[str, Factory] = {
    f"{name}-no-parking": partial(EaselScaler, point, name=f"Easel {name}, no parking", can_park=False)
    for name, point in POINTS.items()
}


def rivals(mean_exec_s: float) -> Mapping[str, Sequence[Factory]]:
    """Families of baselines. Rates are shares of what one worker can do when a job takes `mean_exec_s`."""
    rate = 1 / mean_exec_s
    utilisations, downs = (0.7, 0.35, 0.5, 1.0), (300.0, 1200.0)
    return {
        "always on": [partial(AlwaysOn, 1), partial(AlwaysOn, 2)],
        "KEDA": [
            partial(Keda),
            *_grid(lambda n, c: partial(Keda, list_length=n, cooldown_s=c), (2, 3, 8), (300.0, 900.0)),
        ],
        "SkyServe": [
            partial(SkyServe, target_qps=0.7 * rate),
            *_grid(
                lambda u, d: partial(SkyServe, target_qps=u * rate, up_s=20.0, down_s=d), utilisations, (*downs, 600.0)
            ),
        ],
        "dstack": [
            partial(Dstack, target_rps=0.7 * rate),
            *_grid(
                lambda u, d: partial(Dstack, target_rps=u * rate, up_s=30.0, down_s=d), utilisations, (*downs, 600.0)
            ),
        ],
        "Knative": [
            partial(Knative),
            *_grid(lambda t, w: partial(Knative, target=t, window_s=300.0, grace_s=w), (1.0, 4.0), (60.0, 600.0)),
        ],
        "RunPod": [
            partial(RunPod),
            *(partial(RunPod, delay_s=d, idle_s=i) for d, i in ((4, 300), (30, 300), (30, 600))),
        ],
        "Modal-like": [
            partial(PerInput),
            *_grid(lambda n, i: partial(PerInput, inputs=n, idle_s=i), (1, 2, 3), (300.0, 600.0)),
        ],
        "simple rule": [
            partial(simple_rule),
            *_grid(lambda n, i: partial(simple_rule, inputs=n, idle_s=i), (4, 6, 10), (180.0, 300.0, 900.0)),
        ],
    }


def by_name(mean_exec_s: float) -> Mapping[str, Factory]:
    """What `--policy` knows: our operating points, and the baselines as they ship."""
    families = rivals(mean_exec_s)
    shipped = {name.lower().replace(" ", "-"): factories[0] for name, factories in families.items()}
    always = {f"always-on-{number}": partial(AlwaysOn, number) for number in (1, 2)}
    return {**OURS, **UNPARKED, **{name: one for name, one in shipped.items() if name != "always-on"}, **always}


def _grid(make: Callable[[_T, _U], Factory], first: Sequence[_T], second: Sequence[_U]) -> list[Factory]:
    return [make(one, two) for one in first for two in second]
