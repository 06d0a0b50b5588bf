"""Tickets: the card and what belongs to it."""
