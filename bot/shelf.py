"""Keeps the bot's registry in step with what was published, and the workers in step with the registry."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from bot.house.rules import allowed_models
from bot.lora_index import lora_index
from bot.services import Services
from config.loading import Registry
from config.registry import Checkpoint, Lora
from tasks.ledger import House, PublishedEntry
from tasks.ledger.house_models import ModelRule
from tasks.ledger.published import MODEL
from tasks.publishing import BrokerUnavailable

log = structlog.get_logger()

LOOK_EVERY_S = 5.0
TIDY_EVERY = timedelta(hours=1)


class Shelf:
    """Another bot, or this one, publishes: every bot reads it a few seconds later. `files` are the TOML entries."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.files = services.registry
        self._revision = 0
        self._rules: dict[int, list[ModelRule]] = {}
        self._tidy_at: datetime | None = None

    async def run(self) -> None:
        """Look every few seconds, until cancelled."""
        while True:
            try:
                await self.refresh()
                await self.tidy()
            except SQLAlchemyError as error:
                log.info("published models are not read: the ledger does not answer", error=type(error).__name__)
            except BrokerUnavailable:
                log.info("workers are not told which models there are: redis does not answer")
            await asyncio.sleep(LOOK_EVERY_S)

    def offered(self, guild_id: int | None) -> Mapping[str, Checkpoint]:
        """The models that a server allows, from memory: what is denied is not even suggested."""
        rules = self._rules.get(guild_id or 0, ())
        return allowed_models(self._services.registry, House(models=rules)).checkpoints

    async def refresh_rules(self) -> None:
        """What servers allow and deny.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the ledger does not answer.
        """
        services = self._services
        self._rules = _by_guild(await services.in_ledger(services.ledger.house.model_rules))

    async def refresh(self) -> None:
        """Take up what changed, and tell the workers.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the ledger does not answer.
            BrokerUnavailable: Redis does not answer.
        """
        services, published = self._services, self._services.ledger.published
        await self.refresh_rules()
        revision = await services.in_ledger_later(published.revision)
        if revision != self._revision:
            rows = await services.in_ledger_later(published.all)
            services.registry = await asyncio.to_thread(_read, self.files, rows)
            self._revision = revision
            counts = {"models": len(services.registry.checkpoints), "loras": len(services.registry.loras)}
            log.info("registry read again", **counts)
        await services.in_broker(services.publisher.serve, list(services.registry.checkpoints))

    async def tidy(self) -> None:
        """Once an hour: uploaded files that nothing published needs any more. Not in the ledger's own thread.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the ledger does not answer.
        """
        now = self._services.clock()
        if self._tidy_at is not None and now < self._tidy_at:
            return
        self._tidy_at = now + TIDY_EVERY
        for sha256 in await asyncio.to_thread(self._services.ledger.uploads.tidy, now=now):
            log.info("uploaded file forgotten", sha256=sha256)


def _read(files: Registry, rows: Sequence[PublishedEntry]) -> Registry:
    """Thousands of entries take some 100 ms: in a thread, with the index that the next key press asks for."""
    registry = with_published(files, rows)
    lora_index(registry.loras)
    return registry


def _by_guild(rules: Iterable[ModelRule]) -> dict[int, list[ModelRule]]:
    found: dict[int, list[ModelRule]] = {}
    for rule in rules:
        found.setdefault(rule.guild_id, []).append(rule)
    return found


def with_published(registry: Registry, rows: Iterable[PublishedEntry]) -> Registry:
    """The registry with the published entries behind its own; what cannot be read is left out."""
    models: dict[str, Checkpoint] = {}
    loras: dict[str, Lora] = {}
    for row in rows:
        try:
            if row.kind == MODEL:
                models[row.id] = Checkpoint.model_validate(row.entry_json)
            else:
                loras[row.id] = Lora.model_validate(row.entry_json)
        except ValidationError as error:
            log.warning("published entry cannot be read", kind=row.kind, id=row.id, problems=error.error_count())
    return replace(  # the files' entries first, and theirs where both have an id
        registry,
        checkpoints={**registry.checkpoints, **models, **registry.checkpoints},
        loras={**registry.loras, **loras, **registry.loras},
    )
