"""Slack's text formats: mrkdwn, emoji, plain text inputs, and what a reader sees of them."""
