"""Prompts with weights and of any length: parsed as A1111 does, encoded as diffusers does."""

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gpu_worker.cache.loading import Components, load
from gpu_worker.device import Device
from gpu_worker.prompts import chunks
from gpu_worker.prompts.attention import BREAK, Fragment, parse
from gpu_worker.prompts.chunks import TooManyChunks, split
from gpu_worker.prompts.encoding import encode
from gpu_worker.prompts.triggers import with_trigger_words
from gpu_worker.weights.fetcher import WeightsFetcher
from tasks.errors import BadSpec, ErrorCode
from tasks.schema import CheckpointRef
from tests.specs import lora

PLAIN = "a red star on a blue background"
NAMES = ("prompt_embeds", "negative_prompt_embeds", "pooled_prompt_embeds", "negative_pooled_prompt_embeds")


@pytest.fixture(scope="module")
def components(tiny_ref: CheckpointRef, tmp_path_factory: pytest.TempPathFactory) -> Components:
    fetcher = WeightsFetcher(tmp_path_factory.mktemp("fetched"))
    return load(tiny_ref, fetcher.checkpoint(tiny_ref), Device("cpu", torch.float32))


def texts(prompt: str) -> list[tuple[str, float]]:
    return [(piece.text, round(piece.weight, 6)) for piece in parse(prompt)]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("normal text", [("normal text", 1)]),
        ("an (important) word", [("an ", 1), ("important", 1.1), (" word", 1)]),
        ("a [faint] word", [("a ", 1), ("faint", round(1 / 1.1, 6)), (" word", 1)]),
        ("(word:1.2)", [("word", 1.2)]),
        ("(word: .5)", [("word", 0.5)]),
        ("(word:-1)", [("word", -1)]),
        ("((word))", [("word", 1.21)]),
        ("((a) b:2)", [("a", 2.2), (" b", 2)]),
        ("(unbalanced", [("unbalanced", 1.1)]),
        ("stray) closing]", [("stray) closing]", 1)]),
        ("(crossed [wise)]", [("crossed ", 1.1), ("wise)", 1)]),
        (r"\(literal\]", [("(literal]", 1)]),
        (r"cat \(animal\)", [("cat (animal)", 1)]),
        ("(one)(two)", [("onetwo", 1.1)]),
        ("time: 12:30", [("time: 12:30", 1)]),
        ("(a:b)", [("a:b", 1.1)]),
        ("__wildcard__ {a|b} <lora:x:1>", [("__wildcard__ {a|b} <lora:x:1>", 1)]),
        ("(x:99)", [("x", 10)]),
        ("BREAKFAST", [("BREAKFAST", 1)]),
        ("", []),
    ],
)
def test_known_cases(prompt: str, expected: list[tuple[str, float]]) -> None:
    """What people learned elsewhere means the same here; wildcards stay literal."""
    assert texts(prompt) == expected


def test_the_long_known_case() -> None:
    """Nesting, both brackets and explicit weights together."""
    assert texts("a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).") == [
        ("a ", 1),
        ("house", 1.573),
        (" ", 1.1),
        ("on", 1),
        (" a ", 1.1),
        ("hill", 0.55),
        (", sun, ", 1.1),
        ("sky", 1.4641),
        (".", 1.1),
    ]


def test_break_is_a_word_of_its_own() -> None:
    """It ends a chunk, also within brackets, and carries no weight."""
    assert parse("a BREAK (b BREAK c)") == [
        Fragment("a "),
        BREAK,
        Fragment(" "),
        Fragment("b ", 1.1),
        BREAK,
        Fragment(" c", 1.1),
    ]


@given(st.text(alphabet="ab()[]:1.\\ BREAK", max_size=60))
def test_no_text_is_lost_or_breaks_the_parser(prompt: str) -> None:
    """Whatever is typed: letters come out as often as they went in, and weights stay numbers."""
    pieces = parse(prompt)
    kept = "".join("BREAK" if piece.is_break else piece.text for piece in pieces)
    assert kept.count("a") == prompt.count("a")
    assert all(-10 <= piece.weight <= 10 for piece in pieces)


def words(text: str) -> list[int]:
    return [len(word) for word in text.split()]


def test_chunks_hold_what_clip_takes() -> None:
    """75 tokens each, in order, none dropped."""
    long = [Fragment("x " * 70), Fragment("yy " * 20, 1.5)]
    first, second = split(long, words)
    assert first == [(1, 1.0)] * 70 + [(2, 1.5)] * 5
    assert second == [(2, 1.5)] * 15


def test_breaks_begin_chunks_but_never_empty_ones() -> None:
    """BREAK at the ends or twice adds nothing."""
    assert split([BREAK, Fragment("x"), BREAK, BREAK, Fragment("yy"), BREAK], words) == [[(1, 1.0)], [(2, 1.0)]]
    assert split([], words) == [[]]


def test_too_many_chunks() -> None:
    """Two hundred BREAKs would take all memory of the UNet."""
    with pytest.raises(TooManyChunks):
        split([Fragment("x"), BREAK] * (chunks.MAX_CHUNKS + 1), words)


