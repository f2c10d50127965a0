"""What drawing a job cost, and what the provisioner wants the owner to hear."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("cost_usd", sa.Double(), nullable=True))
    op.create_table(
        "notices",
        sa.Column("key", sa.String(100), primary_key=True),
        sa.Column("about", sa.String(32), nullable=False),
        sa.Column("values_json", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("notices")
    op.drop_column("jobs", "cost_usd")
