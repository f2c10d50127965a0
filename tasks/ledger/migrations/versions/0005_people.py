"""Members' own defaults and styles; where pictures were posted that did not go to the job's channel."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("jobs", sa.Column("posted_channel_id", INTEGER, nullable=True))
    op.create_table(
        "user_settings",
        sa.Column("user_id", INTEGER, primary_key=True, autoincrement=False),
        sa.Column("values_json", sa.JSON(none_as_null=True), nullable=False),
    )
    op.create_table(
        "styles",
        sa.Column("scope", sa.String(length=32), primary_key=True),
        sa.Column("name", sa.String(length=32), primary_key=True),
        sa.Column("owner_id", INTEGER, nullable=False),
        sa.Column("values_json", sa.JSON(none_as_null=True), nullable=False),
    )
    op.create_index("ix_styles_owner", "styles", ["owner_id"])


def downgrade() -> None:
    op.drop_table("styles")
    op.drop_table("user_settings")
    op.drop_column("jobs", "posted_channel_id")
