"""What the ledger keeps for Slack: cards, notices, reactions, Home tabs."""
