"""Two at once: the ledger lets one of them win, and the public sees one reply or none."""

import threading
from datetime import timedelta

import pytest

from bot.networks.errors import Unsure
from bot.publish import reconcile
from models import Author, Ticket
from models.core.base import RuleBrokenError
from models.core.database import Database
from models.mutes import mute_rules
from models.tickets.delivery_state import DeliveryState
from tests.bot.room import Clock, Counting, Room, room, together

ROUNDS = 25


def test_undo_and_send_never_both_win(here: Room, network: Counting) -> None:
    outcomes = set()
    for number in range(ROUNDS):
        post = network.says(f"fan{number}", "@acmebrew hello").id
        here.poll()
        ticket = here.tickets()[-1].id
        reply = here.submit(ticket, f"hello {number}")

        undone, _ = together(lambda ticket=ticket: here.undo(ticket), here.send)

        said = [each.text for each in network.replies_to(post)]
        if undone is None:
            assert (here.state(reply), said) == (DeliveryState.CANCELLED, [])
        else:
            assert isinstance(undone, RuleBrokenError)
            assert (here.state(reply), said) == (DeliveryState.PUBLISHED, [f"hello {number}"])
        outcomes.add(here.state(reply))
    assert outcomes <= {DeliveryState.CANCELLED, DeliveryState.PUBLISHED}


def test_mute_and_send_never_hide_a_reply_that_went_out(here: Room, network: Counting) -> None:
    for number in range(ROUNDS):
        post = network.says(f"fan{number}", "@acmebrew hello").id
        here.poll()
        ticket = here.tickets()[-1].id
        reply = here.submit(ticket, f"hello {number}")

        def mute(ticket: int = ticket, by: str = here.reply(reply).actor) -> None:
            with here.ctx.db.write() as session:
                author = session.get_one(Author, session.get_one(Ticket, ticket).author_id)
                mute_rules.mute(session, mute_rules.author_of(author), by=by, at=here.clock())

        assert together(mute, here.send) == [None, None]

        said, state = [each.text for each in network.replies_to(post)], here.tickets()[-1].state
        if here.state(reply) == DeliveryState.CANCELLED:
            assert (state, said) == ("muted", [])
        else:
            assert here.state(reply) == DeliveryState.PUBLISHED
            assert (state, said) == ("answered", [f"hello {number}"])


def test_two_workers_with_the_same_reply_say_it_once(
    database_url: str, clock: Clock, network: Counting
) -> None:
    with room(database_url, clock, network) as one:
        # on SQLite two processes never meet; there the two workers share the lock of one
        shared = one.ctx.db if one.ctx.db.is_sqlite else Database(database_url)
        with room(database_url, clock, network, db=shared, worker="other") as two:
            for number in range(ROUNDS):
                network.says(f"fan{number}", "@acmebrew hello")
            one.poll()
            for ticket in one.tickets():
                one.submit(ticket.id, f"hello {ticket.id}")

            assert together(one.send, two.send, one.send, two.send) == [None] * 4
            one.send()

            assert sorted(each.text for each in network._ours()) == sorted(
                f"hello {ticket.id}" for ticket in one.tickets()
            )
            assert network.asked["publish"] == ROUNDS


def test_two_workers_make_one_look(here: Room, network: Counting) -> None:
    network.says("maria", "@acmebrew hello")
    here.poll()
    network.fails("publish", Unsure("no answer"))
    reply = here.submit(1, "hello")
    here.send()
    here.clock.pass_by(5)

    raised = together(*[lambda: reconcile.look_for_reply(here.ctx, reply)] * 4)

    assert sum(each is None for each in raised) == 1
    assert here.reply(reply).looks == 1


def test_two_workers_give_one_nudge(here: Room, network: Counting) -> None:
    network.says("maria", "@acmebrew hello")
    here.poll()
    network.fails("publish", Unsure("no answer"))
    reply = here.submit(1, "hello")
    for _ in range(8):
        here.send()
        here.clock.pass_by(600)
    assert here.state(reply) == DeliveryState.ASKED
    here.clock.pass_by(900)
    before = len(here.told())

    together(*[lambda: reconcile.remind(here.ctx, reply)] * 4)

    assert len(here.told()) == before + 1


@pytest.mark.parametrize("first", ["answer", "look"])
def test_a_late_answer_and_a_look_settle_it_once(here: Room, network: Counting, first: str) -> None:
    network.says("maria", "@acmebrew hello")
    here.poll()
    called, answered = threading.Event(), threading.Event()

    def keep_waiting() -> None:
        called.set()
        answered.wait(120)

    network.on_publish = keep_waiting
    reply = here.submit(1, "hello")
    sender = threading.Thread(target=here.send)
    sender.start()
    assert called.wait(120)
    here.clock.pass_by(13)
    reconcile.handle_expired_lease(here.ctx, reply)
    if first == "look":
        network.says(
            "acmebrew", "hello", under=here.mentions()[0].post_id, at=here.clock() - timedelta(seconds=1)
        )
        here.clock.pass_by(5)
        reconcile.look_for_reply(here.ctx, reply)
    network.on_publish = lambda: None
    answered.set()
    sender.join(120)

    assert here.state(reply) == DeliveryState.PUBLISHED
    published = [act for act in here.acts(reply) if act in {"reply published", "seen on the network"}]
    assert len(published) == 1
