"""Real processes, really killed: the bot between a Slack and an X on which everything goes wrong, by a seed.

`python -m tests.chaos` runs it. What the world then shows is counted against what the ledger says.
"""
