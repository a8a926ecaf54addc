"""Ingestion that lasts: newer revisions beside those that are served, archives, resumable uploads, webhooks.

Every change leaves the version before it working: new columns may be empty or have defaults, and the functions that
it calls answer what they answered, and more.
"""

from __future__ import annotations

from alembic import context, op

from migrations.walls import lookups, quoted, run, wall

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OWNED = ("staged_vectors", "resumable_uploads", "webhooks", "webhook_deliveries")

TABLES = """
ALTER TABLE revisions ADD COLUMN number integer NOT NULL DEFAULT 1;

ALTER TABLE documents
    ADD COLUMN pending_revision_id uuid,
    ADD COLUMN archive_id uuid,
    ADD COLUMN also_named boolean NOT NULL DEFAULT false,
    ADD COLUMN archive_path text,
    ADD COLUMN crashes integer NOT NULL DEFAULT 0,
    ADD COLUMN password_sealed bytea,
    ADD COLUMN pages_done integer NOT NULL DEFAULT 0,
    ADD COLUMN pages_total integer NOT NULL DEFAULT 0,
    ADD COLUMN work integer NOT NULL DEFAULT 0,
    ADD COLUMN started_at timestamptz,
    ADD COLUMN finished_at timestamptz,
    ADD CONSTRAINT documents_pending FOREIGN KEY (owner_id, pending_revision_id)
        REFERENCES revisions (owner_id, id) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT documents_archive FOREIGN KEY (owner_id, archive_id)
        REFERENCES documents (owner_id, id) ON DELETE CASCADE;
CREATE INDEX documents_named ON documents (owner_id, filename, folder);
CREATE UNIQUE INDEX documents_of_archive ON documents (owner_id, archive_id, archive_path)
    WHERE archive_id IS NOT NULL;
CREATE INDEX documents_waiting ON documents (owner_id, due_at, id) INCLUDE (work) WHERE status = 'queued';
CREATE INDEX documents_unread ON documents (owner_id, status) WHERE status <> 'ready';
CREATE INDEX documents_finished ON documents (owner_id, finished_at) WHERE finished_at IS NOT NULL;

ALTER TABLE chunks ADD COLUMN text_hash bytea;
CREATE INDEX chunks_same_text ON chunks (owner_id, text_hash);

CREATE TABLE staged_vectors (
    owner_id uuid NOT NULL,
    document_id uuid NOT NULL,
    model_id text NOT NULL,
    text_hash bytea NOT NULL,
    embedding halfvec NOT NULL,
    PRIMARY KEY (owner_id, document_id, model_id, text_hash),
    FOREIGN KEY (owner_id, document_id) REFERENCES documents (owner_id, id) ON DELETE CASCADE
);

CREATE TABLE resumable_uploads (
    owner_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    id uuid NOT NULL,
    object_key text NOT NULL UNIQUE,
    filename text NOT NULL,
    folder text NOT NULL DEFAULT '',
    tags text[] NOT NULL DEFAULT '{}',
    metadata text NOT NULL DEFAULT '',
    size_bytes bigint,
    received_bytes bigint NOT NULL DEFAULT 0,
    store_state jsonb NOT NULL DEFAULT '{}',
    attempt integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    document_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (owner_id, id)
);
CREATE INDEX resumable_uploads_expiring ON resumable_uploads (expires_at);

CREATE TABLE webhooks (
    owner_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    id uuid NOT NULL,
    url text NOT NULL,
    events text[] NOT NULL,
    secret_sealed bytea NOT NULL,
    previous_sealed bytea,
    previous_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    failing_since timestamptz,
    disabled_at timestamptz,
    disabled_reason text,
    PRIMARY KEY (owner_id, id)
);

CREATE TABLE webhook_deliveries (
    owner_id uuid NOT NULL,
    id uuid NOT NULL,
    webhook_id uuid NOT NULL,
    event text NOT NULL,
    payload text NOT NULL,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'failed')),
    tries integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT now(),
    response_status integer,
    error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    delivered_at timestamptz,
    PRIMARY KEY (owner_id, id),
    FOREIGN KEY (owner_id, webhook_id) REFERENCES webhooks (owner_id, id) ON DELETE CASCADE
);
CREATE INDEX webhook_deliveries_listed ON webhook_deliveries (owner_id, webhook_id, created_at, id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (owner_id, webhook_id, due_at) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_done ON webhook_deliveries (created_at) WHERE status <> 'pending';
"""

