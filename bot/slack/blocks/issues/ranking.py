"""Issues in a list, the modals that ask about them, and what the channel hears once one is fixed. Pure."""

from collections.abc import Callable, Sequence
from typing import Any

from bot.slack.blocks.elements import (
    Block,
    button,
    context_block,
    count_noun,
    count_people,
    plain_text,
    section_block,
)
from bot.slack.blocks.issues.picker import build_picker
from bot.slack.blocks.text import (
    date_token,
    line_block,
    mrkdwn_handle,
    mrkdwn_literal,
    text_element,
    truncate,
)
from bot.slack.blocks.values import (
    IssueListValue,
    IssueOfTicketValue,
    IssueValue,
    SkipValue,
    TicketModalValue,
    Value,
)
from models.issues.issue import REASON_MAX_CHARS, Issue
from models.issues.queries import NotifyProgress, RankedIssue
from models.issues.title import TITLE_MAX_CHARS

ADD_CALLBACK_ID, SKIP_CALLBACK_ID = "add_to_issue", "skip_telling"
TITLE_BLOCK, WHY_BLOCK = "title", "why"
ISSUES_PER_PAGE = 15
MULTIPLICATION_SIGN = "\N{MULTIPLICATION SIGN}"
TITLE_SHOWN_MAX_CHARS = 100  # of a title in a list
WEIGHT_EXPLANATION = (
    f":grey_question: Impact = people {MULTIPLICATION_SIGN} recency {MULTIPLICATION_SIGN} reach. Recent "
    "reports "
    f"count more (halves every week); bigger audiences count more (up to 4{MULTIPLICATION_SIGN})."
)
NO_ISSUES_TEXT = "No issues yet. To report one, choose ⋯ *Add to issue…* on a card."
NO_FIXED_ISSUES_TEXT = "No fixed issues yet. `/mentions issues` lists the open ones."


def title_line(issue: Issue, before: str = "") -> Block:
    """An issue's title as it was typed, whatever Slack would make of it."""
    shown = text_element(truncate(issue.title, TITLE_SHOWN_MAX_CHARS), "bold")
    return line_block(text_element(before), shown) if before else line_block(shown)


def progress_text(progress: NotifyProgress) -> str:
    """`4 of 9 people told, 2 skipped`."""
    skipped = f", {progress.skipped} skipped" if progress.skipped else ""
    return f"{progress.told} of {count_people(progress.people)} told{skipped}"


def remaining_text(progress: NotifyProgress) -> str:
    """What remains: `*3 left*`, or that nothing does."""
    if progress.people == 0:
        return "no one to tell"
    if progress.remaining == 0:
        return "everyone was told or skipped"
    return f"*{progress.remaining:,} left*"


def weight_text(one: RankedIssue) -> str:
    """The calculation of the impact."""
    weight = one.weight
    factors = (count_people(weight.people), f"{weight.recency:g} recency", f"{weight.reach:g} reach")
    return f"{f' {MULTIPLICATION_SIGN} '.join(factors)} = *{weight.score:,}*"


# --- the list -----------------------------------------------------------------------------------------------


