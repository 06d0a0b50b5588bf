"""`Snooze…` and `@Heard snooze 2h`: a ticket sleeps until a time that a person names by their own clocks."""

import json
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from slack_bolt import Ack, App
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.slack.blocks.tickets import snooze as face
from bot.slack.typed_text import read_slack_text
from bot.slack.user_timezone import zone_of
from handlers.feedback import Person, opened, person, sentence_for, tell
from handlers.tickets.dialogs import at_input, settle
from models import Ticket
from models.core import natural_time

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Until:
    """A moment, and how it is said back to whoever named it."""

    at: datetime
    spelled: str


def register(app: App, desk: Desk) -> None:
    """Listen for what the modal is answered."""

    @app.view(face.SNOOZE)
    def chosen(ack: Ack, body: Body, view: Body) -> None:
        carried = json.loads(view["private_metadata"])
        who = replace(person(body), channel=carried.get("channel"))
        said, block = _said(view["state"]["values"])
        try:
            until = _until(desk, said, ZoneInfo(carried["zone"]))
        except Exception as error:  # noqa: BLE001 - the modal stays open, with what was typed
            at_input(ack, block, sentence_for(error))
            return
        refused = settle(desk, who, view, lambda *given: _give(desk, *given, until=until, by=who.id))
        at_input(ack, block, refused)
        if refused is None:
            tell(desk, who, None, _sentence(until))


def ask(desk: Desk, who: Person, trigger_id: str, ticket_id: int) -> str | None:
    """Open the modal; a sentence if that does not work any more."""
    zone = zone_of(desk, who.id)
    carried = {"ticket": ticket_id, "key": uuid.uuid4().hex, "zone": zone.key, "channel": who.channel}
    return opened(desk, trigger_id, face.snooze(carried, now=desk.now(), zone=zone))


def read(desk: Desk, user: str, typed: str) -> Until:
    """What `user` typed for a moment, by their own clocks. Not within a transaction."""
    return _until(desk, typed, zone_of(desk, user))


def give(desk: Desk, session: Session, ticket: Ticket, until: Until, *, by: str) -> str:
    """Let it sleep; says until when."""
    ticket.snooze(session, until=until.at, by=by, at=desk.now(), promise=desk.promise)
    return _sentence(until)


def _give(desk: Desk, session: Session, ticket: Ticket, *, until: Until, by: str) -> None:
    give(desk, session, ticket, until, by=by)


def _sentence(until: Until) -> str:
    return f":zzz: Snoozed until {until.spelled}."


def _until(desk: Desk, said: str, zone: ZoneInfo) -> Until:
    now = desk.now()
    at = natural_time.read(said, now=now, zone=zone)
    return Until(at, natural_time.spelled(at, now, zone))


def _said(values: Body) -> tuple[str, str]:
    """What was chosen, in words, and where: typed words before a day and time before a quick choice."""

    def of(block: str, key: str) -> Any:  # noqa: ANN401 - Slack's values
        return values.get(block, {}).get("value", {}).get(key)

    words = read_slack_text(of(face.WORDS_BLOCK, "value")).text.strip()
    day, time = of(face.DATE_BLOCK, "selected_date"), of(face.TIME_BLOCK, "selected_time")
    quick = (of(face.QUICK_BLOCK, "selected_option") or {}).get("value") or ""
    if words:
        return words, face.WORDS_BLOCK
    if day or time:
        return " ".join(filter(None, (day, time))), face.DATE_BLOCK if day else face.TIME_BLOCK
    return quick, face.QUICK_BLOCK
