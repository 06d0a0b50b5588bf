"""What the team knows of one person, as a modal: who they are, notes, issues, earlier tickets. Pure.

A modal has room for 100 blocks (https://docs.slack.dev/reference/views). At most: 4 about them, 2 for each of
12 notes and 2 around these, 1 for their issues, 1 for each of 8 tickets, 4 to turn pages and to write a note.
"""

from collections.abc import Mapping
from typing import Any

from bot.slack.blocks.commands.search_results import state_elements
from bot.slack.blocks.elements import (
    Block,
    button,
    context_block,
    count_noun,
    permalink,
    plain_text,
)
from bot.slack.blocks.text import (
    date_element,
    isolate_name,
    line_block,
    link_element,
    quote_block,
    text_element,
)
from bot.slack.blocks.values import AuthorValue, HistoryValue, NoteValue
from models.issues.issue import Issue
from models.reports.author_history import AuthorHistory, PastTicket
from models.slack.note import Note
from models.sources.author import Author
from models.tickets.delivery_state import PUBLIC_STATES, DeliveryState
from models.tickets.reply import Reply

HISTORY_CALLBACK_ID, PAGE_ACTION_PREFIX, DELETE_NOTE_ACTION_ID, OTHER_AUTHOR_ACTION_PREFIX = (
    "history",
    "history_page",
    "delete_note",
    "history_of",
)
NOTE_INPUT = "value"
NOTE_MAX_CHARS = 2_000
QUOTE_MAX_CHARS, NOTE_SHOWN_MAX_CHARS, TITLE_MAX_CHARS = 280, 400, 120  # characters that are shown


def build_history_modal(
    known: AuthorHistory,
    titles: Mapping[str, str],
    *,
    url: str,
    reader: str,
    key: str,
    notice: str | None = None,
) -> dict[str, Any]:
    """The modal for `reader`. `key` is another one for each field, `notice` a sentence on top."""
    carried = HistoryValue(known.author.id, key, page=known.page)
    blocks = [
        *([context_block(notice)] if notice else []),
        *_who(known, titles),
        *_issues(known),
        *_notes(known, reader, carried),
        *_tickets(known, url),
        _note_input(carried),
    ]
    return {
        "type": "modal",
        "callback_id": HISTORY_CALLBACK_ID,
        "private_metadata": carried.pack(),
        "title": plain_text("Author history"),
        "submit": plain_text("Add note"),
        "close": plain_text("Close"),
        "blocks": blocks,
    }


def _who(known: AuthorHistory, titles: Mapping[str, str]) -> list[Block]:
    author = known.author
    about = [f"  ·  on {_title(author, titles)}"]
    if author.followers is not None:
        about.append(f"  ·  {count_noun(author.followers, 'follower')}")
    handle = [f"  {author.display_name}"] if author.handle else []
    if known.former:
        about.append(f"  ·  before that {', '.join(f'@{one}' for one in known.former)}")
    head = line_block(text_element(isolate_name(author.name or ""), "bold"), *handle, *about)
    others = [
        button(
            f"{one.display_name} on {_title(one, titles)}"[:75],
            f"{OTHER_AUTHOR_ACTION_PREFIX}_{number}",
            AuthorValue(one.id),
        )
        for number, one in enumerate(known.elsewhere)
    ]
    if not others:
        return [head]
    return [
        head,
        context_block("Other people who have or had this handle:"),
        {"type": "actions", "elements": others},
    ]


def _title(author: Author, titles: Mapping[str, str]) -> str:
    return titles.get(author.network, author.network)


def _issues(known: AuthorHistory) -> list[Block]:
    if not known.issues:
        return []
    parts: list[Any] = [text_element("Issues: ", "bold")]
    for number, issue in enumerate(known.issues):
        parts += [", " if number else "", text_element(_short(issue)), " (fixed)" if issue.fixed_at else ""]
    more = f", and {known.more_issues} more" if known.more_issues else ""
    return [line_block(*(part for part in [*parts, more] if part))]


def _short(issue: Issue) -> str:
    title = " ".join(issue.title.split())
    return title if len(title) <= TITLE_MAX_CHARS else f"{title[: TITLE_MAX_CHARS - 1]}…"


