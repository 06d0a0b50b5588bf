"""Which of the posts that arrive are muted."""

from collections.abc import Collection, Mapping

from sqlalchemy.orm import Session

from models.sources.mute import Mute
from models.sources.mute_cover import find_muted
from models.tickets.incoming_post import IncomingPost
from models.tickets.ticket import CANARY_NETWORK


def find_new_muted(
    session: Session, network: str, posts: Collection[IncomingPost], authors: Mapping[str, int]
) -> dict[str, Mute]:
    """Returns as `find_muted` which mute covers each new post. Heard's own test mentions are never muted."""
    return find_muted(session, network, posts, authors) if network != CANARY_NETWORK else {}
