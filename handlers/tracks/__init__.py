"""Adding, trying, editing, pausing and removing what we listen for."""
