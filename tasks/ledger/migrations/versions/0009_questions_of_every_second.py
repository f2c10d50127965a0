"""Indexes for what is asked every few seconds: speeds of finished jobs, tokens that have run out."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_HAS_TOKEN = sa.text("interaction_token IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_jobs_state_ended", "jobs", ["state", "ended_at"])
    op.create_index("ix_jobs_with_token", "jobs", ["received_at"], sqlite_where=_HAS_TOKEN, postgresql_where=_HAS_TOKEN)


def downgrade() -> None:
    op.drop_index("ix_jobs_with_token", "jobs")
    op.drop_index("ix_jobs_state_ended", "jobs")
