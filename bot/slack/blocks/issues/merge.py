"""An issue's new title, or that it is the same as another one: the modal, what the channel hears. Pure."""

from typing import Any

from bot.slack.blocks.elements import Block, button, context, packed, plain, section
from bot.slack.blocks.issues.picker import picker
from bot.slack.blocks.issues.ranking import TITLE_BLOCK, left, so_far, title_line
from bot.slack.blocks.text import inert
from bot.slack.typed_text import for_input
from models.issues.issue import TITLE_MAX, Issue
from models.issues.queries import Standing

ASK = "rename_issue"
MERGED = ":twisted_rightwards_arrows:"
# What two make one that are open, fixed, or one of each: the other is not known before it is picked.
IF_OPEN = (
    "The one that you pick stays, and counts everybody who reported this one, once. "
    "If it is open, it stays open. If it is *fixed*, the two are fixed, "
    "and whoever reported this one is still to be told."
)
IF_FIXED = (
    "The one that you pick stays, and counts everybody who reported this one, once. "
    "If it is fixed, the two are fixed, and whoever was told stays told. "
    "If it is *open*, the two are open, and everybody is to be told once that is fixed."
)
FOR_GOOD = "This one's name leads there from then on. It cannot be undone."


def ask(issue: Issue, *, is_any: bool, key: str, page: int, url: str | None) -> dict[str, Any]:
    """The modal. `is_any`: whether there are others; `url`: of the message that it was opened from."""
    carried = {"issue": issue.id, "title": issue.title, "key": key, "page": page, "url": url}
    element = {
        "type": "plain_text_input",
        "action_id": "value",
        "max_length": TITLE_MAX,
        "initial_value": for_input(issue.title),
    }
    blocks: list[Block] = [
        {"type": "input", "block_id": TITLE_BLOCK, "label": plain("Title"), "element": element}
    ]
    if is_any:
        blocks.append(picker("It is the same as…"))
        blocks.append(context(f"{IF_FIXED if issue.is_fixed else IF_OPEN} {FOR_GOOD}"))
    return {
        "type": "modal",
        "callback_id": ASK,
        "private_metadata": packed(carried),
        "title": plain("Rename or merge"),
        "submit": plain("Save"),
        "close": plain("Cancel"),
        "blocks": blocks,
    }


# --- in the channel -----------------------------------------------------------------------------------------


def merged_notice(gone: Issue, kept: Issue) -> tuple[str, list[Block]]:
    """What the message about the fix of `gone` becomes: it is counted elsewhere now."""
    said = f":white_check_mark: <@{gone.fixed_by}> marked an issue as fixed"
    now = "It is a part of another one now"
    return f"{said}: {inert(gone.title)}. {now}: {inert(kept.title)}", [
        section(f"{said}:"),
        title_line(gone),
        section(f"{now}:"),
        title_line(kept),
        _buttons(kept),
    ]


def fixed_after_all(gone: Issue, kept: Standing, by: str) -> tuple[str, list[Block]]:
    """An open issue was the same as a fixed one: its people are to be told, or the fix did not hold."""
    issue, progress = kept.issue, kept.progress
    fixed = f"one that <@{issue.fixed_by}> marked as fixed"
    said = f"{MERGED} <@{by}> says that an open issue is the same as {fixed}"
    again = " It was *reported again* since." if kept.is_again else ""
    return f"{said}: {inert(gone.title)} → {inert(issue.title)}", [
        section(f"{said}:"),
        title_line(gone, "open: "),
        title_line(issue, "fixed: "),
        section(f"Both are fixed now: {so_far(progress)}, {left(progress)}.{again}"),
        _buttons(issue, button("Reopen issue", "reopen_issue", {"i": issue.id})),
    ]


def open_after_all(gone: Issue, kept: Issue, by: str) -> tuple[str, list[Block]]:
    """A fixed issue was the same as an open one."""
    fixed = f"an issue that <@{gone.fixed_by}> marked as fixed"
    said = f"{MERGED} <@{by}> says that {fixed} is the same as an open one"
    return f"{said}: {inert(gone.title)} → {inert(kept.title)}", [
        section(f"{said}:"),
        title_line(gone, "fixed: "),
        title_line(kept, "open: "),
        section("Both are open now. Everybody is to be told once that is fixed."),
        _buttons(kept),
    ]


def _buttons(issue: Issue, *more: Block) -> Block:
    return {"type": "actions", "elements": [button("Open", "open_issue", {"i": issue.id}), *more]}