LOOKUPS = """
-- Owners take turns: whoever has fewest documents being read comes first, and within one owner the oldest. Owners are
-- found by skipping from one to the next in the index, so that a long queue of one costs the others nothing.
CREATE FUNCTION due_documents(most integer) RETURNS TABLE (owner_id uuid, id uuid, crashes integer)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ WITH RECURSIVE owners AS (
              (SELECT d.owner_id FROM documents d WHERE d.status = 'queued' ORDER BY d.owner_id LIMIT 1)
              UNION ALL
              SELECT (SELECT d.owner_id FROM documents d WHERE d.status = 'queued' AND d.owner_id > o.owner_id
                      ORDER BY d.owner_id LIMIT 1)
              FROM owners o WHERE o.owner_id IS NOT NULL
          ), busy AS (
              SELECT d.owner_id, count(*) AS documents FROM documents d
              WHERE d.status = 'processing' AND d.lease_until >= now() GROUP BY d.owner_id
          ), waiting AS (
              SELECT w.owner_id, w.id, w.crashes, w.due_at,
                     coalesce(b.documents, 0) + row_number() OVER (PARTITION BY w.owner_id ORDER BY w.due_at) AS turn
              FROM owners o
              CROSS JOIN LATERAL (
                  SELECT d.owner_id, d.id, d.crashes, d.due_at FROM documents d
                  WHERE d.status = 'queued' AND d.owner_id = o.owner_id AND d.due_at <= now()
                  ORDER BY d.due_at LIMIT most
              ) w
              LEFT JOIN busy b ON b.owner_id = w.owner_id
          )
          (SELECT d.owner_id, d.id, d.crashes + 1 FROM documents d
           WHERE d.status = 'processing' AND d.lease_until < now() ORDER BY d.lease_until LIMIT most)
          UNION ALL
          (SELECT w.owner_id, w.id, w.crashes FROM waiting w ORDER BY w.turn, w.due_at LIMIT most) $$;

-- `oldest_seconds` and `due` count what a worker with a hand free would take at this moment, and nothing else: more
-- workers are no help to a document that is being read, or that waits out a pause.
CREATE FUNCTION queue_totals() RETURNS TABLE
    (queued bigint, processing bigint, failed bigint, oldest_seconds float8, due bigint, passages float8)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ SELECT count(*) FILTER (WHERE status = 'queued'), count(*) FILTER (WHERE status = 'processing'),
                 count(*) FILTER (WHERE status = 'failed'),
                 coalesce(extract(epoch FROM now() - min(due_at) FILTER (WHERE due)), 0), count(*) FILTER (WHERE due),
                 coalesce(sum(greatest(work, 1) * (1 - progress)) FILTER (WHERE status <> 'failed'), 0)
          FROM (SELECT status, due_at, work, progress,
                       status = 'queued' AND due_at <= now() OR status = 'processing' AND lease_until < now() AS due
                FROM documents WHERE status <> 'ready') unread $$;

CREATE FUNCTION owners_after(last uuid, most integer) RETURNS TABLE (owner_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ SELECT id FROM users WHERE id > last ORDER BY id LIMIT most $$;

-- Webhooks take turns too: one whose receiver is slow or away, with thousands waiting, does not hold up the others.
CREATE FUNCTION due_deliveries(most integer) RETURNS TABLE (owner_id uuid, webhook_id uuid, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ WITH RECURSIVE hooks AS (
              (SELECT d.owner_id, d.webhook_id FROM webhook_deliveries d WHERE d.status = 'pending'
               ORDER BY d.owner_id, d.webhook_id LIMIT 1)
              UNION ALL
              SELECT n.owner_id, n.webhook_id FROM hooks h CROSS JOIN LATERAL (
                  SELECT d.owner_id, d.webhook_id FROM webhook_deliveries d
                  WHERE d.status = 'pending' AND (d.owner_id, d.webhook_id) > (h.owner_id, h.webhook_id)
                  ORDER BY d.owner_id, d.webhook_id LIMIT 1
              ) n
          )
          SELECT w.owner_id, w.webhook_id, w.id FROM hooks h CROSS JOIN LATERAL (
              SELECT d.owner_id, d.webhook_id, d.id, d.due_at, row_number() OVER (ORDER BY d.due_at) AS turn
              FROM webhook_deliveries d
              WHERE d.status = 'pending' AND d.owner_id = h.owner_id AND d.webhook_id = h.webhook_id
                    AND d.due_at <= now()
              ORDER BY d.due_at LIMIT 8
          ) w ORDER BY w.turn, w.due_at LIMIT most $$;

CREATE FUNCTION owners_of_old_deliveries(before timestamptz) RETURNS TABLE (owner_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ SELECT DISTINCT owner_id FROM webhook_deliveries WHERE status <> 'pending' AND created_at < before $$;

CREATE FUNCTION expired_uploads(most integer) RETURNS TABLE (owner_id uuid, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ SELECT owner_id, id FROM resumable_uploads WHERE expires_at <= now() ORDER BY expires_at LIMIT most $$;
"""

FUNCTIONS = {
    "due_documents(integer)": {"documents": "crashes"},
    "queue_totals()": {"documents": "work, progress"},
    "owners_after(uuid, integer)": {},
    "due_deliveries(integer)": {"webhook_deliveries": "owner_id, webhook_id, id, status, due_at"},
    "owners_of_old_deliveries(timestamptz)": {"webhook_deliveries": "created_at"},
    "expired_uploads(integer)": {"resumable_uploads": "owner_id, id, expires_at"},
}


def upgrade() -> None:
    service = quoted(context.config.attributes["service_role"])
    run(TABLES)
    for table in OWNED:
        wall(table)
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(OWNED)} TO {service}")
    op.execute("DROP FUNCTION due_documents(integer)")
    op.execute("DROP FUNCTION queue_totals()")
    lookups(LOOKUPS, FUNCTIONS, ("webhook_deliveries", "resumable_uploads"), service)
