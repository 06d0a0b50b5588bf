"""What the team is told of posts that not everybody can see, without their words. Pure: mrkdwn."""

from bot.slack.blocks.elements import count_noun
from bot.slack.blocks.text import mrkdwn_handle
from models.core.mrkdwn import escape_entities

PRIVATE_ALARM_KIND = "private"  # how the keys of alarms begin; the network and the account follow
NO_CHANNEL_CAUSE, NOT_PRIVATE_CAUSE = "no channel", "not private"
PRIVATE_TEXT = "(not public: its card shows it)"  # in place of what a customer wrote
ROUTE_HINT = (
    "Route this account's mentions to a private channel that Heard is in: `/mentions tracks`, or `python -m "
    "bot track edit {} --channel C…`."
)


def private_alarm_key(network: str, account_id: str) -> str:
    """The key of the alarm that private posts to that account wait for a private channel."""
    return f"{PRIVATE_ALARM_KIND} {network} {account_id}"


def waiting_text(count: int, *, handle: str | None, title: str, track_id: int | None, channel: str) -> str:
    """How many private posts to our account `handle` wait, why, and what to do.

    `title` is the network's; `channel` is where the account's mentions are shown, which is not private;
    empty if none is set.
    """
    to = f" to {mrkdwn_handle(handle)}" if handle else ""
    waits = "waits" if count == 1 else "wait"
    why = f", and <#{channel}> is not a private channel that only this workspace sees" if channel else ""
    what = f"{count_noun(count, 'private mention')}{to} on {escape_entities(title)}"
    return f"{what} {waits} for a private channel{why}. {ROUTE_HINT.format(track_id or 'ID')}"


def hidden_notes(waiting: int, elsewhere: int) -> list[str]:
    """Sentences about open private tickets that the reader cannot see.

    `waiting` have no private channel, `elsewhere` are shown in one that the reader is not in.
    """
    notes = []
    if elsewhere:
        are, them, their = ("is", "it", "its") if elsewhere == 1 else ("are", "them", "their")
        notes.append(
            f":lock: {count_noun(elsewhere, 'private mention')} {are} not shown here: only members of "
            f"{their} private channel see {them}."
        )
    if waiting:
        waits = "waits" if waiting == 1 else "wait"
        notes.append(
            f":lock: {count_noun(waiting, 'private mention')} {waits} for a private channel. "
            f"{ROUTE_HINT.format('ID')}"
        )
    return notes
