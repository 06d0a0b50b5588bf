"""Issues: the ranking, the picker, merging."""
