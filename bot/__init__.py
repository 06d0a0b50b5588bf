"""The machine: it hears, sends and draws."""
