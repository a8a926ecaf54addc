"""The tables, one file a subject. Only columns live here: queries are with the feature that asks them."""

from docvault.models.accounts import ApiKey, Session, User
from docvault.models.base import Base
from docvault.models.chunks import Chunk, ChunkVector, Page
from docvault.models.conversations import Citation, Conversation, Message
from docvault.models.documents import Document, DocumentStatus, Revision, UnownedObject

__all__ = [
    "ApiKey",
    "Base",
    "Chunk",
    "ChunkVector",
    "Citation",
    "Conversation",
    "Document",
    "DocumentStatus",
    "Message",
    "Page",
    "Revision",
    "Session",
    "UnownedObject",
    "User",
]
