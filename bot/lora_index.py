"""The LoRAs as people look for them: fuzzy suggestions over thousands, and what `name:weight` means. Pure."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from config.registry import Lora
from tasks.references import MAX_LORA_WEIGHT

MAX_SUGGESTIONS = 25
_LABEL_LIMIT = 100  # Discord's, of a choice's name and value
_WARM = "● "  # some worker has it at hand right now
_ALIKE = 72  # of 100: below it a "similar" name is noise
_MOST_TYPED = 100
_ENOUGH = 5  # who finds so many has not misspelled it
_SHORTEST_ALIKE = 3  # everything is like one letter


@dataclass(frozen=True)
class LoraChoice:
    """One line of an autocomplete list: what is read, and what is sent back (`id`, or `id:weight` as typed)."""

    label: str
    value: str


class UnreadableWeightError(ValueError):
    """What stands behind the colon is no number from -2 to 2; the argument is what was typed there."""


class LoraIndex:
    """The spellings of a registry's LoRAs, made once; asked at every key that somebody presses."""

    def __init__(self, loras: Mapping[str, Lora]) -> None:
        self.loras = loras
        self._all = list(loras.values())
        self._names = [each.name.casefold() for each in self._all]
        self._spellings = [
            " ".join((each.name, each.id, *each.trigger_words)).casefold().replace("_", " ") for each in self._all
        ]

    def find(self, typed: str, *, most: int = MAX_SUGGESTIONS) -> list[Lora]:
        """At most `most`: names that begin so, words that begin so, then parts, then what is spelled alike."""
        wanted = " ".join(typed[:_MOST_TYPED].casefold().replace("_", " ").split())
        if not wanted:
            return self._all[:most]
        found = self._containing(wanted, most)
        if len(found) < _ENOUGH and len(wanted) >= _SHORTEST_ALIKE:
            found += self._alike(wanted, most=most, besides=set(found))
        return [self._all[number] for number in found[:most]]

    def _containing(self, wanted: str, most: int) -> list[int]:
        """Each rank is looked for only while the better ones are not enough: a letter is in nearly all names."""
        found = [number for number, name in enumerate(self._names) if name.startswith(wanted)]
        for part in (f" {wanted}", wanted):
            if len(found) >= most:
                break
            known = set(found)
            found += [n for n, spelling in enumerate(self._spellings) if part in spelling and n not in known]
        return found

    def _alike(self, wanted: str, *, most: int, besides: set[int]) -> list[int]:
        ranked = process.extract(
            wanted, self._spellings, scorer=fuzz.partial_ratio, score_cutoff=_ALIKE, limit=most + len(besides)
        )
        return [number for _, _, number in ranked if number not in besides]


_last = LoraIndex({})


def lora_choices(loras: Mapping[str, Lora], typed: str, *, warm: Collection[str] = ()) -> list[LoraChoice]:
    """The choices for an option `name[:weight]`; those whose id is in `warm` carry a mark.

    The index is kept for as long as the same mapping is asked for: a registry that changes is a new mapping.
    """
    name, colon, weight = typed.partition(":")
    found = lora_index(loras).find(name)
    ending = f":{weight.strip()}" if colon and weight.strip() else ""
    return [_choice(each, ending, is_warm=each.id in warm) for each in found]


def resolve_lora(loras: Mapping[str, Lora], typed: str) -> tuple[Lora, float | None] | None:
    """The LoRA that `name[:weight]` means by its id, its name or the only one that contains it, and the weight typed.

    Raises:
        UnreadableWeightError: it names a LoRA, and what follows the colon is no number from -2 to 2.
    """
    name, colon, weight = typed.partition(":")
    lora = _named(loras, name.strip().casefold())
    if lora is None:
        return None
    return lora, _weight(weight.strip()) if colon else None


def lora_index(loras: Mapping[str, Lora]) -> LoraIndex:
    """The index of this very mapping."""
    global _last  # noqa: PLW0603 - one registry at a time is in use
    if _last.loras is not loras:
        _last = LoraIndex(loras)
    return _last


def _named(loras: Mapping[str, Lora], wanted: str) -> Lora | None:
    if not wanted:
        return None
    containing = []
    for each in loras.values():
        spellings = (each.id.casefold(), each.name.casefold())
        if wanted in spellings:
            return each
        if any(wanted in spelling for spelling in spellings):
            containing.append(each)
    return containing[0] if len(containing) == 1 else None


def _weight(typed: str) -> float:
    try:
        weight = float(typed.replace(",", "."))
    except ValueError:
        raise UnreadableWeightError(typed) from None
    if not math.isfinite(weight) or abs(weight) > MAX_LORA_WEIGHT:
        raise UnreadableWeightError(typed)
    return weight


def _choice(lora: Lora, ending: str, *, is_warm: bool) -> LoraChoice:
    words = f" · {', '.join(lora.trigger_words)}" if lora.trigger_words else ""
    label = f"{_WARM if is_warm else ''}{lora.name}{ending}{words}"
    if len(label) > _LABEL_LIMIT:
        label = label[: _LABEL_LIMIT - 1] + "…"
    return LoraChoice(label, f"{lora.id}{ending}"[:_LABEL_LIMIT])
