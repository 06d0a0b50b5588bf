"""A message that calls Heard by name, as the command in it. Pure."""

from dataclasses import dataclass
from typing import Any

from bot.slack.typed_text import SlackText, read_message
from handlers.feedback import Actor
from models.core import command_words

TWO_WORD_COMMANDS = ("take over",)  # commands that are two words
COMMAND_ALIASES = {"takeover": "take over"}


@dataclass(frozen=True, slots=True)
class ThreadCommand:
    """One message that calls us by name: the first word behind the name, and the rest as plain text."""

    who: Actor
    ts: str
    verb: str
    rest: str
    typed: SlackText  # the same, with what only Slack understands and what came beside the words


def parse_thread_command(event: dict[str, Any], body: dict[str, Any]) -> ThreadCommand | None:
    """Read a message to us: our name first, then a word. None if it begins in any other way."""
    if event.get("bot_id") or not event.get("user"):
        return None
    own = [one.get("user_id") for one in body.get("authorizations") or [] if one.get("user_id")]
    typed = read_message(event)
    typed = typed.after(command_words.count_leading_blanks(typed.text)).strip()
    called = typed.person_in_front
    if called is None or (own and called.name.strip("<@>") not in own):
        return None
    typed = typed.after(len(called.text))
    order = command_words.parse_command(typed.text, TWO_WORD_COMMANDS)
    key = f"call {event['channel']} {event['ts']}"
    who = Actor(event["user"], event["channel"], event.get("thread_ts"), key)
    verb = COMMAND_ALIASES.get(order.word, order.word)
    return ThreadCommand(who, event["ts"], verb, order.rest, typed.after(order.start).strip())
