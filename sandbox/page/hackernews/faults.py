"""Faults of the local Hacker News that a visitor can switch on."""

from sandbox.page.switch import NetworkFault

HACKERNEWS_FAULTS = (
    NetworkFault(
        "hackernews_down",
        "The search of Hacker News is down",
        "The other networks are read as before. Heard says that its list may be incomplete, and catches up.",
        "*",
        "down",
    ),
    NetworkFault(
        "hackernews_429",
        "“Too many requests”",
        "It says to wait 15 seconds, and Heard does.",
        "*",
        "rate_limited",
        once=True,
        seconds=15,
    ),
)
