"""`make demo`: Easel for real on this machine, against the local Discord and the local Vast."""

import argparse
import json
import shutil
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from redis import Redis
from rich.console import Console

from sandbox.story import Moment, moment_of
from sandbox.studio import CREDENTIALS, Studio, StudioError
from sandbox.weights import build_tiny_sdxl
from tasks import keys
from tasks.schema import Progress

DIRECTORY = Path("var/demo")
PROMPT = "a red star on a blue background"
OPTIONS: Mapping[str, Any] = {"images": 4, "steps": 50, "seed": 7}
PICTURE_TIMEOUT_S = 300
GONE_TIMEOUT_S = 180
PORTS = {"discord": 8400, "vast": 8500, "flower": 5555, "redis": 6399}

console = Console(highlight=False, soft_wrap=True)


def main() -> None:
    """Run the demo; the exit status is 0 once the picture is posted and, with --once, the machine is gone."""
    arguments = _arguments()
    once = arguments.once or not sys.stdin.isatty()
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    build_tiny_sdxl.build(Path("var/weights"))
    studio = Studio(DIRECTORY, ports=None if once else PORTS)
    try:
        with studio, Narrator(studio):
            _play(studio, once=once)
    except StudioError as error:
        console.print(f"[red]The demo stopped:[/] {error}")
        sys.exit(1)
    except KeyboardInterrupt:
        console.print("\nStopped; every process that the demo started has ended.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end after one picture, once the machine is gone")
    return parser.parse_args()


def _play(studio: Studio, *, once: bool) -> None:
    console.print(f"[bold]Easel runs.[/] The channel: {studio.discord_url}   Vast: {studio.vast_url}")
    console.print(f"Flower: {studio.flower_url} ({CREDENTIALS})\n\n[bold]member-1[/] types {_typed()}")
    answer = studio.imagine(prompt=PROMPT, **OPTIONS)
    message = studio.wait_for(
        "the picture", lambda: _with_picture(studio, answer["message"]["id"]), timeout_s=PICTURE_TIMEOUT_S
    )
    _keep(studio, message)
    if not once:
        console.print(f"\nType /imagine yourself: [bold]{studio.discord_url}[/]   (Ctrl-C ends the demo)")
        threading.Event().wait()
    studio.wait_for("the machine to be given back", lambda: not studio.rented(), timeout_s=GONE_TIMEOUT_S)
    studio.wait_for("the ledger to close its bill", lambda: not studio.fleet()["instances"], timeout_s=30)
    time.sleep(0.5)  # lets the narrator read the last line
    console.print(f"\n[bold green]Done.[/] {_bill(studio.instances())}")


def _bill(machines: Sequence[Mapping[str, Any]]) -> str:
    total, traffic = (sum(machine[key] for machine in machines) for key in ("total_usd", "bandwidth_usd"))
    count = "1 machine" if len(machines) == 1 else f"{len(machines)} machines"
    return f"{count} rented and given back; Vast billed ${total:.5f}, of which ${traffic:.5f} for pulling the image."


def _typed() -> str:
    options = " ".join(f"{name}: {value}" for name, value in OPTIONS.items())
    return f"/imagine {PROMPT!r} {options}"


def _with_picture(studio: Studio, message_id: str) -> dict[str, Any] | None:
    return next((message for message in studio.pictures() if message["id"] == message_id), None)


def _keep(studio: Studio, message: dict[str, Any]) -> None:
    for number, attachment in enumerate(message["attachments"]):
        suffix = Path(attachment["filename"]).suffix
        path = DIRECTORY / f"picture{number or ''}{suffix}"
        path.write_bytes(studio.download(attachment))
        console.print(f"[green]picture[/] {path}")
    (DIRECTORY / "message.json").write_text(json.dumps(message, indent=2) + "\n")


class Narrator:
    """Follows Easel's log and the workers' progress in two threads and prints the story with its times."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._log = studio.directory / "easel.log"
        self._over = threading.Event()
        self._began: datetime | None = None
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._follow_log, self._follow_steps)]

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(5)

    def _follow_log(self) -> None:
        with self._log.open(encoding="utf-8", errors="replace") as lines:
            while not self._over.is_set():
                raw = lines.readline()
                if not raw:
                    time.sleep(0.1)
                    continue
                moment = moment_of(raw)
                if moment is not None:
                    self._tell(moment)

    def _follow_steps(self) -> None:
        with Redis.from_url(self._studio.redis_url).pubsub() as channel:  # type: ignore[no-untyped-call]
            channel.psubscribe(keys.PROGRESS_PATTERN)
            told: tuple[str, int] | None = None
            while not self._over.is_set():
                message = channel.get_message(ignore_subscribe_messages=True, timeout=0.2)
                news = Progress.read(message["data"]) if message else None
                if news is None or (news.stage, news.step) == told:
                    continue
                told = (news.stage, news.step)
                step = f": step {news.step} of {news.steps}" if news.steps else ""
                self._tell(Moment(news.at, "gpu worker", f"{news.stage.replace('_', ' ')}{step}"))

    def _tell(self, moment: Moment) -> None:
        self._began = self._began or moment.at
        seconds = (moment.at - self._began).total_seconds()
        console.print(f"[dim]{moment.at:%H:%M:%S} +{seconds:6.1f} s[/]  [cyan]{moment.process:<12}[/] {moment.text}")


if __name__ == "__main__":
    main()
