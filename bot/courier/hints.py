"""The direct message that a job has ended, for those who asked for it. At most once, and nothing hangs on it."""

from dataclasses import dataclass

import discord
import structlog

from bot.courier.link import DiscordAway
from bot.courier.messenger import ChannelClosed, Messenger
from bot.courier.posting import hint_nonce
from bot.wording.catalogue import say
from bot.wording.jobs import link_to
from tasks.ledger import Job

log = structlog.get_logger()


@dataclass(frozen=True)
class Hints:
    """Sends them; a member who takes no direct messages simply gets none."""

    messenger: Messenger

    def posted(self, job: Job) -> None:
        """The pictures are there."""
        self._send(job, "dm.done", job.posted_message_id or 0)

    def failed(self, job: Job) -> None:
        """There will be none."""
        self._send(job, "dm.failed", job.reply_message_id or 0)

    def _send(self, job: Job, key: str, message_id: int) -> None:
        if not job.by_dm or job.private or job.guild_id is None or not message_id:
            return
        try:
            self.messenger.create(
                channel_id=self.messenger.direct_channel(job.user_id),
                content=say(key, locale=job.locale, link=link_to(job, message_id)),
                nonce=hint_nonce(job.id),
                user_id=job.user_id,
            )
        except (ChannelClosed, DiscordAway, discord.HTTPException) as error:
            log.info("no direct message", job_id=job.id, error=str(error))
