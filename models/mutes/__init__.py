"""Mutes: what nobody wants cards of, which posts that covers, and what it would take away."""
