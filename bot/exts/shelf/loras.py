"""`/loras list|info|add|remove`."""

import discord
from discord import app_commands

from bot import lora_index
from bot.client import EaselClient, tell_privately
from bot.exts.shelf import adding, undo
from bot.exts.shelf.models import MAX_LINK, MAX_NAME
from bot.exts.studio.choices import suggest_loras
from bot.paging import page_of
from bot.publishing.entries import MOST_WORDS, Wishes
from bot.publishing.findings import Kind
from bot.wording.catalogue import say
from bot.wording.escaping import harmless
from bot.wording.shelf import LORAS_PER_PAGE, lora_message, loras_message
from config.registry import Lora
from tasks.references import MAX_LORA_WEIGHT


@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
class LorasGroup(app_commands.Group):
    """LoRAs."""

    def __init__(self) -> None:
        super().__init__(name="loras", description="Styles, characters and things that models can be taught")

    @app_commands.command(name="list", description="Every LoRA with its trigger words, and which a GPU has at hand")
    @app_commands.describe(search="Part of a name or a trigger word", page="Which page")
    @app_commands.autocomplete(search=suggest_loras)
    async def show_all(
        self,
        interaction: discord.Interaction[EaselClient],
        search: str = "",
        page: app_commands.Range[int, 1, 1000] = 1,
    ) -> None:
        locale, loras = str(interaction.locale), interaction.client.services.registry.loras
        found = lora_index.lora_index(loras).find(search, most=len(loras))
        if not found:
            key = "loras.none" if loras else "loras.nothing"
            await tell_privately(interaction, say(key, locale=locale, given=harmless(search, most=60) or "-"))
            return
        warm, shown = interaction.client.board.fleet.loaded, page_of(found, page, per_page=LORAS_PER_PAGE)
        await tell_privately(interaction, loras_message(shown, warm=warm, locale=locale))

    @app_commands.command(name="info", description="All about one LoRA: trigger words, weight, source, licence, hash")
    @app_commands.describe(name="Which LoRA; type to search")
    @app_commands.autocomplete(name=suggest_loras)
    async def info(self, interaction: discord.Interaction[EaselClient], name: str) -> None:
        locale, found = str(interaction.locale), _named(interaction, name)
        if found is None:
            await tell_privately(interaction, say("loras.none", locale=locale, given=harmless(name, most=60) or "-"))
            return
        is_warm = found.id in interaction.client.board.fleet.loaded
        await tell_privately(interaction, lora_message(found, is_warm=is_warm, locale=locale))

    @app_commands.command(
        name="add", description="Publish a LoRA for everybody: from Civitai, Hugging Face or a file of yours"
    )
    @app_commands.describe(
        link="A page of civitai.com or huggingface.co",
        file="Instead of a link: a .safetensors file of yours",
        name="What members call it; without it, what its author does",
        weight="How strong it is where nobody says otherwise, 0.8 without it",
        trigger_words="Separated by commas; without them, what its page and its file say",
    )
    async def add(  # noqa: PLR0917 - discord.py passes the options by name
        self,
        interaction: discord.Interaction[EaselClient],
        link: app_commands.Range[str, 1, MAX_LINK] | None = None,
        file: discord.Attachment | None = None,
        name: app_commands.Range[str, 1, MAX_NAME] | None = None,
        weight: app_commands.Range[float, -MAX_LORA_WEIGHT, MAX_LORA_WEIGHT] | None = None,
        trigger_words: app_commands.Range[str, 1, 400] | None = None,
    ) -> None:
        words = None if trigger_words is None else _words(trigger_words)
        wishes = Wishes(name=name, weight=weight, trigger_words=words)
        await adding.add(interaction, adding.Offer(Kind.LORA, link, file), wishes)

    @app_commands.command(name="remove", description="Take a published LoRA out of the lists; a button brings it back")
    @app_commands.describe(name="Which LoRA")
    @app_commands.autocomplete(name=suggest_loras)
    async def remove(self, interaction: discord.Interaction[EaselClient], name: str) -> None:
        found = _named(interaction, name)
        await undo.remove(interaction, Kind.LORA, found.id if found else name)


def _named(interaction: discord.Interaction[EaselClient], name: str) -> Lora | None:
    found = lora_index.resolve_lora(interaction.client.services.registry.loras, name.partition(":")[0])
    return None if found is None else found[0]


def _words(typed: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in typed.split(",") if word.strip())[:MOST_WORDS]
