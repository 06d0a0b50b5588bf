"""What somebody typed in Slack, read once, at the door, as the plain characters that they saw. Pure.

Every text of a teammate's that arrives from Slack goes through one of two functions: `read_message` takes
the message of an event or a shortcut, `read_slack_text` the value of an input or the words of a command.
From there on everything sees characters: the count, the preview, the guard, the ledger and the network.

Where a message has rich_text, that is the truth: an emoji brings its code points, bold is a style, and a
`*` that is there was typed. What has no characters outside Slack (people, groups, custom emoji) stays in
the text as a token and is listed in `SlackText.names`, so that a send can be refused by name. What
customers wrote never comes through here.
"""

from collections.abc import Mapping
from typing import Any

import regex

from bot.slack.typed_text import rich_text
from bot.slack.typed_text.mrkdwn import CHANNEL_TOKEN, for_input, read_mrkdwn
from bot.slack.typed_text.value import SlackPicture, SlackText, TextBuilder
from models.core.mrkdwn import escape_entities

__all__ = [
    "FORWARDED_LABEL",
    "SlackPicture",
    "SlackText",
    "find_slack_tokens",
    "for_input",
    "read_message",
    "read_slack_text",
]

FORWARDED_LABEL = "a forwarded message"
UNNAMED_FILE_LABEL = "a file"
_SLACK_MENTION = regex.compile(r"<([@#][A-Z0-9]+|!subteam\^[A-Z0-9]+)(?:\|[^<>\n]*)?>")


def read_slack_text(text: str | None) -> SlackText:
    """Read the value of an input, or what was typed behind a slash command.

    Slack sends emoji as `:name:` there, and the signs `*_~` as they were typed: these fields know no
    formatting.
    """
    return read_mrkdwn(text or "", is_formatted=False)


def read_message(message: Mapping[str, Any]) -> SlackText:
    """Read a message that a person wrote: an event's, or a message shortcut's `message`.

    `left_out` of the result names what is in it beside words and `pictures`: files, and messages that were
    forwarded.
    """
    text = message.get("text")
    text = text if isinstance(text, str) else ""
    blocks = [one for one in message.get("blocks") or [] if one.get("type") == "rich_text"]
    if blocks:
        reading = TextBuilder()
        rich_text.read_blocks(blocks, dict(CHANNEL_TOKEN.findall(text)), reading)
        typed = reading.build()
    else:
        typed = read_mrkdwn(text, is_formatted=True)
    return typed.with_left_out(_attachment_names(message), _pictures(message))


def find_slack_tokens(text: str) -> tuple[str, ...]:
    """What in `text`, read and kept earlier, still has no characters outside Slack, each once.

    These are people and groups (`<@U1>`) and custom emoji. Characters do not tell whether a `:name:` was
    meant literally, so one that Slack has no character for counts as a custom emoji.
    """
    mentioned = (f"<{target}>" for target in _SLACK_MENTION.findall(text))
    return tuple(dict.fromkeys([*mentioned, *read_slack_text(escape_entities(for_input(text))).names]))


def _attachment_names(message: Mapping[str, Any]) -> tuple[str, ...]:
    """What in `message` is no text, by name.

    https://docs.slack.dev/reference/objects/file-object; a file from another organisation comes without a
    name.
    """
    named = [_file_name(one) for one in _files(message) if not _is_picture(one)]
    shared = any(one.get("is_share") or one.get("is_msg_unfurl") for one in message.get("attachments") or [])
    return (*named, *([FORWARDED_LABEL] if shared else []))


def _pictures(message: Mapping[str, Any]) -> tuple[SlackPicture, ...]:
    return tuple(
        SlackPicture(str(one["id"]), _file_name(one), str(one.get("alt_txt") or ""))
        for one in _files(message)
        if _is_picture(one)
    )


def _files(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for one in message.get("files") or [] if one.get("mode") != "tombstone"]


def _is_picture(file: Mapping[str, Any]) -> bool:
    """Whether it says that it is a picture; what it is, is seen once it is fetched."""
    return bool(file.get("id")) and str(file.get("mimetype") or "").startswith("image/")


def _file_name(file: Mapping[str, Any]) -> str:
    return str(file.get("name") or file.get("title") or UNNAMED_FILE_LABEL)
