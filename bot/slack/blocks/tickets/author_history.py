"""What the team knows of one person, as a modal: who they are, notes, issues, earlier tickets. Pure.

A modal has room for 100 blocks (https://docs.slack.dev/reference/views). At most: 4 about them, 2 for each of
12 notes and 2 around these, 1 for their issues, 1 for each of 8 tickets, 4 to turn pages and to write a note.
"""

from collections.abc import Mapping
from typing import Any

from bot.slack.blocks.commands.search_results import standing
from bot.slack.blocks.elements import Block, button, context, counted, packed, permalink, plain
from bot.slack.blocks.text import date, isolate, line, link, literal, quote
from models.issues.issue import Issue
from models.reports.author_history import History, Past
from models.sources.author import Author
from models.tickets.note import Note
from models.tickets.reply import SPOKEN, Reply
from models.tickets.reply import State as Delivery

HISTORY, PAGE, DELETE, OTHER = "history", "history_page", "delete_note", "history_of"
NOTE_BLOCK = "note"  # with a number behind it, so that a new field is empty
NOTE_INPUT = "value"
NOTE_MAX = 2_000
WORDS, NOTE_WORDS, TITLE = 280, 400, 120  # characters that are shown


def history(
    known: History, titles: Mapping[str, str], *, url: str, reader: str, key: str, notice: str | None = None
) -> dict[str, Any]:
    """The modal for `reader`. `key` is another one for each field, `notice` a sentence on top."""
    carried = {"a": known.author.id, "p": known.page, "k": key}
    blocks = [
        *([context(notice)] if notice else []),
        *_who(known, titles),
        *_issues(known),
        *_notes(known, reader, carried),
        *_tickets(known, url),
        _field(key),
    ]
    return {
        "type": "modal",
        "callback_id": HISTORY,
        "private_metadata": packed(carried),
        "title": plain("Author history"),
        "submit": plain("Add note"),
        "close": plain("Close"),
        "blocks": blocks,
    }


def _who(known: History, titles: Mapping[str, str]) -> list[Block]:
    author = known.author
    about = [f"  ·  on {_title(author, titles)}"]
    if author.followers is not None:
        about.append(f"  ·  {counted(author.followers, 'follower')}")
    handle = [f"  {author.shown}"] if author.handle else []
    if known.former:
        about.append(f"  ·  before that {', '.join(f'@{one}' for one in known.former)}")
    head = line(literal(isolate(author.name or ""), "bold"), *handle, *about)
    others = [
        button(f"{one.shown} on {_title(one, titles)}"[:75], f"{OTHER}_{number}", {"a": one.id})
        for number, one in enumerate(known.elsewhere)
    ]
    if not others:
        return [head]
    return [head, context("Others are or were called the same:"), {"type": "actions", "elements": others}]


def _title(author: Author, titles: Mapping[str, str]) -> str:
    return titles.get(author.network, author.network)


def _issues(known: History) -> list[Block]:
    if not known.issues:
        return []
    parts: list[Any] = [literal("Issues: ", "bold")]
    for number, issue in enumerate(known.issues):
        parts += [", " if number else "", literal(_short(issue)), " (fixed)" if issue.fixed_at else ""]
    more = f", and {known.more_issues} more" if known.more_issues else ""
    return [line(*(part for part in [*parts, more] if part))]


def _short(issue: Issue) -> str:
    title = " ".join(issue.title.split())
    return title if len(title) <= TITLE else f"{title[: TITLE - 1]}…"


def _notes(known: History, reader: str, carried: Mapping[str, Any]) -> list[Block]:
    """What colleagues noted, for the team's eyes alone."""
    if not known.notes:
        return []
    blocks: list[Block] = [line(literal("Private notes", "bold"))]
    for note in known.notes:
        blocks.append(_note(note))
        if note.by == reader:
            value = {**carried, "n": note.id}
            blocks.append({"type": "actions", "elements": [button("Delete note", DELETE, value)]})
    return [
        *blocks,
        *([context(f"And {counted(known.more_notes, 'older note')}.")] if known.more_notes else []),
    ]


def _note(note: Note) -> Block:
    head = line({"type": "user", "user_id": note.by}, "  ·  ", date(note.at))
    return head | {"elements": [*head["elements"], *quote(note.text, NOTE_WORDS)["elements"]]}


def _tickets(known: History, url: str) -> list[Block]:
    if not known.total:
        return [context("They have no ticket yet.")]
    blocks = [line(literal(f"{counted(known.total, 'conversation')} with us", "bold"), ", newest first")]
    blocks += [_past(one, url) for one in known.tickets]
    turn = []
    if known.page > 0:
        turn.append(button("Newer", f"{PAGE}_newer", {"a": known.author.id, "p": known.page - 1}))
    if known.page + 1 < known.pages:
        turn.append(button("Older", f"{PAGE}_older", {"a": known.author.id, "p": known.page + 1}))
    if not turn:
        return blocks
    return [
        *blocks,
        context(f"Page {known.page + 1} of {known.pages}"),
        {"type": "actions", "elements": turn},
    ]


def _past(one: Past, url: str) -> Block:
    """One ticket in one block: where it stands, what they said, what we said and who wrote it."""
    card = permalink(url, one.channel, one.ts)
    name = link(card, f"#{one.ticket_id}") if card else literal(f"#{one.ticket_id}", "bold")
    head = line(
        name,
        "  ·  ",
        date(one.opened_at),
        "  ·  ",
        *standing(one.state, one.reason, one.closed_by, one.owner),
    )
    parts = list(head["elements"])
    if one.more_posts:
        parts += line(f"{counted(one.more_posts, 'earlier post')} not shown")["elements"]
    for said in one.posts:
        if said.text is None:
            parts += line(literal("(no longer shown)", "italic"))["elements"]
        else:
            parts += quote(said.text, WORDS)["elements"]
    for reply in one.replies:
        parts += [*_our_line(reply)["elements"], *quote(reply.text, WORDS)["elements"]]
    return {"type": "rich_text", "elements": parts}


def _our_line(reply: Reply) -> Block:
    who: list[Any] = [{"type": "user", "user_id": reply.author or reply.actor}, " wrote"]
    if reply.author is not None and reply.author != reply.actor:
        who += [", ", {"type": "user", "user_id": reply.actor}, " sent"]
    at = reply.settled_at or reply.sent_at or reply.created_at
    where = {Delivery.WITHDRAWN: ", deleted again"} if reply.state not in SPOKEN else {}
    if reply.state not in SPOKEN and reply.state != Delivery.WITHDRAWN:
        where = {Delivery(reply.state): f", {reply.state}"}
    told = [*who, "  ·  ", date(at), where.get(Delivery(reply.state), "")]
    see = ["  ·  ", link(reply.post_url, "see it")] if reply.post_url and reply.state in SPOKEN else []
    return line(*(part for part in [*told, *see] if part))


def _field(key: str) -> Block:
    return {
        "type": "input",
        "block_id": f"{NOTE_BLOCK} {key}",
        "optional": True,
        "label": plain("A private note, for the team alone"),
        "element": {
            "type": "plain_text_input",
            "action_id": NOTE_INPUT,
            "multiline": True,
            "max_length": NOTE_MAX,
        },
    }
