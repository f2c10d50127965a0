"""`/admin limits|block|unblock|grant`: what members may."""

import discord

from bot.client import EaselClient, tell_privately
from bot.exts.admin.audit import duration, entry
from bot.house.limits import has_any
from bot.wording.catalogue import say
from bot.wording.escaping import harmless
from bot.wording.house import limits_message, role_name
from tasks.ledger.house_models import Block, Grant, RoleLimit


async def limit(
    interaction: discord.Interaction[EaselClient], role: discord.Role | None, *, clear: bool, **numbers: int | None
) -> None:
    """Set a role's limits (numbers that are left out stay), clear them, or show all."""
    services, locale = interaction.client.services, str(interaction.locale)
    guild_id, house = interaction.guild_id or 0, services.ledger.house
    rules = await services.in_ledger(house.all_of, RoleLimit, guild_id)
    given = {name: value for name, value in numbers.items() if value is not None}
    if role is None:
        key = "admin.limits.name_role"
        said = say(key, locale=locale) if given or clear else limits_message(rules, locale=locale)
        await tell_privately(interaction, said)
        return
    if clear:
        note = entry(interaction, "limits cleared", detail=role.name)
        await services.in_ledger(house.drop, RoleLimit, {"guild_id": guild_id, "role_id": role.id}, note)
        name = role_name(guild_id, role.id)
        await tell_privately(interaction, say("admin.limits.cleared", locale=locale, role=name))
        return
    before = next((rule for rule in rules if rule.role_id == role.id), None)
    kept = {name: getattr(before, name) if before else None for name in numbers}
    rule = RoleLimit(guild_id=guild_id, role_id=role.id, **(kept | given))
    if given and has_any(rule):
        detail = f"{role.name}: " + ", ".join(f"{name} {value}" for name, value in given.items())
        await services.in_ledger(house.put, rule, entry(interaction, "limits", detail=detail))
        rules = await services.in_ledger(house.all_of, RoleLimit, guild_id)
    await tell_privately(interaction, limits_message(rules, locale=locale))


async def block(
    interaction: discord.Interaction[EaselClient], user: discord.abc.Snowflake, until: str | None, reason: str
) -> None:
    services, locale = interaction.client.services, str(interaction.locale)
    end = None
    if until is not None:
        length = duration(until)
        if length is None:
            sentence = say("admin.block.until", locale=locale, given=harmless(until, most=40))
            await tell_privately(interaction, sentence)
            return
        end = services.clock() + length
    rule = Block(guild_id=interaction.guild_id or 0, user_id=user.id, until=end, reason=reason[:300])
    note = entry(interaction, "block", target_id=user.id, detail=f"{until or 'for ever'}: {reason}")
    await services.in_ledger(services.ledger.house.put, rule, note)
    shown = "" if end is None else f"<t:{int(end.timestamp())}:f>"
    key = "admin.block.done" if end is None else "admin.block.done_until"
    await tell_privately(interaction, say(key, locale=locale, user=f"<@{user.id}>", until=shown))


async def unblock(interaction: discord.Interaction[EaselClient], user: discord.abc.Snowflake) -> None:
    services = interaction.client.services
    key = {"guild_id": interaction.guild_id or 0, "user_id": user.id}
    note = entry(interaction, "unblock", target_id=user.id)
    was = await services.in_ledger(services.ledger.house.drop, Block, key, note)
    sentence = "admin.unblock.done" if was else "admin.unblock.not"
    await tell_privately(interaction, say(sentence, locale=str(interaction.locale), user=f"<@{user.id}>"))


async def grant(interaction: discord.Interaction[EaselClient], user: discord.abc.Snowflake, amount: int) -> None:
    services = interaction.client.services
    row = Grant(guild_id=interaction.guild_id or 0, user_id=user.id, amount=amount, at=services.clock())
    note = entry(interaction, "grant", target_id=user.id, detail=str(amount))
    await services.in_ledger(services.ledger.house.put, row, note)
    said = say("admin.grant.done", locale=str(interaction.locale), user=f"<@{user.id}>", number=amount)
    await tell_privately(interaction, said)
