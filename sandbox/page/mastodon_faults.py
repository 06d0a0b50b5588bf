"""Faults of the local Mastodon that a visitor can switch on."""

from sandbox.page.switch import NetworkFault

MENTIONS, REPLY = "GET /api/v1/notifications", "POST /api/v1/statuses"

MASTODON_FAULTS = (
    NetworkFault(
        "mastodon_down",
        "Mastodon is down",
        "X and Bluesky are read and answered as before. Heard catches up when the server is back.",
        "*",
        "down",
    ),
    NetworkFault(
        "mastodon_lost",
        "Lose Mastodon's answer to a reply",
        "The reply is public, but the server did not confirm it. Heard looks for it and finds it.",
        REPLY,
        "answer_lost_after",
        once=True,
    ),
    NetworkFault(
        "mastodon_blind",
        "Lose a reply on its way",
        "It never reaches Mastodon. Heard looks for it, does not find it, and asks the team.",
        REPLY,
        "answer_lost_before",
        once=True,
    ),
    NetworkFault(
        "mastodon_500",
        "Error 500 although it posted",
        "An error proves nothing: Heard looks whether the reply is there before it says anything.",
        REPLY,
        "server_error_after",
        once=True,
    ),
    NetworkFault(
        "mastodon_reset",
        "Cut the connection after a reply",
        "As when a network cable is pulled: the reply is public, and Heard finds it.",
        REPLY,
        "reset",
        once=True,
    ),
    NetworkFault(
        "mastodon_moved",
        "The server sends replies elsewhere",
        "A redirect is never taken for success: Heard looks for the reply, does not find it, and asks.",
        REPLY,
        "redirect_302",
        once=True,
    ),
    NetworkFault(
        "mastodon_429",
        "“Too many requests”",
        "Mastodon says to wait 15 seconds. The next reply waits; Undo still works.",
        REPLY,
        "rate_limited",
        once=True,
        seconds=15,
    ),
    NetworkFault(
        "mastodon_slow",
        "Mastodon takes 3 seconds for everything",
        "Neither Slack nor the other networks wait for it.",
        "*",
        "slow",
        seconds=3,
    ),
    NetworkFault(
        "mastodon_keys",
        "Mastodon refuses our token",
        "The channel gets one notice with what to do, and one when it is over. Replies wait.",
        "*",
        "unauthorized",
    ),
    NetworkFault(
        "mastodon_maintenance",
        "The server is under maintenance",
        "It answers with a page instead of data. Heard says that mentions may be missing.",
        "*",
        "maintenance",
    ),
    NetworkFault(
        "mastodon_twice",
        "Mastodon lists every mention twice",
        "Each post is still one mention on one card.",
        MENTIONS,
        "repeated",
    ),
)
