"""The exact preview of a public reply whose words come from a thread: only an act on it publishes.

A preview is a message that only its author sees, and may vanish; the draft behind it does not.
"""

import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from slack_bolt import Ack, App, Respond
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.slack import thread_notices
from bot.slack.blocks import notification_text
from bot.slack.blocks.replies.preview import preview
from bot.slack.client import SlackError
from bot.slack.typed_text import SlackText
from handlers.feedback import Person, answer, attempt, may_not, person, tell, writing
from handlers.replies.composer import (
    FRESHEN,
    ONLY_ITS_AUTHOR,
    check_shown,
    check_version,
    look_again,
    not_shown,
    target_of,
)
from handlers.replies.reply_text import (
    LEFT_OUT,
    Words,
    caution_of,
    kept_words,
    left_out_of,
    read_words,
    said_before,
    sign_off_of,
    will_not_go_out,
)
from models import Account, Author, Event, Inbound, Reply, Ticket
from models.core.base import MovedOnError, RuleBrokenError
from models.tickets.reply import State as Delivery

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """Where the words of a draft come from: which Slack message, and whose it is, if somebody else's."""

    kind: str  # "thread" or "shortcut"
    channel: str
    ts: str
    author: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What its author sees before anything is public."""

    text: str
    blocks: list[dict[str, Any]]


def register(app: App, desk: Desk) -> None:
    """Listen for the buttons of a preview."""

    @app.action("send_publicly")
    def send(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        who, value = person(body), json.loads(body["actions"][0]["value"])
        attempt(desk, who, respond, lambda: _send(desk, who, respond, value))

    @app.action("keep_private")
    def keep(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        who, value = person(body), json.loads(body["actions"][0]["value"])
        attempt(desk, who, respond, lambda: _keep_private(desk, who, respond, value))


# --- made and shown -----------------------------------------------------------------------------------------


def draft_of(
    desk: Desk, session: Session, ticket: Ticket, who: Person, *, typed: SlackText, source: Source
) -> Preview:
    """Keep the words as a draft and give its preview; the preview may get lost, the draft does not."""
    words = read_words(desk.network(ticket.network), typed, sign_off_of(desk, session, who.id))
    if not words.text:
        behind = f" {will_not_go_out(typed.left_out)}" if typed.left_out else ""
        raise RuleBrokenError(
            f"Write your words after `reply`, such as `@Heard reply Thank you, we are on it.`{behind}"
        )
    draft = ticket.draft(
        session,
        text=words.text,
        by=who.id,
        at=desk.now(),
        key=uuid.uuid4().hex,
        source=source.kind,
        turn=ticket.next_turn,
        author=source.author,
        sign_off=words.sign_off,
        said_channel=source.channel,
        said_ts=source.ts,
    )
    if typed.left_out:
        files = {"files": list(typed.left_out)}
        Event.record(
            session, LEFT_OUT, at=desk.now(), by=who.id, ticket_id=ticket.id, reply_id=draft.id, data=files
        )
        session.flush()
    return _preview(desk, session, ticket, draft, words.problem)


def drafts_of(desk: Desk, session: Session, ticket: Ticket, who: Person) -> list[Preview]:
    """What `who` has drafted for this ticket and not sent, once more."""
    query = select(Reply).where(
        Reply.ticket_id == ticket.id, Reply.actor == who.id, Reply.state == Delivery.DRAFT
    )
    drafts = session.scalars(query.order_by(Reply.id)).all()
    return [_preview(desk, session, ticket, draft, _problem(desk, ticket, draft)) for draft in drafts]


def _problem(desk: Desk, ticket: Ticket, draft: Reply) -> str | None:
    return kept_words(desk.network(ticket.network), draft.text, draft.sign_off).problem


def _preview(desk: Desk, session: Session, ticket: Ticket, draft: Reply, problem: str | None) -> Preview:
    network = desk.network(ticket.network)
    account = Account.find(session, ticket.network, ticket.account_id)
    author = session.get_one(Author, ticket.author_id)
    target = target_of(session, ticket)
    length, left_out = network.length(draft.text), left_out_of(session, draft)
    before = said_before(
        desk,
        session,
        ticket,
        Words(draft.text, draft.sign_off, length, None),
        turn=draft.turn,
        reader=draft.actor,
    )
    warnings = [before.sentence if before is not None else None, caution_of(network, draft.text)]
    blocks = preview(
        draft_id=draft.id,
        ticket_id=ticket.id,
        text=draft.text,
        title=network.title,
        account=account.handle if account is not None else "us",
        handle=author.handle,
        length=length,
        max_length=network.max_length,
        problem=problem or (before.sentence if before is not None and before.is_refused else None),
        words_of=draft.author,
        left_out=will_not_go_out(left_out) if left_out else None,
        warning="\n".join(filter(None, warnings)) or None,
        is_near=before is not None,
        twin=before.quoted if before is not None else None,
        by_hand=target.answerable is not None,
        latest=target.latest_id,
        not_shown=not_shown(desk, ticket) if target.is_missing else None,
    )
    return Preview(
        notification_text.message(f"A preview of your public reply on {network.title}:", blocks), blocks
    )


def show(desk: Desk, who: Person, shown: Preview) -> None:
    """Show it to `who` alone, in the thread that they look at."""
    if who.channel is None:
        return
    try:
        desk.slack.whisper(who.channel, who.id, shown.text, shown.blocks, thread_ts=who.thread_ts)
    except SlackError as error:
        sentence = (
            f"I could not show you the preview ({error}). Your words are kept: press *Reply* on the card."
        )
        tell(desk, who, None, sentence)


# --- decided ------------------------------------------------------------------------------------------------


def _mine(session: Session, value: dict[str, Any], who: Person) -> tuple[Ticket, Reply]:
    """The draft behind a preview, which only its author may decide about."""
    ticket = Ticket.hold(session, value["t"])
    draft = session.get_one(Reply, value["r"], populate_existing=True)
    if draft.actor != who.id:
        raise RuleBrokenError(ONLY_ITS_AUTHOR)
    if draft.state != Delivery.DRAFT:
        raise RuleBrokenError("That is decided already: the card shows how.")
    return ticket, draft


def _send(desk: Desk, who: Person, respond: Respond, value: dict[str, Any]) -> str | None:
    """The explicit act: the draft goes out exactly as it was shown."""
    refused = may_not(desk, who, value["t"])
    if refused is not None:
        return _offer(desk, who, value, refused)
    desk.glance(lambda: look_again(desk, value["t"]), FRESHEN)
    with writing(desk) as session:
        if not Inbound.is_new(session, who.key, at=desk.now()):
            return None
        ticket, draft = _mine(session, value, who)
        before = said_before(
            desk, session, ticket, Words(draft.text, draft.sign_off, 0, None), turn=draft.turn, reader=who.id
        )
        shown: Preview | None = None
        sentence: str | None = None
        if before is not None and (before.is_refused or not value.get("a")):
            shown = _preview(desk, session, ticket, draft, None)
        else:
            is_warned = before is not None or caution_of(desk.network(ticket.network), draft.text) is not None
            shown, sentence = _submit(desk, session, ticket, draft, value, is_warned=is_warned)
    desk.nudge()
    if shown is not None:
        answer(desk, who, respond, text=shown.text, blocks=shown.blocks, in_place=True)
    else:
        on_its_way = "On its way. The card shows it, and *Undo* while that is possible."
        answer(desk, who, respond, text=on_its_way, in_place=True)
    return sentence


def _offer(desk: Desk, who: Person, value: dict[str, Any], refused: str) -> str:
    """Not theirs to send: the draft is offered, in the thread, to those who may."""
    with writing(desk) as session:
        if Inbound.is_new(session, f"offered {value['r']}", at=desk.now()):
            ticket, draft = _mine(session, value, who)
            thread_notices.drafted(session, ticket, draft, at=desk.now())
    return refused


def _submit(
    desk: Desk,
    session: Session,
    ticket: Ticket,
    draft: Reply,
    value: dict[str, Any],
    *,
    is_warned: bool,
) -> tuple[Preview | None, str | None]:
    at, target = desk.now(), target_of(session, ticket)
    try:
        check_version(target, draft.to_post_id, value.get("v"))
        check_shown(desk, ticket, target, is_known="m" in value)
        ticket.submit(
            session,
            draft,
            by=draft.actor,
            at=at,
            undo_until=at + timedelta(seconds=desk.settings.undo_seconds),
            by_hand=target.answerable,
        )
    except MovedOnError as error:
        draft.turn, draft.to_post_id = ticket.next_turn, ticket.target_post_id
        return _preview(desk, session, ticket, draft, None), f"{error} Here is your preview again."
    if is_warned:
        Event.record(session, "sent anyway", at=at, by=draft.actor, ticket_id=ticket.id, reply_id=draft.id)
    return None, None


def _keep_private(desk: Desk, who: Person, respond: Respond, value: dict[str, Any]) -> str | None:
    with writing(desk) as session:
        if not Inbound.is_new(session, who.key, at=desk.now()):
            return None
        _ticket, draft = _mine(session, value, who)
        draft.move(session, Delivery.DISCARDED, at=desk.now(), by=who.id, act="kept private")
    answer(desk, who, respond, text="Kept private. Nothing was published.", in_place=True)
    return None
