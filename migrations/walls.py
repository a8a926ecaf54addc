"""What every migration does for a table with a person's data, and for a function that looks across owners."""

from __future__ import annotations

from collections.abc import Mapping

from alembic import op


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def run(statements: str, end: str = ";\n") -> None:
    """One after the other: the driver takes one statement at a time."""
    for statement in statements.split(end):
        if statement.strip():
            op.execute(statement + end.rstrip(";\n"))


def wall(table: str, column: str = "owner_id") -> None:
    """Forced row-level security: rows of `app.owner_id` alone, for everybody."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY owner ON {table} USING ({column} = (SELECT current_setting('app.owner_id', true)::uuid))"
    )


def lookups(statements: str, functions: Mapping[str, Mapping[str, str]], tables: tuple[str, ...], service: str) -> None:
    """Make functions of `docvault_lookup` that `service` may call.

    `functions` maps each to the columns it reads, by table; `tables` are those that the role is let into for it.
    """
    op.execute("GRANT USAGE, CREATE ON SCHEMA public TO docvault_lookup")
    run(statements, "$$;\n")
    for function, columns in functions.items():
        for table, names in columns.items():
            op.execute(f"GRANT SELECT ({names}) ON {table} TO docvault_lookup")
        op.execute(f"ALTER FUNCTION {function} OWNER TO docvault_lookup")
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {service}")
    for table in tables:
        op.execute(f"CREATE POLICY lookup ON {table} FOR SELECT TO docvault_lookup USING (true)")
    op.execute("REVOKE CREATE ON SCHEMA public FROM docvault_lookup")
