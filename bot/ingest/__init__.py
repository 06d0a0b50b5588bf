"""Networks → ledger: polls, backfills, profiles, and posts read again. Knows no Slack."""
