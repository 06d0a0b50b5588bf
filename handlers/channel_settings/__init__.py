"""Showing and changing the settings of a channel."""
