"""Figures, lists, search and exports, read from the ledger."""
