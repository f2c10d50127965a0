"""The checkpoints as people look for them: suggestions while typing, and what a typed text means. Pure."""

from collections.abc import Iterable, Mapping

from bot.lora_index import LoraChoice, UnreadableWeightError, lora_choices, resolve_lora
from config.registry import Checkpoint

__all__ = ["LoraChoice", "UnreadableWeightError", "lora_choices", "matches", "resolve", "resolve_lora", "suggestions"]

MAX_SUGGESTIONS = 25


def suggestions(checkpoints: Mapping[str, Checkpoint], typed: str) -> list[Checkpoint]:
    """At most 25 checkpoints whose id or name begins with, or else contains, what was typed."""
    wanted = typed.strip().casefold()
    return _ranked(checkpoints.values(), wanted)[:MAX_SUGGESTIONS]


def matches(checkpoint: Checkpoint, typed: str) -> bool:
    """Whether what was typed is a part of the checkpoint's id or name."""
    return any(typed.strip().casefold() in spelling for spelling in _spellings(checkpoint))


def resolve(checkpoints: Mapping[str, Checkpoint], typed: str) -> Checkpoint | None:
    """The checkpoint that a text means: its id, its name, or the only one that it is a part of."""
    wanted = typed.strip().casefold()
    for checkpoint in checkpoints.values():
        if wanted in _spellings(checkpoint):
            return checkpoint
    matches = _ranked(checkpoints.values(), wanted) if wanted else []
    return matches[0] if len(matches) == 1 else None


def _spellings(checkpoint: Checkpoint) -> tuple[str, str]:
    return checkpoint.id.casefold(), checkpoint.name.casefold()


def _ranked(checkpoints: Iterable[Checkpoint], wanted: str) -> list[Checkpoint]:
    beginning, containing = [], []
    for checkpoint in checkpoints:
        spellings = _spellings(checkpoint)
        if any(spelling.startswith(wanted) for spelling in spellings):
            beginning.append(checkpoint)
        elif any(wanted in spelling for spelling in spellings):
            containing.append(checkpoint)
    return beginning + containing
