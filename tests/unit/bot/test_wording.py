"""Sentences: there for everything, harmless whatever strangers typed, and short enough for Discord."""

# ruff: noqa: RUF001 - the sentences are quoted as they are

import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.progress.stages import Phase, Waiting
from bot.refusals import Refusal, RefusalCode
from bot.wording import answers
from bot.wording.catalogue import LANGUAGES, say
from bot.wording.english import ENGLISH
from bot.wording.escaping import harmless, plain
from bot.wording.german import GERMAN
from bot.wording.results import (
    ALT_TEXT_LIMIT,
    MESSAGE_LIMIT,
    alt_text,
    clamp_remarks,
    failure_message,
    file_remark,
    result_message,
)
from bot.wording.waiting import status_message
from tasks.errors import ErrorCode
from tasks.lifecycle import CANCELLABLE, JobState
from tasks.references import StepLimits
from tasks.schema import MAX_SEED, Failure
from tests.specs import TINY_REF, lora, tiny_spec

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
JOB = "01JD4Q8Z6V9K3M5N7P2R4S6T8X"


@pytest.mark.parametrize("code", ErrorCode)
def test_every_failure_has_a_cause_and_a_remedy(code: ErrorCode) -> None:
    """Nobody reads a bare code."""
    message = failure_message(tiny_spec(), Failure(code=code), job_id=JOB, model="Tiny SDXL")
    _prompt, title, cause, remedy, job = message.splitlines()
    assert title == "No picture this time."
    assert cause.endswith(".")
    assert remedy.endswith(".")
    assert job == f"-# job {JOB}"


def test_a_picture_that_is_too_large_is_told_with_both_sizes() -> None:
    """The member can do something about it."""
    data = {"reason": "too_large", "size_bytes": str(12 * 2**20), "limit_bytes": str(10 * 2**20)}
    message = failure_message(
        tiny_spec(), Failure(code=ErrorCode.CANNOT_POST, data=data), job_id=JOB, model="Tiny SDXL"
    )
    assert "The picture has 12 MiB even at reduced quality, and this place takes 10 MiB." in message


def test_a_failure_repeats_nothing_that_a_worker_wrote() -> None:
    """A rented machine cannot speak through the bot."""
    failure = Failure(code=ErrorCode.UNKNOWN_MODEL, detail="visit evil", data={"model": "visit evil"})
    assert "evil" not in failure_message(tiny_spec(), failure, job_id=JOB, model="Tiny SDXL")


def test_a_blamed_lora_is_named_by_the_ledger() -> None:
    """The member learns which one to leave out; a name that is not in the order is not repeated."""
    order = tiny_spec(loras=(lora(id="ink"), lora(id="gold")))

    def told(item: str) -> str:
        failure = Failure(code=ErrorCode.WRONG_FAMILY, data={"item": item})
        return failure_message(order, failure, job_id=JOB, model="Tiny SDXL").splitlines()[2]

    assert told("gold") == "gold was made for another family of models than the one that draws."
    assert told("visit evil").startswith("Tiny SDXL")


def test_a_clamped_option_is_told() -> None:
    """The member asked for something else, and reads why it was not done; the numbers shown are those drawn with."""
    limits = StepLimits(min_steps=4, max_steps=8, min_cfg=0, max_cfg=2)
    order = tiny_spec(checkpoint=TINY_REF.model_copy(update={"limits": limits}), num_inference_steps=30)
    assert clamp_remarks(order, model="Lightning") == [
        "Drawn with 8 steps: Lightning draws well with 4 to 8.",
        "Drawn with cfg 2: Lightning draws well with 0 to 2.",
    ]
    assert "8 steps · cfg 2" in result_message(order, job_id=JOB, model="Lightning", seconds=1)


@pytest.mark.parametrize("code", RefusalCode)
def test_every_refusal_has_a_sentence(code: RefusalCode) -> None:
    """With the data that `submit` gives, none is left with a gap."""
    data = dict.fromkeys(("most", "least", "known", "limit", "again", "until", "needed", "factor"), "1")
    assert answers.refusal(Refusal(code=code, option="steps", given="7", data=data))


@pytest.mark.parametrize("state", [state for state in JobState if state not in CANCELLABLE])
def test_every_state_that_is_too_late_says_why(state: JobState) -> None:
    """A button that does nothing explains itself."""
    assert answers.too_late(state)


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_has_a_line(phase: Phase) -> None:
    """No stage is shown as its internal name."""
    line = Waiting(phase=phase, ahead=2, step=3, steps=9, reason="no offer", ready_at=NOW + timedelta(seconds=90))
    message = status_message("a fox", line, now=NOW)
    assert message.startswith("**a fox**\n")
    assert f"<t:{int(NOW.timestamp()) + 90}:R>" in message


def test_a_broken_promise_is_not_repeated() -> None:
    """A moment that has passed is no estimate."""
    line = Waiting(phase=Phase.SAMPLING, step=3, steps=9, ready_at=NOW)
    assert status_message("a fox", line, now=NOW).endswith("Drawing: step 3 of 9. It takes longer than expected.")


def test_one_job_is_not_called_jobs() -> None:
    """Numbers agree with their nouns."""
    assert "1 job is before yours" in status_message("x", Waiting(phase=Phase.QUEUED, ahead=1), now=NOW)
    assert "2 jobs are before yours" in status_message("x", Waiting(phase=Phase.QUEUED, ahead=2), now=NOW)
    assert "you are next" in status_message("x", Waiting(phase=Phase.QUEUED), now=NOW)