def _notes(known: AuthorHistory, reader: str, carried: HistoryValue) -> list[Block]:
    """What colleagues noted, for the team's eyes alone."""
    if not known.notes:
        return []
    blocks: list[Block] = [line_block(text_element("Private notes", "bold"))]
    for note in known.notes:
        blocks.append(_note(note))
        if note.by == reader:
            value = NoteValue(carried.author, note.id, page=carried.page)
            blocks.append(
                {"type": "actions", "elements": [button("Delete note", DELETE_NOTE_ACTION_ID, value)]}
            )
    return [
        *blocks,
        *([context_block(f"And {count_noun(known.more_notes, 'older note')}.")] if known.more_notes else []),
    ]


def _note(note: Note) -> Block:
    head = line_block({"type": "user", "user_id": note.by}, "  ·  ", date_element(note.at))
    return head | {"elements": [*head["elements"], *quote_block(note.text, NOTE_SHOWN_MAX_CHARS)["elements"]]}


def _tickets(known: AuthorHistory, url: str) -> list[Block]:
    if not known.total:
        return [context_block("No tickets yet.")]
    blocks = [
        line_block(
            text_element(f"{count_noun(known.total, 'conversation')} with us", "bold"), ", newest first"
        )
    ]
    blocks += [_ticket_block(one, url) for one in known.tickets]
    if known.hidden:
        count = count_noun(known.hidden, "private conversation")
        blocks.append(context_block(f":lock: {count} not shown: only members of a private channel see them."))
    turn = []
    if known.page > 0:
        turn.append(
            button("Newer", f"{PAGE_ACTION_PREFIX}_newer", AuthorValue(known.author.id, known.page - 1))
        )
    if known.page + 1 < known.pages:
        turn.append(
            button("Older", f"{PAGE_ACTION_PREFIX}_older", AuthorValue(known.author.id, known.page + 1))
        )
    if not turn:
        return blocks
    return [
        *blocks,
        context_block(f"Page {known.page + 1} of {known.pages}"),
        {"type": "actions", "elements": turn},
    ]


def _ticket_block(one: PastTicket, url: str) -> Block:
    """One ticket in one block: where it stands, what they said, what we said and who wrote it."""
    card = permalink(url, one.channel, one.ts)
    name = link_element(card, f"#{one.ticket_id}") if card else text_element(f"#{one.ticket_id}", "bold")
    head = line_block(
        name,
        "  ·  ",
        date_element(one.opened_at),
        "  ·  ",
        *state_elements(one.state, one.reason, one.closed_by, one.owner),
    )
    parts = list(head["elements"])
    if one.more_posts:
        parts += line_block(f"{count_noun(one.more_posts, 'earlier post')} not shown")["elements"]
    for said in one.posts:
        if said.text is None:
            parts += line_block(text_element("(no longer shown)", "italic"))["elements"]
        else:
            parts += quote_block(said.text, QUOTE_MAX_CHARS)["elements"]
    for reply in one.replies:
        parts += [*_reply_line(reply)["elements"], *quote_block(reply.text, QUOTE_MAX_CHARS)["elements"]]
    return {"type": "rich_text", "elements": parts}


def _reply_line(reply: Reply) -> Block:
    who: list[Any] = [{"type": "user", "user_id": reply.author or reply.actor}, " wrote"]
    if reply.author is not None and reply.author != reply.actor:
        who += [", ", {"type": "user", "user_id": reply.actor}, " sent"]
    at = reply.settled_at or reply.sent_at or reply.created_at
    where = {DeliveryState.WITHDRAWN: ", deleted"} if reply.state not in PUBLIC_STATES else {}
    if reply.state not in PUBLIC_STATES and reply.state != DeliveryState.WITHDRAWN:
        where = {DeliveryState(reply.state): f", {reply.state}"}
    told = [*who, "  ·  ", date_element(at), where.get(DeliveryState(reply.state), "")]
    see = (
        ["  ·  ", link_element(reply.post_url, "see it")]
        if reply.post_url and reply.state in PUBLIC_STATES
        else []
    )
    return line_block(*(part for part in [*told, *see] if part))


def _note_input(carried: HistoryValue) -> Block:
    return {
        "type": "input",
        "block_id": carried.note_block,
        "optional": True,
        "label": plain_text("A private note that only your team can see"),
        "element": {
            "type": "plain_text_input",
            "action_id": NOTE_INPUT,
            "multiline": True,
            "max_length": NOTE_MAX_CHARS,
        },
    }
