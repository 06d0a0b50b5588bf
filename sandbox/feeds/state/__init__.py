"""The members and posts of a forum, and what changes them. No HTTP."""
