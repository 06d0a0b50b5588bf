"""Names on a card: its author, which of our accounts heard it, and which are not connected any more. Pure."""

from collections.abc import Sequence

from bot.slack.blocks.text import isolate_name, mrkdwn_handle
from models import Author
from models.core.mrkdwn import escape_mrkdwn


def audience_parts(connected: Sequence[str], left: Sequence[str]) -> tuple[str, list[str]]:
    """To whom of us somebody spoke, to stand behind the network's title, and further parts of that line.

    Both are handles; `left` are of accounts that are not connected any more.
    """
    to = f", to {join_handles(connected)}" if connected else ""
    return to, [f"no account: {', '.join(map(mrkdwn_handle, left))}"] if left else []


def join_handles(handles: Sequence[str]) -> str:
    """`@a, @b and @c` as mrkdwn."""
    *first, last = map(mrkdwn_handle, handles)
    return f"{', '.join(first)} and {last}" if first else last


def author_text(author: Author) -> str:
    """Somebody by name and handle, as text that does nothing in Slack."""
    handle = mrkdwn_handle(author.handle, author.network) if author.handle else author.display_name
    return f"{escape_mrkdwn(isolate_name(author.name))} ({handle})" if author.name else handle
