"""What a ticket's thread is told: a table of sentences, and one function that writes them into the ledger.

By the time that a reply did not simply go out its composer is long gone, so each sentence names the reply's
author, and most quote their words.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from string import Formatter
from typing import Any

from sqlalchemy.orm import Session

from bot.slack.blocks.elements import Block, button, format_duration, section_block
from bot.slack.blocks.replies.delivery import lookups_text, waiting_reason
from bot.slack.blocks.text import date_token, mrkdwn_error, mrkdwn_handle, quote_block
from bot.slack.blocks.tickets.reply_button import build_reply_button
from bot.slack.blocks.values import ReplyValue
from models import Account, Author, Mention, Notice, Reply, Ticket
from models.core.mrkdwn import escape_entities
from models.slack.notice import quote_block_id
from models.sources.no_account import NO_ACCOUNT_ID
from models.tickets import answer_as

TIME_FORMAT = "{date_short_pretty} at {time_secs}"
QUOTE_MAX_CHARS = 2_800  # characters of a reply; more would have Slack split the message


@dataclass(frozen=True, slots=True)
class ThreadNotice:
    """A sentence, with the fields of `_FIELDS` in braces; whether the reply's words follow, as they are."""

    sentence: str
    quotes_reply: bool = False


# --- a reply on its way -------------------------------------------------------------------------------------

REFUSED = ThreadNotice(
    ":x: {actor}, {network} refused your reply, and it was *not* published: “{detail}” Your text is kept: "
    "press *Reply* on the card to change them.",
    quotes_reply=True,
)
REFUSED_WITH_NOTHING_LEFT = ThreadNotice(
    ":x: {actor}, {network} refused your reply, and it was *not* published: “{detail}” The ticket is "
    "closed. Your text is kept in case you *Reopen* it:",
    quotes_reply=True,
)
NOT_ALLOWED = ThreadNotice(
    ":no_entry: {actor}, {network} does not let us reply to this post, so your reply was *not* published: "
    "“{detail}” Your text is kept:",
    quotes_reply=True,
)
HANDED_OFF = ThreadNotice(
    ":arrow_upper_right: {actor}, {network} does not let Heard answer this post, so it was *not* published. "
    "You can: sign in to {network}{as_account}, press *Open on {network}* on the card, post it there, "
    "then press *I posted it*. Your words:",
    quotes_reply=True,
)
HANDED_OFF_PICTURES = ThreadNotice(
    ":frame_with_picture: {actor}, Heard can't post your pictures there either. Add them yourself: {detail}."
)
STILL_HANDED_OFF = ThreadNotice(
    ":arrow_upper_right: {actor}, your reply still needs to be posted by hand: I can't see it on {network}. "
    "Sign in there{as_account}, press *Open on {network}* on the card, or *I did not post it*."
)
POSTPONED = ThreadNotice(
    ":hourglass: {actor}, your reply is waiting: {reason}. Next try: {until}; *Undo* on the card still "
    "works. Details: “{told}”",
    quotes_reply=True,
)
UNSURE = ThreadNotice(
    ":grey_question: {actor}, {network} didn't confirm your reply ({detail}). I'm checking whether it's "
    "there. *Please do not post it by hand*: it may already be public.",
    quotes_reply=True,
)
QUESTION = ThreadNotice(
    ":question: *Did it post?* {network} didn't confirm {actor}'s reply to *{recipient}* sent {sent}. "
    "{lookups}. Please check on {network}, then choose *It was posted*, *Send again* or *Discard* on the "
    "card.",
    quotes_reply=True,
)
NOT_SENT_AGAIN = ThreadNotice(
    ":question: {actor}, {network} refused your reply this time, so it was *not* sent again: “{detail}” The "
    "first try may still be public. Please check on {network}, then choose *It was posted* or *Discard* on "
    "the card.",
    quotes_reply=True,
)
QUESTION_AGAIN = ThreadNotice(
    ":question: {actor}, is your reply on {network} or not? Please decide: *It was posted*, *Send "
    "again* or *Discard*, on the card."
)
STOPPED = ThreadNotice(
    ":octagonal_sign: {actor}, {by} closed this ticket ({outcome}), so {stopped} Your text is kept:",
    quotes_reply=True,
)
ANSWERED_OUTSIDE = ThreadNotice(
    ":octagonal_sign: {actor}, someone replied on {network} by hand (<{url}|see it>), so your reply "
    "was stopped before it went out. Your text is kept:",
    quotes_reply=True,
)
PAUSED = ThreadNotice(
    ":double_vertical_bar: {actor}, {by} paused all public replies, so yours was stopped before it went out. "
    "Your text is kept:",
    quotes_reply=True,
)
NOT_CONNECTED = ThreadNotice(
    ":electric_plug: {actor}, your reply was *not* sent. {explanation} Your text is kept as a draft and "
    "won't go out unless you send it:",
    quotes_reply=True,
)
NOT_A_SENDER = ThreadNotice(
    ":no_entry: {actor}, your reply was stopped before it went out. {explanation} Your text is kept:",
    quotes_reply=True,
)
VISIBILITY_CHANGED = ThreadNotice(
    ":busts_in_silhouette: {actor}, your reply was stopped before it went out: who can see the post on "
    "{network} has changed since you pressed send. Your text is kept; press *Reply* on the card to see who "
    "would see it now:",
    quotes_reply=True,
)
WARNING_CHANGED = ThreadNotice(
    ":busts_in_silhouette: {actor}, your reply was stopped before it went out: the content warning on the "
    "post has changed since you pressed send, and a reply carries the same. Your text is kept; press *Reply* "
    "on the card to see it:",
    quotes_reply=True,
)
HANDLE_CHANGED = ThreadNotice(
    ":busts_in_silhouette: {actor}, your reply was stopped before it went out: the handle that Heard puts in "
    "front of it on {network} has changed since you pressed send. Your text is kept; press *Reply* on the "
    "card to see it now:",
    quotes_reply=True,
)
NO_LONGER_SHOWN = ThreadNotice(
    ":see_no_evil: {actor}, {network} no longer shows the post that you replied to, so {stopped} Your "
    "text is kept:",
    quotes_reply=True,
)
PUBLISHED_TWICE = ThreadNotice(
    ":warning: {actor}, your reply *is on {network} twice*: <{post_url}|here> and <{url}|here>. The first "
    "one was not visible when it was sent again. Please delete one of them there.",
    quotes_reply=True,
)
SEEN_AFTER_ALL = ThreadNotice(
    ":eyes: {actor}, the reply that you discarded *is* on {network} after all: <{post_url}|see it>.",
    quotes_reply=True,
)
DRAFTED = ThreadNotice(":memo: {actor} drafted a reply. Anyone who can send may use it:", quotes_reply=True)

