"""What somebody typed after `/mentions`, as each of its words gets it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slack_bolt import Ack, Respond

from bot.context import BotContext
from bot.slack.typed_text import read_slack_text
from handlers.feedback import Actor
from models.core import command_words

_LABELLED_USER_PATTERN = re.compile(r"<@\w+\|([^<>]+)>")
_LABEL_PATTERN = re.compile(r"<([@#]\w+)\|[^<>]*>")
_ID_PATTERN = re.compile(r"(<[@#]\w+>)")
# Words between filters that mean nothing by themselves: `open in #support and overdue`.
_FILLER_WORDS = frozenset({"and", "&", "&amp;", "in", "on", "by", "for", "from", "of", "with", "please"})

CommandAnswer = dict[str, Any]
"""What only the person who asked is shown: `text`, and `blocks` where there is more than a sentence."""


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """One command. `raw` is what stands behind its word as Slack sends it, people as `<@U1|ana>`."""

    word: str
    raw: str
    command: dict[str, Any]
    ack: Ack
    respond: Respond

    @property
    def rest(self) -> str:
        """What stands behind the word, as it was typed, but for people: Slack sends those as tokens."""
        return read_slack_text(self.raw).text

    @property
    def filter_words(self) -> list[str]:
        """The filters behind the word, without what people put around and between them."""
        return [one for one in command_words.split_words(self.raw) if one.lower() not in _FILLER_WORDS]

    @property
    def text_with_handles(self) -> str:
        """What stands behind the word, with each `@name` as it was typed, also where a teammate is called so.

        Slack sends `<@U1|ana>` for a typed `@ana` if a member is called ana:
        https://docs.slack.dev/interactivity/implementing-slash-commands#escaping
        """
        return read_slack_text(_LABELLED_USER_PATTERN.sub(r"@\1", self.raw)).text

    @property
    def text_with_ids(self) -> str:
        """What stands behind the word; people and channels as ids, for names may hold anything."""
        tokens = _ID_PATTERN.split(_LABEL_PATTERN.sub(r"<\1>", self.raw))
        return "".join(one if place % 2 else read_slack_text(one).text for place, one in enumerate(tokens))

    @property
    def user(self) -> str:
        """The Slack user who asks."""
        return str(self.command["user_id"])

    @property
    def who(self) -> Actor:
        """The same person, for answers that come later."""
        return Actor(self.user, self.channel, None, f"command {self.command.get('trigger_id')}")

    @property
    def channel(self) -> str:
        """The Slack conversation that they ask in."""
        return str(self.command["channel_id"])


def shown_word(word: str) -> str:
    """One word of `SlashCommand.raw` as it was typed, for a sentence that says it back."""
    return read_slack_text(word).text


CommandHandler = Callable[[BotContext, SlashCommand], CommandAnswer | None]
"""Answers one word; None if it has acknowledged by itself, because it takes longer than Slack waits."""
