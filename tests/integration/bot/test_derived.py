"""Buttons, list and menus that make something of a finished picture: for anybody, after restarts, with their parent."""

import asyncio
import base64
import io
import re
from typing import Any

import pytest
from PIL import Image

from bot.buttons import Action, custom_id, result_view
from sandbox.discord.server import DiscordServer
from tasks import blobs
from tasks.ledger import Job, Ledger
from tasks.lifecycle import JobState
from tasks.schema import ImageToImageSpec, TextToImageSpec, UpscaleSpec
from tests.integration.bot.studio import EPHEMERAL, Studio, labels
from tests.unit.bot.drawing_registry import drawing_registry
from tests.unit.bot.pictures import photo, saved


async def message_of(studio: Studio, job: Job) -> dict[str, Any]:
    (found,) = (each for each in await studio.messages() if int(each["id"]) == job.posted_message_id)
    return found


def selects(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for row in message["components"] for each in row["components"] if each["type"] == 3]


def buttons(message: dict[str, Any]) -> list[list[str]]:
    rows = [[each["label"] for each in row["components"] if each["type"] == 2] for row in message["components"]]
    return [row for row in rows if row]


async def choose(studio: Studio, job: Job, value: str, *, user: str = "member-1") -> Any:
    """Take a line of the list below a job's pictures."""
    press = {
        "component": f"v1:select:more:{job.id}",
        "values": [value],
        "message_id": str(job.posted_message_id),
        "user": user,
        "wait": True,
    }
    return await studio.server.control("POST", "interactions", press)


async def test_one_picture_and_several_have_their_buttons(drawing: Studio) -> None:
    """Within five rows of five; the list has what the buttons do not."""
    one = await message_of(drawing, await drawing.posted())
    assert buttons(one) == [
        ["Upscale 2×", "Upscale 4×", "Vary subtle", "Vary strong", "Remix"],  # noqa: RUF001
        ["Reroll", "Info", "Delete"],
    ]
    four = await message_of(drawing, await drawing.posted(images=4))
    assert buttons(four) == [["U1", "U2", "U3", "U4", "Reroll"], ["V1", "V2", "V3", "V4", "Remix"], ["Info", "Delete"]]
    (more,) = selects(one)
    assert [each["value"] for each in more["options"]] == ["maps:1", "originals", "style"]
    (more,) = selects(four)
    assert [each["value"] for each in more["options"]] == [
        *(f"{action}:{number}" for action in ("strong", "fourfold", "maps") for number in (1, 2, 3, 4)),
        "originals",
        "style",
    ]


async def test_a_house_without_controlnets_offers_no_maps(studio: Studio) -> None:
    """Nothing is offered that cannot be had."""
    (more,) = selects(await message_of(studio, await studio.posted()))
    assert [each["value"] for each in more["options"]] == ["originals", "style"]


PRESSES: list[tuple[str, type, str, dict[str, Any]]] = [
    ("U2", UpscaleSpec, "upscale", {"factor": 2, "detail": 0.2}),
    ("V2", ImageToImageSpec, "vary_subtle", {"strength": 0.35}),
]


@pytest.mark.parametrize(("label", "kind", "relation", "values"), PRESSES)
async def test_a_button_means_its_picture(
    drawing: Studio, label: str, kind: type, relation: str, values: dict[str, Any]
) -> None:
    """The second of two, for anybody; words, numbers and LoRAs stay, and the new job knows its parent."""
    parent = await drawing.posted(prompt="a red fox", negative="rain", images=2, steps=9, lora="ink:0.5")
    await drawing.press(label, parent.posted_message_id, user="member-2")
    job = await drawing.newest(JobState.QUEUED)
    spec = job.spec
    assert type(spec) is kind
    assert (job.parent_id, job.relation, job.user_id != parent.user_id) == (parent.id, relation, True)
    assert (spec.prompt, spec.negative_prompt, spec.num_inference_steps) == ("a red fox", "rain", 9)
    assert (spec.loras, spec.controls) == (parent.spec.loras, ())
    assert {name: getattr(spec, name) for name in values} == values
    second = await drawing.file((await message_of(drawing, parent))["attachments"][1])
    assert kept_pixels(drawing, job) == pixels(second)
    done = await drawing.render(job)
    info = await drawing.press("Info", done.posted_message_id)
    assert f"/{parent.posted_message_id} (" in info["message"]["content"]
    assert "The same again" not in info["message"]["content"]


async def test_the_buttons_of_one_picture(drawing: Studio) -> None:
    """Without a number they mean the only one."""
    parent = await drawing.posted(prompt="a red fox")
    for label, relation, expected in (
        ("Upscale 4×", "upscale", {"factor": 4}),  # noqa: RUF001
        ("Vary strong", "vary_strong", {"strength": 0.7, "num_images": 1}),
    ):
        await drawing.press(label, parent.posted_message_id)
        await drawing.until(lambda wanted=relation: newest_relation(drawing.ledger) == wanted)  # type: ignore[misc]
        job = await drawing.newest(JobState.QUEUED)
        assert {name: getattr(job.spec, name) for name in expected} == expected