# --- a public reply that is to be deleted -------------------------------------------------------------------

DELETED = ThreadNotice(
    ":wastebasket: {deleter} deleted {actor}'s reply on {network}. The ticket is waiting again. The text "
    "is kept:",
    quotes_reply=True,
)
NOT_DELETED_YET = ThreadNotice(
    ":hourglass: {deleter}, {actor}'s reply is *still public*: {reason}. I'll keep trying to delete it. "
    "{explanation_or_told}"
)
NOT_DELETED = ThreadNotice(":x: {network} did not delete {actor}'s reply: “{detail}” It is still public.")

# --- whose it is --------------------------------------------------------------------------------------------

CLAIM_EXPIRED = ThreadNotice(
    ":alarm_clock: No activity for {quiet} since {before} claimed this ticket, so it is *unassigned "
    "again*. Press *Claim* to take it back."
)
ASSIGNED = ThreadNotice(":point_right: {to}, {by} assigned this ticket to you.")
COMPOSING_TAKEN_OVER = ThreadNotice(
    ":pencil2: {before}, {by} is writing the reply now. Your text isn't lost: only the first reply sent "
    "will go out, and the other is kept as a draft."
)

# --- what its author does -----------------------------------------------------------------------------------

NO_ANSWER = ThreadNotice(
    ":bell: {owner}{author} hasn't replied for {quiet}, so this ticket is waiting again: *Reply*, or "
    "close it with *No reply needed*."
)
NEW_MENTION = ThreadNotice(":speech_balloon: {owner}{author} posted again:")
CLOSED_AS_NOT_SHOWN = ThreadNotice(
    ":see_no_evil: {owner}{network} no longer shows this post, so I closed the ticket. If {network} shows "
    "it again, the ticket reopens."
)
SHOWN_AGAIN = ThreadNotice(":eyes: {owner}{network} shows this post again.")
SHOWN_AGAIN_AND_WAITS = ThreadNotice(
    ":eyes: {owner}{network} shows this post again, so the ticket is *waiting again*."
)


def post(
    session: Session,
    notice: ThreadNotice,
    about: Ticket | Reply,
    *,
    at: datetime,
    quote: Block | None = None,
    quotes: Sequence[int] = (),
    buttons: Sequence[Block] = (),
    **fields: Any,  # noqa: ANN401 - as the sentence needs them, see `_FIELDS`
) -> None:
    """Have the thread of `about` told `notice`.

    `fields` are what the sentence needs besides; they may be unsafe text, which is escaped here, except
    `explanation`, which is mrkdwn. `quote` is a block below the sentence, `quotes` the mentions whose words
    are in it. Raises `KeyError` if a field is missing.
    """
    given = {**fields, "session": session, "about": about}
    names = [name for _, name, _, _ in Formatter().parse(notice.sentence) if name]
    sentence = notice.sentence.format(**{name: _FIELDS[name](given) for name in names})
    if notice.quotes_reply:
        assert isinstance(about, Reply)
        quote = quote_block(about.text, QUOTE_MAX_CHARS)
    blocks = [section_block(sentence), *([quote] if quote is not None else [])]
    if buttons:
        blocks.append({"type": "actions", "elements": list(buttons)})
    ticket_id = about.ticket_id if isinstance(about, Reply) else about.id
    Notice.enqueue(session, sentence, blocks=blocks, at=at, ticket_id=ticket_id, quotes=quotes)


