"""The LoRAs and the ControlNet that go with an order, from what was typed. Pure."""

from collections.abc import Iterable, Mapping

from bot.control_index import ControlChoice, resolve_control
from bot.lora_index import UnreadableWeightError, resolve_lora
from bot.refusals import RefusalCode, Refused, check_range
from config.loading import Registry
from config.registry import ControlNet, LoraSet
from tasks.references import MAX_LORA_WEIGHT, wear
from tasks.schema import MAX_LORAS, ControlRef, InputRef, LoraRef

DEFAULT_CONTROL_WEIGHT = 0.8
MAX_CONTROL_WEIGHT = 2.0
MIN_CONTROL_END = 0.1
_SHOWN = 8


def loras_for(typed: Mapping[str, str | None], registry: Registry) -> tuple[LoraRef, ...]:
    """What the options named `name[:weight]` mean, sets of LoRAs included; their trigger words are added.

    Raises:
        Refused: one is unknown or given twice, its weight is no number from -2 to 2, or they are too many.
    """
    worn: dict[str, LoraRef] = {}
    for option, text in typed.items():
        for lora in _named(option, text, registry) if text and text.strip() else ():
            if lora.id in worn:
                raise Refused(RefusalCode.LORA_TWICE, option, given=lora.id)
            worn[lora.id] = lora
    if len(worn) > MAX_LORAS:
        raise Refused(RefusalCode.TOO_MANY_LORAS, given=len(worn), most=MAX_LORAS)
    return tuple(worn.values())


def _named(option: str, text: str, registry: Registry) -> tuple[LoraRef, ...]:
    try:
        found = resolve_lora(registry.loras, text)
    except UnreadableWeightError as error:
        most = f"{MAX_LORA_WEIGHT:g}"
        raise Refused(RefusalCode.LORA_WEIGHT, option, given=error.args[0], least=f"-{most}", most=most) from None
    if found is not None:
        lora, weight = found
        return (LoraRef.of(lora, weight=weight, add_trigger_words=True),)
    chosen = _set_named(text, registry.lora_sets.values())
    if chosen is not None:
        return wear(chosen, registry.loras)
    known = _listed([*registry.loras, *registry.lora_sets])
    raise Refused(RefusalCode.UNKNOWN_LORA if known else RefusalCode.NO_LORAS, option, given=text, known=known)


def _set_named(text: str, sets: Iterable[LoraSet]) -> LoraSet | None:
    wanted = text.strip().casefold()
    return next((each for each in sets if wanted in (each.id, each.name.casefold())), None)


def controls_for(
    *,
    control: str | None,
    image: InputRef | None,
    own_image: bool,
    weight: float | None,
    end: float | None,
    registry: Registry,
) -> tuple[ControlRef, ...]:
    """The ControlNet that was asked for, or none.

    Args:
        control: what was typed; not needed where only one ControlNet is known.
        image: what it follows.
        own_image: whether the job has a picture of its own, which is followed where `image` is None.
        weight: how strongly.
        end: for which share of the steps.
        registry: the ControlNets and preprocessors.

    Raises:
        Refused: it is unknown, has nothing to follow, or a number is outside its range.
    """
    if control is None and image is None:
        _check_alone(weight=weight, end=end)
        return ()
    choice = _choice(control, registry.controlnets)
    if image is None and not own_image:
        raise Refused(RefusalCode.NEEDS, "control", needed="control_image")
    chosen_weight = DEFAULT_CONTROL_WEIGHT if weight is None else weight
    chosen_end = 1.0 if end is None else end
    check_range("control_weight", chosen_weight, 0, MAX_CONTROL_WEIGHT)
    check_range("control_end", chosen_end, MIN_CONTROL_END, 1)
    made_by = registry.preprocessors.get(choice.entry.preprocessor or "") if choice.makes_map else None
    ref = ControlRef.of(
        choice.entry,
        preprocessor=made_by,
        image=image,
        weight=chosen_weight,
        end=chosen_end,
        preprocess=not choice.is_map,
    )
    return (ref,)


def _check_alone(**numbers: float | None) -> None:
    for name, value in numbers.items():
        if value is not None:
            raise Refused(RefusalCode.NEEDS, f"control_{name}", needed="control_image")


def _choice(typed: str | None, controlnets: Mapping[str, ControlNet]) -> ControlChoice:
    if not controlnets:
        raise Refused(RefusalCode.NO_CONTROLS, "control")
    if typed is not None and typed.strip():
        found = resolve_control(controlnets, typed)
        if found is not None:
            return found
        raise Refused(RefusalCode.UNKNOWN_CONTROL, "control", given=typed, known=_listed(controlnets))
    if len(controlnets) > 1:
        raise Refused(RefusalCode.WHICH_CONTROL, "control", known=_listed(controlnets))
    return ControlChoice(next(iter(controlnets.values())))


def _listed(names: Iterable[str]) -> str:
    known = list(names)
    more = f" … +{len(known) - _SHOWN}" if len(known) > _SHOWN else ""
    return ", ".join(known[:_SHOWN]) + more
