"""`Snooze…` and `@Heard snooze 2h`: a ticket sleeps until a time that a person names by their own clocks."""

import uuid
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.slack.blocks.tickets import snooze as face
from bot.slack.blocks.values import SnoozeValue
from bot.slack.user_timezone import zone_of
from handlers.door import Act, RepeatedError, door, open_modal
from handlers.feedback import Actor, send_private_text
from models import Ticket
from models.core import natural_time


@dataclass(frozen=True, slots=True)
class SnoozeUntil:
    """A moment, and how it is shown to the person who named it."""

    at: datetime
    label: str


@door.submit(face.SNOOZE_CALLBACK_ID, value=SnoozeValue, at=lambda act: _chosen_time(act)[1])
def chosen(act: Act[SnoozeValue]) -> None:
    """Let the ticket sleep until the time that they named, and say so."""
    ctx, who = act.ctx, replace(act.who, channel=act.value.channel)
    until = _parse_until(ctx, _chosen_time(act)[0], ZoneInfo(act.value.zone))
    with suppress(RepeatedError), act.change_once() as session:
        snooze_ticket(ctx, session, Ticket.lock(session, act.value.ticket), until, by=who.id)
    send_private_text(ctx, who, None, _snoozed_text(until))


def open_snooze_modal(ctx: BotContext, who: Actor, trigger_id: str, ticket_id: int) -> str | None:
    """Open the modal; a sentence if that does not work any more."""
    zone = zone_of(ctx, who.id)
    carried = SnoozeValue(ticket_id, uuid.uuid4().hex, zone.key, channel=who.channel)
    return open_modal(ctx, trigger_id, face.build_snooze_modal(carried, now=ctx.now(), zone=zone))


def parse_until(ctx: BotContext, user: str, typed: str) -> SnoozeUntil:
    """What `user` typed for a moment, by their own clocks. Not within a transaction."""
    return _parse_until(ctx, typed, zone_of(ctx, user))


def snooze_ticket(ctx: BotContext, session: Session, ticket: Ticket, until: SnoozeUntil, *, by: str) -> str:
    """Let it sleep; says until when."""
    sla_policy = ctx.sla_policy(session, ticket.channel)
    ticket.snooze(session, until=until.at, by=by, at=ctx.now(), sla_policy=sla_policy)
    return _snoozed_text(until)


def _snoozed_text(until: SnoozeUntil) -> str:
    return f":zzz: Snoozed until {until.label}."


def _parse_until(ctx: BotContext, said: str, zone: ZoneInfo) -> SnoozeUntil:
    now = ctx.now()
    at = natural_time.parse_time(said, now=now, zone=zone)
    return SnoozeUntil(at, natural_time.format_local(at, now, zone))


def _chosen_time(act: Act[SnoozeValue]) -> tuple[str, str]:
    """What was chosen, in words, and where: typed words before a day and time before a quick choice."""
    values = act.view["state"]["values"]

    def of(block: str, key: str) -> Any:  # noqa: ANN401 - Slack's values
        return values.get(block, {}).get("value", {}).get(key)

    words = act.typed(face.TEXT_BLOCK).text.strip()
    day, time = of(face.DATE_BLOCK, "selected_date"), of(face.TIME_BLOCK, "selected_time")
    quick = (of(face.QUICK_BLOCK, "selected_option") or {}).get("value") or ""
    if words:
        return words, face.TEXT_BLOCK
    if day or time:
        return " ".join(filter(None, (day, time))), face.DATE_BLOCK if day else face.TIME_BLOCK
    return quick, face.QUICK_BLOCK
