"""The composer: opened by Reply, Follow up, Edit and a colleague's draft; taken over, closed.

It opens within the trigger's three seconds whatever the ledger does: what a button carries is enough to open
it, and the submit (handlers/replies/submit.py) is held against the ledger anyway.
"""

import json
import logging
import uuid
from typing import Any

from slack_bolt import Ack, App, Respond
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.ingest.refresh_post import freshen
from bot.jobs import account_check
from bot.slack import thread_notices
from bot.slack.blocks.replies.composer import (
    COMPOSER,
    REPLY_BLOCK,
    REPLY_INPUT,
    TAKE_OVER,
    Asked,
    Origin,
    composer,
    sorry,
)
from bot.slack.blocks.text import date_token
from bot.slack.client import SlackError
from bot.slack.permissions import UnknownStandingError
from bot.slack.typed_text import SlackText, read_slack_text
from handlers.feedback import Person, attempt, opened, person, writing
from handlers.replies.reply_text import digest, left_out_of, sign_off_of, will_not_go_out
from models import Account, Author, Inbound, Mention, Reply, Ticket
from models.core.base import MovedOnError
from models.slack.notice import said_in
from models.tickets import unconnected_accounts
from models.tickets.reply import GIVEN_BACK, PENDING, SPOKEN
from models.tickets.reply import State as Delivery

log = logging.getLogger(__name__)

Body = dict[str, Any]
ONLY_ITS_AUTHOR = "Only its author decides about this one."
FRESHEN = 0.8  # seconds in which the network may say that the post has changed since it was looked at
GLANCE = 0.8  # seconds to read the ledger before the composer opens without it
AGAIN: dict[str, Any] = {}  # no view
NOT_SENT = "Until then nothing is sent from here; what you write is kept as your draft."
STILL_BY_HAND = "You can still post this one by hand, signed in as that account."
DRAFT_ONLY = "What you write is kept as a draft, and shown in the thread to those who may."


