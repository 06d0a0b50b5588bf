"""The card: one ticket as a Slack message. Pure; `bot.slack.card_loader` gathers what is shown.

What a customer typed stands only in rich_text elements, which Slack shows as they are; never in mrkdwn, where
it could ring a channel or dress up a link. https://docs.slack.dev/messaging/formatting-message-text/
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.networks.base import Network, Publisher
from bot.slack.blocks import attachments, notification_text
from bot.slack.blocks.elements import (
    Block,
    button,
    context_block,
    count_noun,
    format_duration,
    plain_text,
)
from bot.slack.blocks.issues.card_line import build_issue_line
from bot.slack.blocks.replies import delivery
from bot.slack.blocks.text import (
    date_token,
    isolate_name,
    line_block,
    link_element,
    mrkdwn_handle,
    mrkdwn_literal,
    quote_block,
    text_element,
    truncate,
)
from bot.slack.blocks.tickets import missing_post
from bot.slack.blocks.tickets.account_names import audience_parts
from bot.slack.blocks.tickets.reply_button import reply_value
from bot.slack.blocks.values import MenuValue, TicketValue
from models import Author, Issue, Mention, Reply, Ticket
from models.core.mrkdwn import escape_entities, escape_mrkdwn
from models.slack.notice import quote_block_id
from models.sources.attachment import describe_attachments
from models.tickets.delivery_state import PUBLIC_STATES, UNSETTLED_STATES
from models.tickets.state import ANSWERED_OUTSIDE, HANDED_OFF, OPEN_STATES, TicketState

QUOTES_MAX_CHARS = (
    2_600  # characters of all that is quoted: Slack splits a message of about 4,000, answer and all
)
NEWEST_POST_MAX_CHARS = 2_400  # of them for the newest post, if the others leave as much
NEWEST_POST_MIN_CHARS = 100  # of the newest post, whatever else is there
EARLIER_POST_MAX_CHARS = 300  # characters of each earlier one
POSTS_SHOWN_MAX = 3
HANDLES_SHOWN_MAX = 3  # of those whom a network put in front of a post: X allows fifty

MenuOption = tuple[str, MenuValue]  # what stands behind the dots, and what it carries


@dataclass(frozen=True, slots=True)
class CardView:
    """All that one card shows."""

    ticket: Ticket
    author: Author
    mentions: tuple[Mention, ...]  # oldest first
    hidden_count: int  # mentions of this ticket that do not fit on the card
    replies: tuple[Reply, ...]  # what is on its way, and the last one that is public; oldest first
    earlier_tickets: int
    network: Network | None
    title: str
    account: str  # the handle of the one that answers unless another is chosen
    account_id: str | None = None
    connected: tuple[str, ...] | None = None  # the handles of those that heard what is shown; None: `account`
    left: tuple[str, ...] = ()  # and of those that are not connected any more
    reply_accounts: Mapping[int, str] = field(default_factory=dict)  # as which one each reply goes, by its id
    issues: tuple[Issue, ...] = ()  # what it is about
    is_disconnected: bool = False  # its account, or that of a reply, is not connected
    disconnected: str | None = None  # the handle of that account, if it is not `account`
    shows_pictures: bool = True  # False once Slack has refused them

    @property
    def has_several_accounts(self) -> bool:
        """Whether it may matter as which account we answer."""
        return len({self.account, *(self.connected or ()), *self.left, *self.reply_accounts.values()}) > 1

    @property
    def newest(self) -> Mention | None:
        """The newest post of the customer."""
        return self.mentions[-1] if self.mentions else None

    @property
    def pictures_of(self) -> str | None:
        """The version of the post whose pictures Slack has to fetch for this card, if there are any."""
        newest = self.newest
        if newest is None or not self.shows_pictures or not attachments.has_pictures(newest.attached):
            return None
        return newest.latest_id


# --- the whole ----------------------------------------------------------------------------------------------


def build_card(view: CardView) -> list[Block]:
    """The message in blocks."""
    blocks = [_header(view), context_block(_context_line(view)), *_posts(view)]
    for reply in view.replies:
        account = view.reply_accounts.get(reply.id, view.account)
        blocks += delivery.build_blocks(
            reply, title=view.title, account=account, names_account=view.has_several_accounts
        )
    return [
        *blocks,
        *([build_issue_line(view.issues)] if view.issues else []),
        *_not_connected_line(view),
        context_block(_status_line(view)),
        *_actions(view),
    ]


def build_plain_card(view: CardView) -> list[Block]:
    """The card with next to nothing on it, for when Slack refuses the full one: a mention must be seen."""
    words = view.newest.display_text if view.newest is not None else ""
    shown = f"{view.author.display_name} on {view.title}: {words}"
    return [
        {"type": "section", "text": plain_text(truncate(shown, 2_900) or "…")},
        *_actions(view),
    ]


def summary_text(view: CardView) -> str:
    """The message in one line, for notifications and screen readers."""
    said = notification_text.excerpt(view.newest.display_text if view.newest is not None else "")
    return f"{author_text(view.author)} on {view.title}: {said} ({_headline(view)})"


def author_text(author: Author) -> str:
    """Somebody by name and handle, as text that does nothing in Slack."""
    handle = mrkdwn_handle(author.handle) if author.handle else author.display_name
    return f"{escape_mrkdwn(isolate_name(author.name))} ({handle})" if author.name else handle


def _headline(view: CardView) -> str:
    ticket = view.ticket
    if ticket.state == TicketState.WAITING:
        return "waiting"
    return f"{ticket.state} ({mrkdwn_literal(ticket.reason)})" if ticket.reason else ticket.state


# --- who and what -------------------------------------------------------------------------------------------


def _header(view: CardView) -> Block:
    """Who speaks."""
    author = view.author
    parts: list[Any] = [text_element(isolate_name(author.name or author.handle or "Somebody"), "bold")]
    if author.handle:
        profile = view.network.profile_link(author.handle) if view.network is not None else ""
        parts += [text_element("  "), link_element(profile, f"@{author.handle}")]
    if author.verified:
        parts.append(text_element("  ✓ verified"))
    return line_block(*parts)


def _context_line(view: CardView) -> str:
    """Where, to whom, how many listen, and whether we have met."""
    to, left = audience_parts((view.account,) if view.connected is None else view.connected, view.left)
    parts = [f"{view.title}{to}", *left]
    if view.author.followers is not None:
        parts.append(count_noun(view.author.followers, "follower"))
    if view.earlier_tickets:
        parts.append(count_noun(view.earlier_tickets, "earlier conversation"))
    return "  ·  ".join(parts)


def _posts(view: CardView) -> list[Block]:
    blocks: list[Block] = []
    if view.hidden_count:
        blocks.append(
            context_block(f"{view.hidden_count} earlier post{'s' if view.hidden_count > 1 else ''} not shown")
        )
    for mention in view.mentions:
        blocks += _post(
            view, mention, _newest_max_chars(view) if mention is view.newest else EARLIER_POST_MAX_CHARS
        )
    return blocks


def _newest_max_chars(view: CardView) -> int:
    """How much of the newest post there is room for beside the earlier ones and our replies."""
    others = sum(min(len(mention.text), EARLIER_POST_MAX_CHARS) for mention in view.mentions[:-1])
    ours = sum(min(len(reply.text), delivery.QUOTE_MAX_CHARS) for reply in view.replies)
    beside = attachments.TEXT_MAX_CHARS if view.newest is not None and view.newest.media else 0
    return max(min(NEWEST_POST_MAX_CHARS, QUOTES_MAX_CHARS - others - ours - beside), NEWEST_POST_MIN_CHARS)


def _post(view: CardView, mention: Mention, limit: int) -> list[Block]:
    """One post of theirs: the words as they are, and a line about them in ours."""
    if mention.deleted_at is not None:
        return [context_block(missing_post.removed_text(mention, view.title))]
    about = [date_token(mention.posted_at), *_match_reasons(mention, view)]
    if mention.media:
        about.append(describe_attachments(mention.attached))
    if mention.quoted is not None and mention.matched != "quotes us":
        about.append("quotes a post")
    if mention.edited_at is not None:
        about.append(f"edited {date_token(mention.edited_at)}")
    if len(mention.text) > limit:
        about.append(f"{len(mention.text):,} characters, shortened here")
    about.append(f"<{escape_entities(mention.url)}|See it on {view.title}>")
    words = quote_block(mention.text, limit) | {"block_id": quote_block_id(mention.post_id)}
    missing = (
        [context_block(missing_post.missing_text(mention, view.title))]
        if mention.missing_since is not None
        else []
    )
    beside = (
        attachments.build_blocks(mention.attached, pictures=view.shows_pictures)
        if mention is view.newest
        else []
    )
    return [words, *beside, context_block("  ·  ".join(about)), *missing]


def _match_reasons(mention: Mention, view: CardView) -> list[str]:
    """Why it is here, and whom the network put in front of the words, if it is not ours alone."""
    why = mention.matched
    if mention.answers is not None:
        why = f"answers {mrkdwn_handle(mention.answers) if mention.answers else 'somebody else'}, {why}"
    addressed = mention.addressed or []
    ours = {handle.lower() for handle in (view.account, *(view.connected or ()), *view.left)}
    if addressed and all(handle.lower() in ours for handle in addressed):
        return [why]
    to = [mrkdwn_handle(handle) for handle in addressed[:HANDLES_SHOWN_MAX]]
    more = len(addressed) - len(to)
    return [why, *([f"to {', '.join(to)}{f' and {more} more' if more else ''}"] if to else [])]


# --- where it stands ----------------------------------------------------------------------------------------


def _status_line(view: CardView) -> str:
    """One compact line: where the ticket stands, whose it is, until when, and whether we can answer here."""
    ticket = view.ticket
    parts = [_state_text(view)]
    if ticket.owner is not None and ticket.state in OPEN_STATES:
        parts.append(f"assigned to <@{ticket.owner}>")
    if ticket.back_at is not None:
        parts.append(f":bell: reminder {date_token(ticket.back_at)} if they don't reply")
    if ticket.composer is not None and ticket.composing_since is not None:
        since = date_token(ticket.composing_since, "{time}")
        parts.append(f":pencil2: <@{ticket.composer}> has been replying since {since}")
    if ticket.state == TicketState.WAITING and ticket.due_at is not None and not _is_served(view):
        parts.append(f"due {date_token(ticket.due_at, '{date_short_pretty} {time}')}")
    if ticket.state == TicketState.WAITING and not view.replies and (why := _manual_reason(view)) is not None:
        parts.append(
            f":arrow_upper_right: can only be replied to by hand on {view.title}: {mrkdwn_literal(why)}"
        )
    return "  ·  ".join([*parts, f"#{ticket.id}"])


def _not_connected_line(view: CardView) -> list[Block]:
    """A line that says that nothing can be sent as the ticket's account, where there is something to send."""
    is_open = view.ticket.state in OPEN_STATES or any(one.state in UNSETTLED_STATES for one in view.replies)
    if not (view.is_disconnected and is_open):
        return []
    us = mrkdwn_handle(view.disconnected or view.account)
    return [
        context_block(f":electric_plug: *Cannot be sent*: Heard is not connected to {view.title} as {us}.")
    ]


