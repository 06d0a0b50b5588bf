"""`/mentions mute`, `unmute`, `mutes` and `muted`."""

from typing import Any

from bot.context import BotContext
from bot.slack.blocks.elements import Block, button
from bot.slack.blocks.mutes import mute_list
from bot.slack.blocks.mutes.offers import MUTE_ACTION_IDS
from bot.slack.blocks.mutes.values import MuteValue
from bot.slack.blocks.text import line_block, text_element
from bot.slack.errors import SlackError
from handlers.commands.search import parse_handle, unknown_handle_text
from handlers.commands.slash_command import CommandAnswer, SlashCommand
from handlers.door import Act
from handlers.feedback import LEDGER_BUSY_TEXT, LEDGER_TIMEOUT_SECONDS, SLACK_SLOW_TEXT, send_private_text
from handlers.mutes import dialog, lists
from models.core.command_words import collapse_spaces, parse_command
from models.reports import author_history
from models.sources.mute import AUTHOR_MUTE, WORDS_MUTE

AUTHORS_NAMED_MAX = 5
MUTE_USAGE = (
    'Mute what? `/mentions mute words "giveaway"` mutes words, `/mentions mute @handle` an author. For a '
    "conversation, type `@Heard mute conversation` in a card's thread, or press *Not about us* on the card. "
    "`/mentions tracks` lists what is muted."
)
UNMUTE_USAGE = (
    "Which mute? Type its number, such as `/mentions unmute 3`. `/mentions mutes` lists all of them."
)


def handle_mute(ctx: BotContext, asked: SlashCommand) -> CommandAnswer | None:
    """Open the dialog about words or an author; a sentence if that is not what was typed."""
    typed = collapse_spaces(asked.text_with_handles)
    handle = parse_handle(typed)
    if handle is not None:
        return _mute_author(ctx, asked, handle)
    order = parse_command(typed)
    if order.word in {"author", "person"} and (handle := parse_handle(order.rest)) is not None:
        return _mute_author(ctx, asked, handle)
    if order.word in {"words", "word"} and order.rest:
        return _open(ctx, asked, MuteValue(WORDS_MUTE, words=order.rest))
    if order.word in {"words", "word"}:
        return _open(ctx, asked, MuteValue(WORDS_MUTE))
    return {"text": MUTE_USAGE}


def handle_unmute(ctx: BotContext, asked: SlashCommand) -> CommandAnswer:
    """End the mute with that number."""
    typed = collapse_spaces(asked.rest).lstrip("#")
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= 18):  # noqa: PLR2004 - digits of a key
        return {"text": UNMUTE_USAGE}
    act: Act[Any] = Act(ctx, asked.who, None, asked.command)
    ended, count = lists.unmute(ctx, act, int(typed))
    return {"text": "Unmuted", "blocks": mute_list.build_unmuted(ended, ctx.network_titles, count)}


def handle_mutes(ctx: BotContext, asked: SlashCommand) -> CommandAnswer:
    """All that is muted, the first page of it."""
    return lists.build_mutes(ctx, asked.user)


def handle_muted(ctx: BotContext, asked: SlashCommand) -> CommandAnswer:
    """What was muted in the last 30 days, the first page of it."""
    return lists.build_muted(ctx, asked.user)


def _mute_author(ctx: BotContext, asked: SlashCommand, handle: str) -> CommandAnswer | None:
    """Open the dialog about who has that handle; ask which one, if several people have it."""
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        found = author_history.find_authors(session, handle)
        near = author_history.suggest_handles(session, handle) if not found else []
    if not found:
        return {"text": unknown_handle_text(handle, near, command="mute")}
    have_it_now = [one for one in found if (one.handle or "").lower() == handle.lower()]
    if len(have_it_now) == 1 or len(found) == 1:
        author = (have_it_now or list(found))[0]
        return _open(ctx, asked, MuteValue(AUTHOR_MUTE, author=author.id))
    blocks: list[Block] = [
        line_block("Several people are or were called ", text_element(f"@{handle}", "bold"), ":")
    ]
    for one in found[:AUTHORS_NAMED_MAX]:
        title = ctx.network_titles.get(one.network, one.network)
        who = line_block(text_element(one.display_name, "bold"), f" on {title}")
        value = MuteValue(AUTHOR_MUTE, author=one.id)
        blocks += [
            who,
            {"type": "actions", "elements": [button("Mute…", MUTE_ACTION_IDS[AUTHOR_MUTE], value)]},
        ]
    return {"text": "Which one?", "blocks": blocks}


def _open(ctx: BotContext, asked: SlashCommand, value: MuteValue) -> CommandAnswer | None:
    """Acknowledge and open the dialog; a sentence if it cannot be opened."""
    view = dialog.build(
        ctx,
        value,
        user=asked.user,
        channel=asked.channel,
        url=str(asked.command.get("response_url") or ""),
    )
    if view is None:
        return {"text": LEDGER_BUSY_TEXT}
    asked.ack()
    try:
        ctx.slack.open_view(asked.command["trigger_id"], view)
    except SlackError:
        send_private_text(ctx, asked.who, asked.respond, SLACK_SLOW_TEXT)
    return None
