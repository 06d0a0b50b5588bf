"""Tickets, turns, replies, and the rules for changing them."""
