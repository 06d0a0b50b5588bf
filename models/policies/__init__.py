"""What holds in one Slack channel: the defaults of the environment, and what a team has set there instead."""
