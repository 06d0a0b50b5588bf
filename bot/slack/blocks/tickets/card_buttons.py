"""The buttons of a card, by the state of its ticket and of its replies. Pure."""

from dataclasses import replace
from typing import Any

from bot.networks.base import Publisher
from bot.slack.blocks.elements import Block, button, plain_text
from bot.slack.blocks.replies import delivery
from bot.slack.blocks.tickets.card_view import CardView
from bot.slack.blocks.tickets.reply_button import reply_value
from bot.slack.blocks.values import MenuValue, TicketValue
from models import Reply, Ticket
from models.tickets.delivery_state import PUBLIC_STATES, UNSETTLED_STATES
from models.tickets.state import OPEN_STATES

MenuOption = tuple[str, MenuValue]  # what stands behind the dots, and what it carries


def build_actions(view: CardView) -> list[Block]:
    """The buttons, by state: what is on its way first, then what the ticket as a whole allows."""
    rows = [_reply_buttons(view, reply) for reply in view.replies]
    rows = [row for row in rows if row]
    rows.append(_ticket_buttons(view))
    return [{"type": "actions", "elements": row} for row in rows if row]


def _reply_buttons(view: CardView, reply: Reply) -> list[dict[str, Any]]:
    """What can be done about `reply`, which answers the version of a post that is shown, if it is."""
    network, title = view.network_of(reply), view.title_of(reply)
    post = next((one for one in view.mentions if one.post_id == reply.to_post_id), None)
    if post is None:
        return delivery.build_buttons(reply, network, title, reply.to_post_id)
    about = {"post_url": post.url, "post_context": post.reply_context}
    return delivery.build_buttons(reply, network, title, post.latest_id, **about)


def _ticket_buttons(view: CardView) -> list[dict[str, Any]]:
    ticket, value = view.ticket, _button_value(view)
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
    if not public or public[-1].post_id is None:
        return []
    network = view.network_of(public[-1])
    if network is not None and not isinstance(network, Publisher):
        return []
    return [("Delete public reply", MenuValue("unsay", view.ticket.id, public[-1].id))]


def _open_buttons(view: CardView, value: TicketValue, *, busy: bool) -> list[dict[str, Any]]:
    row = []
    if not busy and view.network is not None and view.impossible is None:
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
    title = view.title_on(view.newest.network)
    more = view.newest.in_reply_to or view.newest.quoted or len(view.newest.text) > view.newest_max_chars
    context_button = [button("Show context", "show_context", TicketValue(view.ticket.id))] if more else []
    return [*context_button, button(f"Open on {title}", "open_on_network", url=view.newest.url)]


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


def _button_value(view: CardView) -> TicketValue:
    """What a button has to carry: the ticket, the turn and target that the person sees, and the two names.

    With them a composer can open while the ledger is slow; the submit is held against the ledger anyway.
    """
    target = view.target
    return reply_value(
        view.ticket,
        view.target_author,
        view.account,
        target.version if target is not None else None,
        account_id=view.account_id,
        visibility=target.visibility if target is not None else None,
        network=target.network if target is not None else None,
    )