def _is_served(view: CardView) -> bool:
    """Whether the turn at hand has its answer, or one is on its way without anybody's help."""
    here = [reply for reply in view.replies if reply.turn == view.ticket.turn]
    return any(reply.is_moving or reply.state in PUBLIC_STATES for reply in here)


def _state_text(view: CardView) -> str:
    ticket = view.ticket
    since = date_token(ticket.waiting_since)
    if ticket.state == TicketState.WAITING:
        return f":large_orange_circle: *Waiting* since {since}"
    if ticket.state == TicketState.SNOOZED:
        until = date_token(ticket.snoozed_until or ticket.waiting_since)
        return f":zzz: *Snoozed* until {until}"
    if ticket.state == TicketState.ANSWERED:
        return _answered_text(ticket)
    by = f" by <@{ticket.closed_by}>" if ticket.closed_by not in {None, "heard"} else ""
    reason = f" ({mrkdwn_literal(ticket.reason)})" if ticket.reason else ""
    return f":white_circle: *{ticket.state.capitalize()}*{reason}{by}"


def _answered_text(ticket: Ticket) -> str:
    closed = ticket.closed_at or ticket.waiting_since
    took = format_duration(closed - ticket.waiting_since)
    if ticket.reason == ANSWERED_OUTSIDE:
        return f":large_green_circle: *Answered* outside Heard after {took}"
    by_hand = " by hand" if ticket.reason == HANDED_OFF else ""
    return f":large_green_circle: *Answered*{by_hand} by <@{ticket.closed_by}> after {took}"


