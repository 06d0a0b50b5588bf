"""What a mute of words, or something more that a track leaves out, would have taken away lately. Reads only.

Nobody should have to guess whether words catch what they mean: posts of the last 30 days are compared with
them, as new ones will be, and the outcomes that those posts had are counted.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from models.mutes.mute_rules import MuteDraft
from models.privacy.read_access import PUBLIC_ONLY
from models.sources.attachment import Attachment, display_text
from models.sources.author import Author
from models.sources.mention import IS_FIRST_ROW, Mention
from models.sources.mute import EVERY_NETWORK
from models.sources.track import MATCHES_PREFIX, SEARCHED_KINDS, UNQUOTED_REASON, Track
from models.tickets.state import TicketState
from models.tickets.ticket import CANARY_NETWORK, Ticket
from models.tracks.common_words import COMMON_WORDS
from models.tracks.matcher import TrackMatcher
from models.tracks.post_text import Words, is_unspaced, read_post
from models.tracks.query import TrackQueryError, parse_query

FORESIGHT_WINDOW = timedelta(days=30)
SCANNED_MAX_POSTS = 5_000  # the newest ones
SHOWN_MAX_POSTS = 5
PROPOSALS_MAX = 3
WORD_PROPOSALS_MAX = 2
WORD_MIN_CHARS = 3
TERM_MAX_CHARS = 80  # of a word or a pair


@dataclass(frozen=True, slots=True)
class RecentPost:
    """A post of the last weeks, and how its ticket stands."""

    ticket_id: int
    author_id: int
    handle: str | None
    text: str
    addressed: tuple[str, ...]
    state: str
    media_text: str = ""

    @property
    def display_text(self) -> str:
        """The text; if there is none, a description of what is attached."""
        return self.text or self.media_text


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would have been taken away: of `scanned` posts so many with each outcome, and the newest."""

    scanned: int
    outcomes: Mapping[str, int]
    posts: tuple[RecentPost, ...]

    @property
    def total(self) -> int:
        """How many posts."""
        return sum(self.outcomes.values())

    @property
    def answered(self) -> int:
        """How many of them we answered."""
        return self.outcomes.get(TicketState.ANSWERED, 0)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Something that a track could leave out: words, spelled as in its query, or posts by a `handle`."""

    words: str
    handle: str
    removed: Foreseen


def foresee_words(session: Session, draft: MuteDraft, *, at: datetime) -> Foreseen:
    """Returns which posts of the last 30 days that do not address us these words would have muted."""
    here: list[ColumnElement[bool]] = [
        or_(Mention.matched.startswith(MATCHES_PREFIX), Mention.matched == UNQUOTED_REASON)
    ]
    if draft.network != EVERY_NETWORK:
        here.append(Mention.network == draft.network)
    posts = _recent(session, here, at=at)
    matcher = TrackMatcher([(0, parse_query(draft.value))])
    return _foreseen(posts, lambda post: bool(matcher.match(post.text, handles=post.addressed)))


def propose_exclusions(session: Session, track: Track, ticket: Ticket, *, at: datetime) -> list[Exclusion]:
    """Returns what `track` could leave out, so that posts like those of `ticket` do not come: three at most.

    Words and pairs of words are proposed that are in the ticket's posts and in others that were not about us,
    and in none that was answered; those first that most of these have. Then the author. Nothing of a track
    that is removed, or whose posts are not searched for.
    """
    if track.kind not in SEARCHED_KINDS or track.removed_at is not None:
        return []
    posts = _recent(session, [Mention.track_id == track.id], at=at)
    own = [post for post in posts if post.ticket_id == ticket.id]
    if not own:
        return []
    found = []
    if track.kind == "search":
        found = [_words_exclusion(posts, term) for term in _candidates(track, posts, own)]
    author = session.get_one(Author, ticket.author_id)
    excluded = {name.lower() for name in track.excluded_handles}
    if author.handle and author.handle.lower() not in excluded:
        removed = _foreseen(posts, lambda post: post.author_id == author.id)
        found.append(Exclusion("", author.handle, removed))
    return found[:PROPOSALS_MAX]


def _recent(session: Session, here: Collection[ColumnElement[bool]], *, at: datetime) -> list[RecentPost]:
    query = (
        select(
            Mention.ticket_id,
            Mention.author_id,
            Author.handle,
            Mention.text,
            Mention.addressed,
            Ticket.state,
            Mention.media,
        )
        .join(Ticket, Ticket.id == Mention.ticket_id)
        .join(Author, Author.id == Mention.author_id)
        .where(
            Mention.posted_at >= at - FORESIGHT_WINDOW,
            Mention.deleted_at.is_(None),
            Mention.network != CANARY_NETWORK,
            IS_FIRST_ROW,
            PUBLIC_ONLY.condition(),  # found posts are quoted, and a search finds what is public
            *here,
        )
        .order_by(Mention.posted_at.desc(), Mention.id.desc())
        .limit(SCANNED_MAX_POSTS)
    )
    return [
        RecentPost(
            ticket_id,
            author_id,
            handle,
            text,
            tuple(addressed or ()),
            state,
            "" if text else display_text("", map(Attachment.read, media or [])),
        )
        for ticket_id, author_id, handle, text, addressed, state, media in session.execute(query)
    ]


def _foreseen(posts: Collection[RecentPost], is_gone: Callable[[RecentPost], bool]) -> Foreseen:
    gone = [post for post in posts if is_gone(post)]
    return Foreseen(len(posts), Counter(post.state for post in gone), tuple(gone[:SHOWN_MAX_POSTS]))


def _words_exclusion(posts: Collection[RecentPost], term: str) -> Exclusion:
    matcher = TrackMatcher([(0, parse_query(term))])
    removed = _foreseen(posts, lambda post: bool(matcher.match(post.text, handles=post.addressed)))
    return Exclusion(term, "", removed)


# --- words that posts share ---------------------------------------------------------------------------------


def _candidates(track: Track, posts: Iterable[RecentPost], own: Iterable[RecentPost]) -> list[str]:
    """Words, else pairs, of `own` posts that other posts not about us have, too, and no answered one has."""
    query = parse_query(track.query)  # what it looks for or leaves out already is nothing to propose
    known = [term for group in (*query.alternatives, query.excluded) for term in group]
    wanted = {word for term in known for word in term.pattern.words}
    mine: dict[tuple[str, ...], str] = {}
    for post in own:
        mine |= _terms(read_post(post.text), wanted)
    theirs, good, others = Counter[tuple[str, ...]](), set[tuple[str, ...]](), Counter[tuple[str, ...]]()
    own_tickets = {post.ticket_id for post in own}
    for post in posts:
        if post.ticket_id in own_tickets:
            continue
        terms = _terms(read_post(post.text), wanted).keys() & mine.keys()
        if post.state == TicketState.ANSWERED:
            good |= terms
        elif post.state == TicketState.NOT_ABOUT_US:
            theirs.update(terms)
        else:
            others.update(terms)
    shared = [term for term in theirs if term not in good]
    shared.sort(key=lambda term: (-theirs[term], others[term], len(term), -len("".join(term)), term))
    kept: list[tuple[str, ...]] = []
    for term in shared:
        if not any(
            set(term) & set(other) for other in kept
        ):  # a pair of words that are there says nothing more
            kept.append(term)
    spelled = (_spelled(mine[term]) for term in kept)
    return [one for one in spelled if one is not None][:WORD_PROPOSALS_MAX]


def _terms(read: Words, wanted: Collection[str]) -> dict[tuple[str, ...], str]:
    """The words of a post that may say what it is about, and the pairs of such, as they stand there."""
    found: dict[tuple[str, ...], str] = {}
    for place, word in enumerate(read.words):
        start, end = read.places[place]
        if word in wanted:
            continue
        if (
            len(word) >= WORD_MIN_CHARS
            and word.isalpha()
            and word not in COMMON_WORDS
            and not is_unspaced(word)
        ):
            found[word,] = read.text[start:end]
        if place + 1 == len(read.words) or read.words[place + 1] in wanted:
            continue
        following = read.words[place + 1]
        is_pair = read.gaps[place + 1] in ("", " ") and (len(word) > 1 or is_unspaced(word))
        if is_pair and word.isalpha() and following.isalpha() and not {word, following} <= COMMON_WORDS:
            found[word, following] = f'"{" ".join(read.text[start : read.places[place + 1][1]].split())}"'
    return found


def _spelled(typed: str) -> str | None:
    """The term as one types it in a query; None if it cannot be one, or is too long for a button."""
    if len(typed) > TERM_MAX_CHARS:
        return None
    try:
        query = parse_query(typed)
    except TrackQueryError:
        return None
    [group] = query.alternatives
    return group[0].spelled if len(group) == 1 and not query.excluded else None
