"""A teammate as the public sees them: a name, and a sign-off."""

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
    """Someone who chose a public name. People who never chose one sign nothing."""

    __tablename__ = "teammates"

    user_id: Mapped[str] = mapped_column(primary_key=True)  # in Slack
    name: Mapped[str]
    style: Mapped[str]
    at: Mapped[datetime]

    @classmethod
    def choose(
        cls, session: Session, user_id: str, *, name: str, style: SignOffStyle, at: datetime
    ) -> "Teammate":
        """Store the public name and sign-off style of the Slack user `user_id`.

        Repeated blanks become one.
        """
        return session.merge(cls(user_id=user_id, name=" ".join(name.split()), style=style, at=at))

    @classmethod
    def sign_off_of(cls, session: Session, user_id: str) -> str | None:
        """Returns the sign-off of the Slack user `user_id`; None if they have none."""
        teammate = session.get(cls, user_id)
        return make_sign_off(teammate.name, SignOffStyle(teammate.style)) if teammate is not None else None


def make_sign_off(name: str, style: SignOffStyle) -> str | None:
    """Returns what ends a reply: `– Ana` or `^AL`; None if `style` is none or `name` is empty."""
    words = name.split()
    if not words or style == SignOffStyle.NONE:
        return None
    if style == SignOffStyle.NAME:
        return f"– {next(filter(_initial, words), words[0])}"
    return "^" + "".join(_initial(word)[:1] for word in words).upper()


def _initial(word: str) -> str:
    """The letters and digits of `word`; empty for an emoji."""
    return "".join(filter(str.isalnum, word))


def append_sign_off(text: str, sign: str | None) -> str:
    """Returns `text` with the sign-off at its end, unless it ends with it already."""
    if sign is None or text.rstrip().endswith(sign):
        return text
    return f"{text.rstrip()} {sign}"


def strip_sign_off(text: str, sign: str | None) -> str:
    """Returns `text` without the sign-off at its end."""
    return text.removesuffix(sign).rstrip() if sign else text
