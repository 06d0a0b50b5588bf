"""What Slack sends to the app: payloads over HTTP or Socket Mode, with retries."""
