"""The post that a reply goes under, as the ledger has it and as a network wants it."""

from typing import cast, get_args

from bot.networks.values import ReplyTarget, Visibility
from models import Author, Mention, Reply
from models.tickets.delivery_state import DeliveryState

WIDEST_FIRST: tuple[str, ...] = get_args(Visibility)


def build_reply_target(mention: Mention, author: Author, reply: Reply | None = None) -> ReplyTarget:
    """Return `mention` as the target of a reply to its `author`.

    A `reply` that was submitted goes to those whom its author was shown, with the content warning that they
    saw; whether the post still is like that is asked before it is sent (`bot/publish/send_checks.py`). If it
    has left, it went to the version of the post that was there then.
    """
    shown: Reply | Mention = reply if reply is not None else mention
    sent_to = reply.sent_to if reply is not None and reply.state != DeliveryState.QUEUED else None
    return ReplyTarget(
        post_id=sent_to or mention.latest_id,
        author_id=author.network_id,
        author_handle=author.handle or "",
        posted_at=mention.posted_at,
        first_id=mention.post_id,
        context=mention.reply_context,
        visibility=cast("Visibility", shown.visibility),
        content_warning=shown.content_warning,
        lang=mention.lang,
    )


def is_wider(visibility: str, than: str) -> bool:
    """Whether more people see what has `visibility`; also if one of the two is not known."""
    if visibility not in WIDEST_FIRST or than not in WIDEST_FIRST:
        return True
    return WIDEST_FIRST.index(visibility) < WIDEST_FIRST.index(than)
