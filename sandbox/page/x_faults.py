"""Faults of the local X that a visitor can switch on."""

from sandbox.page.switch import NetworkFault

MENTIONS, REPLY, LOOK_UP = "GET /2/users/:id/mentions", "POST /2/tweets", "GET /2/tweets"

X_FAULTS = (
    NetworkFault(
        "x_down",
        "X is down",
        "No mentions come in and replies wait. Heard catches up on both when X is back.",
        "*",
        "down",
    ),
    NetworkFault(
        "x_lost",
        "Lose X's answer to a reply",
        "The reply is public, but X did not confirm it. Heard looks for it and never sends it twice.",
        REPLY,
        "answer_lost_after",
        once=True,
    ),
    NetworkFault(
        "x_blind",
        "Lose a reply on its way",
        "It never reaches X. Heard looks for it, does not find it, and asks the team.",
        REPLY,
        "answer_lost_before",
        once=True,
    ),
    NetworkFault(
        "x_500",
        "Error 503 although it posted",
        "An error proves nothing: Heard looks whether the reply is there before it says anything.",
        REPLY,
        "server_error_after",
        once=True,
    ),
    NetworkFault(
        "x_reset",
        "Cut the connection after a reply",
        "As when a network cable is pulled: the reply is public, and Heard finds it.",
        REPLY,
        "reset",
        once=True,
    ),
    NetworkFault(
        "x_429",
        "“Too many requests”",
        "X says to wait 15 seconds. The next reply waits; Undo still works.",
        REPLY,
        "rate_limited",
        once=True,
        seconds=15,
    ),
    NetworkFault(
        "x_slow",
        "X takes 3 seconds for everything",
        "Slack stays fast: no button waits for X.",
        "*",
        "slow",
        seconds=3,
    ),
    NetworkFault(
        "x_late",
        "X lists mentions 20 seconds late",
        "They appear after newer ones. Heard reads with an overlap and misses none.",
        MENTIONS,
        "late_index",
        seconds=20,
    ),
    NetworkFault(
        "x_lagging",
        "One of X's servers lags behind",
        "The next request for a post does not find it. Press Reply: the card says so and stays open.",
        LOOK_UP,
        "lagging_replica",
        once=True,
    ),
    NetworkFault(
        "x_keys",
        "X refuses our keys",
        "The channel gets one notice with what to do, and one when it is over. Replies wait.",
        "*",
        "unauthorized",
    ),
    NetworkFault(
        "x_credit",
        "X's API credit is used up",
        "The same: one notice, and no written reply is lost.",
        "*",
        "credits",
    ),
    NetworkFault(
        "x_silence",
        "X answers with errors only",
        "Status 200 without posts counts as a failure: Heard says that mentions may be missing.",
        MENTIONS,
        "errors_alone",
    ),
    NetworkFault(
        "x_cap",
        "X's monthly cap is used up",
        "The channel gets a notice at once, with what helps. Replies still go out.",
        MENTIONS,
        "usage_capped",
    ),
)
