"""An issue's new title, or that it is the same as another one: the modal, what the channel hears. Pure."""

from typing import Any

from bot.slack.blocks.elements import Block, button, context_block, plain_text, section_block
from bot.slack.blocks.issues.picker import build_picker
from bot.slack.blocks.issues.ranking import TITLE_BLOCK, progress_text, remaining_text, title_line
from bot.slack.blocks.text import mrkdwn_literal
from bot.slack.blocks.values import IssueValue, RenameValue
from bot.slack.typed_text import for_input
from models.issues.issue import Issue
from models.issues.queries import RankedIssue
from models.issues.title import TITLE_MAX_CHARS

RENAME_ID = "rename_issue"
MERGED_EMOJI = ":twisted_rightwards_arrows:"
# What two make one that are open, fixed, or one of each: the other is not known before it is picked.
MERGE_OPEN_TEXT = (
    "This issue is merged into the one that you pick, and everyone who reported this one is counted "
    "there. If that one is open, it stays open. If it is *fixed*, the people who reported this one still "
    "need to be told."
)
MERGE_FIXED_TEXT = (
    "This issue is merged into the one that you pick, and everyone who reported this one is counted "
    "there. If that one is fixed, people who were told stay told. If it is *open*, everyone needs to be "
    "told once it is fixed."
)
MERGE_FINAL_TEXT = "This title will lead to that issue. This can't be undone."


def build_rename_modal(issue: Issue, *, is_any: bool, key: str, page: int, url: str | None) -> dict[str, Any]:
    """The modal. `is_any`: whether there are others; `url`: of the message that it was opened from."""
    carried = RenameValue(issue.id, issue.title, key, page=page, url=url)
    element = {
        "type": "plain_text_input",
        "action_id": "value",
        "max_length": TITLE_MAX_CHARS,
        "initial_value": for_input(issue.title),
    }
    blocks: list[Block] = [
        {"type": "input", "block_id": TITLE_BLOCK, "label": plain_text("Title"), "element": element}
    ]
    if is_any:
        blocks.append(build_picker("Merge into (optional)"))
        blocks.append(
            context_block(f"{MERGE_FIXED_TEXT if issue.is_fixed else MERGE_OPEN_TEXT} {MERGE_FINAL_TEXT}")
        )
    return {
        "type": "modal",
        "callback_id": RENAME_ID,
        "private_metadata": carried.pack(),
        "title": plain_text("Rename or merge"),
        "submit": plain_text("Save"),
        "close": plain_text("Cancel"),
        "blocks": blocks,
    }


# --- in the channel -----------------------------------------------------------------------------------------


def merged_notice(gone: Issue, kept: Issue) -> tuple[str, list[Block]]:
    """What the message about the fix of `gone` becomes: it is counted elsewhere now."""
    said = f":white_check_mark: <@{gone.fixed_by}> marked an issue as fixed"
    now = "It is now part of another issue"
    return f"{said}: {mrkdwn_literal(gone.title)}. {now}: {mrkdwn_literal(kept.title)}", [
        section_block(f"{said}:"),
        title_line(gone),
        section_block(f"{now}:"),
        title_line(kept),
        _buttons(kept),
    ]


def merged_into_fixed_notice(gone: Issue, kept: RankedIssue, by: str) -> tuple[str, list[Block]]:
    """An open issue was the same as a fixed one: its people are to be told, or the fix did not hold."""
    issue, progress = kept.issue, kept.progress
    fixed = f"one that <@{issue.fixed_by}> marked as fixed"
    said = f"{MERGED_EMOJI} <@{by}> merged an open issue into {fixed}"
    again = " It was *reported again* since." if kept.is_reported_again else ""
    return f"{said}: {mrkdwn_literal(gone.title)} → {mrkdwn_literal(issue.title)}", [
        section_block(f"{said}:"),
        title_line(gone, "open: "),
        title_line(issue, "fixed: "),
        section_block(f"It is fixed: {progress_text(progress)}, {remaining_text(progress)}.{again}"),
        _buttons(issue, button("Reopen issue", "reopen_issue", IssueValue(issue.id))),
    ]


def merged_into_open_notice(gone: Issue, kept: Issue, by: str) -> tuple[str, list[Block]]:
    """A fixed issue was the same as an open one."""
    fixed = f"an issue that <@{gone.fixed_by}> marked as fixed"
    said = f"{MERGED_EMOJI} <@{by}> merged {fixed} into an open one"
    return f"{said}: {mrkdwn_literal(gone.title)} → {mrkdwn_literal(kept.title)}", [
        section_block(f"{said}:"),
        title_line(gone, "fixed: "),
        title_line(kept, "open: "),
        section_block("It is open now. Everyone needs to be told once it is fixed."),
        _buttons(kept),
    ]


def _buttons(issue: Issue, *more: Block) -> Block:
    return {"type": "actions", "elements": [button("Open", "open_issue", IssueValue(issue.id)), *more]}
