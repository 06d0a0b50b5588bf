"""A reply's way out, row by row: said once, and never said twice to make sure."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select

from bot.networks.errors import Later, Refused, Unsure
from bot.networks.values import PublishedReply
from bot.publish import intent, manual_posting, outbox, reconcile
from bot.publish.locked_reply import lock_reply
from models import Mention, Reply, Ticket
from models.core.database import Database
from models.tickets.delivery_state import DeliveryState
from models.tickets.state import TicketState
from tests.bot.room import BEN, Clock, Counting, Room, room
from tests.models.ledger import lose

PLAN = (5, 15, 45, 120, 300, 600)


@pytest.fixture
def post(here: Room, network: Counting) -> str:
    """The customer's post, heard."""
    found = network.says("maria", "@acmebrew is the kettle back?").id
    here.poll()
    return found


def public(network: Counting, post: str) -> list[str]:
    return [reply.text for reply in network.replies_to(post)]


def unsure(here: Room, network: Counting, *, landed: bool, words: str = "On Monday!") -> int:
    """A reply whose answer was lost, after its effect (`landed`) or before it."""
    network.fails("publish", Unsure("no answer"), landed=landed)
    reply = here.submit(here.ticket().id, words)
    here.send()
    assert here.state(reply) == DeliveryState.UNSURE
    return reply


def asked(here: Room, network: Counting) -> int:
    """A reply of which nobody knows, after all looks; it is not there."""
    reply = unsure(here, network, landed=False)
    for _ in PLAN:
        here.clock.pass_by(600)
        here.send()
    assert here.state(reply) == DeliveryState.ASKED
    return reply


# --- the plain way --------------------------------------------------------------------------------------------


def test_a_reply_waits_for_its_undo_window_and_is_then_said_once(
    here: Room, network: Counting, post: str
) -> None:
    reply = here.submit(1, "On Monday!", undo=10)
    assert here.send() == 2.0
    here.clock.pass_by(9)
    assert here.send() == 1.0
    assert public(network, post) == []

    here.clock.pass_by(1)
    here.send()
    here.send()

    assert public(network, post) == ["On Monday!"]
    assert network.asked["publish"] == 1
    said = here.reply(reply)
    assert (said.state, said.post_id) == (DeliveryState.PUBLISHED, network.replies_to(post)[0].id)
    assert (here.ticket().state, here.ticket().first_reply_by) == (TicketState.ANSWERED, "U0ANA")
    assert here.acts(reply) == ["reply submitted", "reply queued", "reply sending", "reply published"]


def test_an_undone_reply_is_never_said(here: Room, network: Counting, post: str) -> None:
    reply = here.submit(1, "On Monday!", undo=10)
    here.undo(1)
    here.clock.pass_by(10)
    here.send()

    assert here.state(reply) == DeliveryState.CANCELLED
    assert network.asked["publish"] == 0


def test_the_intent_is_in_the_ledger_before_the_network_is_called(
    here: Room, network: Counting, post: str
) -> None:
    seen: list[tuple[str, str | None, int]] = []

    def look() -> None:
        # from outside, by a connection of its own: what is not committed does not show here
        other = Database(here.ctx.settings.url)
        with other.read() as session:
            reply = session.scalars(select(Reply)).one()
            seen.append((reply.state, reply.worker, reply.tries))
        other.close()

    network.on_publish = look
    here.submit(1, "On Monday!")
    here.send()

    assert seen == [(DeliveryState.SENDING, "test", 1)]


def test_no_transaction_is_open_while_the_network_is_called(here: Room, network: Counting, post: str) -> None:
    def write() -> None:
        with here.ctx.db.write(0.5) as session:
            Ticket.lock(session, 1).revision += 1

    network.on_publish = write
    here.submit(1, "On Monday!")
    here.send()

    assert public(network, post) == ["On Monday!"]


# --- provably not sent ----------------------------------------------------------------------------------------


