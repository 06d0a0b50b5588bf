"""Our own public posts, read back: who answered by hand settles what waited for it, and nothing else."""

from datetime import timedelta

import pytest

from bot.ingest import own_posts
from bot.networks.errors import Later, Refused, Unsure
from models import Cursor, Reply, Ticket
from models.tickets.delivery_state import DeliveryState
from models.tickets.state import TicketState
from tests.bot.room import BEN, Counting, Room


@pytest.fixture
def post(here: Room, network: Counting) -> str:
    found = network.says("maria", "@acmebrew is the kettle back?").id
    here.poll()
    here.clock.pass_by(60)
    return found


def answer_by_hand(here: Room, network: Counting, post: str, words: str = "Yes, by hand!") -> str:
    made = network.says("acmebrew", words, under=post).id
    here.clock.pass_by(60)
    return made


def test_an_answer_made_outside_heard_answers_the_ticket(here: Room, network: Counting, post: str) -> None:
    asked, answered = here.ticket().waiting_since, here.clock()
    answer_by_hand(here, network, post)
    here.watch()

    ticket = here.ticket()
    assert (ticket.state, ticket.reason) == (TicketState.ANSWERED, "outside Heard")
    assert (ticket.closed_at, ticket.first_reply_at) == (answered, answered)
    assert asked < answered
    assert here.told() == []


def test_an_answer_made_outside_turns_a_held_reply_into_a_draft_and_tells_its_author(
    here: Room, network: Counting, post: str
) -> None:
    reply = here.submit(1, "On Monday!", undo=600)
    answer_by_hand(here, network, post)
    here.watch()
    here.clock.pass_by(600)
    here.send()

    assert here.state(reply) == DeliveryState.CANCELLED
    assert network.asked["publish"] == 0
    with here.ctx.db.read() as session:
        assert Reply.last_returned_text(session, 1, "U0ANA") == "On Monday!"
    [told] = here.told()
    assert "<@U0ANA>, someone replied on Memory by hand" in told


def test_posts_that_answer_nobody_change_nothing(here: Room, network: Counting, post: str) -> None:
    network.says("acmebrew", "The kettle is back!")
    ours = network.says("acmebrew", "and so are the mugs")
    network.says("acmebrew", "to ourselves", under=ours.id)
    stranger = network.says("stranger", "hello world")
    network.says("acmebrew", "to somebody we never heard", under=stranger.id)
    here.watch()

    assert here.ticket().state == TicketState.WAITING


def test_an_answer_that_heard_published_is_not_taken_for_one_by_hand(
    here: Room, network: Counting, post: str
) -> None:
    reply = here.submit(1, "On Monday!")
    here.send()
    here.watch()

    assert here.state(reply) == DeliveryState.PUBLISHED
    assert here.ticket().reason is None


@pytest.mark.parametrize("words", ["On Monday!", "on  Monday, or so: https://example.com"])
def test_a_hand_off_is_confirmed_by_any_answer_under_the_post(
    here: Room, network: Counting, post: str, words: str
) -> None:
    network.fails("publish", Refused("not summoned", "They did not call us."))
    reply = here.submit(1, "On Monday!")
    here.send()
    here.clock.pass_by(60)
    made = answer_by_hand(here, network, post, words)
    here.watch()

    assert (here.state(reply), here.reply(reply).post_id) == (DeliveryState.CONFIRMED, made)
    assert (here.ticket().state, here.ticket().first_reply_by) == (TicketState.ANSWERED, "U0ANA")


def test_a_hand_off_is_not_confirmed_by_what_was_there_before_it(
    here: Room, network: Counting, post: str
) -> None:
    answer_by_hand(here, network, post)
    here.clock.pass_by(300)
    with here.ctx.db.write() as session:  # nobody has looked at our own posts yet
        Ticket.lock(session, 1).claim(session, by=BEN, at=here.clock())
    network.fails("publish", Refused("not summoned", "They did not call us."))
    reply = here.submit(1, "On Monday!", by=BEN)
    here.send()
    here.watch()

    assert here.state(reply) == DeliveryState.HANDED_OFF


def test_a_hand_off_is_not_confirmed_by_what_answered_the_ticket_before(
    here: Room, network: Counting, post: str
) -> None:
    network.says("acmebrew", "Yes, by hand!", under=post)
    here.watch()
    here.clock.pass_by(30)  # within what two clocks may differ
    with here.ctx.db.write() as session:
        Ticket.lock(session, 1).reopen(session, by=BEN, at=here.clock())
    network.fails("publish", Refused("not summoned", "They did not call us."))
    reply = here.submit(1, "On Monday!", by=BEN)
    here.send()
    look_again(here)

    assert here.state(reply) == DeliveryState.HANDED_OFF


@pytest.mark.parametrize("asked", [False, True])
def test_a_reply_in_doubt_is_found(here: Room, network: Counting, post: str, *, asked: bool) -> None:
    network.fails("publish", Unsure("no answer"))
    reply = here.submit(1, "@maria On Monday: https://example.com/a")
    here.send()
    for _ in range(7 if asked else 0):
        here.clock.pass_by(600)
        here.send()
    assert here.state(reply) == (DeliveryState.ASKED if asked else DeliveryState.UNSURE)
    made = answer_by_hand(here, network, post, "On Monday:  https://short.example/1")
    here.watch()

    assert (here.state(reply), here.reply(reply).post_id) == (DeliveryState.PUBLISHED, made)


