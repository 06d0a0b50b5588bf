"""The HTTP API v2 over that state: parameters, JSON, errors, rate limits."""
