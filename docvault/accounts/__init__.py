"""People: registering, logging in, their sessions and their API keys."""
