"""What slash commands answer."""