def test_a_network_that_cannot_be_reached_is_tried_again_and_the_author_told_once(
    here: Room, network: Counting, post: str
) -> None:
    network.fails("publish", Later(None, "unreachable", "Nobody there."), times=4)
    reply = here.submit(1, "On Monday!")
    here.send()
    assert here.state(reply) == DeliveryState.QUEUED
    here.send()
    assert network.asked["publish"] == 1  # it is not hammered
    for _ in range(6):
        here.clock.pass_by(60)
        here.send()

    assert public(network, post) == ["On Monday!"]
    assert [words for words in here.told() if "your reply is waiting" in words] == here.told()
    assert len(here.told()) == 1


def test_a_network_that_is_away_for_days_does_not_put_a_reply_in_doubt(
    here: Room, network: Counting, post: str
) -> None:
    network.fails("publish", Later(None, "unreachable", "Nobody there."), times=2000)
    reply = here.submit(1, "On Monday!")
    with here.ctx.db.write() as session:
        session.get_one(Reply, reply).tries = 1500
    here.send()

    assert here.state(reply) == DeliveryState.QUEUED
    assert here.reply(reply).due_at == here.clock() + timedelta(minutes=1)


def test_a_rate_limit_is_kept_by_every_reply_of_the_account(here: Room, network: Counting, post: str) -> None:
    network.says("bo", "@acmebrew me too")
    here.poll()
    reset = here.clock() + timedelta(minutes=7)
    network.fails("publish", Later(reset, "rate limit", "Slower."))
    here.submit(1, "On Monday!")
    here.send()
    second = here.submit(2, "On Tuesday!")
    here.send()
    here.clock.pass_by(6 * 60 + 59)
    here.send()

    assert network.asked["publish"] == 1
    assert here.reply(second).due_at == reset
    assert here.reply(second).reason == "rate limit"  # not only of the one that met it
    here.clock.pass_by(1)
    here.send()
    assert {reply.text for reply in network._ours()} == {"On Monday!", "On Tuesday!"}


@pytest.mark.parametrize("cause", ["unauthorized", "out of credit", "forbidden"])
def test_what_only_a_person_can_mend_is_tried_once_a_minute_for_all_replies_together(
    here: Room, network: Counting, post: str, cause: str
) -> None:
    for number in range(4):
        network.says(f"fan{number}", "@acmebrew me too")
    here.poll()
    network.fails("publish", Later(None, cause, "No."), times=1000)
    for ticket in here.tickets():
        here.submit(ticket.id, f"On Monday, {ticket.id}!")
    for _ in range(60):
        here.send()
        here.clock.pass_by(10)

    assert network.asked["publish"] == 10
    waiting = [one for one in here.told() if "your reply is waiting" in one]
    assert len(waiting) == 5  # each author once, also those whose reply was never tried
    network.heals()
    for _ in range(16):
        here.clock.pass_by(60)
        here.send()
    assert len(network._ours()) == 5


def test_one_reply_that_is_forbidden_does_not_hold_up_the_others_for_ever(
    here: Room, network: Counting, post: str
) -> None:
    network.says("bo", "@acmebrew me too")
    here.poll()
    first, second = here.submit(1, "cursed"), here.submit(2, "On Tuesday!")

    def forbid() -> None:
        with here.ctx.db.read() as session:
            sending = session.scalars(select(Reply.text).where(Reply.state == DeliveryState.SENDING)).one()
        if sending == "cursed":
            raise Later(None, "forbidden", "You are not permitted to perform this action.")

    network.on_publish = forbid
    for _ in range(5):
        here.send()
        here.clock.pass_by(60)

    assert here.state(first) == DeliveryState.QUEUED
    assert here.state(second) == DeliveryState.PUBLISHED


def test_a_waiting_reply_can_still_be_undone(here: Room, network: Counting, post: str) -> None:
    network.fails("publish", Later(None, "out of credit", "No credit."))
    reply = here.submit(1, "On Monday!")
    here.send()
    here.undo(1)
    here.clock.pass_by(60)
    here.send()

    assert here.state(reply) == DeliveryState.CANCELLED
    assert public(network, post) == []


