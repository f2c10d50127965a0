"""From `/imagine` to the posted picture and back to zero machines, with every real part in place."""

import io
import re
from typing import Any

import pytest
import requests
from PIL import Image

from sandbox.studio import CREDENTIALS, Studio

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

PICTURE_TIMEOUT_S = 120


def draw(studio: Studio, **options: Any) -> dict[str, Any]:
    """Types the command and returns the message once it carries pictures."""
    return pictures_of(studio, studio.imagine(**options))


def pictures_of(studio: Studio, answer: dict[str, Any]) -> dict[str, Any]:
    """The message of one command, once it carries pictures."""
    message_id = answer["message"]["id"]

    def posted() -> dict[str, Any] | None:
        found = [message for message in studio.pictures() if message["id"] == message_id]
        return found[0] if found else None

    return studio.wait_for("the picture", posted, timeout_s=PICTURE_TIMEOUT_S)


def opened(studio: Studio, message: dict[str, Any]) -> list[Image.Image]:
    return [Image.open(io.BytesIO(studio.download(attachment))) for attachment in message["attachments"]]


def test_a_command_becomes_pictures(studio: Studio) -> None:
    """The whole way: acknowledged at once, drawn on a rented machine, posted with seeds, parameters and alt text."""
    answer = studio.imagine(prompt="a red star on a blue background", images=2, seed=41, steps=4)
    assert answer["ack_ms"] < 1000
    assert "Cancel" in str(answer["message"]["components"])
    message = pictures_of(studio, answer)
    pictures = opened(studio, message)
    assert len(pictures) == 2
    assert len({picture.size for picture in pictures}) == 1
    assert "41" in message["content"]
    assert "42" in message["content"]
    assert "red star" in message["content"]
    assert "Cancel" not in str(message["components"])
    assert all("red star" in attachment["description"] for attachment in message["attachments"])
    assert "Seed: 41" in pictures[0].info["parameters"]
    assert len(studio.rented()) == 1


def test_the_same_seed_gives_the_same_pixels(studio: Studio) -> None:
    """A spec is final: whoever repeats it gets the same picture, and another seed gives another."""
    first, again, other = (
        opened(studio, draw(studio, prompt="a green ring", seed=seed, steps=3, aspect=aspect))[0]
        for seed, aspect in ((5, "3:2"), (5, "3:2"), (6, "3:2"))
    )
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()
    assert first.width > first.height


def test_the_status_tells_what_it_costs(studio: Studio) -> None:
    """`/server status` names the machine and its price while it is rented."""
    draw(studio, prompt="a ring", steps=2)
    answer = studio.act(command="server status", options={}, wait=True)
    shown = str(answer["message"])
    assert re.search(r"\$\d", shown)
    assert studio.rented()[0]["gpu_name"] in shown


def test_flower_shows_the_queues_behind_a_password(studio: Studio) -> None:
    """The queues and the tasks of both kinds of workers are there, and nobody gets in without the password."""
    assert requests.get(studio.flower_url, timeout=5).status_code == 401
    session = requests.Session()
    user, _, password = CREDENTIALS.partition(":")
    session.auth = (user, password)
    queues = session.get(f"{studio.flower_url}/api/queues/length", timeout=10).json()["active_queues"]
    assert {"gpu.tiny-sdxl", "control"} <= {queue["name"] for queue in queues}
    draw(studio, prompt="something for the list", steps=2)

    def seen() -> bool:
        tasks = session.get(f"{studio.flower_url}/api/tasks", timeout=10).json()
        return {"gpu_worker.render", "courier.rendered"} <= {task["name"] for task in tasks.values()}

    studio.wait_for("Flower to list the tasks of both workers", seen, timeout_s=20)


def test_the_idle_machine_is_destroyed_and_the_bill_ends(studio: Studio) -> None:
    """Nobody draws: after the idle time no machine is left, at the provider and in our ledger."""
    draw(studio, prompt="the last one", steps=2)
    studio.wait_for("the machine to be destroyed", lambda: not studio.rented(), timeout_s=90)
    studio.wait_for("the ledger to agree", lambda: not studio.fleet()["instances"], timeout_s=15)


def test_discord_was_spoken_to_as_it_wants(studio: Studio) -> None:
    """Every request of this file conformed to Discord's own description."""
    assert studio.discord("GET", "violations") == []
