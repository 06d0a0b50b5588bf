"""Ledger → the Home tab of whoever looks at it: at once when they open it or act there, else now and then."""

import logging
from datetime import timedelta

from sqlalchemy.orm import Session

from bot.blocks.home import MINE, WAITING, Shown, digest, home
from bot.blocks.report import may_be_short
from bot.desk import Desk
from bot.slack import SlackError, SlackLaterError
from models import Home, Pause, drafts, overview

log = logging.getLogger(__name__)

EVERY = 30.0  # seconds: no Home is drawn again more often because of what happens elsewhere
LOOKED_AT = timedelta(minutes=10)  # so long after the last sign of life nobody may be looking any more


def show(desk: Desk, user: str, *, notice: str | None = None, seen: str | None = None) -> None:
    """Publish Home for `user`, who looks at it now.

    `notice` is what to tell them on top. `seen` is the private_metadata of what Slack shows them: the very
    same is not published again.
    """
    with desk.db.write() as session:
        Home.looked_at(session, user, at=desk.now())
    with desk.db.read() as session:
        view = home(read(desk, session, user), notice)
    if view["private_metadata"] == seen:
        _remember(desk, user, digest(view))
        return
    try:
        desk.slack.publish_home(user, view)
    except SlackError as error:
        log.warning("a Home could not be published: %s", error)
    else:
        _remember(desk, user, digest(view))


def refresh(desk: Desk) -> None:
    """Publish each Home anew that somebody may be looking at, if it shows something else by now."""
    with desk.db.read() as session:
        looked_at = Home.looked_at_since(session, desk.now() - LOOKED_AT)
    for one in looked_at:
        if desk.stop.is_set():
            return
        with desk.db.read() as session:
            view = home(read(desk, session, one.user_id))
        if digest(view) == one.digest:
            continue
        try:
            desk.slack.publish_home(one.user_id, view)
        except SlackLaterError as later:
            log.info("Homes wait: %s", later)
            return
        except SlackError as error:
            log.warning("a Home could not be refreshed: %s", error)
        else:
            _remember(desk, one.user_id, digest(view))


def read(desk: Desk, session: Session, user: str) -> Shown:
    """Gather what the Home of `user` shows."""
    titles = {name: network.title for name, network in desk.networks.items()}
    known, pause = desk.slack.identity_if_known(), Pause.now(session)
    return Shown(
        drafts=tuple(drafts.kept_for(session, user)),
        mine=overview.owned(session, user, limit=MINE),
        waiting=overview.waiting(session, limit=WAITING),
        unread=tuple(may_be_short(overview.unread(session), titles)),
        titles=titles,
        url=known.url if known is not None else "",
        at=desk.now(),
        pause=pause.sentence if pause is not None else None,
    )


def _remember(desk: Desk, user: str, shown: str) -> None:
    with desk.db.write() as session:
        Home.shows(session, user, shown)
