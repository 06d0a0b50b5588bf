"""Replies that say almost the same."""
