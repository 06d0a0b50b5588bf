"""*I posted it*: confirms a reply that was posted by hand, with its link where Heard cannot see it."""

import logging
import uuid
from dataclasses import replace

from bot.context import BotContext
from bot.ingest.sightings import record_posted
from bot.networks.base import Network
from bot.networks.errors import Later
from bot.networks.feed_reader import AddressError, FeedReader
from bot.networks.values import PublishedReply
from bot.slack.blocks.replies import posted as face
from bot.slack.blocks.replies.posted import PostedValue
from bot.slack.blocks.text import mrkdwn_error, mrkdwn_handle, mrkdwn_literal
from bot.slack.blocks.values import ReplyValue
from handlers.door import Act, InputError, change_once, door
from handlers.feedback import LEDGER_TIMEOUT_SECONDS, Actor, send_private_text
from models import Reply, Ticket
from models.core.base import RuleBrokenError
from models.core.mrkdwn import escape_entities
from models.tickets.delivery_state import DeliveryState

log = logging.getLogger(__name__)


@door.press("posted", value=ReplyValue, refreshes_home=True)
def posted(act: Act[ReplyValue]) -> str | None:
    """Confirmed by the person who posted it by hand; where Heard sees nothing, it asks for the link."""
    ctx, reply_id = act.ctx, act.value.reply
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        _check_open(session.get_one(Reply, reply_id))
    network = _network_of(ctx, reply_id)
    if network is None or not _asks_for_link(network):
        confirm(ctx, act.who, reply_id, link=None)
        return None
    carried = PostedValue(act.value.ticket, reply_id, uuid.uuid4().hex, act.who.channel)
    return act.open_modal(face.build_posted_modal(carried, title=network.title))


@door.submit(face.POSTED_CALLBACK_ID, value=PostedValue, at=face.LINK_BLOCK)
def posted_at(act: Act[PostedValue]) -> None:
    """Confirm it; the link is looked at once, afterwards, and who pressed is told what is there.

    Raises `InputError` if what was typed is no link to a post of the network.
    """
    ctx, who = act.ctx, replace(act.who, channel=act.value.channel)
    typed, network = act.typed(face.LINK_BLOCK).text.strip(), _network_of(ctx, act.value.reply)
    if typed and network is not None and not isinstance(network, FeedReader):
        post_id = network.post_id_at(typed)
        if post_id is None:
            raise InputError(face.LINK_BLOCK, f"That is no link to a post on {network.title}.")
        link = network.post_link(post_id, None)
        confirm(ctx, who, act.value.reply, link=link)
        ctx.run_in_background(lambda: _look_on(ctx, who, network, post_id))
        return
    found = _link(ctx, typed)
    confirm(ctx, who, act.value.reply, link=found)
    if found is not None:
        ctx.run_in_background(lambda: _look(ctx, who, found))


def confirm(ctx: BotContext, who: Actor, reply_id: int, *, link: str | None) -> None:
    """Record that the reply is public, at `link` if that is known; once a press.

    Raises `RuleBrokenError` if it was decided otherwise meanwhile, and `RepeatedError`.
    """
    with change_once(ctx, who) as session:
        ticket = Ticket.lock(session, session.get_one(Reply, reply_id).ticket_id)
        reply = session.get_one(Reply, reply_id, populate_existing=True)
        _check_open(reply)
        seen = PublishedReply(link, link) if link is not None else None
        record_posted(session, ticket, reply, seen, by=who.id, at=ctx.now())
        ticket.revision += 1


def _network_of(ctx: BotContext, reply_id: int) -> Network | None:
    """The network that the reply goes to; None if it is not set up any more."""
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        reply = session.get_one(Reply, reply_id)
        return ctx.networks.get(reply.network_on(session.get_one(Ticket, reply.ticket_id)))


def _asks_for_link(network: Network) -> bool:
    """Whether Heard sees nothing of our own there, but can look at a link."""
    return isinstance(network, FeedReader) or type(network).post_id_at is not Network.post_id_at


def _look_on(ctx: BotContext, who: Actor, network: Network, post_id: str) -> None:
    """Look at that post on its network, once, and say whether it is there, as `_look` does."""
    try:
        page, _absent = network.refresh([post_id], account_id=network.expected_account_id() or "")
    except Later as no:
        why = f"couldn't see your reply at that link, so please check it: {mrkdwn_error(no.detail)}"
    else:
        if page.posts:
            by = mrkdwn_handle(page.posts[0].author_id, network.name)
            said = f":white_check_mark: Marked as posted. I looked at your link: a post by {by} is there."
            send_private_text(ctx, who, None, said)
            return
        why = f"don't see a post at that link yet. {network.title} may list it later, so please check it."
    send_private_text(ctx, who, None, f":warning: Marked as posted. I {why}")


def _check_open(reply: Reply) -> None:
    """Raise `RuleBrokenError` unless somebody still has to say whether it was posted."""
    if reply.state != DeliveryState.HANDED_OFF:
        raise RuleBrokenError(f"That's already decided: the reply is {reply.state}.")


def _reader(ctx: BotContext) -> FeedReader | None:
    return next((one for one in ctx.networks.values() if isinstance(one, FeedReader)), None)


def _link(ctx: BotContext, typed: str) -> str | None:
    """Return the link in one spelling; None if nothing was typed. Raises `InputError` if it is none."""
    reader = _reader(ctx)
    if not typed or reader is None:
        return None
    fragment = typed.partition("#")[2]
    try:
        return reader.read_address(typed) + (f"#{fragment}" if fragment.isprintable() and fragment else "")
    except AddressError as no:
        raise InputError(face.LINK_BLOCK, escape_entities(str(no))) from None


def _look(ctx: BotContext, who: Actor, link: str) -> None:
    """Look at what is there, once, and say so. The reply stays confirmed: a person has said it is public."""
    reader = _reader(ctx)
    if reader is None:
        return
    try:
        title = reader.look_at(link)
    except (Later, AddressError) as no:
        why = mrkdwn_error(str(no))
        said = (
            f":warning: Marked as posted. I couldn't see your reply at that link, so please check it: {why}"
        )
    else:
        page = f" (“{mrkdwn_literal(title)}”)" if title else ""
        said = f":white_check_mark: Marked as posted. I looked at your link: the page{page} is there."
    send_private_text(ctx, who, None, said)
