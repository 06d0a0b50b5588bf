"""Twins: the same words by the same person on another network, as one ticket."""
