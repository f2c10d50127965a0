"""The ControlNets as people look for them, and what a typed text means. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from config.registry import AS_IT_IS, ControlNet

MAX_SUGGESTIONS = 25
_IS_MAP = ":map"


@dataclass(frozen=True)
class ControlChoice:
    """A ControlNet, and whether the picture that is given is the map already."""

    entry: ControlNet
    is_map: bool = False

    @property
    def value(self) -> str:
        """What Discord sends back."""
        return f"{self.entry.id}{_IS_MAP}" if self.is_map else self.entry.id

    @property
    def makes_map(self) -> bool:
        """Whether the worker makes a map of the picture."""
        return not self.is_map and self.entry.control not in AS_IT_IS


def control_choices(controlnets: Mapping[str, ControlNet], typed: str) -> list[ControlChoice]:
    """At most 25, those that take a picture before those that take a ready map."""
    wanted = typed.partition(":")[0].strip().casefold()
    found = [each for each in controlnets.values() if any(wanted in spelling for spelling in _spellings(each))]
    pictures = [ControlChoice(each) for each in found]
    maps = [ControlChoice(each.entry, is_map=True) for each in pictures if each.makes_map]
    return (pictures + maps)[:MAX_SUGGESTIONS]


def resolve_control(controlnets: Mapping[str, ControlNet], typed: str) -> ControlChoice | None:
    """What a text means: an id, a name, a kind such as `depth`, or the only one that it is a part of."""
    name, colon, _ = typed.strip().casefold().partition(":")
    wanted = name.strip()
    exact = [each for each in controlnets.values() if wanted in _spellings(each)]
    parts = [each for each in controlnets.values() if wanted and any(wanted in one for one in _spellings(each))]
    if not exact and len(parts) != 1:
        return None
    return ControlChoice((exact or parts)[0], is_map=bool(colon))


def _spellings(entry: ControlNet) -> tuple[str, str, str]:
    return entry.id.casefold(), entry.name.casefold(), entry.control
