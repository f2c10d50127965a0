"""How a picture of a job may be shown that the safety checker calls adult."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("adult_showing", sa.String(16), nullable=False, server_default="not"))


def downgrade() -> None:
    op.drop_column("jobs", "adult_showing")
