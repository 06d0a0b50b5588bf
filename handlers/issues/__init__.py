"""Issues: add a ticket, rename, merge, tell reporters."""
