"""First schema: jobs and their attempts, rented machines, leadership."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "instances",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("provider", sa.String(length=16), nullable=False),
        sa.Column("profile", sa.String(length=63), nullable=False),
        sa.Column("leader_epoch", INTEGER, nullable=False),
        sa.Column("provider_instance_id", sa.String(length=64), nullable=True),
        sa.Column("offer_json", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("gpu", sa.String(length=64), nullable=False),
        sa.Column("machine_id", sa.String(length=64), nullable=False),
        sa.Column("usd_per_hour", sa.Double(), nullable=False),
        sa.Column("storage_usd_per_hour", sa.Double(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("intended_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=True),
        sa.Column("running_at", INSTANT, nullable=True),
        sa.Column("ready_at", INSTANT, nullable=True),
        sa.Column("idle_since", INSTANT, nullable=True),
        sa.Column("destroying_at", INSTANT, nullable=True),
        sa.Column("destroyed_at", INSTANT, nullable=True),
        sa.Column("end_reason", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("label"),
    )
    op.create_index("ix_instances_state", "instances", ["state"])

    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("epoch", INTEGER, nullable=False),
        sa.Column("attempts", INTEGER, nullable=False),
        sa.Column("lost_hosts", INTEGER, nullable=False),
        sa.Column("priority", INTEGER, nullable=False),
        sa.Column("spec_json", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("predicted_units", sa.Double(), nullable=False),
        sa.Column("interaction_id", INTEGER, nullable=False),
        sa.Column("application_id", INTEGER, nullable=False),
        sa.Column("interaction_token", sa.String(length=300), nullable=True),
        sa.Column("user_id", INTEGER, nullable=False),
        sa.Column("guild_id", INTEGER, nullable=True),
        sa.Column("channel_id", INTEGER, nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("attachment_limit_bytes", INTEGER, nullable=False),
        sa.Column("reply_message_id", INTEGER, nullable=True),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("queued_at", INSTANT, nullable=True),
        sa.Column("published_at", INSTANT, nullable=True),
        sa.Column("claimed_at", INSTANT, nullable=True),
        sa.Column("worker_id", sa.String(length=63), nullable=True),
        sa.Column("rendered_at", INSTANT, nullable=True),
        sa.Column("rendered_json", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("posting_since", INSTANT, nullable=True),
        sa.Column("post_attempted_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("posted_message_id", INTEGER, nullable=True),
        sa.Column("posted_route", sa.String(length=16), nullable=True),
        sa.Column("failure_json", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("told_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("interaction_id"),
    )
    op.create_index("ix_jobs_state_received", "jobs", ["state", "received_at"])
    op.create_index("ix_jobs_user_state", "jobs", ["user_id", "state"])

    op.create_table(
        "leadership",
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.String(length=100), nullable=False),
        sa.Column("epoch", INTEGER, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("role"),
    )
    op.create_table(
        "attempts",
        sa.Column("id", INTEGER, autoincrement=True, nullable=False),
        sa.Column("job_id", sa.String(length=26), nullable=False),
        sa.Column("epoch", INTEGER, nullable=False),
        sa.Column("worker_id", sa.String(length=63), nullable=False),
        sa.Column("claimed_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_attempts_job_id", "attempts", ["job_id"])


def downgrade() -> None:
    for table in ("attempts", "leadership", "jobs", "instances"):
        op.drop_table(table)
