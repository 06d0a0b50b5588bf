"""The card: one ticket as a Slack message. Pure; `bot.slack.card_loader` gathers what is shown.

What a customer typed stands only in rich_text elements, which Slack shows as they are; never in mrkdwn, where
it could ring a channel or dress up a link. https://docs.slack.dev/messaging/formatting-message-text/
"""

from datetime import timedelta
from typing import Any

from bot.slack.blocks import attachments, notification_text
from bot.slack.blocks.elements import (
    Block,
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
from bot.slack.blocks.tickets import missing_post, twins
from bot.slack.blocks.tickets.account_names import audience_parts, author_text
from bot.slack.blocks.tickets.card_buttons import build_actions
from bot.slack.blocks.tickets.card_view import EARLIER_POST_MAX_CHARS, HANDLES_SHOWN_MAX, CardView
from bot.slack.blocks.tickets.priority_line import build_priority_line
from models import Mention, Ticket
from models.core.mrkdwn import escape_entities
from models.slack.notice import quote_block_id
from models.sources import answerability
from models.sources.attachment import describe_attachments
from models.tickets.delivery_state import PUBLIC_STATES, UNSETTLED_STATES
from models.tickets.incoming_post import is_private
from models.tickets.state import ANSWERED_OUTSIDE, HANDED_OFF, OPEN_STATES, TicketState

THREAD_TITLE_MAX_CHARS = 120
DATES_DIFFER_AFTER = timedelta(minutes=10)
SANE_AGE = timedelta(days=20_000)  # of a date: Slack need not know what to make of the year 1795
_AUDIENCE_TEXTS = {
    "direct": ":lock: direct message: only those it names see it",
    "followers": ":lock: only the author's followers and those it names see it",
}

# --- the whole ----------------------------------------------------------------------------------------------


def build_card(view: CardView) -> list[Block]:
    """The message in blocks."""
    blocks = [_header(view), context_block(_context_line(view)), *_posts(view)]
    for reply in view.replies:
        account = view.reply_accounts.get(reply.id, view.account)
        blocks += delivery.build_blocks(
            reply, title=view.title_of(reply), account=account, names_account=view.has_several_accounts
        )
    return [
        *blocks,
        *twins.build_lines(view),
        *twins.build_other_card_line(view),
        *([build_issue_line(view.issues)] if view.issues else []),
        *_not_connected_line(view),
        *(build_priority_line(view.priority) if view.ticket.state in OPEN_STATES else []),
        context_block(_status_line(view)),
        *build_actions(view),
    ]


def build_plain_card(view: CardView) -> list[Block]:
    """The card with next to nothing on it, for when Slack refuses the full one: a mention must be seen."""
    words = view.newest.display_text if view.newest is not None else ""
    shown = f"{view.author.display_name} on {view.title}: {words}"
    return [
        {"type": "section", "text": plain_text(truncate(shown, 2_900) or "…")},
        *build_actions(view),
    ]


def summary_text(view: CardView) -> str:
    """The message in one line, for notifications and screen readers."""
    said = notification_text.excerpt(view.newest.display_text if view.newest is not None else "")
    return f"{author_text(view.author)} on {view.title}: {said} ({_headline(view)})"


def _headline(view: CardView) -> str:
    ticket = view.ticket
    if ticket.state == TicketState.WAITING:
        return "waiting"
    return f"{ticket.state} ({mrkdwn_literal(ticket.reason)})" if ticket.reason else ticket.state


# --- who and what -------------------------------------------------------------------------------------------


def _header(view: CardView) -> Block:
    """Who speaks."""
    author = view.author
    profile = view.network.profile_link(author.handle) if view.network and author.handle else ""
    handle = link_element(profile, author.display_name)
    if author.handle and not author.name:  # a network where people have no other name
        parts: list[Any] = [handle]
    else:
        parts = [text_element(isolate_name(author.name or "Somebody"), "bold")]
        parts += [text_element("  "), handle] if author.handle else []
    if author.verified:
        parts.append(text_element("  ✓ verified"))
    return line_block(*parts)


def _context_line(view: CardView) -> str:
    """Where, to whom, how many listen, and whether we have met."""
    to, left = audience_parts((view.account,) if view.connected is None else view.connected, view.left)
    where = twins.join_titles(view.title, *(one.title for one in view.twins))
    parts = [f"{f'Posted on {where}' if view.twins else where}{to}", *left, *_audience(view)]
    if view.author.followers is not None:
        parts.append(count_noun(view.author.followers, "follower"))
    if view.earlier_tickets:
        parts.append(count_noun(view.earlier_tickets, "earlier conversation"))
    return "  ·  ".join(parts)


def _audience(view: CardView) -> list[str]:
    """Who else sees the post, unless everybody does."""
    seen = view.newest.visibility if view.newest is not None else "public"
    return [_AUDIENCE_TEXTS.get(seen, ":lock: not public")] if is_private(seen) else []


def _posts(view: CardView) -> list[Block]:
    blocks: list[Block] = []
    if view.hidden_count:
        blocks.append(
            context_block(f"{view.hidden_count} earlier post{'s' if view.hidden_count > 1 else ''} not shown")
        )
    for mention in view.mentions:
        blocks += _post(
            view, mention, view.newest_max_chars if mention is view.newest else EARLIER_POST_MAX_CHARS
        )
    return blocks


def _post(view: CardView, mention: Mention, limit: int) -> list[Block]:
    """One post of theirs: the words as they are, and a line about them in ours."""
    if mention.deleted_at is not None:
        return [context_block(missing_post.removed_text(mention, view.title_on(mention.network)))]
    reasons = _match_reasons(mention, view)
    about = [date_token(mention.posted_at), *_other_date(mention), *reasons, *_thread(mention, view)]
    if mention.media:
        about.append(describe_attachments(mention.attached))
    if mention.quoted is not None and mention.matched != "quotes us":
        about.append("quotes a post")
    if mention.edited_at is not None:
        about.append(f"edited {date_token(mention.edited_at)}")
    if len(mention.text) > limit:
        about.append(f"{len(mention.text):,} characters, shortened here")
    about.append(f"<{escape_entities(mention.url)}|See it on {view.title_on(mention.network)}>")
    words = quote_block(mention.text, limit) | {"block_id": quote_block_id(mention.post_id)}
    warned = truncate(mention.content_warning or "", EARLIER_POST_MAX_CHARS)
    warning = [context_block(f"Content warning: {mrkdwn_literal(warned)}")] if warned else []
    missing = (
        [context_block(missing_post.missing_text(mention, view.title_on(mention.network)))]
        if mention.missing_since is not None
        else []
    )
    beside = (
        attachments.build_blocks(mention.attached, pictures=view.shows_pictures)
        if mention is view.newest
        else []
    )
    return [*warning, words, *beside, context_block("  ·  ".join(about)), *missing]


def _other_date(mention: Mention) -> list[str]:
    """The time that its writer gave it, where that differs from the one that counts."""
    at = mention.dated_at
    if at is None or abs(at - mention.posted_at) <= DATES_DIFFER_AFTER:
        return []
    is_sane = mention.posted_at - SANE_AGE < at < mention.posted_at + SANE_AGE
    return [f"dated {date_token(at) if is_sane else f'{at:%Y-%m-%d}'}"]


def _thread(mention: Mention, view: CardView) -> list[str]:
    """What the post is a part of, if its network says so."""
    is_here = view.network is not None and mention.network == view.ticket.network
    title = view.network.thread_title(mention.reply_context) if view.network and is_here else None
    return [f"in “{mrkdwn_literal(truncate(title, THREAD_TITLE_MAX_CHARS))}”"] if title else []


def _match_reasons(mention: Mention, view: CardView) -> list[str]:
    """Why it is here, and whom the network put in front of the words, if it is not ours alone."""
    further = [one for one in view.further_reasons.get(mention.id, ()) if one != mention.matched]
    why = mrkdwn_literal("; ".join([mention.matched, *dict.fromkeys(further)]))
    if mention.answers is not None:
        whom = mrkdwn_handle(mention.answers, mention.network) if mention.answers else "somebody else"
        why = f"answers {whom}, {why}"
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
    if ticket.state in OPEN_STATES and view.impossible is not None:
        no_reply = f"it takes no reply on {view.target_title}"
        parts.append(f":no_entry: {no_reply}: {mrkdwn_literal(view.impossible.rstrip('.'))}")
    elif (
        ticket.state == TicketState.WAITING and not view.replies and (why := _manual_reason(view)) is not None
    ):
        by_hand = f"can only be replied to by hand on {view.target_title}"
        parts.append(f":arrow_upper_right: {by_hand}: {mrkdwn_literal(why)}")
    return "  ·  ".join([*parts, f"#{ticket.id}"])


def _not_connected_line(view: CardView) -> list[Block]:
    """A line that says that nothing can be sent as the ticket's account, where there is something to send."""
    is_open = view.ticket.state in OPEN_STATES or any(one.state in UNSETTLED_STATES for one in view.replies)
    if not (view.is_disconnected and is_open):
        return []
    us, title = mrkdwn_handle(view.disconnected or view.account), view.disconnected_from or view.title
    return [context_block(f":electric_plug: *Cannot be sent*: Heard is not connected to {title} as {us}.")]


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
    target = view.target or view.newest
    why = answerability.by_hand_reason(target.answerable) if target is not None else None
    return why.partition(". ")[0].rstrip(".") if why is not None else None
