"""What the team is told in a ticket's thread when a reply did not simply go out.

The composer is long gone by then, so each sentence names the reply's author and keeps their words.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.networks.base import Later, Network, ReplyTarget
from bot.slack.blocks.elements import Block, button, format_duration, section_block
from bot.slack.blocks.replies.delivery import waiting_reason
from bot.slack.blocks.text import date_token, escape_entities, mrkdwn_error, mrkdwn_handle, quote_block
from bot.slack.blocks.values import ReplyValue
from models import Account, Author, Mention, Notice, Reply, Ticket
from models.slack.notice import quote_block_id

TIME_FORMAT = "{date_short_pretty} at {time_secs}"
QUOTE_MAX_CHARS = 2_800  # characters of a reply; more would have Slack split the message


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d} at {at:%H:%M:%S} UTC"


def _post_with_quote(
    session: Session, reply: Reply, sentence: str, *, at: datetime, quoted: bool = True
) -> None:
    """Say `sentence` in the thread, with the reply's words below it as they are."""
    blocks = (
        [section_block(sentence), quote_block(reply.text, QUOTE_MAX_CHARS)]
        if quoted
        else [section_block(sentence)]
    )
    Notice.enqueue(session, sentence, blocks=blocks, at=at, ticket_id=reply.ticket_id)


def _account_text(session: Session, reply: Reply) -> str:
    """The account of ours that the reply is to be said as, as mrkdwn."""
    ticket = session.get_one(Ticket, reply.ticket_id)
    ours = Account.find(session, ticket.network, ticket.account_id)
    return mrkdwn_handle(ours.handle) if ours is not None else "our account"


def post_refused(
    session: Session, network: Network, reply: Reply, *, at: datetime, is_closed: bool = False
) -> None:
    """A definite no: say why, that the words are kept, and where; `is_closed`: nothing is left to answer."""
    words = (
        "Nothing is left to answer. Your words are kept, should you *Reopen* it:"
        if is_closed
        else "Your words are kept: press *Reply* on the card to change them."
    )
    _post_with_quote(
        session,
        reply,
        f":x: <@{reply.actor}>, {network.title} refused your reply, and it was *not* published: "
        f"“{mrkdwn_error(reply.detail or reply.reason or '')}” {words}",
        at=at,
    )


def post_handed_off(session: Session, network: Network, reply: Reply, *, at: datetime) -> None:
    """The API will not, a person may."""
    _post_with_quote(
        session,
        reply,
        f":arrow_upper_right: <@{reply.actor}>, {network.title} does not let Heard answer this post, so it "
        f"was *not* published. You can: sign in to {network.title} as "
        f"*{_account_text(session, reply)}*, press "
        f"*Open on {network.title}* on the card, post it there, then press *I posted it*. Your words:",
        at=at,
    )


def post_postponed(
    session: Session, network: Network, reply: Reply, later: Later, until: datetime, *, at: datetime
) -> None:
    """Nothing was sent; it waits, and why."""
    _post_with_quote(
        session,
        reply,
        f":hourglass: <@{reply.actor}>, your reply waits: "
        f"{waiting_reason(later.cause, network.title, later.detail)}. It is tried again "
        f"{date_token(until, TIME_FORMAT, fallback=_utc(until))}; "
        f"*Undo* on the card still stops it. What I was told: “{mrkdwn_error(later.detail)}”",
        at=at,
    )


def post_unsure(session: Session, network: Network, reply: Reply, *, at: datetime) -> None:
    """The answer was lost: say that we look, and that nobody should send it by hand."""
    _post_with_quote(
        session,
        reply,
        f":grey_question: <@{reply.actor}>, {network.title} did not say whether it took your reply "
        f"({mrkdwn_error((reply.detail or 'no answer').rstrip('.'))}). I am looking for it there. "
        "*Please do not post it by hand*: it may be public already.",
        at=at,
    )


def post_question(session: Session, network: Network, reply: Reply, to: ReplyTarget, *, at: datetime) -> None:
    """Every look was in vain: the question."""
    sent = reply.sent_at or reply.created_at
    _post_with_quote(
        session,
        reply,
        f":question: {network.title} did not answer when I sent <@{reply.actor}>'s reply to "
        f"*{mrkdwn_handle(to.author_handle)}* {date_token(sent, TIME_FORMAT, fallback=_utc(sent))}. "
        f"{reply.looks} looks do not show it. Somebody has to look and decide: *It is there*, *Send again* "
        "or *Discard*, on the card.",
        at=at,
    )


def post_question_again(session: Session, network: Network, reply: Reply, *, at: datetime) -> None:
    """The question again."""
    _post_with_quote(
        session,
        reply,
        f":question: <@{reply.actor}>, is your reply on {network.title} or not? Nobody has decided yet: "
        "*It is there*, *Send again* or *Discard*, on the card.",
        at=at,
        quoted=False,
    )


