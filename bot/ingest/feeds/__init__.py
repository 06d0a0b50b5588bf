"""Feeds → ledger: which one is read when, what of it is for which track, and what a failure leads to."""
