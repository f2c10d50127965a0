"""How many machines an order by hand is about."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("fleet_orders", sa.Column("amount", sa.Double(), nullable=True))


def downgrade() -> None:
    op.drop_column("fleet_orders", "amount")
