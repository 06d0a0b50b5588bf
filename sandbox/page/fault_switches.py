"""Faults that a visitor can switch on, each with a sentence on what then happens."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.slack import SlackWorld
from sandbox.slack.workspace.channel import Channel
from sandbox.x import XWorld

MENTIONS, OWN, REPLY = "GET /2/users/:id/mentions", "GET /2/users/:id/tweets", "POST /2/tweets"
LOOK_UP = "GET /2/tweets"
FOREVER = 1_000_000
# Heard speaks for the account of the access token that it is started with. The other account is no customer.
OUR_TOKEN, OTHER_TOKEN = "demo-token", "other-demo-token"
OTHER_HANDLE, OTHER_NAME = "fernpress_jobs", "Fernpress Jobs"
MENTIONS_CHANNEL, THEIR_TEAM = "C0MENTIONS", "T0PARTNER"


@dataclass(frozen=True, slots=True)
class Switch:
    """One fault. With `once` it switches itself off when it has happened."""

    name: str
    where: str
    label: str
    hint: str
    turn: Callable[[bool], None]
    is_on: Callable[[], bool]
    once: bool = False


class Switches:
    """All switches, by name."""

    def __init__(self, slack: SlackWorld, x: XWorld, restart: Callable[[dict[str, str]], None]) -> None:
        """`restart` restarts the bot with changed environment variables, and returns at once."""
        self._slack, self._x, self._restart = slack, x, restart
        self._has_other_keys = False
        self._on_slack: set[str] = set()
        made = (*self._of_x(), *self._of_slack())
        self.all = {switch.name: switch for switch in made}

    def turn(self, name: str, *, on: bool) -> None:
        """Switch one fault on or off. Raises KeyError for an unknown name."""
        self.all[name].turn(on)

    def reset(self) -> None:
        """Switch every fault off."""
        for switch in self.all.values():
            if switch.is_on():
                switch.turn(False)

    # --- the network -----------------------------------------------------------------------------

    def _of_x(self) -> tuple[Switch, ...]:
        x = self._x
        return (
            self._x_fault(
                "x_down",
                "X is down",
                "No mentions come in and replies wait. Heard catches up on both when X is back.",
                lambda: self._x.faults.add("*", "down"),
                ("*", "down"),
            ),
            self._x_fault(
                "x_lost",
                "Lose X's answer to a reply",
                "The reply is public, but X did not confirm it. Heard looks for it and never sends it twice.",
                lambda: self._x.faults.add(REPLY, "answer_lost_after", times=1),
                (REPLY, "answer_lost_after"),
                once=True,
            ),
            self._x_fault(
                "x_blind",
                "Lose a reply on its way",
                "It never reaches X. Heard looks for it, does not find it, and asks the team.",
                lambda: self._x.faults.add(REPLY, "answer_lost_before", times=1),
                (REPLY, "answer_lost_before"),
                once=True,
            ),
            self._x_fault(
                "x_429",
                "“Too many requests”",
                "X says to wait 15 seconds. The next reply waits; Undo still works.",
                lambda: self._x.faults.add(REPLY, "rate_limited", times=1, seconds=15),
                (REPLY, "rate_limited"),
                once=True,
            ),
            self._x_fault(
                "x_slow",
                "X takes 3 seconds for everything",
                "Slack stays fast: no button waits for X.",
                lambda: self._x.faults.add("*", "slow", seconds=3),
                ("*", "slow"),
            ),
            self._x_fault(
                "x_late",
                "X lists mentions 20 seconds late",
                "They appear after newer ones. Heard reads with an overlap and misses none.",
                lambda: self._x.faults.add(MENTIONS, "late_index", seconds=20),
                (MENTIONS, "late_index"),
            ),
            self._x_fault(
                "x_lagging",
                "One of X's servers lags behind",
                "The next request for a post does not find it. Press Reply: the card says so and stays open.",
                lambda: self._x.faults.add(LOOK_UP, "lagging_replica", times=1),
                (LOOK_UP, "lagging_replica"),
                once=True,
            ),
            self._x_fault(
                "x_keys",
                "X refuses our keys",
                "The channel gets one notice with what to do, and one when it is over. Replies wait.",
                lambda: self._x.faults.add("*", "unauthorized"),
                ("*", "unauthorized"),
            ),
            self._x_fault(
                "x_credit",
                "X's API credit is used up",
                "The same: one notice, and no written reply is lost.",
                lambda: self._x.faults.add("*", "credits"),
                ("*", "credits"),
            ),
            self._x_fault(
                "x_silence",
                "X answers with errors only",
                "Status 200 without posts counts as a failure: Heard says that mentions may be missing.",
                lambda: self._x.faults.add(MENTIONS, "errors_alone"),
                (MENTIONS, "errors_alone"),
            ),
            self._x_fault(
                "x_cap",
                "X's monthly cap is used up",
                "The channel gets a notice at once, with what helps. Replies still go out.",
                lambda: self._x.faults.add(MENTIONS, "usage_capped"),
                (MENTIONS, "usage_capped"),
            ),
            Switch(
                "x_account",
                "x",
                "Start Heard with another account's keys",
                f"Heard restarts with the keys of @{OTHER_HANDLE}. Nothing is sent as @{x.brand.handle}: "
                "cards, Reply and the channel say so, and waiting replies become drafts.",
                self._change_account,
                lambda: self._has_other_keys,
            ),
            Switch(
                "x_strict",
                "x",
                "X refuses bare replies",
                "X's API accepts no reply to someone who answers us without typing our handle: they have not "
                "“summoned” us. Heard then asks you to post it by hand.",
                lambda on: setattr(self._x, "implicit_counts", not on),
                lambda: not self._x.implicit_counts,
            ),
        )

    def _change_account(self, on: bool) -> None:
        if on == self._has_other_keys:
            return
        self._has_other_keys = on
        other = self._x.find_user(OTHER_HANDLE) or self._x.add_user(OTHER_HANDLE, OTHER_NAME)
        self._x.keys[OTHER_TOKEN] = other.id
        self._restart({"X_ACCESS_TOKEN": OTHER_TOKEN if on else OUR_TOKEN})

    def _x_fault(
        self,
        name: str,
        label: str,
        hint: str,
        add: Callable[[], object],
        what: tuple[str, str],
        *,
        once: bool = False,
    ) -> Switch:
        faults, (endpoint, kind) = self._x.faults, what

        def is_on() -> bool:
            return any(fault.endpoint == endpoint and fault.kind == kind for fault in faults.active)

        def turn(on: bool) -> None:
            faults.clear(endpoint, kind)  # type: ignore[arg-type]
            if on:
                add()

        return Switch(name, "x", label, hint, turn, is_on, once)

    # --- Slack -----------------------------------------------------------------------------------

    def _of_slack(self) -> tuple[Switch, ...]:
        return (
            self._slack_fault(
                "slack_down", "Slack's API is down", "Cards wait in the database, then appear, each once."
            ),
            self._slack_fault(
                "slack_slow",
                "Slack answers 2 seconds late",
                "Cards update late; each press still counts once.",
            ),
            self._slack_fault(
                "slack_429",
                "Slack says “slow down”",
                "Updates are combined: ten changes to a ticket cost one update.",
            ),
            self._slack_fault(
                "slack_twice", "Slack sends every event twice", "The second copy changes nothing."
            ),
            self._slack_fault(
                "slack_charts",
                "Slack does not draw charts yet",
                "As in workspaces that do not have charts yet: figures arrive as a picture, or as text.",
            ),
            Switch(
                "slack_shared",
                "slack",
                "#mentions is shared with another organisation",
                "There, people can only draft replies, not send them. Heard checks every five minutes.",
                self._share,
                lambda: THEIR_TEAM in self._mentions.connected,
            ),
        )

    @property
    def _mentions(self) -> Channel:
        return self._slack.channel(MENTIONS_CHANNEL)

    def _share(self, on: bool) -> None:
        if on:
            self._slack.connect(MENTIONS_CHANNEL, THEIR_TEAM)
        else:
            self._slack.disconnect(MENTIONS_CHANNEL, THEIR_TEAM)

    def _slack_fault(self, name: str, label: str, hint: str) -> Switch:
        def turn(on: bool) -> None:
            (self._on_slack.add if on else self._on_slack.discard)(name)
            self._apply()

        return Switch(name, "slack", label, hint, turn, lambda: name in self._on_slack)

    def _apply(self) -> None:
        """Set Slack's faults again from all switches, since it can only clear them all."""
        faults = self._slack.faults
        faults.clear()
        if "slack_down" in self._on_slack:
            faults.down()
        if "slack_429" in self._on_slack:
            faults.rate_limited(retry_after=5, times=None)
        if "slack_slow" in self._on_slack:
            faults.slow(seconds=2.0, times=None)
        if "slack_charts" in self._on_slack:
            faults.refuse_charts()
        if "slack_twice" in self._on_slack:
            faults.duplicate_events(FOREVER)
