"""`/admin filter`: the words that a house does not want, or calls adult."""

from collections.abc import Sequence

import discord

from bot.client import EaselClient, tell_privately
from bot.exts.admin.audit import entry
from bot.house import prompt_filter
from bot.wording.catalogue import say
from bot.wording.escaping import harmless
from bot.wording.house import filter_message
from tasks.ledger.house_models import FilterPattern

MOST_PATTERNS = 500


async def change(
    interaction: discord.Interaction[EaselClient], action: str, pattern: str | None, *, adult: bool
) -> None:
    """One of add, remove, list, test."""
    await tell_privately(interaction, await _answer(interaction, action, (pattern or "").strip(), adult=adult))


async def _answer(interaction: discord.Interaction[EaselClient], action: str, pattern: str, *, adult: bool) -> str:
    services, locale = interaction.client.services, str(interaction.locale)
    known = await services.in_ledger(services.ledger.house.all_of, FilterPattern, interaction.guild_id or 0)
    if action == "list":
        return filter_message(known, locale=locale)
    if not pattern:
        return say("admin.filter.pattern", locale=locale)
    if action == "test":
        return _tested(known, pattern, locale)
    if action == "remove":
        return await _removed(interaction, pattern)
    return await _added(interaction, pattern, adult=adult, full=len(known) >= MOST_PATTERNS)


async def _added(interaction: discord.Interaction[EaselClient], pattern: str, *, adult: bool, full: bool) -> str:
    services, locale = interaction.client.services, str(interaction.locale)
    shown = harmless(pattern, most=100)
    if not prompt_filter.is_usable(pattern):
        return say("admin.filter.too_short", locale=locale, given=shown)
    if full:
        return say("admin.filter.full", locale=locale, most=MOST_PATTERNS)
    rule = FilterPattern(guild_id=interaction.guild_id or 0, pattern=pattern.casefold(), adult=adult)
    await services.in_ledger(services.ledger.house.put, rule, entry(interaction, "filter add", detail=pattern))
    return say("admin.filter.added", locale=locale, given=shown)


async def _removed(interaction: discord.Interaction[EaselClient], pattern: str) -> str:
    services, locale = interaction.client.services, str(interaction.locale)
    key = {"guild_id": interaction.guild_id or 0, "pattern": pattern.casefold()}
    note = entry(interaction, "filter remove", detail=pattern)
    gone = await services.in_ledger(services.ledger.house.drop, FilterPattern, key, note)
    sentence = "admin.filter.removed" if gone else "admin.filter.missing"
    return say(sentence, locale=locale, given=harmless(pattern, most=100))


def _tested(known: Sequence[FilterPattern], prompt: str, locale: str) -> str:
    for adult, key in ((False, "admin.filter.caught"), (True, "admin.filter.caught_adult")):
        found = prompt_filter.find(prompt, [each.pattern for each in known if each.adult is adult])
        if found is not None:
            return say(key, locale=locale, given=harmless(found, most=100))
    return say("admin.filter.passes", locale=locale)
