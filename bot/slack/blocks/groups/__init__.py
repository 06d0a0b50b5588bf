"""The card that several tickets share, and what its buttons ask. Pure."""
