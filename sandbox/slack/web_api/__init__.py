"""What the app sends to Slack: Web API calls, response URLs, file bytes."""
