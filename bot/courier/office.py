"""What the courier does with each piece of news: the ledger first, then Discord, then the broker."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import discord
import structlog
from redis import Redis
from redis.exceptions import RedisError

from bot import message_lock
from bot.control_index import ControlChoice
from bot.courier.delivery import Delivery, NothingFits, Sent
from bot.courier.hints import Hints
from bot.courier.inspection import Picture, Rejected, inspect, inspect_maps
from bot.courier.lending import lend
from bot.courier.link import DiscordAway
from bot.courier.messenger import ChannelClosed, Messenger
from bot.courier.notices import Notices
from bot.courier.posting import POSTING_STALE, Route
from bot.courier.verdict import Shown, shown
from bot.wording.jobs import link_to
from bot.wording.results import REFUSED, TOO_LARGE, elsewhere
from config.loading import Registry
from tasks import blobs
from tasks.errors import ErrorCode
from tasks.ledger import Job, Ledger
from tasks.lifecycle import JobState
from tasks.publishing import BrokerUnavailable, Publisher
from tasks.schema import Claimed, Failed, Failure, Rendered, age_s
from tasks.uploads import UploadWanted

log = structlog.get_logger()


@dataclass(frozen=True)
class Office:
    """The courier's use cases. Every method may be called twice with the same news."""

    ledger: Ledger
    redis: Redis
    publisher: Publisher
    messenger: Messenger
    registry: Registry
    clock: Callable[[], datetime]

    def claimed(self, news: Claimed) -> None:
        """A worker has begun."""
        job = self.ledger.jobs.claimed(news.job_id, epoch=news.epoch, worker_id=news.worker_id, now=self.clock())
        if job is not None:
            log.info("job claimed", job_id=job.id, worker_id=news.worker_id, attempt=job.attempts)

    def rendered(self, result: Rendered) -> None:
        """A worker has handed pictures over; the first result of the current epoch wins."""
        job = self.ledger.jobs.rendered(result, now=self.clock())
        if job is None:
            log.info("result dropped: stale or already there", job_id=result.job_id, epoch=result.epoch)
            return
        log.info("job rendered", job_id=job.id, worker_id=result.worker_id, gpu_s=round(result.timings.total_s, 2))
        self.post(job.id)

    def failed(self, news: Failed) -> None:
        """A worker could not: another attempt, or the member is told."""
        log.warning(
            "attempt failed",
            job_id=news.job_id,
            worker_id=news.worker_id,
            code=news.failure.code,
            detail=news.failure.detail[:500],
        )
        self._draw_again(news.job_id, epoch=news.epoch, failure=news.failure)

    def post(self, job_id: str) -> None:
        """Post what is rendered; a second courier, and a second call, find nothing to do."""
        job = self.ledger.jobs.begin_posting(job_id, now=self.clock(), stale_after=POSTING_STALE)
        if job is None:
            return
        pictures = self._inspected(job)
        if pictures is None:
            return
        result = shown(pictures, job.adult_showing)
        if result.withheld == len(pictures):
            self._withhold(job)
            return
        delivery = self._delivery(job, result)
        try:
            with message_lock.held_for_result(self.redis, job_id):
                sent = delivery.deliver()
        except DiscordAway as error:
            log.warning("discord is away, posting later", job_id=job_id, error=str(error))
            self._keep(job)
            self.ledger.jobs.post_later(job_id)
        except ChannelClosed as error:
            self._cannot_post(job, detail=str(error))
        except NothingFits as error:
            self._cannot_post(
                job,
                detail=str(error),
                reason=TOO_LARGE,
                size_bytes=str(error.size_bytes),
                limit_bytes=str(error.limit_bytes),
            )
        except discord.HTTPException as error:
            self._cannot_post(job, detail=str(error), reason=REFUSED)
        else:
            self._posted(job, sent)

    def tell(self, job_id: str) -> None:
        """Tell the member of a job that failed or expired why."""
        self._notices.tell(job_id)

    def lend(self, wish: UploadWanted) -> None:
        """A worker needs a part of an uploaded file."""
        lend(wish, self.ledger.uploads, self.redis)

    @property
    def _notices(self) -> Notices:
        return Notices(self.ledger, self.redis, self.messenger, self.registry, self.clock)

    def _delivery(self, job: Job, result: Shown) -> Delivery:
        return Delivery(
            self.ledger.jobs,
            self.messenger,
            self.clock,
            job,
            result,
            model=self._notices.model_name(job),
            may_mention=self.ledger.people.wants_mention(job.user_id),
            # A map may show what the withheld picture does.
            maps=() if result.withheld else inspect_maps(self.redis, job.rendered, job.spec, epoch=job.epoch),
            can_show_maps=any(ControlChoice(entry).makes_map for entry in self.registry.controlnets.values()),
        )

    def _inspected(self, job: Job) -> list[Picture] | None:
        """The pictures; None where the job now takes another way."""
        try:
            return inspect(self.redis, job.rendered, job.spec, epoch=job.epoch)
        except (Rejected, blobs.BlobMissing) as error:
            log.warning("result rejected", job_id=job.id, worker_id=job.worker_id, reason=str(error))
            failure = Failure(code=ErrorCode.RESULT_REJECTED, detail=str(error)[:2000])
            self._draw_again(job.id, epoch=job.epoch, failure=failure)
        except RedisError as error:
            log.warning("pictures cannot be read just now", job_id=job.id, error=repr(error))
            self.ledger.jobs.post_later(job.id)
        return None

    def _draw_again(self, job_id: str, *, epoch: int, failure: Failure) -> None:
        job = self.ledger.jobs.retry_or_fail(job_id, epoch=epoch, failure=failure, now=self.clock())
        if job is None:
            return
        if job.state is JobState.QUEUED:
            self._publish(job)
        elif job.state is JobState.FAILED:
            self.tell(job.id)

    def _publish(self, job: Job) -> None:
        try:
            self.publisher.render(job.id, epoch=job.epoch, spec=job.spec, priority=job.priority, now=self.clock())
        except BrokerUnavailable as error:
            log.warning("queue does not answer, the sweep will publish the job", job_id=job.id, error=str(error))
            return
        self.ledger.jobs.published(job.id, epoch=job.epoch, now=self.clock())
        log.info("job queued again", job_id=job.id, epoch=job.epoch)

    def _withhold(self, job: Job) -> None:
        """Nothing is left to be posted; no other attempt is made, the same order gives the same pictures."""
        log.info("result withheld: adult", job_id=job.id, channel_id=job.channel_id)
        failure = Failure(code=ErrorCode.ADULT, detail="the safety checker flagged every picture")
        if self.ledger.jobs.failed(job.id, epoch=None, failure=failure, now=self.clock()) is not None:
            self._tidy(job)
            self.tell(job.id)

    def _cannot_post(self, job: Job, *, detail: str, **data: str) -> None:
        log.error("result cannot be posted", job_id=job.id, channel_id=job.channel_id, detail=detail)
        failure = Failure(code=ErrorCode.CANNOT_POST, detail=detail, data=data)
        if self.ledger.jobs.failed(job.id, epoch=None, failure=failure, now=self.clock()) is not None:
            self.tell(job.id)

    def _posted(self, job: Job, sent: Sent) -> None:
        now = self.clock()
        posted = self.ledger.jobs.posted(
            job.id, message_id=sent.message_id, route=sent.route, now=now, channel_id=sent.channel_id
        )
        seconds = round(age_s(job.received_at, now=now), 2)
        log.info("posted", job_id=job.id, route=sent.route, seconds=seconds, files=sent.rung, first=posted is not None)
        if sent.route is Route.CHANNEL and job.reply_message_id is not None and sent.message_id:
            link = link_to(job, sent.message_id)
            self.messenger.shrink(
                channel_id=job.channel_id,
                message_id=job.reply_message_id,
                content=elsewhere(link, locale=job.locale),
            )
        self._tidy(job)
        if posted is not None:
            Hints(self.messenger).posted(posted)

    def _keep(self, job: Job) -> None:
        """However long Discord is away: each try keeps the pictures until long after the next one."""
        try:
            if job.rendered is not None:
                blobs.keep(self.redis, job.rendered.images)
        except RedisError as error:
            log.warning("pictures could not be kept for longer", job_id=job.id, error=repr(error))

    def _tidy(self, job: Job) -> None:
        """What is left in Redis would vanish by itself; this is only sooner."""
        try:
            if job.rendered is not None:
                blobs.discard(self.redis, (*job.rendered.images, *job.rendered.maps))
            self.publisher.withdraw(job.id)
        except (RedisError, BrokerUnavailable) as error:
            log.info("pictures stay in redis until they expire", job_id=job.id, error=repr(error))
