"""`/loras add` and `/models add` with a file: from the attachment to what workers are handed."""

import base64
from dataclasses import replace
from typing import Any

import pytest

from bot.courier.lending import lend
from bot.publishing.desk import PublishingDesk
from bot.shelf import TIDY_EVERY
from config.registry import Quotas
from sandbox.discord.world import GUILD_ID
from tasks import keys
from tasks.ledger.uploads import KEPT_UNWANTED
from tasks.lifecycle import JobState
from tasks.uploads import UploadWanted, chunk_of
from tests.integration.bot.studio import Studio
from tests.unit.bot.weights_files import CHECKPOINT, LORA, SD15, safetensors

WORDS = {"modelspec.title": "Ink Wash", "modelspec.trigger_phrase": "inkwash style, sumi-e"}
FILE = safetensors(LORA, WORDS | {"modelspec.license": "CC-BY-4.0"})


@pytest.fixture
def shop(studio: Studio) -> Studio:
    """A studio whose owner's server this is."""
    studio.services.desk = PublishingDesk(owner_guild_id=int(GUILD_ID))
    return studio


def attachment(data: bytes = FILE, name: str = "ink_v2.safetensors") -> dict[str, str]:
    """As the sandbox's client takes it."""
    return {"filename": name, "data": base64.b64encode(data).decode(), "content_type": "application/octet-stream"}


async def told(shop: Studio, command: str = "loras add", **options: Any) -> str:
    """What the owner is answered."""
    return str((await shop.answer(command, user="owner", **options))["content"])


async def test_a_file_becomes_a_lora_that_everybody_can_draw_with(shop: Studio) -> None:
    """Published, suggested, found by its trigger word, ordered; its bytes wait for whichever worker asks."""
    said = await told(shop, file=attachment())
    assert said.splitlines()[0] == "**Ink Wash** is published as `ink-wash`. Everybody can draw with it from now on."
    assert "Trigger words: inkwash style, sumi\\-e" in said
    assert "Licence: CC\\-BY\\-4.0" in said
    entry = shop.services.registry.loras["ink-wash"]
    assert entry.source == f"upload:{entry.sha256}"
    (choice,) = await shop.suggestions("imagine", "lora", "sumi")
    assert choice["value"].startswith("ink-wash")
    job = await shop.queued(prompt="a fox", lora="ink-wash")
    assert job.spec.loras[0].weights.source == entry.source
    shop.redis.set(keys.heartbeat("w1"), "{}", px=60_000)
    assert entry.sha256 is not None
    lend(UploadWanted(worker_id="w1", sha256=entry.sha256, count=1), shop.ledger.uploads, shop.redis)
    assert chunk_of(shop.redis, "w1", entry.sha256, 0) == FILE
    assert (await shop.render(job)).state is JobState.POSTED
    assert "lora added" in await shop.says("admin audit", user="owner")


async def test_a_file_becomes_a_model(shop: Studio) -> None:
    """With its own queue, as one from a link."""
    said = await told(shop, "models add", file=attachment(safetensors(CHECKPOINT), "Small_Fox.safetensors"), steps=9)
    assert said.startswith("**Small Fox** is published as `small-fox`.")
    job = await shop.queued(model="small-fox")
    assert job.spec.checkpoint.weights.source.startswith("upload:")
    assert shop.redis.llen("gpu.small-fox") == 1


async def test_exactly_one_of_link_and_file(shop: Studio) -> None:
    """Neither is guessed."""
    neither: dict[str, Any] = {}
    for options in (neither, {"link": "https://civitai.com/models/3", "file": attachment()}):
        said = await told(shop, **options)
        assert said == "Give either a `link` or a `file`: one of the two, not both."
    assert shop.ledger.published.all() == []


