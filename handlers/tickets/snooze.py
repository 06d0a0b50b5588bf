"""`Snooze…` and `@Heard snooze 2h`: a ticket sleeps until a time that a person names by their own clocks."""

import json
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from slack_bolt import Ack, App
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.slack.blocks.tickets import snooze as face
from bot.slack.typed_text import read_slack_text
from bot.slack.user_timezone import zone_of
from handlers.feedback import Actor, error_text, open_modal, parse_actor, send_private_text
from handlers.tickets.dialogs import ack_modal, change_ticket_once
from models import Ticket
from models.core import natural_time

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SnoozeUntil:
    """A moment, and how it is said back to whoever named it."""

    at: datetime
    label: str


def register(app: App, ctx: BotContext) -> None:
    """Listen for what the modal is answered."""

    @app.view(face.SNOOZE_CALLBACK_ID)
    def chosen(ack: Ack, body: Body, view: Body) -> None:
        carried = json.loads(view["private_metadata"])
        who = replace(parse_actor(body), channel=carried.get("channel"))
        said, block = _chosen_time(view["state"]["values"])
        try:
            until = _parse_until(ctx, said, ZoneInfo(carried["zone"]))
        except Exception as error:  # noqa: BLE001 - the modal stays open, with what was typed
            ack_modal(ack, block, error_text(error))
            return
        refused = change_ticket_once(
            ctx, who, view, lambda *given: _snooze_ticket(ctx, *given, until=until, by=who.id)
        )
        ack_modal(ack, block, refused)
        if refused is None:
            send_private_text(ctx, who, None, _snoozed_text(until))


def open_snooze_modal(ctx: BotContext, who: Actor, trigger_id: str, ticket_id: int) -> str | None:
    """Open the modal; a sentence if that does not work any more."""
    zone = zone_of(ctx, who.id)
    carried = {"ticket": ticket_id, "key": uuid.uuid4().hex, "zone": zone.key, "channel": who.channel}
    return open_modal(ctx, trigger_id, face.build_snooze_modal(carried, now=ctx.now(), zone=zone))


def parse_until(ctx: BotContext, user: str, typed: str) -> SnoozeUntil:
    """What `user` typed for a moment, by their own clocks. Not within a transaction."""
    return _parse_until(ctx, typed, zone_of(ctx, user))


def snooze_ticket(ctx: BotContext, session: Session, ticket: Ticket, until: SnoozeUntil, *, by: str) -> str:
    """Let it sleep; says until when."""
    ticket.snooze(session, until=until.at, by=by, at=ctx.now(), promise=ctx.sla_policy)
    return _snoozed_text(until)


def _snooze_ticket(ctx: BotContext, session: Session, ticket: Ticket, *, until: SnoozeUntil, by: str) -> None:
    snooze_ticket(ctx, session, ticket, until, by=by)


def _snoozed_text(until: SnoozeUntil) -> str:
    return f":zzz: Snoozed until {until.label}."


def _parse_until(ctx: BotContext, said: str, zone: ZoneInfo) -> SnoozeUntil:
    now = ctx.now()
    at = natural_time.parse_time(said, now=now, zone=zone)
    return SnoozeUntil(at, natural_time.format_local(at, now, zone))


def _chosen_time(values: Body) -> tuple[str, str]:
    """What was chosen, in words, and where: typed words before a day and time before a quick choice."""

    def of(block: str, key: str) -> Any:  # noqa: ANN401 - Slack's values
        return values.get(block, {}).get("value", {}).get(key)

    words = read_slack_text(of(face.TEXT_BLOCK, "value")).text.strip()
    day, time = of(face.DATE_BLOCK, "selected_date"), of(face.TIME_BLOCK, "selected_time")
    quick = (of(face.QUICK_BLOCK, "selected_option") or {}).get("value") or ""
    if words:
        return words, face.TEXT_BLOCK
    if day or time:
        return " ".join(filter(None, (day, time))), face.DATE_BLOCK if day else face.TIME_BLOCK
    return quick, face.QUICK_BLOCK
