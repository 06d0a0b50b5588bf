"""The slash command: reports for the person who asks."""

from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App, Respond

from bot.cli import doctor
from bot.context import Desk
from bot.slack.blocks.commands import help_text
from bot.slack.blocks.text import escape
from bot.slack.typed_text import read_slack_text
from handlers import feedback
from handlers.commands import export, me, open_list, pause, search, stats
from handlers.commands.slash_command import Answer, Asked, Word
from handlers.feedback import sentence_for
from handlers.issues import add
from models.core import command_words

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
    return {"text": help_text.help_text(unknown if unknown and asked.word != "help" else None)}


def _silence(desk: Desk, asked: Asked) -> Answer:
    command = asked.command
    return {"text": pause.turn(desk, asked.word, by=asked.user, key=command.get("trigger_id"))}


def _me(desk: Desk, asked: Asked) -> None:
    me.ask(desk, asked.ack, asked.command)


def _doctor(desk: Desk, asked: Asked) -> None:
    """It calls Slack and the networks, and so takes longer than Slack waits."""
    asked.ack(response_type="ephemeral", text=":stethoscope: Looking …")
    desk.aside(lambda: _examine(desk, asked))


def _examine(desk: Desk, asked: Asked) -> None:
    """What the doctor finds, as one answer to the person who asked."""
    findings = "\n".join(finding.line() for finding in doctor.examine(desk))
    feedback.answer(desk, asked.who, asked.respond, text=f"```{escape(findings)}```", in_place=True)


# Each word of `/mentions`; one that is not here gets help.
WORDS: Mapping[str, Word] = {
    "open": open_list.open_ones,
    "mine": open_list.mine,
    "stats": stats.stats,
    "search": search.answer,
    "export": export.answer,
    "issues": add.issues,
    "me": _me,
    "pause": _silence,
    "resume": _silence,
    "doctor": _doctor,
}
