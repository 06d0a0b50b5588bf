"""Network → ledger: what was said since we last looked, page by page, without losing or repeating any."""

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.ingest import profiles
from bot.ingest.fit_to_ledger import NAME_CHARS, UNFIT, bounded, must_be_the_words
from bot.networks.base import (
    Account,
    Bad,
    HandOff,
    Later,
    Mark,
    Network,
    No,
    Page,
    Person,
    Post,
    WrongAccount,
)
from bot.runtime import crash_points, pace
from bot.slack import network_alarms, thread_notices
from bot.slack.blocks.text import called, clean
from bot.slack.blocks.tickets.card import reply_button
from models import Account as Ours
from models import Cursor, Gap, Mention, Notice, Quarantined, Ticket
from models.core.base import add_if_absent
from models.sources.attachment import Attachment
from models.sources.cursor import MENTIONS
from models.tickets.ingest import Place, Said, Taken, take_in

log = logging.getLogger(__name__)

NOBODY = ""  # whose reading it is that failed before the network said who we are
FIRST_LOOK = timedelta(hours=24)
FIRST_POSTS = 50  # a new account must not flood a channel
LEFT_FOR = timedelta(days=8)  # further back than any reading goes
OVERLAP = timedelta(minutes=15)
LATE = timedelta(hours=1)  # past midnight, how much of yesterday is swept once more
SEARCHED = 2 * LATE  # in a sweep, for what a long day's list no longer shows: one hour, and one late
RETRY = timedelta(seconds=30)
POST_CHARS = 100_000  # what the ledger keeps of one post; X's longest has 25,000
RAW_CHARS = 200_000  # of a row that could not be read
SEARCHABLE = timedelta(minutes=1)  # X's search ends half a minute ago, and what is indexed late comes later


@dataclass(slots=True)
class Heard:
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

    def see(self, page: Page) -> None:
        """Remember how far down `page` goes, and whether it may have been cut off."""
        self.gap |= page.gap
        self.pages += 1
        self.oldest = oldest(self.oldest, page)
        said = (post.posted_at for post in page.posts)
        self.oldest_at = min((self.oldest_at, *said) if self.oldest_at else said, default=None)
        self.listed |= {post.id for post in page.posts}
        if page.gap and self.complete_since is None:
            self.complete_since = self.oldest_at


def poll(desk: Desk, network: Network) -> Heard | None:
    """Read the mentions after the cursor into the ledger; None if it could not be done now.

    The cursor moves in the transaction of the last page: a crash anywhere repeats the same window, and a
    repeat changes nothing. A failure is written to the cursor, so that silence is never taken for peace.
    """
    account = account_of(desk, network)
    cursor = None if account is None else _begin(desk, network, account)
    if account is None or cursor is None:
        return None
    mark = Mark(cursor.post_id, desk.now() - FIRST_LOOK)
    try:
        return _read(desk, network, account, mark, cursor)
    except Later as later:
        _failed(desk, network, account.id, later)
        return None


def sweep(desk: Desk, network: Network) -> Heard | None:
    """Read today's mentions once more: networks index some late, behind every cursor.

    X charges once a post and UTC day: https://docs.x.com/x-api/getting-started/pricing. What it indexed late
    around midnight is in the day before, hence the last hour of that. On a day with more mentions than are
    listed, the rest of the last two hours is searched.
    """
    account = account_of(desk, network)
    cursor = None if account is None else _begin(desk, network, account, is_sweep=True)
    if account is None or cursor is None or cursor.is_first:
        return None
    heard, floor = Heard(), floor_of(desk, cursor)
    try:
        for page in _today(network, account, heard, at=desk.now()):
            if desk.stop.is_set():
                return heard
            heard.see(page)
            kept = of_others(page, account, floor)
            heard.taken += commit(desk, network, account, kept, and_then=None)
    except Later as later:
        _failed(desk, network, account.id, later)
        return None
    finally:
        desk.board_bell.set()
    return heard


def _today(network: Network, account: Account, heard: Heard, *, at: datetime) -> Iterator[Page]:
    """What is listed of today; and if that may have been cut off too early, what a search finds below it.

    `heard` must have seen each page before the next one is asked for.
    """
    yield from network.mentions(Mark(None, today_since(at)), account_id=account.id)
    if heard.gap and heard.oldest_at is not None and heard.oldest_at > at - SEARCHED:
        try:
            below = Mark(None, at - SEARCHED, heard.oldest)
            yield from network.search(f"@{account.handle}", below, account_id=account.id)
        except Later as later:  # the readings are not to blame, and the next sweep comes within the hour
            log.warning("%s could not be searched (%s): %s", network.title, later.cause, later.detail)


