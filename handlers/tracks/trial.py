"""*Try it* in the modal of a track: first the price, on a second press what it would have found.

Nothing is saved. What is asked of the network takes longer than Slack waits, so the modal is redrawn twice:
while Heard looks, and with the answer.
"""

import hashlib
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.context import BotContext
from bot.ingest import listening_budget, track_matches
from bot.ingest.pages import our_account_ids, without_own_posts
from bot.networks.base import Network
from bot.networks.charges import COUNT_CHARGE, SEARCH_CHARGE
from bot.networks.errors import Later, SearchRefusedError, WrongAccount
from bot.networks.values import AccountIdentity, Post, PostPage, RateLimitStatus
from bot.publish import account_check
from bot.runtime import pace
from bot.slack.blocks.elements import Block
from bot.slack.blocks.text import date_token, mrkdwn_error, truncate
from bot.slack.blocks.tracks import modal as face
from bot.slack.blocks.tracks import trial
from bot.slack.blocks.tracks.trial import TrialPost, TrialPrices
from bot.slack.blocks.tracks.values import TrackModalValue
from bot.slack.blocks.values import NoValue
from bot.slack.errors import SlackError
from handlers.door import Act, door
from handlers.feedback import LEDGER_TIMEOUT_SECONDS, error_text
from handlers.tracks import form as forms
from handlers.tracks.admins import require_admin
from models import Track
from models.core.base import RuleBrokenError
from models.core.mrkdwn import escape_entities
from models.sources.track_rules import TrackDraft
from models.tickets.incoming_post import is_private
from models.tracks.query import parse_query, warnings

log = logging.getLogger(__name__)

WINDOW = timedelta(hours=24)
DETAIL_MAX_CHARS = 300  # of a network's words about an error
PRESSES_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What the modal shows, and for which draft the price has been told by then (a digest)."""

    blocks: Sequence[Block]
    tried: str = ""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A search that is tried: as whom it is asked, in the network's words, and how far back."""

    network: Network
    account: AccountIdentity
    text: str
    since: datetime