def test_trigger_words_are_added_once_and_on_request() -> None:
    """Only what is not in the prompt yet, and nothing of a LoRA at weight 0."""
    ink = lora(trigger_words=("ink drawing", "Sketch"), add_trigger_words=True)
    assert with_trigger_words("a sketch of a cat", [ink]) == "a sketch of a cat, ink drawing"
    assert with_trigger_words("a cat", [ink, ink]) == "a cat, ink drawing, Sketch"
    assert with_trigger_words("", [ink]) == "ink drawing, Sketch"
    assert with_trigger_words("a cat", [lora(trigger_words=("ink drawing",))]) == "a cat"
    assert with_trigger_words("a cat", [ink.model_copy(update={"weight": 0.0})]) == "a cat"


def of_diffusers(components: Components, prompt: str, negative: str | None, *, guided: bool) -> dict[str, Any]:
    from diffusers import StableDiffusionXLPipeline  # noqa: PLC0415

    from gpu_worker import schedulers  # noqa: PLC0415
    from tests.specs import TINY_REF  # noqa: PLC0415

    pipeline = StableDiffusionXLPipeline(**components.parts, scheduler=schedulers.build("euler", TINY_REF))
    with torch.no_grad():
        embeds = pipeline.encode_prompt(
            prompt=prompt, negative_prompt=negative, device="cpu", do_classifier_free_guidance=guided
        )
    return dict(zip(NAMES, embeds, strict=True))


@pytest.mark.parametrize(
    ("prompt", "negative", "guided"),
    [
        (PLAIN, None, True),
        (PLAIN, "dull, grey", True),
        (PLAIN, "", True),
        (PLAIN, None, False),
        ("x" * 75, None, True),
        ("naïve 猫, !", "?", True),
    ],
)
def test_plain_prompts_are_encoded_as_diffusers_does(
    components: Components, prompt: str, negative: str | None, guided: bool
) -> None:
    """Bit for bit: pictures made elsewhere from the same words and seed are the same."""
    expected = of_diffusers(components, prompt, negative, guided=guided)
    ours = encode(components.parts, prompt, negative, with_negative=guided)
    for name in NAMES:
        if not guided and name.startswith("negative"):
            assert ours[name] is None
            continue
        found = ours[name]
        assert found is not None
        assert torch.equal(found, expected[name]), name


def embeds(components: Components, prompt: str, negative: str | None = None) -> torch.Tensor:
    found = encode(components.parts, prompt, negative, with_negative=True)["prompt_embeds"]
    assert found is not None
    return found


def test_long_prompts_keep_their_tail(components: Components) -> None:
    """Diffusers cuts at 77 tokens; here the words behind them still count, and the first chunk stays what it was."""
    long = embeds(components, "a " * 75 + "red fox")
    assert long.shape[1] == 2 * 77
    assert torch.equal(long[:, :77], embeds(components, "a " * 75))
    assert torch.equal(long[:, 77:], embeds(components, "red fox"))


def test_break_fills_up_the_chunk(components: Components) -> None:
    """Two thoughts that do not mix."""
    both = embeds(components, "a red fox BREAK a blue sky")
    assert torch.equal(both, torch.cat([embeds(components, "a red fox"), embeds(components, "a blue sky")], dim=1))


def test_the_shorter_of_both_prompts_is_filled_up(components: Components) -> None:
    """Guidance stacks them: they must be equally long."""
    found = encode(components.parts, "short", "a " * 100, with_negative=True)
    assert found["prompt_embeds"] is not None
    assert found["negative_prompt_embeds"] is not None
    assert found["prompt_embeds"].shape == found["negative_prompt_embeds"].shape
    assert torch.equal(found["prompt_embeds"][:, 77:], embeds(components, ""))


def test_a_weight_of_one_changes_nothing_and_others_do(components: Components) -> None:
    """Emphasis is exact at 1, keeps the mean, and pulls where it should."""
    plain = embeds(components, "a red fox")
    assert torch.equal(embeds(components, "a (red:1.0) fox"), plain)
    strong = embeds(components, "a (red:1.4) fox")
    assert not torch.equal(strong, plain)
    assert torch.isfinite(strong).all()


def test_the_pooled_embedding_is_the_first_chunks(components: Components) -> None:
    """As A1111 has it; SDXL takes one vector whatever the length."""
    long = encode(components.parts, "a red fox BREAK a blue sky", None, with_negative=False)
    short = encode(components.parts, "a red fox", None, with_negative=False)
    assert long["pooled_prompt_embeds"] is not None
    assert short["pooled_prompt_embeds"] is not None
    assert torch.equal(long["pooled_prompt_embeds"], short["pooled_prompt_embeds"])


def test_a_prompt_of_breaks_is_refused_with_words(components: Components) -> None:
    """An error code instead of a full card."""
    with pytest.raises(BadSpec) as caught:
        embeds(components, "a BREAK " * 30)
    assert caught.value.code is ErrorCode.PROMPT_TOO_LONG
