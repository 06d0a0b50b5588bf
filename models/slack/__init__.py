"""What the ledger stores for Slack: cards, notices, alarms, reactions, Home tabs, shared answers.

These tables hold Slack's own data: channel ids, message timestamps, blocks, mrkdwn and emoji names.
"""
