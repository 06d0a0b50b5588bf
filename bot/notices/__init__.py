"""What the team is told outside of cards: sentences, written into the ledger for Slack to show."""
