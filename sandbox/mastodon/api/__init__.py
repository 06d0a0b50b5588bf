"""The HTTP API over that state: parameters, JSON, errors, rate limits, OAuth."""
