"""Faults of the local Bluesky that a visitor can switch on."""

from sandbox.page.switch import NetworkFault

MENTIONS, REPLY = "GET app.bsky.notification.listNotifications", "POST com.atproto.repo.putRecord"

BLUESKY_FAULTS = (
    NetworkFault(
        "bluesky_down",
        "Bluesky is down",
        "X and Mastodon are read and answered as before. Heard catches up when Bluesky is back.",
        "*",
        "down",
    ),
    NetworkFault(
        "bluesky_lost",
        "Lose Bluesky's answer to a reply",
        "The reply is public, but nobody confirmed it. Heard chose its key beforehand and finds it by that.",
        REPLY,
        "answer_lost_after",
        once=True,
    ),
    NetworkFault(
        "bluesky_blind",
        "Lose a reply on its way",
        "It never reaches Bluesky. Heard looks under its key, finds nothing, and repeats it once: under one "
        "key there can be only one post.",
        REPLY,
        "answer_lost_before",
        once=True,
    ),
    NetworkFault(
        "bluesky_500",
        "Error 500 although it posted",
        "An error proves nothing: Heard looks whether the reply is there before it says anything.",
        REPLY,
        "server_error_after",
        once=True,
    ),
    NetworkFault(
        "bluesky_reset",
        "Cut the connection after a reply",
        "As when a network cable is pulled: the reply is public, and Heard finds it.",
        REPLY,
        "reset",
        once=True,
    ),
    NetworkFault(
        "bluesky_429",
        "“Too many requests”",
        "Bluesky says to wait 15 seconds. The next reply waits; Undo still works.",
        REPLY,
        "rate_limited",
        once=True,
        seconds=15,
    ),
    NetworkFault(
        "bluesky_slow",
        "Bluesky takes 3 seconds for everything",
        "Neither Slack nor the other networks wait for it.",
        "*",
        "slow",
        seconds=3,
    ),
    NetworkFault(
        "bluesky_expired",
        "The session expires",
        "Heard renews it and makes the same call again. Nobody notices.",
        MENTIONS,
        "expired_token",
        once=True,
    ),
    NetworkFault(
        "bluesky_gateway",
        "Bluesky's index does not answer",
        "No mentions come in, though the account's own server works. Heard says that some may be missing.",
        "GET app.bsky.*",
        "bad_gateway",
    ),
    NetworkFault(
        "bluesky_late",
        "Bluesky shows posts 20 seconds late",
        "They appear after newer ones. Heard reads with an overlap and misses none.",
        MENTIONS,
        "late_index",
        seconds=20,
    ),
    NetworkFault(
        "bluesky_twice",
        "Bluesky lists every mention twice",
        "Each post is still one mention on one card.",
        MENTIONS,
        "repeated",
    ),
    NetworkFault(
        "bluesky_upload_500",
        "Bluesky fails to take a picture",
        "Nothing is public by an upload, so Heard repeats it, and sends words and picture together.",
        "POST com.atproto.repo.uploadBlob",
        "server_error_before",
        once=True,
    ),
    NetworkFault(
        "bluesky_upload_429",
        "Bluesky takes no pictures for 15 seconds",
        "The reply waits with its picture; Undo still works. Its words never go out alone.",
        "POST com.atproto.repo.uploadBlob",
        "rate_limited",
        once=True,
        seconds=15,
    ),
)
