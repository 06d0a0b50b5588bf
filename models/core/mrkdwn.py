"""Words of somebody else's in sentences of ours that Slack reads as mrkdwn. Pure."""

import re

# An underscore between letters or digits is none to Slack; a star or a tilde is rare enough in a name.
# https://docs.slack.dev/messaging/formatting-message-text/#basic-formatting
_MARKUP = re.compile(r"(?<!\w)_|_(?!\w)|[*~`]")
_WORD = re.compile(r"\S+")
_ENTITY = re.compile(r"&(amp|lt|gt);")
_CHARACTER_BY_ENTITY = {"amp": "&", "lt": "<", "gt": ">"}
APOSTROPHE = "'"  # what a backtick becomes in code, which it would end


def escape_mrkdwn(words: str) -> str:
    """`words` that somebody typed, for a sentence of ours that Slack reads as mrkdwn.

    mrkdwn cannot escape `*`, `_`, `~` and backticks, so each word that Slack might format becomes code: only
    there it is itself.
    """
    return _WORD.sub(
        lambda word: as_code(word[0]) if _MARKUP.search(word[0]) else escape_entities(word[0]), words
    )


def link_words(words: str, url: str) -> str:
    """The same as a link to `url`."""
    link = f"<{escape_entities(url)}|{escape_entities(words.replace('`', APOSTROPHE))}>"
    return f"`{link}`" if _MARKUP.search(words) else link


def as_code(word: str) -> str:
    """`word` as code, in which Slack formats nothing; its backticks would end it, and become apostrophes."""
    return f"`{escape_entities(word.replace('`', APOSTROPHE))}`"


def escape_entities(text: str) -> str:
    """`text` with its three live characters as entities, for mrkdwn and for a message's top-level `text`.

    Exactly these three, see https://docs.slack.dev/messaging/formatting-message-text/#escaping.
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """`text` with Slack's three entities as characters, decoded once; the inverse of `escape_entities`."""
    return _ENTITY.sub(lambda entity: _CHARACTER_BY_ENTITY[entity[1]], text)
