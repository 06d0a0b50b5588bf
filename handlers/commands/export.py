"""`/mentions export`: tickets, replies or events as a file, by direct message to who asked."""

import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.context import Desk
from bot.runtime.export_writer import FORMATS, new_file, write
from bot.slack.blocks.text import escape
from bot.slack.client import SlackError, SlackNoError
from bot.slack.membership import access_of
from bot.slack.typed_text import read_slack_text
from bot.slack.user_timezone import zone_of
from handlers import feedback
from handlers.commands.slash_command import CHANNEL, PERSON, Answer, Asked
from handlers.feedback import sentence_for, writing
from models import Inbound
from models.core import period_words
from models.core.base import RuleBrokenError
from models.core.period import is_like_one
from models.core.period import read as read_period
from models.reports.export import KINDS, Filter, Kind

ROWS = 100_000  # what a file in Slack may hold; more is a matter for the command line
HOW = (
    "Tell me what: `/mentions export tickets`, `replies` or `events`; then, as you like, a period "
    "(`2026-10`, `2026-10-01..2026-10-15`, `30d`), `csv` or `jsonl`, a state, a network, `#channel` or "
    "`@teammate`."
)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be written, and what of it is said on the command line."""

    kind: Kind
    wanted: Filter
    form: str
    options: tuple[str, ...]

    @property
    def name(self) -> str:
        """The file's."""
        return f"heard-{self.kind.name}.{self.form}"

    @property
    def command(self) -> str:
        """The same on the command line."""
        return " ".join(("python -m bot export", self.kind.name, *self.options))


def answer(desk: Desk, asked: Asked) -> Answer | None:
    """A sentence at once, the file when it is made."""
    words = period_words.words(asked.raw)
    if not words:
        return {"text": HOW}
    asked.ack(response_type="ephemeral", text=":package: Making it. It comes to you as a direct message …")
    desk.aside(lambda: _make(desk, asked, words))
    return None


def _make(desk: Desk, asked: Asked, words: list[str]) -> None:
    """Make it, hand it over, and say so, or why not; once, however often Slack tells of the command."""
    try:
        with writing(desk) as session:
            if not Inbound.is_new(session, f"export {asked.command.get('trigger_id')}", at=desk.now()):
                return
        order = read(desk, words, zone_of(desk, asked.user))
        # The whole ledger leaves: what is remembered of them will not do, so Slack is asked now.
        refused = access_of(desk, asked.user, fresh=timedelta()).refusal
        sentence = refused or _handed_over(desk, asked.user, order)
    except SlackError as error:
        why = f" ({error})" if isinstance(error, SlackNoError) else ""
        sentence = f"The file is made, but Slack did not take it{why}. Please try again in a moment."
    except Exception as error:  # noqa: BLE001 - a person asked, a person gets a sentence
        sentence = sentence_for(error)
    feedback.answer(desk, asked.who, asked.respond, text=sentence, in_place=True)


def read(desk: Desk, words: list[str], zone: ZoneInfo) -> Order:
    """What those words ask for; a period is in the time zone `zone`. Raises `RuleBrokenError`."""
    kind = KINDS.get(words[0].lower())
    if kind is None:
        raise RuleBrokenError(f"I cannot export “{escape(read_slack_text(words[0]).text[:40])}”. {HOW}")
    given, options, form = dict[str, str](), list[str](), "csv"
    for word in words[1:]:
        low = word.lower()
        if low in FORMATS:
            form = low
            options.append(f"--format {low}")
            continue
        name, value = _filter(desk, kind, word)
        if name in given:
            raise RuleBrokenError(
                f"You gave two of the same sort: {escape(given[name])} and {escape(value)}. Give one."
            )
        given[name] = value
        options.append(f"--{name} '{value}'" if " " in value else f"--{name} {value}")
    period = given.pop("period", None)
    when = read_period(period, zone=zone, now=desk.now()) if period is not None else None
    since, until = (when.since, when.until) if when is not None else (None, None)
    return Order(kind, Filter(since, until, **given), form, tuple(options))


def _filter(desk: Desk, kind: Kind, word: str) -> tuple[str, str]:
    """Which filter `word` is, and its value."""
    low = word.lower()
    if (person := PERSON.fullmatch(word)) is not None:
        return "person", person[1]
    if (channel := CHANNEL.fullmatch(word)) is not None:
        return "channel", channel[1]
    if low in desk.networks:
        return "network", low
    state = low.replace("-", " ")
    if kind.states is not None and state in kind.states:
        return "state", state
    if is_like_one(low):
        return "period", low
    states = (
        f" A state is one of: {', '.join(one.replace(' ', '-') for one in kind.states)}."
        if kind.states
        else ""
    )
    raise RuleBrokenError(f"I do not know “{escape(read_slack_text(word).text[:40])}” there.{states} {HOW}")


def _handed_over(desk: Desk, user: str, order: Order) -> str:
    with desk.db.read() as session:
        total = order.kind.count(session, order.wanted)
    if total == 0:
        return f"There are no {order.kind.name} like that, so there is no file."
    if total > ROWS:
        return (
            f"Those are {total:,} {order.kind.name}, and I put {ROWS:,} into a file at most. Give a shorter "
            f"period, or have whoever runs Heard type `{escape(order.command)}`."
        )
    with tempfile.TemporaryDirectory(prefix="heard-") as folder:
        path = Path(folder) / order.name
        with new_file(path, bom=order.form == "csv", force=False) as file:
            count = write(desk.db, order.kind, order.wanted, order.form, file, told=lambda _: None)
        told = f"{count:,} {order.kind.one if count == 1 else order.kind.name}"
        desk.slack.hand_over(user, path, f"{told}, as you asked. Only you have this file.")
    return f":package: {told}: the file is in your direct messages with me."
