"""Which posts of a search are for which tracks: Heard's own matcher decides, whatever the network found."""

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from bot.ingest.fit_to_ledger import NAME_MAX_CHARS, fit_text
from bot.networks.base import AuthorProfile, Post, SearchRequest
from bot.networks.charges import Charge
from bot.runtime.charge_writer import TrackOf
from models import Track
from models.sources.track_rules import MAX_TRACKS, TrackDraft
from models.tickets.incoming_post import IncomingPost, OtherReason
from models.tracks.matcher import TrackMatcher
from models.tracks.query import parse_query


@dataclass(frozen=True, slots=True)
class TrackMatch:
    """A track that a post is for, and the words of the post that its query matched."""

    track: Track
    words: tuple[str, ...]

    @property
    def reason(self) -> str:
        """Why the post is there, as the card says it, in plain text."""
        found = ", ".join(f"“{word}”" for word in self.words)
        return fit_text(f"matches {found}" if found else "matches a search", NAME_MAX_CHARS)


Matches = Mapping[str, Sequence[TrackMatch]]
"""By the id of each post that is for at least one track, which those are; the best one first."""


def request_of(track: Track | TrackDraft) -> SearchRequest:
    """Return what the network is asked to find. Raises `TrackRuleError` for a draft with a bad query."""
    query = track.canonical_query if isinstance(track, TrackDraft) else track.query
    return SearchRequest(_parse(query), tuple(track.languages), tuple(track.excluded_handles))


def find(tracks: Iterable[Track], posts: Iterable[Post]) -> dict[str, list[TrackMatch]]:
    """Return, by the id of each post that matches, the tracks that it is for: searches first, then by age."""
    by_id = {track.id: track for track in tracks}
    matcher = _matcher(tuple((track.id, track.query) for track in by_id.values()))
    found: dict[str, list[TrackMatch]] = {}
    for post in posts:
        matched = [
            TrackMatch(by_id[one.track_id], one.words)
            for one in matcher.match(post.text, handles=post.addressed)
            if _speaks(post, by_id[one.track_id])
        ]
        if matched:
            found[post.id] = sorted(matched, key=lambda one: (one.track.kind != "search", one.track.id))
    return found


def by_wanted_authors(
    posts: Iterable[Post], people: Mapping[str, AuthorProfile], matches: Matches
) -> dict[str, list[TrackMatch]]:
    """Return `matches` without those of tracks that leave out the post's author."""
    found = {post.id: _wanted_matches(people.get(post.author_id), matches.get(post.id, ())) for post in posts}
    return {post_id: wanted for post_id, wanted in found.items() if wanted}


def by_track(
    posts: Sequence[Post], matches: Matches, mentions_track: Track
) -> Iterator[tuple[Track, list[Post]]]:
    """Yield each track that is the first reason of some of `posts`, with those posts.

    One that addresses us is a mention, whatever found it.
    """
    groups: dict[int, tuple[Track, list[Post]]] = {}
    for post in posts:
        found = matches.get(post.id)
        track = mentions_track if not found or addresses_us(post) else found[0].track
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


@lru_cache(maxsize=8)
def _matcher(queries: tuple[tuple[int, str], ...]) -> TrackMatcher:
    return TrackMatcher((track_id, _parse(query)) for track_id, query in queries)


_parse = lru_cache(maxsize=2 * MAX_TRACKS)(parse_query)  # every track is asked for again each minute


def _speaks(post: Post, track: Track) -> bool:
    """Whether the post is in a language of the track, as far as the network says which it is in."""
    if not track.languages or post.lang is None:
        return True
    return post.lang.partition("-")[0].lower() in {one.lower() for one in track.languages}


def _wanted_matches(author: AuthorProfile | None, matches: Sequence[TrackMatch]) -> list[TrackMatch]:
    handle = author.handle.lower() if author is not None else ""
    return [one for one in matches if handle not in {name.lower() for name in one.track.excluded_handles}]
