"""Nobody sees an answer who could not see the post."""

from collections.abc import Iterator
from itertools import product
from typing import get_args

import pytest

from bot.ingest.reply_target import WIDEST_FIRST, build_reply_target, is_wider
from bot.networks.errors import Later
from bot.networks.values import Visibility
from bot.publish.send_checks import PREFIX_SHOWN_ACT
from models import Author, Event, Mention, Reply, Ticket
from models.core.fingerprint import short_mark
from models.tickets import not_shown
from models.tickets.delivery_state import DeliveryState
from models.tickets.state import TicketState
from tests.bot.publish.test_frozen import Keyed
from tests.bot.room import Clock, Room, room

PAIRS = list(product(get_args(Visibility), repeat=2))


@pytest.fixture
def network(clock: Clock) -> Keyed:
    return Keyed(clock)


@pytest.fixture
def here(database_url: str, clock: Clock, network: Keyed) -> Iterator[Room]:
    with room(database_url, clock, network) as made:
        yield made


def shows(here: Room, reply_id: int, visibility: str, warning: str | None = None) -> None:
    """What the composer showed when the reply was submitted."""
    with here.ctx.db.write() as session:
        reply = session.get_one(Reply, reply_id)
        reply.visibility, reply.content_warning = visibility, warning


def becomes(here: Room, **changes: object) -> None:
    """The post is read anew, and is another one now."""
    with here.ctx.db.write() as session:
        mention = session.get_one(Mention, 1)
        for name, value in changes.items():
            setattr(mention, name, value)


@pytest.mark.parametrize(("shown", "real"), PAIRS)
def test_a_reply_goes_out_only_to_those_whom_its_author_was_shown_and_who_see_the_post(
    here: Room, network: Keyed, shown: Visibility, real: Visibility
) -> None:
    post = network.says("maria", "@acmebrew is the kettle back?", visibility=real).id
    here.poll()
    reply = here.submit(1, "On Monday!")
    shows(here, reply, shown)
    here.send()

    said = network.replies_to(post)
    assert [one.visibility for one in said] == ([real] if shown == real else [])
    assert not any(is_wider(one.visibility, real) for one in said)
    if shown != real:
        assert here.state(reply) == DeliveryState.CANCELLED
        assert here.ticket().state == TicketState.WAITING
        [sentence] = here.told()
        assert "who can see the post on Keyed has changed" in sentence
        with here.ctx.db.read() as session:
            assert Reply.last_returned_text(session, 1, "U0ANA") == "On Monday!"


@pytest.mark.parametrize(("first", "then"), PAIRS)
def test_a_post_that_is_narrowed_between_two_tries_stops_the_second(
    here: Room, network: Keyed, first: Visibility, then: Visibility
) -> None:
    post = network.says("maria", "@acmebrew is the kettle back?", visibility=first).id
    here.poll()
    network.fails("publish", Later(None, "unreachable", "Nobody there."))
    reply = here.submit(1, "On Monday!")
    shows(here, reply, first)
    here.send()
    becomes(here, visibility=then)
    here.clock.pass_by(60)
    here.send()

    assert not any(is_wider(one.visibility, then) for one in network.replies_to(post))
    assert here.state(reply) == (DeliveryState.PUBLISHED if first == then else DeliveryState.CANCELLED)


