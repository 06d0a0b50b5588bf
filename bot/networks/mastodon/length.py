"""How long a server counts a post. Pure.

Mastodon: graphemes of warning and text, a link with protocol as 23, a handle without its domain
(https://github.com/mastodon/mastodon/blob/main/app/validators/status_length_validator.rb). GoToSocial: code
points, links and handles in full.
"""

import re

from bot.networks.graphemes import count_graphemes
from bot.networks.mastodon.server_info import ServerInfo

_LINK = re.compile(r"https?://[^\s<>]*[^\s<>.,;:!?'\")\]}]", re.IGNORECASE)
_HANDLE = re.compile(r"(?<![=/\w])@(\w+(?:[.-]+\w+)*)@[\w.-]*\w")


def measure(text: str, warning: str, server: ServerInfo) -> int:
    """Return how long that server counts a post of `text` behind `warning`."""
    if server.counting == "code points":
        return len(warning) + len(text)
    if server.per_link is not None:
        text = _LINK.sub("-" * server.per_link, text)
    return count_graphemes(warning + _HANDLE.sub(lambda found: f"@{found[1]}", text))
