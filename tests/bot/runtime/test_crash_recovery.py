"""A start after a kill: what the dead process held is taken up at once."""

from bot.publish.locked_reply import lock_reply
from bot.runtime import crash_recovery
from bot.slack import cards
from models.tickets.delivery_state import DeliveryState
from sandbox.slack import SlackServer
from tests.bot.room import Counting, Room, calls


def test_a_card_that_a_dead_process_was_drawing_is_drawn_at_once(
    shown: Room, network: Counting, slack: SlackServer
) -> None:
    first = network.says("maria", "@acmebrew hello")
    shown.poll()
    shown.draw()
    network.says("maria", "@acmebrew hello?", under=first.id)
    shown.poll()
    assert cards._begin_card(shown.ctx, 1) is not None  # and here it is killed
    shown.draw()
    assert shown.undrawn()

    crash_recovery.release_all(shown.ctx.db, at=shown.clock())
    shown.draw()

    assert not shown.undrawn()
    assert calls(slack, "chat.postMessage") == 1


def test_a_reply_that_a_dead_process_was_sending_is_in_doubt_at_once(here: Room, network: Counting) -> None:
    network.says("maria", "@acmebrew hello")
    here.poll()
    reply = here.submit(1, "Hi!")
    with here.ctx.db.write() as session:
        _ticket, row = lock_reply(session, reply)
        row.release(session, at=here.clock())
    here.declare(reply)  # and here it is killed

    crash_recovery.release_all(here.ctx.db, at=here.clock())
    here.send()

    assert here.state(reply) == DeliveryState.UNSURE
    assert network.asked["publish"] == 0
