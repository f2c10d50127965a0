"""The rules of a house: channels, limits by role, models, filters, blocks, grants, audit; and how a job is shown."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("jobs", sa.Column("num_images", INTEGER, nullable=False, server_default="1"))
    op.add_column("jobs", sa.Column("private", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("jobs", sa.Column("spoiler", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("jobs", sa.Column("by_dm", sa.Boolean(), nullable=False, server_default=sa.false()))
    _count_images()
    op.create_table(
        "channel_rules",
        sa.Column("guild_id", INTEGER, primary_key=True, autoincrement=False),
        sa.Column("channel_id", INTEGER, primary_key=True, autoincrement=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("nsfw_policy", sa.String(length=16), nullable=False),
        sa.Column("preview", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "role_limits",
        sa.Column("guild_id", INTEGER, primary_key=True, autoincrement=False),
        sa.Column("role_id", INTEGER, primary_key=True, autoincrement=False),
        sa.Column("per_day", INTEGER, nullable=True),
        sa.Column("parallel", INTEGER, nullable=True),
        sa.Column("max_steps", INTEGER, nullable=True),
        sa.Column("max_images", INTEGER, nullable=True),
        sa.Column("priority", INTEGER, nullable=True),
    )
    op.create_table(
        "model_rules",
        sa.Column("guild_id", INTEGER, primary_key=True, autoincrement=False),
        sa.Column("model_id", sa.String(length=63), primary_key=True),
        sa.Column("allowed", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "filter_patterns",
        sa.Column("guild_id", INTEGER, primary_key=True, autoincrement=False),
        sa.Column("pattern", sa.String(length=100), primary_key=True),
        sa.Column("adult", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "blocks",
        sa.Column("guild_id", INTEGER, primary_key=True, autoincrement=False),
        sa.Column("user_id", INTEGER, primary_key=True, autoincrement=False),
        sa.Column("until", INSTANT, nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
    )
    op.create_table(
        "grants",
        sa.Column("id", INTEGER, primary_key=True, autoincrement=True),
        sa.Column("guild_id", INTEGER, nullable=False),
        sa.Column("user_id", INTEGER, nullable=False),
        sa.Column("amount", INTEGER, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_index("ix_grants_user", "grants", ["guild_id", "user_id", "at"])
    op.create_table(
        "audit",
        sa.Column("id", INTEGER, primary_key=True, autoincrement=True),
        sa.Column("guild_id", INTEGER, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor_id", INTEGER, nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("target_id", INTEGER, nullable=True),
        sa.Column("detail", sa.String(length=500), nullable=False),
    )
    op.create_index("ix_audit_guild_at", "audit", ["guild_id", "at"])


def downgrade() -> None:
    for table in ("audit", "grants", "blocks", "filter_patterns", "model_rules", "role_limits", "channel_rules"):
        op.drop_table(table)
    for column in ("by_dm", "spoiler", "private", "num_images"):
        op.drop_column("jobs", column)


def _count_images() -> None:
    """Jobs that were written down before this column have as many pictures as seeds."""
    connection = op.get_bind()
    for job_id, spec in connection.execute(sa.text("SELECT id, spec_json FROM jobs")).all():
        order = json.loads(spec) if isinstance(spec, str) else spec
        connection.execute(
            sa.text("UPDATE jobs SET num_images = :number WHERE id = :id"),
            {"number": len(order["seeds"]), "id": job_id},
        )
