"""Live streams, which make readings come sooner: for each account a thread that listens and one that reads."""
