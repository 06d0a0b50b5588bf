"""Which posts of a search are for which tracks: Heard's own matcher decides, whatever the network found."""

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from sqlalchemy.orm import Session

from bot.ingest.fit_to_ledger import NAME_MAX_CHARS, fit_text
from bot.networks.charges import Charge
from bot.networks.values import AuthorProfile, Post, SearchRequest
from bot.runtime.charge_writer import TrackOf
from models import Account, Track
from models.sources.track import MATCHES_PREFIX, UNQUOTED_REASON
from models.sources.track_rules import MAX_TRACKS, TrackDraft
from models.tickets.incoming_post import IncomingPost, OtherReason
from models.tracks.matcher import TrackMatcher
from models.tracks.query import parse_query


@dataclass(frozen=True, slots=True)
class TrackMatch:
    """A track that a post is for, and the words of the post that its query matched.

    `excluded_handles` are those whose posts it leaves out, in lower case. `place` says where the post was
    found, such as "in “Fern forum”"; empty: anywhere.
    """

    track: Track
    words: tuple[str, ...]
    excluded_handles: frozenset[str] = frozenset()
    place: str = ""

    @property
    def reason(self) -> str:
        """Why the post is there, as the card says it, in plain text."""
        found = ", ".join(f"“{word}”" for word in self.words)
        if found:
            return fit_text(f"{MATCHES_PREFIX}{found} {self.place}".rstrip(), NAME_MAX_CHARS)
        return fit_text(f"is {self.place}" if self.place else UNQUOTED_REASON, NAME_MAX_CHARS)


Matches = Mapping[str, Sequence[TrackMatch]]
"""By the id of each post that is for at least one track, which those are; the best one first."""


@dataclass(frozen=True, slots=True)
class _Version:
    """What a track asks for now or, if `is_previous`, asked for until it was edited."""

    track: Track
    query: str
    languages: frozenset[str]
    excluded_handles: frozenset[str]
    is_previous: bool = False

    def decides_about(self, post: Post) -> bool:
        """Whether it is this version that decides about the post: a change is never applied to the past."""
        edited_at = self.track.edited_at if self.track.previous is not None else None
        is_from_before = edited_at is not None and post.posted_at < edited_at
        return self.is_previous == is_from_before and self.track.wants(post.posted_at)

    def speaks(self, post: Post) -> bool:
        """Whether the post is in a language of the track, as far as the network says which it is in."""
        if not self.languages or post.lang is None:
            return True
        return post.lang.partition("-")[0].lower() in self.languages


def request_of(track: Track | TrackDraft) -> SearchRequest:
    """Return what the network is asked to find. Raises `TrackRuleError` for a draft with a bad query."""
    query = track.canonical_query if isinstance(track, TrackDraft) else track.query
    return SearchRequest(_parse(query), tuple(track.languages), tuple(track.excluded_handles))


def requests_of(track: Track, *, with_previous: bool) -> list[SearchRequest]:
    """Return the same of a track in the ledger and, if wanted, of what it was before it was edited."""
    found = [request_of(track)]
    if with_previous and (before := track.previous) is not None:
        handles = tuple(before["excluded_handles"])
        found.append(SearchRequest(_parse(before["query"]), tuple(before["languages"]), handles))
    return found


def find(tracks: Iterable[Track], posts: Iterable[Post]) -> dict[str, list[TrackMatch]]:
    """Return, by the id of each post that matches, the tracks that it is for: searches first, then by age."""
    versions = [version for track in tracks for version in _versions(track)]
    matcher = _matcher(tuple((number, version.query) for number, version in enumerate(versions)))
    found: dict[str, list[TrackMatch]] = {}
    for post in posts:
        matched = []
        for one in matcher.match(post.text, handles=post.addressed, quoted=post.quoted_handle):
            version = versions[one.track_id]
            if version.decides_about(post) and version.speaks(post):
                matched.append(TrackMatch(version.track, one.words, version.excluded_handles))
        if matched:
            found[post.id] = sorted(matched, key=lambda one: (one.track.kind != "search", one.track.id))
    return found


def find_now(tracks: Iterable[Track], posts: Sequence[Post], *, place: str) -> dict[str, list[TrackMatch]]:
    """Return the same by what the tracks ask for now, whatever they asked for when a post was written.

    A track without words is for every post of `place`, in a language that it wants.
    """
    versions = [
        _Version(track, track.query, _folded(track.languages), _folded(track.excluded_handles))
        for track in tracks
    ]
    worded = tuple((number, one.query) for number, one in enumerate(versions) if one.query)
    matcher = _matcher(worded) if worded else None
    found: dict[str, list[TrackMatch]] = {}
    for post in posts:
        words = {one.track_id: one.words for one in matcher.match(post.text)} if matcher is not None else {}
        matched = [
            TrackMatch(one.track, words.get(number, ()), one.excluded_handles, place)
            for number, one in enumerate(versions)
            if (number in words or not one.query) and one.speaks(post)
        ]
        if matched:
            found[post.id] = matched
    return found