class _Presses:
    """The modals in which *Try it* was pressed lately, as they were drawn then: a look costs money.

    Whoever presses twice before the modal is redrawn presses what has the same hash.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], None] = {}
        self._lock = threading.Lock()

    def add(self, drawn: tuple[str, str]) -> bool:
        """Remember it; whether it is the first press there."""
        with self._lock:
            if drawn in self._kept:
                return False
            self._kept[drawn] = None
            if len(self._kept) > PRESSES_KEPT:
                del self._kept[next(iter(self._kept))]
            return True

    def discard(self, drawn: tuple[str, str]) -> None:
        """Forget it: the modal looks as it did, so it can be pressed again."""
        with self._lock:
            self._kept.pop(drawn, None)


_presses = _Presses()


@door.press(face.TRY_ACTION_ID, value=NoValue, in_background=True)
def try_it(act: Act[NoValue]) -> None:
    """Look, and show it in the modal; what was typed stays, whatever happens."""
    ctx, carried = act.ctx, act.modal(TrackModalValue)
    form = forms.read_form(ctx, act.view, carried)
    drawn = (str(act.view["id"]), str(act.view["hash"]))
    if not _presses.add(drawn):
        return
    if not _show(act, forms.rebuild(ctx, carried, form, is_trying=True)):
        _presses.discard(drawn)
        return
    try:
        require_admin(ctx, act.who.id)
        outcome = _look(ctx, carried, forms.parse_draft(form, _load(ctx, carried)))
    except Exception as error:  # noqa: BLE001 - a person pressed, a person gets a sentence
        outcome = _Outcome(trial.build_problem(error_text(error)), carried.tried)
    _show(act, forms.rebuild(ctx, replace(carried, tried=outcome.tried), form, trial=outcome.blocks))


def _load(ctx: BotContext, carried: TrackModalValue) -> Track | None:
    if carried.track is None:
        return None
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        return forms.find_track(session, carried.track)


def _show(act: Act[NoValue], view: dict[str, Any]) -> bool:
    """Redraw the modal; whether Slack took it."""
    try:
        act.ctx.slack.update_view(act.view["id"], view)
    except SlackError as error:  # mostly it was closed meanwhile
        log.info("could not update the modal of a track: %s", error)
        return False
    return True


def _look(ctx: BotContext, carried: TrackModalValue, draft: TrackDraft) -> _Outcome:
    """Ask the network: how many there are, or if that was told already which ones.

    Raises `RuleBrokenError`.
    """
    told = warnings(parse_query(draft.query))
    network = _network_of(ctx, draft)
    digest = _digest(draft)
    prices = TrialPrices(
        network.title,
        network.posts_per_search_page,
        network.usd_of(SEARCH_CHARGE),
        network.usd_of(COUNT_CHARGE),
    )
    is_priced = carried.tried == digest
    try:
        asked = _Asked(
            network,
            network.account(),
            network.search_text([track_matches.request_of(draft)]),
            ctx.now() - WINDOW,
        )
        if not is_priced:
            _check_pace(ctx, network, network.rate_limit_status("counts"))
            count = network.count_matches(asked.text, asked.since, account_id=asked.account.id)
            return _Outcome(trial.build_count(prices, count, told), digest)
        _check_pace(ctx, network, network.rate_limit_status("search"))
        read, found = _read_page(ctx, asked, draft)
    except WrongAccount as wrong:
        why = account_check.explain_wrong_account(ctx, network, wrong)
    except Later as later:
        detail = truncate(later.detail, DETAIL_MAX_CHARS)
        why = f"{network.title} could not be searched: {mrkdwn_error(detail)}"
    except SearchRefusedError as no:
        why = escape_entities(str(no))
    else:
        return _Outcome(trial.build_result(prices, found, read=read, warnings=told))
    return _Outcome(trial.build_problem(why, told), carried.tried)


def _network_of(ctx: BotContext, draft: TrackDraft) -> Network:
    if draft.account_id is not None:
        return ctx.network_as(draft.network, draft.account_id)
    return ctx.network(draft.network)


def _check_pace(ctx: BotContext, network: Network, allowance: RateLimitStatus | None) -> None:
    """Leave the rest of the rate limit to the readings that nobody may miss, and keep to the monthly cap.

    Raises `RuleBrokenError`.
    """
    if listening_budget.is_spent(ctx, network):
        raise RuleBrokenError(
            f"The monthly cap is reached, so nothing is searched on {network.title} until next month. "
            "`/mentions cost` has details."
        )
    if allowance is not None and pace.is_spent(allowance, at=ctx.now()):
        again = date_token(allowance.resets_at, "{time}")
        raise RuleBrokenError(f"{network.title} takes no more searches until {again}. Try it again then.")


def _read_page(ctx: BotContext, asked: _Asked, draft: TrackDraft) -> tuple[int, list[TrialPost]]:
    """Read one page, and return how many posts it had and those that Heard's own matcher wants, newest first.

    Raises `Later`.
    """
    after = asked.network.position_at(asked.since)
    pages = asked.network.search(asked.text, after, account_id=asked.account.id)
    page = next(iter(pages), PostPage(()))
    kept = without_own_posts(page, our_account_ids(ctx, asked.account), asked.since)
    track = Track(
        id=0,
        kind=draft.kind,
        network=draft.network,
        query=draft.query,
        languages=list(draft.languages),
        excluded_handles=list(draft.excluded_handles),
    )
    matches = track_matches.find([track], kept.posts)
    # Our account may be shown what others are not: nobody knows yet who would see a card of it.
    public = [post for post in kept.posts if not is_private(post.visibility)]
    wanted = sorted((post for post in public if post.id in matches), key=_newest_first)
    return len(page.posts), [TrialPost(post.text, post.posted_at, post.url) for post in wanted]


def _newest_first(post: Post) -> float:
    return -post.posted_at.timestamp()


def _digest(draft: TrackDraft) -> str:
    """What is the same only for two drafts that cost the same: not the channel."""
    wanted = (draft.network, draft.account_id, draft.query, draft.languages, draft.excluded_handles)
    return hashlib.sha256(repr(wanted).encode()).hexdigest()[:16]
