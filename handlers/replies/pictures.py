"""Pictures of a reply between Slack and the ledger: offered, fetched, shown, and held to what was shown.

A file is fetched in the background, since a person waits three seconds for an answer; until then its row in
the ledger is all there is of it, and whoever looks at the draft again has it fetched again.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.networks.base import Publisher
from bot.networks.pictures import PictureLimits, strictest
from bot.pictures.prepare import INPUT_MAX_BYTES, PictureUnfitError, prepare
from bot.slack.blocks.replies.pictures import (
    ALT_ACTION_ID,
    FILES_ACTION_ID,
    KEPT_ACTION_ID,
    KEPT_BLOCK,
    NO_SCOPE_TEXT,
    PickedPictures,
    PictureContent,
    ShownPicture,
    alt_block_id,
    files_block_id,
)
from bot.slack.blocks.values import Origin
from bot.slack.errors import SlackError, SlackRefusedError
from bot.slack.typed_text import SlackPicture, read_slack_text
from handlers.door import write_session
from handlers.replies.destination import Destination, load_destination
from models import Reply, ReplyPicture, Ticket
from models.core.base import MovedOnError, RuleBrokenError
from models.core.mrkdwn import as_code
from models.tickets.pictures.reply_picture import AttachedFile, pictures_mark

log = logging.getLogger(__name__)

Body = dict[str, Any]
NO_SCOPE_PROBLEM = "can't be read: Heard lacks the scope `files:read`, so its Slack app must be reinstalled."
NOT_FETCHED_PROBLEM = "couldn't be fetched from Slack. Attach it again."
GONE_PROBLEM = "is no longer in Slack."
ALONE_PROBLEM = "moves, and can only go out alone."
STILL_FETCHING_TEXT = "Heard is still fetching your pictures. Look again in a moment."
WORDS_ALONE_MARK = "words alone"  # in place of a mark: the composer said that no picture goes along
CHANGED_TEXT = "Check the pictures, then send again."


def _limits_of(there: Destination) -> PictureLimits | None:
    return there.network.picture_limits if isinstance(there.network, Publisher) else None


def offered_limits(ctx: BotContext, session: Session, ticket: Ticket) -> PictureLimits | None:
    """Return what goes along wherever this ticket may be answered; None if only words do.

    Where it could be answered on two networks, a picture is made to fit both.
    """
    targets = [one for one in ticket.targets(session) if one.network in ctx.networks]
    each = [_limits_of(load_destination(ctx, session, ticket, network=one.network)) for one in targets]
    return strictest(one for one in each if one is not None)


def load_content(
    ctx: BotContext,
    session: Session,
    ticket: Ticket,
    there: Destination,
    *,
    reply_id: int | None,
    picked: PickedPictures | None = None,
    by_hand: bool = False,
) -> PictureContent:
    """Return what is shown of the pictures of a draft or reply that is to go `there`.

    `picked` is what its author has done with them since; `by_hand`: somebody has to post it there.
    """
    title, picked = there.network.title, picked or PickedPictures()
    rows = ReplyPicture.of(session, reply_id)
    is_offered = _limits_of(there) is not None and not by_hand
    limits = offered_limits(ctx, session, ticket) if is_offered else None
    why_not = None
    if limits is not None and not ctx.slack.may_read_files and not rows:
        limits, why_not = None, NO_SCOPE_TEXT
    elif by_hand and rows:
        why_not = f":frame_with_picture: {by_hand_text(rows)}"
    elif limits is None and rows:
        why_not = f":frame_with_picture: {title} takes no pictures from Heard, so they won't be sent."
    return PictureContent(
        title=title,
        limits=limits,
        why_not=why_not,
        shown=tuple(_shown(one, picked) for one in rows) if limits is not None else (),
        mark=pictures_mark(rows, with_alts=False) if limits is not None or not rows else WORDS_ALONE_MARK,
        reply_id=reply_id if rows else None,
    )


def may_attach(ctx: BotContext, session: Session, ticket: Ticket, there: Destination) -> bool:
    """Return whether pictures of a message can go along with a reply that goes `there`."""
    takes = _limits_of(there) is not None and offered_limits(ctx, session, ticket) is not None
    return takes and ctx.slack.may_read_files


def why_left_out(ctx: BotContext, there: Destination) -> str:
    """Return why files of a message stay behind: our own words, which end a sentence."""
    if _limits_of(there) is None:
        return f"{there.network.title} takes text only from Heard"
    if not ctx.slack.may_read_files:
        return "Heard lacks the scope `files:read`, so it sends text only until its Slack app is reinstalled"
    return "only pictures can go along"


def by_hand_text(rows: Sequence[ReplyPicture]) -> str:
    """What to do about the pictures of a reply that somebody has to post by hand, mrkdwn."""
    names = ", ".join(as_code(one.name) for one in rows if one.goes_along)
    return f"Heard can't post pictures there: add {names} yourself when you post the reply."


def load_preview_content(session: Session, reply_id: int) -> PictureContent:
    """Return what the preview of a draft shows of its pictures, with their descriptions."""
    rows = ReplyPicture.of(session, reply_id)
    shown = tuple(_shown(one, PickedPictures()) for one in rows)
    return PictureContent(shown=shown, mark=pictures_mark(rows), reply_id=reply_id)


def _shown(row: ReplyPicture, picked: PickedPictures) -> ShownPicture:
    return ShownPicture(
        id=row.id,
        file_id=row.file_id,
        name=row.name,
        alt=picked.alts.get(row.id, row.alt_text),
        is_pending=row.is_pending and row.problem is None,
        problem=row.problem,
        content_type=row.content_type or "",
        width=row.width or 0,
        height=row.height or 0,
        size=row.size or 0,
        is_ticked=picked.kept is None or row.id in picked.kept,
    )


def read_picked(view: Body, origin: Origin) -> PickedPictures:
    """Read what was typed and chosen about pictures in a composer."""
    values: Mapping[str, Any] = view["state"]["values"]
    asked = next((one for name, one in values.items() if name.startswith(KEPT_BLOCK)), None)
    kept = None
    if asked is not None:
        options = asked.get(KEPT_ACTION_ID, {}).get("selected_options") or []
        kept = frozenset(int(one["value"]) for one in options)
    prefix = alt_block_id(0).removesuffix("0")
    alts = {
        int(name.removeprefix(prefix)): _typed(one, ALT_ACTION_ID)
        for name, one in values.items()
        if name.startswith(prefix)
    }
    chosen = (values.get(files_block_id(origin.pictures_of)) or {}).get(FILES_ACTION_ID) or {}
    files = [one for one in chosen.get("files") or [] if one.get("id")]
    return PickedPictures(kept, alts, tuple((str(one["id"]), str(one.get("name") or "")) for one in files))


def _typed(block: Body, field: str) -> str:
    return read_slack_text((block.get(field) or {}).get("value")).text.strip()


# --- kept with a draft --------------------------------------------------------------------------------------


def keep(
    ctx: BotContext,
    session: Session,
    draft: Reply,
    *,
    origin: Origin,
    picked: PickedPictures,
    all_of_them: bool,
) -> None:
    """Give a draft the pictures that a composer shows, with what was typed of them; files are to be fetched.

    `all_of_them`: also those that were taken out, as of a composer that was only closed.
    """
    at = ctx.now()
    only = None if all_of_them else picked.kept
    ReplyPicture.copy(session, origin.pictures_of, draft.id, at=at, only=only, alts=picked.alts)
    attach(ctx, session, draft, [SlackPicture(*one) for one in picked.files])


def is_changed(session: Session, origin: Origin, picked: PickedPictures) -> bool:
    """Return whether somebody added files, or described a picture in other words than the ledger has."""
    rows = ReplyPicture.of(session, origin.pictures_of)
    return bool(picked.files) or any(picked.alts.get(one.id, one.alt_text) != one.alt_text for one in rows)


def attach(ctx: BotContext, session: Session, draft: Reply, pictures: Sequence[SlackPicture]) -> None:
    """Note files in Slack as pictures of a draft; they are fetched later."""
    files = [AttachedFile(one.file_id, one.name or "a picture", one.alt) for one in pictures]
    ReplyPicture.attach(session, draft.id, files, at=ctx.now())


def has_pending(session: Session, reply_id: int) -> bool:
    """Return whether a picture of it has still to be fetched."""
    return any(one.is_pending for one in ReplyPicture.of(session, reply_id))


# --- sent ---------------------------------------------------------------------------------------------------


def check(session: Session, there: Destination, origin: Origin, picked: PickedPictures) -> list[ReplyPicture]:
    """Return the pictures that a reply goes out with, as its author was shown and has chosen in a composer.

    Raises `MovedOnError` if they are not as shown, and `RuleBrokenError` if they cannot go out.
    """
    rows = ReplyPicture.of(session, origin.pictures_of)
    if origin.pictures == WORDS_ALONE_MARK and _limits_of(there) is None:
        return []
    _check_shown(rows, origin.pictures, with_alts=False)
    going = [one for one in rows if one.goes_along and (picked.kept is None or one.id in picked.kept)]
    _check_fit(going, there, picked.alts)
    return going


def check_preview(session: Session, there: Destination, reply_id: int, shown_mark: str) -> None:
    """See that a draft's pictures can go out as a preview with that mark showed them: all that go along.

    Raises as `check` does.
    """
    rows = ReplyPicture.of(session, reply_id)
    _check_shown(rows, shown_mark, with_alts=True)
    _check_fit([one for one in rows if one.goes_along], there, {})


def _check_shown(rows: Sequence[ReplyPicture], mark: str, *, with_alts: bool) -> None:
    if any(one.is_pending for one in rows):
        raise MovedOnError(STILL_FETCHING_TEXT)
    if pictures_mark(rows, with_alts=with_alts) != mark:
        raise MovedOnError(CHANGED_TEXT)


def _check_fit(going: Sequence[ReplyPicture], there: Destination, alts: Mapping[int, str]) -> None:
    limits, title = _limits_of(there), there.network.title
    if not going:
        return
    if limits is None:
        raise RuleBrokenError(f"{title} takes no pictures from Heard. Nothing was sent.")
    if (over := len(going) - limits.max_count) > 0:
        raise RuleBrokenError(f"{title} takes {limits.max_count} pictures. Take out {over}.")
    if len(going) > 1 and any(one.is_animated for one in going):
        raise RuleBrokenError("A GIF that moves goes out alone. Take out the other pictures.")
    for one in going:
        _check_one(one, limits, title, alts.get(one.id, one.alt_text))


def _check_one(row: ReplyPicture, limits: PictureLimits, title: str, alt: str) -> None:
    if row.data is None:
        raise RuleBrokenError(f"The picture “{row.name}” is no longer kept. Attach it again.")
    fits = limits.fits(
        row.content_type or "", row.size or 0, row.width or 0, row.height or 0, is_animated=row.is_animated
    )
    if not fits:
        raise RuleBrokenError(f"{title} doesn't take the picture “{row.name}” as it is. Attach it again.")
    if len(alt) > limits.alt_max_length:
        raise RuleBrokenError(
            f"The description of “{row.name}” has {len(alt)} characters, and {title} takes "
            f"{limits.alt_max_length}."
        )


# --- fetched ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A file to be fetched."""

    picture_id: int
    file_id: str
    name: str


