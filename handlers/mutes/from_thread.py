"""`@Heard mute …` in a card's thread: a button that opens the dialog, as a message cannot open one."""

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.slack.blocks.elements import button, section_block
from bot.slack.blocks.mutes.offers import MUTE_ACTION_IDS
from bot.slack.blocks.mutes.values import MuteValue
from bot.slack.blocks.text import line_block, text_element
from handlers.feedback import Actor, send_private_answer
from handlers.mutes.dialog import MUTE_WORDS
from handlers.tracks.admins import require_admin
from models import Author, Ticket
from models.core.command_words import parse_command
from models.mutes import mute_rules
from models.sources.mute import AUTHOR_MUTE, CONVERSATION_MUTE, WORDS_MUTE

BUTTON_VALUE_MAX_CHARS = 2_000
THREAD_MUTE_USAGE = (
    "Mute what? Type `@Heard mute conversation`, `@Heard mute author` or `@Heard mute words giveaway`."
)
TOO_LONG_HERE = "That is too long for a thread. Type `/mentions mute words …` in the channel instead."


def offer(ctx: BotContext, session: Session, ticket: Ticket, who: Actor, typed: str) -> str | None:
    """Offer to mute the ticket's conversation, its author, or words; a sentence if that was not typed.

    Raises `RuleBrokenError` if they may not mute words, or if that cannot be muted.
    """
    order = parse_command(typed)
    if order.word in {"conversation", "thread"}:
        mute_rules.check_new(session, mute_rules.conversation_of(ticket))
        value = MuteValue(CONVERSATION_MUTE, ticket.id)
        said = "Mute the conversation of this card?"
        shown = section_block(said)
    elif order.word in {"author", "person"}:
        value = MuteValue(AUTHOR_MUTE, ticket.id)
        author = session.get_one(Author, ticket.author_id)
        mute_rules.check_new(session, mute_rules.author_of(author))
        said = "Mute the author of this card?"
        shown = line_block("Mute ", text_element(author.display_name, "bold"), "?")
    elif order.word in {"words", "word"}:
        require_admin(ctx, who.id, to=MUTE_WORDS)
        draft = mute_rules.words(order.rest)
        value = MuteValue(WORDS_MUTE, ticket.id, words=draft.value)
        if len(value.pack()) > BUTTON_VALUE_MAX_CHARS:
            return TOO_LONG_HERE
        said = "Mute these words?"
        shown = line_block("Mute ", text_element(draft.value, "bold"), "?")
    else:
        return THREAD_MUTE_USAGE
    row = {"type": "actions", "elements": [button("Mute…", MUTE_ACTION_IDS[value.kind], value)]}  # type: ignore[index]
    send_private_answer(ctx, who, None, text=said, blocks=[shown, row])
    return None
