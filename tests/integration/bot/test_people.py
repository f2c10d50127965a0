"""One's own defaults and styles, flags, private pictures and spoilers, through the real client."""

import asyncio
from typing import Any

from tasks.lifecycle import JobState
from tasks.schema import ImageToImageSpec
from tests.integration.bot.studio import EPHEMERAL, Studio, labels
from tests.integration.bot.test_derived import file_of, message_of
from tests.unit.bot.pictures import photo, saved


async def as_(studio: Studio, user: str, command: str, **options: Any) -> str:
    outcome = await studio.send(command, options, user=user, checks=False)
    return str(outcome["message"]["content"])


async def test_defaults_are_kept_shown_used_and_forgotten(studio: Studio) -> None:
    """Only one's own; a wrong one is refused when it is set, not when one draws."""
    assert (await studio.says("settings show")).startswith("You have no defaults of your own.")
    assert (await studio.says("settings set")) == "Give at least one option to keep."
    wrong = await studio.says("settings set", images=9)
    assert wrong == "`images` is 9; it must be from 1 to 4."
    kept = await studio.says("settings set", images=2, sampler="ddim", spoiler=True, negative="rain")
    assert kept.splitlines()[1:] == ["• `negative`: rain", "• `images`: 2", "• `sampler`: ddim", "• `spoiler`: yes"]
    job = await studio.queued()
    assert (job.spec.num_images, job.spec.sampler, job.spec.negative_prompt) == (2, "ddim", "rain")
    assert job.spoiler
    assert (await as_(studio, "member-2", "settings show")).startswith("You have no defaults")
    assert await studio.says("settings reset") == "Your defaults are forgotten."
    assert (await studio.says("settings show")).startswith("You have no defaults")


async def test_defaults_for_drawing_are_kept_checked_and_named(drawing: Studio) -> None:
    """LoRAs and what is said of pictures; the result and Info say what came from them, and one can be forgotten."""
    assert (await drawing.says("settings set", lora="nonsense")).startswith("No LoRA is called nonsense.")
    assert (await drawing.says("settings set", control="nonsense")).startswith("No ControlNet is called nonsense.")
    assert (await drawing.says("settings set", strength=2)).startswith("`strength` is 2")
    kept = await drawing.says("settings set", lora="ink:0.5", strength=0.3, control="edges", control_weight=0.4)
    assert kept.splitlines()[1:] == [
        "• `lora`: ink\\:0.5",
        "• `strength`: 0.3",
        "• `control`: edges",
        "• `control_weight`: 0.4",
    ]
    job = await drawing.posted()
    assert [(each.id, each.weight) for each in job.spec.loras] == [("ink", 0.5)]
    message = await message_of(drawing, job)
    assert message["content"].endswith(f"-# job {job.id} · own defaults: lora")
    info = (await drawing.press("Info", message["id"]))["message"]["content"]
    assert info.endswith(f"-# job {job.id} · own defaults: lora")
    assert await drawing.says("settings reset", option="lora") == "Your default for `lora` is forgotten."
    assert await drawing.says("settings reset", option="lora") == "You have no default for `lora`."
    assert "`lora`" not in await drawing.says("settings show")
    await drawing.use(prompt="a hare")
    assert (await drawing.published()).spec.loras == ()


async def test_defaults_for_pictures_wait_for_one(drawing: Studio) -> None:
    """With a picture to begin with and one to follow; what is typed wins."""
    await drawing.says("settings set", strength=0.3, control="edges", control_weight=0.4)
    await drawing.use(prompt="a hare", init_image=file_of(saved(photo())), control_image=file_of(saved(photo())))
    spec = (await drawing.published()).spec
    assert isinstance(spec, ImageToImageSpec)
    assert (spec.strength, [(each.id, each.weight) for each in spec.controls]) == (0.3, [("edges", 0.4)])


async def test_a_default_that_is_denied_is_left_out_and_told(studio: Studio) -> None:
    """The job is drawn with the house's own model, and the member learns why."""
    await studio.says("settings set", model="sdxl-base-1.0")
    await as_(studio, "owner", "admin models", action="deny", name="sdxl-base-1.0")
    await studio.use(prompt="a fox")
    job = await studio.published()
    assert (job.spec.checkpoint.id, job.defaulted) == ("tiny-sdxl", None)
    told = await studio.message_says("Your default for `model` was left out")
    assert told["flags"] & EPHEMERAL


