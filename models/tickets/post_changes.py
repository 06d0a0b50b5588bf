"""Brings a known post up to what its network shows now. It never reaches more people by itself."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.core.audit_event import HEARD_ACTOR, Event
from models.slack.notice import Notice
from models.sources.also_heard import AlsoHeard
from models.sources.mention import Mention
from models.tickets.incoming_post import (
    IncomingPost,
    IngestResult,
    IngestTarget,
    conversation_key,
    is_private,
)
from models.tickets.ticket import Ticket


def copy_content(session: Session, mention: Mention, post: IncomingPost, place: IngestTarget) -> None:
    """Copy the text, what is attached and the addressees of the post as it is now.

    Whether it may be answered is true of the account that read it alone.
    """
    mention.text = post.text
    if place.account_id == mention.account_id:
        mention.answerable = post.answerable
    else:
        here = (AlsoHeard.mention_id == mention.id, AlsoHeard.account_id == place.account_id)
        session.execute(update(AlsoHeard).where(*here).values(answerable=post.answerable))
    mention.media = [attachment.as_json() for attachment in post.media]
    mention.addressed, mention.answers = list(post.addressed), post.answers
    mention.content_warning, mention.reply_context = post.content_warning, post.reply_context


def narrow(
    session: Session,
    ticket: Ticket,
    mention: Mention,
    post: IncomingPost,
    result: IngestResult,
    *,
    at: datetime,
) -> None:
    """Record that fewer people see `mention` than before; that more do changes nothing.

    The whole ticket becomes private with it, and is listed in `result.narrowed_ids`: its messages in Slack
    are the caller's. The ticket is locked.
    """
    if not post.is_narrower_than(mention):
        return
    mention.visibility = post.visibility
    ticket.revision += 1
    data = {"visibility": post.visibility}
    Event.record(session, "post narrowed", at=at, ticket_id=ticket.id, post_id=mention.post_id, data=data)
    result.changed_ids.add(ticket.id)
    if not is_private(post.visibility):
        return
    Notice.redact(session, mention)
    AlsoHeard.erase_words(session, mention.id)
    if not ticket.is_private:
        ticket.leave_group(session, by=HEARD_ACTOR, at=at)
        ticket.is_private = True
        ticket.conversation_id = _free_conversation_id(session, ticket, post.visibility)
        result.narrowed_ids.add(ticket.id)


def _free_conversation_id(session: Session, ticket: Ticket, visibility: str) -> str:
    """The id of a conversation of its own: public posts that follow there have another ticket."""
    wanted = conversation_key(ticket.conversation_id, visibility)
    taken = select(Ticket.id).where(
        Ticket.network == ticket.network,
        Ticket.account_id == ticket.account_id,
        Ticket.author_id == ticket.author_id,
        Ticket.conversation_id == wanted,
    )
    return wanted if session.scalar(taken) is None else f"{wanted} {ticket.id}"
