"""The vault: people, documents, passages, conversations, and the walls between owners.

Written as SQL because the walls are the point: which role may do what, and which rows it sees, is read here.

Roles: the owner of the tables runs this migration and nothing else. The service role (in `DATABASE_URL`) owns no
table and sees, under forced row-level security, the rows of `app.owner_id` alone. `docvault_lookup` cannot log in; it
owns the few functions that must look across owners (who logs in, what is due), reads only the columns they need, and
the service may do no more than call them.
"""

from __future__ import annotations

from alembic import context, op

from migrations.walls import lookups, quoted, run, wall

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

VECTOR_PARTITIONS = 16
OWNED = (
    "sessions", "api_keys", "documents", "revisions", "unowned_objects", "pages", "chunks", "chunk_vectors",
    "conversations", "messages", "citations",
)  # fmt: skip

TABLES = """
CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text NOT NULL,
    email_key text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    is_admin boolean NOT NULL DEFAULT false,
    disabled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE sessions (
    owner_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    id uuid NOT NULL,
    refresh_hash bytea NOT NULL,
    user_agent text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    refreshed_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    PRIMARY KEY (owner_id, id)
);

CREATE TABLE api_keys (
    owner_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    id uuid NOT NULL,
    name text NOT NULL,
    prefix text NOT NULL,
    hash bytea NOT NULL UNIQUE,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    last_used_at timestamptz,
    PRIMARY KEY (owner_id, id)
);

CREATE TABLE documents (
    owner_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    id uuid NOT NULL,
    revision_id uuid NOT NULL,
    filename text NOT NULL,
    folder text NOT NULL DEFAULT '',
    tags text[] NOT NULL DEFAULT '{}',
    status text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'processing', 'ready', 'failed')),
    stage text NOT NULL DEFAULT 'queued',
    progress real NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
    attempt integer NOT NULL DEFAULT 0,
    tries integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    due_at timestamptz NOT NULL DEFAULT now(),
    error_code text,
    error_detail text,
    error_hint text,
    title text,
    language text,
    warnings text[] NOT NULL DEFAULT '{}',
    pages integer NOT NULL DEFAULT 0,
    chunks integer NOT NULL DEFAULT 0,
    tokens integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner_id, id),
    CHECK ((status = 'processing') = (lease_until IS NOT NULL)),
    CHECK ((status = 'failed') <= (error_code IS NOT NULL))
);
CREATE INDEX documents_listed ON documents (owner_id, created_at, id);
CREATE INDEX documents_queued ON documents (due_at) WHERE status = 'queued';
CREATE INDEX documents_leased ON documents (lease_until) WHERE status = 'processing';

CREATE TABLE revisions (
    owner_id uuid NOT NULL,
    id uuid NOT NULL,
    document_id uuid NOT NULL,
    object_key text NOT NULL UNIQUE,
    size_bytes bigint NOT NULL,
    sha256 bytea NOT NULL,
    content_type text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner_id, id),
    FOREIGN KEY (owner_id, document_id) REFERENCES documents (owner_id, id) ON DELETE CASCADE
);
CREATE INDEX revisions_of_document ON revisions (owner_id, document_id);
CREATE INDEX revisions_same_bytes ON revisions (owner_id, sha256);
ALTER TABLE documents ADD CONSTRAINT documents_revision FOREIGN KEY (owner_id, revision_id)
    REFERENCES revisions (owner_id, id) DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE unowned_objects (
    owner_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    object_key text NOT NULL,
    due_at timestamptz NOT NULL,
    PRIMARY KEY (owner_id, object_key)
);
CREATE INDEX unowned_objects_due ON unowned_objects (due_at);

CREATE TABLE pages (
    owner_id uuid NOT NULL,
    revision_id uuid NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    text text NOT NULL,
    width real,
    height real,
    PRIMARY KEY (owner_id, revision_id, number),
    FOREIGN KEY (owner_id, revision_id) REFERENCES revisions (owner_id, id) ON DELETE CASCADE
);

CREATE TABLE chunks (
    owner_id uuid NOT NULL,
    id uuid NOT NULL,
    document_id uuid NOT NULL,
    revision_id uuid NOT NULL,
    ordinal integer NOT NULL,
    page integer NOT NULL,
    start_offset integer NOT NULL,
    end_offset integer NOT NULL,
    text text NOT NULL,
    section text[] NOT NULL DEFAULT '{}',
    context text NOT NULL DEFAULT '',
    tokens integer NOT NULL,
    boxes jsonb NOT NULL DEFAULT '[]',
    config regconfig NOT NULL,
    tsv tsvector NOT NULL,
    PRIMARY KEY (owner_id, id),
    FOREIGN KEY (owner_id, document_id) REFERENCES documents (owner_id, id) ON DELETE CASCADE,
    FOREIGN KEY (owner_id, revision_id) REFERENCES revisions (owner_id, id) ON DELETE CASCADE
) WITH (toast_tuple_target = 8160);
-- Keyword search reads `tsv` of many rows: hence the target above, which keeps it in the row and not compressed.
CREATE UNIQUE INDEX chunks_of_document ON chunks (owner_id, document_id, revision_id, ordinal);
CREATE INDEX chunks_of_revision ON chunks (owner_id, revision_id);
-- No GIN index on `tsv`: under row-level security it could not be used for `@@`, which is not leakproof.

CREATE TABLE chunk_vectors (
    owner_id uuid NOT NULL,
    chunk_id uuid NOT NULL,
    model_id text NOT NULL,
    document_id uuid NOT NULL,
    embedding halfvec NOT NULL,
    PRIMARY KEY (owner_id, chunk_id, model_id),
    FOREIGN KEY (owner_id, chunk_id) REFERENCES chunks (owner_id, id) ON DELETE CASCADE
) PARTITION BY HASH (owner_id);

CREATE TABLE conversations (
    owner_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    id uuid NOT NULL,
    title text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner_id, id)
);
CREATE INDEX conversations_listed ON conversations (owner_id, updated_at, id);

CREATE TABLE messages (
    owner_id uuid NOT NULL,
    id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    question_id uuid,
    role text NOT NULL CHECK (role IN ('user', 'assistant')),
    model text,
    content text NOT NULL,
    usage jsonb,
    cost numeric(12, 6),
    error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner_id, id),
    FOREIGN KEY (owner_id, conversation_id) REFERENCES conversations (owner_id, id) ON DELETE CASCADE,
    FOREIGN KEY (owner_id, question_id) REFERENCES messages (owner_id, id) ON DELETE CASCADE
);
CREATE INDEX messages_of_conversation ON messages (owner_id, conversation_id, created_at);

CREATE TABLE citations (
    owner_id uuid NOT NULL,
    id uuid NOT NULL,
    message_id uuid NOT NULL,
    marker integer NOT NULL,
    document_id uuid,
    filename text NOT NULL,
    page integer NOT NULL,
    quote text NOT NULL,
    boxes jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (owner_id, id),
    FOREIGN KEY (owner_id, message_id) REFERENCES messages (owner_id, id) ON DELETE CASCADE,
    FOREIGN KEY (owner_id, document_id) REFERENCES documents (owner_id, id) ON DELETE SET NULL (document_id)
);
CREATE INDEX citations_of_message ON citations (owner_id, message_id);
CREATE INDEX citations_of_document ON citations (owner_id, document_id);
"""

