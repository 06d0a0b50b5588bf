"""What threads are told: each sentence knows its fields, and makes them safe."""

from datetime import timedelta
from string import Formatter

import pytest

from bot.networks.errors import Later
from bot.notices import thread_notices
from bot.notices.thread_notices import ThreadNotice
from models import Notice, Reply, Ticket
from tests.bot.room import ANA, BEN, Counting, Room

NOTICES = {name: one for name, one in vars(thread_notices).items() if isinstance(one, ThreadNotice)}
ABOUT_TICKETS = {
    "ASSIGNED",
    "CLAIM_EXPIRED",
    "CLOSED_AS_NOT_SHOWN",
    "COMPOSING_TAKEN_OVER",
    "NEW_MENTION",
    "NO_ANSWER",
    "SHOWN_AGAIN",
    "SHOWN_AGAIN_AND_WAITS",
}
GIVEN = {
    "before": BEN,
    "by": BEN,
    "detail": "<!channel> *no*",
    "explanation": "It is so.",
    "later": Later(None, "server error", "<!here> down"),
    "network": "Memory",
    "outcome": "spam",
    "quiet": timedelta(hours=2),
    "recipient": "_maria_",
    "to": ANA,
    "url": "https://example.com/?a=1&b=2",
}


def fields_of(notice: ThreadNotice) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(notice.sentence) if name}


@pytest.mark.parametrize("name", NOTICES)
def test_each_sentence_can_be_said(here: Room, network: Counting, name: str) -> None:
    network.says("maria", "@acmebrew hello")
    here.poll()
    here.submit(1, "Hi <there>!")
    with here.ctx.db.write() as session:
        about = session.get_one(Ticket if name in ABOUT_TICKETS else Reply, 1)
        given = GIVEN | {"until": here.clock()}
        thread_notices.post(session, NOTICES[name], about, at=here.clock(), **given)

    [notice] = notices(here)
    sentence = notice.text
    assert notice.ticket_id == 1
    assert not any(f"{{{field}}}" in sentence for field in thread_notices._FIELDS)
    assert "<!channel>" not in sentence
    assert "<!here>" not in sentence
    assert notice.blocks[0]["text"]["text"] == sentence
    assert ("Hi <there>!" in str(notice.blocks[1:])) == NOTICES[name].quotes_reply


def test_no_field_is_left_that_no_sentence_has() -> None:
    used = set().union(*(fields_of(one) for one in NOTICES.values()))

    assert used == set(thread_notices._FIELDS)


def test_a_sentence_without_its_fields_is_refused(here: Room, network: Counting) -> None:
    network.says("maria", "@acmebrew hello")
    here.poll()

    with here.ctx.db.write() as session:
        ticket = session.get_one(Ticket, 1)
        with pytest.raises(KeyError):
            thread_notices.post(session, thread_notices.ASSIGNED, ticket, at=here.clock(), to=ANA)
    assert notices(here) == []


def notices(here: Room) -> list[Notice]:
    with here.ctx.db.read() as session:
        return list(session.query(Notice))