def register(app: App, desk: Desk) -> None:
    """Listen for the buttons that open the composer, and for what closes it."""

    def open_composer(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        who, value = person(body), json.loads(body["actions"][0]["value"])
        attempt(desk, who, respond, lambda: _open(desk, who, body, value))
        desk.aside(lambda: _prepare(desk, who, value["t"]))

    for action in ("reply", "follow_up", "edit_draft", "use_draft"):
        app.action(action)(open_composer)

    @app.action(TAKE_OVER)
    def take_over(ack: Ack, body: Body) -> None:
        ack()
        who, view = person(body), body["view"]
        attempt(desk, who, None, lambda: _take_over(desk, who, view))

    @app.view_closed(COMPOSER)
    def closed(ack: Ack, body: Body, view: Body) -> None:
        ack()
        who = person(body)
        attempt(desk, who, None, lambda: _close(desk, who, view))


def _prepare(desk: Desk, who: Person, ticket_id: int) -> None:
    """While they type: learn what the submit will be held against, so that it need not wait for it."""
    with desk.db.read() as session:
        channel = session.get_one(Ticket, ticket_id).channel
    try:
        desk.standing.why_not(desk, who.id, channel)
    except UnknownStandingError:
        log.info("Slack does not say whether somebody may speak; the submit asks again")
    look_again(desk, ticket_id)


def look_again(desk: Desk, ticket_id: int) -> None:
    """See whether the ticket's account is still connected, and its post still as the ledger has it."""
    account_check.recheck(desk, ticket_id)
    freshen(desk, ticket_id)


# --- opening ------------------------------------------------------------------------------------------------


def _open(desk: Desk, who: Person, body: Body, value: dict[str, Any]) -> str | None:
    """Open it; if Slack does not let us any more, nobody is writing there."""
    key = uuid.uuid4().hex
    found = desk.glance(lambda: look(desk, value, who, key), GLANCE)
    if found is AGAIN:
        return None
    view = found if found is not None else _blind(desk, value, body, key)
    sentence = opened(desk, body["trigger_id"], view)
    if sentence is not None and view.get("callback_id") == COMPOSER:
        _stop_composing(desk, value["t"], key)
    return sentence


def look(desk: Desk, value: dict[str, Any], who: Person, key: str) -> dict[str, Any]:
    """The composer as the ledger has it now; or the reason why there is nothing to compose.

    Whoever opens it is shown on the card as writing, unless somebody else is already. `AGAIN`: this press has
    opened one before.
    """
    with desk.db.write(GLANCE) as session:
        if not Inbound.is_new(session, who.key, at=desk.now()):
            return AGAIN
        ticket = Ticket.hold(session, value["t"])
        draft = session.get(Reply, value["r"]) if "r" in value else None
        is_anothers = draft is not None and draft.actor != who.id
        if draft is not None and is_anothers and not value.get("use"):
            return sorry(ONLY_ITS_AUTHOR)
        live = ticket.live_reply(session)
        turn = ticket.turn
        if live is not None and live.state in SPOKEN and draft is None and value.get("n", 0) > ticket.turn:
            turn += 1
        elif live is not None or ticket.closed_at is not None:
            return sorry(why_not(ticket, live), kept=draft.words if draft is not None else None)
        if draft is not None and draft.state not in GIVEN_BACK:
            draft = None  # it went out with an earlier turn: there is nothing to bring back
        kept = draft if draft is not None else Reply.kept(session, ticket.id, who.id)
        is_only_draft = _may_not_send(desk, who, ticket) is not None
        target = target_of(session, ticket)
        origin = Origin(
            ticket=ticket.id,
            turn=turn,
            post_id=ticket.target_post_id,
            key=key,
            network=ticket.network,
            draft=_replaced(kept, who),
            latest=target.latest_id,
            sign=sign_off_of(desk, session, who.id),
            author=_whose(kept, who),
            only_draft=is_only_draft,
            not_shown=target.is_missing,
        )
        at = desk.now()
        writing_now = None if ticket.compose(session, by=who.id, key=key, at=at) else _who_writes(ticket)
        notice = _notice(session, ticket, who, is_only_draft=is_only_draft)
        if target.is_missing:
            notice = "\n".join(one for one in (f":eyes: {not_shown(desk, ticket)}", notice) if one)
        left_out = left_out_of(session, kept) if kept is not None else ()
        if left_out:
            notice = "\n".join(filter(None, (notice, will_not_go_out(left_out))))
        return composer(
            origin,
            asked_of(
                desk,
                session,
                ticket,
                kept.words if kept is not None else "",
                notice=notice,
                writing=writing_now,
            ),
        )


def _replaced(draft: Reply | None, who: Person) -> int | None:
    """The draft that the submit takes the place of."""
    return draft.id if draft is not None and draft.state == Delivery.DRAFT and draft.actor == who.id else None


def _whose(kept: Reply | None, who: Person) -> str | None:
    """Whose words the composer begins with, if they are somebody else's."""
    if kept is None:
        return None
    return kept.author or (kept.actor if kept.actor != who.id else None)


def _who_writes(ticket: Ticket) -> str:
    since = date_token(ticket.composing_since, "{time}") if ticket.composing_since is not None else "just now"
    return f":pencil2: *<@{ticket.composer}> has been replying since {since}.* Whoever sends first answers."


def _notice(session: Session, ticket: Ticket, who: Person, *, is_only_draft: bool) -> str | None:
    alarm = unconnected_accounts.find(session, ticket.network, ticket.account_id)
    if alarm is not None:
        by_hand = target_of(session, ticket).answerable is not None
        return f":electric_plug: {alarm.detail} {STILL_BY_HAND if by_hand else NOT_SENT}"
    if is_only_draft:
        return f":memo: You may not send public replies here. {DRAFT_ONLY}"
    if ticket.owner is not None and ticket.owner != who.id:
        return f":raising_hand: <@{ticket.owner}> has this one. Sending a reply takes it over."
    return None


def _may_not_send(desk: Desk, who: Person, ticket: Ticket) -> str | None:
    """What is known of them without asking Slack; the submit asks."""
    return desk.standing.why_not_if_known(desk, who.id, ticket.channel)


def why_not(ticket: Ticket, live: Reply | None) -> str:
    """Why nothing can be written now, and what to do about it."""
    if live is None:
        return f"This one is closed: {ticket.state}. Press *Reopen* on the card first."
    who = f"<@{live.actor}>"
    if live.state in PENDING:
        return f"{who}'s reply is about to go out. *Undo* on the card stops it, and then it can be changed."
    if live.state == Delivery.HANDED_OFF:
        return f"{who}'s reply waits to be posted by hand: see the card."
    if live.state in SPOKEN:
        return f"{who} has answered this one. *Follow up* on the card says more."
    return f"{who}'s reply is on the wire, and nobody can say yet whether it is public: see the card."


def asked_of(
    desk: Desk,
    session: Session,
    ticket: Ticket,
    text: str,
    *,
    notice: str | None = None,
    writing: str | None = None,
    twin: str | None = None,
) -> Asked:
    """What a composer for `ticket` shows, with `text` typed in already."""
    target = target_of(session, ticket)
    author = session.get_one(Author, ticket.author_id)
    ours = Account.find(session, ticket.network, ticket.account_id)
    network = desk.network(ticket.network)
    return Asked(
        title=network.title,
        account=ours.handle if ours is not None else "us",
        handle=author.handle,
        words=target.shown if target.deleted_at is None else None,
        max_length=network.max_length,
        by_hand=target.answerable,
        text=text,
        notice=notice,
        writing=writing,
        twin=twin,
    )


def target_of(session: Session, ticket: Ticket) -> Mention:
    """The post that the next reply goes to."""
    query = select(Mention).where(Mention.ticket_id == ticket.id, Mention.post_id == ticket.target_post_id)
    return session.scalars(query).one()


def check_version(target: Mention, post_id: str, latest: str | None) -> None:
    """Refuse to answer another version of the post than its author saw, if that is known."""
    if latest is not None and target.post_id == post_id and target.latest_id != latest:
        raise MovedOnError("They changed their post since you began to write. Read it, then send again.")


def not_shown(desk: Desk, ticket: Ticket) -> str:
    """What somebody should know who answers a post that the network does not show to us."""
    title = desk.network(ticket.network).title
    return (
        f"{title} does not show this post to us just now. You can answer all the same: if {title} refuses "
        "it, nothing is published and your words are kept."
    )


def check_shown(desk: Desk, ticket: Ticket, target: Mention, *, is_known: bool) -> None:
    """Refuse to answer a post that is not shown, unless `is_known`: its author was told so before.

    Raises `MovedOnError`, whose sentence says that it may be sent all the same.
    """
    if target.is_missing and not is_known:
        raise MovedOnError(not_shown(desk, ticket))


def _blind(desk: Desk, value: dict[str, Any], body: Body, key: str) -> dict[str, Any]:
    """The composer without the ledger: from what the button carries, and the words on the card itself."""
    if "p" not in value:
        return sorry(
            "Heard's ledger is slow just now. Please press *Edit* again in a moment; your words are kept."
        )
    network = desk.network(value["w"])
    origin = Origin(value["t"], value["n"], value["p"], key, value["w"], latest=value.get("v"))
    asked = Asked(
        title=network.title,
        account=value["a"],
        handle=value["h"] or None,
        words=_quoted(body.get("message") or {}, value["p"]),
        max_length=network.max_length,
        notice=":hourglass: The ledger is slow just now. You can write; what you send is checked first.",
    )
    return composer(origin, asked)


def _quoted(message: Body, post_id: str) -> str | None:
    """The words of that post, as the customer's card shows them."""
    for block in message.get("blocks") or []:
        if block.get("block_id") == said_in(post_id):
            return "".join(part.get("text", "") for one in block["elements"] for part in one["elements"])
    return None


# --- taken over, closed -------------------------------------------------------------------------------------


def typed_in(view: Body) -> SlackText:
    """What stands in the composer's input."""
    return read_slack_text(view["state"]["values"].get(REPLY_BLOCK, {}).get(REPLY_INPUT, {}).get("value"))


def _take_over(desk: Desk, who: Person, view: Body) -> str | None:
    """`who` writes from here on; the card and the other one's thread say so."""
    origin = Origin.unpacked(view["private_metadata"])
    with writing(desk) as session:
        if not Inbound.is_new(session, who.key, at=desk.now()):
            return None
        at = desk.now()
        ticket = Ticket.hold(session, origin.ticket)
        live = ticket.live_reply(session)
        if origin.turn <= ticket.turn and (live is not None or ticket.closed_at is not None):
            notice: str | None = why_not(ticket, live)  # they were faster: there is nothing left to take over
        else:
            notice = _notice(session, ticket, who, is_only_draft=origin.only_draft)
            before = ticket.take_over_composing(session, by=who.id, key=origin.key, at=at)
            if before is not None:
                thread_notices.composing_taken_over(session, ticket, before, who.id, at=at)
        asked = asked_of(desk, session, ticket, typed_in(view).text, notice=notice)
        fresh = composer(origin, asked)
    try:
        desk.slack.update_view(view["id"], fresh)
    except SlackError as error:
        log.info("a composer that was taken over could not be redrawn: %s", error)
    return None


def _close(desk: Desk, who: Person, view: Body) -> str | None:
    """Nobody writes there any more; what was typed is kept, where Slack tells us."""
    origin = Origin.unpacked(view["private_metadata"])
    typed = typed_in(view).text.strip()
    with writing(desk) as session:
        ticket = Ticket.hold(session, origin.ticket)
        ticket.stop_composing(key=origin.key)
        if typed and typed != Reply.kept_text(session, ticket.id, who.id):
            keep(desk, session, ticket, who, origin=origin, words=typed)
    return None


def _stop_composing(desk: Desk, ticket_id: int, key: str) -> None:
    with writing(desk) as session:
        Ticket.hold(session, ticket_id).stop_composing(key=key)


def keep(
    desk: Desk, session: Session, ticket: Ticket, who: Person, *, origin: Origin, words: str
) -> Reply | None:
    """Keep what was typed as a draft of its author; None if these very words are kept already."""
    if not Inbound.is_new(session, f"kept {origin.key} {digest(words)}", at=desk.now()):
        return None
    draft = ticket.draft(
        session,
        text=words,
        by=who.id,
        at=desk.now(),
        key=uuid.uuid4().hex,
        source="composer",
        author=origin.author,
        **replace_draft(desk, session, who, origin),
    )
    draft.mark(session)
    return draft


def replace_draft(desk: Desk, session: Session, who: Person, origin: Origin) -> dict[str, Any]:
    """Let what is written now take the place of the draft that it began with; where that one came from."""
    draft = session.get(Reply, origin.draft) if origin.draft is not None else None
    if draft is None or draft.state != Delivery.DRAFT or draft.actor != who.id:
        return {}
    draft.move(session, Delivery.DISCARDED, at=desk.now(), by=who.id, act="draft edited")
    return {"said_channel": draft.said_channel, "said_ts": draft.said_ts}
