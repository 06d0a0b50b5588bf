"""Bluesky, through its HTTP API (XRPC). `client` is the network; `registration` tells the rest of Heard."""
