"""`/mentions track` and `/mentions tracks`: add what we listen for, and list it."""

from bot.context import BotContext
from bot.slack.blocks.tracks.feed_modal import FeedForm
from bot.slack.errors import SlackError
from handlers.commands.slash_command import CommandAnswer, SlashCommand
from handlers.feedback import SLACK_SLOW_TEXT, error_text, send_private_text
from handlers.tracks import feed_form as feed_forms
from handlers.tracks import feed_trial
from handlers.tracks import form as forms
from handlers.tracks.admins import require_admin
from handlers.tracks.listing import build_answer
from models.core.command_words import collapse_spaces


def handle_track(ctx: BotContext, asked: SlashCommand) -> None:
    """Open the modal for a new track, with the words behind the command; `feed ADDRESS` has its own."""
    first, _, rest = collapse_spaces(asked.text_with_handles).partition(" ")
    if feed_forms.find_reader(ctx) is not None:
        if first.lower() == "feed":
            _open_feed(ctx, asked, rest)
            return
        if not forms.searchable_networks(ctx):
            _open_feed(ctx, asked, "", words=collapse_spaces(asked.text_with_handles))
            return
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


def _open_feed(ctx: BotContext, asked: SlashCommand, typed: str, *, words: str = "") -> None:
    """Open the modal of a feed, and look at once what is behind the address; words may stand behind it."""
    try:
        require_admin(ctx, asked.user)
        address, _, behind = typed.partition(" ")
        preset = forms.preset_channel(asked.channel, str(asked.command.get("channel_name") or ""))
        form = FeedForm(typed=address, words=behind or words, channel=preset or ctx.settings.slack_channel)
        url = str(asked.command.get("response_url") or "")
        carried, view = feed_forms.build_new(
            ctx, form, asked_in=asked.channel, url=url, is_trying=bool(address)
        )
        asked.ack()
        opened = ctx.slack.open_view(asked.command["trigger_id"], view)
        if address:
            ctx.run_in_background(lambda: feed_trial.show_trial(ctx, opened, carried, form))
    except SlackError:
        send_private_text(ctx, asked.who, asked.respond, SLACK_SLOW_TEXT)
    except Exception as error:  # noqa: BLE001 - a person asked, a person gets a sentence
        asked.ack(response_type="ephemeral", text=error_text(error))


def handle_tracks(ctx: BotContext, asked: SlashCommand) -> CommandAnswer:
    """All tracks, the first page of them."""
    return build_answer(ctx, asked.user)
