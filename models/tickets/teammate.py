"""A teammate as the public sees them: a name, and how they sign."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base


class SignOffStyle(StrEnum):
    """How a reply is signed."""

    NAME = "name"  # a dash and the first name
    INITIALS = "initials"  # a caret and the initials
    NONE = "none"


class Teammate(Base):
    """Somebody who chose a public name. Who never chose one signs nothing."""

    __tablename__ = "teammates"

    user_id: Mapped[str] = mapped_column(primary_key=True)  # in Slack
    name: Mapped[str]
    style: Mapped[str]
    at: Mapped[datetime]

    @classmethod
    def choose(
        cls, session: Session, user_id: str, *, name: str, style: SignOffStyle, at: datetime
    ) -> "Teammate":
        """Remember what `user_id` wants to be called in public; one line, blanks at its ends gone."""
        return session.merge(cls(user_id=user_id, name=" ".join(name.split()), style=style, at=at))

    @classmethod
    def sign_off_of(cls, session: Session, user_id: str) -> str | None:
        """How `user_id` signs; None if they do not."""
        teammate = session.get(cls, user_id)
        return make_sign_off(teammate.name, SignOffStyle(teammate.style)) if teammate is not None else None


def make_sign_off(name: str, style: SignOffStyle) -> str | None:
    """What stands behind a reply: `– Ana` or `^AL`; None without a wish to sign."""
    words = name.split()
    if not words or style == SignOffStyle.NONE:
        return None
    if style == SignOffStyle.NAME:
        return f"– {next(filter(_initial, words), words[0])}"
    return "^" + "".join(_initial(word)[:1] for word in words).upper()


def _initial(word: str) -> str:
    """What can be an initial; empty for an emoji."""
    return "".join(filter(str.isalnum, word))


def append_sign_off(text: str, sign: str | None) -> str:
    """`text` with the sign-off behind it, unless it ends in it already."""
    if sign is None or text.rstrip().endswith(sign):
        return text
    return f"{text.rstrip()} {sign}"


def strip_sign_off(text: str, sign: str | None) -> str:
    """`text` as its author typed it, the sign-off taken off again."""
    return text.removesuffix(sign).rstrip() if sign else text
