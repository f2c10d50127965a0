"""Posts the pictures of one job once: by the original while its token lives, else into the channel with a nonce."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import discord
import structlog

from bot.buttons import result_view
from bot.courier import ladder
from bot.courier.inspection import ControlMap
from bot.courier.ladder import Load, Rung
from bot.courier.messenger import Messenger, TokenDead, TooLarge
from bot.courier.posting import Route, Step, channel_step, result_nonce, route_for
from bot.courier.verdict import Shown
from bot.wording.results import alt_text, clamp_remarks, file_remark, map_text, result_message, withheld_remark
from tasks.ledger import Job, JobLedger
from tasks.schema import age_s

log = structlog.get_logger()


class NothingFits(Exception):  # noqa: N818 - reads as the sentence "except NothingFits"
    """Even the smallest form of the files is more than this place takes."""

    def __init__(self, size_bytes: int, limit_bytes: int) -> None:
        self.size_bytes = size_bytes
        self.limit_bytes = limit_bytes
        super().__init__(f"{size_bytes} bytes, limit {limit_bytes}")


@dataclass(frozen=True)
class Sent:
    """Where the pictures are now."""

    message_id: int
    route: Route
    rung: Rung | None = None  # None: an earlier attempt had posted them
    channel_id: int | None = None  # where it is not the job's own


@dataclass(frozen=True)
class Delivery:
    """Everything that one posting needs; made per job."""

    jobs: JobLedger
    messenger: Messenger
    clock: Callable[[], datetime]
    job: Job
    shown: Shown
    model: str
    maps: Sequence[ControlMap] = ()
    can_show_maps: bool = False  # some ControlNet makes maps
    may_mention: bool = True

    def deliver(self) -> Sent:
        """Post, or find out that it is posted.

        Raises:
            bot.courier.link.DiscordAway: uncertain; to be tried again.
            bot.courier.messenger.ChannelClosed: it can never be posted.
            NothingFits: it is too large for this place.
        """
        job = self.job
        route = route_for(
            received_at=job.received_at,
            has_token=job.interaction_token is not None,
            attempted_at=job.post_attempted_at,
            now=self.clock(),
            private=job.private,
        )
        if route is Route.ORIGINAL:
            try:
                return self._by_original()
            except TokenDead as dead:
                log.info("token is dead, posting a new message", job_id=job.id, answer=str(dead))
        if job.private:
            channel_id = self.messenger.direct_channel(job.user_id)
            return replace(self._by_channel(channel_id, Route.DIRECT), channel_id=channel_id)
        return self._by_channel(job.channel_id, Route.CHANNEL)

    def _by_original(self) -> Sent:
        job = self.job
        limit = job.attachment_limit_bytes

        def send(load: Load) -> int:
            return self.messenger.edit_original(
                application_id=job.application_id,
                token=job.interaction_token or "",
                content=self._content(load, limit, mention=False),
                files=load.files,
                alt_text=alt_text(job.spec.prompt),
                make_view=self._buttons,
            )

        return self._down_the_ladder(send, limit, Route.ORIGINAL)

    def _by_channel(self, channel_id: int, route: Route) -> Sent:
        job, now = self.job, self.clock()
        if channel_step(attempted_at=job.post_attempted_at, now=now) is Step.LOOK_FIRST:
            found = self._posted_earlier(channel_id, job.post_attempted_at or now)
            if found is not None:
                return Sent(found, route)
        direct = route is Route.DIRECT
        limit = self.messenger.upload_limit_bytes(None if direct else job.guild_id)
        self.jobs.post_attempted(job.id, now=now)

        def send(load: Load) -> int:
            return self.messenger.create(
                channel_id=channel_id,
                content=self._content(load, limit, mention=self.may_mention and not direct),
                nonce=result_nonce(job.id),
                user_id=job.user_id,
                reply_to=None if direct else job.reply_message_id,
                files=load.files,
                alt_text=alt_text(job.spec.prompt),
                make_view=self._buttons,
            )

        return self._down_the_ladder(send, limit, route)

    def _posted_earlier(self, channel_id: int, since: datetime) -> int | None:
        job = self.job
        return self.messenger.find(channel_id=channel_id, job_id=job.id, since=since, but_not=job.reply_message_id)

    def _down_the_ladder(self, send: Callable[[Load], int], limit_bytes: int, route: Route) -> Sent:
        smallest = 0
        job = self.job
        maps = {map_text(each.control, locale=job.locale): each.image for each in self.maps}
        spoiler = job.spoiler or self.shown.spoiler
        for load in ladder.loads(self.shown.pictures, job.spec, job_id=job.id, spoiler=spoiler, maps=maps):
            smallest = load.largest_bytes
            if not load.fits(limit_bytes):
                continue
            try:
                return Sent(send(load), route, load.rung)
            except TooLarge:
                log.info("files refused as too large", job_id=self.job.id, rung=load.rung, size_bytes=smallest)
        raise NothingFits(smallest, limit_bytes)

    def _buttons(self) -> discord.ui.View:
        job = self.job
        return result_view(
            job.id,
            numbers=self.shown.numbers,
            of=job.spec.num_images,
            maps=self.can_show_maps,
            locale=job.locale,
        )

    def _content(self, load: Load, limit_bytes: int, *, mention: bool) -> str:
        job = self.job
        remarks = clamp_remarks(job.spec, model=self.model, locale=job.locale)
        if load.rung is not Rung.PNG:
            remarks.append(file_remark(load.rung, limit_bytes=limit_bytes, locale=job.locale))
        if self.shown.withheld:
            remarks.append(withheld_remark(self.shown.withheld, locale=job.locale))
        return result_message(
            job.spec,
            job_id=job.id,
            model=self.model,
            seconds=age_s(job.received_at, now=self.clock()),
            cost_usd=job.cost_usd,
            mention_user_id=job.user_id if mention else None,
            remark="\n".join(remarks),
            defaulted=job.defaulted or "",
            locale=job.locale,
        )
