"""Bolt's door: who may press, submit, type and open what. One table, and the one place that asks it.

A global middleware looks up what the request needs, asks `bot/slack/membership.py` who the person is, and
lets only those through who may. What stands in no table is for members. Handlers behind it need not ask
again.

Docs: https://docs.slack.dev/tools/bolt-python/concepts/global-middleware
"""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from slack_bolt import App, BoltContext, BoltResponse, Respond
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.slack import ephemeral_answers
from bot.slack.blocks import dialogs, home
from bot.slack.blocks.commands import search_results
from bot.slack.blocks.issues import merge, picker, ranking
from bot.slack.blocks.replies import composer
from bot.slack.blocks.replies.composer import sorry
from bot.slack.blocks.tickets import author_history, snooze
from bot.slack.client import SlackError
from bot.slack.membership import NOT_IN_CHANNEL, NOT_YOUR_REPLY, UNKNOWN, Kind, access_of, is_in_channel
from bot.slack.membership import WAIT_SECONDS as WAIT
from bot.slack.permissions import UnknownStandingError
from handlers.feedback import PATIENCE, Person, person, sentence_for, spelled, tell
from handlers.replies import shortcuts, thread_commands
from models import Card, Reply, Ticket
from models.core import command_words

log = logging.getLogger(__name__)

Body = dict[str, Any]


class Needs(Enum):
    """What somebody has to be."""

    NOBODY_IN_PARTICULAR = auto()
    MEMBER = auto()
    ON_CARD = auto()  # a member; or a guest whom SENDERS names, on a card in a channel that they are in
    OWN_REPLY = auto()  # a member; or such a guest, about a reply of their own


@dataclass(frozen=True, slots=True)
class Rule:
    """What a request needs. `if_unknown`: it stops something, so it works while Slack cannot be asked."""

    needs: Needs
    if_unknown: bool = False


ANYBODY = Rule(Needs.NOBODY_IN_PARTICULAR)
MEMBER = Rule(Needs.MEMBER)
ON_CARD = Rule(Needs.ON_CARD)
OWN_REPLY = Rule(Needs.OWN_REPLY)
UNDO = Rule(Needs.OWN_REPLY, if_unknown=True)
PAUSE = Rule(Needs.MEMBER, if_unknown=True)

# --- the table ----------------------------------------------------------------------------------------------

ACTIONS: Mapping[str, Rule] = {
    # a card, a reminder, a preview
    "claim": ON_CARD,
    "release": ON_CARD,  # their own claim alone: Ticket.release sees to that
    "take_over": MEMBER,
    "reopen": MEMBER,
    "undo": UNDO,
    "no_reply_needed": ON_CARD,
    "show_context": MEMBER,
    "open_on_network": ANYBODY,  # links: Slack opens them by itself and only tells us
    "open_composer_on_network": ANYBODY,
    "reply": ON_CARD,
    "follow_up": ON_CARD,
    "edit_draft": ON_CARD,
    "use_draft": ON_CARD,
    composer.TAKE_OVER: ON_CARD,
    "send_publicly": ON_CARD,
    "keep_private": ON_CARD,
    # an unsure reply, a hand-off
    "it_is_there": OWN_REPLY,
    "send_again": OWN_REPLY,
    "discard": OWN_REPLY,
    "posted": OWN_REPLY,
    "not_posted": OWN_REPLY,
    # Home
    home.DISCARD: MEMBER,
    home.CLOSE: MEMBER,
    home.PREVIOUS: MEMBER,
    home.NEXT: MEMBER,
    home.PICK: MEMBER,
    home.OUTCOME: MEMBER,
    # issues, history, answers to a command
    author_history.DELETE: MEMBER,
    "remove_from_issue": MEMBER,
    "issues_page_a": MEMBER,
    "issues_page_b": MEMBER,
    "open_issue": MEMBER,
    "refresh_issue": MEMBER,
    "issue_page_a": MEMBER,
    "issue_page_b": MEMBER,
    "fix_issue": MEMBER,
    "reopen_issue": MEMBER,
    "skip_telling": MEMBER,
    merge.ASK: MEMBER,
    search_results.MORE: MEMBER,
    ephemeral_answers.SHARE: MEMBER,
}
ACTIONS_BEGINNING: Mapping[str, Rule] = {
    f"{author_history.PAGE}_": MEMBER,
    f"{author_history.OTHER}_": MEMBER,
}
MORE = "more"  # the overflow of a card
OPTIONS_OF_MORE: Mapping[str, Rule] = {
    "assign": MEMBER,
    "snooze": MEMBER,
    "not_about_us": ON_CARD,
    "add_to_issue": MEMBER,
    "history": MEMBER,
    "unsay": MEMBER,
    "release": ON_CARD,
    "take_over": MEMBER,
}
VIEWS: Mapping[str, Rule] = {
    composer.COMPOSER: ON_CARD,
    dialogs.REASON: ON_CARD,
    dialogs.ASSIGN: MEMBER,
    dialogs.UNSAY: MEMBER,
    dialogs.ME: MEMBER,
    snooze.SNOOZE: MEMBER,
    author_history.HISTORY: MEMBER,
    ranking.ADD: MEMBER,
    ranking.SKIP: MEMBER,
    merge.ASK: MEMBER,
}
# It opened for somebody who might then. What they typed is kept, and the card stops showing them as writing.
CLOSED_VIEWS: Mapping[str, Rule] = {composer.COMPOSER: ANYBODY}
SUGGESTIONS: Mapping[str, Rule] = {picker.PICK: MEMBER}
SHORTCUTS: Mapping[str, Rule] = {shortcuts.SEND: ON_CARD}
COMMANDS: Mapping[str, Rule] = {"/mentions": MEMBER}
WORDS_OF_COMMANDS: Mapping[str, Rule] = {"pause": PAUSE}
EVENTS: Mapping[str, Rule] = {
    "app_home_opened": ANYBODY,  # bot/slack/home_tab.py asks who looks at it, whatever it is drawn for
    "message": ANYBODY,  # nothing is done for them: an owner shows life, an author hears of their own words
}
MENTION = "app_mention"
WORDS_OF_MENTIONS: Mapping[str, Rule] = {
    "claim": ON_CARD,
    "release": ON_CARD,
    "done": ON_CARD,
    "reply": ON_CARD,
    "drafts": ON_CARD,  # one's own
    "undo": UNDO,
}


