"""The commands of `python -m bot` besides those that run it."""
