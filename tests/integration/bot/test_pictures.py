"""Pictures that members give: fetched from Discord alone, looked at, kept under their hash, and each mistake told."""

import hashlib
import io
from typing import Any

import discord
import pytest
from PIL import Image

from bot.discord_api import attachment_origins
from sandbox.discord.server import DiscordServer
from tasks import blobs, keys
from tasks.ledger import Job, Ledger
from tasks.lifecycle import JobState
from tasks.schema import ImageToImageSpec, TextToImageSpec
from tests.integration.bot.studio import EPHEMERAL, Studio
from tests.redis_server import RedisServer
from tests.unit.bot.drawing_registry import drawing_registry
from tests.unit.bot.pictures import attached, photo
from tests.unit.bot.test_inspection import bomb


async def drawn_from(studio: Studio, **options: Any) -> Job:
    await studio.use(**({"prompt": "a fox"} | options))
    return await studio.newest(JobState.QUEUED)


async def test_a_picture_is_kept_and_drawn_from(drawing: Studio) -> None:
    """Acknowledged within a second; the worker finds its pixels under the hash in the order."""
    outcome = await drawing.use(prompt="a fox", init_image=attached(photo()), strength=0.4)
    assert outcome["answered"]
    spec = (await drawing.newest(JobState.QUEUED)).spec
    assert isinstance(spec, ImageToImageSpec)
    assert spec.strength == 0.4
    kept = blobs.get_input(drawing.redis, spec.image)
    brief = keys.UNCLAIMED_INPUT_TTL.total_seconds() * 1000
    await drawing.until(lambda: drawing.redis.pttl(keys.input(spec.image.sha256)) > brief)
    assert hashlib.sha256(kept).hexdigest() == spec.image.sha256
    assert Image.open(io.BytesIO(kept)).size == (spec.image.width, spec.image.height) == (96, 64)
    (message,) = await drawing.messages()
    assert message["components"][0]["components"][0]["label"] == "Cancel"
    assert not message["flags"]


async def test_a_slow_fetch_is_announced_and_becomes_the_answer(drawing: Studio) -> None:
    """Discord shows "thinking" in time; the same message then shows the job, and later its pictures."""
    await drawing.fault(kind="delay", route="/attachments/", method="GET", delay_s=1.2)
    outcome = await drawing.use(prompt="a fox", init_image=attached(photo()))
    assert outcome["response"]["type"] == 5
    assert outcome["ack_ms"] < 1500
    job = await drawing.newest(JobState.QUEUED)
    await drawing.render(job)
    (message,) = await drawing.messages()
    assert len(message["attachments"]) == 1
    assert int(message["id"]) == job.reply_message_id


async def test_a_slow_fetch_keeps_a_private_default_private(drawing: Studio) -> None:
    """What the member set as their default holds before the order is complete."""
    await drawing.use("settings set", private=True)
    await drawing.fault(kind="delay", route="/attachments/", method="GET", delay_s=1.2)
    await drawing.use(prompt="a fox", init_image=attached(photo()))
    job = await drawing.newest(JobState.QUEUED)
    assert job.private
    assert all(each["flags"] & EPHEMERAL for each in await drawing.messages())


async def test_a_slow_refusal_is_private_and_leaves_nothing_behind(drawing: Studio) -> None:
    """The announcement goes; nobody else reads what was wrong."""
    await drawing.fault(kind="delay", route="/attachments/", method="GET", delay_s=1.2)
    await drawing.use(prompt="a fox", init_image=attached(b"no picture", "a.png"))
    message = await drawing.message_says("`init_image` cannot be read as a picture.")
    assert message["flags"] & EPHEMERAL
    assert len(await drawing.messages()) == 1


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"init_image": attached(b"GIF89a", "a.gif")}, "`init_image` is of the kind image/gif; I read PNG, JPEG and WebP."),
    ({"init_image": attached(b"#!/bin/sh", "a.png")}, "`init_image` cannot be read as a picture."),
    ({"control_image": attached(bomb((30_000, 30_000)), "a.png")}, "`control_image` has 30000×30000 pixels"),  # noqa: RUF001
    ({"init_image": attached(photo((64, 8)))}, "`init_image` has 64×8 pixels; each side"),  # noqa: RUF001
    ({"init_image": attached(photo()), "strength": 2.0}, "`strength` is 2.0; it must be from 0.05 to 1."),
    ({"strength": 0.5}, "`strength` says nothing without `init_image`."),
    ({"prompt": "a fox --iw 1"}, "`strength` says nothing without `init_image`."),
    ({"prompt": "a fox --tile"}, "`control` says nothing without `control_image`."),
    ({"control_image": attached(photo())}, "Say in `control` what to follow: edges, depths, tiles."),
    ({"control_image": attached(photo()), "control": "pose"}, "No ControlNet is called pose."),
    ({"lora": "oil"}, "No LoRA is called oil."),
    ({"lora2": "ink:9"}, "The weight of `lora2` is 9"),
]


async def test_what_is_wrong_with_a_picture_is_told(drawing: Studio) -> None:
    """Privately, with what would be right; nothing is queued."""
    for options, sentence in REFUSED:
        said = await drawing.says("imagine", **({"prompt": "a fox"} | options))
        assert said.startswith(sentence), said
    assert not drawing.ledger.jobs.outstanding()