def post_still_handed_off(session: Session, network: Network, reply: Reply, *, at: datetime) -> None:
    """A hand-off that nobody has seen."""
    _post_with_quote(
        session,
        reply,
        f":arrow_upper_right: <@{reply.actor}>, your reply still has to be posted by hand: I do not see it "
        f"on {network.title}. Signed in there as *{_account_text(session, reply)}*, press *Open on "
        f"{network.title}* on the card, or *I did not post it*.",
        at=at,
        quoted=False,
    )


def _stopped_before(reply: Reply) -> str:
    """What it means for a reply that it was stopped; what was handed off may be public by their own hand."""
    if reply.was_handed_off:
        return (
            "nobody has to post your reply by hand any more. If you have, it stands; I will say so when I "
            "see it."
        )
    return "your reply was stopped before it went out."


def post_stopped(session: Session, reply: Reply, by: str, outcome: str, *, at: datetime) -> None:
    """An outcome stopped a reply: tell its author."""
    _post_with_quote(
        session,
        reply,
        f":octagonal_sign: <@{reply.actor}>, <@{by}> closed this one ({outcome}), so "
        f"{_stopped_before(reply)} Your words are kept:",
        at=at,
    )


def post_answered_outside(
    session: Session, network: Network, reply: Reply, url: str, *, at: datetime
) -> None:
    """Somebody answered by hand while a reply was waiting to go out: tell its author."""
    _post_with_quote(
        session,
        reply,
        f":octagonal_sign: <@{reply.actor}>, somebody has answered on {network.title} by hand "
        f"(<{escape_entities(url)}|see it>), so your reply was stopped before it went out. Your words "
        f"are kept:",
        at=at,
    )


def post_published_twice(
    session: Session, network: Network, reply: Reply, other: str, *, at: datetime
) -> None:
    """A person had it sent again, and the first one had arrived after all."""
    _post_with_quote(
        session,
        reply,
        f":warning: <@{reply.actor}>, your reply *is on {network.title} twice*: "
        f"<{escape_entities(reply.post_url or '')}|here> and <{escape_entities(other)}|here>. The "
        f"first had not "
        "shown when it was sent again. Please delete one of them there.",
        at=at,
    )


def post_seen_after_all(session: Session, network: Network, reply: Reply, *, at: datetime) -> None:
    """A reply that was given up turned out to be public."""
    _post_with_quote(
        session,
        reply,
        f":eyes: <@{reply.actor}>, the reply that was given up *is* on {network.title} after all: "
        f"<{escape_entities(reply.post_url or '')}|see it>.",
        at=at,
    )


# --- whose it is --------------------------------------------------------------------------------------------


def _author_text(author: Author) -> str:
    return mrkdwn_handle(author.handle) if author.handle else author.display_name


def _owner_prefix(ticket: Ticket) -> str:
    """The beginning of a sentence to whoever has the ticket; empty if nobody has."""
    return f"<@{ticket.owner}>, " if ticket.owner is not None else ""


def _post(session: Session, ticket: Ticket, sentence: str, *, at: datetime) -> None:
    Notice.enqueue(session, sentence, blocks=[section_block(sentence)], at=at, ticket_id=ticket.id)


def post_claim_expired(
    session: Session, ticket: Ticket, owner: str, quiet: timedelta, *, at: datetime
) -> None:
    """Back in the queue: nobody shall think that somebody has it."""
    _post(
        session,
        ticket,
        f":alarm_clock: Nothing happened here for {format_duration(quiet)} since <@{owner}> took this "
        f"one, so it is "
        "*back in the queue*. *Claim* takes it again.",
        at=at,
    )


def post_assigned(session: Session, ticket: Ticket, to: str, by: str, *, at: datetime) -> None:
    """Who was given a ticket hears of it."""
    if to != by:
        _post(session, ticket, f":point_right: <@{to}>, <@{by}> gave you this one.", at=at)


def post_composing_taken_over(
    session: Session, ticket: Ticket, before: str, by: str, *, at: datetime
) -> None:
    """Who was writing is told that somebody else writes now."""
    _post(
        session,
        ticket,
        f":pencil2: <@{before}>, <@{by}> writes the reply now. Yours is not lost: whoever sends first "
        "answers, and the other's words are kept as a draft.",
        at=at,
    )


def post_no_answer(session: Session, ticket: Ticket, since: datetime, *, at: datetime) -> None:
    """We waited for them, and they stayed silent."""
    author = session.get_one(Author, ticket.author_id)
    _post(
        session,
        ticket,
        f":bell: {_owner_prefix(ticket)}{_author_text(author)} has not answered us for "
        f"{format_duration(at - since)}, so "
        "this one waits again: *Reply* says more, *No reply needed* ends it.",
        at=at,
    )


def post_new_mention(
    session: Session, ticket: Ticket, words: str, post_id: str, button: Block, *, at: datetime
) -> None:
    """They wrote again: in the same thread, with a Reply of its own, to whoever has it."""
    author = session.get_one(Author, ticket.author_id)
    sentence = f":speech_balloon: {_owner_prefix(ticket)}{_author_text(author)} wrote again:"
    quoted = quote_block(words, QUOTE_MAX_CHARS) | {"block_id": quote_block_id(post_id)}
    blocks = [section_block(sentence), quoted, {"type": "actions", "elements": [button]}]
    mention = select(Mention.id).where(Mention.ticket_id == ticket.id, Mention.post_id == post_id)
    quotes = list(session.scalars(mention))
    Notice.enqueue(session, sentence, blocks=blocks, at=at, ticket_id=ticket.id, quotes=quotes)


