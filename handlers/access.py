"""Access rules: who may press, submit, type or open what.

A middleware for every request looks up what it needs in the tables of `access_rules.py`, asks
`bot/slack/membership.py` who the person is, and lets the request through or refuses it. Handlers need not
check again, except whether someone may send public replies: that is in `bot/slack/sender_permissions.py`.

Docs: https://docs.slack.dev/tools/bolt-python/concepts/global-middleware
"""

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from slack_bolt import App, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.slack.blocks.values import Subject, read_subject
from bot.slack.membership import (
    MEMBERSHIP_WAIT_SECONDS,
    NOT_IN_CHANNEL,
    NOT_YOUR_REPLY,
    UNKNOWN_REFUSAL,
    MembershipKind,
    access_of,
    refusal_of_guest,
)
from bot.slack.private_access import NOT_A_READER, is_reader
from bot.slack.respond import BoundedRespond
from bot.slack.sender_permissions import PermissionUnknownError
from handlers.access_rules import (
    ACTION_PREFIX_RULES,
    ACTION_RULES,
    CLOSED_VIEW_RULES,
    COMMAND_RULES,
    MEMBER,
    MENTION_EVENT,
    OVERFLOW_ACTION_ID,
    OVERFLOW_OPTION_RULES,
    SHORTCUT_RULES,
    SUBCOMMAND_RULES,
    SUGGESTION_RULES,
    THREAD_COMMAND_RULES,
    VIEW_RULES,
    AccessRule,
    RequiredAccess,
)
from handlers.feedback import (
    LEDGER_BUSY_TEXT,
    LEDGER_TIMEOUT_SECONDS,
    Actor,
    error_text,
    send_refusal,
    user_names,
)
from handlers.thread_command import parse_thread_command
from models import Card, Reply, Ticket, TicketGroup
from models.core import command_words

PRIVACY_LOOKUP_SECONDS = 0.5  # that a press waits for the ledger to say whether a ticket is private

log = logging.getLogger(__name__)

Body = dict[str, Any]


# --- what every request tells -------------------------------------------------------------------------------


def parse_actor(body: Mapping[str, Any]) -> Actor:
    """Who sent this press, submit or command."""
    user = body.get("user")
    if not isinstance(user, Mapping):
        key = f"command {body.get('trigger_id')}"
        return Actor(str(body.get("user_id", "")), body.get("channel_id"), None, key)
    user_names[str(user["id"])] = str(user.get("name") or user.get("username") or "a teammate")
    container = body.get("container") or {}
    channel = (body.get("channel") or {}).get("id") or container.get("channel_id")
    message = body.get("message") or {}
    thread_ts = message.get("thread_ts") or container.get("thread_ts")
    is_at_home = (body.get("view") or {}).get("type") == "home"
    return Actor(str(user["id"]), channel, thread_ts, _press_key(body), is_at_home)


def _press_key(body: Mapping[str, Any]) -> str:
    """What is the same only in two copies of one press: Slack hands out a trigger once, at one moment."""
    action = (body.get("actions") or [{}])[0]
    parts = (
        body.get("trigger_id"),
        body["user"]["id"],
        (body.get("container") or {}).get("message_ts"),
        action.get("action_id"),
        action.get("action_ts"),
        packed_value(body),
    )
    return "press " + hashlib.sha256(repr(parts).encode()).hexdigest()


def packed_value(body: Mapping[str, Any]) -> str | None:
    """What the pressed button or the chosen option carries, packed; None where it carries nothing."""
    action = (body.get("actions") or [{}])[0]
    return action.get("value") or (action.get("selected_option") or {}).get("value")


def bounded_respond(ctx: BotContext, body: Mapping[str, Any]) -> BoundedRespond:
    """What answers to that request by its `response_url`, without waiting long."""
    client = ctx.slack.client
    return BoundedRespond(
        response_url=body.get("response_url"), proxy=client.proxy, ssl=client.ssl, patience=ctx.patience
    )


# --- what a request needs -----------------------------------------------------------------------------------


class PressPlace(Enum):
    """Where somebody acts, which says what they may have seen."""

    CHANNEL_MESSAGE = auto()  # one that everybody in a channel sees, so they are in it
    MODAL = auto()
    ELSEWHERE = auto()  # Home, a direct message, an answer that only they see


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """One request: what it needs, who makes it, from which workspace, and about what."""

    rule: AccessRule
    who: Actor
    team: str | None
    ticket: int | None = None
    reply: int | None = None
    group: int | None = None
    place: PressPlace = PressPlace.ELSEWHERE