def _manual_reason(view: CardView) -> str | None:
    """Why our app may not answer; the first sentence of it, for a network's own words may go on and on."""
    why = view.newest.answerable if view.newest is not None else None
    return why.partition(". ")[0].rstrip(".") if why is not None else None


# --- what can be done ---------------------------------------------------------------------------------------


def _actions(view: CardView) -> list[Block]:
    """The buttons, by state: what is on its way first, then what the ticket as a whole allows."""
    rows = [
        delivery.build_buttons(reply, view.network, view.title, _latest_id(view, reply))
        for reply in view.replies
    ]
    rows = [row for row in rows if row]
    rows.append(_ticket_buttons(view))
    return [{"type": "actions", "elements": row} for row in rows if row]


def _latest_id(view: CardView, reply: Reply) -> str:
    """The version of the post that `reply` answers."""
    return next((one.latest_id for one in view.mentions if one.post_id == reply.to_post_id), reply.to_post_id)


def _ticket_buttons(view: CardView) -> list[dict[str, Any]]:
    ticket, value = view.ticket, button_value(view)
    busy = any(reply.state in UNSETTLED_STATES and reply.turn == ticket.turn for reply in view.replies)
    if ticket.state in OPEN_STATES:
        return _open_buttons(view, value, busy=busy)
    spoken = any(reply.state in PUBLIC_STATES and reply.turn == ticket.turn for reply in view.replies)
    row = []
    if spoken:
        row.append(button("Follow up", "follow_up", replace(value, turn=ticket.turn + 1)))
    dots = _overflow([*_info_options(ticket), *_delete_options(view)])
    return [*row, button("Reopen", "reopen", value), *_post_buttons(view), dots]


