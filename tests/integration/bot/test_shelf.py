"""`/models` and `/loras`: what one can draw with, and how a link becomes something that one can draw with."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.publishing.desk import CIVITAI, HUB, PublishingDesk
from bot.shelf import Shelf, with_published
from sandbox.discord.world import GUILD_ID
from tasks import keys, served
from tasks.lifecycle import JobState
from tasks.schema import Heartbeat, WorkerState
from tests.integration.bot.studio import Studio
from tests.unit.bot.weights_files import CHECKPOINT, LORA, on_civitai, on_hub, safetensors
from tests.unit.gpu_worker.weights_server import WeightsServer


@pytest.fixture
def web() -> Iterator[WeightsServer]:
    with WeightsServer({}).running() as server:
        yield server


async def told(shop: Studio, command: str, **options: Any) -> str:
    """What the owner is answered."""
    return str((await shop.answer(command, user="owner", **options))["content"])


@pytest.fixture
def shop(studio: Studio, web: WeightsServer) -> Studio:
    """A studio whose owner's server this is, and whose two sites are the tests' own."""
    studio.services.desk = PublishingDesk(
        civitai=replace(CIVITAI, endpoint=web.url),
        hub=replace(HUB, endpoint=web.url),
        owner_guild_id=int(GUILD_ID),
    )
    return studio


async def test_models_are_listed_searched_and_marked_warm(studio: Studio) -> None:
    """With the licence, and what a GPU has loaded now."""
    now = datetime.now(UTC)
    heart = Heartbeat(worker_id="w", state=WorkerState.IDLE, since=now, at=now, loaded=("tiny-sdxl",))
    studio.redis.set(keys.heartbeat("w"), heart.write(), px=60_000)
    await studio.bot.board.look()
    assert (await studio.says("models list")).splitlines() == [
        "**Models**, page 1 of 1",
        "• **Tiny SDXL** `tiny-sdxl` · 4 steps · MIT · warm now",
        "• **SDXL base 1.0** `sdxl-base-1.0` · 30 steps · MIT",
    ]
    assert "tiny-sdxl" not in await studio.says("models list", search="base")
    assert (await studio.says("models list", search="@everyone")).startswith("No model matches @\u200beveryone.")
    assert [each["name"] for each in await studio.suggestions("models list", "search", "tin")] == ["Tiny SDXL"]


async def test_a_lora_is_published_with_its_words_and_everybody_sees_it(shop: Studio, web: WeightsServer) -> None:
    """No code, no restart: list, search by trigger word, info; and who did it is in the audit."""
    link = on_civitai(web, safetensors(LORA))
    said = await told(shop, "loras add", link=link)
    assert said.splitlines()[0] == "**Ink Wash** is published as `ink-wash`. Everybody can draw with it from now on."
    assert "Trigger words: inkwash style, sumi\\-e" in said
    assert "Image, Rent; credit wanted" in said
    listed = await shop.says("loras list", search="sumi")
    assert listed.splitlines()[1] == "• **Ink Wash** `ink-wash` · inkwash style, sumi\\-e"
    assert [each["value"] for each in await shop.suggestions("loras info", "name", "inkw")] == ["ink-wash"]
    assert "From: civitai" in await shop.says("loras info", name="Ink Wash")
    assert "lora added" in await shop.says("admin audit", user="owner")


async def test_a_lora_that_a_worker_has_at_hand_is_marked(shop: Studio, web: WeightsServer) -> None:
    """In the list and while typing: with it the picture comes sooner."""
    await told(shop, "loras add", link=on_civitai(web, safetensors(LORA)))
    now = datetime.now(UTC)
    heart = Heartbeat(worker_id="w", state=WorkerState.IDLE, since=now, at=now, loras=("ink-wash",))
    shop.redis.set(keys.heartbeat("w"), heart.write(), px=60_000)
    await shop.bot.board.look()
    assert (await shop.says("loras list")).endswith("warm now")
    (choice,) = await shop.suggestions("loras info", "name", "ink")
    assert choice["name"].startswith("● Ink Wash")


async def test_a_model_is_published_and_drawn_with(shop: Studio, web: WeightsServer) -> None:
    """Its own queue, which workers are told to serve; the job carries all that they must know."""
    link = on_hub(web, {"fox.safetensors": safetensors(CHECKPOINT)})
    said = await told(shop, "models add", link=link, name="Fox XL", steps=9)
    assert said.startswith("**Fox XL** is published as `fox-xl`.")
    assert served.announced(shop.redis) == ("fox-xl", "sdxl-base-1.0", "tiny-sdxl")
    assert "9 steps (1 to 60)" in await shop.says("models info", name="fox")
    job = await shop.queued(model="fox-xl")
    assert job.spec.checkpoint.weights.revision == "c0ffee"
    assert shop.redis.llen("gpu.fox-xl") == 1
    posted = await shop.render(job)
    assert posted.state is JobState.POSTED
    assert "Fox XL · seed" in (await shop.messages())[-1]["content"]


async def test_a_removal_can_be_taken_back(shop: Studio, web: WeightsServer) -> None:
    """By a button that carries all it needs; the one below an adding undoes that."""
    added = await shop.answer("loras add", user="owner", link=on_civitai(web, safetensors(LORA)))
    undone = await shop.press("Undo", added["id"], user="owner")
    assert undone["message"]["content"].startswith("**ink\\-wash** is gone from every list.")
    assert (await shop.says("loras list")).startswith("There are no LoRAs here yet.")
    await shop.press("Undo", added["id"], user="owner")
    assert "ink-wash" in await shop.says("loras list")
    assert (await shop.says("loras remove", user="owner", name="Ink Wash")).startswith("**ink\\-wash** is gone")
    assert (await shop.says("loras remove", user="owner", name="ink-wash")).startswith("There is no published")
    again = await told(shop, "loras add", link=on_civitai(web, safetensors(LORA)))
    assert again.startswith("**Ink Wash** is published")


async def test_what_comes_from_a_file_is_not_removed_here(shop: Studio) -> None:
    """It would be back after the next restart."""
    said = await shop.says("models remove", user="owner", name="tiny-sdxl")
    assert said.startswith("This one comes from the file `config/models/tiny-sdxl.toml`.")


async def test_only_the_owners_moderators_publish(shop: Studio, web: WeightsServer) -> None:
    """It costs everybody's disk and bandwidth, and every server sees it."""
    link = on_civitai(web, safetensors(LORA))
    for command, options in (("loras add", {"link": link}), ("models remove", {"name": "tiny-sdxl"})):
        assert (await shop.says(command, **options)).startswith("What is published serves everybody")
    shop.services.desk = replace(shop.services.desk, owner_guild_id=7)
    assert (await told(shop, "loras add", link=link)).startswith("What is published serves everybody")
    shop.services.desk = replace(shop.services.desk, owner_guild_id=None)
    assert "`DISCORD_OWNER_GUILD_ID`" in await told(shop, "loras add", link=link)
    assert web.asked == []


