"""How long an answer took, and where the words stand that were read in a picture.

The version before it leaves both new columns empty: of an answer the time is not shown, and of pages their passages'
boxes have to do.
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE pages ADD COLUMN places jsonb")  # first, for a document being indexed is waited for
    op.execute("ALTER TABLE messages ADD COLUMN seconds double precision")
