"""A member's own defaults: which there are, which of them an order has a use for, and which can still be had. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot import model_index
from bot.aspects import ASPECTS
from bot.companions import loras_for
from bot.control_index import resolve_control
from bot.refusals import Refused
from bot.submission import LORA_OPTIONS, Options
from config.loading import Registry
from config.registry import SAMPLERS
from tasks.schema import JobSpec

NOTIFY = "notify"  # the only one that is no option of an order
OF_ORDERS = (
    "negative",
    "model",
    "style",
    "aspect",
    "images",
    "steps",
    "cfg",
    "sampler",
    *LORA_OPTIONS,
    "strength",
    "control",
    "control_weight",
    "control_end",
    "private",
    "spoiler",
)
SETTINGS = (*OF_ORDERS, NOTIFY)
# Typed for `lora`, it stands for no LoRA at all.
NO_LORA = "none"


def useful(settings: Mapping[str, Any], wished: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults that go with an order.

    LoRAs that are named take the place of all default ones. A picture that an order begins with keeps its shape, and
    `strength` is for drawing it anew as a whole. What is said of ControlNets is for orders that follow a picture.

    Args:
        settings: what the member keeps.
        wished: options and flags of the order, by name; what was left out is not in it.
    """
    idle: set[str] = set()
    if any(name in wished for name in LORA_OPTIONS):
        idle |= set(LORA_OPTIONS)
    if "init_image" in wished:
        idle.add("aspect")
    if "init_image" not in wished or "mask" in wished:
        idle.add("strength")
    if "control_image" not in wished:
        idle.add("control")
    if not {"control_image", "control"} & set(wished):
        idle |= {"control_weight", "control_end"}
    return {name: settings[name] for name in OF_ORDERS if name in settings and name not in idle}


def is_no_lora(typed: str | None) -> bool:
    """Whether a member wants none of their LoRAs this time."""
    return typed is not None and typed.strip().casefold() == NO_LORA


def settled(options: Options, defaulted: Sequence[str], registry: Registry) -> tuple[Options, list[str]]:
    """The order without those of its defaults that cannot be had here any more, and their names."""
    gone = [name for name in defaulted if not _is_there(name, getattr(options, name), registry)]
    worn = {name: getattr(options, name) for name in LORA_OPTIONS if name in defaulted and name not in gone}
    if not _wearable(worn, registry):
        gone += worn
    without: dict[str, Any] = dict.fromkeys(gone)
    return replace(options, **without), gone


def applied(defaulted: Sequence[str], options: Options, spec: JobSpec) -> tuple[str, ...]:
    """Those of the defaults that the order really has: the model's own numbers hold where it forbids a member's."""
    drawn: dict[str, object] = {"steps": spec.num_inference_steps, "cfg": spec.guidance_scale}
    wanted = {name: getattr(options, name) for name in defaulted}
    return tuple(name for name, value in wanted.items() if value is not False and drawn.get(name, value) == value)


def _is_there(name: str, value: Any, registry: Registry) -> bool:
    if name == "model":
        return model_index.resolve(registry.checkpoints, value) is not None
    if name == "control":
        return resolve_control(registry.controlnets, value) is not None
    if name in LORA_OPTIONS:
        return _wearable({name: value}, registry)
    known: Mapping[str, Sequence[str] | Mapping[str, Any]] = {"sampler": SAMPLERS, "aspect": ASPECTS}
    return name not in known or value in known[name]


def _wearable(loras: Mapping[str, str | None], registry: Registry) -> bool:
    try:
        loras_for(loras, registry)
    except Refused:
        return False
    return True
