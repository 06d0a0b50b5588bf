"""What we listen for, in Slack: the modal in which a track is added, and the list of all of them. Pure."""
