"""A local Slack and a local X, to try and to test Heard with."""
