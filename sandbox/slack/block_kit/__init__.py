"""The rules of Block Kit: which blocks and views Slack accepts, and the interactive elements inside."""
