"""Tickets: claims, outcomes, snoozes, Home."""