def test_a_post_that_is_narrowed_while_the_request_is_put_together_stops_the_reply(
    here: Room, network: Keyed, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.says("maria", "@acmebrew is the kettle back?")
    here.poll()
    frozen = network.freeze

    def slowly(*args: object, **more: object) -> str:
        becomes(here, visibility="direct")
        return frozen(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(network, "freeze", slowly)
    reply = here.submit(1, "On Monday!")
    here.send()

    assert here.state(reply) == DeliveryState.CANCELLED
    assert network.requests == []


def test_a_reply_carries_the_warning_that_its_author_was_shown(here: Room, network: Keyed) -> None:
    post = network.says("maria", "@acmebrew the butler did it", content_warning="spoilers").id
    here.poll()
    reply = here.submit(1, "We knew!")
    shows(here, reply, "public", "spoilers")
    here.send()

    assert [one.content_warning for one in network.replies_to(post)] == ["spoilers"]


@pytest.mark.parametrize(("shown", "real"), [(None, "spoilers"), ("spoilers", None), ("spoilers", "food")])
def test_a_warning_that_has_changed_stops_the_reply(
    here: Room, network: Keyed, shown: str | None, real: str | None
) -> None:
    network.says("maria", "@acmebrew the butler did it", content_warning=real)
    here.poll()
    reply = here.submit(1, "We knew!")
    shows(here, reply, "public", shown)
    here.send()

    assert (here.state(reply), network.requests) == (DeliveryState.CANCELLED, [])
    assert "content warning" in here.told()[0]


@pytest.mark.parametrize("shown", ["@maria ", "", None])
def test_a_handle_that_has_changed_stops_the_reply_that_began_with_another(
    here: Room, network: Keyed, shown: str | None
) -> None:
    post = network.says("maria", "@acmebrew is the kettle back?").id
    here.poll()
    reply = here.submit(1, "On Monday!", undo=10)
    with here.ctx.db.write() as session:
        if shown is not None:  # else it was submitted before Heard noted it
            data = {"prefix": short_mark(shown) if shown else ""}
            Event.record(session, PREFIX_SHOWN_ACT, at=here.clock(), ticket_id=1, reply_id=reply, data=data)
        session.get_one(Author, 1).handle = "maria" if shown is None else "mary"
    here.clock.pass_by(11)
    here.send()

    is_stopped = shown is not None
    assert here.state(reply) == (DeliveryState.CANCELLED if is_stopped else DeliveryState.PUBLISHED)
    assert len(network.replies_to(post)) == (not is_stopped)
    assert [("handle" in one) for one in here.told()] == [True] * is_stopped


@pytest.mark.parametrize(("shown", "default"), PAIRS)
def test_a_reply_of_an_account_that_posts_for_fewer_people_goes_out_only_as_shown(
    here: Room, network: Keyed, monkeypatch: pytest.MonkeyPatch, shown: Visibility, default: Visibility
) -> None:
    monkeypatch.setattr(network, "reply_visibility", lambda _to: default)
    post = network.says("maria", "@acmebrew is the kettle back?").id
    here.poll()
    reply = here.submit(1, "On Monday!")
    shows(here, reply, shown)
    here.send()

    said = [one.visibility for one in network.replies_to(post)]
    assert said == ([shown] if shown == default else [])
    assert here.state(reply) == (DeliveryState.PUBLISHED if said else DeliveryState.CANCELLED)


def erases(here: Room) -> None:
    with here.ctx.db.write() as session:
        ticket = Ticket.lock(session, 1)
        not_shown.erase_text(session, ticket, session.get_one(Mention, 1), at=here.clock())


def test_the_customer_s_warning_is_erased_with_their_words(here: Room, network: Keyed) -> None:
    network.says("maria", "@acmebrew the butler did it", content_warning="spoilers")
    here.poll()
    reply = here.submit(1, "We knew!")
    shows(here, reply, "public", "spoilers")
    here.send()
    assert "spoilers" in (here.reply(reply).frozen or "")

    erases(here)

    assert (here.reply(reply).content_warning, here.reply(reply).frozen) == ("", None)
    assert here.state(reply) == DeliveryState.PUBLISHED


def test_a_reply_that_waits_is_not_sent_without_a_warning_that_was_erased(here: Room, network: Keyed) -> None:
    network.says("maria", "@acmebrew the butler did it", content_warning="spoilers")
    here.poll()
    network.fails("publish", Later(None, "unreachable", "Nobody there."))
    reply = here.submit(1, "We knew!")
    shows(here, reply, "public", "spoilers")
    here.send()
    erases(here)
    here.clock.pass_by(60)
    here.send()

    assert (here.state(reply), len(network.requests)) == (DeliveryState.CANCELLED, 1)


def test_a_visibility_that_nobody_knows_is_wider_than_any() -> None:
    assert [is_wider("circle", one) for one in WIDEST_FIRST] == [True] * 4
    assert [is_wider(one, "circle") for one in WIDEST_FIRST] == [True] * 4


def test_a_target_has_what_the_network_needs_to_answer_the_post(here: Room, network: Keyed) -> None:
    network.says("maria", "@acmebrew psst", visibility="direct", content_warning="secret", context="root 7")
    here.poll()
    with here.ctx.db.read() as session:
        mention, author = session.get_one(Mention, 1), session.get_one(Author, 1)
        target = build_reply_target(mention, author)

    found = (target.visibility, target.content_warning, target.context, target.lang, target.author_handle)
    assert found == ("direct", "secret", "root 7", "en", "maria")
