"""Network → ledger: what was said since we last looked, page by page, without losing or repeating any."""

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.ingest import profiles
from bot.ingest.fit_to_ledger import NAME_MAX_CHARS, UNFIT_ERRORS, fit_text, raise_if_database_failed
from bot.networks.base import (
    AccountIdentity,
    AuthorProfile,
    Later,
    Network,
    Position,
    Post,
    PostPage,
    ReplyByHandOnly,
    ReplyImpossible,
    UnreadableRow,
    WrongAccount,
)
from bot.notices import network_alarms, reading_notices, thread_notices
from bot.runtime import crash_points, pace
from models import Account as Ours
from models import Cursor, Gap, Mention, QuarantinedPost, Ticket
from models.core.base import add_if_absent
from models.core.normalize import sanitize
from models.sources.attachment import Attachment
from models.sources.cursor import MENTIONS_CURSOR
from models.tickets.ingest import IncomingPost, IngestResult, IngestTarget, ingest_page

log = logging.getLogger(__name__)

UNKNOWN_ACCOUNT_ID = ""  # whose reading it is that failed before the network said who we are
FIRST_POLL_WINDOW = timedelta(hours=24)
FIRST_POLL_MAX_POSTS = 50  # a new account must not flood a channel
FIRST_POLL_FLOOR_AGE = timedelta(days=8)  # further back than any reading goes
READ_OVERLAP = timedelta(minutes=15)
SWEEP_OVERLAP = timedelta(hours=1)  # past midnight, how much of yesterday is swept once more
SWEEP_SEARCH_WINDOW = (
    2 * SWEEP_OVERLAP
)  # in a sweep, for what a long day's list no longer shows: one hour, and one late
POLL_RETRY_MAX_DELAY = timedelta(seconds=30)
POST_MAX_CHARS = 100_000  # what the ledger keeps of one post; X's longest has 25,000
RAW_MAX_CHARS = 200_000  # of a row that could not be read
SEARCH_INDEX_DELAY = timedelta(
    minutes=1
)  # X's search ends half a minute ago, and what is indexed late comes later


@dataclass(slots=True)
class PollResult:
    """What one reading brought."""

    taken: int = 0
    kept: int = 0
    left_out: int = 0
    gap: bool = False
    pages: int = 0
    oldest: str | None = None  # the lowest id of all that was read,
    oldest_at: datetime | None = None  # and when the earliest of it was said
    complete_since: datetime | None = None  # where the network stopped listing, if it did before the end
    listed: set[str] = field(default_factory=set)  # the ids of all posts that were read

    def add_page(self, page: PostPage) -> None:
        """Remember how far down `page` goes, and whether it may have been cut off."""
        self.gap |= page.has_gap
        self.pages += 1
        self.oldest = lowest_id(self.oldest, page)
        said = (post.posted_at for post in page.posts)
        self.oldest_at = min((self.oldest_at, *said) if self.oldest_at else said, default=None)
        self.listed |= {post.id for post in page.posts}
        if page.has_gap and self.complete_since is None:
            self.complete_since = self.oldest_at


def poll(ctx: BotContext, network: Network) -> PollResult | None:
    """Read the mentions after the cursor into the ledger; None if it could not be done now.

    The cursor moves in the transaction of the last page: a crash anywhere repeats the same window, and a
    repeat changes nothing. A failure is written to the cursor, so that silence is never taken for peace.
    """
    account = account_of(ctx, network)
    cursor = None if account is None else _ready_cursor(ctx, network, account)
    if account is None or cursor is None:
        return None
    mark = Position(cursor.post_id, ctx.now() - FIRST_POLL_WINDOW)
    try:
        return _read_pages(ctx, network, account, mark, cursor)
    except Later as later:
        _record_failure(ctx, network, account.id, later)
        return None


def sweep(ctx: BotContext, network: Network) -> PollResult | None:
    """Read today's mentions once more: networks index some late, behind every cursor.

    X charges once a post and UTC day: https://docs.x.com/x-api/getting-started/pricing. What it indexed late
    around midnight is in the day before, hence the last hour of that. On a day with more mentions than are
    listed, the rest of the last two hours is searched.
    """
    account = account_of(ctx, network)
    cursor = None if account is None else _ready_cursor(ctx, network, account, is_sweep=True)
    if account is None or cursor is None or cursor.is_first:
        return None
    heard, floor = PollResult(), first_poll_floor(ctx, cursor)
    try:
        for page in _pages_of_today(network, account, heard, at=ctx.now()):
            if ctx.stop.is_set():
                return heard
            heard.add_page(page)
            kept = without_own_posts(page, account, floor)
            heard.taken += commit_page(ctx, network, account, kept, and_then=None)
    except Later as later:
        _record_failure(ctx, network, account.id, later)
        return None
    finally:
        ctx.cards_wake.set()
    return heard


