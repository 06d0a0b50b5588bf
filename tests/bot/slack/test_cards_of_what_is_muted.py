"""What is muted: which cards it keeps, and that it never gets one, nor a card that several tickets share."""

import pytest
from sqlalchemy import select

from bot.jobs import watchdog
from models import Author, Notice, Ticket, TicketGroup
from models.mutes import mute_rules
from sandbox.slack import SlackServer
from tests.bot.room import CHANNEL, Counting, Room, cards
from tests.bot.slack.test_cards import hear


def test_what_is_muted_after_its_card_was_deleted_gets_no_new_one(shown: Room, slack: SlackServer) -> None:
    hear(shown)
    shown.draw()
    slack.world.delete(slack.world.message(CHANNEL, shown.card(1).ts))
    with shown.ctx.db.write() as session:
        draft = mute_rules.conversation_of(session.get_one(Ticket, 1))
        mute_rules.mute(session, draft, by="U0ANA", at=shown.clock())
    shown.draw_all()
    shown.clock.pass_by(minutes=20)
    shown.poll()
    shown.draw_all()

    assert cards(slack) == []
    assert shown.ticket().drawn_revision == shown.ticket().revision
    assert watchdog.run_checks(shown.ctx) == []
    with shown.ctx.db.read() as session:
        assert session.scalars(select(Notice)).all() == []  # nothing that waits for a thread


@pytest.mark.parametrize("left", [0, 1])
def test_a_shared_card_is_posted_if_something_on_it_is_not_muted(
    shown: Room, network: Counting, slack: SlackServer, left: int
) -> None:
    shown.poll()
    first = network.says("p0", "@acmebrew something long about kettles")
    people = [f"p{number}" for number in range(1, 7)]
    for one in people:
        network.says(one, f"@acmebrew and {one} says this", under=first.id)
    shown.poll()
    mute_authors(shown, {"p0", *people[left:]})
    for _ in range(3):
        shown.draw_all()
        shown.clock.pass_by(minutes=1)

    with shown.ctx.db.read() as session:
        [group] = session.scalars(select(TicketGroup))
        assert (group.ts is None, group.joined > 0) == (not left, True)
    assert len(cards(slack)) == left


def mute_authors(here: Room, handles: set[str]) -> None:
    with here.ctx.db.write() as session:
        for author in session.scalars(select(Author).where(Author.handle.in_(handles))).all():
            mute_rules.mute(session, mute_rules.author_of(author), by="U0ANA", at=here.clock())
