"""How people, channels and tracks are named in a command, and whom a message speaks to. Pure.

https://docs.slack.dev/interactivity/implementing-slash-commands#escaping
"""

import re

import regex

from models.core import command_words

USER_MENTION_PATTERN = re.compile(r"<@(\w+)(?:\|[^<>]*)?>")
CHANNEL_MENTION_PATTERN = re.compile(r"<#(\w+)(?:\|[^<>]*)?>")
TRACK_PATTERN = re.compile(r"track:([0-9]{1,9})", re.IGNORECASE)
# A person in front of everything else, at most behind blanks and marks (`*@Heard* claim`).
_ADDRESSEE_PATTERN = regex.compile(
    rf"[{command_words.SPACE_CHARS}{command_words.INVISIBLE_CHARS}*_~`]*+<@\w+(?:\|[^<>]*+)?>"
)
_BROADCAST_PATTERN = regex.compile(rf"[{command_words.SPACE_CHARS}{command_words.INVISIBLE_CHARS}*_~`]*+<!")


def is_to_teammates(text: str) -> bool:
    """Whether a message begins with a person, a group or everybody, and so is for them."""
    return _ADDRESSEE_PATTERN.match(text) is not None or _BROADCAST_PATTERN.match(text) is not None