def test_the_result_says_how_to_get_it_again() -> None:
    """Prompt, model, seeds, size, steps, cfg, sampler, seconds, and the job's id."""
    spec = tiny_spec(seeds=(7, 8), guidance_scale=6.5, sampler="dpmpp_2m_karras")
    message = result_message(spec, job_id=JOB, model="Tiny SDXL", seconds=12.34, mention_user_id=11, remark="Note.")
    assert message.splitlines() == [
        "<@11> **a red star on a blue background**",
        "Tiny SDXL · seeds 7, 8 · 64×64 · 2 steps · cfg 6.5 · DPM\\+\\+ 2M Karras · 12.3 s".replace("\\", ""),
        "Note.",
        f"-# job {JOB}",
    ]


@pytest.mark.parametrize(
    ("usd", "locale", "said"),
    [
        (None, "en-US", "12.3 s"),
        (0.0, "en-US", "12.3 s · <0.1 ¢"),
        (0.00312, "en-US", "12.3 s · 0.3 ¢"),
        (0.00312, "de", "12.3 s · 0.3 US-Cent"),
        (1.234, "en-US", "12.3 s · 123 ¢"),
    ],
)
def test_the_result_says_what_it_cost(usd: float | None, locale: str, said: str) -> None:
    """Beside the time; nothing where no machine was rented."""
    message = result_message(tiny_spec(), job_id=JOB, model="Tiny", seconds=12.34, cost_usd=usd, locale=locale)
    assert message.splitlines()[1].endswith(said)


@given(st.text(max_size=1500))
def test_no_prompt_breaks_out_of_its_message(prompt: str) -> None:
    """No ping, no markdown, no link, one line, and never more than Discord takes."""
    shown = harmless(prompt, most=600)
    assert "\n" not in shown
    assert "@" not in shown.replace("@\u200b", "")
    assert "://" not in shown.replace("\\:", "")  # an escaped colon starts no link
    spec = tiny_spec(prompt=prompt or "x", seeds=(MAX_SEED,) * 4)
    remark = file_remark("lossy", limit_bytes=10 * 2**20)
    message = result_message(
        spec, job_id=JOB, model="M" * 80, seconds=99999.0, cost_usd=99.0, mention_user_id=2**63, remark=remark
    )
    assert len(message) <= MESSAGE_LIMIT
    assert len(alt_text(prompt)) <= ALT_TEXT_LIMIT


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("**bold** _it_ ~~no~~ ||spoiler||", r"\*\*bold\*\* \_it\_ \~\~no\~\~ \|\|spoiler\|\|"),
        ("@everyone <@1> <#2> <:a:3>", "@\u200beveryone \\<@\u200b1\\> \\<\\#2\\> \\<\\:a\\:3\\>"),
        ("[click](https://x.example)", r"\[click\]\(https\://x.example\)"),
        ("one\n# two\n- three", r"one \# two \- three"),
        ("`code` and \\", r"\`code\` and \\"),
        ("evil\u202eexe.gnp", "evilexe.gnp"),
    ],
)
def test_markdown_and_mentions_are_shown_as_typed(typed: str, shown: str) -> None:
    """What a stranger types is text and nothing else."""
    assert harmless(typed, most=100) == shown


def test_long_text_is_cut_visibly() -> None:
    """A cut is shown as one."""
    assert plain("x" * 20, most=10) == "x" * 9 + "…"


def test_another_language_falls_back_to_english(monkeypatch: pytest.MonkeyPatch) -> None:
    """A translation may be incomplete; the locale's region does not matter."""
    monkeypatch.setitem(LANGUAGES, "de", {"waiting.next": "In der Schlange: du bist dran."})
    assert say("waiting.next", locale="de-AT") == "In der Schlange: du bist dran."
    assert say("waiting.claimed", locale="de") == ENGLISH["waiting.claimed"]
    assert say("waiting.next", locale="xx") == ENGLISH["waiting.next"]


@pytest.mark.parametrize("key", sorted(ENGLISH))
def test_every_sentence_can_be_formatted(key: str) -> None:
    """No stray brace waits for a member to meet it."""
    names = [name for _, name, _, _ in string.Formatter().parse(ENGLISH[key]) if name]
    assert say(key, **dict.fromkeys(names, "x"))


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("key", sorted(ENGLISH))
def test_german_says_everything_that_english_says(key: str) -> None:
    """The second language is whole: each sentence, with the same facts in it."""
    assert placeholders(GERMAN[key]) == placeholders(ENGLISH[key])


def test_german_has_no_forgotten_sentences() -> None:
    """What English does not say any more is gone there, too."""
    assert set(GERMAN) == set(ENGLISH)


def test_the_locale_chooses_the_language() -> None:
    """A whole message in the reader's own language."""
    line = Waiting(phase=Phase.QUEUED, ahead=2)
    assert status_message("x", line, now=NOW, locale="de").endswith("2 Aufträge sind vor deinem.")
    assert answers.refusal(Refusal(code=RefusalCode.EMPTY, option="prompt", data={"most": "9"}), locale="de") == (
        "`prompt` ist leer. Beschreibe dein Bild mit 1 bis 9 Zeichen."
    )
