"""Teammates at work: what a person types, presses, submits and sees."""
