"""Mutes: the dialog, the lists, and what is offered after *Not about us*."""
