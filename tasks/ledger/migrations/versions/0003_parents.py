"""A job knows which one it came from, and whether its pictures were deleted; messages and members find their jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("jobs", sa.Column("parent_id", sa.String(length=26), nullable=True))
    op.add_column("jobs", sa.Column("relation", sa.String(length=16), nullable=True))
    op.add_column("jobs", sa.Column("deleted_at", INSTANT, nullable=True))
    op.create_index("ix_jobs_posted_message", "jobs", ["posted_message_id"])
    op.create_index("ix_jobs_user_received", "jobs", ["user_id", "received_at"])


def downgrade() -> None:
    op.drop_index("ix_jobs_user_received", "jobs")
    op.drop_index("ix_jobs_posted_message", "jobs")
    for column in ("deleted_at", "relation", "parent_id"):
        op.drop_column("jobs", column)
