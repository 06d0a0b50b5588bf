"""The accounts, posts and notifications of a server, and what changes them. No HTTP."""
