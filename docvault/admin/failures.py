"""What the codes of failed documents mean, in words that say nothing of any document."""

from __future__ import annotations

MEANINGS = {
    "unsupported_type": "Not a kind of file that DocVault reads.",
    "encrypted": "Locked with a password, which its owner can give with a retry.",
    "wrong_password": "The password given does not open it.",
    "corrupt": "Damaged, or not what it claims to be.",
    "empty": "No bytes.",
    "no_text": "Readable, but without words.",
    "unreadable": "Cannot be read for a reason that lies in the file.",
    "too_large": "One part of it is larger than can be read.",
    "program_missing": "Its format needs a program that is not installed where the worker runs: see `docvault doctor`.",
    "archive_bomb": "It unpacks to too much.",
    "empty_archive": "An archive without a file in it.",
    "archive_too_deep": "An archive in too many others.",
    "too_many_members": "An archive of too many files.",
    "content_damaged": "Its bytes in the store do not have the size they came with.",
    "content_missing": "Its bytes are not in the store: see `docvault reconcile`.",
    "too_slow": "It took too long, or stopped making progress.",
    "too_much_memory": "It needs more memory than one document may take.",
    "too_much_text": "It gives more text than one document may.",
    "crashed": "Its reader crashed.",
    "embedder_broke_off": "The embedding model ended or hung over its text, time and again.",
    "infected": "The virus scan found something.",
    "scan_too_large": "It is larger or deeper than the virus scan looks.",
    "not_scanned": "The virus scan was away, too slow, or said neither yes nor no.",
    "cancelled": "Its owner cancelled the reading.",
    "gave_up": "Every try broke off without saying why: often memory.",
    "vectors_missing": "Passages came out without vectors: a mistake of DocVault.",
    "internal": "A mistake of DocVault; the worker's log has it.",
}


def meaning(code: str) -> str:
    return MEANINGS.get(code, "The worker's log may say more.")
