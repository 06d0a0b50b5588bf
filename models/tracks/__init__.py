"""What we listen for: the words of a track, and whether a post has them. Pure."""
