"""How these lists name people. Pure."""

from bot.slack.blocks.text import one_line, sanitize, truncate

HANDLE_MAX_CHARS = 40


def at_handle(handle: str | None) -> str:
    """`@handle` as plain text, short enough for a list."""
    return truncate(f"@{one_line(sanitize(handle))}", HANDLE_MAX_CHARS) if handle else "somebody"
