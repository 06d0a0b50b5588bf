"""What somebody typed after `/mentions`, as each of its words gets it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slack_bolt import Ack, Respond

from bot.desk import Desk
from handlers.courtesy import Person

# How Slack sends people and channels that somebody picked.
# https://docs.slack.dev/interactivity/implementing-slash-commands#escaping
PERSON = re.compile(r"<@(\w+)(?:\|[^>]*)?>")
CHANNEL = re.compile(r"<#(\w+)(?:\|[^>]*)?>")

Answer = dict[str, Any]
"""What only the person who asked is shown: `text`, and `blocks` where there is more than a sentence."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One command. `rest` is what stands behind the word, as it was typed."""

    word: str
    rest: str
    command: dict[str, Any]
    ack: Ack
    respond: Respond

    @property
    def raw(self) -> str:
        """The same with people and channels as Slack sends them: `<@U1|ana>`, `<#C1|support>`."""
        return str(self.command.get("text") or "").strip().partition(" ")[2]

    @property
    def user(self) -> str:
        """The Slack user who asks."""
        return str(self.command["user_id"])

    @property
    def who(self) -> Person:
        """The same person, for answers that come later."""
        return Person(self.user, self.channel, None)

    @property
    def channel(self) -> str:
        """The Slack conversation that they ask in."""
        return str(self.command["channel_id"])


Word = Callable[[Desk, Asked], Answer | None]
"""Answers one word; None if it has acknowledged by itself, because it takes longer than Slack waits."""
