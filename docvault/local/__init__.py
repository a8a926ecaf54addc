"""The embedded stack of `docvault up`: a private PostgreSQL, a private Redis, and the processes that use them.

Nothing outside this folder knows whether its servers are these or one's own: they meet only in the settings.
"""