# --- not shown, and shown again -----------------------------------------------------------------------------


def post_no_longer_shown(session: Session, network: Network, reply: Reply, *, at: datetime) -> None:
    """The post was given up, and with it a reply that had not gone out: tell its author."""
    _post_with_quote(
        session,
        reply,
        f":see_no_evil: <@{reply.actor}>, {network.title} no longer shows the post that you answered, so "
        f"{_stopped_before(reply)} Your words are kept:",
        at=at,
    )


def post_closed_as_not_shown(session: Session, network: Network, ticket: Ticket, *, at: datetime) -> None:
    """The ticket of somebody was closed, for there is nothing left to answer."""
    _post(
        session,
        ticket,
        f":see_no_evil: <@{ticket.owner}>, {network.title} no longer shows this post, so I closed this one. "
        f"If {network.title} shows it again, it waits again.",
        at=at,
    )


def post_shown_again(
    session: Session, ticket: Ticket, title: str, button: Block, *, waits: bool, at: datetime
) -> None:
    """`title`, the network, shows a post again; `waits`: its ticket had been closed, and waits anew."""
    sentence = f":eyes: {_owner_prefix(ticket)}{title} shows this post again" + (
        ", so this one *waits again*." if waits else "."
    )
    answer = [{"type": "actions", "elements": [button]}] if waits else []
    blocks = [section_block(sentence), *answer]
    Notice.enqueue(session, sentence, blocks=blocks, at=at, ticket_id=ticket.id)


# --- taken back ---------------------------------------------------------------------------------------------


def post_deleted(session: Session, network: Network, reply: Reply, *, at: datetime) -> None:
    """A public reply was deleted on the network."""
    by = f"<@{reply.unsay_by}>" if reply.unsay_by else "Somebody"
    _post_with_quote(
        session,
        reply,
        f":wastebasket: {by} deleted <@{reply.actor}>'s reply on {network.title}. This one waits again. "
        "The words are kept:",
        at=at,
    )


def post_not_deleted_yet(
    session: Session, network: Network, reply: Reply, later: Later, detail: str | None = None, *, at: datetime
) -> None:
    """The network does not delete it just now; `detail` (mrkdwn) says why, if `later` alone does not."""
    _post_with_quote(
        session,
        reply,
        f":hourglass: <@{reply.unsay_by}>, <@{reply.actor}>'s reply is *still public*: "
        f"{waiting_reason(later.cause, network.title, later.detail)}. I go on trying to delete it. "
        + (detail or f"What I was told: “{mrkdwn_error(later.detail)}”"),
        at=at,
        quoted=False,
    )


def post_not_deleted(session: Session, network: Network, reply: Reply, why: str, *, at: datetime) -> None:
    """The network would not delete it."""
    _post_with_quote(
        session,
        reply,
        f":x: {network.title} did not delete <@{reply.actor}>'s reply: “{mrkdwn_error(why)}” It is "
        f"still public.",
        at=at,
        quoted=False,
    )


def post_paused(session: Session, reply: Reply, by: str, *, at: datetime) -> None:
    """A pause stopped a reply."""
    _post_with_quote(
        session,
        reply,
        f":double_vertical_bar: <@{reply.actor}>, <@{by}> paused all public replies, so yours was stopped "
        "before it went out. Your words are kept:",
        at=at,
    )


def post_not_connected(session: Session, reply: Reply, detail: str, *, at: datetime) -> None:
    """The account that it was to be said as is not connected; `detail` says more, as mrkdwn."""
    _post_with_quote(
        session,
        reply,
        f":electric_plug: <@{reply.actor}>, your reply was *not* sent. {detail} Your words are kept as a "
        "draft, and are not sent unless you send them:",
        at=at,
    )


def post_not_a_sender(session: Session, reply: Reply, why: str, *, at: datetime) -> None:
    """Whoever submitted it may not send any more."""
    _post_with_quote(
        session,
        reply,
        f":no_entry: <@{reply.actor}>, your reply was stopped before it went out. {why} Your words are kept:",
        at=at,
    )


def post_draft(session: Session, ticket: Ticket, draft: Reply, *, at: datetime) -> None:
    """Somebody who may not send wrote an answer: those who may can take it up."""
    sentence = f":memo: <@{draft.actor}> drafted a reply. Whoever may send can take it up:"
    use = button("Use this draft", "use_draft", ReplyValue(ticket.id, draft.id))
    blocks = [
        section_block(sentence),
        quote_block(draft.text, QUOTE_MAX_CHARS),
        {"type": "actions", "elements": [use]},
    ]
    Notice.enqueue(session, sentence, blocks=blocks, at=at, ticket_id=ticket.id)
