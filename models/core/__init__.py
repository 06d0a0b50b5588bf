"""What every part of the ledger builds on: the database, time, leases, text."""
