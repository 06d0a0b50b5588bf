"""A local Slack and local networks, to try and to test Heard with."""
