"""Profiles of the people who speak to us: bought from the network when they are needed, and remembered."""

import logging
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.ingest.fit_to_ledger import NAME_CHARS, UNFIT, bounded, must_be_the_words
from bot.networks.base import Account, Later, Network, Person, Post
from bot.runtime import pace
from models import Author, Mention, Ticket
from models.core import bulk_insert

log = logging.getLogger(__name__)


def of_authors(
    desk: Desk, network: Network, account: Account, posts: list[Post]
) -> tuple[dict[str, Person], dict[str, Person]]:
    """Profiles of who spoke: those that the ledger has, and those that were bought just now, all in one call.

    Before the transaction opens. Bought is who is not known freshly, and who has said something new since
    they were last looked at: they may have another name by now. X bills each once a UTC day at most.
    """
    wanted = {post.author_id for post in posts}
    if not wanted:
        return {}, {}
    with desk.db.read() as session:
        known = Author.by_network_id(session, network.name, wanted)
        here = {"network": network.name, "account_id": account.id}
        heard = bulk_insert.ids_of(session, Mention.post_id, {post.id for post in posts}, **here)
    at = desk.now()
    spoke: dict[str, datetime] = {}  # when each said their newest new post
    for post in posts:
        if post.id not in heard:
            spoke[post.author_id] = max(post.posted_at, spoke.get(post.author_id, post.posted_at))
    had = {one: _person(author) for one, author in known.items() if author.fetched_at is not None}
    missing = sorted(one for one in wanted if _is_to_be_bought(known.get(one), spoke.get(one), at))
    if not missing or pace.is_spent(network.allowance("people"), at=at):
        return had, {}
    try:
        return had, {person.id: person for person in network.people(missing)}
    except Later as later:  # a mention without a face is still heard; the profile follows
        log.warning("%s: profiles wait: %s", network.title, later.detail)
        return had, {}


def _is_to_be_bought(known: Author | None, spoke_at: datetime | None, at: datetime) -> bool:
    if known is None or not known.is_fresh(at):
        return True
    return spoke_at is not None and known.may_be_renamed(spoke_at)


def _person(author: Author) -> Person:
    """Somebody as the network showed them last."""
    return Person(
        id=author.network_id,
        handle=author.handle or "",
        name=author.name or "",
        followers=author.followers,
        verified=author.verified,
        protected=author.protected,
    )


def learn(session: Session, network: Network, people: dict[str, Person], *, at: datetime) -> None:
    """Write the profiles that were bought, all at once if all of them fit.

    Raises what the database raises if it is in trouble.
    """
    authors = Author.by_network_id(session, network.name, people.keys())
    known = [(author, people[network_id]) for network_id, author in authors.items()]
    try:
        with session.begin_nested():
            _learn_these(session, known, at=at)
    except UNFIT as error:
        must_be_the_words(error)
        for author, person in known:
            _learn_one(session, network, author, person, at=at)


def _learn_one(session: Session, network: Network, author: Author, person: Person, *, at: datetime) -> None:
    try:
        with session.begin_nested():
            _learn_these(session, [(author, person)], at=at)
    except UNFIT as error:
        must_be_the_words(error)
        log.warning("a profile of %s does not go into the ledger (%s)", network.title, type(error).__name__)
        session.get_one(Author, author.id, populate_existing=True).fetched_at = at


def _learn_these(session: Session, known: list[tuple[Author, Person]], *, at: datetime) -> None:
    """Take the profiles over, and have the cards of whoever has a new name redrawn."""
    renamed = []
    for author, person in known:
        before = (author.handle, author.name)
        author.learn(
            handle=bounded(person.handle, NAME_CHARS),
            name=bounded(person.name, NAME_CHARS),
            followers=person.followers,
            verified=person.verified,
            protected=person.protected,
            avatar_url=person.avatar_url,
            at=at,
        )
        if before != (author.handle, author.name):
            renamed.append(author.id)
    if renamed:
        theirs = update(Ticket).where(Ticket.author_id.in_(renamed), Ticket.drawn_revision > 0)
        session.execute(theirs.values(revision=Ticket.revision + 1))


def fill_in(desk: Desk, network: Network) -> None:
    """Buy the profiles that were not to be had when their owners spoke. Raises `Later`."""
    with desk.db.read() as session:
        query = select(Author.network_id).where(Author.network == network.name, Author.fetched_at.is_(None))
        missing = list(session.scalars(query.order_by(Author.id.desc()).limit(100)))
    if not missing or pace.is_spent(network.allowance("people"), at=desk.now()):
        return
    people = {person.id: person for person in network.people(missing)}
    with desk.db.write() as session:
        learn(session, network, people, at=desk.now())
        for author in Author.by_network_id(session, network.name, set(missing) - people.keys()).values():
            author.fetched_at = desk.now()  # gone or suspended: do not pay to ask again today
    desk.board_bell.set()
