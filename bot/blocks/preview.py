"""The exact preview of a public reply that came from a thread: nothing leaves before its author says so."""

from bot.blocks.parts import Block, button, context, section
from bot.blocks.text import escape, quote


def preview(
    *,
    draft_id: int,
    ticket_id: int,
    text: str,
    title: str,
    account: str,
    handle: str | None,
    length: int,
    max_length: int,
    problem: str | None,
) -> list[Block]:
    """Text, account, network, to whom, length, and what stands against it; `problem` takes the send away."""
    to = f"*@{escape(handle)}*" if handle else "its author"
    value = {"t": ticket_id, "r": draft_id}
    blocks = [
        section(f"This would be *public* on {title}, from *@{escape(account)}* to {to}:"),
        quote(text, 2_500),
        context(f"{length} of {max_length} characters as {title} counts them. Only you see this."),
    ]
    if problem is not None:
        blocks.append(section(f":no_entry: {problem}"))
    send = [button("Send publicly", "send_publicly", value, style="primary")] if problem is None else []
    row = [*send, button("Edit", "edit_draft", value), button("Keep private", "keep_private", value)]
    return [*blocks, {"type": "actions", "elements": row}]
