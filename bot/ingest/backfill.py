"""What a network did not list is searched for: downwards, each page kept, so that it comes to an end.

A gap can be long and a network in trouble: a search that began anew with every failure might never arrive.
"""

import logging
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.orm import Session

from bot.context import Desk
from bot.ingest.poller import RETRY, Heard, commit, floor_of, of_others, oldest, poll, with_last
from bot.networks.base import Account, Later, Mark, Network
from bot.runtime import clock_set_back, pace
from bot.slack.blocks.text import reported
from models import Cursor, Gap, Notice
from models.sources.cursor import MENTIONS

log = logging.getLogger(__name__)

SEARCH_REACHES = timedelta(days=6, hours=23)  # https://docs.x.com/x-api/posts/search/introduction: a week


def listen(desk: Desk, network: Network) -> Heard | None:
    """Read what is new, then go on with what earlier readings left out; None if nothing was read."""
    clock_set_back.settle(desk)
    heard = poll(desk, network)
    if heard is not None:
        heard.taken += fill(desk, network)
    return heard


def fill(desk: Desk, network: Network) -> int:
    """Search on for each gap; what fails is gone on with later. Gives how many mentions were new."""
    account = network.account()
    with desk.db.read() as session:
        gaps = Gap.open_of(session, network.name, account.id)
    taken = 0
    for gap in gaps:
        if gap.not_before is None or gap.not_before <= desk.now():
            try:
                taken += _search(desk, network, account, gap)
            except Later as later:
                _failed(desk, network, gap.id, later)
    return taken


def _search(desk: Desk, network: Network, account: Account, gap: Gap) -> int:
    """Read on downwards from where it stands."""
    with desk.db.write() as session:
        cursor = Cursor.of(session, network.name, account.id, MENTIONS, at=desk.now())
    floor, low, taken = floor_of(desk, cursor), gap.before_id, 0
    mark = Mark(None, max(gap.since, desk.now() - SEARCH_REACHES), gap.before_id)
    for page, last in with_last(network.search(f"@{account.handle}", mark, account_id=account.id)):
        if desk.stop.is_set():
            break
        low = oldest(low, page)
        note = _note(desk, network, gap.id, low, is_over=last)
        taken += commit(desk, network, account, of_others(page, account, floor), and_then=note)
        desk.board_bell.set()
    return taken


def _note(
    desk: Desk, network: Network, gap_id: int, low: str | None, *, is_over: bool
) -> Callable[[Session, int], None]:
    """What a page of the search brings with it: how far it got, or that it is over."""

    def note(session: Session, taken: int) -> None:
        gap = session.get(Gap, gap_id)
        if gap is None:  # another worker, whom this one was taken to have died for, came to its end first
            return
        gap.before_id, gap.heard, gap.not_before, gap.failure = low, gap.heard + taken, None, None
        if is_over:
            _tell(desk, session, gap, _searched(network))

    return note


def _failed(desk: Desk, network: Network, gap_id: int, later: Later) -> None:
    """Try again in a while; unless the network never lets us search."""
    at = desk.now()
    log.warning("%s could not be searched (%s): %s", network.title, later.cause, later.detail)
    with desk.db.write() as session:
        gap = session.get(Gap, gap_id)
        if gap is None:
            return
        gap.not_before, gap.failure = pace.again_at(later, at=at, otherwise=RETRY), later.detail
        if later.cause == "forbidden":
            _tell(desk, session, gap, _not_searched(network, later))


def _tell(desk: Desk, session: Session, gap: Gap, sentence: str) -> None:
    Notice.tell(session, sentence, at=desk.now(), channel=desk.settings.slack_channel)
    session.delete(gap)


def _stopped(network: Network) -> str:
    return f":warning: {network.title} stopped listing mentions before it reached the last one that I knew."


def _searched(network: Network) -> str:
    missing = "what only answers us without naming us may be missing"
    return f"{_stopped(network)} I searched for the rest; {missing}."


def _not_searched(network: Network, later: Later) -> str:
    why = reported(later.detail)
    return f"{_stopped(network)} It does not let me search for the rest ({why}): please look."