def today_since(at: datetime) -> datetime:
    """From when on a sweep at `at` reads."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return min(midnight, at - LATE)


def account_of(desk: Desk, network: Network) -> Account | None:
    """Who we are there; None if it cannot be asked now, which is remembered like any failed reading."""
    nobody = select(Cursor).where(Cursor.network == network.name, Cursor.account_id == NOBODY)
    with desk.db.read() as session:
        failed = session.scalar(nobody)
    if failed is not None and failed.not_before is not None and failed.not_before > desk.now():
        return None
    try:
        return network.account()
    except Later as later:
        _failed(desk, network, NOBODY, later)
        return None


def _begin(desk: Desk, network: Network, account: Account, *, is_sweep: bool = False) -> Cursor | None:
    """The cursor as it is; None if the network does not want to be asked yet.

    A sweep is rare, and has calls kept back for it: it does not wait where polls are only spread.
    """
    at = desk.now()
    with desk.db.write() as session:
        session.execute(delete(Cursor).where(Cursor.network == network.name, Cursor.account_id == NOBODY))
        names = {"handle": bounded(account.handle, NAME_CHARS), "name": bounded(account.name, NAME_CHARS)}
        before = Ours.find(session, network.name, account.id)
        if before is not None and before.handle != names["handle"]:
            _redraw_open(session, network, account)  # their cards name the account
        Ours.learn(session, network=network.name, network_id=account.id, at=at, **names)
        cursor = Cursor.of(session, network.name, account.id, MENTIONS, at=at)
    if is_sweep and cursor.failing_since is None:
        return None if pace.is_spent(network.allowance("mentions"), at=at) else cursor
    return None if cursor.not_before is not None and cursor.not_before > at else cursor


def _redraw_open(session: Session, network: Network, account: Account) -> None:
    """Have the cards of what still waits with `account` drawn anew."""
    here = (Ticket.network == network.name, Ticket.account_id == account.id, Ticket.drawn_revision > 0)
    session.execute(update(Ticket).where(*here, Ticket.is_open()).values(revision=Ticket.revision + 1))


def _read(desk: Desk, network: Network, account: Account, mark: Mark, cursor: Cursor) -> Heard:
    heard, newest, floor = Heard(), None, floor_of(desk, cursor)
    for page, last in with_last(network.mentions(mark, account_id=account.id)):
        if desk.stop.is_set():
            break  # without the last page the cursor stays, and the next start reads all this again
        newest = newest or page.newest
        kept = of_others(page, account, floor)
        heard.see(page)
        if cursor.is_first:
            kept = _capped(kept, heard)
        end = _cursor_mover(desk, network, account, newest, heard) if last else None
        heard.taken += commit(desk, network, account, kept, and_then=end)
        desk.board_bell.set()
    return heard


def oldest(before: str | None, page: Page) -> str | None:
    """The lowest id that was read so far: pages come newest first, their rows in any order."""
    ids = [one for one in (before, *(post.id for post in page.posts)) if one is not None]
    return min(ids, key=lambda one: (len(one), one), default=None)


def with_last(pages: Iterable[Page]) -> Iterator[tuple[Page, bool]]:
    """Say of each page whether it is the last; a reading without any page still ends with an empty one.

    When the reading breaks off, what it brought until then is given out first: it is not the last.
    """
    before: Page | None = None
    try:
        for page in pages:
            if before is not None:
                yield before, False
            before = page
    except Later:
        if before is not None:
            yield before, False
        raise
    yield before or Page(posts=()), True


def of_others(page: Page, account: Account, floor: datetime | None) -> Page:
    """A page without reposts, our own posts, and what the first look left behind."""
    posts = tuple(
        post
        for post in page.posts
        if not post.is_repost and post.author_id != account.id and (floor is None or post.posted_at >= floor)
    )
    return Page(posts, page.bad, page.newest, page.gap)


def floor_of(desk: Desk, cursor: Cursor) -> datetime | None:
    """What the first look left out stays out: later readings overlap with it. None: nothing was left."""
    if not cursor.left_out or desk.now() - cursor.started_at > LEFT_FOR:
        return None
    oldest = select(func.min(Mention.posted_at)).where(
        Mention.network == cursor.network, Mention.account_id == cursor.account_id
    )
    with desk.db.read() as session:
        return session.scalar(oldest)


def _capped(page: Page, heard: Heard) -> Page:
    """As many of the newest posts of a page as the first look may still take."""
    room = max(FIRST_POSTS - heard.kept, 0)
    heard.kept += len(page.posts[:room])
    heard.left_out += len(page.posts[room:])
    return Page(page.posts[:room], page.bad, page.newest, page.gap)


def commit(
    desk: Desk,
    network: Network,
    account: Account,
    page: Page,
    *,
    and_then: Callable[[Session, int], None] | None,
) -> int:
    """Write one page in one transaction, and what follows from it. Gives how many posts were new."""
    crash_points.point("page read")
    posts = list(page.posts)
    had, bought = profiles.of_authors(desk, network, account, posts)
    people = had | bought
    at = desk.now()
    place = Place(network.name, account.id, desk.settings.slack_channel, desk.promise)
    with desk.db.write() as session:
        Cursor.of(session, network.name, account.id, MENTIONS, at=at)  # one writer a reading, see there
        said = [translated(network, post, people.get(post.author_id)) for post in posts]
        taken = _take(session, said, place, network.title, at=at)
        profiles.learn(session, network, bought, at=at)
        for bad in page.bad:
            _quarantine(session, place, bad, at=at)
        if and_then is not None:
            and_then(session, taken)
        crash_points.point("page written")
    crash_points.point("page kept")
    return taken


def translated(network: Network, post: Post, author: Person | None) -> Said:
    """Translate a post into the ledger's words."""
    verdict = network.answerable(post, author)
    why_not = verdict.reason if isinstance(verdict, HandOff | No) else None
    return Said(
        post_id=post.id,
        latest_id=post.latest_id,
        conversation_id=post.conversation_id,
        author_id=post.author_id,
        text=bounded(post.text, POST_CHARS),
        posted_at=post.posted_at,
        url=post.url,
        matched=_why(post),
        in_reply_to=post.in_reply_to,
        quoted=post.quoted,
        lang=post.lang,
        media=tuple(
            Attachment(one.kind, one.url, _cleaned(one.alt), _all_clean(one.choices)) for one in post.media
        ),
        answerable=why_not,
        addressed=_all_clean(post.addressed),
        answers=_cleaned(post.answers),
        edit_keeps_id=post.edit_keeps_id,
    )


