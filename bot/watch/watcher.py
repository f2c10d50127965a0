"""Looks every few seconds at what the board knows and the ledger says: numbers for Prometheus, alerts for the owner."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import aiohttp
import discord
import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from bot.discord_api import NO_MENTIONS
from bot.progress.board import Board
from bot.services import Services
from bot.watch.alerts import Alert, Scene, alerts
from bot.wording.catalogue import say
from bot.wording.escaping import harmless
from tasks import keys

log = structlog.get_logger()

LOOK_EVERY_S = 15.0
_LAG_EVERY_S = 0.5
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


class Watcher:
    """Runs beside the board. Without an alert channel it only counts."""

    def __init__(
        self,
        services: Services,
        board: Board,
        client: discord.Client,
        *,
        alert_channel_id: int | None,
        hears_discord: Callable[[], bool],
    ) -> None:
        self._services = services
        self._board = board
        self._client = client
        self._hears_discord = hears_discord
        self._alert_channel_id = alert_channel_id
        self._seen_until = services.clock()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look_for_ever())
            group.create_task(self._measure_lag())

    async def look(self) -> None:
        """Once: count, and give the alerts that are new."""
        metrics, board = self._services.metrics, self._board
        metrics.see_queue(board.queue)
        metrics.see_fleet(board.fleet)
        metrics.answers.labels(who="ledger").set(board.ledger_answers)
        metrics.answers.labels(who="redis").set(board.redis_answers)
        hears = self._hears_discord()
        metrics.answers.labels(who="discord").set(hears)
        await self._tell_health(hears=hears)
        try:
            await self._count_ended()
            await self._alert()
        except SQLAlchemyError as error:
            log.warning("ledger does not answer the watcher", error=repr(error))

    async def _tell_health(self, *, hears: bool) -> None:
        """What the container's health check reads; without a gateway it runs out."""
        if not hears:
            log.warning("discord's gateway is not connected")
            return
        try:
            await self._services.redis.set(keys.BOT_HEARS, "1", px=keys.BOT_HEARS_TTL)
        except (RedisError, OSError) as error:
            log.info("health is not told: redis does not answer", error=type(error).__name__)

    async def _count_ended(self) -> None:
        ledger = self._services.ledger
        ended = await self._services.in_ledger_later(ledger.alerts.ended_since, self._seen_until)
        self._services.metrics.see_ended(ended)
        self._seen_until = max([self._seen_until, *(job.ended_at for job in ended if job.ended_at is not None)])

    async def _alert(self) -> None:
        if self._alert_channel_id is None:
            return
        services, now = self._services, self._services.clock()
        scene = Scene(
            fleet=self._board.fleet,
            queue=self._board.queue,
            failed=await services.in_ledger_later(services.ledger.alerts.ended_since, now - _HOUR),
            machines=await services.in_ledger_later(services.ledger.instances.intended_since, now - _DAY),
            notices=await services.in_ledger_later(services.ledger.alerts.noted_since, now - _DAY),
        )
        for alert in alerts(scene, now=now):
            if await services.in_ledger_later(services.ledger.alerts.is_first, alert.key, now=now):
                await self._give(alert, self._alert_channel_id)

    async def _give(self, alert: Alert, channel_id: int) -> None:
        values = {name: _shown(name, value) for name, value in alert.values.items()}
        sentence = say(f"alert.{alert.about}", **values)
        log.warning("alert", key=alert.key)
        try:
            await self._client.get_partial_messageable(channel_id).send(sentence, allowed_mentions=NO_MENTIONS)
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.warning("alert was not delivered", key=alert.key, channel_id=channel_id, error=repr(error))
            await self._services.in_ledger_later(self._services.ledger.alerts.withdraw, alert.key)

    async def _look_for_ever(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.look()

    async def _measure_lag(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await asyncio.sleep(_LAG_EVERY_S)
            self._services.metrics.loop_lag.set(max(0.0, loop.time() - began - _LAG_EVERY_S))


def _shown(name: str, value: object) -> str:
    """What a provider wrote is text and nothing else."""
    return harmless(str(value), most=300) if name in ("gpu", "machine", "reason", "label") else str(value)
