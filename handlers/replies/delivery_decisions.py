"""What a person decides about a reply that nobody can be sure of, or that has to be posted by hand."""

import json
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, Respond
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.jobs import account_check
from bot.publish import manual_posting, reconcile
from bot.slack import home_tab
from handlers.feedback import Person, attempt, may_not, person, writing
from models import Inbound, Reply, Ticket
from models.core.base import RuleBrokenError
from models.tickets import unconnected_accounts
from models.tickets.reply import State as Delivery

Body = dict[str, Any]


def register(app: App, desk: Desk) -> None:
    """Listen for the buttons of the question, and of a hand-off."""

    def on(action: str, decide: Callable[[Desk, int, Person], str | None], *, looks: bool) -> None:
        def press(ack: Ack, body: Body, respond: Respond) -> None:
            ack()
            who, reply_id = person(body), json.loads(body["actions"][0]["value"])["r"]

            def do() -> None:
                told: list[str | None] = []
                attempt(desk, who, respond, lambda: _noted(decide(desk, reply_id, who), told))
                if who.is_at_home and told == [None]:  # else Home has been drawn anew with what was told
                    desk.aside(lambda: home_tab.show(desk, who.id))

            if looks:  # a look at the network takes longer than Slack waits
                desk.aside(do)
            else:
                do()

        app.action(action)(press)

    on("it_is_there", _it_is_there, looks=True)
    on("send_again", _send_again, looks=True)
    on("discard", _discard, looks=True)
    on("posted", _posted, looks=False)
    on("not_posted", _not_posted, looks=False)


def _noted(sentence: str | None, told: list[str | None]) -> str | None:
    told.append(sentence)
    return sentence


def _ticket_of(desk: Desk, reply_id: int) -> int:
    with desk.db.read() as session:
        return session.get_one(Reply, reply_id).ticket_id


def _change(
    desk: Desk,
    who: Person,
    reply_id: int,
    expected: Delivery,
    verb: Callable[[Session, Ticket, Reply], object],
) -> None:
    """Do `verb` in one transaction, once a press, if the reply still is where the person saw it."""
    with writing(desk) as session:
        if not Inbound.is_new(session, who.key, at=desk.now()):
            return
        ticket = Ticket.hold(session, session.get_one(Reply, reply_id).ticket_id)
        reply = session.get_one(Reply, reply_id, populate_existing=True)
        if reply.state != expected:
            raise RuleBrokenError(f"That is decided already: the reply is {reply.state}.")
        verb(session, ticket, reply)
        ticket.revision += 1


def _it_is_there(desk: Desk, reply_id: int, who: Person) -> str | None:
    """Published, on the network's sight if it shows it, else on the person's word."""
    if reconcile.check(desk, reply_id):
        return "Yes, I see it too. It counts as published."

    def verb(session: Session, ticket: Ticket, reply: Reply) -> None:
        at = desk.now()
        since = reply.sent_at or at  # it was public all the while
        reply.move(session, Delivery.PUBLISHED, at=at, by=who.id, act="it is there", settled_at=since)
        ticket.spoken(session, reply, at=since)

    _change(desk, who, reply_id, Delivery.ASKED, verb)
    return "It counts as published, on your word: I do not see it myself."


def _send_again(desk: Desk, reply_id: int, who: Person) -> str | None:
    """Queued again, but only after one more look that succeeded and did not show it."""
    refused = may_not(desk, who, _ticket_of(desk, reply_id))
    if refused is not None:
        return refused
    seen = reconcile.check(desk, reply_id)
    if seen is None and (not_connected := _not_connected(desk, reply_id)) is not None:
        return not_connected
    if seen is None:
        return "I could not look just now, so I did not send it again. Please try in a minute."
    if seen:
        return "It is there: I see it now. Nothing was sent again."
    _change(
        desk,
        who,
        reply_id,
        Delivery.ASKED,
        lambda session, _ticket, reply: reply.send_again(session, at=desk.now(), by=who.id),
    )
    return None


def _not_connected(desk: Desk, reply_id: int) -> str | None:
    """Why nobody can look for that reply or send it again, if its account is not connected.

    Raises `RuleBrokenError`, which says so, if there are no keys for its network at all.
    """
    account_check.recheck(desk, _ticket_of(desk, reply_id))
    with desk.db.read() as session:
        ticket = session.get_one(Ticket, session.get_one(Reply, reply_id).ticket_id)
        desk.network(ticket.network)
        alarm = unconnected_accounts.find(session, ticket.network, ticket.account_id)
    return None if alarm is None else f"{alarm.detail} So I could not look for it, and did not send it again."


def _discard(desk: Desk, reply_id: int, who: Person) -> str | None:
    """Given up; the words come back, and the ticket waits on."""
    if reconcile.check(desk, reply_id):
        return "It is there: I see it now, so there is nothing to discard. It counts as published."

    def verb(session: Session, ticket: Ticket, reply: Reply) -> None:
        reply.discard(session, at=desk.now(), by=who.id)
        title = desk.titles.get(ticket.network, ticket.network)
        ticket.close_if_gone(session, title=title, at=desk.now())

    _change(desk, who, reply_id, Delivery.ASKED, verb)
    return "Discarded. Should I see it on the network later, I will say so here."


def _posted(desk: Desk, reply_id: int, who: Person) -> str | None:
    """Confirmed by the person who posted it by hand."""
    _change(
        desk,
        who,
        reply_id,
        Delivery.HANDED_OFF,
        lambda session, ticket, reply: manual_posting.confirm_within(
            session, ticket, reply, None, by=who.id, at=desk.now()
        ),
    )
    return None


def _not_posted(desk: Desk, reply_id: int, who: Person) -> str | None:
    """Nobody posted it: the words come back, and the ticket waits on."""

    def verb(session: Session, _ticket: Ticket, reply: Reply) -> None:
        reply.move(session, Delivery.CANCELLED, at=desk.now(), by=who.id, act="I did not post it")

    _change(desk, who, reply_id, Delivery.HANDED_OFF, verb)
    return "It waits again. Your words are kept, press *Reply* to see them."
