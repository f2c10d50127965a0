"""The ledger's tables. Instants are stored as aware UTC; money in US dollars."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    Index,
    Integer,
    String,
    TypeDecorator,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from tasks.lifecycle import JobState
from tasks.schema import Failure, JobSpec, Rendered, read_spec


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python on every database; SQLite itself forgets time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            message = "the ledger takes aware datetimes only"
            raise ValueError(message)
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """All of the ledger's tables."""

    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's idiom
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(none_as_null=True),
        # Discord's ids need 64 bits; SQLite numbers rows by itself only in an INTEGER column.
        int: BigInteger().with_variant(Integer(), "sqlite"),
    }


class Job(Base):
    """What a member asked for, from the command to the end. Read-only outside `tasks.ledger`."""

    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    state: Mapped[JobState] = mapped_column(
        Enum(
            JobState,
            native_enum=False,
            length=16,
            values_callable=lambda states: [state.value for state in states],
        )
    )
    epoch: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    lost_hosts: Mapped[int] = mapped_column(default=0)
    priority: Mapped[int]
    spec_json: Mapped[dict[str, Any]]
    predicted_units: Mapped[float]

    interaction_id: Mapped[int] = mapped_column(unique=True)
    application_id: Mapped[int]
    interaction_token: Mapped[str | None] = mapped_column(String(300))
    user_id: Mapped[int]
    guild_id: Mapped[int | None]
    channel_id: Mapped[int]
    locale: Mapped[str] = mapped_column(String(16), default="en-US")
    attachment_limit_bytes: Mapped[int]
    reply_message_id: Mapped[int | None]

    received_at: Mapped[datetime]
    queued_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]
    worker_id: Mapped[str | None] = mapped_column(String(63))
    rendered_at: Mapped[datetime | None]
    rendered_json: Mapped[dict[str, Any] | None]
    posting_since: Mapped[datetime | None]
    post_attempted_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    posted_message_id: Mapped[int | None]
    posted_route: Mapped[str | None] = mapped_column(String(16))
    posted_channel_id: Mapped[int | None]  # where it is not the job's own: in direct messages
    failure_json: Mapped[dict[str, Any] | None]
    # The price of the time for which a rented machine drew it, in US dollars; None on a machine of one's own.
    cost_usd: Mapped[float | None]
    told_at: Mapped[datetime | None]

    # Which job this one came from, and how (`retry`, `reroll`, `remix`): no foreign key, a parent may be erased.
    parent_id: Mapped[str | None] = mapped_column(String(26))
    relation: Mapped[str | None] = mapped_column(String(16))
    deleted_at: Mapped[datetime | None]
    # How much of a quota it takes, and how its pictures are shown.
    num_images: Mapped[int] = mapped_column(default=1, server_default="1")
    private: Mapped[bool] = mapped_column(default=False, server_default=false())
    spoiler: Mapped[bool] = mapped_column(default=False, server_default=false())
    adult_showing: Mapped[str] = mapped_column(String(16), default="not", server_default="not")
    defaulted: Mapped[str | None] = mapped_column(String(200))  # options that own defaults filled in, with commas
    by_dm: Mapped[bool] = mapped_column(default=False, server_default=false())

    __table_args__ = (
        Index("ix_jobs_state_received", "state", "received_at"),
        Index("ix_jobs_user_state", "user_id", "state"),
        Index("ix_jobs_user_received", "user_id", "received_at"),
        Index("ix_jobs_posted_message", "posted_message_id"),
        # Asked every few seconds, over a table that only grows.
        Index("ix_jobs_state_ended", "state", "ended_at"),
        Index(
            "ix_jobs_with_token",
            "received_at",
            sqlite_where=text("interaction_token IS NOT NULL"),
            postgresql_where=text("interaction_token IS NOT NULL"),
        ),
    )

    @property
    def spec(self) -> JobSpec:
        """The order, as the worker gets it."""
        return read_spec(self.spec_json)

    @property
    def rendered(self) -> Rendered | None:
        """What the worker handed over."""
        return None if self.rendered_json is None else Rendered.read(self.rendered_json)

    @property
    def failure(self) -> Failure | None:
        """Why it ended without pictures."""
        return None if self.failure_json is None else Failure.read(self.failure_json)


class Attempt(Base):
    """One claim of a job by one worker, and how it ended; the history behind `jobs.attempts`."""

    __tablename__ = "attempts"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    epoch: Mapped[int]
    worker_id: Mapped[str] = mapped_column(String(63))
    claimed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(32))


class Instance(Base):
    """A rented machine, from the intent to the end of its bill. The label is the idempotency key at the provider."""

    __tablename__ = "instances"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    label: Mapped[str] = mapped_column(String(200), unique=True)
    state: Mapped[str] = mapped_column(String(16), index=True)
    provider: Mapped[str] = mapped_column(String(16))
    profile: Mapped[str] = mapped_column(String(63))
    leader_epoch: Mapped[int]
    provider_instance_id: Mapped[str | None] = mapped_column(String(64))
    offer_json: Mapped[dict[str, Any]]
    gpu: Mapped[str] = mapped_column(String(64))
    machine_id: Mapped[str] = mapped_column(String(64))
    usd_per_hour: Mapped[float]
    storage_usd_per_hour: Mapped[float]
    reason: Mapped[str] = mapped_column(String(500))
    # Of the worker's own Redis user: a Redis that lost its users gets them back, and no password is kept.
    worker_password_sha256: Mapped[str | None] = mapped_column(String(64))

    intended_at: Mapped[datetime]
    created_at: Mapped[datetime | None]
    running_at: Mapped[datetime | None]
    ready_at: Mapped[datetime | None]
    idle_since: Mapped[datetime | None]
    destroying_at: Mapped[datetime | None]
    destroyed_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(500))

    # Seconds from the intent to ready: by the offer's figures, as expected, and when it is given up.
    boot_promised_s: Mapped[float | None]
    boot_expected_s: Mapped[float | None]
    boot_deadline_s: Mapped[float | None]

    # The image and the weights, at the host's own rate; counted in whole from the intent on.
    bandwidth_usd: Mapped[float] = mapped_column(default=0.0)
    # `{"runs": [[begin, end], ...]}`: times for which the GPU was billed before it was parked, as ISO instants.
    runs_json: Mapped[dict[str, Any] | None]
    parked_at: Mapped[datetime | None]
    waking_at: Mapped[datetime | None]
    # What the provider itself says that the whole life cost so far, and when it said so.
    charged_usd: Mapped[float | None]
    charged_at: Mapped[datetime | None]


class FleetOrder(Base):
    """What the owner ordered by hand; `until` None: for good. `amount`: machines or dollars, where it names some."""

    __tablename__ = "fleet_orders"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[datetime]
    until: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(200))
    amount: Mapped[float | None]


class Leadership(Base):
    """One row per role: who leads, until when, and the fencing epoch that rises with every change of leader."""

    __tablename__ = "leadership"

    role: Mapped[str] = mapped_column(String(32), primary_key=True)
    holder: Mapped[str] = mapped_column(String(100))
    epoch: Mapped[int]
    until: Mapped[datetime]