def _pages_of_today(
    network: Network, account: AccountIdentity, heard: PollResult, *, at: datetime
) -> Iterator[PostPage]:
    """What is listed of today; and if that may have been cut off too early, what a search finds below it.

    `heard` must have seen each page before the next one is asked for.
    """
    yield from network.mentions(Position(None, sweep_start(at)), account_id=account.id)
    if heard.gap and heard.oldest_at is not None and heard.oldest_at > at - SWEEP_SEARCH_WINDOW:
        try:
            below = Position(None, at - SWEEP_SEARCH_WINDOW, heard.oldest)
            yield from network.search(f"@{account.handle}", below, account_id=account.id)
        except Later as later:  # the readings are not to blame, and the next sweep comes within the hour
            log.warning("%s could not be searched (%s): %s", network.title, later.cause, later.detail)


def sweep_start(at: datetime) -> datetime:
    """From when on a sweep at `at` reads."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return min(midnight, at - SWEEP_OVERLAP)


def account_of(ctx: BotContext, network: Network) -> AccountIdentity | None:
    """Who we are there; None if it cannot be asked now, which is remembered like any failed reading."""
    nobody = select(Cursor).where(Cursor.network == network.name, Cursor.account_id == UNKNOWN_ACCOUNT_ID)
    with ctx.db.read() as session:
        failed = session.scalar(nobody)
    if failed is not None and failed.not_before is not None and failed.not_before > ctx.now():
        return None
    try:
        return network.account()
    except Later as later:
        _record_failure(ctx, network, UNKNOWN_ACCOUNT_ID, later)
        return None


def _ready_cursor(
    ctx: BotContext, network: Network, account: AccountIdentity, *, is_sweep: bool = False
) -> Cursor | None:
    """The cursor as it is; None if the network does not want to be asked yet.

    A sweep is rare, and has calls kept back for it: it does not wait where polls are only spread.
    """
    at = ctx.now()
    with ctx.db.write() as session:
        session.execute(
            delete(Cursor).where(Cursor.network == network.name, Cursor.account_id == UNKNOWN_ACCOUNT_ID)
        )
        names = {
            "handle": fit_text(account.handle, NAME_MAX_CHARS),
            "name": fit_text(account.name, NAME_MAX_CHARS),
        }
        before = Ours.find(session, network.name, account.id)
        if before is not None and before.handle != names["handle"]:
            _redraw_open(session, network, account)  # their cards name the account
        Ours.record_profile(session, network=network.name, network_id=account.id, at=at, **names)
        cursor = Cursor.of(session, network.name, account.id, MENTIONS_CURSOR, at=at)
    if is_sweep and cursor.failing_since is None:
        return None if pace.is_spent(network.rate_limit_status("mentions"), at=at) else cursor
    return None if cursor.not_before is not None and cursor.not_before > at else cursor


def _redraw_open(session: Session, network: Network, account: AccountIdentity) -> None:
    """Have the cards of what still waits with `account` drawn anew."""
    here = (Ticket.network == network.name, Ticket.account_id == account.id, Ticket.drawn_revision > 0)
    session.execute(update(Ticket).where(*here, Ticket.is_open()).values(revision=Ticket.revision + 1))


def _read_pages(
    ctx: BotContext, network: Network, account: AccountIdentity, mark: Position, cursor: Cursor
) -> PollResult:
    heard, newest, floor = PollResult(), None, first_poll_floor(ctx, cursor)
    for page, last in mark_last(network.mentions(mark, account_id=account.id)):
        if ctx.stop.is_set():
            break  # without the last page the cursor stays, and the next start reads all this again
        newest = newest or page.newest
        kept = without_own_posts(page, account, floor)
        heard.add_page(page)
        if cursor.is_first:
            kept = _cap_first_poll(kept, heard)
        end = _cursor_mover(ctx, network, account, newest, heard) if last else None
        heard.taken += commit_page(ctx, network, account, kept, and_then=end)
        ctx.cards_wake.set()
    return heard


def lowest_id(before: str | None, page: PostPage) -> str | None:
    """The lowest id that was read so far: pages come newest first, their rows in any order."""
    ids = [one for one in (before, *(post.id for post in page.posts)) if one is not None]
    return min(ids, key=lambda one: (len(one), one), default=None)


def mark_last(pages: Iterable[PostPage]) -> Iterator[tuple[PostPage, bool]]:
    """Say of each page whether it is the last; a reading without any page still ends with an empty one.

    When the reading breaks off, what it brought until then is given out first: it is not the last.
    """
    before: PostPage | None = None
    try:
        for page in pages:
            if before is not None:
                yield before, False
            before = page
    except Later:
        if before is not None:
            yield before, False
        raise
    yield before or PostPage(posts=()), True


def without_own_posts(page: PostPage, account: AccountIdentity, floor: datetime | None) -> PostPage:
    """A page without reposts, our own posts, and what the first look left behind."""
    posts = tuple(
        post
        for post in page.posts
        if not post.is_repost and post.author_id != account.id and (floor is None or post.posted_at >= floor)
    )
    return PostPage(posts, page.unreadable, page.newest, page.has_gap)


def first_poll_floor(ctx: BotContext, cursor: Cursor) -> datetime | None:
    """What the first look left out stays out: later readings overlap with it. None: nothing was left."""
    if not cursor.left_out or ctx.now() - cursor.started_at > FIRST_POLL_FLOOR_AGE:
        return None
    oldest = select(func.min(Mention.posted_at)).where(
        Mention.network == cursor.network, Mention.account_id == cursor.account_id
    )
    with ctx.db.read() as session:
        return session.scalar(oldest)


def _cap_first_poll(page: PostPage, heard: PollResult) -> PostPage:
    """As many of the newest posts of a page as the first look may still take."""
    room = max(FIRST_POLL_MAX_POSTS - heard.kept, 0)
    heard.kept += len(page.posts[:room])
    heard.left_out += len(page.posts[room:])
    return PostPage(page.posts[:room], page.unreadable, page.newest, page.has_gap)


def commit_page(
    ctx: BotContext,
    network: Network,
    account: AccountIdentity,
    page: PostPage,
    *,
    and_then: Callable[[Session, int], None] | None,
) -> int:
    """Write one page in one transaction, and what follows from it. Gives how many posts were new."""
    crash_points.reach("page read")
    posts = list(page.posts)
    had, bought = profiles.fetch_for_authors(ctx, network, account, posts)
    people = had | bought
    at = ctx.now()
    place = IngestTarget(network.name, account.id, ctx.settings.slack_channel, ctx.sla_policy)
    with ctx.db.write() as session:
        Cursor.of(
            session, network.name, account.id, MENTIONS_CURSOR, at=at
        )  # one writer a reading, see there
        said = [to_incoming_post(network, post, people.get(post.author_id)) for post in posts]
        taken = _ingest_page(session, said, place, network.title, at=at)
        profiles.store_profiles(session, network, bought, at=at)
        for bad in page.unreadable:
            _quarantine(session, place, bad, at=at)
        if and_then is not None:
            and_then(session, taken)
        crash_points.reach("page written")
    crash_points.reach("page kept")
    return taken


def to_incoming_post(network: Network, post: Post, author: AuthorProfile | None) -> IncomingPost:
    """Translate a post into the ledger's words."""
    verdict = network.answerable(post, author)
    why_not = verdict.reason if isinstance(verdict, ReplyByHandOnly | ReplyImpossible) else None
    return IncomingPost(
        post_id=post.id,
        latest_id=post.latest_id,
        conversation_id=post.conversation_id,
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
        answerable=why_not,
        addressed=_clean_texts(post.addressed),
        answers=_clean_text(post.answers),
        edit_keeps_id=post.edit_keeps_id,
    )