# --- what a request needs -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Request:
    """One request: what it needs, who makes it, from which workspace, and about what."""

    rule: Rule
    who: Person
    team: str | None
    ticket: int | None = None
    reply: int | None = None


def read_request(body: Body) -> Request | None:
    """Read a request; None for what nobody does, such as Slack's own notices."""
    kind = body.get("type")
    if kind == "event_callback":
        return _event(body)
    who = person(body)
    if not who.id:
        return None
    if "command" in body:
        word = command_words.command(
            str(body.get("text") or "")
        ).word  # as handlers/commands/router.py reads it
        rule = WORDS_OF_COMMANDS.get(word, COMMANDS.get(body["command"], MEMBER))
        return Request(rule, who, body.get("team_id"))
    about, read = _carried(body), _READ.get(str(kind))
    rule = read(body, about) if read is not None else MEMBER
    team = (body.get("user") or {}).get("team_id")
    return Request(rule, who, team, ticket=about.get("t", about.get("ticket")), reply=about.get("r"))


def _carried(body: Body) -> Body:
    """The JSON that a button, an option or a modal of ours carries; empty where there is none."""
    action = (body.get("actions") or [{}])[0]
    value = action.get("value") or (action.get("selected_option") or {}).get("value")
    packed = [(body.get("view") or {}).get("private_metadata"), value]
    read: Body = {}
    for one in packed:
        try:
            found_in = json.loads(one) if one else {}
        except (TypeError, ValueError):
            continue
        read |= found_in if isinstance(found_in, dict) else {}
    return read


def _action(body: Body, about: Body) -> Rule:
    name = str((body.get("actions") or [{}])[0].get("action_id"))
    if name == MORE:
        return OPTIONS_OF_MORE.get(str(about.get("do")), MEMBER)
    begins = (rule for start, rule in ACTIONS_BEGINNING.items() if name.startswith(start))
    return ACTIONS.get(name) or next(begins, MEMBER)


def _of_view(rules: Mapping[str, Rule]) -> Callable[[Body, Body], Rule]:
    return lambda body, _about: rules.get(str((body.get("view") or {}).get("callback_id")), MEMBER)


_READ: Mapping[str, Callable[[Body, Body], Rule]] = {
    "block_actions": _action,
    "view_submission": _of_view(VIEWS),
    "view_closed": _of_view(CLOSED_VIEWS),
    "block_suggestion": lambda body, _about: SUGGESTIONS.get(str(body.get("action_id")), MEMBER),
    "message_action": lambda body, _about: SHORTCUTS.get(str(body.get("callback_id")), MEMBER),
}


def _event(body: Body) -> Request | None:
    """An event. Only a command in a thread is something that somebody wants of us."""
    event = body.get("event") or {}
    if event.get("type") != MENTION:
        return None
    word = thread_commands.word_of(event, body)
    if word is None:
        return None
    who = Person(event["user"], event["channel"], event.get("thread_ts"))
    rule = WORDS_OF_MENTIONS.get(word, MEMBER)
    return Request(rule, who, event.get("user_team") or event.get("team"))


