"""What Slack shows, as Block Kit dicts. Pure functions of what the ledger holds."""
