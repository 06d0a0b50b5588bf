"""What a process needs to run: time, logs, locks, leases, migrations, encryption."""