def _why(post: Post) -> str:
    """Why it concerns us."""
    if post.answers is not None:
        return "names us"
    if post.summons == "explicit":
        return "mentions us"
    return "quotes us" if post.quotes_us else "answers us"


def _cleaned(words: str | None) -> str | None:
    return None if words is None else bounded(words, NAME_CHARS)


def _all_clean(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(bounded(one, NAME_CHARS) for one in words)


def _take(session: Session, said: list[Said], place: Place, title: str, *, at: datetime) -> int:
    """Take a page in as a whole; if one post in it will not go in, take the others one by one."""
    try:
        with session.begin_nested():
            return _new(session, take_in(session, said, place, at=at), title, at=at)
    except UNFIT as error:
        must_be_the_words(error)
        log.warning("a page did not go into the ledger as a whole; taking its posts one by one")
    return sum(_take_one(session, one, place, title, at=at) for one in said)


def _take_one(session: Session, said: Said, place: Place, title: str, *, at: datetime) -> int:
    try:
        with session.begin_nested():
            return _new(session, take_in(session, [said], place, at=at), title, at=at)
    except UNFIT as error:
        must_be_the_words(error)
        bad = Bad(raw=repr(said), error=type(error).__name__, post_id=said.post_id)
        _quarantine(session, place, bad, at=at)
        return 0


def _new(session: Session, taken: Taken, title: str, *, at: datetime) -> int:
    """How many posts were new. Who spoke again, to whom somebody has answered or is to, is told of."""
    tell_shown_again(session, taken, title, at=at)
    for ticket_id, words in taken.again.items():
        ticket, post_id = session.get_one(Ticket, ticket_id), taken.newest[ticket_id]
        if ticket.owner is not None or ticket.turn > 1:
            thread_notices.heard_again(session, ticket, words, post_id, reply_button(session, ticket), at=at)
            ticket.give_time(at)
    return taken.tickets + taken.follow_ups


def tell_shown_again(session: Session, taken: Taken, title: str, *, at: datetime) -> None:
    """Say in their threads which tickets have a post that `title`, the network, shows again."""
    for ticket_id, waits in taken.shown_again.items():
        ticket = session.get_one(Ticket, ticket_id)
        thread_notices.shown_again(session, ticket, title, reply_button(session, ticket), waits=waits, at=at)


def _quarantine(session: Session, place: Place, bad: Bad, *, at: datetime) -> None:
    digest = hashlib.sha256(bad.raw.encode(errors="replace")).hexdigest()
    log.warning("a post of %s could not be read; it is kept in quarantine, with the reason", place.network)
    where = {"network": place.network, "account_id": place.account_id, "digest": digest}
    add_if_absent(
        session,
        Quarantined,
        **where,
        post_id=bad.post_id and clean(bad.post_id),
        raw=bounded(bad.raw, RAW_CHARS),
        error=bounded(bad.error, NAME_CHARS),
        at=at,
    )


def _cursor_mover(
    desk: Desk, network: Network, account: Account, to: str | None, heard: Heard
) -> Callable[[Session, int], None]:
    """What the last page of a reading brings with it: the cursor moves, and what it left behind is noted."""

    def move(session: Session, taken: int) -> None:
        at = desk.now()
        cursor = Cursor.of(session, network.name, account.id, MENTIONS, at=at)
        if heard.left_out:
            cursor.left_out = heard.left_out
            sentence = _about_first_look(network, account, heard)
            Notice.tell(session, sentence, at=at, channel=desk.settings.slack_channel)
        elif heard.gap and not cursor.is_first and not _reached(cursor, heard):
            log.warning("%s: the list of mentions ended too early; searching for the rest", network.title)
            since = (cursor.read_at or at) - OVERLAP
            session.add(
                Gap(
                    network=network.name,
                    account_id=account.id,
                    since=since,
                    before_id=heard.oldest,
                    found_at=at,
                    # in a storm all that was listed can be of the last few seconds, and search lags behind
                    not_before=heard.oldest_at and max(heard.oldest_at + SEARCHABLE, at),
                    heard=0,
                )
            )
        apart = pace.distance(network.allowance("mentions"), at=at, calls=heard.pages)
        is_spread = apart > timedelta(seconds=desk.settings.poll_seconds)
        cursor.advance(to, at=at, again_at=at + apart if is_spread else None)
        network_alarms.works(desk, session, network, "reading", at=at, heard=taken + heard.taken)

    return move


def _reached(cursor: Cursor, heard: Heard) -> bool:
    """Whether the reading got as far as the last one: what it lacks then is only of the overlap before that.

    More than 800 mentions in a quarter of an hour are no gap; what X indexed late there the sweep finds.
    """
    if cursor.post_id is None or heard.oldest is None:
        return False
    return (len(heard.oldest), heard.oldest) <= (len(cursor.post_id), cursor.post_id)


def _about_first_look(network: Network, account: Account, heard: Heard) -> str:
    at_least = "at least " if heard.gap else ""
    return (
        f"I looked at the last 24 hours of {network.title} for *{called(account.handle)}*: the newest "
        f"{FIRST_POSTS} mentions have cards here. *{at_least}{heard.left_out} older ones* of that day "
        f"were left on {network.title}, so that this channel is not flooded."
    )


def _failed(desk: Desk, network: Network, account_id: str, later: Later) -> None:
    """Remember that the network does not answer, since when and why, and do not press it.

    Another account that was connected meanwhile is no failure: the next reading is of its mentions.
    """
    if isinstance(later, WrongAccount):
        log.info("%s: another account was connected while its mentions were read", network.title)
        return
    at = desk.now()
    log.warning("%s could not be read (%s): %s", network.title, later.cause, later.detail)
    with desk.db.write() as session:
        cursor = Cursor.of(session, network.name, account_id, MENTIONS, at=at)
        cursor.fail(later.detail, at=at, again_at=again_at(cursor, later, at=at))
        network_alarms.failed(desk, session, network, "reading", later, at=at)


def again_at(cursor: Cursor, later: Later, *, at: datetime) -> datetime:
    """When to read again: when the network says so, else later the longer it fails, within half a minute."""
    if later.cause in {"rate limit", "unauthorized", "out of credit", "forbidden"}:
        wait = RETRY
    else:
        wait = min((at - (cursor.failing_since or at)) / 2, RETRY)
    return pace.again_at(later, at=at, otherwise=wait)
