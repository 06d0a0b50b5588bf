"""What one person was shown on asking, kept for a day, so that they can share just that.

It lies among the notices as one that was told already: nothing will send it again by itself.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models.base import RuleBrokenError
from models.notice import Notice

SHOWN, SHARING, SHARED = "shown", "sharing", "shared"
ALL = (SHOWN, SHARING, SHARED)

Pages = list[list[dict[str, Any]]]


def keep(session: Session, key: str, text: str, pages: Pages, *, channel: str, at: datetime) -> None:
    """Remember what was shown under `key` to somebody who asked in `channel`."""
    session.add(Notice(key=key, text=text, blocks=pages, channel=channel, created_at=at, ts=SHOWN))


def claim(session: Session, key: str) -> tuple[str, str, Pages]:
    """Its channel, text and pages, for the one who is about to share it: nobody else gets them."""
    held = select(Notice).where(Notice.key == key, Notice.ts.in_(ALL)).with_for_update()
    found = session.scalar(held.execution_options(populate_existing=True))
    if found is None:
        raise RuleBrokenError("That is too old to be shared: ask for it again, and share that.")
    if found.ts == SHARING:
        raise RuleBrokenError(
            "Slack has not said yet whether that was shared: look in the channel. "
            "If it is not there, ask for it again, and share that.",
        )
    if found.ts == SHARED:
        raise RuleBrokenError("You have shared that already.")
    found.ts = SHARING
    return str(found.channel), found.text, found.blocks or []


def settle(session: Session, key: str, *, shared: bool) -> None:
    """It is in the channel now; or it provably is not, and may be shared again."""
    found = session.scalars(select(Notice).where(Notice.key == key).with_for_update()).one()
    found.ts = SHARED if shared else SHOWN


def forget(session: Session, before: datetime) -> None:
    """Drop what nobody will share any more."""
    session.execute(delete(Notice).where(Notice.ts.in_(ALL), Notice.created_at < before))