LOOKUPS = """
CREATE FUNCTION any_user() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ SELECT EXISTS (SELECT id FROM users) $$;

CREATE FUNCTION find_login(wanted text)
    RETURNS TABLE (id uuid, email text, password_hash text, is_admin boolean, disabled boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ SELECT id, email, password_hash, is_admin, disabled_at IS NOT NULL FROM users WHERE email_key = wanted $$;

CREATE FUNCTION find_session(of_owner uuid, wanted uuid) RETURNS TABLE (is_admin boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ SELECT u.is_admin FROM sessions s JOIN users u ON u.id = s.owner_id
          WHERE s.owner_id = of_owner AND s.id = wanted AND s.revoked_at IS NULL AND s.expires_at > now()
            AND u.disabled_at IS NULL $$;

CREATE FUNCTION find_api_key(wanted bytea)
    RETURNS TABLE (owner_id uuid, id uuid, scopes text[], last_used_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ SELECT k.owner_id, k.id, k.scopes, k.last_used_at FROM api_keys k JOIN users u ON u.id = k.owner_id
          WHERE k.hash = wanted AND (k.expires_at IS NULL OR k.expires_at > now()) AND u.disabled_at IS NULL $$;

CREATE FUNCTION due_documents(most integer) RETURNS TABLE (owner_id uuid, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ (SELECT owner_id, id FROM documents WHERE status = 'queued' AND due_at <= now() ORDER BY due_at LIMIT most)
          UNION ALL
          (SELECT owner_id, id FROM documents WHERE status = 'processing' AND lease_until < now()
           ORDER BY lease_until LIMIT most) $$;

CREATE FUNCTION due_objects(most integer) RETURNS TABLE (owner_id uuid, object_key text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ SELECT owner_id, object_key FROM unowned_objects WHERE due_at <= now() ORDER BY due_at LIMIT most $$;

CREATE FUNCTION queue_totals() RETURNS TABLE (queued bigint, processing bigint, failed bigint, oldest_seconds float8)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ SELECT count(*) FILTER (WHERE status = 'queued'), count(*) FILTER (WHERE status = 'processing'),
                 count(*) FILTER (WHERE status = 'failed'),
                 coalesce(extract(epoch FROM now() - min(due_at) FILTER (WHERE status IN ('queued', 'processing'))), 0)
          FROM documents WHERE status <> 'ready' $$;
"""

