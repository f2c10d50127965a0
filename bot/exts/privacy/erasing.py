"""Erases a person's data, after asking: their messages first where they want that, then the ledger's rows."""

import asyncio

import aiohttp
import discord
import structlog

from bot.client import EaselClient, tell_privately
from bot.discord_api import NO_MENTIONS, message_of
from bot.exts.studio.cancel import stop_worker
from bot.house.limits import day_began
from bot.pressed import Pressed
from bot.services import Services
from bot.wording.catalogue import say
from tasks.ledger import Job, Ledger
from tasks.publishing import BrokerUnavailable
from tasks.schema import InputRef

log = structlog.get_logger()

_MOST_JOBS = 5000  # far more than anybody gives pictures for before these expire
_BETWEEN_DELETES_S = 0.25  # Discord allows few deletions a second; nobody else's answers may wait for these


class EraseButton(Pressed, template=r"v1:erase:(?P<pictures>[01]):(?P<user>\d{1,20})"):
    """The confirmation. Its id says whose data and whether their messages go, too."""

    async def act(self, interaction: discord.Interaction[EaselClient]) -> None:
        if interaction.user.id == int(self.said["user"]):
            await erase(interaction, pictures=self.said["pictures"] == "1")
        else:
            await tell_privately(interaction, say("privacy.not_yours", locale=str(interaction.locale)))


async def ask(interaction: discord.Interaction[EaselClient], *, pictures: bool) -> None:
    """What would happen, and the button that does it."""
    locale = str(interaction.locale)
    about = say("privacy.sure.pictures" if pictures else "privacy.sure.no_pictures", locale=locale)
    view = discord.ui.View(timeout=None)
    view.add_item(
        discord.ui.Button(
            label=say("button.erase", locale=locale),
            style=discord.ButtonStyle.danger,
            custom_id=f"v1:erase:{int(pictures)}:{interaction.user.id}",
        )
    )
    view.stop()
    sure = say("privacy.sure", locale=locale, pictures=about)
    await interaction.response.send_message(sure, view=view, ephemeral=True, allowed_mentions=NO_MENTIONS)


async def erase(interaction: discord.Interaction[EaselClient], *, pictures: bool) -> None:
    """Do it, and say what was done. Should the bot die on the way, the rows are still there and one asks again."""
    services, locale, user_id = interaction.client.services, str(interaction.locale), interaction.user.id
    await interaction.response.edit_message(content=say("privacy.works", locale=locale), view=None)
    cancelled = await services.in_ledger(services.ledger.history.cancel_all, user_id, now=services.clock())
    for job in cancelled:
        await stop_worker(interaction.client, job.id)
    deleted, left = await _delete_messages(interaction.client, user_id) if pictures else (0, 0)
    await _forget_inputs(services, user_id)
    now = services.clock()
    erased = await services.in_ledger(services.ledger.privacy.erase, user_id, day_began=day_began(now), now=now)
    log.info("data erased", jobs=erased.jobs, messages=deleted)
    said = say("privacy.done", locale=locale, jobs=erased.jobs, styles=erased.styles)
    if pictures:
        said += say("privacy.done.pictures", locale=locale, deleted=deleted)
    if left:
        said += say("privacy.done.left", locale=locale, left=left)
    await interaction.edit_original_response(content=said, allowed_mentions=NO_MENTIONS)


async def _forget_inputs(services: Services, user_id: int) -> None:
    """The pictures that a person gave; should Redis be away, they vanish by themselves after some hours."""
    refs = await services.in_ledger(_given_by, services.ledger, user_id)
    try:
        await services.in_broker(services.publisher.forget_inputs, refs)
    except BrokerUnavailable as error:
        log.warning("given pictures stay until they expire", error=str(error))


def _given_by(ledger: Ledger, user_id: int) -> list[InputRef]:
    jobs = ledger.history.of_user(user_id, limit=_MOST_JOBS)
    return [ref for job in jobs for ref in job.spec.inputs]


async def _delete_messages(client: EaselClient, user_id: int) -> tuple[int, int]:
    """How many messages with a person's pictures are gone now, and how many stay."""
    services = client.services
    jobs = await services.in_ledger(services.ledger.privacy.with_pictures, user_id)
    deleted = 0
    for job in jobs:
        if await _delete(client, job):
            deleted += 1
            await services.in_ledger(services.ledger.history.picture_deleted, job.id, now=services.clock())
        await asyncio.sleep(_BETWEEN_DELETES_S)
    return deleted, len(jobs) - deleted


async def _delete(client: EaselClient, job: Job) -> bool:
    channel_id, message_id = job.posted_channel_id or job.channel_id, job.posted_message_id or 0
    try:
        await message_of(client, channel_id=channel_id, message_id=message_id).delete()
    except discord.NotFound:
        return True
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.info("message stays", job_id=job.id, error=repr(error))
        return False
    return True
