"""Whether a network can find what somebody wants to listen for, asked before anything is stored."""

from collections.abc import Collection, Mapping

from bot.ingest import track_matches
from bot.networks import registry
from bot.networks.base import ReadCall, supports
from bot.networks.errors import SearchRefusedError
from bot.networks.feed_reader import FeedReader
from bot.networks.registry import NetworkSettings
from models.core.mrkdwn import escape_entities
from models.sources.track import FEED_TRACK, TrackKind
from models.sources.track_rules import TrackDraft, TrackRuleError

CALL_OF_KIND: Mapping[str, ReadCall] = {"search": "search", "hashtag": "search", "feed": "feed"}


def able_networks(
    kind: TrackKind, on_networks: Mapping[str, NetworkSettings], connected: Collection[str] = ()
) -> list[str]:
    """Return the names of the networks that can do it: those that are set up, else all that Heard knows.

    Set up are those with settings of their own, and those of which an account is `connected`.
    One that needs no account is there on every machine, so that it says nothing about what somebody means: it
    is among several, and is the only one only where no other could do it.
    """
    call, registered = CALL_OF_KIND.get(kind), registry.registered()
    able = [name for name, one in registered.items() if call is not None and supports(one.network, call)]
    used = {name for name, settings in on_networks.items() if settings.is_configured} | set(connected)
    set_up = [name for name in able if name in used]
    if len(set_up) == 1:
        return set_up
    return [name for name in able if name in set_up or registered[name].is_always_there] if set_up else able


def feed_reader(network: str) -> type[FeedReader]:
    """Return the class of the network called `network`, which reads feeds. Raises `TrackRuleError`."""
    registration = registry.registered().get(network)
    if registration is None or not issubclass(registration.network, FeedReader):
        raise TrackRuleError(f"Heard cannot listen for a feed on {escape_entities(network)}.")
    return registration.network


def check(draft: TrackDraft) -> None:
    """Raise `TrackRuleError` if the draft's network cannot find what it asks for."""
    registration = registry.registered().get(draft.network)
    if registration is None:
        known = ", ".join(registry.registered())
        raise TrackRuleError(f"Heard knows no network called {escape_entities(draft.network)}: {known}.")
    call = CALL_OF_KIND.get(draft.kind)
    if call is None or not supports(registration.network, call):
        raise TrackRuleError(f"Heard cannot listen for a {draft.kind} on {registration.title}.")
    if draft.kind == FEED_TRACK:
        draft.check_feed()
        return
    try:
        registration.network.search_text([track_matches.request_of(draft)])
    except SearchRefusedError as no:
        raise TrackRuleError(escape_entities(str(no))) from None
