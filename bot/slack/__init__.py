"""Ledger → Slack: cards, reactions, notices in threads, the Home tab."""