def _delete_options(view: CardView) -> list[MenuOption]:
    """What can be done about a reply that is public."""
    public = [reply for reply in view.replies if reply.state in PUBLIC_STATES and reply.unsay_by is None]
    can_delete = view.network is None or isinstance(view.network, Publisher)
    if not public or public[-1].post_id is None or not can_delete:
        return []
    return [("Delete public reply", MenuValue("unsay", view.ticket.id, public[-1].id))]


def _open_buttons(view: CardView, value: TicketValue, *, busy: bool) -> list[dict[str, Any]]:
    row = []
    if not busy and view.network is not None:
        row.append(button("Reply", "reply", value, style="primary"))
    short = TicketValue(value.ticket)
    if view.ticket.owner is None:
        row.append(button("Claim", "claim", value))
    else:
        row += [button("Take over", "take_over", short), button("Release", "release", short)]
    row.append(button("No reply needed", "no_reply_needed", value))
    if not busy:
        row += _post_buttons(view)
    return [*row, _open_overflow(view)]


def _post_buttons(view: CardView) -> list[dict[str, Any]]:
    """A link to the customer's post."""
    if view.newest is None or view.newest.deleted_at is not None:
        return []
    more = view.newest.in_reply_to or view.newest.quoted or len(view.newest.text) > _newest_max_chars(view)
    context_button = [button("Show context", "show_context", TicketValue(view.ticket.id))] if more else []
    return [*context_button, button(f"Open on {view.title}", "open_on_network", url=view.newest.url)]


def _open_overflow(view: CardView) -> dict[str, Any]:
    ticket = view.ticket.id
    return _overflow(
        [
            ("Assign…", MenuValue("assign", ticket)),
            ("Snooze…", MenuValue("snooze", ticket)),
            ("Not about us", MenuValue("not_about_us", ticket)),
            *_info_options(view.ticket),
        ]
    )


def _info_options(ticket: Ticket) -> list[MenuOption]:
    """What can be learnt from it and of its author, whatever its state."""
    return [
        ("Add to issue…", MenuValue("add_to_issue", ticket.id)),
        ("Author history", MenuValue("history", ticket.id)),
    ]


def _overflow(options: list[MenuOption]) -> dict[str, Any]:
    """The dots, and what is behind them: five at most, as Slack has it."""
    listed = [{"text": plain_text(label), "value": value.pack()} for label, value in options]
    return {"type": "overflow", "action_id": "more", "options": listed}


def button_value(view: CardView) -> TicketValue:
    """What a button has to carry: the ticket, the turn and target that the person sees, and the two names.

    With them a composer can open while the ledger is slow; the submit is held against the ledger anyway.
    """
    latest = next((one.latest_id for one in view.mentions if one.post_id == view.ticket.target_post_id), None)
    return reply_value(view.ticket, view.author, view.account, latest, account_id=view.account_id)
