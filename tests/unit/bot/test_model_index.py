"""Autocomplete from memory."""

from bot.model_index import MAX_SUGGESTIONS, suggestions
from tests.unit.bot.registries import checkpoint

MODELS = {
    each.id: each
    for each in (
        checkpoint(id="animagine-xl", name="Animagine XL"),
        checkpoint(id="sdxl-base", name="SDXL base"),
        checkpoint(id="hyper-sd", name="Hyper-SD"),
    )
}


def ids(typed: str) -> list[str]:
    return [each.id for each in suggestions(MODELS, typed)]


def test_beginnings_come_before_parts() -> None:
    """What one most likely means is on top."""
    assert ids("sd") == ["sdxl-base", "hyper-sd"]
    assert ids("XL") == ["animagine-xl", "sdxl-base"]
    assert ids("flux") == []


def test_nothing_typed_shows_the_first_of_many() -> None:
    """Discord takes 25 suggestions and no more."""
    assert ids("") == list(MODELS)
    many = {str(n): checkpoint(id=f"m-{n}") for n in range(100)}
    assert len(suggestions(many, "m-")) == MAX_SUGGESTIONS
