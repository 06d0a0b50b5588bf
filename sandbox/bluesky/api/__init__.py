"""The HTTP API: each endpoint with its parameters, rules and JSON."""
