"""Retry and Reroll: an earlier order once more, as a new job of whoever asks."""

import discord

from bot.again import Again
from bot.client import EaselClient, tell_privately
from bot.exts.studio.orders import take_order
from bot.relations import Relation
from bot.wording.catalogue import say
from tasks.ledger import Job
from tasks.lifecycle import ENDED, JobState


async def retry(interaction: discord.Interaction[EaselClient], job: Job) -> None:
    """The same order, seeds included; only where there are no pictures yet."""
    locale = str(interaction.locale)
    if job.state not in ENDED:
        await tell_privately(interaction, say("retry.on_its_way", locale=locale))
    elif job.state is JobState.POSTED:
        await tell_privately(interaction, say("retry.posted", locale=locale))
    else:
        order = Again(
            parent_id=job.id,
            spec=job.spec,
            relation=Relation.RETRY,
            same_seeds=True,
            private=job.private,
            spoiler=job.spoiler,
        )
        await take_order(interaction, order)


async def reroll(interaction: discord.Interaction[EaselClient], job: Job) -> None:
    """The same words with new seeds."""
    await take_order(
        interaction,
        Again(
            parent_id=job.id,
            spec=job.spec,
            relation=Relation.REROLL,
            private=job.private,
            spoiler=job.spoiler,
        ),
    )
