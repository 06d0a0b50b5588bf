"""The HTTP side: pages, feeds, conditional requests, faults."""