async def test_flags_work_and_an_overruled_one_is_told(studio: Studio) -> None:
    """The option wins; the member reads it privately, the channel does not."""
    await studio.use(prompt="a fox --ar 16:9 --seed 5 --n 2", aspect="1:1")
    job = await studio.published()
    assert (job.spec.prompt, job.spec.seeds, job.spec.width) == ("a fox", (5, 6), job.spec.height)
    told = await studio.message_says("was left out")
    assert told["content"] == "`--ar 16\\:9` was left out, because the option `aspect` says 1\\:1."
    assert told["flags"] & EPHEMERAL
    refused = await studio.use(prompt="a fox --chaos 50")
    assert refused["message"]["content"].startswith("There is no --chaos here. Press Reroll".replace("--", "\\-\\-"))


async def test_styles_are_saved_used_shared_and_deleted(studio: Studio) -> None:
    """From words or from a job; sharing needs Manage Server."""
    assert (await studio.says("style list")).startswith("There are no styles yet.")
    assert (await studio.says("style save", name="ink")).startswith("A style needs something in it")
    assert (await studio.says("style save", name="`ink`", words="x")).startswith("\\`ink\\` is no name for a style.")
    job = await studio.posted(steps=9, sampler="unipc")
    await studio.says("style save", name="My  Ink", words="{prompt} in ink", from_job=job.id)
    assert await studio.says("style list") == (
        "**Styles**\n• `my ink`: words {prompt} in ink, model tiny\\-sdxl, steps 9, cfg 5.0, sampler unipc"
    )
    assert [each["value"] for each in await studio.suggestions("imagine", "style", "ink")] == ["my ink"]
    drawn = await studio.queued(style="my ink")
    assert (drawn.spec.prompt, drawn.spec.num_inference_steps, drawn.spec.sampler) == ("a red fox in ink", 9, "unipc")
    assert (await studio.says("style share", name="my ink")).startswith("Only members with Manage Server")
    await as_(studio, "owner", "style save", name="oil", words="oil on canvas")
    assert (await as_(studio, "owner", "style share", name="oil")).startswith("Style `oil` now belongs to this server")
    assert "• `oil` (server)" in await studio.says("style list")
    assert (await studio.says("style delete", name="oil", scope="server")).startswith("Only members with Manage Server")
    assert (await studio.says("style delete", name="oil")).startswith("You have no style called oil.")
    assert await as_(studio, "owner", "style delete", name="oil", scope="server") == "Style `oil` is deleted."
    assert await studio.says("style delete", name="MY INK") == "Style `my ink` is deleted."
    missing = await studio.use(prompt="x", style="my ink")
    assert missing["message"]["content"].startswith("No style is called my ink; you have none yet.")


async def test_private_pictures_are_seen_by_one(studio: Studio) -> None:
    """The status and the result; a reroll of them is private, too."""
    job = await studio.queued(private=True)
    done = await studio.render(job)
    assert (done.state, done.posted_route) == (JobState.POSTED, "original")
    (message,) = await studio.messages()
    assert message["flags"] & EPHEMERAL
    assert message["attachments"]
    await studio.press("Reroll", message["id"])
    again = await studio.newest(JobState.QUEUED)
    assert again.private


async def test_late_private_pictures_come_as_a_direct_message(studio: Studio) -> None:
    """Discord has closed the answer; nothing of it reaches the channel."""
    job = await studio.queued(private=True)
    await studio.skip(20 * 60)
    done = await studio.render(job)
    assert (done.state, done.posted_route) == (JobState.POSTED, "dm")
    (message,) = await studio.messages("dm-member-1")
    assert message["attachments"][0]["filename"].startswith("easel-")
    assert labels(message)[-3:] == ["Reroll", "Info", "Delete"]
    assert all(each["flags"] & EPHEMERAL for each in await studio.messages())
    assert f"https://discord.com/channels/@me/{message['channel_id']}/{message['id']}" in await studio.says("jobs list")
    await asyncio.to_thread(studio.office.post, job.id)
    assert len(await studio.messages("dm-member-1")) == 1


async def test_a_private_failure_is_told_privately(studio: Studio) -> None:
    """The prompt of a private job is in no public notice."""
    job = await studio.queued(private=True)
    await studio.skip(20 * 60)
    await studio.fail(job)
    (message,) = await studio.messages("dm-member-1")
    assert "No picture this time." in message["content"]
    assert all(each["flags"] & EPHEMERAL for each in await studio.messages())


async def test_a_spoiler_is_hidden_in_its_file_name(studio: Studio) -> None:
    """Discord hides files that are named so."""
    await studio.posted(spoiler=True)
    (message,) = await studio.messages()
    assert message["attachments"][0]["filename"].startswith("SPOILER_easel-")
