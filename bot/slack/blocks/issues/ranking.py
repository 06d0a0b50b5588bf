"""Issues in a list, the modals that ask about them, and what the channel hears once one is fixed. Pure."""

from collections.abc import Sequence
from typing import Any

from bot.slack.blocks.elements import Block, button, context, counted, packed, persons, plain, section
from bot.slack.blocks.issues.picker import picker
from bot.slack.blocks.text import called, date_token, fit, inert, line, literal
from models.issues.issue import REASON_MAX, TITLE_MAX, Issue
from models.issues.queries import Progress, Standing

ADD, SKIP = "add_to_issue", "skip_telling"
TITLE_BLOCK, WHY_BLOCK = "title", "why"
PAGE = 15
TIMES = "\N{MULTIPLICATION SIGN}"
SHOWN_TITLE = 100  # of a title in a list
ARITHMETIC = (
    ":grey_question: People are counted once each. Recency: the last report of each counts half as much "
    "every week. Reach: 1 + log10 of all their followers by the thousand, from 1 to 4."
)
NONE_YET = "No issue yet. On a card, ⋯ *Add to issue…* says what its author suffers from."
NONE_FIXED = "No issue is marked as fixed yet. `/mentions issues` lists what is open."


def title_line(issue: Issue, before: str = "") -> Block:
    """An issue's title as it was typed, whatever Slack would make of it."""
    shown = literal(fit(issue.title, SHOWN_TITLE), "bold")
    return line(literal(before), shown) if before else line(shown)


def so_far(progress: Progress) -> str:
    """`4 of 9 told, 2 skipped`."""
    skipped = f", {progress.skipped} skipped" if progress.skipped else ""
    return f"{progress.told} of {progress.people} told{skipped}"


def left(progress: Progress) -> str:
    """What remains: `3 people to go`, or that nothing does."""
    if progress.people == 0:
        return "nobody to go back to"
    if progress.to_go == 0:
        return "everybody was told or skipped"
    return f"*{persons(progress.to_go)} to go*"


def sum_of(one: Standing) -> str:
    """The arithmetic, as anybody can do it again."""
    weight = one.weight
    factors = (persons(weight.people), f"{weight.recency:g} recency", f"{weight.reach:g} reach")
    return f"{f' {TIMES} '.join(factors)} = *{weight.score:,}*"


# --- the list -----------------------------------------------------------------------------------------------


