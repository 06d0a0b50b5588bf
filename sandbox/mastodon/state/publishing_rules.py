"""What a server checks before it takes a post from an API client."""

from collections.abc import Collection
from dataclasses import dataclass

from sandbox.mastodon.state.flavours import Flavour
from sandbox.mastodon.state.text import count_as_mastodon


@dataclass(eq=False)
class RejectedError(Exception):
    """A post that the server does not take: the response's status, and its body besides `error`."""

    status: int
    words: str
    more: tuple[tuple[str, object], ...] = ()


def check_words(flavour: Flavour, text: str, spoiler: str, *, has_media: bool = False) -> None:
    """Raises RejectedError if there are no words, or too many as this server counts."""
    if not text.strip() and not spoiler.strip() and not has_media:
        raise RejectedError(flavour.invalid_status, "Validation failed: Text can't be blank")
    if flavour.counts is None:
        return
    if flavour.counts == "graphemes":
        length = count_as_mastodon(spoiler, text, flavour.characters_per_url)
    else:
        length = len(spoiler) + len(text)
    if length > flavour.max_characters:
        limit = f"Text character limit of {flavour.max_characters} exceeded"
        raise RejectedError(flavour.invalid_status, f"Validation failed: {limit}")


def check_mentions(flavour: Flavour, mentioned: Collection[str], allowed: Collection[str] | None) -> None:
    """Raises RejectedError if somebody is mentioned whom the client did not name.

    `mentioned` and `allowed` are ids of accounts; https://github.com/mastodon/mastodon/pull/18350
    """
    if allowed is None or not flavour.checks_allowed_mentions:
        return
    stray = sorted(set(mentioned) - set(allowed))
    if stray:
        words = "Post would be sent to unexpected accounts"
        raise RejectedError(422, words, (("unexpected_accounts", [{"id": one} for one in stray]),))
