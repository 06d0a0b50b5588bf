"""One moment has one time on a card, also when we learned of it much later."""

from datetime import datetime

from bot.networks.errors import Later, Unsure
from models.tickets.delivery_state import DeliveryState
from sandbox.slack import SlackServer, visible
from sandbox.slack.text.mrkdwn import Live
from tests.bot.room import Counting, Room, cards


def tokens(slack: SlackServer) -> list[Live]:
    """The moments on the only card, from top to bottom."""
    [card] = cards(slack)
    return visible(card).of("date")


def unix(token: Live) -> int:
    return int(token.target.partition("^")[0])


def stamp(at: datetime) -> int:
    return int(at.timestamp())


def wait_for_the_look(here: Room, reply: int) -> None:
    """Let time pass until one of the looks has found it; the first ones fail."""
    while here.state(reply) == DeliveryState.UNSURE:
        here.send()
        here.clock.pass_by(5)


def test_an_answer_that_is_found_late_has_the_time_at_which_the_customer_had_it(
    shown: Room, network: Counting, slack: SlackServer
) -> None:
    shown.poll()
    network.says("maria", "@acmebrew hello")
    asked_at = shown.clock()
    shown.poll()
    shown.clock.pass_by(minutes=4)
    network.fails("publish", Unsure("no answer"), landed=True)
    reply = shown.submit(1, "Hello!")
    shown.send()
    sent_at = shown.clock()
    network.fails("find_reply", Later(None, "server error", "HTTP 503"), times=6)
    wait_for_the_look(shown, reply)
    shown.draw_all()

    [card] = cards(slack)
    assert "Answered by @U0ANA after 4 min" in visible(card).text
    assert stamp(shown.clock()) > stamp(sent_at) + 60
    posted, answered = tokens(slack)
    assert (unix(posted), unix(answered)) == (stamp(asked_at), stamp(sent_at))
    assert shown.reply(reply).settled_at == shown.ticket().first_reply_at == sent_at
