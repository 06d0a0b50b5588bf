"""The buttons of a card that change the ticket at once: Claim, Undo, Reopen and what is behind the dots."""

import json
import uuid
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, Respond
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.slack import home_tab
from bot.slack.blocks import dialogs
from bot.slack.membership import NOT_YOUR_REPLY, MembershipKind, access_if_known
from handlers.feedback import Actor, open_modal, parse_actor, run_and_report, write_session
from handlers.issues import add
from handlers.tickets import author_history, snooze
from handlers.tickets.dialogs import load_delete_modal, notify_stopped
from models import ProcessedRequest, Ticket
from models.core.base import RuleBrokenError

Body = dict[str, Any]
TicketAction = Callable[[Session, Ticket, Actor], str | None]
ALREADY_YOURS_TEXT = "You have this one already."


def register(app: App, ctx: BotContext) -> None:
    """Listen for these buttons."""

    def on(action: str, verb: TicketAction) -> None:
        def press(ack: Ack, body: Body, respond: Respond) -> None:
            ack()
            value = json.loads(body["actions"][0]["value"])
            change_ticket(ctx, parse_actor(body), respond, value["t"], verb)

        app.action(action)(press)

    on("claim", lambda *given: _claim(ctx, *given))
    on("release", lambda *given: _release(ctx, *given))
    on("take_over", lambda *given: _take_over(ctx, *given))
    on("reopen", lambda *given: _reopen(ctx, *given))

    @app.action("undo")
    def take_back(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        value = json.loads(body["actions"][0]["value"])
        verb: TicketAction = lambda session, ticket, who: undo_reply(ctx, session, ticket, who, value["r"])  # noqa: E731
        change_ticket(ctx, parse_actor(body), respond, value["t"], verb)

    @app.action("more")
    def more(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        value = json.loads(body["actions"][0]["selected_option"]["value"])
        who, do = parse_actor(body), value["do"]
        if do in _MODAL_BUILDERS:
            run_and_report(
                ctx,
                who,
                respond,
                lambda: open_modal(
                    ctx, body["trigger_id"], _MODAL_BUILDERS[do](ctx, value, uuid.uuid4().hex)
                ),
            )
        elif do in _MODAL_OPENERS:
            run_and_report(
                ctx, who, respond, lambda: _MODAL_OPENERS[do](ctx, who, body["trigger_id"], value["t"])
            )
        else:
            change_ticket(ctx, who, respond, value["t"], lambda *given: _OVERFLOW_ACTIONS[do](ctx, *given))

    app.action("open_on_network")(_ack_link)
    app.action("open_composer_on_network")(_ack_link)


def _ack_link(ack: Ack) -> None:
    """Slack tells of presses on link buttons too, and wants them acknowledged."""
    ack()


def change_ticket(
    ctx: BotContext, who: Actor, respond: Respond | None, ticket_id: int, verb: TicketAction
) -> None:
    """Do `verb` on the ticket in one transaction, once a press, and tell what stands against it."""
    done: list[bool] = []

    def do() -> str | None:
        with write_session(ctx) as session:
            if not ProcessedRequest.claim_key(session, who.key, at=ctx.now()):
                return None
            told = verb(session, Ticket.lock(session, ticket_id), who)
        done.append(told is None)
        return told

    run_and_report(ctx, who, respond, do)
    if who.is_at_home and any(done):  # else Home has been drawn anew with what was told
        ctx.run_in_background(lambda: home_tab.show(ctx, who.id))


def undo_reply(
    ctx: BotContext, session: Session, ticket: Ticket, who: Actor, reply_id: int | None = None
) -> str | None:
    """Stop the reply that waits; the words come back to their author with the next press on Reply."""
    waiting = ticket.live_reply(session)
    if waiting is not None and waiting.actor != who.id:  # from memory alone: undo must not wait for Slack
        refused = ctx.sender_permissions.why_not_if_known(ctx, who.id, ticket.channel)
        if refused is not None:
            raise RuleBrokenError(refused)
        if access_if_known(ctx, who.id).kind is MembershipKind.NAMED_GUEST:
            raise RuleBrokenError(NOT_YOUR_REPLY)
    reply = ticket.undo(session, by=who.id, at=ctx.now(), reply_id=reply_id)
    if reply.actor != who.id:
        return f"Undone: nothing was published. The words are kept for <@{reply.actor}>."
    return "Undone: nothing was published. Your words are kept, press *Reply* to see them."


def _claim(ctx: BotContext, session: Session, ticket: Ticket, who: Actor) -> str | None:
    had = ticket.owner == who.id
    ticket.claim(session, by=who.id, at=ctx.now())
    return ALREADY_YOURS_TEXT if had else None


def _not_about_us(ctx: BotContext, session: Session, ticket: Ticket, who: Actor) -> str | None:
    stopped = ticket.close_not_about_us(session, by=who.id, at=ctx.now())
    notify_stopped(ctx, session, stopped, who, "not about us")
    return None


def _release(ctx: BotContext, session: Session, ticket: Ticket, who: Actor) -> str | None:
    ticket.release(session, by=who.id, at=ctx.now())
    return None


def _reopen(ctx: BotContext, session: Session, ticket: Ticket, who: Actor) -> str | None:
    ticket.reopen(session, by=who.id, at=ctx.now(), promise=ctx.sla_policy)
    return None


def _take_over(ctx: BotContext, session: Session, ticket: Ticket, who: Actor) -> str | None:
    had = ticket.owner == who.id
    ticket.take_over(session, by=who.id, at=ctx.now())
    return ALREADY_YOURS_TEXT if had else None


# What is behind the dots: done at once, or asked about first.
_OVERFLOW_ACTIONS: dict[str, Callable[[BotContext, Session, Ticket, Actor], str | None]] = {
    "not_about_us": _not_about_us,
    "release": _release,
    "take_over": _take_over,
}
_MODAL_BUILDERS: dict[str, Callable[[BotContext, dict[str, Any], str], dict[str, Any]]] = {
    "assign": lambda _desk, value, key: dialogs.build_assign_modal(value["t"], key=key),
    "unsay": load_delete_modal,
}
# What opens a modal that needs a look at the ledger first: by whom, with which trigger, on which ticket.
_MODAL_OPENERS: dict[str, Callable[[BotContext, Actor, str, int], str | None]] = {
    "history": author_history.open_from_card,
    "add_to_issue": add.open_add_modal,
    "snooze": snooze.open_snooze_modal,
}
