"""The slash command: reports for the person who asks."""

from collections.abc import Mapping

from slack_bolt import Ack

from bot.cli import doctor
from bot.context import BotContext
from bot.slack.blocks.commands import help_text
from handlers import feedback
from handlers.commands import (
    cost,
    export,
    issue_list,
    me,
    mute,
    open_list,
    pause,
    search,
    settings,
    stats,
    tracks,
)
from handlers.commands.slash_command import CommandAnswer, CommandHandler, SlashCommand, shown_word
from handlers.door import Act, door
from models.core import command_words
from models.core.mrkdwn import escape_entities


@door.command("/mentions")
def mentions(act: Act[Ack]) -> CommandAnswer | None:
    """Run the word that stands behind `/mentions`."""
    assert act.respond is not None
    said = command_words.parse_command(act.body.get("text") or "")
    asked = SlashCommand(said.word, said.rest, act.body, act.value, act.respond)
    return SUBCOMMANDS.get(asked.word, _help)(act.ctx, asked)


def _help(_ctx: BotContext, asked: SlashCommand) -> CommandAnswer:
    first = command_words.collapse_spaces(asked.command.get("text") or "").partition(" ")[0]
    unknown = shown_word(command_words.strip_marks(first))
    return {"text": help_text.build_help(unknown if asked.word != "help" else None, SUBCOMMANDS)}


def _pause_or_resume(ctx: BotContext, asked: SlashCommand) -> CommandAnswer:
    return {"text": pause.pause_or_resume(ctx, asked.word, asked.who)}


def _me(ctx: BotContext, asked: SlashCommand) -> None:
    me.open_me_modal(ctx, asked)


def _doctor(ctx: BotContext, asked: SlashCommand) -> None:
    """It calls Slack and the networks, and so takes longer than Slack waits."""
    asked.ack(response_type="ephemeral", text=":stethoscope: Checking …")
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
    "cost": cost.handle_cost,
    "export": export.handle_export,
    "issues": issue_list.handle_issues,
    "track": tracks.handle_track,
    "tracks": tracks.handle_tracks,
    "settings": settings.handle_settings,
    "mute": mute.handle_mute,
    "unmute": mute.handle_unmute,
    "mutes": mute.handle_mutes,
    "muted": mute.handle_muted,
    "me": _me,
    "pause": _pause_or_resume,
    "resume": _pause_or_resume,
    "doctor": _doctor,
}
