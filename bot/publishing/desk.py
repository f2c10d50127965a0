"""Publishes: look behind a link or into a file, check, and write the entry down. Synchronous; called in a thread."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

import structlog
from pydantic import SecretStr

from bot.discord_api import attachment_origins
from bot.publishing import attachments, civitai, entries, families, huggingface
from bot.publishing.attachments import Attached
from bot.publishing.entries import Wishes
from bot.publishing.findings import Finding, Kind, Reason, UnpublishableError
from bot.publishing.links import CivitaiLink, parse
from bot.publishing.web import Site
from config.loading import Registry
from config.registry import Checkpoint, Lora
from config.settings import DiscordSettings
from tasks.ledger import Ledger, PublishedEntry
from tasks.uploads import CHUNK_BYTES

log = structlog.get_logger()

CIVITAI = Site("Civitai", "https://civitai.com", "CIVITAI_TOKEN")
HUB = Site("Hugging Face", "https://huggingface.co", "HF_TOKEN")


@dataclass(frozen=True, kw_only=True)
class Publication:
    """What is to be published, where it was found, and for whom."""

    kind: Kind
    finding: Finding
    wishes: Wishes
    user_id: int
    guild_id: int


@dataclass(frozen=True)
class PublishingDesk:
    """`owner_guild_id` is the server whose moderators may publish: what they add serves everybody.

    `cross_attention_dim` is that of the family; only tests with tiny weights change it.
    """

    civitai: Site = CIVITAI
    hub: Site = HUB
    owner_guild_id: int | None = None
    cross_attention_dim: int = families.SDXL_CROSS_ATTENTION

    @classmethod
    def of(cls, settings: DiscordSettings) -> Self:
        """With the owner's keys."""
        return cls(
            civitai=replace(CIVITAI, key=_open(settings.civitai_token)),
            hub=replace(HUB, key=_open(settings.hf_token)),
            owner_guild_id=settings.owner_guild_id,
        )

    def look(self, link: str, kind: Kind) -> Finding:
        """What a link leads to.

        Raises:
            UnpublishableError: nothing that could be published.
        """
        meant = parse(link)
        if isinstance(meant, CivitaiLink):
            return civitai.look(self.civitai, meant)
        return huggingface.look(self.hub, meant, kind)

    def keep(self, attached: Attached, kind: Kind, wishes: Wishes, *, ledger: Ledger, registry: Registry) -> Finding:
        """Fetch a file that was attached and, where it can be published, write it into the ledger.

        Raises:
            UnpublishableError: Discord does not give it, or nothing of it could be published.
        """
        most_bytes = registry.quotas.max_upload_mb * attachments.MEGABYTE
        with attachments.fetched(attached, origins=attachment_origins(), most_bytes=most_bytes) as file:
            finding = file.finding()
            self._entry(finding, kind, wishes, registry)
            ledger.uploads.keep(file.sha256, size_bytes=file.size_bytes, chunks=file.chunks(CHUNK_BYTES))
        return finding

    def publish(
        self, publication: Publication, *, ledger: Ledger, registry: Registry, now: datetime
    ) -> Checkpoint | Lora:
        """The entry, written down; every bot and worker knows it within seconds.

        Raises:
            UnpublishableError: it is not what was wanted, we have it already, or its name is taken.
        """
        finding, kind = publication.finding, publication.kind
        entry = self._entry(finding, kind, publication.wishes, registry)
        row = PublishedEntry(
            kind=str(kind),
            id=entry.id,
            entry_json=entry.model_dump(mode="json"),
            sha256=finding.weights.sha256,
            added_by=publication.user_id,
            guild_id=publication.guild_id,
            added_at=now,
            removed_at=None,
        )
        if not ledger.published.add(row):
            raise UnpublishableError(Reason.NAME_TAKEN, given=entry.id, free=f"{entry.id}-2")
        log.info("published", kind=str(kind), id=entry.id, source=entry.source, user_id=publication.user_id)
        return entry

    def _entry(self, finding: Finding, kind: Kind, wishes: Wishes, registry: Registry) -> Checkpoint | Lora:
        entries.check(finding, kind, cross_attention_dim=self.cross_attention_dim)
        known: Iterable[Checkpoint | Lora]
        known = registry.checkpoints.values() if kind is Kind.MODEL else registry.loras.values()
        _check_new(finding, known)
        make = entries.checkpoint if kind is Kind.MODEL else entries.lora
        entry = make(finding, wishes)
        entries.free(entry.id, {each.id for each in known})
        return entry


def _open(key: SecretStr | None) -> str | None:
    return None if key is None else key.get_secret_value()


def _check_new(finding: Finding, known: Iterable[Checkpoint | Lora]) -> None:
    wanted = finding.weights
    for each in known:
        same_file = wanted.sha256 is not None and each.sha256 == wanted.sha256
        same_place = (each.source, each.revision, each.file) == (wanted.source, wanted.revision, wanted.file)
        if same_file or same_place:
            raise UnpublishableError(Reason.SAME_FILE, given=each.name)