async def test_a_file_that_is_too_large_is_not_even_fetched(drawing: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """Discord says how large it is."""
    monkeypatch.setattr("bot.pictures.fetching.MAX_INPUT_BYTES", 100)
    said = await drawing.says("imagine", prompt="a fox", init_image=attached(photo()))
    assert "at most 0 MiB are possible" in said


async def test_files_elsewhere_are_not_fetched(drawing: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where the API is, or Discord's own CDN: an address that somebody slipped in leads nowhere."""
    with monkeypatch.context() as real:
        real.setattr(discord.http.Route, "BASE", "https://discord.com/api/v10")
        assert attachment_origins() == {"https://cdn.discordapp.com", "https://media.discordapp.net"}
    drawing.server.state.attachments.base_url = drawing.server.state.base_url.replace("127.0.0.1", "localhost")
    said = await drawing.says("imagine", prompt="a fox", init_image=attached(photo()))
    assert said.startswith("`init_image` does not lie with Discord")


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"kind": "status", "status": 404}, "Discord does not have `init_image` any more."),
        ({"kind": "status", "status": 503}, "Discord did not give me `init_image` just now."),
        ({"kind": "status", "status": 302}, "Discord did not give me `init_image` just now."),
        ({"kind": "drop", "count": 5}, "Discord did not give me `init_image` just now."),
    ],
)
async def test_a_file_that_does_not_come_is_told(drawing: Studio, fault: dict[str, Any], sentence: str) -> None:
    """The member knows whether sending it again helps."""
    await drawing.fault(route="/attachments/", method="GET", **fault)
    said = await drawing.says("imagine", prompt="a fox", init_image=attached(photo()))
    assert said.startswith(sentence)


async def test_who_may_not_draw_has_nothing_fetched(drawing: Studio) -> None:
    """A closed door needs no picture."""
    await drawing.send("admin block", {"user": "member-1", "reason": "spam"}, user="owner")
    await drawing.fault(kind="status", status=503, route="/attachments/", method="GET")
    said = await drawing.says("imagine", prompt="a fox", init_image=attached(photo()))
    assert "spam" in said


async def test_a_queue_server_that_is_away_is_told(
    server: DiscordServer, ledger: Ledger, redis_server: RedisServer
) -> None:
    """A picture that cannot be kept makes no job."""
    async with Studio(server, ledger, redis_server.url, drawing_registry()) as studio:
        await studio.publish()
        redis_server.stop()
        await studio.use(prompt="a fox", init_image=attached(photo()))
        await studio.message_says("I cannot keep `init_image` just now because my queue server", within_s=10)
        redis_server.start()


async def test_reroll_keeps_the_picture_longer_and_says_when_it_is_gone(drawing: Studio) -> None:
    """Nothing is queued that no worker could draw."""
    job = await drawing.render(await drawn_from(drawing, init_image=attached(photo())))
    await drawing.press("Reroll", job.posted_message_id)
    again = await drawing.newest(JobState.QUEUED)
    assert again.spec.inputs == job.spec.inputs
    drawing.redis.flushdb()
    outcome = await drawing.press("Reroll", job.posted_message_id)
    assert outcome["message"]["content"].startswith("The picture that this was made from is not kept any more.")


async def test_privacy_delete_forgets_the_pictures(drawing: Studio) -> None:
    """What somebody gave is gone with their jobs, and not some hours later."""
    job = await drawn_from(drawing, init_image=attached(photo()))
    (ref,) = job.spec.inputs
    assert blobs.get_input(drawing.redis, ref)
    asked = await drawing.use("privacy delete")
    await drawing.press("Erase", asked["message"]["id"])
    await drawing.message_says("Done: 1 jobs and 0 styles are erased.")
    with pytest.raises(blobs.BlobMissing):
        blobs.get_input(drawing.redis, ref)


async def test_every_option_reaches_the_order(drawing: Studio) -> None:
    """All that `/imagine` offers beside words."""
    job = await drawn_from(
        drawing,
        prompt="a fox",
        lora="ink:0.5",
        lora2="gold",
        control_image=attached(photo((64, 64))),
        control="depths",
        control_weight=1.2,
        control_end=0.6,
    )
    spec = job.spec
    assert isinstance(spec, TextToImageSpec)
    assert [(each.id, each.weight) for each in spec.loras] == [("ink", 0.5), ("gold", 0.5)]
    ((control),) = spec.controls
    assert (control.id, control.weight, control.end) == ("depths", 1.2, 0.6)
    assert control.image is not None
    assert blobs.get_input(drawing.redis, control.image)


async def test_flags_are_options(drawing: Studio) -> None:
    """`--iw` is how much the picture counts, `--tile` keeps its composition; an option wins, and that is told."""
    job = await drawn_from(drawing, prompt="a fox --iw 2 --tile", init_image=attached(photo()))
    assert isinstance(job.spec, ImageToImageSpec)
    assert (job.spec.strength, [each.id for each in job.spec.controls]) == (0.2, ["tiles"])
    await drawing.use(prompt="a fox --iw 2", strength=0.7, init_image=attached(photo()))
    await drawing.message_says("`--iw 2` was left out, because the option `strength` says 0.7.")


async def test_loras_and_controls_are_suggested(drawing: Studio) -> None:
    """While typing, with trigger words, and with a weight that is kept."""
    loras = await drawing.suggestions("imagine", "lora", "in:0.3")
    assert loras == [{"name": "Ink drawing:0.3 · ink style", "value": "ink:0.3"}]
    controls = await drawing.suggestions("imagine", "control", "depth")
    assert controls == [
        {"name": "Depth", "value": "depths"},
        {"name": "Depth: the picture is the map already", "value": "depths:map"},
    ]
