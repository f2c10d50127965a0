"""Small pictures of what is being drawn: opened as the work of an enemy, and only where the house lets them be seen."""

import base64
import io

import discord
import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.house.rules import may_preview
from bot.pictures.opening import Role, open_picture
from bot.refusals import Refused
from bot.services import Services
from bot.wording.waiting import preview_text
from tasks.ledger import Job
from tasks.ledger.house_models import ChannelRule

log = structlog.get_logger()

SIDE = 128
NAME = "easel-preview.png"


class Previews:
    """Makes of a worker's word a file of our own, or nothing."""

    def __init__(self, services: Services, client: discord.Client) -> None:
        self._services = services
        self._client = client

    async def file(self, job: Job, preview: str) -> discord.File | None:
        """The picture in `preview` (base64 of a WebP), re-encoded; None where it may not be shown or is none."""
        if not await self._allowed(job):
            return None
        data = _webp(preview)
        try:
            png = None if data is None else await self._reencoded(data)
        except (Refused, OSError) as error:
            log.info("preview ignored", job_id=job.id, worker_id=job.worker_id, error=repr(error))
            return None
        if png is None:
            return None
        return discord.File(io.BytesIO(png), filename=NAME, description=preview_text(job.spec.prompt, job.locale))

    async def _reencoded(self, data: bytes) -> bytes:
        async with self._services.pictures_at_once:
            opened = await open_picture(
                data, option="preview", role=Role.PICTURE, most_side=SIDE, most_pixels=SIDE * SIDE
            )
        return opened.data

    async def _allowed(self, job: Job) -> bool:
        """Asked anew for each picture: a moderator's word counts at once. In direct messages there is no moderator."""
        if job.guild_id is None:
            return True
        ledger = self._services.ledger
        try:
            rules = await self._services.in_ledger_later(ledger.house.all_of, ChannelRule, job.guild_id)
        except SQLAlchemyError:
            return False
        place = self._client.get_channel(job.channel_id)
        if place is None:
            return False  # a thread that was put away: nobody knows whose rule holds there
        places = {job.channel_id, place.parent_id if isinstance(place, discord.Thread) else None}
        return may_preview([rule for rule in rules if rule.channel_id in places])


def _webp(preview: str) -> bytes | None:
    """The file, where it says that it is what workers send; the wire has bounded its size already."""
    try:
        data = base64.b64decode(preview, validate=True)
    except ValueError:
        return None
    is_webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    return data if is_webp else None
