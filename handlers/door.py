"""The one door for what people do in Slack: presses, submits, shortcuts, commands and events.

A handler is a function of one `Act`, under a decorator that says what it answers to:

    @door.press("claim", value=TicketValue)
    def claim(act: Act[TicketValue]) -> str | None:
        with act.change_once() as session:
            Ticket.lock(session, act.value.ticket).claim(session, by=act.who.id, at=act.ctx.now())
        return None

The door acknowledges, reads who acted and what the button carries, and tells that person the sentence that
the handler returns, or why it could not be done. `change_once` is the repeat check: an act that arrives twice
has one effect. Who may act at all is decided before (handlers/access.py).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from slack_bolt import Ack, App, BoltRequest
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.runtime import crash_points
from bot.slack import home_tab
from bot.slack.blocks.values import Value
from bot.slack.errors import SlackError
from bot.slack.respond import BoundedRespond
from bot.slack.typed_text import SlackText, read_slack_text
from handlers import feedback
from handlers.access import bounded_respond, packed_value, parse_actor
from handlers.feedback import LEDGER_TIMEOUT_SECONDS, SLACK_SLOW_TEXT, Actor, error_text, refuse_submit
from handlers.thread_command import ThreadCommand, parse_thread_command
from models import ProcessedRequest, Ticket
from models.core.base import RuleBrokenError
from models.core.database import BusyError

Body = dict[str, Any]
Carried = TypeVar("Carried")
ValueKind = TypeVar("ValueKind", bound=Value)
Handler = TypeVar("Handler")

LAST_RETRY_NUMBER = 3  # https://docs.slack.dev/apis/events-api/#retries


class RepeatedError(Exception):
    """The act has had its effect already. The door says nothing, and closes a modal."""


class InputError(RuleBrokenError):
    """Something that is wrong with one input of a modal; `block` is its block_id."""

    def __init__(self, block: str, sentence: str) -> None:
        super().__init__(sentence)
        self.block = block


# --- who acted ----------------------------------------------------------------------------------------------


def why_may_not_send(ctx: BotContext, who: Actor, ticket_id: int) -> str | None:
    """Why `who` may not speak in public about that ticket; asked with no transaction open.

    Raises `PermissionUnknownError` if Slack does not say.
    """
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        channel = session.get_one(Ticket, ticket_id).channel
        senders = ctx.policy(session, channel).senders
    return ctx.sender_permissions.why_not(ctx, who.id, channel, senders)


# --- what they did ------------------------------------------------------------------------------------------


@contextmanager
def write_session(ctx: BotContext) -> Iterator[Session]:
    """Give a session for what a teammate did; committed at the end, within the time that Slack gives us."""
    with ctx.db.write(LEDGER_TIMEOUT_SECONDS) as session:
        yield session
        crash_points.reach("press written")
    crash_points.reach("press kept")


@contextmanager
def change_once(ctx: BotContext, who: Actor) -> Iterator[Session]:
    """Give a session for the effect of this very act of `who`, committed at the end.

    Raises `RepeatedError` if the act has had its effect.
    """
    with write_session(ctx) as session:
        if not ProcessedRequest.claim_key(session, who.key, at=ctx.now()):
            raise RepeatedError
        yield session


def open_modal(ctx: BotContext, trigger_id: str, view: Body) -> str | None:
    """Open a modal; a sentence if Slack does not let us any more."""
    try:
        ctx.slack.open_view(trigger_id, view)
    except SlackError:
        return SLACK_SLOW_TEXT
    return None


def typed_text(view: Body, block: str, field: str = "value") -> SlackText:
    """What was typed into an input of a modal, as plain text; empty where there is no such input."""
    return read_slack_text(view["state"]["values"].get(block, {}).get(field, {}).get("value"))


@dataclass(frozen=True, slots=True)
class Act(Generic[Carried]):
    """One thing that somebody did in Slack, read: who did it, what it carries, and where to answer."""

    ctx: BotContext
    who: Actor
    value: Carried
    body: Body
    respond: BoundedRespond | None = None

    @property
    def view(self) -> Body:
        """The modal or Home in which it was done."""
        view: Body = self.body["view"]
        return view

    @property
    def trigger_id(self) -> str:
        """What lets us open a modal, for three seconds."""
        return str(self.body["trigger_id"])

    def modal(self, kind: type[ValueKind]) -> ValueKind:
        """What the modal in which it was done carries. Raises `UnreadableValueError`."""
        return kind.unpack(self.view["private_metadata"])

    def typed(self, block: str, field: str = "value") -> SlackText:
        """What was typed into an input of the modal, as plain text."""
        return typed_text(self.view, block, field)

    def change_once(self) -> AbstractContextManager[Session]:
        """A session for the effect of this very act. Raises `RepeatedError` if it has had its effect."""
        return change_once(self.ctx, self.who)

    def open_modal(self, view: Body) -> str | None:
        """Open a modal; a sentence if Slack does not let us any more."""
        return open_modal(self.ctx, self.trigger_id, view)

    def answer(self, *, text: str, blocks: Sequence[Body] | None = None, in_place: bool = False) -> None:
        """Show something to who acted alone, `in_place` of what they pressed or below."""
        feedback.send_private_answer(
            self.ctx, self.who, self.respond, text=text, blocks=blocks, in_place=in_place
        )


Verb = Callable[[Act[Carried]], str | None]
Submit = Callable[[Act[Carried]], Body | None]
Suggest = Callable[[Act[Carried], str], list[Body]]
Command = Callable[[Act[Ack]], Body | None]
OnEvent = Callable[[BotContext, Body], None]
ErrorBlock = str | Callable[[Act[Carried]], str | None] | None
"""The block_id of the input at which a refusal stands; None where the modal asks nothing."""


# --- the decorators -----------------------------------------------------------------------------------------


class Door:
    """All listeners, each with what it answers to; `open` hands them to Bolt."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[App, BotContext], None]] = []

    def open(self, app: App, ctx: BotContext) -> None:
        """Have `app` listen for everything that was decorated."""
        for listen in self._listeners:
            listen(app, ctx)

    def _decorator(self, listen: Callable[[App, BotContext, Handler], None]) -> Callable[[Handler], Handler]:
        def decorate(handler: Handler) -> Handler:
            self._listeners.append(lambda app, ctx: listen(app, ctx, handler))
            return handler

        return decorate

    def _reported(
        self,
        subscribe: Callable[[App, Callable[..., None]], object],
        read: Callable[[Body], Carried],
        *,
        in_background: bool = False,
        refreshes_home: bool = False,
    ) -> Callable[[Verb[Carried]], Verb[Carried]]:
        """Acknowledge at once, then do the verb and tell who acted what it returns."""

        def listen(app: App, ctx: BotContext, verb: Verb[Carried]) -> None:
            def acted(ack: Ack, body: Body) -> None:
                ack()
                who, respond = parse_actor(body), bounded_respond(ctx, body)

                def do() -> None:
                    act = lambda: verb(Act(ctx, who, read(body), body, respond))  # noqa: E731 - a line below
                    report(ctx, who, respond, act, refreshes_home=refreshes_home)

                if in_background:
                    ctx.run_in_background(do)
                else:
                    do()

            subscribe(app, acted)

        return self._decorator(listen)

    def press(
        self,
        *actions: str | re.Pattern[str],
        value: type[ValueKind],
        in_background: bool = False,
        refreshes_home: bool = False,
    ) -> Callable[[Verb[ValueKind]], Verb[ValueKind]]:
        """Answer to buttons and menus that carry a `value`. The verb returns a sentence for who pressed.

        `in_background`: it takes longer than Slack waits. `refreshes_home`: it changes what Home shows, so a
        press there has Home redrawn; with a sentence, Home is redrawn anyway.
        """
        return self._reported(
            lambda app, acted: [app.action(action)(acted) for action in actions],
            lambda body: value.unpack(packed_value(body) or ""),
            in_background=in_background,
            refreshes_home=refreshes_home,
        )

    def closed(
        self, callback_id: str, *, value: type[ValueKind]
    ) -> Callable[[Verb[ValueKind]], Verb[ValueKind]]:
        """Answer to a modal that was closed without a submit."""
        return self._reported(
            lambda app, acted: app.view_closed(callback_id)(acted),
            lambda body: value.unpack(body["view"]["private_metadata"]),
        )

    def shortcut(self, callback_id: str) -> Callable[[Verb[Body]], Verb[Body]]:
        """Answer to a message shortcut; the value is the message as Slack sends it."""
        return self._reported(
            lambda app, acted: app.shortcut(callback_id)(acted), lambda body: body["message"]
        )

    def acknowledge(self, *actions: str) -> None:
        """Acknowledge presses that change nothing here: Slack tells of links and ticked boxes, too."""

        def listen(app: App, ctx: BotContext) -> None:
            del ctx
            for action in actions:
                app.action(action)(_ack_only)

        self._listeners.append(listen)

    def submit(
        self, callback_id: str, *, value: type[ValueKind], at: ErrorBlock[ValueKind]
    ) -> Callable[[Submit[ValueKind]], Submit[ValueKind]]:
        """Answer to a modal's submit. The verb returns what Slack does instead of closing it, if anything.

        What it raises stands at the input `at`, and the modal stays open with what was typed.
        """

        def listen(app: App, ctx: BotContext, verb: Submit[ValueKind]) -> None:
            def submitted(ack: Ack, body: Body) -> None:
                carried = value.unpack(body["view"]["private_metadata"])
                key = carried.request_key or f"modal {body['view']['id']}"
                act = Act(ctx, replace(parse_actor(body), key=key), carried, body)
                ack(**(_run_submit(act, verb, at) or {}))
                ctx.wake_loops()

            app.view(callback_id)(submitted)

        return self._decorator(listen)

    def suggest(
        self, action_id: str, *, value: type[ValueKind]
    ) -> Callable[[Suggest[ValueKind]], Suggest[ValueKind]]:
        """Answer to somebody who types into a menu: the verb gets the text and returns the options.

        `value` is what the modal carries.
        """

        def listen(app: App, ctx: BotContext, verb: Suggest[ValueKind]) -> None:
            def typing(ack: Ack, body: Body) -> None:
                carried = value.unpack(body["view"]["private_metadata"])
                typed = read_slack_text(body.get("value")).text
                ack(options=verb(Act(ctx, parse_actor(body), carried, body), typed))

            app.options(action_id)(typing)

        return self._decorator(listen)

    def command(self, name: str) -> Callable[[Command], Command]:
        """Answer to a slash command; the verb returns the answer for who asked.

        It returns None if it has acknowledged by itself, by the value, because it takes longer than Slack
        waits.
        """

        def listen(app: App, ctx: BotContext, verb: Command) -> None:
            def typed(ack: Ack, command: Body) -> None:
                who, respond = parse_actor(command), bounded_respond(ctx, command)
                try:
                    answer = verb(Act(ctx, who, ack, command, respond))
                except Exception as error:  # noqa: BLE001 - a person asked, a person gets a sentence
                    answer = {"text": error_text(error)}
                if answer is not None:
                    ack(response_type="ephemeral", **answer)
                ctx.wake_loops()

            app.command(name)(typed)

        return self._decorator(listen)

    def mention(self) -> Callable[[Verb[ThreadCommand]], Verb[ThreadCommand]]:
        """Answer to messages that call us by name.

        A command that finds the ledger busy is not given up while Slack sends its event again.
        """

        def listen(app: App, ctx: BotContext, verb: Verb[ThreadCommand]) -> None:
            def named(event: Body, body: Body, request: BoltRequest) -> None:
                said = parse_thread_command(event, body)
                if said is not None:
                    act = Act(ctx, said.who, said, body)
                    comes_again = _retry_number(request) < LAST_RETRY_NUMBER
                    report(ctx, said.who, None, lambda: verb(act), comes_again=comes_again)

            app.event("app_mention")(named)

        return self._decorator(listen)

    def event(self, kind: str) -> Callable[[OnEvent], OnEvent]:
        """Answer to an event that nobody waits for. What the verb raises has Slack send the event again."""

        def listen(app: App, ctx: BotContext, verb: OnEvent) -> None:
            def happened(event: Body) -> None:
                verb(ctx, event)

            app.event(kind)(happened)

        return self._decorator(listen)


