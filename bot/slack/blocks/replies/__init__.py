"""Replies: the composer, the preview, how a delivery went."""