def issue_list(
    found: Sequence[Standing], *, page: int, kind: str, words: str = "", to_tell: tuple[int, int] = (0, 0)
) -> list[Block]:
    """One page of it. `kind` is `open`, `fixed` or `found`; `to_tell`: fixed issues, and people to tell."""
    pages = max(-(-len(found) // PAGE), 1)
    page = min(max(page, 0), pages - 1)
    start = page * PAGE
    blocks: list[Block] = [section(_head(len(found), page, pages, kind, words))]
    for number, one in enumerate(found[start : start + PAGE], start + 1):
        show = button("Open", "open_issue", {"i": one.issue.id})
        blocks += [title_line(one.issue, f"{number}. "), section(_about(one)) | {"accessory": show}]
    if kind != "fixed" and found:
        blocks.append(context(ARITHMETIC))
    if to_tell[1] and kind == "open":
        blocks.append(context(remaining(*to_tell)))
    return [*blocks, *turns_of(page, pages, "issues_page", {"k": kind, "w": words})]


def remaining(issues: int, people: int) -> str:
    """Who is still to be told that something is fixed."""
    still = f"{persons(people)} {'is' if people == 1 else 'are'} still to be told"
    return f":mega: {still} of {counted(issues, 'fixed issue')}: `/mentions issues fixed`"


def _head(total: int, page: int, pages: int, kind: str, words: str) -> str:
    which = f", page {page + 1} of {pages}" if pages > 1 else ""
    if kind == "fixed":
        return f"*{counted(total, 'fixed issue')}*{which}, those with people to go first:"
    if kind == "found":
        return f"*{counted(total, 'issue')}* with “{inert(words)}”{which}:"
    return f"*{counted(total, 'open issue')}*{which}, what weighs most first:"


def _about(one: Standing) -> str:
    again = ":leftwards_arrow_with_hook: reported again since it was fixed" if one.is_again else ""
    if one.issue.fixed_at is not None:
        when = date_token(one.issue.fixed_at, "{date_short_pretty}")
        told = f"{so_far(one.progress)}, {left(one.progress)}"
        parts = [f":white_check_mark: fixed {when} by <@{one.issue.fixed_by}>", told, again]
    else:
        last = one.people[0].last if one.people else one.issue.created_at
        parts = [sum_of(one), f"last {date_token(last, '{date_short_pretty}')}"]
    return "  ·  ".join(part for part in parts if part)


def turns_of(page: int, pages: int, action: str, value: dict[str, Any]) -> list[Block]:
    """The buttons to the pages before and after; none where there is one page."""
    row = []
    if page > 0:
        row.append(button("Previous", action, value | {"p": page - 1}))
    if page + 1 < pages:
        row.append(button("Next", action, value | {"p": page + 1}))
    for one, side in zip(row, ("a", "b"), strict=False):
        one["action_id"] = f"{action}_{side}"  # two in one row need names of their own
    return [{"type": "actions", "elements": row}] if row else []


# --- add to issue -------------------------------------------------------------------------------------------


def add(ticket_id: int, known: Sequence[Issue], *, is_any: bool | None, key: str) -> dict[str, Any]:
    """The modal that asks what a ticket is about.

    `is_any`: whether there are other issues to pick from; None if the ledger is too slow to say just now.
    """
    blocks: list[Block] = []
    for issue in known:
        state = " (fixed)" if issue.is_fixed else ""
        gone = button("Remove", "remove_from_issue", {"t": ticket_id, "i": issue.id})
        row = {"type": "section", "text": plain(f"Belongs to: {fit(issue.title, SHOWN_TITLE)}{state}")}
        blocks.append(row | {"block_id": f"of {issue.id}", "accessory": gone})
    may_pick = is_any is not False
    if may_pick:
        blocks.append(picker("An issue that is known"))
    blocks.append(_title("Or a new one" if may_pick else "What do they suffer from?"))
    if is_any is None:
        blocks.append(context(":hourglass: The ledger is slow just now. An issue is found by its name, too."))
    return {
        "type": "modal",
        "callback_id": ADD,
        "private_metadata": packed({"ticket": ticket_id, "key": key}),
        "title": plain("Add to issue"),
        "submit": plain("Add"),
        "close": plain("Close" if known else "Cancel"),
        "blocks": blocks,
    }


def _title(label: str) -> Block:
    element = {
        "type": "plain_text_input",
        "action_id": "value",
        "max_length": TITLE_MAX,
        "placeholder": plain("Export loses rows"),
    }
    return {
        "type": "input",
        "block_id": TITLE_BLOCK,
        "optional": True,
        "label": plain(label),
        "element": element,
    }


# --- skipping -----------------------------------------------------------------------------------------------


def skip(
    issue_id: int, author_id: int, handle: str | None, *, key: str, page: int, url: str | None
) -> dict[str, Any]:
    """The modal that asks why somebody need not be told; `url` is where the list is that it stands in."""
    who = f"*{called(handle)}*" if handle else "this person"
    carried = {"issue": issue_id, "author": author_id, "key": key, "page": page, "url": url}
    element = {
        "type": "plain_text_input",
        "action_id": "value",
        "max_length": REASON_MAX,
        "placeholder": plain("They deleted their account"),
    }
    return {
        "type": "modal",
        "callback_id": SKIP,
        "private_metadata": packed(carried),
        "title": plain("Skip"),
        "submit": plain("Skip"),
        "close": plain("Cancel"),
        "blocks": [
            context(f"{who} is not told that it is fixed. The log keeps who said so, and why."),
            {"type": "input", "block_id": WHY_BLOCK, "label": plain("Why?"), "element": element},
        ],
    }


# --- in the channel -----------------------------------------------------------------------------------------


def fixed_notice(one: Standing) -> tuple[str, list[Block]]:
    """The one message about a fix, as text and in blocks: who fixed what, and how far telling people is."""
    issue, progress = one.issue, one.progress
    by = f"<@{issue.fixed_by}>"
    to = persons(progress.people)
    told = (
        f"{to} to go back to: {so_far(progress)}, {left(progress)}." if progress.people else "Nobody to tell."
    )
    again = " It was *reported again* since." if one.is_again else ""
    show = button("Tell them it's fixed", "open_issue", {"i": issue.id})
    return f":white_check_mark: {by} marked an issue as fixed: {inert(issue.title)}. {told}", [
        section(f":white_check_mark: {by} marked an issue as fixed:"),
        title_line(issue),
        section(f"{told}{again}"),
        {"type": "actions", "elements": [show]},
    ]


def open_again(issue: Issue, by: str) -> tuple[str, list[Block]]:
    """What that message becomes once the issue is reopened."""
    said = f":arrows_counterclockwise: <@{by}> reopened an issue: it is not fixed after all"
    return f"{said}: {inert(issue.title)}", [section(f"{said}:"), title_line(issue)]


def again_notice(issue: Issue, handle: str | None, card: str) -> tuple[str, list[Block]]:
    """Somebody came with it after the fix: its fixer is told."""
    name = called(handle) if handle else "Somebody"
    shown = f"<{card}|{name}>" if card else name
    said = (
        f":leftwards_arrow_with_hook: <@{issue.fixed_by}>, {shown} reports an issue that you marked as fixed"
    )
    reopen = button("Reopen issue", "reopen_issue", {"i": issue.id})
    look = button("Open", "open_issue", {"i": issue.id})
    return f"{said}: {inert(issue.title)}", [
        section(f"{said}:"),
        title_line(issue),
        {"type": "actions", "elements": [look, reopen]},
    ]
