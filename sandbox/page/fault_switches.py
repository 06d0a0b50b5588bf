"""Faults that a visitor can switch on, each with a sentence on what then happens."""

from collections.abc import Callable

from sandbox.bluesky import BlueskyWorld
from sandbox.feeds import ForumWorld
from sandbox.hackernews import HackerNewsWorld
from sandbox.mastodon import MastodonWorld
from sandbox.page.bluesky_faults import BLUESKY_FAULTS
from sandbox.page.forum_faults import FORUM_FAULTS
from sandbox.page.hackernews.faults import HACKERNEWS_FAULTS
from sandbox.page.mastodon_faults import MASTODON_FAULTS
from sandbox.page.switch import Switch
from sandbox.page.x_faults import X_FAULTS
from sandbox.slack import SlackWorld
from sandbox.slack.workspace.channel import Channel
from sandbox.x import XWorld

FOREVER = 1_000_000
# Heard speaks for the account of the access token that it is started with. The other account is no customer.
OUR_TOKEN, OTHER_TOKEN = "demo-token", "other-demo-token"
OTHER_HANDLE, OTHER_NAME = "fernpress_jobs", "Fernpress Jobs"
MENTIONS_CHANNEL, THEIR_TEAM = "C0MENTIONS", "T0PARTNER"


class Switches:
    """All switches, by name."""

    def __init__(
        self,
        slack: SlackWorld,
        x: XWorld,
        *,
        mastodon: MastodonWorld,
        bluesky: BlueskyWorld,
        forum: ForumWorld,
        hackernews: HackerNewsWorld,
        restart: Callable[[dict[str, str]], None],
    ) -> None:
        """`restart` restarts the bot with changed environment variables, and returns at once."""
        self._slack, self._x, self._restart = slack, x, restart
        self._has_other_keys = False
        self._on_slack: set[str] = set()
        made = (
            *(one.switch("x", x.faults) for one in X_FAULTS),
            *self._of_x(),
            *(one.switch("mastodon", mastodon.faults) for one in MASTODON_FAULTS),
            *(one.switch("bluesky", bluesky.faults) for one in BLUESKY_FAULTS),
            *(one.switch("forum", forum.faults) for one in FORUM_FAULTS),
            *(one.switch("hackernews", hackernews.faults) for one in HACKERNEWS_FAULTS),
            *self._of_slack(),
        )
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
