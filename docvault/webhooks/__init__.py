"""Telling other programs what became of a document: the outbox, its worker, and the calls that manage it."""
