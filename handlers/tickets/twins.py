"""*Not the same person*: a post that shares a card with another one gets a card of its own again."""

from bot.slack.blocks.tickets.twins import NOT_SAME_PERSON_ACTION_ID
from bot.slack.blocks.tickets.values import TwinValue
from handlers.door import Act, door
from models import Ticket
from models.twins.separating import separate


@door.press(NOT_SAME_PERSON_ACTION_ID, value=TwinValue, refreshes_home=True)
def part(act: Act[TwinValue]) -> str:
    """Make it a ticket of its own, for good. Returns a sentence that says so."""
    ctx, value = act.ctx, act.value
    with act.change_once() as session:
        channel = session.get_one(Ticket, value.ticket).channel
        sla_policy = ctx.sla_policy(session, channel)
        twin = separate(
            session, value.ticket, value.network, by=act.who.id, at=ctx.now(), sla_policy=sla_policy
        )
        title, number = ctx.network_titles.get(twin.network, twin.network), twin.id
    return f"The post on {title} is ticket #{number} now, with a card of its own. They won't be joined again."
