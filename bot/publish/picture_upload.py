"""The step between queued and sending: a reply's pictures are handed to the network.

Nothing is public by that, so it is repeated whenever nobody knows what became of it; a reply leaves only with
all of its pictures. While one is uploaded its reply stays queued, so *Undo* still works.

1. A transaction takes the next picture that the network does not have (any more), and leases its reply.
2. With no transaction open, it is uploaded by the reply's account.
3. The network's name for it is kept, and the reply is due again.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.networks.base import Network
from bot.networks.errors import Later, NetworkError, Refused, Unsure
from bot.networks.pictures import Picture, PictureLimits
from bot.publish import intent, send_checks
from bot.publish.locked_reply import (
    PublishJob,
    as_publisher,
    build_publish_job,
    lock_if_due,
    lock_reply,
    pictures_to_send,
)
from bot.runtime import crash_points
from models import Reply, ReplyPicture
from models.tickets.delivery_state import DeliveryState

log = logging.getLogger(__name__)

UPLOAD_LEASE = timedelta(seconds=12)  # longer than a whole call (8 s)

RecordNo = Callable[[BotContext, Network, PublishJob, Refused | Later], None]


@dataclass(frozen=True, slots=True)
class _Upload:
    """One picture to upload, read before the transaction closed."""

    job: PublishJob
    picture_id: int
    name: str
    picture: Picture | None  # None: its bytes are not here


def upload_missing(
    ctx: BotContext, reply_id: int, sender: send_checks.SenderCheck, record_no: RecordNo
) -> bool:
    """Upload the pictures of a due reply that its network does not have; return whether it may go on.

    What the network says against it is given to `record_no`. Raises `OvertakenError` and `TicketLockedError`.
    """
    with ctx.db.read() as session:
        if not pictures_to_send(session, reply_id):
            return True
    while True:
        upload = _begin(ctx, reply_id, sender)
        if not isinstance(upload, _Upload):
            return upload
        network = ctx.networks.for_account(upload.job.network, upload.job.account_id)
        try:
            media = _call(network, upload)
            crash_points.reach("picture uploaded")
        except (Refused, Later) as no:
            record_no(ctx, network, upload.job, no)
            return False
        if not _record(ctx, network, upload, media):
            return False


def _begin(ctx: BotContext, reply_id: int, sender: send_checks.SenderCheck) -> _Upload | bool:
    """Take the next picture; True if none is missing, False if the reply is not to leave just now."""
    with ctx.db.write() as session:
        ticket, reply = lock_if_due(ctx, session, reply_id, DeliveryState.QUEUED)
        at = ctx.now()
        missing = [
            one
            for one in pictures_to_send(session, reply_id)
            if not one.is_uploaded(at=at + intent.MEDIA_MIN_LIFE)
        ]
        if not missing:
            return True
        if ctx.stop.is_set() or not intent.may_leave(ctx, session, ticket, reply, sender):
            return False
        reply.due_at = at + UPLOAD_LEASE
        return _build_upload(session, build_publish_job(session, ticket, reply), missing[0])


def _build_upload(session: Session, job: PublishJob, row: ReplyPicture) -> _Upload:
    data = row.data
    picture = None
    if data is not None:
        picture = Picture(
            data,
            row.content_type or "",
            row.width or 0,
            row.height or 0,
            row.alt_text,
            is_animated=row.is_animated,
        )
    session.expunge(row)
    return _Upload(job, row.id, row.name, picture)


def _call(network: Network, upload: _Upload) -> str:
    """Upload it. Raises `Refused`, with the picture's name, and `Later`: nobody has to know if it arrived."""
    if upload.picture is None:
        raise Refused("invalid", f"The picture “{upload.name}” is no longer kept. Attach it again.")
    if (why := why_not_taken(upload.picture, as_publisher(network).picture_limits)) is not None:
        raise Refused("invalid", f"The picture “{upload.name}” {why}")
    try:
        return as_publisher(network).upload(upload.picture, account_id=upload.job.account_id)
    except Refused as no:
        raise Refused("invalid", f"The picture “{upload.name}” was not accepted: {no.detail}") from no
    except Unsure as unsure:
        raise Later(None, "unreachable", unsure.detail) from unsure
    except NetworkError:
        raise
    except Exception as error:
        log.exception("reply %s: a picture could not be uploaded", upload.job.reply_id)
        raise Later(None, "server error", f"The upload failed ({type(error).__name__}).") from error


def why_not_taken(picture: Picture, limits: PictureLimits | None) -> str | None:
    """Return why a network with these limits takes no such picture: the end of a sentence; None: it does."""
    if limits is None:
        return "can't be sent there: that network takes words alone."
    fits = limits.fits(
        picture.content_type,
        len(picture.data),
        picture.width,
        picture.height,
        is_animated=picture.is_animated,
    )
    return None if fits else "can't be sent there. Attach it again."


def _record(ctx: BotContext, network: Network, upload: _Upload, media: str) -> bool:
    """Keep the network's name for it; False if something has happened to the reply meanwhile."""
    limits = as_publisher(network).picture_limits or PictureLimits()
    with ctx.db.write() as session:
        ticket, reply = lock_reply(session, upload.job.reply_id)
        row = session.get_one(ReplyPicture, upload.picture_id)
        at = ctx.now()
        if row.media is not None and row.media != media:
            reply.frozen = None  # it names the upload that is gone
        row.record_upload(media, at=at, lifetime=limits.lifetime)
        if not _is_ours(reply, upload.job):
            return False
        reply.due_at = at
        ticket.revision += 1
        return True


def _is_ours(reply: Reply, job: PublishJob) -> bool:
    return (reply.state, reply.fence, reply.due_at) == (DeliveryState.QUEUED, job.fence, job.until)