def build_issue_list(
    found: Sequence[RankedIssue], *, page: int, kind: str, words: str = "", to_tell: tuple[int, int] = (0, 0)
) -> list[Block]:
    """One page of it. `kind` is `open`, `fixed` or `found`; `to_tell`: fixed issues, and people to tell."""
    pages = max(-(-len(found) // ISSUES_PER_PAGE), 1)
    page = min(max(page, 0), pages - 1)
    start = page * ISSUES_PER_PAGE
    blocks: list[Block] = [section_block(_heading(len(found), page, pages, kind, words))]
    for number, one in enumerate(found[start : start + ISSUES_PER_PAGE], start + 1):
        show = button("Open", "open_issue", IssueValue(one.issue.id))
        blocks += [
            title_line(one.issue, f"{number}. "),
            section_block(_status_line(one)) | {"accessory": show},
        ]
    if kind != "fixed" and found:
        blocks.append(context_block(WEIGHT_EXPLANATION))
    if to_tell[1] and kind == "open":
        blocks.append(context_block(people_to_tell_text(*to_tell)))
    turn = build_paging_buttons(page, pages, "issues_page", lambda to: IssueListValue(kind, words, to))
    return [*blocks, *turn]


def people_to_tell_text(issues: int, people: int) -> str:
    """Who is still to be told that something is fixed."""
    still = f"{count_people(people)} still {'needs' if people == 1 else 'need'} to hear it's fixed"
    return f":mega: {still} ({count_noun(issues, 'fixed issue')}): `/mentions issues fixed`"


def _heading(total: int, page: int, pages: int, kind: str, words: str) -> str:
    which = f", page {page + 1} of {pages}" if pages > 1 else ""
    if kind == "fixed":
        return f"*{count_noun(total, 'fixed issue')}*{which}, those with people still to tell first:"
    if kind == "found":
        return f"*{count_noun(total, 'issue')}* with “{mrkdwn_literal(words)}”{which}:"
    return f"*{count_noun(total, 'open issue')}*{which}, by impact:"


def _status_line(one: RankedIssue) -> str:
    again = ":leftwards_arrow_with_hook: reported again since it was fixed" if one.is_reported_again else ""
    if one.issue.fixed_at is not None:
        when = date_token(one.issue.fixed_at, "{date_short_pretty}")
        told = f"{progress_text(one.progress)}, {remaining_text(one.progress)}"
        parts = [f":white_check_mark: fixed {when} by <@{one.issue.fixed_by}>", told, again]
    else:
        last = one.people[0].last if one.people else one.issue.created_at
        parts = [weight_text(one), f"last {date_token(last, '{date_short_pretty}')}"]
    return "  ·  ".join(part for part in parts if part)


def build_paging_buttons(page: int, pages: int, action: str, value: Callable[[int], Value]) -> list[Block]:
    """The buttons to the pages before and after; none where there is one page. `value` is that of a page."""
    row = []
    if page > 0:
        row.append(button("Previous", action, value(page - 1)))
    if page + 1 < pages:
        row.append(button("Next", action, value(page + 1)))
    for one, side in zip(row, ("a", "b"), strict=False):
        one["action_id"] = f"{action}_{side}"  # two in one row need names of their own
    return [{"type": "actions", "elements": row}] if row else []


# --- add to issue -------------------------------------------------------------------------------------------


def build_add_modal(
    ticket_id: int, known: Sequence[Issue], *, is_any: bool | None, key: str
) -> dict[str, Any]:
    """The modal that asks what a ticket is about.

    `is_any`: whether there are other issues to pick from; None if the ledger is too slow to say just now.
    """
    blocks: list[Block] = []
    for issue in known:
        state = " (fixed)" if issue.is_fixed else ""
        gone = button("Remove", "remove_from_issue", IssueOfTicketValue(ticket_id, issue.id))
        row = {
            "type": "section",
            "text": plain_text(f"Belongs to: {truncate(issue.title, TITLE_SHOWN_MAX_CHARS)}{state}"),
        }
        blocks.append(row | {"block_id": f"of {issue.id}", "accessory": gone})
    may_pick = is_any is not False
    if may_pick:
        blocks.append(build_picker("Existing issue"))
    blocks.append(_title("Or create a new issue" if may_pick else "Describe the problem"))
    if is_any is None:
        blocks.append(
            context_block(
                ":hourglass: The database is slow right now. You can also type an existing issue's title "
                "below."
            )
        )
    return {
        "type": "modal",
        "callback_id": ADD_CALLBACK_ID,
        "private_metadata": TicketModalValue(ticket_id, key).pack(),
        "title": plain_text("Add to issue"),
        "submit": plain_text("Add"),
        "close": plain_text("Close" if known else "Cancel"),
        "blocks": blocks,
    }


def _title(label: str) -> Block:
    element = {
        "type": "plain_text_input",
        "action_id": "value",
        "max_length": TITLE_MAX_CHARS,
        "placeholder": plain_text("Export loses rows"),
    }
    return {
        "type": "input",
        "block_id": TITLE_BLOCK,
        "optional": True,
        "label": plain_text(label),
        "element": element,
    }


# --- skipping -----------------------------------------------------------------------------------------------


def build_skip_modal(
    issue_id: int, author_id: int, handle: str | None, *, key: str, page: int, url: str | None
) -> dict[str, Any]:
    """The modal that asks why somebody need not be told; `url` is where the list is that it stands in."""
    who = f"*{mrkdwn_handle(handle)}*" if handle else "this person"
    carried = SkipValue(issue_id, author_id, key, page=page, url=url)
    element = {
        "type": "plain_text_input",
        "action_id": "value",
        "max_length": REASON_MAX_CHARS,
        "placeholder": plain_text("They deleted their account"),
    }
    return {
        "type": "modal",
        "callback_id": SKIP_CALLBACK_ID,
        "private_metadata": carried.pack(),
        "title": plain_text("Skip"),
        "submit": plain_text("Skip"),
        "close": plain_text("Cancel"),
        "blocks": [
            context_block(f"{who} won't be told that it's fixed. The log records who decided that, and why."),
            {"type": "input", "block_id": WHY_BLOCK, "label": plain_text("Why?"), "element": element},
        ],
    }


# --- in the channel -----------------------------------------------------------------------------------------


def fixed_notice(one: RankedIssue) -> tuple[str, list[Block]]:
    """The one message about a fix, as text and in blocks: who fixed what, and how far telling people is."""
    issue, progress = one.issue, one.progress
    by = f"<@{issue.fixed_by}>"
    told = f"{progress_text(progress)}, {remaining_text(progress)}." if progress.people else "No one to tell."
    again = " It was *reported again* since." if one.is_reported_again else ""
    show = button("Tell them it's fixed", "open_issue", IssueValue(issue.id))
    return f":white_check_mark: {by} marked an issue as fixed: {mrkdwn_literal(issue.title)}. {told}", [
        section_block(f":white_check_mark: {by} marked an issue as fixed:"),
        title_line(issue),
        section_block(f"{told}{again}"),
        {"type": "actions", "elements": [show]},
    ]


def reopened_notice(issue: Issue, by: str) -> tuple[str, list[Block]]:
    """What that message becomes once the issue is reopened."""
    said = f":arrows_counterclockwise: <@{by}> reopened an issue: it isn't fixed after all"
    return f"{said}: {mrkdwn_literal(issue.title)}", [section_block(f"{said}:"), title_line(issue)]


def reported_again_notice(issue: Issue, handle: str | None, card: str) -> tuple[str, list[Block]]:
    """Somebody came with it after the fix: its fixer is told."""
    name = mrkdwn_handle(handle) if handle else "Somebody"
    shown = f"<{card}|{name}>" if card else name
    said = (
        f":leftwards_arrow_with_hook: <@{issue.fixed_by}>, {shown} reports an issue that you marked as fixed"
    )
    reopen = button("Reopen issue", "reopen_issue", IssueValue(issue.id))
    look = button("Open", "open_issue", IssueValue(issue.id))
    return f"{said}: {mrkdwn_literal(issue.title)}", [
        section_block(f"{said}:"),
        title_line(issue),
        {"type": "actions", "elements": [look, reopen]},
    ]
