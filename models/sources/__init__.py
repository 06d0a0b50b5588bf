"""Where mentions come from: accounts, authors, posts, reading positions."""