def read_request(body: Body) -> AccessRequest | None:
    """Read a request; None for what nobody does, such as Slack's own notices."""
    kind = body.get("type")
    if kind == "event_callback":
        return _read_event(body)
    who = parse_actor(body)
    if not who.id:
        return None
    if "command" in body:
        word = command_words.parse_command(
            str(body.get("text") or "")
        ).word  # as handlers/commands/router.py reads it
        rule = SUBCOMMAND_RULES.get(word, COMMAND_RULES.get(body["command"], MEMBER))
        return AccessRequest(rule, who, body.get("team_id"))
    about = read_subject((body.get("view") or {}).get("private_metadata"), packed_value(body))
    read = _RULE_READERS.get(str(kind))
    rule = read(body, about) if read is not None else MEMBER
    team = (body.get("user") or {}).get("team_id")
    return AccessRequest(
        rule,
        who,
        team,
        ticket=about.ticket,
        reply=about.reply,
        group=about.group,
        place=_press_place(body),
    )


def _press_place(body: Body) -> PressPlace:
    container = body.get("container") or {}
    if body.get("type") in {"view_submission", "view_closed"}:
        return PressPlace.MODAL
    channel = str((body.get("channel") or {}).get("id") or container.get("channel_id") or "")
    is_shown_to_all = container.get("type") == "message" and not container.get("is_ephemeral")
    return (
        PressPlace.CHANNEL_MESSAGE if is_shown_to_all and channel[:1] in {"C", "G"} else PressPlace.ELSEWHERE
    )


def _action_rule(body: Body, about: Subject) -> AccessRule:
    name = str((body.get("actions") or [{}])[0].get("action_id"))
    if name == OVERFLOW_ACTION_ID:
        return OVERFLOW_OPTION_RULES.get(str(about.choice), MEMBER)
    begins = (rule for start, rule in ACTION_PREFIX_RULES.items() if name.startswith(start))
    return ACTION_RULES.get(name) or next(begins, MEMBER)


def _view_rule(rules: Mapping[str, AccessRule]) -> Callable[[Body, Subject], AccessRule]:
    return lambda body, _about: rules.get(str((body.get("view") or {}).get("callback_id")), MEMBER)


_RULE_READERS: Mapping[str, Callable[[Body, Subject], AccessRule]] = {
    "block_actions": _action_rule,
    "view_submission": _view_rule(VIEW_RULES),
    "view_closed": _view_rule(CLOSED_VIEW_RULES),
    "block_suggestion": lambda body, _about: SUGGESTION_RULES.get(str(body.get("action_id")), MEMBER),
    "message_action": lambda body, _about: SHORTCUT_RULES.get(str(body.get("callback_id")), MEMBER),
}


def _read_event(body: Body) -> AccessRequest | None:
    """An event. Only a command in a thread is something that somebody wants of us."""
    event = body.get("event") or {}
    if event.get("type") != MENTION_EVENT:
        return None
    said = parse_thread_command(event, body)
    if said is None:
        return None
    rule = THREAD_COMMAND_RULES.get(said.verb, MEMBER)
    team = event.get("user_team") or event.get("team")
    return AccessRequest(rule, said.who, team, place=PressPlace.CHANNEL_MESSAGE)


# --- asking -------------------------------------------------------------------------------------------------


def build_authorizer(ctx: BotContext) -> Callable[..., AuthorizeResult]:
    """Who we are, without asking Slack on every press: one workspace, one token, learned once."""
    token = ctx.settings.slack_bot_token.get_secret_value()

    def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        known = ctx.slack.identity_if_known()
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_token=token,
            bot_user_id=known.user_id if known is not None else None,
            bot_id=known.bot_id if known is not None else None,
        )

    return authorize


def install_access_check(app: App, ctx: BotContext) -> None:
    """Let only those through to a listener who may."""

    @app.middleware
    def check(body: Body, next_: Callable[[], None]) -> BoltResponse | None:
        request = read_request(body)
        refused = find_refusal(ctx, request) if request is not None else None
        if request is None or refused is None:
            next_()
            return None
        log.info("refused to %s: %s", request.who.id, body.get("type") or body.get("command"))
        respond = bounded_respond(ctx, body) if body.get("response_url") else None
        return send_refusal(ctx, body, request.who, respond, refused)


