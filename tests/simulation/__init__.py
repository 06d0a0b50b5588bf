"""The delivery machine in virtual time: real ledger, real loops, and a seed that decides all that goes wrong.

`python -m tests.simulation` runs it; a seed that fails, fails again.
"""
