"""The networks, each in a file or a folder of its own, behind one shape (`base`)."""
