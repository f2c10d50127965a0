"""`/models list|info|add|remove`."""

import discord
from discord import app_commands

from bot import model_index
from bot.client import EaselClient, tell_privately
from bot.exts.shelf import adding, undo
from bot.exts.studio.choices import MAX_CFG, MAX_STEPS, suggest_every_model, suggest_models
from bot.house.limits import day_began
from bot.house.rules import allowed_models
from bot.paging import page_of
from bot.publishing.entries import Wishes
from bot.publishing.findings import Kind
from bot.wording.catalogue import say
from bot.wording.escaping import harmless
from bot.wording.house import MODELS_PER_PAGE, models_message
from bot.wording.shelf import model_message
from config.registry import Checkpoint
from tasks.ledger import Visitor

MAX_LINK = 300
MAX_NAME = 80


@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
class ModelsGroup(app_commands.Group):
    """Checkpoints."""

    def __init__(self) -> None:
        super().__init__(name="models", description="What one can draw with here")

    @app_commands.command(name="list", description="What one can draw with here, and which a GPU has loaded")
    @app_commands.describe(search="Part of a name", page="Which page")
    @app_commands.autocomplete(search=suggest_models)
    async def show_all(
        self,
        interaction: discord.Interaction[EaselClient],
        search: str = "",
        page: app_commands.Range[int, 1, 1000] = 1,
    ) -> None:
        locale = str(interaction.locale)
        found = [each for each in await _allowed(interaction) if model_index.matches(each, search)]
        if not found:
            await tell_privately(interaction, say("models.none", locale=locale, given=harmless(search, most=60) or "-"))
            return
        warm, shown = interaction.client.board.fleet.loaded, page_of(found, page, per_page=MODELS_PER_PAGE)
        await tell_privately(interaction, models_message(shown, warm=warm, locale=locale))

    @app_commands.command(name="info", description="All about one model: source, licence, hash, defaults and limits")
    @app_commands.describe(name="Which model; type to search")
    @app_commands.autocomplete(name=suggest_models)
    async def info(self, interaction: discord.Interaction[EaselClient], name: str) -> None:
        locale, registry = str(interaction.locale), interaction.client.services.registry
        found = model_index.resolve(registry.checkpoints, name)
        if found is None:
            await tell_privately(interaction, say("models.none", locale=locale, given=harmless(name, most=60) or "-"))
            return
        is_warm = found.id in interaction.client.board.fleet.loaded
        await tell_privately(interaction, model_message(found, is_warm=is_warm, locale=locale))

    @app_commands.command(
        name="add", description="Publish a model for everybody: from Civitai, Hugging Face or a file of yours"
    )
    @app_commands.describe(
        link="A page of civitai.com or huggingface.co",
        file="Instead of a link: a .safetensors file of yours",
        name="What members call it; without it, what its author does",
        steps="Steps where nobody says otherwise",
        cfg="How closely to follow the prompt where nobody says otherwise",
    )
    async def add(  # noqa: PLR0917 - discord.py passes the options by name
        self,
        interaction: discord.Interaction[EaselClient],
        link: app_commands.Range[str, 1, MAX_LINK] | None = None,
        file: discord.Attachment | None = None,
        name: app_commands.Range[str, 1, MAX_NAME] | None = None,
        steps: app_commands.Range[int, 1, MAX_STEPS] | None = None,
        cfg: app_commands.Range[float, 0.0, MAX_CFG] | None = None,
    ) -> None:
        await adding.add(interaction, adding.Offer(Kind.MODEL, link, file), Wishes(name=name, steps=steps, cfg=cfg))

    @app_commands.command(name="remove", description="Take a published model out of the lists; a button brings it back")
    @app_commands.describe(name="Which model")
    @app_commands.autocomplete(name=suggest_every_model)
    async def remove(self, interaction: discord.Interaction[EaselClient], name: str) -> None:
        found = model_index.resolve(interaction.client.services.registry.checkpoints, name)
        await undo.remove(interaction, Kind.MODEL, found.id if found else name)


async def _allowed(interaction: discord.Interaction[EaselClient]) -> tuple[Checkpoint, ...]:
    services, now = interaction.client.services, interaction.client.services.clock()
    visitor = Visitor(guild_id=interaction.guild_id, user_id=interaction.user.id)
    house = await services.in_ledger(services.ledger.house.seen_by, visitor, day_began=day_began(now), now=now)
    return tuple(allowed_models(services.registry, house).checkpoints.values())
