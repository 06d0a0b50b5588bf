"""The history of somebody who is always there still fits into a modal."""

from datetime import UTC, datetime

from bot.slack.blocks.tickets.author_history import build_history_modal
from models import Author, Issue, Note, Reply
from models.reports.author_history import (
    ISSUES_MAX,
    NOTES_MAX,
    PAGE_TICKETS,
    POSTS_PER_TICKET_MAX,
    REPLIES_PER_TICKET_MAX,
    AuthorHistory,
    AuthorPost,
    PastTicket,
)
from sandbox.slack.block_kit.validator import check_view
from tests.story.hostile import TEXTS

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LONG = TEXTS["long and escaped"]


def author(number: int) -> Author:
    return Author(id=number, network="x", network_id=str(number), handle="W" * 60, name=LONG, followers=10**9)


def test_the_fullest_history_is_one_that_slack_takes() -> None:
    reply = Reply(
        text=LONG,
        actor="U0ANA",
        author="U0BEN",
        state="published",
        created_at=AT,
        post_url="https://x.com/i/1",
    )
    past = PastTicket(
        10**9,
        AT,
        "answered",
        LONG,
        "U0ANA",
        None,
        "C0MENTIONS",
        "1700000000.000100",
        (AuthorPost(AT, LONG),) * POSTS_PER_TICKET_MAX,
        99,
        (reply,) * REPLIES_PER_TICKET_MAX,
    )
    known = AuthorHistory(
        author(1),
        10**6,
        5,
        (past,) * PAGE_TICKETS,
        tuple(
            Note(id=10**9 + n, author_id=1, text=LONG[:2_000], by="U0ANA", at=AT) for n in range(NOTES_MAX)
        ),
        7,
        tuple(
            Issue(id=n, title=f"<!channel> *{LONG[:100]}*", name="", fixed_at=AT) for n in range(ISSUES_MAX)
        ),
        9,
        (author(2), author(3), author(4)),
    )
    view = build_history_modal(
        known, {"x": "X"}, url="https://acme.slack.test/", reader="U0ANA", key="k" * 12, notice="Noted."
    )

    assert check_view(view) == []
    assert len(view["blocks"]) <= 100
