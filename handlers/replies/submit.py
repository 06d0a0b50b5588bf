"""The composer's submit, held against the ledger.

Then the reply is in it and the modal closes; else the modal says why not, with the words kept.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from slack_bolt import Ack, App
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.slack import thread_notices
from bot.slack.blocks.replies.composer import COMPOSER, REPLY_BLOCK, WAIT_BLOCK, Origin, composer
from bot.slack.typed_text import SlackText
from handlers.feedback import PATIENCE, Person, may_not, person, sentence_for, spelled, writing
from handlers.replies.composer import (
    FRESHEN,
    asked_of,
    check_shown,
    check_version,
    keep,
    look_again,
    replace_draft,
    target_of,
    typed_in,
    why_not,
)
from handlers.replies.reply_text import Words, read_words, said_before
from models import Event, Inbound, Ticket
from models.core.base import MovedOnError, TakenError
from models.core.database import BusyError
from models.tickets.pause import PausedError
from models.tickets.unconnected_accounts import NotConnectedError

Body = dict[str, Any]
KEPT = "Yours was not sent; it is kept as your draft."


def register(app: App, desk: Desk) -> None:
    """Listen for the submit."""

    @app.view(COMPOSER)
    def submit(ack: Ack, body: Body, view: Body) -> None:
        who, origin = person(body), Origin.unpacked(view["private_metadata"])
        ack(**_submitted(desk, who, origin, view))
        desk.nudge()


def _submitted(desk: Desk, who: Person, origin: Origin, view: Body) -> dict[str, Any]:
    try:
        return _try_to_submit(desk, who, origin, typed_in(view), _wait_seconds(view))
    except BusyError:
        return _error(
            "Heard's ledger is busy just now. Nothing was sent; your words are here. Press it again."
        )
    except Exception as error:  # noqa: BLE001 - a person pressed, a person gets a sentence
        return _error(sentence_for(error))


def _wait_seconds(view: Body) -> int | None:
    """After how long the ticket is to come back if they do not answer."""
    picked = (view["state"]["values"].get(WAIT_BLOCK) or {}).get("value") or {}
    option = picked.get("selected_option")
    return int(option["value"]) if option else None


def _try_to_submit(
    desk: Desk, who: Person, origin: Origin, typed: SlackText, wait_seconds: int | None
) -> dict[str, Any]:
    words = read_words(desk.network(origin.network), typed, origin.sign)
    if words.problem is not None:
        return _error(words.problem)
    desk.glance(lambda: look_again(desk, origin.ticket), FRESHEN)
    try:
        refused = may_not(desk, who, origin.ticket)
        if refused is not None or origin.only_draft:  # what it said it would do, whoever may send by now
            return _drafted(desk, who, origin, typed, refused)
        warned = _warned(desk, who, origin, typed, words)
        if warned is not None:
            return warned
        with writing(desk) as session:
            _reply(desk, session, who, origin, words, wait_seconds=wait_seconds)
    except MovedOnError as error:
        return _again(desk, who, origin, typed, str(error))
    except (TakenError, PausedError, NotConnectedError) as error:
        _keep(desk, who, origin, typed)
        return _error(f"{error} {KEPT}")
    return {}


def _error(sentence: str) -> dict[str, Any]:
    return {"response_action": "errors", "errors": {REPLY_BLOCK: spelled(sentence)}}


def _reply(
    desk: Desk, session: Session, who: Person, origin: Origin, words: Words, *, wait_seconds: int | None
) -> None:
    at = desk.now()
    if not Inbound.is_new(session, f"composer {origin.key}", at=at):
        return  # this very submit has had its effect
    ticket = Ticket.hold(session, origin.ticket)
    came_from = replace_draft(desk, session, who, origin)
    target = target_of(session, ticket)
    check_version(target, origin.post_id, origin.latest)
    check_shown(desk, ticket, target, is_known=origin.not_shown)
    reply = ticket.reply(
        session,
        text=words.text,
        by=who.id,
        at=at,
        turn=origin.turn,
        to_post_id=origin.post_id,
        undo_until=at + timedelta(seconds=desk.settings.undo_seconds),
        key=origin.key,
        by_hand=target.answerable,
        author=origin.author,
        sign_off=words.sign_off,
        wait_seconds=wait_seconds,
        **came_from,
    )
    if origin.anyway == words.digest:
        Event.record(session, "sent anyway", at=at, by=who.id, ticket_id=ticket.id, reply_id=reply.id)


# --- who may, and what was said before ----------------------------------------------------------------------


def _drafted(
    desk: Desk, who: Person, origin: Origin, typed: SlackText, refused: str | None
) -> dict[str, Any]:
    """Not theirs to send: the words become a draft, which the thread offers to those who may."""
    with writing(desk) as session:
        ticket = Ticket.hold(session, origin.ticket)
        ticket.stop_composing(key=origin.key)
        draft = keep(desk, session, ticket, who, origin=origin, words=typed.text.strip())
        if draft is not None:
            thread_notices.drafted(session, ticket, draft, at=desk.now())
    return {} if origin.only_draft else _error(f"{refused} {KEPT}")


def _warned(desk: Desk, who: Person, origin: Origin, typed: SlackText, words: Words) -> dict[str, Any] | None:
    """The composer once more, with what speaks against these words; None if nothing does.

    That is a reply of ours that says the same, or a length that the network may refuse.
    """
    with desk.db.read(PATIENCE) as session:
        ticket = session.get_one(Ticket, origin.ticket)
        before = said_before(desk, session, ticket, words, turn=origin.turn, reader=who.id)
        if before is not None and before.is_refused:
            return _error(before.sentence)
        notice = "\n".join(filter(None, [before.sentence if before is not None else None, words.caution]))
        is_known = origin.anyway == words.digest and (before is None or origin.near)
        if not notice or is_known:
            return None
        twin = before.quoted if before is not None else None
        asked = asked_of(desk, session, ticket, typed.text, notice=notice, twin=twin)
        warned = replace(origin, anyway=words.digest, near=before is not None)
        return {"response_action": "update", "view": composer(warned, asked)}


# --- the conversation went on -------------------------------------------------------------------------------


def _again(desk: Desk, who: Person, origin: Origin, typed: SlackText, sentence: str) -> dict[str, Any]:
    """Show what is new, keep what was typed, and ask again."""
    with desk.db.read(PATIENCE) as session:
        ticket = session.get_one(Ticket, origin.ticket)
        live = ticket.live_reply(session)
        closed = why_not(ticket, live) if live is not None or ticket.closed_at is not None else None
        if closed is None:
            target = target_of(session, ticket)
            fresh = replace(
                origin,
                turn=ticket.turn,
                post_id=ticket.target_post_id,
                latest=target.latest_id,
                not_shown=target.is_missing,
            )
            asked = asked_of(desk, session, ticket, typed.text, notice=f":warning: {sentence}")
    if closed is not None:
        _keep(desk, who, origin, typed)
        return _error(f"{sentence} {closed} {KEPT}")
    return {"response_action": "update", "view": composer(fresh, asked)}


def _keep(desk: Desk, who: Person, origin: Origin, typed: SlackText) -> None:
    """What was typed is kept as a draft of its author, whatever became of it."""
    with writing(desk) as session:
        ticket = Ticket.hold(session, origin.ticket)
        ticket.stop_composing(key=origin.key)
        keep(desk, session, ticket, who, origin=origin, words=typed.text.strip())
