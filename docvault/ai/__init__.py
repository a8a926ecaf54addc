"""Models: text to vectors (`embeddings`), and a conversation to an answer (`chat`)."""
