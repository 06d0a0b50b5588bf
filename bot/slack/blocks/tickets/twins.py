"""What a card says of the same words on another network. Pure."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.networks.base import Network
from bot.slack.blocks.elements import Block, button, context_block, section_block
from bot.slack.blocks.text import mrkdwn_literal
from bot.slack.blocks.tickets.account_names import author_text
from bot.slack.blocks.tickets.values import TwinValue
from models import Author, Mention
from models.core.mrkdwn import escape_entities
from models.tickets.delivery_state import PUBLIC_STATES

if TYPE_CHECKING:
    from bot.slack.blocks.tickets.card_view import CardView

NOT_SAME_PERSON_ACTION_ID = "not_same_person"


@dataclass(frozen=True, slots=True)
class TwinPost:
    """A post with the same words, on the network that is called `title`, by `author` there.

    `network` is None where there are no keys for it any more; `mention` is None if none of its posts is left.
    """

    name: str
    title: str
    author: Author
    mention: Mention | None = None
    network: Network | None = None


@dataclass(frozen=True, slots=True)
class OtherCard:
    """The card of a post with the same words that could not be joined; `url` is empty until it is there."""

    ticket_id: int
    title: str
    author: Author
    url: str = ""


def join_titles(*titles: str) -> str:
    """`X`, `X and Mastodon`, or `X, Mastodon and Bluesky`, as mrkdwn."""
    *first, last = map(escape_entities, titles)
    return f"{', '.join(first)} and {last}" if first else last


def build_lines(view: "CardView") -> list[Block]:
    """A line for each twin: by whom, where, why it is here, and a button for who knows better."""
    answered_on = _answered_on(view)
    blocks = []
    for twin in view.twins:
        value = TwinValue(view.ticket.id, twin.name)
        label = button("Not the same person", NOT_SAME_PERSON_ACTION_ID, value)
        blocks.append(section_block(_twin_text(twin, answered_on)) | {"accessory": label})
    if view.twins and answered_on not in {None, view.title}:
        blocks.append(
            context_block(f":white_check_mark: The post on {view.title}: answered on {answered_on}.")
        )
    return blocks


def build_other_card_line(view: "CardView") -> list[Block]:
    """A line that leads to the card of a twin that could not be joined, because one of them was answered."""
    other = view.other_card
    if other is None:
        return []
    number = f"ticket #{other.ticket_id}"
    where = f"<{other.url}|{number}>" if other.url else number
    author, title = author_text(other.author), escape_entities(other.title)
    return [context_block(f":link: The same words on *{title}*, by {author}, are {where}.")]


def _answered_on(view: "CardView") -> str | None:
    """The title of the network where the current turn was answered, if it was."""
    here = [one for one in view.replies if one.state in PUBLIC_STATES and one.turn == view.ticket.turn]
    return view.title_on(here[-1].network_on(view.ticket)) if here else None


def _twin_text(twin: TwinPost, answered_on: str | None) -> str:
    parts = [f":link: The same words on *{escape_entities(twin.title)}*, by {author_text(twin.author)}"]
    if twin.mention is not None and twin.mention.deleted_at is None:
        parts += [
            mrkdwn_literal(twin.mention.matched),
            f"<{escape_entities(twin.mention.url)}|See it on {escape_entities(twin.title)}>",
        ]
    if answered_on not in {None, twin.title}:
        parts.append(f":white_check_mark: answered on {escape_entities(answered_on or '')}")
    return "  ·  ".join(parts)


def build_pointer(title: str, url: str) -> list[Block]:
    """What is left of the card of a post on the network called `title` that shares the card at `url` now."""
    where = f"<{url}|the card of that post>" if url else "the card of that post"
    line = (
        f":link: The same person posted this on another network before, so this post on "
        f"{escape_entities(title)} is on {where}, too. What was said in this thread stays here."
    )
    return [context_block(line)]
