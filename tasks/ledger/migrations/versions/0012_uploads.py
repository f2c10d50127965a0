"""Files that were attached to `/models add` and `/loras add`."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "uploads",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("size_bytes", INTEGER, nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("unwanted_since", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_table(
        "upload_chunks",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("number", INTEGER, primary_key=True, autoincrement=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":  # weights are noise: trying to compress them only costs time
        op.execute("ALTER TABLE upload_chunks ALTER COLUMN data SET STORAGE EXTERNAL")


def downgrade() -> None:
    op.drop_table("upload_chunks")
    op.drop_table("uploads")
