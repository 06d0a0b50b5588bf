"""Which posts of the network a mute covers, when they arrive and when they have changed."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from models.sources.mention import Mention
from models.sources.mute import WORDS_MUTE, Mute
from models.sources.mute_cover import find_muted
from models.tickets.incoming_post import IncomingPost, IngestTarget
from models.tickets.state import TicketState
from models.tickets.ticket import CANARY_NETWORK, Ticket


def find_new_muted(
    session: Session, network: str, posts: Collection[IncomingPost], authors: Mapping[str, int]
) -> dict[str, Mute]:
    """Returns as `find_muted` which mute covers each new post. Heard's own test mentions are never muted."""
    return find_muted(session, network, posts, authors) if network != CANARY_NETWORK else {}


def find_covering(session: Session, mention: Mention, post: IncomingPost) -> Mute | None:
    """Returns the mute that covers `mention` as it is read again, `post`; None if there is none."""
    found = find_new_muted(session, mention.network, [post], {post.author_id: mention.author_id})
    return found.get(post.post_id)


def wait_if_uncovered(
    session: Session,
    ticket: Ticket,
    mention: Mention,
    post: IncomingPost,
    place: IngestTarget,
    *,
    at: datetime,
) -> None:
    """Make a ticket wait that words muted, if no mute covers its `mention` as it is now, `post`.

    It was edited, or found to address an account of ours. The ticket is held. A post from before what was
    muted changes nothing.
    """
    if ticket.state != TicketState.MUTED or mention.posted_at < ticket.waiting_since:
        return
    mute = session.get(Mute, ticket.mute_id) if ticket.mute_id is not None else None
    if mute is None or mute.kind != WORDS_MUTE or find_covering(session, mention, post) is not None:
        return
    ticket.wait_unmuted(session, at=at, sla_policy=place.sla_policy_of(session, ticket.channel))
