"""Asks before it spends or ends anything, and does it once the button below the question is pressed."""

from datetime import timedelta
from enum import StrEnum

import discord
import structlog

from bot.client import EaselClient, tell_privately
from bot.discord_api import NO_MENTIONS
from bot.exts.admin.audit import entry as audit_entry
from bot.pressed import Pressed
from bot.wording.catalogue import say
from bot.wording.fleet import Quote, Scale, quote_message
from tasks.ledger import Instance
from tasks.ledger.orders import AT_LEAST, AT_MOST, BUDGET, DOWN, PAUSE, UP, drain_order, park_order, wake_order
from tasks.publishing import BrokerUnavailable

log = structlog.get_logger()

# A price that was named longer ago is no price any more.
ANSWER_WITHIN = timedelta(minutes=15)
_ORDER_FOR = timedelta(hours=1)
_PARKED = "parked"
_ENDING = frozenset({"draining", "destroying"})


class Act(StrEnum):
    """What a button does; the value is part of its id."""

    UP = "up"
    DOWN = "down"
    PARK = "park"
    UNPARK = "unpark"
    DRAIN = "drain"
    SCALE = "scale"
    BUDGET = "budget"


_NAMES = {Act.PARK: park_order, Act.UNPARK: wake_order, Act.DRAIN: drain_order}


class FleetButton(
    Pressed, template=r"v1:fleet:(?P<act>up|down|park|unpark|drain|scale|budget):(?P<about>[0-9a-z]{1,40})"
):
    """Yes to a question about the fleet."""

    async def act(self, interaction: discord.Interaction[EaselClient]) -> None:
        await order(interaction, Act(self.said["act"]), self.said["about"])


async def may_command(interaction: discord.Interaction[EaselClient]) -> bool:
    """Whether this member commands the fleet; if not, they have been told."""
    owner = interaction.client.services.desk.owner_guild_id
    if owner is not None and interaction.guild_id == owner and interaction.permissions.manage_guild:
        return True
    await tell_privately(interaction, say("fleet.no_right", locale=str(interaction.locale)))
    return False


async def ask(interaction: discord.Interaction[EaselClient], act: Act, about: str) -> None:
    """What would happen, at what price, and the button that does it."""
    locale = str(interaction.locale)
    machines = await _machines(interaction)
    machine = next((each for each in machines if each.id == about), None)
    if act in _NAMES and (machine is None or not _fits(act, machine)):
        await tell_privately(interaction, say(f"fleet.{act}.which", locale=locale))
        return
    view = discord.ui.View(timeout=None)
    style = discord.ButtonStyle.danger if act in (Act.DOWN, Act.DRAIN) else discord.ButtonStyle.primary
    label = say(f"button.fleet.{act}", locale=locale)
    view.add_item(discord.ui.Button(label=label, style=style, custom_id=f"v1:fleet:{act}:{about}"))
    view.stop()
    quote = Quote(
        machines=machines,
        machine=machine,
        scale=Scale.read(about) if act is Act.SCALE else Scale(hours=int(about) if act is Act.UP else 0),
        budget_usd=int(about) / 100 if act is Act.BUDGET else 0.0,
        registry=interaction.client.services.registry,
        status=interaction.client.board.fleet.status,
        jobs=len(interaction.client.board.queue),
    )
    said = quote_message(str(act), quote, locale=locale)
    await interaction.response.send_message(said, view=view, ephemeral=True, allowed_mentions=NO_MENTIONS)


