"""What the web page works with: folders made by hand, a trash, quick lists, and the passages behind an answer.

Every change leaves the version before it working: what it does not know of is empty or has a default. (It shows
trashed documents as if they were not.)
"""

from __future__ import annotations

from alembic import context, op

from migrations.walls import lookups, quoted, run, wall

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OWNED = ("folders",)

TABLES = """
ALTER TABLE documents ADD COLUMN trashed_at timestamptz;
CREATE INDEX documents_trashed ON documents (owner_id, trashed_at) INCLUDE (id) WHERE trashed_at IS NOT NULL;

CREATE TABLE folders (
    owner_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    path text NOT NULL CHECK (path <> ''),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner_id, path)
);

ALTER TABLE messages
    ADD COLUMN sources jsonb,
    ADD COLUMN filters jsonb,
    ADD COLUMN error_code text;
CREATE INDEX messages_of_question ON messages (owner_id, question_id);
ALTER TABLE citations ADD COLUMN start_offset integer, ADD COLUMN end_offset integer;
"""

LOOKUPS = """
CREATE FUNCTION expired_trash(before timestamptz, most integer) RETURNS TABLE (owner_id uuid, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ SELECT owner_id, id FROM documents WHERE trashed_at < before ORDER BY owner_id, trashed_at LIMIT most $$;
"""

FUNCTIONS = {"expired_trash(timestamptz, integer)": {"documents": "trashed_at"}}


def upgrade() -> None:
    service = quoted(context.config.attributes["service_role"])
    run(TABLES)
    for table in OWNED:
        wall(table)
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(OWNED)} TO {service}")
    lookups(LOOKUPS, FUNCTIONS, (), service)
