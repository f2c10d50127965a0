"""Each rented worker has a Redis user of its own; the ledger keeps the hash of its password."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("instances", sa.Column("worker_password_sha256", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("instances", "worker_password_sha256")
