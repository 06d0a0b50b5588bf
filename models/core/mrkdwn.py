"""Escapes what other people wrote for sentences that Slack reads as mrkdwn. Pure."""

import re

# An underscore between letters or digits is none to Slack; a star or a tilde is rare enough in a name.
# https://docs.slack.dev/messaging/formatting-message-text/#basic-formatting
_MARKUP = re.compile(r"(?<!\w)_|_(?!\w)|[*~`]")
# Slack makes links of addresses and bare domains, `@ana@books.example` among them, but not in code.
# https://docs.slack.dev/messaging/formatting-message-text/#automatic-parsing
_AUTOLINKED = re.compile(r"://|(?<![\w.+-])(?:[\w.+-]+@)?(?:[\w-]+\.)+[^\W\d_]{2,}(?![\w.]*\w)")
_CODED_HANDLE = re.compile(r"`(@[\w.-]+(?:@[\w.-]+)?)`")
_WORD = re.compile(r"\S+")
_ENTITY = re.compile(r"&(amp|lt|gt);")
_CHARACTER_BY_ENTITY = {"amp": "&", "lt": "<", "gt": ">"}
APOSTROPHE = "'"  # what a backtick becomes in code, which it would end


def escape_mrkdwn(words: str) -> str:
    """Returns `words` escaped for mrkdwn, so that Slack shows them as they were typed.

    mrkdwn cannot escape `*`, `_`, `~` and backticks, nor keep an address from becoming a link, so each word
    that Slack might format or link becomes code: only in code they stay as they are.
    """
    return _WORD.sub(lambda word: as_code(word[0]) if _is_live(word[0]) else escape_entities(word[0]), words)


def _is_live(word: str) -> bool:
    return _MARKUP.search(word) is not None or _AUTOLINKED.search(word) is not None


def link_words(words: str, url: str) -> str:
    """Returns `words`, escaped, as a link to `url`."""
    link = f"<{escape_entities(url)}|{escape_entities(words.replace('`', APOSTROPHE))}>"
    return f"`{link}`" if _MARKUP.search(words) else link


def plain_handles(mrkdwn: str) -> str:
    """Returns `mrkdwn` without code around handles that only look like addresses: where nothing is linked."""
    return _CODED_HANDLE.sub(lambda found: found[0] if _MARKUP.search(found[1]) else found[1], mrkdwn)


def as_code(word: str) -> str:
    """Returns `word` as inline code, which Slack does not format. Its backticks become apostrophes."""
    return f"`{escape_entities(word.replace('`', APOSTROPHE))}`"


def escape_entities(text: str) -> str:
    """Returns `text` with `&`, `<` and `>` as entities, for mrkdwn and for a message's top-level `text`.

    Exactly these three: https://docs.slack.dev/messaging/formatting-message-text/#escaping.
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """`text` with Slack's three entities as characters, decoded once; the inverse of `escape_entities`."""
    return _ENTITY.sub(lambda entity: _CHARACTER_BY_ENTITY[entity[1]], text)
