"""`/admin models`: which checkpoints a house allows."""

import discord

from bot import model_index
from bot.client import EaselClient, tell_privately
from bot.exts.admin.audit import entry
from bot.wording.catalogue import say
from bot.wording.escaping import harmless
from bot.wording.house import models_rule_message
from tasks.ledger.house_models import ModelRule


async def change(interaction: discord.Interaction[EaselClient], action: str, name: str | None) -> None:
    """One of allow, deny, forget, list; the answer is what holds now."""
    services, locale = interaction.client.services, str(interaction.locale)
    guild_id, house = interaction.guild_id or 0, services.ledger.house
    if action != "list":
        if not name:
            await tell_privately(interaction, say("admin.models.name", locale=locale))
            return
        found = model_index.resolve(services.registry.checkpoints, name)
        if found is None:
            sentence = say("admin.models.unknown", locale=locale, given=harmless(name, most=80))
            await tell_privately(interaction, sentence)
            return
        note = entry(interaction, f"models {action}", detail=found.id)
        if action == "forget":
            await services.in_ledger(house.drop, ModelRule, {"guild_id": guild_id, "model_id": found.id}, note)
        else:
            rule = ModelRule(guild_id=guild_id, model_id=found.id, allowed=action == "allow")
            await services.in_ledger(house.put, rule, note)
        await interaction.client.shelf.refresh_rules()
    rules = await services.in_ledger(house.all_of, ModelRule, guild_id)
    await tell_privately(interaction, models_rule_message(rules, locale=locale))
