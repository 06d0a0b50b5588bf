"""Mastodon, and servers that speak its API: GoToSocial, Hollo, Pleroma and Akkoma, Pixelfed."""