def find_refusal(ctx: BotContext, request: AccessRequest) -> str | None:
    """Why that is not for them, in one sentence; None if it is. Mostly from memory, and always in time."""
    rule, who = request.rule, request.who
    if rule.needs is RequiredAccess.NOBODY_IN_PARTICULAR:
        return None
    access = access_of(ctx, who.id, team=request.team, wait_seconds=MEMBERSHIP_WAIT_SECONDS)
    if access.is_member or (access.kind is MembershipKind.UNKNOWN and rule.allow_if_unknown):
        return None if rule.allow_if_unknown else _refusal_of_private(ctx, request)
    if access.kind is not MembershipKind.NAMED_GUEST or rule.needs is RequiredAccess.MEMBER:
        return access.refusal
    try:
        return _refusal_on_card(ctx, request) or _refusal_of_private(ctx, request)
    except PermissionUnknownError:
        return UNKNOWN_REFUSAL
    except Exception as error:  # noqa: BLE001 - a person pressed, a person gets a sentence
        return error_text(error)


def _refusal_of_private(ctx: BotContext, request: AccessRequest) -> str | None:
    """Why that is not for them because the ticket is private; None if it is public, or they may see it.

    While the ledger does not say, only a message that everybody in a channel sees, and a modal with what they
    have typed, are taken for what they may see: everything else may be older than their leaving the channel.
    """
    if request.ticket is None and request.reply is None:
        return None
    found = ctx.read_with_timeout(lambda: _find_privacy(ctx, request), PRIVACY_LOOKUP_SECONDS)
    if found is None:
        return LEDGER_BUSY_TEXT if request.place is PressPlace.ELSEWHERE else None
    is_private, channel = found
    if not is_private or (request.place is PressPlace.CHANNEL_MESSAGE and channel == request.who.channel):
        return None
    may_see = ctx.ask_with_timeout(
        lambda: bool(channel) and is_reader(ctx, request.who.id, channel), MEMBERSHIP_WAIT_SECONDS
    )
    return None if may_see else NOT_A_READER


def _find_privacy(ctx: BotContext, request: AccessRequest) -> tuple[bool, str]:
    """Whether the ticket is private, and the channel that has its card; of no ticket, that it is not."""
    with ctx.db.read(PRIVACY_LOOKUP_SECONDS) as session:
        ticket_id = request.ticket
        if request.reply is not None and (reply := session.get(Reply, request.reply)) is not None:
            ticket_id = reply.ticket_id
        ticket = session.get(Ticket, ticket_id) if ticket_id is not None else None
        return (False, "") if ticket is None else (ticket.is_private, ticket.channel)


def _refusal_on_card(ctx: BotContext, request: AccessRequest) -> str | None:
    """Why a guest whom the senders of some channel name may not do that about this card."""
    who = request.who
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        ticket, reply = _load_target(session, request)
        channel = ticket.channel if ticket is not None else None
        if request.group is not None:
            channel = session.get_one(TicketGroup, request.group).channel
        actor = reply.actor if reply is not None else None
    if channel is None:  # a thread that is no card's, in which they are: the handler says so
        return None if request.ticket is None and request.reply is None else NOT_IN_CHANNEL
    refused = refusal_of_guest(ctx, who.id, channel, seen_in=who.channel)
    if refused is not None:
        return refused
    if request.rule.needs is RequiredAccess.OWN_REPLY and actor not in {None, who.id}:
        return NOT_YOUR_REPLY
    return None


def _load_target(session: Session, request: AccessRequest) -> tuple[Ticket | None, Reply | None]:
    """The ticket and the reply that a button names, else those of the thread that somebody writes in."""
    reply = session.get(Reply, request.reply) if request.reply is not None else None
    ticket_id = request.ticket if reply is None else reply.ticket_id
    if ticket_id is None and request.who.channel and request.who.thread_ts:
        card = Card.find_by_message(session, request.who.channel, request.who.thread_ts)
        ticket_id = card.ticket_id if card is not None else None
    ticket = session.get(Ticket, ticket_id) if ticket_id is not None else None
    if reply is None and ticket is not None:
        reply = ticket.live_reply(session)
    return ticket, reply
