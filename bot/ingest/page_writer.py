"""One page of posts → ledger, in one transaction: a bad post is quarantined, and its page goes on."""

import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.ingest import profiles, track_matches, twins
from bot.ingest.fit_to_ledger import NAME_MAX_CHARS, UNFIT_ERRORS, fit_text, raise_if_database_failed
from bot.ingest.page_locks import lock_tickets_of_page
from bot.ingest.sightings import without_our_replies
from bot.ingest.track_matches import Matches
from bot.networks.answerable import Answerable, ReplyByHandOnly, ReplyImpossible
from bot.networks.base import Network
from bot.networks.values import AccountIdentity, AuthorProfile, Post, PostPage, UnreadableRow
from bot.notices import reading_notices, thread_notices
from bot.runtime import charge_writer, crash_points
from bot.runtime.charge_writer import TrackOf
from models import Account, Cursor, QuarantinedPost, Ticket, Track
from models.core.base import add_if_absent
from models.core.database import BusyError
from models.core.normalize import sanitize
from models.grouping import grouping
from models.grouping.grouping import GroupLimits
from models.privacy import routing
from models.sources import answerability
from models.sources.attachment import Attachment
from models.sources.cost import NO_TRACK
from models.tickets.incoming_post import IncomingPost, IngestResult, IngestTarget, conversation_key
from models.tickets.ingest import ingest_page
from models.tickets.state import TicketState

log = logging.getLogger(__name__)

POST_MAX_CHARS = 100_000  # what the ledger keeps of one post; X's longest has 25,000
SPIKE_CALM_FOR = timedelta(minutes=2)  # and as long as two polls are apart
RAW_MAX_CHARS = 200_000  # of a row that could not be read


def commit_page(
    ctx: BotContext,
    network: Network,
    account: AccountIdentity,
    page: PostPage,
    *,
    and_then: Callable[[Session, int], None] | None,
    matches: Matches | None = None,
    track_of: TrackOf | None = None,
) -> int:
    """Write one page in one transaction, and what follows from it; return how many posts were new.

    `matches` says of each post of a search by which tracks it was found; None: the page lists mentions.
    `track_of` says for which track something was billed; None: for the account's mentions. A network
    without accounts has no mentions track: there, each post is for the track that found it.
    """
    crash_points.reach("page read")
    posts = list(page.posts)
    had, bought = profiles.fetch_for_authors(ctx, network, posts)
    people = had | bought
    if matches is not None:
        matches = track_matches.by_wanted_authors(posts, people, matches)
        posts = [post for post in posts if post.id in matches]
    at, results = ctx.now(), list[IngestResult]()
    with ctx.db.write() as session:
        Cursor.lock_mentions(session, network.name, account.id, at=at)
        mentions_track = _mentions_track(session, network, account, at=at)
        if matches is not None:
            matches = track_matches.unchanged(session, matches)
            posts = [post for post in posts if post.id in matches]
        if not network.needs_account and posts:
            posts = without_our_replies(session, network.name, posts)
        page_parts = [
            (
                _ingest_target(ctx, session, account, track),
                _convert(session, network, some, people, track=track, matches=matches),
            )
            for track, some in track_matches.by_track(posts, matches or {}, mentions_track)
        ]
        lock_tickets_of_page(session, network.name, page_parts, profiles.find_changed(had, bought))
        for place, said in page_parts:
            results += _ingest_page(session, said, place, network.title, at=at)
        taken = sum(one.tickets + one.follow_ups for one in results)
        profiles.store_profiles(session, network, bought, at=at)
        opened = [ticket_id for one in results for ticket_id in one.opened_ids]
        twins.join_in_page(ctx, session, opened)
        _show_together(ctx, session, results, network.title, at=at)
        for bad in page.unreadable:
            _quarantine(session, network.name, account.id, bad, at=at)
        if and_then is not None:
            and_then(session, taken)
        for_mentions = mentions_track.id if mentions_track is not None else NO_TRACK
        charge_writer.write(session, network, at=at, track_of=track_of or (lambda _charge: for_mentions))
        crash_points.reach("page written")
    crash_points.reach("page kept")
    twins.try_join_new(ctx, opened)
    return taken


