"""Rules for the tree inside a rich_text block (https://docs.slack.dev/reference/block-kit/blocks/rich-text-block)."""

from sandbox.slack.block_kit.check import Check

STYLES = ("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink")
BLOCKS = ("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote")
# Inline element → its required and optional properties.
INLINE: dict[str, tuple[set[str], set[str]]] = {
    "text": ({"text"}, {"style"}),
    "link": ({"url"}, {"text", "unsafe", "style"}),
    "emoji": ({"name"}, {"unicode", "style", "skin_tone"}),
    "user": ({"user_id"}, {"style"}),
    "usergroup": ({"usergroup_id"}, {"style"}),
    "channel": ({"channel_id"}, {"style"}),
    "broadcast": ({"range"}, {"style"}),
    "date": ({"timestamp", "format"}, {"url", "fallback", "style"}),
    "color": ({"value"}, {"style"}),
    "team": ({"team_id"}, {"style"}),
}


def tree(check: Check) -> None:
    """Check a whole rich_text block."""
    check.need("elements")
    for block in check.each("elements", 1000):
        if block.sound:
            _block(block, BLOCKS)


def _block(check: Check, allowed: tuple[str, ...]) -> None:
    kind = check.node.get("type")
    if kind not in allowed:
        check.say(f"unsupported type: {kind}" if kind else "missing required field: type", "type")
        return
    check.need("elements")
    if kind == "rich_text_list":
        check.need("style")
        check.one_of("style", ("bullet", "ordered"))
        for item in check.each("elements", 1000, 0):
            _block(item, ("rich_text_section",))
        return
    inline = ("text", "link") if kind == "rich_text_preformatted" else tuple(INLINE)
    for element in check.each("elements", 1000, 0):
        if element.sound:
            _inline(element, inline)


def _inline(check: Check, allowed: tuple[str, ...]) -> None:
    kind = check.node.get("type")
    if kind not in allowed:
        check.say(f"unsupported type: {kind}" if kind else "missing required field: type", "type")
        return
    needed, more = INLINE[kind]
    check.only({"type"} | needed | more)
    check.need(*sorted(needed))
    # Slack refuses an empty text element.
    check.string("text", 40_000, 1)
    check.string("url", 3000, 1)
    check.one_of("range", ("here", "channel", "everyone"))
    check.number("timestamp", 0, 2**53)
    check.child("style", _style)


def _style(check: Check) -> None:
    check.only(STYLES)
    check.flag(*STYLES)
