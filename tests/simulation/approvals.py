"""What somebody saw when they said "send this": the words, the account, the audience and what is added."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from tests.simulation.networks import Heard

WIDEST_FIRST = ("public", "unlisted", "followers", "direct")
_ACCOUNT = re.compile(r"from @(\w+)|only @(\w+)'s followers", re.IGNORECASE)
_PREFIX = re.compile(r"Starts with (.+?), added by Heard\.")
_WARNING = re.compile(r"your reply carries the same: “(.*?)”")


@dataclass(frozen=True)
class Approved:
    """One exact preview, as it was shown."""

    words: str
    sign_off: str | None
    account: str
    visibility: str
    prefix: str
    warning: str | None

    def says(self, text: str) -> bool:
        """Whether `text` is just that, with nothing in front but what the preview named."""
        whole = f"{self.prefix} {self.words}" if self.prefix else self.words
        return text == whole or (self.sign_off is not None and text == f"{whole} {self.sign_off}")

    def allows(self, heard: Heard) -> bool:
        """Whether that is what went out, as that account and to nobody else."""
        return (
            self.says(heard.text)
            and self.account == heard.handle
            and self.visibility == heard.post.visibility
            and self.warning == heard.post.content_warning
        )


def read_approval(words: str, sign_off: str | None, shown: str) -> Approved:
    """Read a composer's or a preview's text as a person would."""
    account, prefix, warning = _ACCOUNT.search(shown), _PREFIX.search(shown), _WARNING.search(shown)
    return Approved(
        plainly(words),
        sign_off,
        (account[1] or account[2]) if account else "",
        _visibility(shown),
        prefix[1] if prefix else "",
        warning[1] if warning else None,
    )


def is_wider(visibility: str, than: str) -> bool:
    """Whether more people see what has `visibility`."""
    return WIDEST_FIRST.index(visibility) < WIDEST_FIRST.index(than)


def plainly(words: str) -> str:
    """The same words as they go out."""
    return unicodedata.normalize("NFC", words).strip()


def quoted(blocks: list[dict[str, Any]]) -> str:
    """The words that a preview shows, before anything else that it quotes."""
    for block in blocks:
        for element in block.get("elements") or []:
            if element.get("type") == "rich_text_quote":
                return "".join(part.get("text", "") for part in element["elements"])
    return ""


def _visibility(shown: str) -> str:
    if "Not public" in shown:
        return "followers" if "followers and " in shown else "direct"
    return "unlisted" if "out of public lists and searches" in shown else "public"