# --- asking -------------------------------------------------------------------------------------------------


def guard(app: App, desk: Desk) -> None:
    """Let only those through to a listener who may."""

    @app.middleware
    def check(body: Body, context: BoltContext, next_: Callable[[], None]) -> BoltResponse | None:
        request = read_request(body)
        refused = refusal(desk, request) if request is not None else None
        if request is None or refused is None:
            next_()
            return None
        log.info("refused to %s: %s", request.who.id, body.get("type") or body.get("command"))
        return _answer(desk, body, request.who, context.respond, refused)


def refusal(desk: Desk, request: Request) -> str | None:
    """Why that is not for them, in one sentence; None if it is. Mostly from memory, and always in time."""
    rule, who = request.rule, request.who
    if rule.needs is Needs.NOBODY_IN_PARTICULAR:
        return None
    access = access_of(desk, who.id, team=request.team, wait_seconds=WAIT)
    if access.is_member or (access.kind is Kind.UNKNOWN and rule.if_unknown):
        return None
    if access.kind is not Kind.NAMED_GUEST or rule.needs is Needs.MEMBER:
        return access.refusal
    try:
        return _refusal_on_card(desk, request)
    except UnknownStandingError:
        return UNKNOWN
    except Exception as error:  # noqa: BLE001 - a person pressed, a person gets a sentence
        return sentence_for(error)


def _refusal_on_card(desk: Desk, request: Request) -> str | None:
    """Why a guest whom SENDERS names may not do that about this card."""
    who = request.who
    with desk.db.read(PATIENCE) as session:
        ticket, reply = _target(session, request)
        channel = ticket.channel if ticket is not None else None
        actor = reply.actor if reply is not None else None
    if channel is None:  # a thread that is no card's, in which they are: the handler says so
        return None if request.ticket is None and request.reply is None else NOT_IN_CHANNEL
    # Slack tells of a press in a channel only if they are in it; a modal may have been opened long ago.
    if channel != who.channel and not is_in_channel(desk, who.id, channel, wait_seconds=WAIT):
        return NOT_IN_CHANNEL
    if request.rule.needs is Needs.OWN_REPLY and actor not in {None, who.id}:
        return NOT_YOUR_REPLY
    return None


def _target(session: Session, request: Request) -> tuple[Ticket | None, Reply | None]:
    """The ticket and the reply that a button names, else those of the thread that somebody writes in."""
    reply = session.get(Reply, request.reply) if request.reply is not None else None
    ticket_id = request.ticket if reply is None else reply.ticket_id
    if ticket_id is None and request.who.channel and request.who.thread_ts:
        card = Card.at_place(session, request.who.channel, request.who.thread_ts)
        ticket_id = card.ticket_id if card is not None else None
    ticket = session.get(Ticket, ticket_id) if ticket_id is not None else None
    if reply is None and ticket is not None:
        reply = ticket.live_reply(session)
    return ticket, reply


# --- answering ----------------------------------------------------------------------------------------------


def _answer(desk: Desk, body: Body, who: Person, respond: Respond | None, sentence: str) -> BoltResponse:
    """Say it where they look, and nothing else; what they typed stays in its window."""
    kind = body.get("type")
    if "command" in body:
        return BoltResponse(status=200, body={"response_type": "ephemeral", "text": sentence})
    if kind == "view_submission":
        return BoltResponse(status=200, body=_in_modal(body["view"], sentence))
    if kind == "block_suggestion":
        return BoltResponse(status=200, body={"options": []})
    if kind == "block_actions" and (body.get("view") or {}).get("type") == "modal":
        desk.aside(lambda: _on_top(desk, body, sentence))
    elif kind != "view_closed":
        tell(desk, who, respond if body.get("response_url") else None, sentence)
    return BoltResponse(status=200, body="")


def _in_modal(view: Body, sentence: str) -> Body:
    """The answer to a submit: at the first input, so that what is typed stays; else in place of the modal."""
    inputs = [block["block_id"] for block in view.get("blocks") or [] if block.get("type") == "input"]
    if inputs:
        return {"response_action": "errors", "errors": {inputs[0]: spelled(sentence)}}
    return {"response_action": "update", "view": sorry(sentence)}


def _on_top(desk: Desk, body: Body, sentence: str) -> None:
    try:
        desk.slack.push_view(str(body.get("trigger_id")), sorry(sentence))
    except SlackError as error:
        log.info("a refusal could not be shown in a modal: %s", error)
