"""The composer: opened by Reply, Follow up and Edit; submitted once.

It opens within the trigger's three seconds whatever the ledger does: what a button carries is enough to open
it, and the submit is held against the ledger anyway.
"""

import hashlib
import json
import unicodedata
import uuid
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from slack_bolt import Ack, App, Respond
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.blocks.composer import COMPOSER, REPLY_BLOCK, REPLY_INPUT, Asked, Origin, composer, sorry
from bot.blocks.text import plain, slack_names
from bot.desk import Desk
from bot.networks import Network
from handlers.actions import opened
from handlers.courtesy import PATIENCE, Person, attempt, person, sentence_for, spelled, writing
from models import Account, Author, Inbound, Mention, Reply, Ticket
from models.base import MovedOnError, TakenError
from models.database import BusyError
from models.reply import PENDING, SPOKEN
from models.reply import State as Delivery

Body = dict[str, Any]
ONLY_ITS_AUTHOR = "Only its author decides about this one."
GLANCE = 0.8  # seconds to read the ledger before the composer opens without it


def register(app: App, desk: Desk) -> None:
    """Listen for the buttons that open the composer, and for its submit."""

    def open_composer(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        who, value = person(body), json.loads(body["actions"][0]["value"])
        found = desk.glance(lambda: _look(desk, value, who), GLANCE)
        view = found if found is not None else _blind(desk, value, body)
        attempt(desk, who, respond, lambda: opened(desk, body["trigger_id"], view))

    for action in ("reply", "follow_up", "edit_draft"):
        app.action(action)(open_composer)

    @app.view(COMPOSER)
    def submit(ack: Ack, body: Body, view: Body) -> None:
        who = person(body)
        origin = Origin.unpacked(view["private_metadata"])
        typed = view["state"]["values"][REPLY_BLOCK][REPLY_INPUT]["value"] or ""
        ack(**_submitted(desk, who, origin, typed))
        desk.nudge()


# --- opening ------------------------------------------------------------------------------------------------


def _look(desk: Desk, value: dict[str, Any], who: Person) -> dict[str, Any]:
    """The composer as the ledger has it now; or the reason why there is nothing to compose."""
    with desk.db.read(GLANCE) as session:
        ticket = session.get_one(Ticket, value["t"])
        draft = session.get(Reply, value["r"]) if "r" in value else None
        if draft is not None and draft.actor != who.id:
            return sorry(ONLY_ITS_AUTHOR)
        live = ticket.live_reply(session)
        turn = ticket.turn
        if live is not None and live.state in SPOKEN and draft is None and value["n"] > ticket.turn:
            turn += 1
        elif live is not None or ticket.closed_at is not None:
            return sorry(_why_not(ticket, live), kept=draft.text if draft is not None else None)
        origin = Origin(
            ticket=ticket.id,
            turn=turn,
            post_id=ticket.target_post_id,
            key=uuid.uuid4().hex,
            network=ticket.network,
            draft=draft.id if draft is not None and draft.state == Delivery.DRAFT else None,
        )
        text = draft.text if draft is not None else Reply.kept_text(session, ticket.id, who.id)
        return composer(origin, _asked(desk, session, ticket, text or ""))


def _why_not(ticket: Ticket, live: Reply | None) -> str:
    """Why nothing can be written now, and what to do about it."""
    if live is None:
        return f"This one is closed: {ticket.state}. Press *Reopen* on the card first."
    who = f"<@{live.actor}>"
    if live.state in PENDING:
        return f"{who}'s reply is about to go out. *Undo* on the card stops it, and then it can be changed."
    if live.state == Delivery.HANDED_OFF:
        return f"{who}'s reply waits to be posted by hand: see the card."
    if live.state in SPOKEN:
        return f"{who} has answered this one. *Follow up* on the card says more."
    return f"{who}'s reply is on the wire, and nobody can say yet whether it is public: see the card."


def _asked(desk: Desk, session: Session, ticket: Ticket, text: str) -> Asked:
    target = _target(session, ticket)
    author = session.get_one(Author, ticket.author_id)
    ours = Account.find(session, ticket.network, ticket.account_id)
    network = desk.network(ticket.network)
    return Asked(
        title=network.title,
        account=ours.handle if ours is not None else "us",
        handle=author.handle,
        words=target.text,
        max_length=network.max_length,
        by_hand=target.answerable,
        text=text,
    )


def _target(session: Session, ticket: Ticket) -> Mention:
    query = select(Mention).where(Mention.ticket_id == ticket.id, Mention.post_id == ticket.target_post_id)
    return session.scalars(query).one()


def _blind(desk: Desk, value: dict[str, Any], body: Body) -> dict[str, Any]:
    """The composer without the ledger: from what the button carries, and the words on the card itself."""
    if "p" not in value:
        return sorry(
            "Heard's ledger is slow just now. Please press *Edit* again in a moment; your words are kept."
        )
    network = desk.network(value["w"])
    origin = Origin(value["t"], value["n"], value["p"], uuid.uuid4().hex, value["w"])
    asked = Asked(
        title=network.title,
        account=value["a"],
        handle=value["h"] or None,
        words=_quoted(body.get("message") or {}),
        max_length=network.max_length,
        notice=":hourglass: The ledger is slow just now. You can write; what you send is checked first.",
    )
    return composer(origin, asked)


def _quoted(message: Body) -> str | None:
    """The customer's words, as their card shows them."""
    for block in message.get("blocks") or []:
        for element in block.get("elements") or []:
            if block.get("type") == "rich_text" and element.get("type") == "rich_text_quote":
                return "".join(part.get("text", "") for part in element["elements"])
    return None


# --- submitting ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody typed, as it would go out, and what stands against that."""

    text: str
    length: int
    problem: str | None


def read_words(network: Network, typed: str) -> Words:
    """Read what was typed in Slack as plain characters, in the network's own counting."""
    text = unicodedata.normalize("NFC", plain(typed)).strip()
    length = network.length(text)
    return Words(text, length, _problem(network, typed, text, length))


def _problem(network: Network, typed: str, text: str, length: int) -> str | None:
    if not text:
        return "There is nothing to send yet."
    names = slack_names(typed)
    if names:
        return f"{', '.join(names)} means something only in Slack. Write the name out; nothing was sent."
    if length > network.max_length:
        over = length - network.max_length
        too_many = f"{over} character{'' if over == 1 else 's'} too many"
        return f"That is {too_many}: {network.title} counts {length}, and takes at most {network.max_length}."
    return None


def _submitted(desk: Desk, who: Person, origin: Origin, typed: str) -> dict[str, Any]:
    """Put the reply into the ledger, then let the modal close; else say why not, with the text kept."""
    try:
        return _try_to_submit(desk, who, origin, typed)
    except BusyError:
        return _error(
            "Heard's ledger is busy just now. Nothing was sent; your words are here. Press it again."
        )
    except Exception as error:  # noqa: BLE001 - a person pressed, a person gets a sentence
        return _error(sentence_for(error))


def _try_to_submit(desk: Desk, who: Person, origin: Origin, typed: str) -> dict[str, Any]:
    try:
        words = read_words(desk.network(origin.network), typed)
        if words.problem is not None:
            return _error(words.problem)
        with writing(desk) as session:
            _reply(desk, session, who, origin, words.text)
    except MovedOnError as error:
        return _again(desk, who, origin, typed, str(error))
    except TakenError as error:
        _keep(desk, who, origin, typed)
        return _error(f"{error} Yours was not sent; it is kept as your draft.")
    return {}


def _error(sentence: str) -> dict[str, Any]:
    return {"response_action": "errors", "errors": {REPLY_BLOCK: spelled(sentence)}}


def _reply(desk: Desk, session: Session, who: Person, origin: Origin, text: str) -> None:
    at = desk.now()
    if not Inbound.is_new(session, f"composer {origin.key}", at=at):
        return  # this very submit has had its effect
    ticket = Ticket.hold(session, origin.ticket)
    if origin.draft is not None:
        _replace_draft(session, origin.draft, who, desk)
    by_hand = _target(session, ticket).answerable
    ticket.reply(
        session,
        text=text,
        by=who.id,
        at=at,
        turn=origin.turn,
        to_post_id=origin.post_id,
        undo_until=at + timedelta(seconds=desk.settings.undo_seconds),
        key=origin.key,
        by_hand=by_hand,
    )


def _replace_draft(session: Session, draft_id: int, who: Person, desk: Desk) -> None:
    """The edited words take the place of the draft that they came from."""
    draft = session.get_one(Reply, draft_id)
    if draft.state == Delivery.DRAFT and draft.actor == who.id:
        draft.move(session, Delivery.DISCARDED, at=desk.now(), by=who.id, act="draft edited")


def _again(desk: Desk, who: Person, origin: Origin, typed: str, sentence: str) -> dict[str, Any]:
    """The conversation went on: show what is new, keep what was typed, and ask again."""
    with desk.db.read(PATIENCE) as session:
        ticket = session.get_one(Ticket, origin.ticket)
        live = ticket.live_reply(session)
        if live is not None or ticket.closed_at is not None:
            _keep(desk, who, origin, typed)
            return _error(
                f"{sentence} {_why_not(ticket, live)} Yours was not sent; it is kept as your draft."
            )
        asked = _asked(desk, session, ticket, plain(typed))
        fresh = replace(origin, turn=ticket.turn, post_id=ticket.target_post_id, key=uuid.uuid4().hex)
    view = composer(fresh, replace(asked, notice=f":warning: {sentence}"))
    return {"response_action": "update", "view": view}


def _keep(desk: Desk, who: Person, origin: Origin, typed: str) -> None:
    """What was typed is kept as a draft of its author, whatever became of it."""
    with writing(desk) as session:
        words = plain(typed)
        digest = hashlib.sha256(words.encode(errors="replace")).hexdigest()
        if Inbound.is_new(session, f"kept {origin.key} {digest}", at=desk.now()):
            ticket = Ticket.hold(session, origin.ticket)
            ticket.draft(
                session, text=words, by=who.id, at=desk.now(), key=uuid.uuid4().hex, source="composer"
            )
