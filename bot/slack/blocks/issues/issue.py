"""One issue: its people in their own words, and once it is fixed who is still to be told.

Each person has a composer of their own; nothing here writes to several, and nothing is written beforehand.
"""

from dataclasses import dataclass, replace

from bot.slack.blocks.elements import (
    Block,
    button,
    context_block,
    count_noun,
    count_people,
    permalink,
    section_block,
)
from bot.slack.blocks.issues.ranking import (
    build_paging_buttons,
    progress_text,
    remaining_text,
    title_line,
    weight_text,
)
from bot.slack.blocks.text import date_token, mrkdwn_handle, mrkdwn_literal, quote_block
from bot.slack.blocks.tickets.reply_button import build_reply_button, reply_value
from bot.slack.blocks.values import IssueValue, ReporterValue
from models import Author, Mention, Reply, Ticket
from models.issues.issue import Issue
from models.issues.queries import RankedIssue, Reporter
from models.tickets.delivery_state import PUBLIC_STATES
from models.tickets.state import OPEN_STATES

PEOPLE_PER_PAGE = 8  # people: a message of Slack has room for 4,000 characters
QUOTE_MAX_CHARS = 200


@dataclass(frozen=True, slots=True)
class IssueRow:
    """A person on the page: what they said, and the button to answer them, where there is one."""

    person: Reporter
    mention: Mention | None
    answer: Block | None


@dataclass(frozen=True, slots=True)
class IssueView:
    """One page of an issue."""

    standing: RankedIssue
    rows: tuple[IssueRow, ...]
    page: int
    pages: int
    hidden: int = 0  # people who reported it in private, where the reader sees nothing


def build_blocks(view: IssueView, *, url: str) -> list[Block]:
    """The message in blocks."""
    issue = view.standing.issue
    blocks = [title_line(issue), section_block(_state(view.standing)), context_block(_seen(view.standing))]
    for row in view.rows:
        blocks += _person(row, issue, url=url, page=view.page)
    if view.hidden:
        blocks.append(context_block(f":lock: {count_people(view.hidden)} reported it only in private."))
    value = IssueValue(issue.id, view.page)
    buttons = (
        [button("Refresh", "refresh_issue", value), button("Reopen issue", "reopen_issue", value)]
        if issue.is_fixed
        else [button("Mark as fixed", "fix_issue", value, style="primary")]
    )
    buttons.append(button("Rename or merge…", "rename_issue", value))
    blocks += build_paging_buttons(view.page, view.pages, "issue_page", lambda to: IssueValue(issue.id, to))
    return [*blocks, {"type": "actions", "elements": buttons}]


def _state(one: RankedIssue) -> str:
    issue = one.issue
    if issue.fixed_at is None:
        return f":large_orange_circle: *Open*  ·  {weight_text(one)}"
    when = date_token(issue.fixed_at, "{date_short_pretty} {time}")
    again = (
        "\n:leftwards_arrow_with_hook: *Reported again since it was fixed*" if one.is_reported_again else ""
    )
    told = f"*Tell them it's fixed*: {progress_text(one.progress)}, {remaining_text(one.progress)}."
    return f":white_check_mark: *Fixed* {when} by <@{issue.fixed_by}>\n{told}{again}"


def _seen(one: RankedIssue) -> str:
    opened = f"opened by <@{one.issue.created_by}>"
    if not one.people:
        return f"No one has reported it. {opened}"
    first, last = min(p.first for p in one.people), max(p.last for p in one.people)
    tickets = count_noun(sum(len(p.places) for p in one.people), "conversation")
    pretty = "{date_short_pretty}"
    return (
        f"first seen {date_token(first, pretty)}, last {date_token(last, pretty)}  ·  {tickets}  ·  {opened}"
    )


def _person(row: IssueRow, issue: Issue, *, url: str, page: int) -> list[Block]:
    person, words = row.person, row.mention.display_text if row.mention is not None else ""
    blocks = [section_block(_who(person, url)), quote_block(words, QUOTE_MAX_CHARS)]
    if not issue.is_fixed:
        return blocks
    if person.is_settled:
        blocks.append(context_block(_settled(person)))
    buttons = [row.answer] if row.answer is not None else []
    if not person.is_settled:
        if row.answer is None:
            blocks.append(context_block("A reply to them is on its way: see the card."))
        buttons.append(button("Skip…", "skip_telling", ReporterValue(issue.id, person.author_id, page)))
    return [*blocks, {"type": "actions", "elements": buttons}] if buttons else blocks


def _who(person: Reporter, url: str) -> str:
    name = f"*{mrkdwn_handle(person.handle)}*" if person.handle else "*Somebody*"
    cards = [permalink(url, place.channel, place.ts) for place in person.places[:3]]
    links = [f"<{card}|card{'' if len(cards) == 1 else f' {n}'}>" for n, card in enumerate(cards, 1) if card]
    more = [f"{len(person.places) - 3} more"] if len(person.places) > 3 else []  # noqa: PLR2004 - as above
    again = [":leftwards_arrow_with_hook: since it was fixed"] if person.is_reported_again else []
    said = [date_token(person.last, "{date_short_pretty}")]
    return "  ·  ".join([name, *said, *links, *more, *again])


def _settled(person: Reporter) -> str:
    if person.told_at is not None:
        return f":white_check_mark: told by <@{person.settled_by}> {date_token(person.told_at)}"
    return f":fast_forward: skipped by <@{person.settled_by}>: {mrkdwn_literal(person.skip_reason or '')}"


def summary_text(standing: RankedIssue) -> str:
    """The message in one line."""
    one = standing.issue
    return (
        f"{mrkdwn_literal(one.title)}: {'fixed' if one.is_fixed else 'open'}, "
        f"{count_people(len(standing.people))}"
    )


def build_answer_button(ticket: Ticket, author: Author, account: str, live: Reply | None) -> Block | None:
    """The button that says something to its author next; None while a reply is on its way.

    `Reply` while it waits, `Follow up` once it is answered; what is closed without a reply of ours has to be
    reopened first. `live` is the reply of the turn at hand, if there is one.
    """
    if live is not None and live.state not in PUBLIC_STATES:
        return None
    if ticket.state in OPEN_STATES:
        return build_reply_button(ticket, author, account) if live is None else None
    value = reply_value(ticket, author, account, None)
    if live is None:
        return button("Reopen", "reopen", value)
    return button("Follow up", "follow_up", replace(value, turn=ticket.turn + 1), style="primary")
