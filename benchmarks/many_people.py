"""A hundred members at once, with 5,000 LoRAs: how soon each key press gets its list, and each command its answer."""

import json
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from benchmarks.control_plane import config_that_rents_nothing, instant_worker
from benchmarks.results import report, spread
from config.registry import Lora
from sandbox.studio import Studio
from tasks.ledger import Ledger, PublishedEntry
from tasks.ledger.engine import Sessions
from tasks.ledger.published import LORA

PEOPLE = 100
LORAS = 5000
TYPED = ("s", "st", "style 1", "stlye 27", "trig42", "watercolour", "of the sea", "4711", "ink", "no such thing")
CHECKPOINT = "tiny-sdxl"


def main() -> None:
    """Autocompletion first, then commands, on one running system."""
    with _studio() as studio:
        _autocompletion(studio)
        _commands(studio)


def _autocompletion(studio: Studio) -> None:
    with ThreadPoolExecutor(PEOPLE) as people:
        answers = list(chain.from_iterable(people.map(lambda person: _type(studio, person), range(PEOPLE))))
    figures = spread([answer["ack_ms"] for answer in answers if answer["ack_ms"] is not None])
    report(
        "autocompletion",
        {f"{key}_ms": value for key, value in figures.items()}
        | {"unanswered": sum(not answer["answered"] for answer in answers)},
        note=f"{PEOPLE} people at once, a key a second each, {LORAS} LoRAs, {len(answers)} lists; aim: p99 150 ms",
    )


def _commands(studio: Studio) -> None:
    with ThreadPoolExecutor(PEOPLE) as people:
        answers = list(people.map(lambda person: _imagine(studio, person), range(PEOPLE)))
    figures = spread([answer["ack_ms"] for answer in answers if answer["ack_ms"] is not None])
    drawn = sum("database" not in json.dumps(answer["message"]) for answer in answers if answer["answered"])
    report(
        "acknowledgement_of_100",
        {f"{key}_ms": value for key, value in figures.items()} | {"accepted": drawn, "of": PEOPLE},
        note=f"{PEOPLE} commands at once beside {LORAS} LoRAs; aim: all accepted, p99 at most 1000 ms",
    )


def _type(studio: Studio, person: int) -> list[dict[str, Any]]:
    """A key a second, as Discord's client asks at most; people do not begin in the same moment."""
    time.sleep(person / PEOPLE)
    answers = []
    for typed in TYPED:
        began = time.monotonic()
        answers.append(_press(studio, person, typed))
        time.sleep(max(0.0, 1.0 - (time.monotonic() - began)))
    return answers


def _press(studio: Studio, person: int, typed: str) -> dict[str, Any]:
    answer: dict[str, Any] = studio.act(
        command="loras info", options={"name": typed}, focused="name", user=f"member-{person + 1}"
    )
    return answer


def _imagine(studio: Studio, person: int) -> dict[str, Any]:
    answer: dict[str, Any] = studio.act(
        command="imagine",
        options={"prompt": f"job of {person}", "model": CHECKPOINT},
        user=f"member-{person + 1}",
        wait=True,
    )
    return answer


@contextmanager
def _studio() -> Iterator[Studio]:
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        # Checking 25 choices against Discord's whole description takes the sandbox longer than the bot its answer.
        studio = Studio(
            directory / "studio",
            config_dir=config_that_rents_nothing(directory / "config"),
            discord_options=["--trust"],
        )
        _publish(studio)
        with studio, instant_worker(studio):
            studio.wait_for("the LoRAs to be read", lambda: _press(studio, 1, "style")["choices"], timeout_s=60)
            yield studio


def _publish(studio: Studio) -> None:
    """As `/loras add` does it, without asking any site 5,000 times."""
    ledger = Ledger.open(f"sqlite:///{studio.directory.resolve() / 'data' / 'easel.db'}")
    with Sessions(ledger.engine).begin() as session:
        session.add_all(entry(number) for number in range(LORAS))
    ledger.close()


def entry(number: int) -> PublishedEntry:
    """One published LoRA of many."""
    lora = Lora(
        id=f"style-{number}",
        name=f"Style {number:04} of the sea",
        source=f"civitai:{number + 1}",
        trigger_words=(f"trig{number}", "watercolor"),
        licence="CC0-1.0",
        download_gb=0.2,
    )
    return PublishedEntry(
        kind=LORA,
        id=lora.id,
        entry_json=lora.model_dump(mode="json"),
        sha256=None,
        added_by=0,
        guild_id=0,
        added_at=datetime.now(UTC),
        removed_at=None,
        revision=number + 1,
    )
