"""What the log says of replies: after the ledger has it, with ids as fields, and nobody's words."""

import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.networks.errors import Later, Refused, Unsure
from models.core.database import Database
from models.tickets.delivery_state import DeliveryState
from models.tickets.reply import Reply
from tests.bot.room import BEN, Counting, Room

WORDS = "Very private words"


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.INFO, "models"):
        yield caplog


def states(lines: pytest.LogCaptureFixture) -> list[tuple[str, int, str]]:
    """The state, the reply's id and the level of each line about a reply."""
    return [
        (record.state, record.reply_id, record.levelname)
        for record in lines.records
        if record.name == "models.tickets.reply"
    ]


def submitted(here: Room, network: Counting) -> int:
    network.says("maria", "@acmebrew hello", at=here.clock())
    here.poll()
    return here.submit(1, WORDS)


def test_a_reply_that_becomes_unsure_and_is_asked_about_leaves_lines(here, network, lines) -> None:
    network.fails("publish", Unsure("no answer"))
    reply = submitted(here, network)
    here.send()
    for _ in range(60):
        here.clock.pass_by(15)
        here.send()
    here.decide(reply, Reply.discard)

    assert states(lines) == [
        ("held", reply, "INFO"),
        ("queued", reply, "INFO"),
        ("sending", reply, "INFO"),
        ("unsure", reply, "WARNING"),
        ("asked", reply, "WARNING"),
        ("cancelled", reply, "INFO"),
    ]
    assert f"reply {reply} of ticket 1: unsure" in lines.text


@pytest.mark.parametrize(
    ("error", "last"),
    [
        (Refused("too long", "Your text is too long."), [("refused", "WARNING")]),
        (Refused("not summoned", "No."), [("refused", "WARNING"), ("handed off", "WARNING")]),
        (Later(None, "unauthorized", "Unauthorized"), [("queued", "INFO")]),
        (None, [("published", "INFO")]),
    ],
)
def test_however_a_send_ends_the_log_says_so(here, network, lines, error, last) -> None:
    if error is not None:
        network.fails("publish", error)
    reply = submitted(here, network)
    here.send()

    assert [(state, level) for state, _, level in states(lines)[3:]] == last
    assert all(number == reply for _, number, _ in states(lines))


def test_no_line_holds_anybodys_words(here, network, lines) -> None:
    network.fails("publish", Refused("too long", f"“{WORDS}” is too long."))
    submitted(here, network)
    here.send()

    assert states(lines)
    assert WORDS not in lines.text
    assert not any(WORDS in str(record.__dict__) for record in lines.records)


def test_what_is_rolled_back_leaves_no_line(here, network, lines) -> None:
    reply = submitted(here, network)
    lines.clear()
    ledger: Database = here.ctx.db
    until = here.clock() + timedelta(minutes=1)

    def moved(session, to: DeliveryState, **more: object) -> None:
        session.get_one(Reply, reply, populate_existing=True).move(
            session, to, at=here.clock(), by=BEN, **more
        )

    with pytest.raises(RuntimeError), ledger.write() as session:  # noqa: PT012 - what is rolled back is told
        moved(session, DeliveryState.QUEUED)
        raise RuntimeError
    assert states(lines) == []
    with ledger.write() as session:
        with pytest.raises(RuntimeError), session.begin_nested():  # noqa: PT012
            moved(session, DeliveryState.QUEUED, due_at=until)
            raise RuntimeError
        with session.begin_nested():
            moved(session, DeliveryState.CANCELLED)
        assert states(lines) == []  # a savepoint is not yet the ledger
    assert [state for state, _, _ in states(lines)] == ["cancelled"]


def test_what_was_in_a_savepoint_goes_with_the_whole(here, network, lines) -> None:
    reply = submitted(here, network)
    lines.clear()

    with pytest.raises(RuntimeError), here.ctx.db.write() as session:  # noqa: PT012
        with session.begin_nested():
            session.get_one(Reply, reply).move(session, DeliveryState.CANCELLED, at=here.clock())
        raise RuntimeError

    assert states(lines) == []
