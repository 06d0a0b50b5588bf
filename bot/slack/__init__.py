"""Ledger → Slack: cards, notices, reactions, the Home tab; calls, permissions and blocks below them."""
