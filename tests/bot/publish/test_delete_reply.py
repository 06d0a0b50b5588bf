"""A public reply that is to be deleted: told while it is not, settled once, and in nobody's way."""

from bot.jobs import watchdog
from bot.networks.errors import Later, Unsure
from models import Reply, Ticket
from models.tickets.delivery_state import DeliveryState
from tests.bot.room import ANA, BEN, Counting, Room
from tests.bot.test_metrics import figures


def answered(here: Room, network: Counting) -> int:
    """A published reply that Ben wants to be deleted; its id."""
    network.says("maria", "@acmebrew hello", at=here.clock())
    here.poll()
    reply_id = here.submit(here.ticket().id, "Helo!")
    here.send()
    with here.ctx.db.write() as session:
        reply = session.get_one(Reply, reply_id)
        Ticket.lock(session, reply.ticket_id).request_deletion(session, reply, by=BEN, at=here.clock())
    return reply_id


def test_that_it_cannot_be_deleted_yet_is_told_once_and_it_goes_on_trying(
    here: Room, network: Counting
) -> None:
    reply_id = answered(here, network)
    network.fails("delete", Later(None, "unauthorized", "The keys are wrong."), times=2)

    for _ in range(2):
        here.send()
        here.clock.pass_by(minutes=1)

    [told] = here.told()
    assert f"<@{BEN}>, <@{ANA}>'s reply is *still public*" in told
    assert "The keys are wrong." in told
    here.send()
    assert here.state(reply_id) == DeliveryState.WITHDRAWN


def test_a_worker_that_was_too_slow_does_not_touch_what_another_one_has_deleted(
    here: Room, network: Counting
) -> None:
    reply_id = answered(here, network)
    delete = network.delete

    def too_slow(post_id: str, *, account_id: str) -> None:
        network.delete = delete
        here.clock.pass_by(13)  # the lease is over
        here.send()
        raise Unsure("no answer")

    network.delete = too_slow
    here.send()

    assert here.state(reply_id) == DeliveryState.WITHDRAWN
    assert here.reply(reply_id).due_at is None
    second = here.submit(here.ticket().id, "Hello!")
    here.send()
    assert here.state(second) == DeliveryState.PUBLISHED


def test_a_deletion_that_no_loop_takes_on_is_past_its_time(here: Room, network: Counting) -> None:
    answered(here, network)

    here.clock.pass_by(minutes=2)

    assert "deletions" in [one.kind for one in watchdog.run_checks(here.ctx)]
    assert figures(here)["heard_overdue", "deletions"] == 1