async def order(interaction: discord.Interaction[EaselClient], act: Act, about: str) -> None:
    """Yes was pressed: the order is in the ledger, and the provisioner looks at it now."""
    if not await may_command(interaction):
        return
    services, locale = interaction.client.services, str(interaction.locale)
    now, orders = services.clock(), services.ledger.orders
    asked_at = interaction.message.created_at if interaction.message is not None else now
    if now - asked_at > ANSWER_WITHIN:
        await interaction.response.edit_message(content=say("fleet.too_late", locale=locale), view=None)
        return
    reason = _by(interaction)
    if act is Act.UP:
        until = now + timedelta(hours=int(about))
        await _lift(interaction, DOWN, PAUSE)
        await services.in_ledger(orders.place, UP, reason=reason, now=now, until=until)
    elif act is Act.SCALE:
        await _scale(interaction, Scale.read(about))
    elif act is Act.BUDGET:
        await services.in_ledger(orders.place, BUDGET, reason=reason, now=now, amount=int(about) / 100)
    elif act is Act.DOWN:
        await _lift(interaction, UP, AT_LEAST)
        await services.in_ledger(orders.place, DOWN, reason=reason, now=now)
    else:
        await services.in_ledger(orders.place, _NAMES[act](about), reason=reason, now=now, until=now + _ORDER_FOR)
    await _noted(interaction, f"fleet {act}", about)
    await interaction.response.edit_message(content=say(f"fleet.{act}.done", locale=locale), view=None)


async def _scale(interaction: discord.Interaction[EaselClient], scale: Scale) -> None:
    services = interaction.client.services
    place, now = services.ledger.orders.place, services.clock()
    until, reason = now + timedelta(hours=scale.hours), _by(interaction)
    if scale.least:
        await _lift(interaction, DOWN, PAUSE)
    await services.in_ledger(place, AT_LEAST, reason=reason, now=now, until=until, amount=scale.least)
    await services.in_ledger(place, AT_MOST, reason=reason, now=now, until=until, amount=scale.most)


async def pause(interaction: discord.Interaction[EaselClient]) -> None:
    """Nothing new is rented or woken from now on: it spends nothing, so nobody is asked again."""
    services = interaction.client.services
    place, now = services.ledger.orders.place, services.clock()
    await services.in_ledger(place, PAUSE, reason=_by(interaction), now=now)
    await _noted(interaction, "fleet pause", "")
    await tell_privately(interaction, say("fleet.pause.done", locale=str(interaction.locale)))


async def resume(interaction: discord.Interaction[EaselClient]) -> None:
    """Nothing is held up or down, or paused, by hand any more."""
    locale = str(interaction.locale)
    lifted = ", ".join(await _lift(interaction, UP, DOWN, PAUSE, AT_LEAST, AT_MOST, BUDGET))
    if lifted:
        await _noted(interaction, "fleet resume", lifted)
    said = say("fleet.resumed", orders=lifted, locale=locale) if lifted else say("fleet.nothing", locale=locale)
    await tell_privately(interaction, said)


async def _lift(interaction: discord.Interaction[EaselClient], *names: str) -> list[str]:
    """Withdraw these orders; returns those that were in force."""
    services = interaction.client.services
    return [name for name in names if await services.in_ledger(services.ledger.orders.withdraw, name)]


def _by(interaction: discord.Interaction[EaselClient]) -> str:
    return f"by {interaction.user.name} in Discord"


async def _noted(interaction: discord.Interaction[EaselClient], action: str, detail: str) -> None:
    services = interaction.client.services
    await services.in_ledger(services.ledger.house.note, audit_entry(interaction, action, detail=detail))
    log.info("fleet ordered", action=action, about=detail, user_id=interaction.user.id)
    try:
        await services.in_broker(services.publisher.wake_fleet)
    except BrokerUnavailable:
        log.info("the provisioner sees the order with its next look: redis does not answer")


def _fits(act: Act, machine: Instance) -> bool:
    """Whether this can be ordered of a machine in its state."""
    if act is Act.DRAIN:
        return machine.state not in _ENDING
    return (act is Act.UNPARK) == (machine.state == _PARKED)


async def _machines(interaction: discord.Interaction[EaselClient]) -> list[Instance]:
    services = interaction.client.services
    return list(await services.in_ledger(services.ledger.instances.live))
