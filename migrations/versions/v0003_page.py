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

OWNED = ("folders", "preferences")

TABLES = """
ALTER TABLE documents ADD COLUMN trashed_at timestamptz;
CREATE INDEX documents_trashed ON documents (owner_id, trashed_at) INCLUDE (id) WHERE trashed_at IS NOT NULL;

-- Folders and tags that look alike are one from now on: their letters are composed, as those of filenames are. The
-- owner of the tables is behind their walls too.
ALTER TABLE documents NO FORCE ROW LEVEL SECURITY;
UPDATE documents SET folder = normalize(folder, NFC), tags = CAST(normalize(CAST(tags AS text), NFC) AS text[])
    WHERE folder IS NOT NFC NORMALIZED OR CAST(tags AS text) IS NOT NFC NORMALIZED;
ALTER TABLE documents FORCE ROW LEVEL SECURITY;

-- The list in every order, and folders with what is in them. `filename_key` is a column, for a page of the list may
-- begin in the middle of an index only where the comparison is leakproof, which `lower` is not. It has no accents: `Ü`
-- stands among the `u`. Folders are compared as bytes: all that lies below one is then a range.
ALTER TABLE documents ADD COLUMN filename_key text GENERATED ALWAYS AS
    (regexp_replace(normalize(replace(lower(filename), 'ß', 'ss'), NFD), '[\\u0300-\\u036f]', '', 'g')) STORED;
CREATE INDEX documents_by_name ON documents (owner_id, filename_key, id);
CREATE INDEX documents_by_change ON documents (owner_id, updated_at, id);
CREATE INDEX documents_in_folder ON documents (owner_id, folder COLLATE "C") INCLUDE (trashed_at, revision_id);
CREATE INDEX documents_tagged ON documents (owner_id, created_at) WHERE tags <> '{}';
CREATE INDEX revisions_by_size ON revisions (owner_id, size_bytes, document_id) INCLUDE (id);
-- From a revision to its document: for the list by size, and for the keys that are checked when a revision goes.
-- Without these, each looked at all documents of the owner.
CREATE INDEX documents_of_revision ON documents (owner_id, revision_id);
CREATE INDEX documents_of_pending ON documents (owner_id, pending_revision_id) WHERE pending_revision_id IS NOT NULL;

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

CREATE INDEX resumable_uploads_whole ON resumable_uploads (updated_at)
    WHERE document_id IS NULL AND received_bytes = size_bytes;

ALTER TABLE sessions ADD COLUMN previous_hash bytea, ADD COLUMN previous_until timestamptz;

CREATE TABLE preferences (
    owner_id uuid NOT NULL PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    theme text NOT NULL DEFAULT 'system' CHECK (theme IN ('system', 'light', 'dark')),
    language text,
    default_models text[] NOT NULL DEFAULT '{}'
);
"""

LOOKUPS = """
-- As it was, for more owners: whoever has a document among the first `most` has their first one there, too. So the
-- first of each is looked at, in the index that leads to the next owner, and more of those alone who come to the front.
CREATE FUNCTION due_documents(most integer) RETURNS TABLE (owner_id uuid, id uuid, crashes integer)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ WITH RECURSIVE owners AS (
              (SELECT d.owner_id, d.due_at FROM documents d WHERE d.status = 'queued'
               ORDER BY d.owner_id, d.due_at LIMIT 1)
              UNION ALL
              SELECT n.owner_id, n.due_at FROM owners o CROSS JOIN LATERAL (
                  SELECT d.owner_id, d.due_at FROM documents d WHERE d.status = 'queued' AND d.owner_id > o.owner_id
                  ORDER BY d.owner_id, d.due_at LIMIT 1
              ) n
          ), busy AS (
              SELECT d.owner_id, count(*) AS documents FROM documents d
              WHERE d.status = 'processing' AND d.lease_until >= now() GROUP BY d.owner_id
          ), first AS (
              SELECT o.owner_id, coalesce(b.documents, 0) AS documents FROM owners o
              LEFT JOIN busy b ON b.owner_id = o.owner_id
              WHERE o.due_at <= now() ORDER BY 2, o.due_at LIMIT most
          ), waiting AS (
              SELECT w.owner_id, w.id, w.crashes, w.due_at,
                     f.documents + row_number() OVER (PARTITION BY w.owner_id ORDER BY w.due_at) AS turn
              FROM first f
              CROSS JOIN LATERAL (
                  SELECT d.owner_id, d.id, d.crashes, d.due_at FROM documents d
                  WHERE d.status = 'queued' AND d.owner_id = f.owner_id AND d.due_at <= now()
                  ORDER BY d.due_at LIMIT most
              ) w
          )
          (SELECT d.owner_id, d.id, d.crashes + 1 FROM documents d
           WHERE d.status = 'processing' AND d.lease_until < now() ORDER BY d.lease_until LIMIT most)
          UNION ALL
          (SELECT w.owner_id, w.id, w.crashes FROM waiting w ORDER BY w.turn, w.due_at LIMIT most) $$;

CREATE FUNCTION expired_trash(before timestamptz, most integer) RETURNS TABLE (owner_id uuid, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ SELECT owner_id, id FROM documents WHERE trashed_at < before ORDER BY owner_id, trashed_at LIMIT most $$;

-- Uploads that nobody is at and whose last byte came so many seconds ago, and that are no documents yet.
CREATE FUNCTION whole_uploads(silent double precision, most integer) RETURNS TABLE (owner_id uuid, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ SELECT owner_id, id FROM resumable_uploads
          WHERE document_id IS NULL AND received_bytes = size_bytes AND expires_at > now()
            AND updated_at < now() - make_interval(secs => silent) AND (lease_until IS NULL OR lease_until < now())
          ORDER BY updated_at LIMIT most $$;

-- Whether a person is registered. The account that `docvault up` makes for the command line of its machine is none.
CREATE FUNCTION any_person() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ SELECT EXISTS (SELECT FROM users WHERE email_key <> 'local@docvault.localhost') $$;
"""

