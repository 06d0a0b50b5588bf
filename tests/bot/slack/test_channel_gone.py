"""A channel that is gone: one refused call decides about every card that waits for it."""

import pytest
from sqlalchemy import select, update

from models import Ticket
from sandbox.slack import SlackServer
from tests.bot.room import CHANNEL, Room, calls, cards
from tests.bot.slack.test_cards import POST, UPDATE, hear

ELSEWHERE = "C0ELSE"


@pytest.mark.both_engines
@pytest.mark.parametrize("drawn_before", [0, 12])
def test_one_refused_call_moves_every_card_that_waits_for_an_archived_channel(
    shown: Room, slack: SlackServer, drawn_before: int
) -> None:
    slack.world.add_channel(ELSEWHERE, "elsewhere")
    hear(shown, 12)
    with shown.ctx.db.write() as session:
        session.execute(update(Ticket).values(channel=ELSEWHERE))
    if drawn_before:
        shown.draw_all()
        with shown.ctx.db.write() as session:
            session.execute(update(Ticket).values(revision=Ticket.revision + 1))
    slack.world.archive(ELSEWHERE)
    shown.draw_all()

    assert len(cards(slack)) == 12
    assert len([words for words in shown.told() if f"<#{ELSEWHERE}>" in words]) == 1
    refused, notices = 1, 1
    assert calls(slack, POST) + calls(slack, UPDATE) == drawn_before + refused + 12 + notices
    with shown.ctx.db.read() as session:
        assert set(session.scalars(select(Ticket.channel))) == {CHANNEL}