def _mentions_track(
    session: Session, network: Network, account: AccountIdentity, *, at: datetime
) -> Track | None:
    return Track.mentions_of(session, network.name, account.id, at=at) if network.needs_account else None


def _convert(
    session: Session,
    network: Network,
    posts: Sequence[Post],
    people: Mapping[str, AuthorProfile],
    *,
    track: Track,
    matches: Matches | None,
) -> list[IncomingPost]:
    """Convert posts whose first reason is `track` into what the ledger takes; arguments as `commit_page`."""
    said = [to_incoming_post(network, post, people.get(post.author_id)) for post in posts]
    if matches is None:  # the network lists them because they address us
        return said
    to_us = find_addressing(session, network, posts)
    said = [replace(one, addresses_us=one.post_id in to_us) for one in said]
    return [track_matches.with_reasons(one, track, matches[one.post_id]) for one in said]


def find_addressing(session: Session, network: Network, posts: Sequence[Post]) -> set[str]:
    """Return the ids of the posts that mention, answer or quote an account that Heard is signed in to."""
    ours = [one for one in Account.all(session, network.name) if one.source is not None]
    return track_matches.addressing_any(ours, posts)


def _ingest_target(ctx: BotContext, session: Session, account: AccountIdentity, track: Track) -> IngestTarget:
    channel = track.channel or ctx.settings.slack_channel
    sla_policy = ctx.sla_policy(session, channel)
    return IngestTarget(account.network, account.id, channel, sla_policy, track.id, ctx.sla_policy)


def to_incoming_post(network: Network, post: Post, author: AuthorProfile | None) -> IncomingPost:
    """Convert a network's post into what the ledger takes."""
    return IncomingPost(
        post_id=post.id,
        latest_id=post.latest_id,
        conversation_id=conversation_key(post.conversation_id, post.visibility),
        author_id=post.author_id,
        text=fit_text(post.text, POST_MAX_CHARS),
        posted_at=post.posted_at,
        url=post.url,
        matched=_ingest_reason(post),
        in_reply_to=post.in_reply_to,
        quoted=post.quoted,
        lang=post.lang,
        media=tuple(
            Attachment(one.kind, one.url, _clean_text(one.alt), _clean_texts(one.choices))
            for one in post.media
        ),
        answerable=_why_not(network.answerable(post, author)),
        addressed=_clean_texts(post.addressed),
        answers=_clean_text(post.answers),
        edit_keeps_id=post.edit_keeps_id,
        order_key=post.order_key,
        version_key=post.version_key,
        visibility=post.visibility,
        content_warning=_clean_text(post.content_warning),
        reply_context=post.reply_context,
        dated_at=post.dated_at if post.dated_at != post.posted_at else None,
    )


def _why_not(verdict: Answerable) -> str | None:
    """What the ledger keeps of it."""
    if isinstance(verdict, ReplyImpossible):
        return answerability.mark_impossible(verdict.reason)
    return verdict.reason if isinstance(verdict, ReplyByHandOnly) else None


def _ingest_reason(post: Post) -> str:
    """Why it concerns us."""
    if post.answers is not None:
        return "names us"
    if post.summons == "explicit":
        return "mentions us"
    if post.quotes_us:
        return "quotes us"
    return "continues their post" if post.continues else "answers us"


def _clean_text(words: str | None) -> str | None:
    return None if words is None else fit_text(words, NAME_MAX_CHARS)