def names_any(accounts: Sequence[Account], posts: Iterable[Post]) -> set[str]:
    """Return the ids of the posts that mention one of `accounts`: as the network says, else by their words.

    A handle in the words may be a stranger's on another server, or notify nobody.
    """
    if not accounts:
        return set()
    ids = {one.network_id for one in accounts}
    matcher = _matcher(tuple(enumerate(f"@{one.handle}" for one in accounts)))
    return {
        post.id
        for post in posts
        if (
            matcher.match(post.text, handles=post.addressed)
            if post.mentioned_ids is None
            else not ids.isdisjoint(post.mentioned_ids)
        )
    }


def unchanged(session: Session, matches: Matches) -> dict[str, list[TrackMatch]]:
    """Return `matches` without those of tracks that were changed or removed since they were read.

    The others stay as they are until the transaction ends.
    """
    ids = {one.track.id for found in matches.values() for one in found}
    now = Track.lock_shared(session, ids)
    kept = {}
    for post_id, found in matches.items():
        same = [one for one in found if is_unchanged(one.track, now)]
        if same:
            kept[post_id] = same
    return kept


def is_unchanged(track: Track, now: Mapping[int, Track]) -> bool:
    """Whether `track` is among `now`, as it was."""
    return track.id in now and now[track.id].revision == track.revision


def by_wanted_authors(
    posts: Iterable[Post], people: Mapping[str, AuthorProfile], matches: Matches
) -> dict[str, list[TrackMatch]]:
    """Return `matches` without those of tracks that leave out the post's author."""
    found = {post.id: _wanted_matches(people.get(post.author_id), matches.get(post.id, ())) for post in posts}
    return {post_id: wanted for post_id, wanted in found.items() if wanted}


def by_track(
    posts: Sequence[Post], matches: Matches, mentions_track: Track | None
) -> Iterator[tuple[Track, list[Post]]]:
    """Yield each track that is the first reason of some of `posts`, with those posts.

    One that addresses us is a mention, whatever found it. Without a `mentions_track` each of `posts` is for
    the best track that it matches.
    """
    groups: dict[int, tuple[Track, list[Post]]] = {}
    for post in posts:
        found = matches.get(post.id, ())
        if mentions_track is not None and (not found or addresses_us(post)):
            track = mentions_track
        else:
            track = found[0].track
        groups.setdefault(track.id, (track, []))[1].append(post)
    yield from groups.values()


def with_reasons(post: IncomingPost, track: Track, matches: Sequence[TrackMatch]) -> IncomingPost:
    """Return `post` with why it is there: `track` is its first reason, the other matches are further ones."""
    first = next((one for one in matches if one.track.id == track.id), None)
    also = tuple(OtherReason(one.track.id, one.reason) for one in matches if one.track.id != track.id)
    return replace(post, matched=first.reason if first is not None else post.matched, also=also)


def billed_track(tracks: Sequence[Track], posts: Iterable[Post], matches: Matches) -> TrackOf:
    """Return which of `tracks`, which shared a query, what it was billed for is for.

    A post, and its author's profile, is for the best track that it matches. What matches none, or is on a
    page that was not matched yet, is shared out evenly.
    """
    found: dict[str | None, int] = {}
    for post in posts:
        for one in matches.get(post.id, ())[:1]:
            found |= dict.fromkeys((post.id, post.latest_id, post.author_id), one.track.id)

    def track_of(charge: Charge) -> int:
        spread = zlib.crc32((charge.resource_id or "").encode(errors="replace")) % len(tracks)
        return found.get(charge.resource_id, tracks[spread].id)

    return track_of


def addresses_us(post: Post) -> bool:
    """Whether its author mentions, answers or quotes us."""
    return post.summons != "none" or post.quotes_us


def addressing_any(accounts: Sequence[Account], posts: Iterable[Post]) -> set[str]:
    """Return the ids of the posts that mention, answer or quote us, or one of our `accounts`.

    What the post itself says of us is true of the account that read it alone.
    """
    posts = list(posts)
    names = {name.lower() for one in accounts for name in (one.handle, one.network_id)}
    about = {
        post.id: {(post.answers or "").lower(), (post.quoted_handle or "").lower()} & names for post in posts
    }
    found = {post.id for post in posts if addresses_us(post) or about[post.id]}
    return found | names_any(accounts, posts)


@lru_cache(maxsize=8)
def _matcher(queries: tuple[tuple[int, str], ...]) -> TrackMatcher:
    return TrackMatcher((track_id, _parse(query)) for track_id, query in queries)


_parse = lru_cache(maxsize=2 * MAX_TRACKS)(parse_query)  # every track is asked for again each minute


def _versions(track: Track) -> Iterator[_Version]:
    yield _Version(track, track.query, _folded(track.languages), _folded(track.excluded_handles))
    if (before := track.previous) is not None:
        narrowed = _folded(before["languages"]), _folded(before["excluded_handles"])
        yield _Version(track, before["query"], *narrowed, is_previous=True)


def _folded(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)


def _wanted_matches(author: AuthorProfile | None, matches: Sequence[TrackMatch]) -> list[TrackMatch]:
    handle = (author.handle or author.name).lower() if author is not None else ""
    return [one for one in matches if handle not in one.excluded_handles]
