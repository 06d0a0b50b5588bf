"""Feeds: RSS, Atom and JSON Feed, read from addresses that people typed."""
