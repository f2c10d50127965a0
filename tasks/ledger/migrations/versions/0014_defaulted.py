"""Which options of a job its member's own defaults filled in."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("defaulted", sa.String(200), nullable=True))


def downgrade() -> None:
    op.drop_column("jobs", "defaulted")
