"""The slash command: reports for the person who asks."""

from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App, Respond

from bot import doctor
from bot.blocks import report
from bot.blocks.text import escape
from bot.desk import Desk
from bot.slack_text import read_slack_text
from handlers import courtesy, exporting, issues, listing, me, searching, silence, stats
from handlers.asked import Answer, Asked, Word
from handlers.courtesy import sentence_for
from models import command_words

Body = dict[str, Any]


def register(app: App, desk: Desk) -> None:
    """Listen for `/mentions`."""

    @app.command("/mentions")
    def mentions(ack: Ack, command: Body, respond: Respond) -> None:
        said = command_words.command(command.get("text") or "")
        asked = Asked(said.word, said.rest, command, ack, respond)
        try:
            answer = WORDS.get(asked.word, _help)(desk, asked)
        except Exception as error:  # noqa: BLE001 - a person asked, a person gets a sentence
            answer = {"text": sentence_for(error)}
        if answer is not None:
            ack(response_type="ephemeral", **answer)
        desk.nudge()


def _help(_desk: Desk, asked: Asked) -> Answer:
    first = command_words.spaced(asked.command.get("text") or "").partition(" ")[0]
    unknown = read_slack_text(command_words.bare(first)).text
    return {"text": report.help_text(unknown if unknown and asked.word != "help" else None)}


def _silence(desk: Desk, asked: Asked) -> Answer:
    command = asked.command
    return {"text": silence.turn(desk, asked.word, by=asked.user, key=command.get("trigger_id"))}


def _me(desk: Desk, asked: Asked) -> None:
    me.ask(desk, asked.ack, asked.command)


def _doctor(desk: Desk, asked: Asked) -> None:
    """It calls Slack and the networks, and so takes longer than Slack waits."""
    asked.ack(response_type="ephemeral", text=":stethoscope: Looking …")
    desk.aside(lambda: _examine(desk, asked))


def _examine(desk: Desk, asked: Asked) -> None:
    """What the doctor finds, as one answer to the person who asked."""
    findings = "\n".join(finding.line() for finding in doctor.examine(desk))
    courtesy.answer(desk, asked.who, asked.respond, text=f"```{escape(findings)}```", in_place=True)


# Each word of `/mentions`; one that is not here gets help.
WORDS: Mapping[str, Word] = {
    "open": listing.open_ones,
    "mine": listing.mine,
    "stats": stats.stats,
    "search": searching.answer,
    "export": exporting.answer,
    "issues": issues.issues,
    "me": _me,
    "pause": _silence,
    "resume": _silence,
    "doctor": _doctor,
}