async def test_what_is_wrong_with_a_file_is_told(shop: Studio) -> None:
    """Privately, with what would be right; nothing is published and nothing is kept."""
    refused = (
        ("loras add", attachment(name="ink.ckpt"), "This is not a `.safetensors` file."),
        ("loras add", attachment(b"\x80\x04pickle" * 99), "This is not a `.safetensors` file."),
        ("loras add", attachment(FILE[:-3]), f"The file is not whole: it has {len(FILE) - 3} bytes, and by its own"),
        ("models add", attachment(), "This is a LoRA, not a model. Use the other command."),
        ("models add", attachment(safetensors(SD15)), "This is not for SDXL (Stable Diffusion 1.5)."),
        ("loras add", attachment(safetensors({"a.hada_w1_a": (4, 4)})), "This kind cannot be drawn with: LoHa."),
    )
    for command, file, sentence in refused:
        said = await told(shop, command, file=file)
        assert said.startswith(sentence), said
    assert shop.ledger.published.all() == []
    shop.ledger.uploads.tidy(now=shop.clock())
    assert shop.ledger.uploads.tidy(now=shop.clock() + KEPT_UNWANTED) == []


async def test_a_file_that_is_too_large(shop: Studio) -> None:
    """The owner sets how large; who has a checkpoint learns which way it goes."""
    shop.services.registry = replace(shop.services.registry, quotas=Quotas(max_upload_mb=1))
    said = await told(shop, "models add", file=attachment(b"\0" * 1_600_000))
    assert said.startswith("The file has 2 MB, and files up to 1 MB are taken here.")
    assert said.endswith("give that as `link`.")


@pytest.mark.parametrize(
    ("status", "sentence"),
    [(404, "Discord does not have the file any more."), (503, "Discord did not give me the file just now.")],
)
async def test_a_file_that_discord_does_not_give(shop: Studio, status: int, sentence: str) -> None:
    """Its signed link ran out while the command lay about, or the CDN has a bad day."""
    await shop.fault(route="/attachments/", method="GET", kind="status", status=status)
    assert (await told(shop, file=attachment())).startswith(sentence)


async def test_the_same_file_twice(shop: Studio) -> None:
    """By its hash, whatever it is called."""
    await told(shop, file=attachment())
    assert (await told(shop, file=attachment(), name="Other")).startswith("We have this already: Ink Wash.")


async def test_who_may_not_publish_makes_us_fetch_nothing(shop: Studio) -> None:
    """A member without the right is told so before a byte is fetched."""
    said = await shop.says("loras add", file=attachment())
    assert said.startswith("What is published serves everybody")
    assert not any("/attachments/" in each["path"] for each in await shop.requests())


async def test_a_removal_can_be_taken_back_while_the_file_is_kept(shop: Studio) -> None:
    """For a week; then the file is gone from the ledger, and the button says so."""
    added = await shop.answer("loras add", user="owner", file=attachment())
    await shop.press("Undo", added["id"], user="owner")
    assert "ink-wash" not in shop.services.registry.loras
    await shop.press("Undo", added["id"], user="owner")
    sha256 = shop.services.registry.loras["ink-wash"].sha256 or ""
    removed = await shop.press("Undo", added["id"], user="owner")
    assert removed["message"]["content"].startswith("**ink\\-wash** is gone from every list.")
    assert shop.ledger.uploads.tidy(now=shop.clock()) == []
    assert shop.ledger.uploads.tidy(now=shop.clock() + KEPT_UNWANTED) == [sha256]
    gone = await shop.press("Undo", added["id"], user="owner")
    assert gone["message"]["content"].startswith("The file of **ink\\-wash** was kept for a week")
    assert (await told(shop, file=attachment())).startswith("**Ink Wash** is published")


async def test_the_shelf_tidies_once_an_hour(shop: Studio) -> None:
    """What never became an entry, as its name was taken at the last moment, does not stay for ever."""
    shop.ledger.uploads.keep("a" * 64, size_bytes=3, chunks=[b"abc"])
    await shop.skip(TIDY_EVERY.total_seconds())
    await shop.bot.shelf.tidy()
    assert shop.ledger.uploads.size("a" * 64) == 3
    await shop.skip(KEPT_UNWANTED.total_seconds())
    await shop.bot.shelf.tidy()
    await shop.until(lambda: shop.ledger.uploads.size("a" * 64) is None)


async def test_in_german(shop: Studio) -> None:
    """Each sentence in the member's language."""
    await shop.speaks("de", user="owner")
    assert (await told(shop)).startswith("Gib entweder einen `link` oder eine `file` an")
    assert (await told(shop, file=attachment(FILE[:-1]))).startswith("Die Datei ist nicht vollständig")