# --- a definite no --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["too long", "invalid"])
def test_a_refusal_gives_the_words_back_and_tells_their_author(
    here: Room, network: Counting, post: str, reason
) -> None:
    network.fails("publish", Refused(reason, "Your <b>text</b> is wrong."))
    reply = here.submit(1, "On Monday!")
    here.send()
    here.clock.pass_by(3600)
    here.send()

    assert here.state(reply) == DeliveryState.REFUSED
    [told] = here.told()
    assert "<@U0ANA>" in told
    assert "Your &lt;b&gt;text&lt;/b&gt; is wrong." in told
    assert network.asked["publish"] == 1
    assert here.ticket().state == TicketState.WAITING
    with here.ctx.db.read() as session:
        assert Reply.last_returned_text(session, 1, "U0ANA") == "On Monday!"


def test_a_reply_to_a_post_that_is_not_there_comes_back_and_the_ticket_waits_with_its_words(
    here: Room, network: Counting, post: str
) -> None:
    network.deletes(post)
    reply = here.submit(1, "On Monday!")
    here.send()

    assert here.state(reply) == DeliveryState.REFUSED
    assert here.ticket().state == TicketState.WAITING
    [mention] = here.mentions()
    assert (mention.text, mention.missing_since) == ("@acmebrew is the kettle back?", here.clock())
    [told] = here.told()
    assert "refused your reply" in told
    assert "press *Reply* on the card" in told


def test_a_reply_that_nobody_called_for_is_handed_to_a_person(
    here: Room, network: Counting, post: str
) -> None:
    network.fails("publish", Refused("not summoned", "They did not call us."))
    reply = here.submit(1, "On Monday!")
    here.send()
    here.clock.pass_by(60)
    here.send()

    assert here.state(reply) == DeliveryState.HANDED_OFF
    assert network.asked["publish"] == 1
    assert here.mentions()[0].answerable == "They did not call us."
    assert "*I posted it*" in here.told()[0]


def test_a_duplicate_that_is_our_own_earlier_try_counts_as_said(
    here: Room, network: Counting, post: str
) -> None:
    reply = unsure(here, network, landed=True)
    network.fails("find_reply", Later(None, "server error", "Oops."), times=1000)
    here.clock.pass_by(3600)
    here.send()
    network.heals()
    with here.ctx.db.write() as session:  # a person is sure that it is not there, and wrong
        session.get_one(Reply, reply).send_again(session, at=here.clock(), by=BEN)
    here.send()

    assert here.state(reply) == DeliveryState.PUBLISHED
    assert public(network, post) == ["On Monday!"]


@pytest.mark.parametrize("readable", [True, False])
def test_a_duplicate_after_an_earlier_try_is_doubt_as_long_as_it_is_not_seen(
    here: Room, network: Counting, post: str, *, readable: bool
) -> None:
    reply = asked(here, network)
    here.decide(reply, Reply.send_again)
    network.fails("publish", Refused("duplicate", "You have said that already."))
    if not readable:
        network.fails("find_reply", Later(None, "server error", "Oops."))
    here.send()

    assert here.state(reply) == DeliveryState.UNSURE


def test_a_first_try_that_is_a_duplicate_of_something_else_is_refused(
    here: Room, network: Counting, post: str
) -> None:
    network.fails("publish", Refused("duplicate", "You have said that already."))
    reply = here.submit(1, "On Monday!")
    here.send()

    assert here.state(reply) == DeliveryState.REFUSED


# --- in doubt -------------------------------------------------------------------------------------------------


def test_a_reply_whose_answer_was_lost_is_found_and_not_said_again(
    here: Room, network: Counting, post: str
) -> None:
    reply = unsure(here, network, landed=True)
    assert "Please do not post it by hand" in here.told()[0]
    here.clock.pass_by(4)
    here.send()
    assert network.asked["look"] == 0
    here.clock.pass_by(1)
    here.send()

    assert here.state(reply) == DeliveryState.PUBLISHED
    assert here.reply(reply).post_id == network.replies_to(post)[0].id
    assert here.acts(reply)[-1] == "seen on the network"
    assert network.asked["publish"] == 1
    assert here.ticket().state == TicketState.ANSWERED