FUNCTIONS = {
    "any_user()": {"users": "id"},
    "find_login(text)": {"users": "id, email, email_key, password_hash, is_admin, disabled_at"},
    "find_session(uuid, uuid)": {"sessions": "owner_id, id, revoked_at, expires_at"},
    "find_api_key(bytea)": {"api_keys": "owner_id, id, hash, scopes, expires_at, last_used_at"},
    "due_documents(integer)": {"documents": "owner_id, id, status, due_at, lease_until"},
    "due_objects(integer)": {"unowned_objects": "owner_id, object_key, due_at"},
    "queue_totals()": {},
}


def upgrade() -> None:
    service = quoted(context.config.attributes["service_role"])
    run(TABLES)
    partitions = [f"chunk_vectors_{n:02}" for n in range(VECTOR_PARTITIONS)]
    for n, partition in enumerate(partitions):
        op.execute(
            f"CREATE TABLE {partition} PARTITION OF chunk_vectors "
            f"FOR VALUES WITH (MODULUS {VECTOR_PARTITIONS}, REMAINDER {n}) WITH (toast_tuple_target = 8160)"
        )
        op.execute(f"ALTER TABLE {partition} ALTER embedding SET STORAGE MAIN")
    wall("users", "id")
    for table in [*OWNED, *partitions]:
        wall(table)
    op.execute(f"GRANT USAGE ON SCHEMA public TO {service}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON users, {', '.join(OWNED)} TO {service}")
    op.execute(f"GRANT SELECT ON alembic_version TO {service}")
    op.execute(
        "DO $$ BEGIN CREATE ROLE docvault_lookup NOLOGIN; "
        "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )
    op.execute("GRANT docvault_lookup TO CURRENT_USER")
    lookups(LOOKUPS, FUNCTIONS, ("users", "sessions", "api_keys", "documents", "unowned_objects"), service)


def downgrade() -> None:
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    op.execute(f"DROP TABLE {', '.join(reversed(OWNED))}, users CASCADE")