async def test_the_list_does_what_it_says(drawing: Studio) -> None:
    """A line for each picture; control maps draw nothing."""
    parent = await drawing.posted(prompt="a red fox", images=2)
    await choose(drawing, parent, "strong:2", user="member-2")
    strong = await drawing.newest(JobState.QUEUED)
    assert isinstance(strong.spec, ImageToImageSpec)
    assert (strong.spec.strength, strong.spec.num_images, strong.relation) == (0.7, 2, "vary_strong")
    await choose(drawing, parent, "maps:1")
    await drawing.until(lambda: newest_relation(drawing.ledger) == "map")
    maps = (await drawing.newest(JobState.QUEUED)).spec
    assert isinstance(maps, ImageToImageSpec)
    assert (maps.strength, maps.steps_per_image, maps.show_maps) == (0, 0, True)
    assert [(each.id, each.weight, each.image) for each in maps.controls] == [("edges", 0, None), ("depths", 0, None)]


async def test_a_picture_becomes_a_style(drawing: Studio) -> None:
    """The window asks for a name; the style holds how the picture was drawn."""
    parent = await drawing.posted(prompt="a red fox", steps=9, negative="rain")
    opened = await choose(drawing, parent, "style", user="member-2")
    outcome = await drawing.submit(opened, user="member-2", name="My Fox")
    assert "my fox" in outcome["message"]["content"]
    await drawing.use(prompt="a hare", style="my fox", user="member-2")
    spec = (await drawing.newest(JobState.QUEUED)).spec
    assert (spec.num_inference_steps, spec.negative_prompt) == (9, "rain")


async def test_files_come_by_direct_message(drawing: Studio) -> None:
    """As they were posted, parameters and all; closed direct messages are told."""
    parent = await drawing.posted(prompt="a red fox", images=2)
    await choose(drawing, parent, "originals", user="member-2")
    await drawing.message_says("The files are in your direct messages.")
    (sent,) = await drawing.messages("dm-member-2")
    posted = await message_of(drawing, parent)
    assert [each["filename"] for each in sent["attachments"]] == [each["filename"] for each in posted["attachments"]]
    assert await drawing.file(sent["attachments"][1]) == await drawing.file(posted["attachments"][1])
    await drawing.fault(kind="status", status=403, route="/channels/", method="POST")
    await choose(drawing, parent, "originals", user="member-2")
    await drawing.message_says("I cannot write to you")


async def test_a_private_picture_stays_private(drawing: Studio) -> None:
    """What is made of it is for the same eyes; its message is seen by nobody else, the bot included."""
    parent = await drawing.posted(private=True)
    await drawing.press("Vary subtle", parent.posted_message_id)
    assert (await drawing.newest(JobState.QUEUED)).private


async def test_a_picture_that_is_gone_is_told_by_every_button(drawing: Studio) -> None:
    """Deleted by somebody while the buttons were still on a screen."""
    parent = await drawing.posted(images=2)
    shown = await drawing.menu("Upscale 2×", parent.posted_message_id)  # noqa: RUF001
    channel = drawing.bot.get_partial_messageable(parent.channel_id)
    await channel.get_partial_message(parent.posted_message_id or 0).delete()
    outcome = await drawing.press("U2", shown["message_id"])
    assert outcome["message"]["content"].startswith("I cannot look at that message")


async def test_buttons_work_after_a_restart(server: DiscordServer, ledger: Ledger, redis_url: str) -> None:
    """Buttons, list and windows: nothing about them is in memory."""
    async with Studio(server, ledger, redis_url, drawing_registry()) as first:
        await first.publish()
        parent = await first.posted()
        window = await first.menu("Use as reference…", parent.posted_message_id)
    async with Studio(server, ledger, redis_url, drawing_registry()) as second:
        await second.press("Vary subtle", parent.posted_message_id)
        await second.until(lambda: newest_relation(ledger) == "vary_subtle")
        await choose(second, parent, "maps:1")
        await second.until(lambda: newest_relation(ledger) == "map")
        await second.submit(window, prompt="a hare", way="begin", strength="")
        await second.until(lambda: newest_relation(ledger) == "reference")
    assert await server.control("GET", "violations") == []


async def test_upscale_by_menu(drawing: Studio) -> None:
    """The only picture at once; of several the one that is pressed then; anybody's, too."""
    one, two = await drawing.posted(), await drawing.posted(images=2)
    await drawing.menu("Upscale 2×", one.posted_message_id, user="member-2")  # noqa: RUF001
    job = await drawing.newest(JobState.QUEUED)
    assert (job.parent_id, job.relation) == (one.id, "upscale")
    asked = await drawing.menu("Upscale 2×", two.posted_message_id)  # noqa: RUF001
    assert asked["message"]["flags"] & EPHEMERAL
    assert labels(asked["message"]) == ["U1", "U2"]
    await drawing.press("U2", asked["message_id"])
    await drawing.until(lambda: newest(drawing.ledger).parent_id == two.id)
    theirs = await somebodys_picture(drawing)
    await drawing.menu("Upscale 2×", theirs)  # noqa: RUF001
    await drawing.until(lambda: newest(drawing.ledger).parent_id is None)
    assert newest(drawing.ledger).spec.width == 192


