"""Heard against servers that nobody here wrote: `make peers`."""
