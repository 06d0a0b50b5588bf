"""The state of the network: users, posts, timelines, tokens. No HTTP."""
