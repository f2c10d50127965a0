"""Tells a member why there is no picture: once, by the same two ways as a result."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import discord
import structlog
from redis import Redis

from bot import message_lock
from bot.buttons import job_view, on_failure
from bot.courier.hints import Hints
from bot.courier.link import DiscordAway
from bot.courier.messenger import ChannelClosed, Messenger, TokenDead
from bot.courier.posting import Route, Step, channel_step, failure_nonce, route_for
from bot.wording.jobs import link_to
from bot.wording.results import elsewhere, failure_message
from config.loading import Registry
from tasks.errors import ErrorCode
from tasks.ledger import Job, Ledger
from tasks.ledger.published import MODEL
from tasks.lifecycle import JobState
from tasks.schema import Failure

log = structlog.get_logger()

_TOLD_BY_COURIER = frozenset({JobState.FAILED, JobState.EXPIRED})


@dataclass(frozen=True)
class Notices:
    """The courier's bad news."""

    ledger: Ledger
    redis: Redis
    messenger: Messenger
    registry: Registry
    clock: Callable[[], datetime]

    def tell(self, job_id: str) -> None:
        """Tell, unless it is told already; while Discord is away the sweep asks again."""
        with message_lock.held_for_result(self.redis, job_id):
            job = self.ledger.jobs.get(job_id)
            if job is None or job.state not in _TOLD_BY_COURIER or job.told_at is not None:
                return
            try:
                self._tell(job)
            except DiscordAway as error:
                log.warning("discord is away, telling later", job_id=job_id, error=str(error))
                return
            except (ChannelClosed, discord.HTTPException) as error:
                log.warning("member cannot be told", job_id=job_id, channel_id=job.channel_id, error=str(error))
            self.ledger.jobs.told(job_id, now=self.clock())
            log.info("failure told", job_id=job_id, code=self._failure(job).code)
        Hints(self.messenger).failed(job)

    def model_name(self, job: Job) -> str:
        """The checkpoint's name, or its id where it has left the registry since."""
        checkpoint_id = job.spec.checkpoint.id
        known = self.registry.checkpoints.get(checkpoint_id)
        if known is not None:
            return known.name
        published = self.ledger.published.get(MODEL, checkpoint_id)
        return checkpoint_id if published is None else str(published.entry_json.get("name", checkpoint_id))

    def _tell(self, job: Job) -> None:
        route = route_for(
            received_at=job.received_at,
            has_token=job.interaction_token is not None,
            attempted_at=None,
            now=self.clock(),
        )
        if route is Route.ORIGINAL:
            try:
                self.messenger.edit_original(
                    application_id=job.application_id,
                    token=job.interaction_token or "",
                    content=self._content(job, mention=False),
                    make_view=self._buttons(job),
                )
            except TokenDead:
                log.info("token is dead, telling in a new message", job_id=job.id)
            else:
                return
        self._tell_in_channel(job)

    def _tell_in_channel(self, job: Job) -> None:
        ended_at = job.ended_at or self.clock()
        channel_id = self.messenger.direct_channel(job.user_id) if job.private else job.channel_id
        if channel_step(attempted_at=ended_at, now=self.clock()) is Step.LOOK_FIRST:
            found = self.messenger.find(
                channel_id=channel_id, job_id=job.id, since=ended_at, but_not=job.reply_message_id
            )
            if found is not None:
                return
        message_id = self.messenger.create(
            channel_id=channel_id,
            content=self._content(job, mention=not job.private and self.ledger.people.wants_mention(job.user_id)),
            nonce=failure_nonce(job.id),
            user_id=job.user_id,
            reply_to=None if job.private else job.reply_message_id,
            make_view=self._buttons(job),
        )
        if job.reply_message_id is not None and message_id and not job.private:
            content = elsewhere(link_to(job, message_id), locale=job.locale)
            self.messenger.shrink(channel_id=job.channel_id, message_id=job.reply_message_id, content=content)

    def _buttons(self, job: Job) -> Callable[[], discord.ui.View]:
        return partial(job_view, on_failure(self._failure(job).code), job.id, locale=job.locale)

    def _content(self, job: Job, *, mention: bool) -> str:
        return failure_message(
            job.spec,
            self._failure(job),
            job_id=job.id,
            model=self.model_name(job),
            mention_user_id=job.user_id if mention else None,
            locale=job.locale,
        )

    def _failure(self, job: Job) -> Failure:
        return job.failure or Failure(code=ErrorCode.WORKER_FAULT)