def test_an_answer_in_other_words_does_not_settle_a_doubt(here: Room, network: Counting, post: str) -> None:
    network.fails("publish", Unsure("no answer"))
    reply = here.submit(1, "On Monday!")
    here.send()
    answer_by_hand(here, network, post, "On Tuesday!")
    here.watch()

    assert here.state(reply) == DeliveryState.UNSURE


def test_a_discarded_reply_that_shows_up_later_is_published_and_said_so(
    here: Room, network: Counting, post: str
) -> None:
    network.fails("publish", Unsure("no answer"))
    reply = here.submit(1, "On Monday!")
    for _ in range(8):
        here.send()
        here.clock.pass_by(600)
    here.decide(reply, Reply.discard)
    answer_by_hand(here, network, post, "On Monday!")
    here.watch()
    here.watch()

    assert here.state(reply) == DeliveryState.PUBLISHED
    assert here.ticket().state == TicketState.ANSWERED
    assert sum("after all" in words for words in here.told()) == 1


def test_a_hand_off_that_an_outcome_ended_still_counts_when_it_shows_up(
    here: Room, network: Counting, post: str
) -> None:
    at = here.clock()
    with here.ctx.db.write() as session:
        ticket = Ticket.lock(session, 1)
        target = {"turn": 1, "to_post_id": post, "key": "k", "undo_until": at}
        reply = ticket.reply(session, text="On Monday!", by="U0ANA", at=at, by_hand="protected", **target).id
    here.clock.pass_by(60)
    with here.ctx.db.write() as session:
        Ticket.lock(session, 1).close_no_reply_needed(session, by=BEN, at=here.clock(), reason="thanks")
    assert here.state(reply) == DeliveryState.CANCELLED
    answer_by_hand(here, network, post, "On Monday!")
    here.watch()

    assert here.state(reply) == DeliveryState.PUBLISHED
    assert here.ticket().state == TicketState.ANSWERED


# --- readings overlap -----------------------------------------------------------------------------------------


def look_again(here: Room) -> None:
    """Read our own posts once more from the start, as the overlap of a network does."""
    with here.ctx.db.write() as session:
        session.get_one(Cursor, here.cursor(own_posts.READING_NAME).id).post_id = None
    here.watch()


@pytest.mark.both_engines
def test_an_answer_by_hand_does_not_close_what_the_customer_says_afterwards(
    here: Room, network: Counting, post: str
) -> None:
    answer_by_hand(here, network, post)
    here.watch()
    network.says("maria", "@acmebrew and the mugs?", under=post)
    here.poll()
    look_again(here)

    assert here.ticket().state == TicketState.WAITING


def test_an_answer_by_hand_that_the_customer_has_answered_already_closes_nothing(
    here: Room, network: Counting, post: str
) -> None:
    answer_by_hand(here, network, post)
    network.says("maria", "@acmebrew and the mugs?", under=post)
    here.poll()
    here.watch()

    assert here.ticket().state == TicketState.WAITING


@pytest.mark.both_engines
def test_a_ticket_that_was_reopened_stays_open(here: Room, network: Counting, post: str) -> None:
    answer_by_hand(here, network, post)
    here.watch()
    with here.ctx.db.write() as session:
        Ticket.lock(session, 1).reopen(session, by=BEN, at=here.clock())
    look_again(here)

    assert here.ticket().state == TicketState.WAITING


# --- when our own posts cannot be read ------------------------------------------------------------------------


def test_a_failed_reading_of_our_own_posts_is_remembered_and_made_good(
    here: Room, network: Counting, post: str
) -> None:
    answer_by_hand(here, network, post)
    reset = here.clock() + timedelta(minutes=15)
    network.fails("own_posts", Later(reset, "rate limit", "Slower."))
    here.watch()
    here.watch()

    assert network.asked["own posts"] == 1
    assert here.cursor(own_posts.READING_NAME).failing_since == here.clock()
    here.clock.pass_by(minutes=15)
    here.watch()
    assert here.cursor(own_posts.READING_NAME).failing_since is None
    assert here.ticket().state == TicketState.ANSWERED


@pytest.mark.both_engines
def test_what_we_answered_is_not_read_before_what_we_heard(here: Room, network: Counting) -> None:
    post = network.says("maria", "@acmebrew is the kettle back?").id
    answer_by_hand(here, network, post)
    here.watch()
    assert network.asked["own posts"] == 0

    here.poll()
    here.watch()

    assert here.ticket().state == TicketState.ANSWERED


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("On Monday!", "@maria  On\nMonday!", True),
        ("On Monday!", "@maria@remote-1.example @bo.bsky.social On Monday!", True),
        ("see https://example.com/a", "see https://t.co/xyz", True),
        ("see example.com/a", "see http://example.com/a/", True),
        ("see example.com/a", "see http://example.com/b", False),
        ("cafe\u0301", "caf\u00e9", True),
        ("On Monday!", "On Tuesday!", False),
        ("ask @maria", "ask @bo", False),
    ],
)
def test_words_are_the_same_but_for_what_networks_do_to_them(one: str, other: str, *, same: bool) -> None:
    assert own_posts.is_same_text(one, other) is same
