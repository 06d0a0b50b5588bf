"""What a teammate typed, read as it would go out, and what stands against that."""

import hashlib
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bot.blocks.text import as_typed, called, date_token, is_visible, slack_names
from bot.desk import Desk
from bot.networks import Network
from models import Teammate, Ticket
from models.likeness import Twin, twin
from models.normalize import nfc
from models.teammate import signed, unsigned

OWN_WORDS = "Add a line of your own, or send it as it is."


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody typed, as it would go out: `text` ends with the sign-off, if there is one."""

    text: str
    sign_off: str | None
    length: int
    problem: str | None

    @property
    def digest(self) -> str:
        """What tells these exact words from others."""
        return digest(self.text)


def digest(text: str) -> str:
    """A short name for exactly these words."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def read_words(network: Network, typed: str, sign_off: str | None = None) -> Words:
    """Read what was typed in Slack as plain characters, in the network's own counting."""
    own = nfc(as_typed(typed)).strip()
    own = unsigned(own, sign_off) if sign_off else own
    text = signed(own, sign_off) if is_visible(own) else ""
    length = network.length(text)
    return Words(text, sign_off, length, _problem(network, typed, text, length, sign_off))


def _problem(network: Network, typed: str, text: str, length: int, sign_off: str | None) -> str | None:
    if not text:
        return "There is nothing to send yet."
    names = slack_names(typed)
    if names:
        return f"{', '.join(names)} means something only in Slack. Write the name out; nothing was sent."
    if length > network.max_length:
        over = length - network.max_length
        too_many = f"{over} character{'' if over == 1 else 's'} too many"
        with_sign = f" with your sign-off “{sign_off}”" if sign_off else ""
        return (
            f"That is {too_many}{with_sign}: {network.title} counts {length}, and takes at most "
            f"{network.max_length}."
        )
    return None


def sign_off_of(desk: Desk, session: Session, user: str) -> str | None:
    """How `user` signs in public, unless sign-offs are off."""
    return Teammate.sign_off_of(session, user) if desk.settings.sign_offs else None


# --- said before --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SaidBefore:
    """A reply of ours that says (nearly) the same."""

    twin: Twin
    sentence: str  # mrkdwn

    @property
    def is_refused(self) -> bool:
        """The same words to the same person again are never sent; anything else is theirs to decide."""
        return self.twin.is_exact and self.twin.same_person


def said_before(
    desk: Desk, session: Session, ticket: Ticket, words: Words, *, turn: int
) -> SaidBefore | None:
    """Whether we said that before: to this person word for word, or nearly so to anybody.

    None if `turn`, which they are to answer, is answered: then the ledger says by whom.
    """
    percent = desk.settings.near_copy_percent
    if percent == 0 or (turn <= ticket.turn and ticket.live_reply(session) is not None):
        return None
    found = twin(
        session,
        desk.essences,
        text=words.text,
        sign_off=words.sign_off,
        network=ticket.network,
        account_id=ticket.account_id,
        author_id=ticket.author_id,
        names=ticket.names(session),
        percent=percent,
    )
    return SaidBefore(found, _sentence(found)) if found is not None else None


def _sentence(found: Twin) -> str:
    to = called(found.handle) if found.handle else "somebody"
    when = date_token(found.at, "{date_long_pretty}")
    if found.is_exact and found.same_person:
        return f"<@{found.actor}> has said exactly that to {to} already, {when}. Say it in other words."
    same = f"*{found.percent} % the same* as <@{found.actor}>'s to {to}, {when}."
    return f":busts_in_silhouette: {same} {OWN_WORDS}"
