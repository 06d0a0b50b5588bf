"""`/mentions track` and `/mentions tracks`: add what we listen for, and list it."""

from bot.context import BotContext
from bot.slack.errors import SlackError
from handlers.commands.slash_command import CommandAnswer, SlashCommand
from handlers.feedback import SLACK_SLOW_TEXT, error_text, send_private_text
from handlers.tracks import form as forms
from handlers.tracks.admins import require_admin
from handlers.tracks.listing import build_answer
from models.core.command_words import collapse_spaces


def handle_track(ctx: BotContext, asked: SlashCommand) -> None:
    """Open the modal for a new track, with the words behind the command."""
    try:
        require_admin(ctx, asked.user)
        view = forms.build_new(
            ctx,
            collapse_spaces(asked.text_with_handles),
            channel=forms.preset_channel(asked.channel, str(asked.command.get("channel_name") or "")),
            asked_in=asked.channel,
            url=str(asked.command.get("response_url") or ""),
        )
        asked.ack()
        ctx.slack.open_view(asked.command["trigger_id"], view)
    except SlackError:
        send_private_text(ctx, asked.who, asked.respond, SLACK_SLOW_TEXT)
    except Exception as error:  # noqa: BLE001 - a person asked, a person gets a sentence
        asked.ack(response_type="ephemeral", text=error_text(error))


def handle_tracks(ctx: BotContext, asked: SlashCommand) -> CommandAnswer:
    """All tracks, the first page of them."""
    return build_answer(ctx, asked.user)
