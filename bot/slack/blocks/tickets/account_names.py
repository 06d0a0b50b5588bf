"""Our accounts on a card: which heard what it shows, and which are not connected any more. Pure."""

from collections.abc import Sequence

from bot.slack.blocks.text import mrkdwn_handle


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
