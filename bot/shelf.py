"""Keeps the bot's registry in step with what was published, and the workers in step with the registry."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

import structlog
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from bot.services import Services
from config.loading import Registry
from config.registry import Checkpoint, Lora
from tasks.ledger import PublishedEntry
from tasks.ledger.published import MODEL
from tasks.publishing import BrokerUnavailable

log = structlog.get_logger()

LOOK_EVERY_S = 5.0


class Shelf:
    """Another bot, or this one, publishes: every bot reads it a few seconds later. `files` are the TOML entries."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.files = services.registry
        self._revision = 0

    async def run(self) -> None:
        """Look every few seconds, until cancelled."""
        while True:
            try:
                await self.refresh()
            except SQLAlchemyError as error:
                log.info("published models are not read: the ledger does not answer", error=type(error).__name__)
            except BrokerUnavailable:
                log.info("workers are not told which models there are: redis does not answer")
            await asyncio.sleep(LOOK_EVERY_S)

    async def refresh(self) -> None:
        """Take up what changed, and tell the workers.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the ledger does not answer.
            BrokerUnavailable: Redis does not answer.
        """
        services, published = self._services, self._services.ledger.published
        revision = await services.in_ledger_later(published.revision)
        if revision != self._revision:
            services.registry = with_published(self.files, await services.in_ledger(published.all))
            self._revision = revision
            counts = {"models": len(services.registry.checkpoints), "loras": len(services.registry.loras)}
            log.info("registry read again", **counts)
        await services.in_broker(services.publisher.serve, list(services.registry.checkpoints))


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
