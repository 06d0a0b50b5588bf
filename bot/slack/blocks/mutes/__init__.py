"""Mutes in Slack: the dialog that asks, what is muted, what that has muted, and what could be. Pure."""
