"""The slash command: reports for the person who asks."""

from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App, Respond

from bot.cli import doctor
from bot.context import BotContext
from bot.slack.blocks.commands import help_text
from bot.slack.blocks.text import escape_entities
from bot.slack.typed_text import read_slack_text
from handlers import feedback
from handlers.commands import export, me, open_list, pause, search, stats
from handlers.commands.slash_command import CommandAnswer, CommandHandler, SlashCommand
from handlers.feedback import error_text
from handlers.issues import add
from models.core import command_words

Body = dict[str, Any]


def register(app: App, ctx: BotContext) -> None:
    """Listen for `/mentions`."""

    @app.command("/mentions")
    def mentions(ack: Ack, command: Body, respond: Respond) -> None:
        said = command_words.parse_command(command.get("text") or "")
        asked = SlashCommand(said.word, said.rest, command, ack, respond)
        try:
            answer = SUBCOMMANDS.get(asked.word, _help)(ctx, asked)
        except Exception as error:  # noqa: BLE001 - a person asked, a person gets a sentence
            answer = {"text": error_text(error)}
        if answer is not None:
            ack(response_type="ephemeral", **answer)
        ctx.wake_loops()


def _help(_desk: BotContext, asked: SlashCommand) -> CommandAnswer:
    first = command_words.collapse_spaces(asked.command.get("text") or "").partition(" ")[0]
    unknown = read_slack_text(command_words.strip_marks(first)).text
    return {"text": help_text.build_help(unknown if unknown and asked.word != "help" else None)}


def _pause_or_resume(ctx: BotContext, asked: SlashCommand) -> CommandAnswer:
    command = asked.command
    return {"text": pause.pause_or_resume(ctx, asked.word, by=asked.user, key=command.get("trigger_id"))}


def _me(ctx: BotContext, asked: SlashCommand) -> None:
    me.open_me_modal(ctx, asked.ack, asked.command)


def _doctor(ctx: BotContext, asked: SlashCommand) -> None:
    """It calls Slack and the networks, and so takes longer than Slack waits."""
    asked.ack(response_type="ephemeral", text=":stethoscope: Looking …")
    ctx.run_in_background(lambda: _run_doctor(ctx, asked))


def _run_doctor(ctx: BotContext, asked: SlashCommand) -> None:
    """What the doctor finds, as one answer to the person who asked."""
    findings = "\n".join(finding.line() for finding in doctor.examine(ctx))
    feedback.send_private_answer(
        ctx, asked.who, asked.respond, text=f"```{escape_entities(findings)}```", in_place=True
    )


# Each word of `/mentions`; one that is not here gets help.
SUBCOMMANDS: Mapping[str, CommandHandler] = {
    "open": open_list.handle_open,
    "mine": open_list.handle_mine,
    "stats": stats.handle_stats,
    "search": search.handle_search,
    "export": export.handle_export,
    "issues": add.handle_issues,
    "me": _me,
    "pause": _pause_or_resume,
    "resume": _pause_or_resume,
    "doctor": _doctor,
}
