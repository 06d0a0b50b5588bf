"""Ledger → networks: replies sent, looked for, deleted. Knows no Slack."""
