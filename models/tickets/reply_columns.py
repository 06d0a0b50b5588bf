"""Every column of a reply: data only, no behaviour."""

from datetime import datetime

from sqlalchemy import ForeignKey, false
from sqlalchemy.orm import Mapped, mapped_column

from models.core.base import Key
from models.tickets.delivery_state import DeliveryState


class ReplyColumns:
    """The columns of the table `replies`. All times are UTC; people are Slack user ids.

    `fence` rises with every move. `key` stays the same over tries, for networks that deduplicate by it.
    `actor` is the user whose act sends it; `author` is who wrote the text, if that is someone else.
    """

    id: Mapped[Key]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    network: Mapped[str | None]  # where it goes out; None: on the ticket's network
    account_id: Mapped[str] = mapped_column(default="", server_default="")  # as which account it goes out
    turn: Mapped[int]
    state: Mapped[str] = mapped_column(default=DeliveryState.DRAFT)
    fence: Mapped[int] = mapped_column(default=0)
    key: Mapped[str] = mapped_column(unique=True)
    text: Mapped[str]  # exactly as it goes out, `sign_off` at its end
    sign_off: Mapped[str | None]
    essence: Mapped[str] = mapped_column(default="", server_default="")  # see models/core/fingerprint.py
    digest: Mapped[str]
    visibility: Mapped[str] = mapped_column(default="public", server_default="public")  # as its author saw it
    content_warning: Mapped[str | None]  # likewise; empty once the customer's words are erased
    frozen: Mapped[str | None]  # the whole request, in the network's form; None before the first call
    repeated: Mapped[bool] = mapped_column(default=False, server_default=false())  # sent a second time
    actor: Mapped[str]
    author: Mapped[str | None]
    approver: Mapped[str | None]
    source: Mapped[str]
    to_post_id: Mapped[str]
    said_channel: Mapped[str | None]  # with `said_ts`, the Slack message that its text comes from
    said_ts: Mapped[str | None]
    wait_seconds: Mapped[int | None]  # how long the ticket waits for the customer before it comes back
    unsay_by: Mapped[str | None]  # who asked to delete it on the network
    sent_to: Mapped[str | None]  # the version of the post `to_post_id` that it was sent to
    created_at: Mapped[datetime]
    # When something is due in the current state: the end of the undo window, the next try, the end of the
    # lease, the next lookup, the next reminder, the next try to delete it.
    due_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    worker: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    was_handed_off: Mapped[bool] = mapped_column(default=False)
    looks: Mapped[int] = mapped_column(default=0)
    settled_at: Mapped[datetime | None]
    post_id: Mapped[str | None]
    post_url: Mapped[str | None]
    reason: Mapped[str | None]
    detail: Mapped[str | None]
