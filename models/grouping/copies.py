"""Near-identical posts: a campaign, a giveaway. From the third on they share a card."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from rapidfuzz import fuzz
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.core.fingerprint import strip_addressing
from models.core.fold import fold_words
from models.grouping.members import Candidate, ids_of, join_group, load_candidates, open_group
from models.similarity.near_duplicates import SHORT_TEXT_MAX_LETTERS, count_effective_letters
from models.slack.ticket_group import GroupKind, TicketGroup
from models.sources.mention import Mention
from models.tickets.ticket import Ticket

COPIES_MIN = 3  # posts that say the same, until they share a card
ALIKE_MIN_PERCENT = 90  # of the letters, in their order
COMPARED_FOR = timedelta(hours=24)  # and so long may further ones come
COMPARED_MAX = 500  # tickets of one channel, the newest, that are compared with a new one
COMPARED_MAX_CHARS = 2_000  # of each post, from its beginning
_SHINGLE_CHARS = 6
_SHINGLE_SAMPLE = 4  # one shingle in so many is an index key: the same ones in every text
_SAMPLED_FROM_RUNS = 60  # runs of a text; of a shorter one each is a key
_SHARED_MIN = 2  # keys that two texts share before their letters are compared
_LOOKED_UP_MAX = 12  # keys of one text
_PLACES_MAX = 60  # texts that one key leads to, the newest
_COMPARED_PAIRS_MAX = 50  # texts with which one is compared, those that share the most first


def group_copies(
    session: Session, channel: str, new: Sequence[Candidate], *, at: datetime
) -> list[Candidate]:
    """Put near-identical posts among `new` and the recent ones of `channel` on one card.

    Returns those of `new` that joined none.
    """
    new = _join_taking(session, channel, new, at=at)
    if not any(_essence(one.text) for one in new):
        return list(new)
    recent = load_candidates(
        session, Ticket.channel == channel, Ticket.opened_at > at - COMPARED_FOR, limit=COMPARED_MAX
    )
    grouped: set[int] = set()
    for alike in _clusters(new, recent):
        first = min(alike, key=lambda one: (one.opened_at, one.id))
        group = open_group(
            session,
            GroupKind.COPIES,
            channel,
            network=first.network,
            subject=str(first.id),
            post_id=first.post_id,
            at=at,
            taking_until=at + COMPARED_FOR,
        )
        if join_group(session, group, ids_of(alike), why=f"says the same as #{first.id}", at=at):
            grouped |= ids_of(alike)
    return [one for one in new if one.id not in grouped]


def is_near_identical(one: str, other: str) -> bool:
    """Whether two posts say the same, apart from handles, links, emoji and signs.

    Never for short texts, which people write on their own, nor for two that have other numbers: an order
    number or a version is often all that is specific to a person.
    """
    words, others = _essence(one), _essence(other)
    if not (words and others) or _numbers(one) != _numbers(other):
        return False
    return fuzz.ratio(words, others) >= ALIKE_MIN_PERCENT


def _join_taking(
    session: Session, channel: str, new: Sequence[Candidate], *, at: datetime
) -> list[Candidate]:
    """Put those of `new` that repeat the post of a group that is open into that group; returns the others."""
    left = list(new)
    for group, text in _taking_groups(session, channel):
        alike = [one for one in left if is_near_identical(one.text, text)]
        if alike:
            group.taking_until = max(group.taking_until, at + COMPARED_FOR)
            join_group(session, group, ids_of(alike), why=f"says the same as #{group.subject}", at=at)
            left = [one for one in left if one.id not in ids_of(alike)]
    return left


def _taking_groups(session: Session, channel: str) -> Iterator[tuple[TicketGroup, str]]:
    """The groups of copies in `channel` that tickets can join, each with the words that are repeated."""
    wanted = (
        select(TicketGroup)
        .where(
            TicketGroup.kind == GroupKind.COPIES,
            TicketGroup.channel == channel,
            TicketGroup.closed_at.is_(None),
        )
        .order_by(TicketGroup.id)
    )
    for group in session.scalars(wanted).all():
        first = Mention.find(session, int(group.subject), group.post_id or "")
        if first is not None and first.deleted_at is None:
            yield TicketGroup.lock(session, group.id), first.text


def _clusters(new: Iterable[Candidate], recent: Iterable[Candidate]) -> Iterator[list[Candidate]]:
    """The sets of near-identical posts with at least one of `new` in each; `recent` includes `new`.

    Only posts with the same numbers can be, so no others are compared.
    """
    recent_by_numbers = _by_numbers(recent)
    for numbers, some in _by_numbers(new).items():
        others = recent_by_numbers.get(numbers, [])
        if len(others) >= COPIES_MIN:
            yield from _clusters_among(some, others)


def _by_numbers(posts: Iterable[Candidate]) -> dict[tuple[str, ...], list[Candidate]]:
    found: dict[tuple[str, ...], list[Candidate]] = defaultdict(list)
    for one in posts:
        found[_numbers(one.text)].append(one)
    return found


def _clusters_among(new: Iterable[Candidate], recent: Sequence[Candidate]) -> Iterator[list[Candidate]]:
    """The same of posts that have the same numbers."""
    by_key: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(recent):
        for key in _keys(one.text):
            by_key[key].append(place)
    taken: set[int] = set()
    for one in new:
        if one.id in taken:
            continue
        # The rarest keys that are not its own alone say most, and a campaign has each of them everywhere.
        keys = sorted(
            (key for key in _keys(one.text) if len(by_key[key]) > 1), key=lambda key: len(by_key[key])
        )
        shared = Counter(place for key in keys[:_LOOKED_UP_MAX] for place in by_key[key][-_PLACES_MAX:])
        alike = [
            recent[place]
            for place, count in shared.most_common(_COMPARED_PAIRS_MAX)
            if count >= _SHARED_MIN
            and recent[place].id not in taken
            and is_near_identical(one.text, recent[place].text)
        ]
        if len(alike) >= COPIES_MIN:
            found = taken | ids_of(alike)
            alike += [
                other for other in recent if other.id not in found and is_near_identical(one.text, other.text)
            ]
            taken |= ids_of(alike)
            yield alike


@lru_cache(maxsize=4096)
def _essence(text: str) -> str:
    """What is compared: the letters and digits of the words, in order; empty for a short text."""
    kept = "".join(fold_words(_bare(text)))
    return kept if count_effective_letters(kept) >= SHORT_TEXT_MAX_LETTERS else ""


@lru_cache(maxsize=4096)
def _numbers(text: str) -> tuple[str, ...]:
    """The numbers in a text, sorted."""
    return tuple(sorted(word for word in fold_words(_bare(text)) if any(char.isdigit() for char in word)))


def _bare(text: str) -> str:
    """The beginning of a text, without handles, links and emoji."""
    return strip_addressing(text[:COMPARED_MAX_CHARS], ())


@lru_cache(maxsize=4096)
def _keys(text: str) -> tuple[str, ...]:
    """Some runs of letters of a text, chosen by what they are and not by where they stand."""
    words = _essence(text)
    runs = {words[start : start + _SHINGLE_CHARS] for start in range(len(words) - _SHINGLE_CHARS + 1)}
    if len(runs) < _SAMPLED_FROM_RUNS:
        return tuple(runs)
    return tuple(run for run in runs if sum(map(ord, run)) % _SHINGLE_SAMPLE == 0)
