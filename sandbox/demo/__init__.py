"""The demo: a brand, its customers and its team, and the real bot at work between them."""
