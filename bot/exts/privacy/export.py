"""A person's data as a JSON document. Pure."""

import json
from datetime import datetime
from typing import Any

from tasks.ledger import Job
from tasks.ledger.privacy import Dossier


def document(dossier: Dossier, limit_bytes: int) -> bytes:
    """Everything, as UTF-8; where a place takes no file of that size, with the newest jobs that fit."""
    jobs = [_job(job) for job in dossier.jobs]
    while True:
        data = json.dumps(_content(dossier, jobs), ensure_ascii=False, indent=1).encode(errors="replace")
        if len(data) < limit_bytes or not jobs:
            return data
        jobs = jobs[: len(jobs) // 2]


def _content(dossier: Dossier, jobs: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "jobs_in_all": len(dossier.jobs),
        "jobs": jobs,
        "styles": [{"name": each.name, "shared": each.shared, "content": each.values_json} for each in dossier.styles],
        "defaults": {} if dossier.settings is None else dossier.settings.values_json,
        "moderation": [
            {"at": _when(each.at), "server": each.guild_id, "action": each.action, "detail": each.detail}
            for each in dossier.audit
        ],
        "blocks": [
            {"server": each.guild_id, "until": _when(each.until), "reason": each.reason} for each in dossier.blocks
        ],
        "grants": [{"server": each.guild_id, "amount": each.amount, "at": _when(each.at)} for each in dossier.grants],
    }


def _job(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "state": str(job.state),
        "order": job.spec_json,
        "server": job.guild_id,
        "channel": job.posted_channel_id or job.channel_id,
        "message": job.posted_message_id,
        "asked_at": _when(job.received_at),
        "ended_at": _when(job.ended_at),
        "locale": job.locale,
    }


def _when(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
