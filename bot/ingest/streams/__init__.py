"""Live streams, which make readings come sooner: a thread that listens and one that reads, an account."""