async def test_our_picture_as_reference(drawing: Studio) -> None:
    """Which one, begun with or followed; the window has the old words."""
    parent = await drawing.posted(prompt="a red fox", images=2)
    opened = await drawing.menu("Use as reference…", parent.posted_message_id, user="member-2")
    components = {each["component"]["custom_id"]: each["component"] for each in rows_of(opened)}
    assert list(components) == ["prompt", "picture", "way", "strength"]
    assert components["prompt"]["value"] == "a red fox"
    assert [each["value"] for each in components["way"]["options"]] == [
        "begin", "edges", "depths", "tiles", "edges:map", "depths:map",
    ]  # fmt: skip
    await drawing.submit(opened, user="member-2", prompt="a hare", picture=["2"], way=["depths"], strength="0,5")  # type: ignore[arg-type]
    job = await drawing.newest(JobState.QUEUED)
    assert isinstance(job.spec, TextToImageSpec)
    assert (job.spec.prompt, job.parent_id, job.relation) == ("a hare", parent.id, "reference")
    assert [(each.id, each.weight) for each in job.spec.controls] == [("depths", 0.5)]
    second = await drawing.file((await message_of(drawing, parent))["attachments"][1])
    assert kept_pixels(drawing, job) == pixels(second)


async def test_anybodys_picture_as_reference(drawing: Studio) -> None:
    """It is fetched while it is pointed at; the window remembers it by its hash."""
    opened = await drawing.menu("Use as reference…", await somebodys_picture(drawing))
    assert re.fullmatch(r"v1:reference:[0-9a-f]{64}:96x64", opened["response"]["data"]["custom_id"])
    assert [each["component"]["custom_id"] for each in rows_of(opened)] == ["prompt", "way", "strength"]
    await drawing.submit(opened, prompt="a hare", way=["begin"], strength="0.3")  # type: ignore[arg-type]
    job = await drawing.newest(JobState.QUEUED)
    assert isinstance(job.spec, ImageToImageSpec)
    assert (job.spec.strength, job.parent_id) == (0.3, None)
    wrong = await drawing.submit(opened, prompt="a hare", way=["begin"], strength="very")  # type: ignore[arg-type]
    assert wrong["message"]["content"].startswith("`strength` is very, which is no number")


@pytest.mark.parametrize("menu", ["Upscale 2×", "Use as reference…"])  # noqa: RUF001
async def test_a_message_without_pictures_is_explained(drawing: Studio, menu: str) -> None:
    """Members try menus on anything."""
    message = await drawing.server.control("POST", "messages", {"user": "member-1", "content": "good morning"})
    outcome = await drawing.menu(menu, message["id"])
    assert outcome["message"]["content"].startswith("This message has no picture that I can read.")


@pytest.mark.parametrize("images", [1, 2, 3, 4])
def test_no_message_has_more_than_discord_takes(images: int) -> None:
    """Five rows of five, 25 lines, ids of at most 100 characters."""

    async def made() -> list[dict[str, Any]]:
        return result_view("0" * 26, numbers=range(1, images + 1), of=images, maps=True, locale="de").to_components()

    rows = asyncio.run(made())
    assert len(rows) <= 5
    assert all(len(row["components"]) <= 5 for row in rows)
    assert len(rows[-1]["components"][0]["options"]) <= 25
    assert all(len(custom_id(action, "0" * 26, 4)) <= 100 for action in Action)


async def somebodys_picture(studio: Studio) -> str:
    """The id of a member's message with a picture; only the sandbox can post as a person."""
    posted = await studio.server.control(
        "POST", "messages", {"user": "member-2", "content": "look", "files": [file_of(saved(photo()))]}
    )
    return str(posted["id"])


def file_of(data: bytes) -> dict[str, str]:

    return {"filename": "photo.png", "data": base64.b64encode(data).decode(), "content_type": "image/png"}


def rows_of(opened: dict[str, Any]) -> list[dict[str, Any]]:
    components: list[dict[str, Any]] = opened["response"]["data"]["components"]
    return components


def newest(ledger: Ledger) -> Job:
    return ledger.jobs.in_states(list(JobState))[-1]


def newest_relation(ledger: Ledger) -> str | None:
    return newest(ledger).relation


def kept_pixels(studio: Studio, job: Job) -> bytes:

    return pixels(blobs.get_input(studio.redis, job.spec.inputs[0]))


def pixels(data: bytes) -> bytes:

    return Image.open(io.BytesIO(data)).tobytes()
