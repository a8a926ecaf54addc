"""For administrators: people, health, failures. Never a name or a word of anybody's documents."""
