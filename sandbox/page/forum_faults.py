"""Faults of the local forum that a visitor can switch on."""

from sandbox.page.switch import NetworkFault

FEED = "/posts.atom"

FORUM_FAULTS = (
    NetworkFault(
        "forum_down",
        "The forum is down",
        "The other networks are read as before. After three tries Heard asks less and less often.",
        "*",
        "down",
    ),
    NetworkFault(
        "forum_drip",
        "The feed drips",
        "A byte now and then, for ever. Heard gives up after 20 seconds; nothing else waits for it.",
        FEED,
        "drip",
    ),
    NetworkFault(
        "forum_endless",
        "The feed never ends",
        "Heard stops at 2 MB and says so.",
        FEED,
        "endless",
    ),
    NetworkFault(
        "forum_429",
        "“Too many requests”",
        "The forum says to wait 30 seconds, and Heard does.",
        FEED,
        "rate_limited",
        once=True,
        seconds=30,
    ),
    NetworkFault(
        "forum_html",
        "A page instead of the feed",
        "As when a site is rebuilt: a failed reading, and no entry counts as deleted.",
        FEED,
        "html",
    ),
    NetworkFault(
        "forum_shrunk",
        "The feed lists nothing",
        "A feed that had entries and is empty is broken, not quiet. Heard waits for it to come back.",
        FEED,
        "shrunk",
    ),
    NetworkFault(
        "forum_encoding",
        "The wrong encoding",
        "The feed says UTF-8 and is something else. Heard reads the words all the same.",
        FEED,
        "wrong_encoding",
    ),
    NetworkFault(
        "forum_moved",
        "The feed has moved for good",
        "Heard follows at once, and keeps the new address once it has been the same for a week.",
        FEED,
        "moved",
    ),
    NetworkFault(
        "forum_gone",
        "The feed is taken away",
        "Heard stops asking and tells the channel. Switch it off and add the track again to go on.",
        FEED,
        "gone",
    ),
)
