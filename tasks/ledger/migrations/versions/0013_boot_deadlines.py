"""What each start of a machine was expected to take, and when it is given up: it follows from the offer."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_COLUMNS = ("boot_promised_s", "boot_expected_s", "boot_deadline_s")


def upgrade() -> None:
    for name in _COLUMNS:
        op.add_column("instances", sa.Column(name, sa.Double(), nullable=True))


def downgrade() -> None:
    for name in reversed(_COLUMNS):
        op.drop_column("instances", name)