door = Door()


def report(
    ctx: BotContext,
    who: Actor,
    respond: BoundedRespond | None,
    verb: Callable[[], str | None],
    *,
    comes_again: bool = False,
    refreshes_home: bool = False,
) -> None:
    """Do `verb`; say what it returns, or why it could not be done. Either way the loops have a look.

    What `comes_again` by itself is not given up because the ledger is busy: `BusyError` is raised.
    """
    is_done = False
    try:
        sentence = verb()
        is_done = True
    except RepeatedError:
        sentence = None
    except Exception as error:  # a person acted, a person gets a sentence
        if comes_again and isinstance(error, BusyError):
            raise
        sentence = error_text(error)
    ctx.wake_loops()
    if sentence is not None:
        feedback.send_private_text(ctx, who, respond, sentence)
    elif is_done and refreshes_home and who.is_at_home:
        ctx.run_in_background(lambda: home_tab.show(ctx, who.id))


def _run_submit(act: Act[ValueKind], verb: Submit[ValueKind], at: ErrorBlock[ValueKind]) -> Body | None:
    """What Slack is told about a submit; None has it close the modal."""
    try:
        return verb(act)
    except RepeatedError:
        return None
    except Exception as error:  # noqa: BLE001 - a person submitted, a person gets a sentence
        block = error.block if isinstance(error, InputError) else at(act) if callable(at) else at
        return refuse_submit(block, error_text(error))


def _ack_only(ack: Ack) -> None:
    ack()


def _retry_number(request: BoltRequest) -> int:
    """How often Slack has sent this event before."""
    told = request.headers.get("x-slack-retry-num", ["0"])[0]
    return int(told) if told.isdecimal() else 0
