"""What somebody typed after `/mentions`, as each of its words gets it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import regex
from slack_bolt import Ack, Respond

from bot.context import Desk
from bot.slack.typed_text import read_slack_text
from handlers.feedback import Person
from models.core import command_words

# How Slack sends people and channels that somebody picked.
# https://docs.slack.dev/interactivity/implementing-slash-commands#escaping
PERSON = re.compile(r"<@(\w+)(?:\|[^<>]*)?>")
CHANNEL = re.compile(r"<#(\w+)(?:\|[^<>]*)?>")
# A person in front of everything else, at most behind blanks and marks (`*@Heard* claim`).
_ADDRESSED = regex.compile(rf"([{command_words.SPACE}{command_words.UNSEEN}*_~`]*+)<@(\w+)(?:\|[^<>]*+)?>")
_BROADCAST = regex.compile(rf"[{command_words.SPACE}{command_words.UNSEEN}*_~`]*+<!")
_LABELLED = re.compile(r"<@\w+\|([^<>]+)>")
# Words between filters that mean nothing by themselves: `open in #support and overdue`.
_JOINING = frozenset({"and", "&", "&amp;", "in", "on", "by", "for", "from", "of", "with", "please"})

Answer = dict[str, Any]
"""What only the person who asked is shown: `text`, and `blocks` where there is more than a sentence."""


@dataclass(frozen=True, slots=True)
class Asked:
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
    def words(self) -> list[str]:
        """The filters behind the word, without what people put around and between them."""
        return [one for one in command_words.words(self.raw) if one.lower() not in _JOINING]

    @property
    def handles(self) -> str:
        """What stands behind the word, with each `@name` as it was typed, also where a teammate is called so.

        Slack sends `<@U1|ana>` for a typed `@ana` if a member is called ana:
        https://docs.slack.dev/interactivity/implementing-slash-commands#escaping
        """
        return read_slack_text(_LABELLED.sub(r"@\1", self.raw)).text

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


def addressee(text: str) -> tuple[str, str] | None:
    """Whom a message speaks to by name before anything else, and what it says to them; None if nobody.

    Marks that were opened before the name stand before what it says: `*@Heard reply hi*` is one bold line.
    """
    found = _ADDRESSED.match(text)
    return None if found is None else (found[2], found[1].strip() + text[found.end() :])


def is_to_teammates(text: str) -> bool:
    """Whether a message begins with a person, a group or everybody, and so is for them."""
    return addressee(text) is not None or _BROADCAST.match(text) is not None
