"""Profiles of the people who speak to us: bought from the network when they are needed, and remembered."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.ingest import listening_budget
from bot.ingest.fit_to_ledger import NAME_MAX_CHARS, UNFIT_ERRORS, fit_text, raise_if_database_failed
from bot.networks.base import Network
from bot.networks.errors import Later
from bot.networks.values import AuthorProfile, Post
from bot.runtime import charge_writer, pace
from bot.scheduled_job import NetworkJob
from models import Author, Mention, Ticket
from models.core import bulk_insert
from models.sources.mention import IS_FIRST_ROW
from models.tickets import priorities

log = logging.getLogger(__name__)


def fetch_for_authors(
    ctx: BotContext, network: Network, posts: list[Post]
) -> tuple[dict[str, AuthorProfile], dict[str, AuthorProfile]]:
    """Profiles of who spoke: those that the ledger has, and those that were bought just now, all in one call.

    Before the transaction opens. Bought is who is not known freshly, and who has said something new since
    they were last looked at: they may have another name by now. X bills each once a UTC day at most.
    """
    wanted = {post.author_id for post in posts}
    if not wanted:
        return {}, {}
    with ctx.db.read() as session:
        known = Author.by_network_id(session, network.name, wanted)
        heard = bulk_insert.ids_of(
            session, Mention.post_id, {post.id for post in posts}, only=IS_FIRST_ROW, network=network.name
        )
    at = ctx.now()
    spoke: dict[str, datetime] = {}  # when each said their newest new post
    for post in posts:
        if post.id not in heard:
            spoke[post.author_id] = max(post.posted_at, spoke.get(post.author_id, post.posted_at))
    had = {one: _to_person(author) for one, author in known.items() if author.fetched_at is not None}
    missing = sorted(
        one for one in wanted if _needs_fetch(known.get(one), spoke.get(one), at, network.profile_lifetime)
    )
    if not missing or _must_wait(ctx, network, at):
        return had, {}
    try:
        return had, {person.id: person for person in network.people(missing)}
    except Later as later:  # a mention without a face is still heard; the profile follows
        log.warning("%s: profiles wait: %s", network.title, later.detail)
        return had, {}


def find_changed(had: Mapping[str, AuthorProfile], bought: Mapping[str, AuthorProfile]) -> list[str]:
    """Return the ids of those whose bought profile says what the ledger does not know yet."""
    return [
        network_id
        for network_id, new in bought.items()
        if (old := had.get(network_id)) is None
        or (old.handle, old.name, old.followers) != (new.handle, new.name, new.followers)
    ]


def _must_wait(ctx: BotContext, network: Network, at: datetime) -> bool:
    """Whether no profile may be bought now: the rate limit, or the monthly cap, is used up."""
    is_limited = pace.is_spent(network.rate_limit_status("people"), at=at)
    return is_limited or listening_budget.is_spent(ctx, network)


def _needs_fetch(known: Author | None, spoke_at: datetime | None, at: datetime, lifetime: timedelta) -> bool:
    if known is None or not known.is_fresh(at, lifetime):
        return True
    return spoke_at is not None and known.may_be_renamed(spoke_at)


def _to_person(author: Author) -> AuthorProfile:
    """Somebody as the network showed them last."""
    return AuthorProfile(
        id=author.network_id,
        handle=author.handle or "",
        name=author.name or "",
        followers=author.followers,
        verified=author.verified,
        protected=author.protected,
    )


def store_profiles(
    session: Session, network: Network, people: dict[str, AuthorProfile], *, at: datetime
) -> None:
    """Write the profiles that were bought, all at once if all of them fit.

    Raises what the database raises if it is in trouble.
    """
    authors = Author.by_network_id(session, network.name, people.keys())
    known = [(author, people[network_id]) for network_id, author in authors.items()]
    try:
        with session.begin_nested():
            _store_all(session, known, at=at)
    except UNFIT_ERRORS as error:
        raise_if_database_failed(error)
        for author, person in known:
            _store_one(session, network, author, person, at=at)


def _store_one(
    session: Session, network: Network, author: Author, person: AuthorProfile, *, at: datetime
) -> None:
    try:
        with session.begin_nested():
            _store_all(session, [(author, person)], at=at)
    except UNFIT_ERRORS as error:
        raise_if_database_failed(error)
        log.warning("could not store a profile of %s (%s)", network.title, type(error).__name__)
        session.get_one(Author, author.id, populate_existing=True).fetched_at = at


def _store_all(session: Session, known: list[tuple[Author, AuthorProfile]], *, at: datetime) -> None:
    """Take the profiles over, and have the cards of whoever has a new name redrawn."""
    renamed: list[int] = []
    changed: list[int] = []
    for author, person in known:
        before, listened = (author.handle, author.name), author.followers
        author.update_profile(
            handle=fit_text(person.handle, NAME_MAX_CHARS),
            name=fit_text(person.name, NAME_MAX_CHARS),
            followers=person.followers,
            verified=person.verified,
            protected=person.protected,
            avatar_url=person.avatar_url,
            at=at,
        )
        if before != (author.handle, author.name):
            renamed.append(author.id)
        if (before[0], listened) != (author.handle, author.followers):
            changed.append(author.id)
    if changed:
        session.flush()
        priorities.rescore_authors(session, changed)
    if renamed:
        is_shown = Ticket.drawn_revision > 0
        theirs = Ticket.author_id.in_(renamed)
        shown_on = select(Ticket.joined_to).where(theirs, Ticket.joined_to.is_not(None))
        here = or_(theirs, Ticket.id.in_(shown_on))
        Ticket.redraw_all(session, here, is_shown, Ticket.has_or_gets_card())


def fetch_missing(ctx: BotContext, network: Network) -> None:
    """Buy the profiles that were not to be had when their owners spoke. Raises `Later`."""
    with ctx.db.read() as session:
        query = select(Author.network_id).where(Author.network == network.name, Author.fetched_at.is_(None))
        missing = list(session.scalars(query.order_by(Author.id.desc()).limit(100)))
    if not missing or _must_wait(ctx, network, ctx.now()):
        return
    people = {person.id: person for person in network.people(missing)}
    with ctx.db.write() as session:
        store_profiles(session, network, people, at=ctx.now())
        for author in Author.by_network_id(session, network.name, set(missing) - people.keys()).values():
            author.fetched_at = ctx.now()  # gone or suspended: do not pay to ask again today
        charge_writer.write(session, network, at=ctx.now())
    ctx.cards_wake.set()


JOBS = (NetworkJob("profiles", fetch_missing, interval_seconds=60, needs="people", once_per_network=True),)
