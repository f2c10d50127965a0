"""Writing and reading the audit."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

import discord

from bot.client import EaselClient
from bot.discord_api import NO_MENTIONS
from bot.wording.catalogue import say
from bot.wording.house import audit_message
from tasks.ledger import Job
from tasks.ledger.house_models import AuditEntry

_DURATION = re.compile(r"(\d{1,4})\s*([mhdw])", re.IGNORECASE)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_COLUMNS = ("at", "kind", "member", "about", "what", "detail")


def entry(
    interaction: discord.Interaction[EaselClient], action: str, *, target_id: int | None = None, detail: str = ""
) -> AuditEntry:
    """What the one who uses a command did, now."""
    return AuditEntry(
        guild_id=interaction.guild_id or 0,
        at=interaction.client.services.clock(),
        actor_id=interaction.user.id,
        action=action,
        target_id=target_id,
        detail=detail[:500],
    )


def duration(text: str) -> timedelta | None:
    """The time that "12h", "7 d" or "30m" means; None for anything else."""
    match = _DURATION.fullmatch(text.strip())
    return None if match is None else timedelta(**{_UNITS[match[2].lower()]: int(match[1])})


async def show(
    interaction: discord.Interaction[EaselClient], *, user_id: int | None, job_id: str | None, since: datetime | None
) -> None:
    """A page and a file."""
    services, guild_id = interaction.client.services, interaction.guild_id or 0
    locale = str(interaction.locale)
    house = services.ledger.house
    entries = await services.in_ledger(house.audit, guild_id, user_id=user_id, since=since)
    jobs = await services.in_ledger(house.jobs_of_guild, guild_id, user_id=user_id, since=since)
    if job_id is not None:
        entries, jobs = (), [job for job in jobs if job.id == job_id]
        if not jobs:
            await interaction.response.send_message(say("admin.audit.job", locale=locale), ephemeral=True)
            return
    if not entries and not jobs:
        await interaction.response.send_message(say("admin.audit.none", locale=locale), ephemeral=True)
        return
    content = audit_message(entries or [_drawn(job) for job in jobs], locale=locale)
    file = discord.File(io.BytesIO(table(entries, jobs)), filename="audit.csv")
    await interaction.response.send_message(content, file=file, ephemeral=True, allowed_mentions=NO_MENTIONS)


def table(entries: Sequence[AuditEntry], jobs: Sequence[Job]) -> bytes:
    """Everything as CSV, newest first; spreadsheets run nothing in it."""
    rows = [(each.at, "rule", each.actor_id, each.target_id or "", each.action, each.detail) for each in entries]
    rows += [(job.received_at, "job", job.user_id, "", str(job.state), job.spec.prompt) for job in jobs]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for at, *rest in sorted(rows, key=lambda row: row[0], reverse=True):
        writer.writerow([at.isoformat(timespec="seconds"), *(_inert(str(cell)) for cell in rest)])
    return text.getvalue().encode("utf-8-sig")


def _inert(cell: str) -> str:
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _drawn(job: Job) -> AuditEntry:
    return AuditEntry(
        guild_id=job.guild_id or 0,
        at=job.received_at,
        actor_id=job.user_id,
        action=str(job.state),
        target_id=None,
        detail=job.spec.prompt,
    )
