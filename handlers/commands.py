"""The slash command: reports for the person who asks."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from slack_bolt import Ack, App, Respond

from bot import doctor
from bot.blocks import report
from bot.blocks.text import escape, plain
from bot.desk import Desk
from handlers import exporting, issues, listing, me, searching, silence
from handlers.asked import Answer, Asked, Word
from handlers.courtesy import PATIENCE, sentence_for
from models import stats

Body = dict[str, Any]
PERIODS = {"": 7, "7d": 7, "30d": 30}


def register(app: App, desk: Desk) -> None:
    """Listen for `/mentions`."""

    @app.command("/mentions")
    def mentions(ack: Ack, command: Body, respond: Respond) -> None:
        word, _, rest = plain(command.get("text") or "").strip().partition(" ")
        asked = Asked(word.lower(), rest.strip(), command, ack, respond)
        try:
            answer = WORDS.get(asked.word, _help)(desk, asked)
        except Exception as error:  # noqa: BLE001 - a person asked, a person gets a sentence
            answer = {"text": sentence_for(error)}
        if answer is not None:
            ack(response_type="ephemeral", **answer)
        desk.nudge()


def _help(_desk: Desk, asked: Asked) -> Answer:
    return {"text": report.help_text(asked.word if asked.word not in {"", "help"} else None)}


def _silence(desk: Desk, asked: Asked) -> Answer:
    command = asked.command
    return {"text": silence.turn(desk, asked.word, by=asked.user, key=command.get("trigger_id"))}


def _me(desk: Desk, asked: Asked) -> None:
    me.ask(desk, asked.ack, asked.command)


def _doctor(desk: Desk, asked: Asked) -> None:
    """It calls Slack and the networks, and so takes longer than Slack waits."""
    asked.ack(response_type="ephemeral", text=":stethoscope: Looking …")
    desk.aside(lambda: _examine(desk, asked.respond))


def _examine(desk: Desk, respond: Respond) -> None:
    """What the doctor finds, as one answer to the person who asked."""
    findings = "\n".join(finding.line() for finding in doctor.examine(desk))
    respond(text=f"```{escape(findings)}```", response_type="ephemeral", replace_original=True)


def _stats(desk: Desk, asked: Asked) -> Answer:
    period = asked.rest.lower()
    days = PERIODS.get(period)
    if days is None:
        return {"text": f"I do not know the period “{escape(period)}”. Try `/mentions stats 7d` or `30d`."}
    until = desk.now()
    with desk.db.read(PATIENCE) as session:
        figures = stats.period(session, until - timedelta(days=days), until)
    label = f"{days} days"
    text = f"The last {label}: heard {figures.heard}, answered {figures.answered}, waiting {figures.waiting}"
    return {"text": text, "blocks": report.stats_report(figures, label)}


# Each word of `/mentions`; one that is not here gets help.
WORDS: Mapping[str, Word] = {
    "open": listing.open_ones,
    "mine": listing.mine,
    "stats": _stats,
    "search": searching.answer,
    "export": exporting.answer,
    "issues": issues.issues,
    "me": _me,
    "pause": _silence,
    "resume": _silence,
    "doctor": _doctor,
}
