"""What the team is told of accounts that are not connected. Pure: mrkdwn, unless it says otherwise."""

from collections.abc import Sequence

from bot.networks.base import Network
from bot.slack.blocks.elements import count_noun
from bot.slack.blocks.text import mrkdwn_handle
from models.core.mrkdwn import escape_entities


def wrong_account_text(network: Network, connected: Sequence[str], wanted: str) -> str:
    """Which accounts are connected, which is not, all by handle, and how to fix it."""
    if not connected:
        return disconnected_text(network, wanted)
    names = " and ".join(mrkdwn_handle(one) for one in connected)
    return (
        f"Heard is connected to {network.title} as {names}, not as "
        f"{mrkdwn_handle(wanted)}. {escape_entities(network.how_to_connect())}"
    )


def disconnected_text(network: Network, handle: str) -> str:
    """That nobody is signed in as the account `handle` any more, and how to fix it."""
    return (
        f"Heard is not connected to {network.title} as {mrkdwn_handle(handle)} any more. "
        f"{escape_entities(network.how_to_connect())}"
    )


def no_credentials_text(network: str) -> str:
    """That Heard has nothing to sign in with any more to the network of that name."""
    return (
        f"Heard no longer has keys for {escape_entities(network)}. To continue, restore them and restart "
        "Heard."
    )


def unread_searches_text(count: int) -> str:
    """That nobody reads so many searches of an account that is not connected."""
    its = "Its search is" if count == 1 else f"Its {count:,} searches are"
    return f"{its} not read until it is connected again: `/mentions tracks`."


def not_connected_notice(detail: str, count: int, handle: str) -> str:
    """To the channel: `count` conversations wait for the account `handle`; `detail` says what to do."""
    if not count:
        return f":electric_plug: {detail}"
    name = mrkdwn_handle(handle)
    return (
        f":electric_plug: {detail} {_waiting_phrase(count)} for {name}. Until it is connected again, Heard "
        f"sends, deletes and checks nothing as {name}, and doesn't see what people post to it. Replies "
        "that had not gone out were returned to their authors as drafts; they won't go out unless someone "
        "sends them."
    )


def no_credentials_notice(detail: str) -> str:
    """To the channel: nothing is left of a network to sign in with."""
    return (
        f":electric_plug: {detail} Replies that had not gone out were returned to their authors as drafts; "
        "they won't go out unless someone sends them."
    )


def connected_again_notice(title: str, handle: str) -> str:
    """To the channel: the account `handle` is back on the network called `title`."""
    return (
        f":white_check_mark: {title} is connected as {mrkdwn_handle(handle)} again. Replies that were "
        "returned as drafts were not sent. To find them, press *Reply* on their cards."
    )


def doctor_sentence(network: Network, handle: str, count: int) -> str:
    """For the doctor, in plain characters: an account that is not connected and for which tickets wait."""
    return f"is not connected as @{handle}, for which {_waiting_phrase(count)}. {network.how_to_connect()}"


def _waiting_phrase(count: int) -> str:
    return f"{count_noun(count, 'conversation')} {'is' if count == 1 else 'are'} waiting"
