"""The people, their repositories and what the AppView makes of them, apart from HTTP."""