def _ingest_reason(post: Post) -> str:
    """Why it concerns us."""
    if post.answers is not None:
        return "names us"
    if post.summons == "explicit":
        return "mentions us"
    return "quotes us" if post.quotes_us else "answers us"


def _clean_text(words: str | None) -> str | None:
    return None if words is None else fit_text(words, NAME_MAX_CHARS)


def _clean_texts(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(fit_text(one, NAME_MAX_CHARS) for one in words)


def _ingest_page(
    session: Session, said: list[IncomingPost], place: IngestTarget, title: str, *, at: datetime
) -> int:
    """Take a page in as a whole; if one post in it will not go in, take the others one by one."""
    try:
        with session.begin_nested():
            return _count_new_and_notify(session, ingest_page(session, said, place, at=at), title, at=at)
    except UNFIT_ERRORS as error:
        raise_if_database_failed(error)
        log.warning("a page did not go into the ledger as a whole; taking its posts one by one")
    return sum(_ingest_post(session, one, place, title, at=at) for one in said)


def _ingest_post(
    session: Session, said: IncomingPost, place: IngestTarget, title: str, *, at: datetime
) -> int:
    try:
        with session.begin_nested():
            return _count_new_and_notify(session, ingest_page(session, [said], place, at=at), title, at=at)
    except UNFIT_ERRORS as error:
        raise_if_database_failed(error)
        bad = UnreadableRow(raw=repr(said), error=type(error).__name__, post_id=said.post_id)
        _quarantine(session, place, bad, at=at)
        return 0


def _count_new_and_notify(session: Session, taken: IngestResult, title: str, *, at: datetime) -> int:
    """How many posts were new. Who spoke again, to whom somebody has answered or is to, is told of."""
    notify_shown_again(session, taken, title, at=at)
    for ticket_id, words in taken.known_ticket_texts.items():
        ticket, post_id = session.get_one(Ticket, ticket_id), taken.newest_post_ids[ticket_id]
        if ticket.owner is not None or ticket.turn > 1:
            thread_notices.post_new_mention(session, ticket, words, post_id, at=at)
            ticket.restart_owner_clock(at)
    return taken.tickets + taken.follow_ups


def notify_shown_again(session: Session, taken: IngestResult, title: str, *, at: datetime) -> None:
    """Say in their threads which tickets have a post that `title`, the network, shows again."""
    for ticket_id, waits in taken.restored_tickets.items():
        ticket = session.get_one(Ticket, ticket_id)
        thread_notices.post_shown_again(session, ticket, title, waits=waits, at=at)


def _quarantine(session: Session, place: IngestTarget, bad: UnreadableRow, *, at: datetime) -> None:
    digest = hashlib.sha256(bad.raw.encode(errors="replace")).hexdigest()
    log.warning("a post of %s could not be read; it is kept in quarantine, with the reason", place.network)
    where = {"network": place.network, "account_id": place.account_id, "digest": digest}
    add_if_absent(
        session,
        QuarantinedPost,
        **where,
        post_id=bad.post_id and sanitize(bad.post_id),
        raw=fit_text(bad.raw, RAW_MAX_CHARS),
        error=fit_text(bad.error, NAME_MAX_CHARS),
        at=at,
    )


def _cursor_mover(
    ctx: BotContext, network: Network, account: AccountIdentity, to: str | None, heard: PollResult
) -> Callable[[Session, int], None]:
    """What the last page of a reading brings with it: the cursor moves, and what it left behind is noted."""

    def move(session: Session, taken: int) -> None:
        at = ctx.now()
        cursor = Cursor.of(session, network.name, account.id, MENTIONS_CURSOR, at=at)
        if heard.left_out:
            cursor.left_out = heard.left_out
            counts = {"shown": FIRST_POLL_MAX_POSTS, "left_out": heard.left_out}
            reading_notices.post_first_poll(
                ctx, session, network, account, has_gap=heard.gap, at=at, **counts
            )
        elif heard.gap and not cursor.is_first and not _has_reached_last(cursor, heard):
            log.warning("%s: the list of mentions ended too early; searching for the rest", network.title)
            since = (cursor.read_at or at) - READ_OVERLAP
            session.add(
                Gap(
                    network=network.name,
                    account_id=account.id,
                    since=since,
                    before_id=heard.oldest,
                    found_at=at,
                    # in a storm all that was listed can be of the last few seconds, and search lags behind
                    not_before=heard.oldest_at and max(heard.oldest_at + SEARCH_INDEX_DELAY, at),
                    heard=0,
                )
            )
        apart = pace.min_interval(network.rate_limit_status("mentions"), at=at, calls=heard.pages)
        is_spread = apart > timedelta(seconds=ctx.settings.poll_seconds)
        cursor.advance(to, at=at, again_at=at + apart if is_spread else None)
        network_alarms.record_success(ctx, session, network, "reading", at=at, heard=taken + heard.taken)

    return move


def _has_reached_last(cursor: Cursor, heard: PollResult) -> bool:
    """Whether the reading got as far as the last one: what it lacks then is only of the overlap before that.

    More than 800 mentions in a quarter of an hour are no gap; what X indexed late there the sweep finds.
    """
    if cursor.post_id is None or heard.oldest is None:
        return False
    return (len(heard.oldest), heard.oldest) <= (len(cursor.post_id), cursor.post_id)


def _record_failure(ctx: BotContext, network: Network, account_id: str, later: Later) -> None:
    """Remember that the network does not answer, since when and why, and do not press it.

    Another account that was connected meanwhile is no failure: the next reading is of its mentions.
    """
    if isinstance(later, WrongAccount):
        log.info("%s: another account was connected while its mentions were read", network.title)
        return
    at = ctx.now()
    log.warning("%s could not be read (%s): %s", network.title, later.cause, later.detail)
    with ctx.db.write() as session:
        cursor = Cursor.of(session, network.name, account_id, MENTIONS_CURSOR, at=at)
        cursor.fail(later.detail, at=at, again_at=next_poll_at(cursor, later, at=at))
        network_alarms.record_failure(ctx, session, network, "reading", later, at=at)


def next_poll_at(cursor: Cursor, later: Later, *, at: datetime) -> datetime:
    """When to read again: when the network says so, else later the longer it fails, within half a minute."""
    if later.cause in {"rate limit", "unauthorized", "out of credit", "forbidden"}:
        wait = POLL_RETRY_MAX_DELAY
    else:
        wait = min((at - (cursor.failing_since or at)) / 2, POLL_RETRY_MAX_DELAY)
    return pace.retry_at(later, at=at, otherwise=wait)
