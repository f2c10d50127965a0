"""What a machine cost by kind, what the provider charged for it, and what the owner ordered of the fleet by hand."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("instances", sa.Column("bandwidth_usd", sa.Double(), nullable=False, server_default="0"))
    op.add_column("instances", sa.Column("runs_json", sa.JSON(), nullable=True))
    op.add_column("instances", sa.Column("parked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("instances", sa.Column("waking_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("instances", sa.Column("charged_usd", sa.Double(), nullable=True))
    op.add_column("instances", sa.Column("charged_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "fleet_orders",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(200), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("fleet_orders")
    for name in ("charged_at", "charged_usd", "waking_at", "parked_at", "runs_json", "bandwidth_usd"):
        op.drop_column("instances", name)
