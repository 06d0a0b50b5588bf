"""What stands in a plain_text_input, as the field shows it and as Slack sends it."""

from sandbox.slack.text import emoji
from sandbox.slack.text.mrkdwn import escape, unescape


def as_input(text: str) -> str:
    """Return what stands in a plain_text_input as a submit carries it: escaped, its emoji by name."""
    return emoji.named(escape(text))


def as_shown(value: str) -> str:
    """Return the value of a plain_text_input as the field shows it."""
    return emoji.drawn(unescape(value))
