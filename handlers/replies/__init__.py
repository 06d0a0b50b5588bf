"""Replies: composer, previews, thread commands, decisions about deliveries."""
