"""Thousands of LoRAs are found by what one half remembers, in less time than it takes to press the next key."""

import time
from typing import Any

import pytest

from bot.lora_index import MAX_SUGGESTIONS, UnreadableWeightError, lora_choices, resolve_lora
from config.registry import Lora


def lora(**changes: Any) -> Lora:
    values: dict[str, Any] = {
        "id": "ink-wash",
        "name": "Ink Wash",
        "source": "civitai:1@2",
        "licence": "CC0-1.0",
        "download_gb": 0.2,
    }
    return Lora.model_validate(values | changes)


LORAS = {
    each.id: each
    for each in (
        lora(id="ink-wash", name="Ink Wash", trigger_words=("inkwash style", "sumi-e")),
        lora(id="thick-ink", name="Thick Ink"),
        lora(id="watercolor", name="Watercolor", trigger_words=("wtrclr",)),
        lora(id="pixel-art-xl", name="Pixel Art XL", trigger_words=("pixel",)),
    )
}


def values(typed: str) -> list[str]:
    return [each.value for each in lora_choices(LORAS, typed)]


def test_beginnings_then_words_then_parts() -> None:
    """What one most likely means is on top."""
    assert values("ink") == ["ink-wash", "thick-ink"]
    assert values("art") == ["pixel-art-xl"]
    assert values("") == list(LORAS)


def test_trigger_words_are_searched_and_shown() -> None:
    """Many remember only the word that calls it."""
    (found,) = lora_choices(LORAS, "sumi")
    assert (found.label, found.value) == ("Ink Wash · inkwash style, sumi-e", "ink-wash")


@pytest.mark.parametrize(("typed", "meant"), [("watercolour", "watercolor"), ("pixle art", "pixel-art-xl")])
def test_misspelled_names_are_found(typed: str, meant: str) -> None:
    """Nobody types names exactly."""
    assert values(typed)[0] == meant


def test_nothing_like_it_gives_nothing() -> None:
    """A list of noise helps nobody."""
    assert values("zzzzqqqq") == []


def test_the_weight_stays_on_the_choice() -> None:
    """Choosing from the list must not lose the weight that was typed already."""
    (found,) = lora_choices(LORAS, "water:0.6", warm={"watercolor"})
    assert (found.label, found.value) == ("● Watercolor:0.6 · wtrclr", "watercolor:0.6")


def test_a_text_means_one_lora() -> None:
    """By id, by name, or by a part that only one has; never by a guess between two."""
    assert resolve_lora(LORAS, "Ink Wash") == (LORAS["ink-wash"], None)
    assert resolve_lora(LORAS, "pixel:-1,5") == (LORAS["pixel-art-xl"], -1.5)
    assert resolve_lora(LORAS, "ink") is None
    assert resolve_lora(LORAS, "") is None


@pytest.mark.parametrize("typed", ["heavy", "", "nan", "2.5", "-3", "inf"])
def test_a_weight_that_is_none_is_refused(typed: str) -> None:
    """It would otherwise be drawn with another weight than its author believes."""
    with pytest.raises(UnreadableWeightError):
        resolve_lora(LORAS, f"ink-wash:{typed}")


def test_labels_fit_discord() -> None:
    """One label of 101 characters and Discord refuses the whole list."""
    long = lora(id="x" * 60, name="N" * 80, trigger_words=("t" * 60,))
    (found,) = lora_choices({long.id: long}, "n:" + "1" * 99)
    assert (len(found.label), len(found.value)) == (100, 100)


def test_five_thousand_are_searched_quickly() -> None:
    """It runs on the event loop, for many members at once."""
    many = {
        each.id: each
        for each in (
            lora(id=f"style-{n}", name=f"Style {n:04} of the sea", trigger_words=(f"trig{n}",)) for n in range(5000)
        )
    }
    assert len(lora_choices(many, "style")) == MAX_SUGGESTIONS
    began = time.process_time()
    for typed in (
        "s",
        "sea",
        "trig49",
        "styel 4711",
        "nothing alike",
        "style 1 of the see",
        "watercolour",
        "of",
        "4",
        "x",
    ):
        lora_choices(many, typed)
    assert (time.process_time() - began) / 10 < 0.02
