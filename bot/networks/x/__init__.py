"""X: the API v2 through tweepy."""
