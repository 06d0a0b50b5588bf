"""What is sent is put together once, kept before the first call, and sent again by the bot once at most."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.networks.errors import Later, Refused, Unsure
from bot.networks.values import RepeatRule
from bot.publish import reconcile
from bot.runtime import crash_points
from models import Pause, Reply
from models.core.database import Database
from models.tickets.delivery_state import DeliveryState
from models.tickets.reply import OvertakenError
from tests.bot.room import BEN, Clock, Counting, Room, room, together
from tests.keyed_network import KeyedNetwork


class Keyed(Counting, KeyedNetwork):
    """With counters, too."""


class DiedError(BaseException):
    """The process is gone."""


@pytest.fixture
def network(clock: Clock) -> Keyed:
    return Keyed(clock)


@pytest.fixture
def here(database_url: str, clock: Clock, network: Keyed) -> Iterator[Room]:
    with room(database_url, clock, network) as made:
        yield made


@pytest.fixture
def post(here: Room, network: Keyed) -> str:
    found = network.says("maria", "@acmebrew is the kettle back?", context="root 7").id
    here.poll()
    return found


def public(network: Keyed, post: str) -> list[str]:
    return [one.text for one in network.replies_to(post)]


def dies_at(point: str, act: object) -> None:
    """Do `act` in a process that is killed when it passes `point`."""

    def kill(passed: str) -> None:
        if passed == point:
            raise DiedError

    crash_points.set_visitor(kill)
    try:
        with pytest.raises(DiedError):
            act()  # type: ignore[operator]
    finally:
        crash_points.set_visitor(None)


def unsure(here: Room, network: Keyed, *, landed: bool = False) -> int:
    network.fails("publish", Unsure("no answer"), landed=landed)
    reply = here.submit(here.ticket().id, "On Monday!")
    here.send()
    assert here.state(reply) == DeliveryState.UNSURE
    return reply


# --- frozen -------------------------------------------------------------------------------------------------


def test_the_request_is_in_the_ledger_before_the_first_call(here: Room, network: Keyed, post: str) -> None:
    seen: list[tuple[str, str | None]] = []

    def look() -> None:
        other = Database(here.ctx.settings.url)
        with other.read() as session:
            reply = session.scalars(select(Reply)).one()
            seen.append((reply.state, reply.frozen))
        other.close()

    network.on_publish = look
    here.submit(1, "On Monday!")
    here.send()

    assert seen == [(DeliveryState.SENDING, network.requests[0])]
    sent = json.loads(network.requests[0])
    assert (sent["text"], sent["context"], sent["lang"]) == ("@maria On Monday!", "root 7", "en")
    assert public(network, post) == ["@maria On Monday!"]


def test_a_later_try_within_a_minute_sends_the_same_request(here: Room, network: Keyed, post: str) -> None:
    network.fails("publish", Later(None, "unreachable", "Nobody there."))
    here.submit(1, "On Monday!")
    here.send()
    here.clock.pass_by(30)
    here.send()

    assert len(network.requests) == 2
    assert network.requests[0] == network.requests[1]
    assert public(network, post) == ["@maria On Monday!"]


def test_after_a_long_wait_the_post_is_looked_at_again_before_anything_is_sent(
    here: Room, network: Keyed, post: str
) -> None:
    network.fails("publish", Later(None, "rate limit", "Slower."))
    reply = here.submit(1, "On Monday!")
    here.send()
    network.fails("freeze", Refused("not allowed", "Its author turned off replies."))
    here.clock.pass_by(minutes=2)
    here.send()

    assert (here.state(reply), len(network.requests)) == (DeliveryState.REFUSED, 1)
    assert public(network, post) == []


def test_after_a_long_wait_a_request_that_was_never_sent_is_put_together_anew(
    here: Room, network: Keyed, post: str
) -> None:
    network.fails("publish", Later(None, "rate limit", "Slower."))
    here.submit(1, "On Monday!")
    here.send()
    here.clock.pass_by(minutes=2)
    here.send()

    first, second = (json.loads(one) for one in network.requests)
    assert first["at"] < second["at"]
    assert first["key"] == second["key"]
    assert public(network, post) == ["@maria On Monday!"]


@pytest.mark.parametrize("call", ["freeze", "publish"])
def test_what_is_refused_when_sent_again_may_be_public_from_its_first_try_and_is_asked_about(
    here: Room, network: Keyed, post: str, call: str
) -> None:
    network.rule = None
    reply = unsure(here, network)
    first_sent = here.reply(reply).sent_at
    here.clock.pass_by(3600)
    for _ in range(8):
        here.clock.pass_by(600)
        here.send()
    assert here.state(reply) == DeliveryState.ASKED
    network.fails(call, Refused("not allowed", "Its author turned off replies."))
    here.decide(reply, Reply.send_again)
    here.send()

    assert here.state(reply) == DeliveryState.ASKED
    assert "*not* sent again" in here.told()[-1]
    assert "Its author turned off replies." in here.told()[-1]
    row = here.reply(reply)
    assert row.sent_at is not None
    assert first_sent is not None
    assert row.sent_at <= first_sent
    seen = network.says("acmebrew", "On Monday!", under=post)
    here.watch()
    assert (here.state(reply), here.reply(reply).post_id) == (DeliveryState.PUBLISHED, seen.id)


def test_send_again_sends_the_same_request_which_a_network_with_keys_takes_for_one(
    here: Room, network: Keyed, post: str
) -> None:
    network.rule = None
    network.fails("find_reply", Later(None, "server error", "Oops."), times=1000)
    reply = unsure(here, network, landed=True)
    here.clock.pass_by(3600)
    here.send()
    here.decide(reply, Reply.send_again)
    here.send()

    assert here.state(reply) == DeliveryState.PUBLISHED
    assert network.requests[0] == network.requests[1]
    assert public(network, post) == ["@maria On Monday!"]


def test_an_answer_to_an_edited_post_is_put_together_anew(here: Room, network: Keyed, post: str) -> None:
    network.fails("publish", Later(None, "rate limit", "Slower."))
    here.submit(1, "On Monday!")
    here.send()
    edited = network.edits(post, "@acmebrew is the green kettle back?")
    here.poll()
    here.clock.pass_by(minutes=2)
    here.send()

    assert [json.loads(one)["to"] for one in network.requests] == [post, edited.latest_id]


def test_a_no_before_the_call_gives_the_words_back_and_sends_nothing(
    here: Room, network: Keyed, post: str
) -> None:
    network.fails("freeze", Refused("not allowed", "Its author turned off replies."))
    reply = here.submit(1, "On Monday!")
    here.send()
    here.clock.pass_by(3600)
    here.send()

    assert here.state(reply) == DeliveryState.REFUSED
    assert network.asked["publish"] == 0
    [sentence] = here.told()
    assert "Keyed does not let us reply to this post" in sentence
    assert "Its author turned off replies." in sentence


def test_not_now_before_the_call_waits_and_goes_out_once(here: Room, network: Keyed, post: str) -> None:
    network.fails("freeze", Later(None, "unreachable", "Nobody there."))
    reply = here.submit(1, "On Monday!")
    here.send()
    assert (here.state(reply), here.reply(reply).reason) == (DeliveryState.QUEUED, "unreachable")
    here.clock.pass_by(60)
    here.send()

    assert here.state(reply) == DeliveryState.PUBLISHED
    assert public(network, post) == ["@maria On Monday!"]
    assert len(here.told()) == 1


def test_a_reply_can_be_undone_while_its_request_is_put_together(
    here: Room, network: Keyed, post: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen = network.freeze

    def slowly(*args: object, **more: object) -> str:
        here.undo(1)
        return frozen(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(network, "freeze", slowly)
    reply = here.submit(1, "On Monday!")
    here.send()

    assert here.state(reply) == DeliveryState.CANCELLED
    assert network.asked["publish"] == 0


@pytest.mark.parametrize(
    "late", [None, Later(None, "unreachable", "Nobody there."), Refused("invalid", "No.")]
)
def test_a_worker_that_was_overtaken_while_it_put_the_request_together_changes_nothing(
    here: Room, network: Keyed, post: str, monkeypatch: pytest.MonkeyPatch, late: Exception | None
) -> None:
    frozen = network.freeze

    def slowly(*args: object, **more: object) -> str:
        monkeypatch.setattr(network, "freeze", frozen)
        here.clock.pass_by(13)
        here.send()  # by another worker
        if late is not None:
            raise late
        return frozen(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(network, "freeze", slowly)
    reply = here.submit(1, "On Monday!")
    here.send()

    assert (here.state(reply), here.reply(reply).tries) == (DeliveryState.PUBLISHED, 1)
    assert len(network.requests) == 1
    assert here.told() == []


def test_an_account_that_was_swapped_before_the_call_stops_the_reply(
    here: Room, network: Keyed, post: str
) -> None:
    reply = here.submit(1, "On Monday!")
    network.speaks_as("acmetea")
    here.send()

    assert here.state(reply) == DeliveryState.CANCELLED
    assert network.asked["publish"] == 0


@pytest.mark.parametrize(
    ("point", "becomes"),
    [
        ("request frozen", DeliveryState.PUBLISHED),
        ("reply intended", DeliveryState.PUBLISHED),
        ("reply declared", DeliveryState.UNSURE),
        ("reply answered", DeliveryState.PUBLISHED),
    ],
)
def test_a_process_that_dies_on_the_way_leaves_a_row_that_the_next_one_goes_on_with(
    here: Room, network: Keyed, post: str, point: str, becomes: DeliveryState
) -> None:
    reply = here.submit(1, "On Monday!")
    dies_at(point, here.send)
    for _ in range(3):
        here.clock.pass_by(15)
        here.send()

    assert here.state(reply) == becomes
    assert len(public(network, post)) == (becomes == DeliveryState.PUBLISHED)


def test_no_call_begins_after_a_freeze_that_outlived_the_stop(
    here: Room, network: Keyed, post: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen = network.freeze

    def stopped(*args: object, **more: object) -> str:
        here.ctx.stop.set()
        return frozen(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(network, "freeze", stopped)
    reply = here.submit(1, "On Monday!")
    here.send()
    assert (here.state(reply), network.asked["publish"]) == (DeliveryState.QUEUED, 0)

    here.ctx.stop.clear()
    monkeypatch.undo()
    here.send()
    assert here.state(reply) == DeliveryState.PUBLISHED


# --- sent once more -----------------------------------------------------------------------------------------


def test_after_enough_looks_the_same_request_is_sent_once_more(here: Room, network: Keyed, post: str) -> None:
    reply = unsure(here, network)
    for seconds in (5, 10, 30):  # 45 s after the call: too early
        here.clock.pass_by(seconds)
        here.send()
    assert network.repeats == []
    here.clock.pass_by(75)
    here.send()

    assert here.state(reply) == DeliveryState.PUBLISHED
    assert here.reply(reply).repeated
    assert network.repeats == [network.requests[0]]
    assert public(network, post) == ["@maria On Monday!"]


@pytest.mark.parametrize(
    "error",
    [Unsure("no answer"), Refused("parent gone", "404"), Later(None, "rate limit", "No."), ValueError("odd")],
    ids=["unsure", "refused", "later", "odd"],
)
def test_a_repeat_that_settles_nothing_leaves_it_unsure_and_is_the_last(
    here: Room, network: Keyed, post: str, error: Exception
) -> None:
    reply = unsure(here, network)
    network.fails("repeat", error)  # type: ignore[arg-type]
    for seconds in (5, 10, 30, 75):
        here.clock.pass_by(seconds)
        here.send()
    assert (here.state(reply), len(network.repeats)) == (DeliveryState.UNSURE, 1)
    for _ in range(8):
        here.clock.pass_by(600)
        here.send()

    assert here.state(reply) == DeliveryState.ASKED
    assert len(network.repeats) == 1


def test_a_repeat_whose_answer_is_lost_is_found_by_the_next_look(
    here: Room, network: Keyed, post: str
) -> None:
    reply = unsure(here, network)
    network.fails("publish", Unsure("no answer"), landed=True)
    for seconds in (5, 10, 30, 75, 180):
        here.clock.pass_by(seconds)
        here.send()

    assert here.state(reply) == DeliveryState.PUBLISHED
    assert (len(network.repeats), public(network, post)) == (1, ["@maria On Monday!"])


def test_a_look_that_could_not_be_made_counts_for_no_repeat(here: Room, network: Keyed, post: str) -> None:
    unsure(here, network)
    network.fails("find_reply", Later(None, "server error", "Oops."), times=1000)
    for _ in range(20):
        here.clock.pass_by(30)
        here.send()

    assert network.repeats == []


def test_what_is_seen_is_not_sent_once_more(here: Room, network: Keyed, post: str) -> None:
    reply = unsure(here, network, landed=True)
    here.clock.pass_by(5)
    here.send()
    assert here.state(reply) == DeliveryState.PUBLISHED
    network.deletes(network.replies_to(post)[0].id)
    for _ in range(8):
        here.clock.pass_by(60)
        here.send()

    assert network.repeats == []


def _pause(here: Room, _network: Keyed, _post: str) -> None:
    with here.ctx.db.write() as session:
        Pause.begin(session, by=BEN, at=here.clock())


def _swap(_here: Room, network: Keyed, _post: str) -> None:
    network.speaks_as("acmetea")


def _forbid(_here: Room, network: Keyed, _post: str) -> None:
    network.rule = None


def _be_late(_here: Room, network: Keyed, _post: str) -> None:
    network.rule = RepeatRule(2, timedelta(), timedelta(seconds=12))


def _change_warning(here: Room, network: Keyed, post: str) -> None:
    network.edits(post, "@acmebrew is it back?")
    network.changes(post, content_warning="spoilers")
    here.poll()


@pytest.mark.parametrize("happens", [_pause, _swap, _forbid, _be_late, _change_warning])
def test_nothing_is_sent_once_more(here: Room, network: Keyed, post: str, happens: object) -> None:
    reply = unsure(here, network)
    happens(here, network, post)  # type: ignore[operator]
    for _ in range(8):
        here.clock.pass_by(600 if happens is not _swap else 60)
        here.send()

    assert network.repeats == []
    assert here.state(reply) in {DeliveryState.ASKED, DeliveryState.UNSURE}


def test_what_a_person_sent_again_is_not_sent_a_third_time(here: Room, network: Keyed, post: str) -> None:
    network.rule = None
    reply = unsure(here, network)
    for _ in range(8):
        here.clock.pass_by(600)
        here.send()
    network.rule = KeyedNetwork.rule
    here.decide(reply, Reply.send_again)
    network.fails("publish", Unsure("no answer"))
    for _ in range(8):
        here.clock.pass_by(60)
        here.send()

    assert (len(network.requests), network.repeats) == (2, [])


@pytest.mark.parametrize("point", ["repeat declared", "repeat answered"])
def test_a_process_that_dies_in_a_repeat_has_used_it_up(
    here: Room, network: Keyed, post: str, point: str
) -> None:
    reply = unsure(here, network)
    for seconds in (5, 10, 30):
        here.clock.pass_by(seconds)
        here.send()
    here.clock.pass_by(75)
    dies_at(point, here.send)
    for _ in range(8):
        here.clock.pass_by(600)
        here.send()

    calls = int(point == "repeat answered")
    assert len(network.repeats) == calls
    assert here.state(reply) == (DeliveryState.PUBLISHED if calls else DeliveryState.ASKED)


def test_two_workers_send_it_once_more_once(database_url: str, clock: Clock, network: Keyed) -> None:
    with room(database_url, clock, network) as one:
        shared = one.ctx.db if one.ctx.db.is_sqlite else Database(database_url)
        with room(database_url, clock, network, db=shared, worker="other") as two:
            network.says("maria", "@acmebrew is the kettle back?")
            one.poll()
            reply = unsure(one, network)
            for seconds in (5, 10, 30):
                clock.pass_by(seconds)
                one.send()
            clock.pass_by(75)
            network.fails("repeat", Unsure("no answer"))
            looks = [lambda ctx=ctx: reconcile.look_for_reply(ctx, reply) for ctx in (one.ctx, two.ctx) * 2]

            raised = together(*looks)

            assert len(network.repeats) == 1
            assert sum(each is None for each in raised) == 1
            assert all(isinstance(each, OvertakenError | None) for each in raised)