def _clean_texts(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(fit_text(one, NAME_MAX_CHARS) for one in words)


def _ingest_page(
    session: Session, said: list[IncomingPost], place: IngestTarget, title: str, *, at: datetime
) -> list[IngestResult]:
    """Take a page in as a whole; if one post in it will not go in, take the others one by one."""
    try:
        return [_ingest(session, said, place, title, at=at)]
    except UNFIT_ERRORS as error:
        raise_if_database_failed(error)
        log.warning("could not store a page as a whole; storing its posts one by one")
    return [found for one in said for found in _ingest_post(session, one, place, title, at=at)]


def _ingest_post(
    session: Session, said: IncomingPost, place: IngestTarget, title: str, *, at: datetime
) -> list[IngestResult]:
    try:
        return [_ingest(session, [said], place, title, at=at)]
    except UNFIT_ERRORS as error:
        raise_if_database_failed(error)
        bad = UnreadableRow(raw=repr(said), error=type(error).__name__, post_id=said.post_id)
        _quarantine(session, place.network, place.account_id, bad, at=at)
        return []


def _ingest(
    session: Session, said: list[IncomingPost], place: IngestTarget, title: str, *, at: datetime
) -> IngestResult:
    """Write those posts; threads of tickets with an owner or a reply are notified of follow-ups."""
    with session.begin_nested():
        taken = ingest_page(session, said, place, at=at)
        empty_narrowed(session, taken, at=at)
        notify_shown_again(session, taken, title, at=at)
        for ticket_id, words in taken.known_ticket_texts.items():
            ticket, post_id = session.get_one(Ticket, ticket_id), taken.newest_post_ids[ticket_id]
            if ticket.owner is not None or ticket.turn > 1:
                thread_notices.post_new_mention(session, ticket, words, post_id, at=at)
                ticket.restart_owner_clock(at)
    return taken


def _show_together(
    ctx: BotContext, session: Session, results: Iterable[IngestResult], title: str, *, at: datetime
) -> None:
    """Put tickets that are too many on shared cards, and point the channels of further tracks to the cards.

    Last of all, when every row of the page is written: a group is locked after its tickets. If it fails, each
    ticket gets a card of its own.
    """
    opened = [ticket_id for one in results for ticket_id in one.opened_ids]
    limits = GroupLimits(
        spike_per_minute=lambda channel: ctx.policy(session, channel).spike_per_minute,
        shown_per_minute=max(int(60 * ctx.settings.slack_posts_per_second), 1),
        calm_for=SPIKE_CALM_FOR + timedelta(seconds=ctx.settings.poll_seconds),
    )
    try:
        with session.begin_nested():
            grouping.group_new(session, opened, limits, at=at)
    except (BusyError, OperationalError):
        raise
    except Exception:
        log.exception("new tickets could not be put on shared cards")
    further = [reason for one in results for reason in one.further_reasons]
    reading_notices.post_pointers(ctx, session, further, title, at=at)


def empty_narrowed(session: Session, taken: IngestResult, *, at: datetime) -> None:
    """Take the words of tickets that have become private out of their public channels.

    Where a call to Slack is under way just now, `bot/slack/private_cards.py` does it a little later.
    """
    for ticket_id in sorted(taken.narrowed_ids):
        session.flush()
        routing.move_out(session, session.get_one(Ticket, ticket_id), at=at)


def notify_shown_again(session: Session, taken: IngestResult, title: str, *, at: datetime) -> None:
    """Notify the threads of tickets with a post that the network called `title` shows again.

    A shared card shows it by itself, and its thread is about all of them.
    """
    for ticket_id, waits in taken.restored_tickets.items():
        ticket = session.get_one(Ticket, ticket_id)
        if ticket.state == TicketState.MUTED and ticket.shown_at is None:
            continue  # it has no card, and so no thread
        if ticket.group_id is None:
            thread_notices.post_shown_again(session, ticket, title, waits=waits, at=at)


def _quarantine(session: Session, network: str, account_id: str, bad: UnreadableRow, *, at: datetime) -> None:
    digest = hashlib.sha256(bad.raw.encode(errors="replace")).hexdigest()
    log.warning("could not read a post of %s; it is kept in quarantine with the reason", network)
    where = {"network": network, "account_id": account_id, "digest": digest}
    add_if_absent(
        session,
        QuarantinedPost,
        **where,
        post_id=bad.post_id and sanitize(bad.post_id),
        raw=fit_text(bad.raw, RAW_MAX_CHARS),
        error=fit_text(bad.error, NAME_MAX_CHARS),
        at=at,
    )