def post_draft(session: Session, draft: Reply, *, at: datetime) -> None:
    """Somebody who may not send wrote an answer: those who may can take it up."""
    use = button("Use this draft", "use_draft", ReplyValue(draft.ticket_id, draft.id))
    post(session, DRAFTED, draft, at=at, buttons=[use])


def post_new_mention(session: Session, ticket: Ticket, words: str, post_id: str, *, at: datetime) -> None:
    """The author wrote again: in the same thread, with a Reply button of its own, to whoever has it."""
    quote = quote_block(words, QUOTE_MAX_CHARS) | {"block_id": quote_block_id(post_id)}
    mention = Mention.find(session, ticket.id, post_id)
    quotes, author_id = ([mention.id], mention.author_id) if mention is not None else ([], ticket.author_id)
    buttons = [_reply_button(session, ticket)]
    post(
        session,
        NEW_MENTION,
        ticket,
        at=at,
        quote=quote,
        quotes=quotes,
        buttons=buttons,
        author_id=author_id,
    )


def post_shown_again(session: Session, ticket: Ticket, title: str, *, waits: bool, at: datetime) -> None:
    """`title`, the network, shows a post again; `waits`: its ticket had been closed, and waits again."""
    notice = SHOWN_AGAIN_AND_WAITS if waits else SHOWN_AGAIN
    buttons = [_reply_button(session, ticket)] if waits else []
    post(session, notice, ticket, at=at, network=title, buttons=buttons)


def _reply_button(session: Session, ticket: Ticket) -> Block:
    account, target = answer_as.load_accounts(session, ticket)[0], ticket.find_target(session)
    author = session.get_one(Author, target.author_id)
    return build_reply_button(ticket, author, account.name, account.account_id, target.network)


# --- the fields of a sentence -------------------------------------------------------------------------------


def _mention(name: str) -> Callable[[Mapping[str, Any]], str]:
    """A teammate, whose Slack id is given under `name`."""
    return lambda given: f"<@{given[name]}>"


def _moment(at: datetime) -> str:
    return date_token(at, TIME_FORMAT, fallback=f"{at:%Y-%m-%d} at {at:%H:%M:%S} UTC")


def _as_account_text(given: Mapping[str, Any]) -> str:
    """As which account of ours the reply is to be said; empty on a network where we have none."""
    session: Session = given["session"]
    about = given["about"]
    if about.account_id == NO_ACCOUNT_ID:
        return ""
    ticket = session.get_one(Ticket, about.ticket_id)
    ours = Account.find(session, about.network_on(ticket), about.account_id)
    return f" as *{mrkdwn_handle(ours.handle) if ours is not None else 'our account'}*"


def _author_text(given: Mapping[str, Any]) -> str:
    author_id = given.get("author_id", given["about"].author_id)  # on another network they are another one
    author: Author = given["session"].get_one(Author, author_id)
    return mrkdwn_handle(author.handle, author.network) if author.handle else author.display_name


def _stopped_text(given: Mapping[str, Any]) -> str:
    """What it means for a reply that it was stopped; what was handed off may be public by their own hand."""
    if given["about"].was_handed_off:
        return (
            "you no longer need to post your reply by hand. If you already did, it stays; I'll say so "
            "when I see it."
        )
    return "your reply was stopped before it went out."


# Each makes a field mrkdwn, from the fields that `post` was given and from what it is about.
_FIELDS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "actor": lambda given: f"<@{given['about'].actor}>",
    "as_account": _as_account_text,
    "author": _author_text,
    "before": _mention("before"),
    "by": _mention("by"),
    "deleter": lambda given: f"<@{given['about'].unsay_by}>" if given["about"].unsay_by else "Someone",
    "detail": lambda given: mrkdwn_error(given["detail"]),
    "explanation": lambda given: given["explanation"],
    "explanation_or_told": lambda given: (
        given["explanation"] or f"Details: “{mrkdwn_error(given['later'].detail)}”"
    ),
    "lookups": lambda given: lookups_text(given["about"].looks),
    "network": lambda given: given["network"],  # its title
    "outcome": lambda given: given["outcome"],
    "owner": lambda given: f"<@{given['about'].owner}>, " if given["about"].owner is not None else "",
    "post_url": lambda given: escape_entities(given["about"].post_url or ""),
    "quiet": lambda given: format_duration(given["quiet"]),
    "reason": lambda given: waiting_reason(given["later"].cause, given["network"], given["later"].detail),
    "recipient": lambda given: mrkdwn_handle(given["recipient"]),
    "sent": lambda given: _moment(given["about"].sent_at or given["about"].created_at),
    "stopped": _stopped_text,
    "to": _mention("to"),
    "told": lambda given: mrkdwn_error(given["later"].detail),
    "until": lambda given: _moment(given["until"]),
    "url": lambda given: escape_entities(given["url"]),
}
