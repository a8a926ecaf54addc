"""DocVault: a self-hosted vault for documents that answers questions."""

__version__ = "0.1.0"
