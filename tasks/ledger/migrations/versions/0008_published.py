"""Models and LoRAs that were published from Discord."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "published",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("id", sa.String(63), primary_key=True),
        sa.Column("entry_json", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("added_by", INTEGER, nullable=False),
        sa.Column("guild_id", INTEGER, nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", INTEGER, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("published")
