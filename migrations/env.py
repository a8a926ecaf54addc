"""Alembic's entry. Run by `docvault migrate` (`docvault.server.migrate`), which hands over the connection."""

from __future__ import annotations

from alembic import context

from docvault.models import Base

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("Run `docvault migrate`: it connects as the role that owns the tables.")

context.configure(connection=connection, target_metadata=Base.metadata, transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