FUNCTIONS = {
    "due_documents(integer)": {},
    "expired_trash(timestamptz, integer)": {"documents": "trashed_at"},
    "whole_uploads(double precision, integer)": {
        "resumable_uploads": "document_id, received_bytes, size_bytes, updated_at, lease_until"
    },
    "any_person()": {},
}

# Each asks first whether `app.owner_id` is an administrator, so that no caller can forget to. None returns a name or a
# word of a document.
ADMINISTRATION = """
CREATE FUNCTION check_administrator() RETURNS void LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = public, pg_temp
    AS $$ BEGIN
        IF NOT EXISTS (SELECT FROM users WHERE id = nullif(current_setting('app.owner_id', true), '')::uuid
                       AND is_admin AND disabled_at IS NULL) THEN
            RAISE EXCEPTION 'not an administrator' USING ERRCODE = 'insufficient_privilege';
        END IF;
    END $$;

-- Newest first, those that come after the person `last_id`, who came at `last_at`; one alone with `only_id`.
CREATE FUNCTION admin_people(last_at timestamptz, last_id uuid, only_id uuid, most integer)
    RETURNS TABLE (id uuid, email text, is_admin boolean, disabled_at timestamptz, created_at timestamptz,
                   last_seen_at timestamptz, documents bigint, size_bytes bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ BEGIN
        PERFORM check_administrator();
        RETURN QUERY
            SELECT u.id, u.email, u.is_admin, u.disabled_at, u.created_at,
                   greatest((SELECT max(s.refreshed_at) FROM sessions s WHERE s.owner_id = u.id),
                            (SELECT max(k.last_used_at) FROM api_keys k WHERE k.owner_id = u.id)),
                   (SELECT count(*) FROM documents d WHERE d.owner_id = u.id),
                   (SELECT coalesce(sum(r.size_bytes), 0)::bigint FROM revisions r WHERE r.owner_id = u.id)
            FROM users u
            WHERE (last_id IS NULL OR (u.created_at, u.id) < (last_at, last_id)) AND (only_id IS NULL OR u.id = only_id)
            ORDER BY u.created_at DESC, u.id DESC LIMIT most;
    END $$;

-- 'changed', 'missing', or 'last' where nobody would be left who can log in and administer. What is NULL stays. Whoever
-- is disabled has no session and no key any more. The lock is the one of registering: one such change at a time.
CREATE FUNCTION admin_change_person(person uuid, disabled boolean, admin boolean) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ BEGIN
        PERFORM pg_advisory_xact_lock(7237112486383153779);
        PERFORM check_administrator();
        IF NOT EXISTS (SELECT FROM users WHERE id = person) THEN RETURN 'missing'; END IF;
        IF (disabled OR NOT admin) AND person = ALL (
            SELECT id FROM users WHERE is_admin AND disabled_at IS NULL AND email_key <> 'local@docvault.localhost')
        AND EXISTS (SELECT FROM users WHERE id = person AND is_admin AND disabled_at IS NULL) THEN
            RETURN 'last';
        END IF;
        UPDATE users SET is_admin = coalesce(admin, is_admin),
               disabled_at = CASE WHEN disabled THEN coalesce(disabled_at, now()) WHEN NOT disabled THEN NULL
                                  ELSE disabled_at END
        WHERE id = person;
        IF disabled THEN
            UPDATE sessions SET revoked_at = now() WHERE owner_id = person AND revoked_at IS NULL;
            UPDATE api_keys SET expires_at = now()
            WHERE owner_id = person AND (expires_at IS NULL OR expires_at > now());
        END IF;
        RETURN 'changed';
    END $$;

-- Whether there is such a person. Their sessions end.
CREATE FUNCTION admin_set_password(person uuid, hash text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ BEGIN
        PERFORM check_administrator();
        UPDATE users SET password_hash = hash WHERE id = person;
        IF NOT FOUND THEN RETURN false; END IF;
        UPDATE sessions SET revoked_at = now() WHERE owner_id = person AND revoked_at IS NULL;
        RETURN true;
    END $$;

CREATE FUNCTION admin_failures() RETURNS TABLE (code text, documents bigint, oldest timestamptz, owners bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ BEGIN
        PERFORM check_administrator();
        RETURN QUERY
            SELECT coalesce(d.error_code, ''), count(*), min(coalesce(d.finished_at, d.updated_at)),
                   count(DISTINCT d.owner_id)
            FROM documents d WHERE d.status = 'failed' AND d.trashed_at IS NULL GROUP BY 1 ORDER BY 2 DESC, 1;
    END $$;

-- Queue at most `most` failed documents again, all or those that failed with `failed_with`: as their owners could.
CREATE FUNCTION admin_retry(failed_with text, before timestamptz, most integer)
    RETURNS TABLE (owner_id uuid, id uuid)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ BEGIN
        PERFORM check_administrator();
        RETURN QUERY
            UPDATE documents d SET status = 'queued', stage = 'queued', progress = 0, attempt = d.attempt + 1,
                   tries = 0, crashes = 0, lease_until = NULL, due_at = now(), updated_at = now(),
                   password_sealed = NULL, error_code = NULL, error_detail = NULL, error_hint = NULL
            FROM (SELECT f.owner_id, f.id FROM documents f
                  WHERE f.status = 'failed' AND f.trashed_at IS NULL AND f.updated_at <= before
                        AND (failed_with IS NULL OR f.error_code = failed_with)
                  ORDER BY f.owner_id, f.id LIMIT most FOR UPDATE SKIP LOCKED) chosen
            WHERE d.owner_id = chosen.owner_id AND d.id = chosen.id
            RETURNING d.owner_id, d.id;
    END $$;
"""

