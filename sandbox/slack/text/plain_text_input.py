"""The value of a plain_text_input: as Slack sends it, and as the field shows it."""

from sandbox.slack.text import emoji
from sandbox.slack.text.mrkdwn import escape, unescape


def as_input(text: str) -> str:
    """Return typed text as Slack sends it: escaped, with emoji by name."""
    return emoji.named(escape(text))


def as_shown(value: str) -> str:
    """Return a value as the field shows it."""
    return emoji.drawn(unescape(value))
