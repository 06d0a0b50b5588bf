"""Whom a reply reaches, and what goes out with its words, in plain words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.slack.blocks.elements import Block, context_block, plain_text
from bot.slack.blocks.text import mrkdwn_handle, truncate
from models.core.fingerprint import short_mark

PUBLIC_VISIBILITIES = {"public", "unlisted"}
UNKNOWN_VISIBILITY = "unknown"  # nobody has asked the ledger yet
WARNING_MAX_CHARS = 500


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a reply reaches: `visibility` is its own, see `Post`, and `content_warning` the post's.

    `title` is the network's, `account` our handle (empty where Heard has no account), `handle` the author's,
    None if it is not known. `prefix` is what Heard puts in front of the words. `is_narrowed`: fewer people
    see it than the post, as the account posts so by default. `network` is its name in the ledger.
    """

    title: str
    account: str
    handle: str | None
    visibility: str = "public"
    content_warning: str | None = None
    prefix: str = ""
    is_narrowed: bool = False
    network: str | None = None

    @property
    def prefix_mark(self) -> str:
        """A short name for exactly this prefix; empty if there is none."""
        return short_mark(self.prefix) if self.prefix else ""

    @property
    def is_public(self) -> bool:
        """Whether everybody can see the reply."""
        return self.visibility in PUBLIC_VISIBILITIES

    @property
    def recipient(self) -> str:
        """The author of the post, mrkdwn."""
        return f"*{mrkdwn_handle(self.handle, self.network)}*" if self.handle else "its author"

    @property
    def send_label(self) -> str:
        """What the button says that sends it."""
        return "Send publicly" if self.is_public else "Send"

    def composer_text(self, *, is_only_draft: bool = False) -> str:
        """Where a reply goes and who will see it, mrkdwn."""
        return self._fill(_COMPOSER_TEXTS, would=" once someone sends it" if is_only_draft else "")

    def preview_text(self) -> str:
        """The line above a preview, mrkdwn."""
        return self._fill(_PREVIEW_TEXTS)

    def by_hand_text(self) -> str:
        """What somebody who posts it by hand has to see to, mrkdwn; empty if nothing."""
        limits = self._fill(_BY_HAND_TEXTS) if not (self.is_public or self.is_narrowed) else ""
        return f"{limits} {_WARNING_BY_HAND_TEXT if self.content_warning else ''}".strip()

    def _fill(self, texts: Mapping[str, str], would: str = "") -> str:
        sender = f"*{mrkdwn_handle(self.account)}*"
        return texts.get(self.visibility, _UNKNOWN_TEXT).format(
            title=self.title,
            sender=sender,
            recipient=self.recipient,
            way=f"from {sender} to {self.recipient}" if self.account else f"to {self.recipient}",
            would=would,
            like_theirs="" if self.is_narrowed else ", like their post",
        )


_UNKNOWN_TEXT = ":warning: Heard can't tell who would see a reply to this post on {title}."
_WARNING_BY_HAND_TEXT = "Their post has a content warning: put it on your reply, too."
_COMPOSER_TEXTS = {
    "public": ":loudspeaker: *Public* on {title}{would}: {way}. Everyone on {title} will see it.",
    "unlisted": (
        ":loudspeaker: *Public* on {title}{would}: {way}. Everyone can see it, but {title} keeps it out of "
        "public lists and searches{like_theirs}."
    ),
    "followers": (
        ":lock: *Not public* on {title}{would}: {way}. Only {sender}'s followers and {recipient} will see it."
    ),
    "direct": ":lock: *Not public* on {title}{would}: {way}. Only {recipient} will see it.",
}
_PREVIEW_TEXTS = {
    "public": "This would be *public* on {title}, {way}:",
    "unlisted": "This would be *public* on {title}, but kept out of public lists and searches, {way}:",
    "followers": ":lock: *Not public*: only {sender}'s followers and {recipient} would see this on {title}:",
    "direct": ":lock: *Not public*: only {recipient} would see this on {title}, from {sender}:",
}
_BY_HAND_TEXTS = {
    "followers": "Their post is for followers: choose the same, or a direct reply to {recipient}.",
    "direct": "Their post is not public: show your reply to {recipient} only.",
}


def build_added_block(audience: Audience) -> Block | None:
    """What Heard sends besides the words, as plain text, because other people wrote it; None if nothing."""
    texts = []
    if audience.is_narrowed:
        texts.append(
            f"Fewer people will see it than their post: that is how @{audience.account} posts on "
            f"{audience.title} by default."
        )
    if audience.prefix.strip():
        texts.append(f"Starts with {audience.prefix.strip()}, added by Heard.")
    if audience.content_warning:
        shown = truncate(audience.content_warning, WARNING_MAX_CHARS)
        texts.append(f"Their post has a content warning, and your reply carries the same: “{shown}”")
    elements: list[dict[str, Any]] = [plain_text(one) for one in texts]
    return context_block("") | {"elements": elements} if elements else None


def warning_mark(warning: str | None) -> str | None:
    """A short name for exactly this content warning, which a button or a modal can carry."""
    return None if warning is None else short_mark(warning)