def test_six_looks_are_made_when_they_are_due_and_then_a_person_is_asked(
    here: Room, network: Counting, post: str
) -> None:
    reply = unsure(here, network, landed=False)
    began = here.clock()
    looks: list[float] = []
    while here.state(reply) == DeliveryState.UNSURE:
        before = network.asked["look"]
        here.send()
        if network.asked["look"] > before:
            looks.append((here.clock() - began).total_seconds())
        here.clock.pass_by(5)

    assert tuple(looks) == PLAN
    assert here.state(reply) == DeliveryState.ASKED
    assert network.asked["publish"] == 1
    question = here.told()[-1]
    assert "<@U0ANA>'s reply to *@maria*" in question
    assert "I can't find it (checked 6 times)" in question
    assert "*It was posted*, *Send again* or *Discard*" in question


def test_only_looks_that_could_be_made_count(here: Room, network: Counting, post: str) -> None:
    reply = unsure(here, network, landed=True)
    network.fails("find_reply", Later(None, "server error", "Oops."), times=3)
    for _ in range(3):
        here.clock.pass_by(15)
        here.send()
    assert (here.state(reply), here.reply(reply).looks) == (DeliveryState.UNSURE, 0)
    here.clock.pass_by(15)
    here.send()

    assert here.state(reply) == DeliveryState.PUBLISHED


def test_a_look_waits_for_as_long_as_the_network_says(here: Room, network: Counting, post: str) -> None:
    unsure(here, network, landed=True)
    network.fails("find_reply", Later(here.clock() + timedelta(minutes=5), "rate limit", "Slower."))
    here.clock.pass_by(5)
    here.send()
    for _ in range(29):
        here.clock.pass_by(10)
        here.send()

    assert network.asked["look"] == 1
    here.clock.pass_by(5)
    here.send()
    assert network.asked["look"] == 2


def test_a_network_that_cannot_be_read_at_all_ends_in_a_question_too(
    here: Room, network: Counting, post: str
) -> None:
    reply = unsure(here, network, landed=False)
    network.fails("find_reply", Later(None, "server error", "Oops."), times=1000)
    for _ in range(60):
        here.clock.pass_by(15)
        here.send()

    assert here.state(reply) == DeliveryState.ASKED
    assert "I couldn't look there" in here.told()[-1]


def test_looks_that_could_not_be_made_do_not_put_the_question_off(
    here: Room, network: Counting, post: str
) -> None:
    reply = unsure(here, network, landed=False)
    while here.reply(reply).looks < 4:
        here.clock.pass_by(5)
        here.send()
    not_before = here.clock() + timedelta(seconds=580)
    network.fails("find_reply", Later(not_before, "rate limit", "Slower."))
    while here.state(reply) == DeliveryState.UNSURE:
        here.clock.pass_by(5)
        here.send()

    asked_after = here.clock() - (here.reply(reply).sent_at or here.clock())
    assert asked_after <= timedelta(minutes=12)
    assert f"I can't find it (checked {len(PLAN)} times)" in here.told()[-1]


def test_an_error_that_nobody_foresaw_is_doubt(here: Room, network: Counting, post: str) -> None:
    def burst() -> None:
        raise RuntimeError("a bug")

    network.on_publish = burst
    reply = here.submit(1, "On Monday!")
    here.send()

    assert here.state(reply) == DeliveryState.UNSURE


def test_a_worker_that_died_in_the_call_leaves_doubt_and_nothing_is_said_again(
    here: Room, network: Counting, post: str
) -> None:
    reply = here.submit(1, "On Monday!")
    with here.ctx.db.write() as session:
        _ticket, row = lock_reply(session, reply)
        row.release(session, at=here.clock())
    here.declare(reply)  # and here the process is killed

    here.clock.pass_by(11)
    here.send()
    assert here.state(reply) == DeliveryState.SENDING
    here.clock.pass_by(1)
    here.send()
    assert here.state(reply) == DeliveryState.UNSURE
    for _ in PLAN:
        here.clock.pass_by(600)
        here.send()

    assert here.state(reply) == DeliveryState.ASKED
    assert network.asked["publish"] == 0


