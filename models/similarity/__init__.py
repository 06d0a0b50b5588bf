"""Replies that say almost the same, and words that texts share."""