async def test_what_cannot_be_published_says_why_and_what_to_do(shop: Studio, web: WeightsServer) -> None:
    """Each in one sentence, in the member's language."""

    async def refused(link: str, command: str = "loras add") -> str:
        return await told(shop, command, link=link)

    lora, page = safetensors(LORA), on_civitai(web, safetensors(LORA))
    assert (await refused("https://example.org")).startswith("https\\://example.org is no link that I know.")
    in_discord = "https://cdn.discordapp.com/attachments/1/2/ink.safetensors?ex=1"
    assert (await refused(in_discord)).endswith("the option `file` of this command takes it.")
    assert (await refused(page, "models add")).startswith("This is a LoRA, not a model. Use the other command.")
    assert (await refused(on_civitai(web, b"\x80\x04pickle" * 99))).startswith("This is not a `.safetensors` file.")
    assert (await refused(on_hub(web, {"a.safetensors": lora, "b.safetensors": lora}))).startswith(
        "There are several files: a.safetensors, b.safetensors."
    )
    flux = safetensors({"double_blocks.0.img_attn.lora_A.weight": (4, 3072)})
    assert (await refused(on_civitai(web, flux))).startswith("This is not for SDXL")
    await refused(on_civitai(web, lora))
    assert (await refused(on_civitai(web, lora))).startswith("We have this already: Ink Wash.")
    other = on_civitai(web, safetensors(LORA, {"another": "file"}), version=6)
    assert (await refused(other)).startswith(
        "**ink\\-wash** is taken. Choose another `name`; **ink\\-wash\\-2** is free."
    )
    web.faults.token = "secret"
    assert (await refused(page)) == (
        "Civitai gives this only to those who sign in. The owner has to set **CIVITAI\\_TOKEN**."
    )
    await shop.speaks("de", user="owner")
    assert (await refused("https://example.org")).endswith("civitai.com oder huggingface.co ein.")


async def test_another_bot_takes_it_up(shop: Studio, web: WeightsServer) -> None:
    """Shards and second bots read the ledger; a row of a newer release is left out, not fatal."""
    await told(shop, "loras add", link=on_civitai(web, safetensors(LORA)))
    rows = shop.ledger.published.all()
    other = replace(shop.services, registry=shop.bot.shelf.files)
    await Shelf(other).refresh()
    assert list(other.registry.loras) == ["ink-wash"]
    rows[0].entry_json = {"id": "ink-wash", "from": "the future"}
    assert with_published(shop.bot.shelf.files, rows).loras == {}