def test_what_a_dead_worker_left_is_taken_up_before_all_that_waits(
    here: Room, network: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        network.says(f"fan{number}", "@acmebrew hello")
    here.poll()
    left, *waiting = [here.submit(ticket, f"hello {ticket}") for ticket in (1, 2, 3, 4)]
    with here.ctx.db.write() as session:
        for reply in (left, *waiting):
            session.get_one(Reply, reply).release(session, at=here.clock())
    here.declare(left)  # and here the process is killed
    here.clock.pass_by(intent.SEND_LEASE.total_seconds() + 1)
    monkeypatch.setattr(outbox, "BATCH_MAX_REPLIES", 2)
    found: list[DeliveryState] = []
    network.on_publish = lambda: found.append(here.state(left))

    here.send()

    assert found[0] == DeliveryState.UNSURE


def test_what_a_dead_worker_left_does_not_wait_for_a_row_of_slow_calls(here: Room, network: Counting) -> None:
    for number in range(4):
        network.says(f"fan{number}", "@acmebrew hello")
    here.poll()
    left, *waiting = [here.submit(ticket, f"hello {ticket}") for ticket in (1, 2, 3, 4)]
    with here.ctx.db.write() as session:
        for reply in (left, *waiting):
            session.get_one(Reply, reply).release(session, at=here.clock())
    here.declare(left)  # and here the process is killed
    found: list[DeliveryState] = []

    def slowly() -> None:
        found.append(here.state(left))
        here.clock.pass_by(7)

    network.on_publish = slowly
    while here.send() == 0:
        pass

    assert found == [DeliveryState.SENDING, DeliveryState.SENDING, DeliveryState.UNSURE]


def test_looks_go_on_however_much_there_is_to_send(here: Room, network: Counting) -> None:
    for number in range(40):
        network.says(f"fan{number}", "@acmebrew hello")
    here.poll()
    network.fails("publish", Unsure("no answer"))
    unsure = here.submit(1, "hello 1")
    here.send()
    for ticket in range(2, 41):
        here.submit(ticket, f"hello {ticket}")
    looks: list[int] = []

    def slowly() -> None:
        looks.append(here.reply(unsure).looks)
        here.clock.pass_by(2)

    network.on_publish = slowly
    while here.send() == 0:
        pass

    assert looks[5] >= 1
    assert looks[10] >= 2
    assert looks[30] >= 3


def test_what_is_in_doubt_is_looked_for_before_more_is_sent(here: Room, network: Counting) -> None:
    for number in range(4):
        network.says(f"fan{number}", "@acmebrew hello")
    here.poll()
    network.fails("publish", Unsure("no answer"), landed=True)
    unsure = here.submit(1, "hello 1")
    here.send()
    here.clock.pass_by(4)
    waiting = [here.submit(ticket, f"hello {ticket}") for ticket in (2, 3, 4)]
    with here.ctx.db.write() as session:
        for reply in waiting:
            session.get_one(Reply, reply).release(session, at=here.clock())
    here.clock.pass_by(1)
    found: list[DeliveryState] = []
    network.on_publish = lambda: found.append(here.state(unsure))

    here.send()

    assert found == [DeliveryState.PUBLISHED] * 3


def test_what_is_in_doubt_and_not_due_does_not_keep_others_from_being_sent(
    here: Room, network: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts = [network.says(f"fan{number}", "@acmebrew hello").id for number in range(2)]
    here.poll()
    network.fails("publish", Unsure("no answer"))
    unsure = here.submit(1, "hello 1")
    here.send()
    monkeypatch.setattr(outbox, "BATCH_MAX_REPLIES", 1)
    here.submit(2, "hello 2")

    here.send()

    assert here.state(unsure) == DeliveryState.UNSURE
    assert public(network, posts[1]) == ["hello 2"]


def test_an_answer_that_comes_after_the_lease_settles_the_doubt(
    here: Room, network: Counting, post: str
) -> None:
    def outlive_the_lease() -> None:
        here.clock.pass_by(13)
        reconcile.handle_expired_lease(here.ctx, 1)
        assert here.state(1) == DeliveryState.UNSURE

    network.on_publish = outlive_the_lease
    reply = here.submit(1, "On Monday!")
    here.send()

    assert here.state(reply) == DeliveryState.PUBLISHED
    assert public(network, post) == ["On Monday!"]


def test_a_refusal_that_comes_after_the_lease_changes_nothing(
    here: Room, network: Counting, post: str
) -> None:
    def outlive_the_lease() -> None:
        here.clock.pass_by(13)
        reconcile.handle_expired_lease(here.ctx, 1)
        raise Refused("too long", "Too long.")

    network.on_publish = outlive_the_lease
    reply = here.submit(1, "On Monday!")
    here.send()

    assert here.state(reply) == DeliveryState.UNSURE


@pytest.mark.parametrize(
    "late",
    [Refused("too long", "Too long."), Later(None, "unreachable", "Nobody there."), Unsure("no answer")],
    ids=["refused", "later", "unsure"],
)
def test_a_late_word_of_the_first_try_leaves_the_second_alone(
    here: Room, network: Counting, post: str, late: Exception
) -> None:
    def outlive_everything() -> None:
        here.clock.pass_by(13)
        reconcile.handle_expired_lease(here.ctx, 1)
        for _ in PLAN:
            here.clock.pass_by(600)
            reconcile.look_for_reply(here.ctx, 1)
        here.decide(1, Reply.send_again)
        here.declare(1)  # by another worker, whose call is on the wire now
        raise late

    network.on_publish = outlive_everything
    reply = here.submit(1, "On Monday!")
    here.send()

    assert here.state(reply) == DeliveryState.SENDING
    assert here.reply(reply).tries == 2


def test_an_answer_that_comes_after_send_again_stops_the_second_try(
    here: Room, network: Counting, post: str
) -> None:
    def outlive_everything() -> None:
        here.clock.pass_by(13)
        reconcile.handle_expired_lease(here.ctx, 1)
        for _ in PLAN:
            here.clock.pass_by(600)
            reconcile.look_for_reply(here.ctx, 1)
        here.decide(1, Reply.send_again)

    network.on_publish = outlive_everything
    reply = here.submit(1, "On Monday!")
    here.send()
    network.on_publish = lambda: None
    here.send()

    assert here.state(reply) == DeliveryState.PUBLISHED
    assert network.asked["publish"] == 1


def test_a_worker_that_was_held_up_begins_anew_instead_of_calling_late(
    database_url: str, network: Counting
) -> None:
    clock = Clock()
    with room(database_url, clock, network) as here:
        network.says("maria", "@acmebrew hello")
        here.poll()
        reply = here.submit(1, "On Monday!")
        outbox.run_due(replace(here.ctx, now=_stalling(clock, reply, here)))

        assert network.asked["publish"] == 0
        assert here.state(reply) == DeliveryState.QUEUED
        here.send()
        assert here.state(reply) == DeliveryState.PUBLISHED


def _stalling(clock: Clock, reply: int, here: Room):
    """A clock that jumps four seconds when it is first read after the intent was committed."""
    jumped = []

    def now():
        if not jumped and here.state(reply) == DeliveryState.SENDING:
            jumped.append(clock.pass_by(4))
        return clock()

    return now


def test_a_reply_in_the_same_words_is_not_taken_for_this_one(
    here: Room, network: Counting, post: str
) -> None:
    first = here.submit(1, "Thank you!")
    here.send()
    with here.ctx.db.write() as session:
        Ticket.lock(session, 1).reopen(session, by=BEN, at=here.clock())
    network.fails("publish", Unsure("no answer"))
    second = here.submit(1, "Thank you!", by=BEN)
    here.send()
    here.clock.pass_by(5)
    here.send()

    assert here.state(first) == DeliveryState.PUBLISHED
    assert here.state(second) == DeliveryState.UNSURE


# --- the question ---------------------------------------------------------------------------------------------


def test_send_again_sends_the_same_words_once_more(here: Room, network: Counting, post: str) -> None:
    reply = asked(here, network)
    assert reconcile.look_once_more(here.ctx, reply) is False
    here.decide(reply, Reply.send_again)
    here.send()

    assert public(network, post) == ["On Monday!"]
    assert here.state(reply) == DeliveryState.PUBLISHED
    assert network.asked["publish"] == 2


def test_a_check_that_cannot_be_made_says_neither_yes_nor_no(
    here: Room, network: Counting, post: str
) -> None:
    reply = asked(here, network)
    network.fails("find_reply", Later(None, "unreachable", "Nobody there."))

    assert reconcile.look_once_more(here.ctx, reply) is None
    assert here.state(reply) == DeliveryState.ASKED


def test_a_check_that_sees_it_publishes_it(here: Room, network: Counting, post: str) -> None:
    reply = asked(here, network)
    network.says("acmebrew", "On Monday!", under=post)

    assert reconcile.look_once_more(here.ctx, reply) is True
    assert here.state(reply) == DeliveryState.PUBLISHED


def test_a_discarded_reply_that_shows_up_after_all_is_published_and_said_so(
    here: Room, network: Counting, post: str
) -> None:
    reply = asked(here, network)
    here.decide(reply, Reply.discard)
    network.says("acmebrew", "On Monday!", under=post)

    assert reconcile.look_once_more(here.ctx, reply) is True
    assert here.state(reply) == DeliveryState.PUBLISHED
    assert "*is* on Memory after all" in here.told()[-1]


def test_a_discarded_reply_that_shows_up_beside_another_answer_is_only_told(
    here: Room, network: Counting, post: str
) -> None:
    reply = asked(here, network)
    here.decide(reply, Reply.discard)
    second = here.submit(1, "On Tuesday!", by=BEN)
    here.send()
    network.says("acmebrew", "On Monday!", under=post)
    reconcile.look_once_more(here.ctx, reply)

    assert here.state(second) == DeliveryState.PUBLISHED
    assert here.state(reply) == DeliveryState.CANCELLED
    assert here.reply(reply).post_id is not None
    assert "*is* on Memory after all" in here.told()[-1]


def test_the_question_is_asked_again_after_a_quarter_of_an_hour_and_then_ever_more_seldom(
    here: Room, network: Counting, post: str
) -> None:
    asked(here, network)
    before, nudged = len(here.told()), []
    for minute in range(4 * 24 * 60):
        here.clock.pass_by(60)
        here.send()
        if len(here.told()) > before + len(nudged):
            nudged.append(minute)

    gaps = [later - sooner for sooner, later in pairwise(nudged)]
    assert nudged[0] <= 15
    assert gaps == sorted(gaps)
    assert gaps[-1] <= 24 * 60
    assert 6 <= len(nudged) <= 12
    assert all("Please decide" in words for words in here.told()[before:])


def test_a_question_about_a_post_that_is_gone_meanwhile_leaves_nothing_waiting(
    here: Room, network: Counting, post: str
) -> None:
    reply = asked(here, network)
    with here.ctx.db.write() as session:
        lose(session, post, at=here.clock())
    assert here.ticket().state == TicketState.WAITING  # the reply may be public under it

    with here.ctx.db.write() as session:
        ticket = Ticket.lock(session, 1)
        session.get_one(Reply, reply).discard(session, at=here.clock(), by=BEN)
        ticket.close_if_gone(session, title="Memory", at=here.clock())

    assert here.ticket().state == TicketState.NO_REPLY_NEEDED


def test_a_first_reply_that_is_found_late_was_as_quick_as_it_was(
    here: Room, network: Counting, post: str
) -> None:
    here.clock.pass_by(60)
    network.fails("publish", Unsure("no answer"), landed=True)
    network.fails("find_reply", Later(None, "unreachable", "Nobody there."), times=5)
    sent = here.clock()
    here.submit(1, "On Monday!")
    for _ in range(300):
        here.send()
        here.clock.pass_by(1)

    assert here.ticket().first_reply_at == sent


def test_a_reply_that_was_sent_again_and_had_arrived_after_all_is_told_of_as_there_twice(
    here: Room, network: Counting, post: str
) -> None:
    reply = asked(here, network)
    here.decide(reply, Reply.send_again)
    here.send()
    late = network.says("acmebrew", "On Monday!", under=post)
    with here.ctx.db.write() as session:
        ticket, row = lock_reply(session, reply)
        reconcile.record_published(
            session, network, ticket, row, PublishedReply(late.id, late.url), at=here.clock()
        )

    assert here.state(reply) == DeliveryState.PUBLISHED
    assert "is on Memory twice" in here.told()[-1]
    assert late.url in here.told()[-1]


def test_a_nudge_looks_first(here: Room, network: Counting, post: str) -> None:
    reply = asked(here, network)
    before = here.told()
    network.says("acmebrew", "On Monday!", under=post)
    here.clock.pass_by(15 * 60)
    here.send()

    assert here.state(reply) == DeliveryState.PUBLISHED
    assert here.told() == before


# --- by hand --------------------------------------------------------------------------------------------------


@pytest.fixture
def handed_off(here: Room, network: Counting, post: str) -> int:
    network.fails("publish", Refused("not summoned", "They did not call us."))
    reply = here.submit(1, "On Monday!")
    here.send()
    return reply


def test_a_hand_off_that_nobody_saw_is_reminded_of_once(here: Room, handed_off: int) -> None:
    before = len(here.told())
    for _ in range(120):
        here.clock.pass_by(60)
        here.send()

    [reminder] = here.told()[before:]
    assert "still needs to be posted by hand" in reminder


def test_a_hand_off_is_confirmed_by_whatever_we_said_under_the_post(
    here: Room, network: Counting, post: str, handed_off: int
) -> None:
    manual_posting.confirm_seen(here.ctx, network)
    assert here.state(handed_off) == DeliveryState.HANDED_OFF
    here.clock.pass_by(60)
    made = network.says("acmebrew", "On Monday, I think!", under=post)

    manual_posting.confirm_seen(here.ctx, network)

    assert here.state(handed_off) == DeliveryState.CONFIRMED
    assert here.reply(handed_off).post_id == made.id
    assert (here.ticket().state, here.ticket().reason) == (TicketState.ANSWERED, "handed off")


def test_a_hand_off_is_not_confirmed_by_an_answer_of_another_turn(
    here: Room, network: Counting, post: str
) -> None:
    here.submit(1, "On Monday!")
    here.send()
    with here.ctx.db.write() as session:
        Ticket.lock(session, 1).reopen(session, by=BEN, at=here.clock())
    network.fails("publish", Refused("not summoned", "They did not call us."))
    second = here.submit(1, "On Tuesday!", by=BEN)
    here.send()

    manual_posting.confirm_seen(here.ctx, network)

    assert here.state(second) == DeliveryState.HANDED_OFF


# --- one that goes wrong --------------------------------------------------------------------------------------


def test_a_reply_that_breaks_the_bot_holds_up_nobody_and_does_not_spin(
    here: Room, network: Counting, post: str
) -> None:
    network.says("bo", "@acmebrew me too")
    here.poll()
    first, second = here.submit(1, "On Monday!"), here.submit(2, "On Tuesday!")
    with here.ctx.db.write() as session:
        session.scalars(select(Mention).where(Mention.ticket_id == 1)).one().post_id = "lost"
    wait = here.send()

    assert here.state(first) == DeliveryState.QUEUED
    assert here.state(second) == DeliveryState.PUBLISHED
    assert wait >= 1.0


def test_a_reply_for_a_network_that_is_not_here_waits_without_being_asked_for(
    database_url: str, here: Room, network: Counting, post: str
) -> None:
    reply = here.submit(1, "On Monday!")
    other = Counting(here.clock)
    other.name = "other"
    with room(database_url, here.clock, other) as elsewhere:
        assert elsewhere.send() == 2.0

    assert here.state(reply) == DeliveryState.HELD
    here.send()
    assert here.state(reply) == DeliveryState.PUBLISHED


def test_a_stop_leaves_what_was_not_begun(here: Room, network: Counting, post: str) -> None:
    reply = here.submit(1, "On Monday!")
    here.ctx.stop.set()
    here.send()

    assert here.state(reply) == DeliveryState.HELD
    assert network.asked["publish"] == 0


def test_what_is_known_to_be_public_is_not_settled_twice(here: Room, network: Counting, post: str) -> None:
    reply = here.submit(1, "On Monday!")
    here.send()
    before = here.reply(reply).post_id
    with here.ctx.db.write() as session:
        ticket, row = lock_reply(session, reply)
        reconcile.record_published(
            session, network, ticket, row, PublishedReply("78", "https://x/78"), at=here.clock()
        )

    assert here.reply(reply).post_id == before
    assert here.acts(reply).count("reply published") == 1
