"""The state of the workspace: users, channels, messages, files and views, all behind one lock."""
