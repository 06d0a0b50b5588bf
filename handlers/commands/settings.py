"""`/mentions settings`: the policy of the channel in which it is typed."""

from bot.context import BotContext
from bot.slack.blocks.channel_settings import wording
from bot.slack.errors import SlackError
from handlers.channel_settings import checks
from handlers.channel_settings import form as forms
from handlers.commands.slash_command import CommandAnswer, SlashCommand
from handlers.feedback import LEDGER_TIMEOUT_SECONDS, SLACK_SLOW_TEXT, error_text, send_private_text
from handlers.tracks.admins import may_change, only_admins_text
from models import ChannelSettings
from models.slack.channel_settings import ALL_DEFAULT


def handle_settings(ctx: BotContext, asked: SlashCommand) -> CommandAnswer | None:
    """Open the modal; whoever may not change the settings is shown what they are."""
    checks.require_channel(ctx, asked.channel, name=str(asked.command.get("channel_name") or ""))
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        known = ChannelSettings.of(session, asked.channel)
    if not may_change(ctx, asked.user):
        return {"text": _current_text(ctx, asked.channel, known)}
    view = forms.build(ctx, asked.channel, known)
    asked.ack()
    try:
        ctx.slack.open_view(asked.command["trigger_id"], view)
    except SlackError:
        send_private_text(ctx, asked.who, asked.respond, SLACK_SLOW_TEXT)
    except Exception as error:  # noqa: BLE001 - a person asked, a person gets a sentence
        send_private_text(ctx, asked.who, asked.respond, error_text(error))
    return None


def _current_text(ctx: BotContext, channel: str, known: ChannelSettings | None) -> str:
    own = known.own if known is not None else ALL_DEFAULT
    lines = wording.current_lines(
        own,
        ctx.settings.policy_defaults,
        is_default_channel=channel == ctx.settings.slack_channel,
    )
    return "\n".join(
        [f"*Heard's settings of* <#{channel}>", *lines, only_admins_text(ctx, to=checks.ADMIN_ACT)]
    )