ADMINISTERED = {
    "check_administrator()": "users: SELECT (id, email, email_key, is_admin, disabled_at, created_at)",
    "admin_people(timestamptz, uuid, uuid, integer)": "sessions: SELECT (owner_id, refreshed_at, revoked_at); "
    "api_keys: SELECT (owner_id, last_used_at, expires_at); documents: SELECT (owner_id, id); "
    "revisions: SELECT (owner_id, size_bytes)",
    "admin_change_person(uuid, boolean, boolean)": "users: UPDATE (is_admin, disabled_at); "
    "sessions: UPDATE (revoked_at); api_keys: UPDATE (expires_at)",
    "admin_set_password(uuid, text)": "users: UPDATE (password_hash)",
    "admin_failures()": "documents: SELECT (status, error_code, finished_at, updated_at, trashed_at)",
    "admin_retry(text, timestamptz, integer)": "documents: SELECT (attempt), UPDATE (status, stage, progress, attempt, "
    "tries, crashes, lease_until, due_at, updated_at, password_sealed, error_code, error_detail, error_hint)",
}
"""Each function, and what its owner needs for it beside what those above it need."""


def upgrade() -> None:
    service = quoted(context.config.attributes["service_role"])
    run(TABLES)
    for table in OWNED:
        wall(table)
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(OWNED)} TO {service}")
    op.execute("DROP FUNCTION due_documents(integer)")
    lookups(LOOKUPS, FUNCTIONS, (), service)
    administration(service)


def administration(service: str) -> None:
    """The functions of administrators, of a role that can do their work and nothing else."""
    op.execute(
        "DO $$ BEGIN CREATE ROLE docvault_admin NOLOGIN; "
        "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )
    op.execute("GRANT docvault_admin TO CURRENT_USER")
    op.execute("GRANT USAGE, CREATE ON SCHEMA public TO docvault_admin")
    run(ADMINISTRATION, "$$;\n")
    for function, needs in ADMINISTERED.items():
        for table, rights in (need.split(": ") for need in needs.split("; ")):
            op.execute(f"GRANT {rights} ON {table} TO docvault_admin")
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {service}, docvault_admin")
        op.execute(f"ALTER FUNCTION {function} OWNER TO docvault_admin")
    for table in ("users", "sessions", "api_keys", "documents", "revisions"):
        op.execute(f"CREATE POLICY administration ON {table} TO docvault_admin USING (true)")
    op.execute("REVOKE CREATE ON SCHEMA public FROM docvault_admin")