def fetch_pending(ctx: BotContext, reply_id: int) -> None:
    """Fetch the files of a draft that are not here yet, make them fit, and keep them or say why not.

    Takes seconds; no transaction is open meanwhile. Raises what the database raises.
    """
    with ctx.db.read() as session:
        ticket = session.get_one(Ticket, session.get_one(Reply, reply_id).ticket_id)
        limits = offered_limits(ctx, session, ticket)
        wanted = [
            _Wanted(one.id, one.file_id, one.name)
            for one in ReplyPicture.of(session, reply_id)
            if one.is_pending
        ]
    for one in wanted:
        _fetch(ctx, one, limits)
    if wanted:
        with write_session(ctx) as session:
            _reject_what_is_too_many(ctx, session, reply_id, limits)


def _fetch(ctx: BotContext, wanted: _Wanted, limits: PictureLimits | None) -> None:
    try:
        info = ctx.slack.file_info(wanted.file_id)
        picture = prepare(ctx.slack.download(info.url, INPUT_MAX_BYTES), limits or PictureLimits())
    except PictureUnfitError as unfit:
        problem: str | None = str(unfit)
    except SlackRefusedError as refused:
        is_scope = refused.error in {"missing_scope", "not_allowed_token_type"}
        problem = NO_SCOPE_PROBLEM if is_scope else GONE_PROBLEM
    except SlackError as error:
        log.info("a file could not be fetched from Slack: %s", error)
        problem = NOT_FETCHED_PROBLEM if ctx.slack.may_read_files else NO_SCOPE_PROBLEM
    else:
        problem = None
    with write_session(ctx) as session:
        row = session.get(ReplyPicture, wanted.picture_id)
        if row is None or not row.is_pending:
            return
        if problem is not None:
            row.reject(problem, at=ctx.now())
            return
        row.alt_text = row.alt_text or info.alt
        row.keep(
            picture.data,
            content_type=picture.content_type,
            width=picture.width,
            height=picture.height,
            is_animated=picture.is_animated,
            at=ctx.now(),
        )


def _reject_what_is_too_many(
    ctx: BotContext, session: Session, reply_id: int, limits: PictureLimits | None
) -> None:
    going = [one for one in ReplyPicture.of(session, reply_id) if one.goes_along and not one.is_pending]
    most = limits.max_count if limits is not None else 0
    for one in going[most:]:
        one.reject(f"is one too many: {most} can go along.", at=ctx.now())
    if len(going[:most]) > 1:
        for one in going[:most]:
            if one.is_animated:
                one.reject(ALONE_PROBLEM, at=ctx.now())
