"""The tables, one file a subject. Only columns live here: queries are with the feature that asks them."""

from docvault.models.accounts import ApiKey, Preferences, Session, User
from docvault.models.base import Base
from docvault.models.chunks import Chunk, ChunkVector, Page, StagedVector
from docvault.models.conversations import Citation, Conversation, Message
from docvault.models.documents import Document, DocumentStatus, Folder, ResumableUpload, Revision, UnownedObject
from docvault.models.webhooks import DeliveryStatus, Webhook, WebhookDelivery

__all__ = [
    "ApiKey",
    "Base",
    "Chunk",
    "ChunkVector",
    "Citation",
    "Conversation",
    "DeliveryStatus",
    "Document",
    "DocumentStatus",
    "Folder",
    "Message",
    "Page",
    "Preferences",
    "ResumableUpload",
    "Revision",
    "Session",
    "StagedVector",
    "UnownedObject",
    "User",
    "Webhook",
    "WebhookDelivery",
]
