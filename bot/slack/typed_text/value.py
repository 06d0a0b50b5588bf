"""A text from Slack that was read, and how it is put together. Pure."""

from dataclasses import dataclass, replace

import regex

from models.core.normalize import without_controls

_PERSON = regex.compile(r"<@(\w+)(?:\|[^<>\n]*)?>")


@dataclass(frozen=True, slots=True)
class SlackToken:
    """A part of a text that means something only in Slack: where it begins, how it stands there, its name."""

    start: int
    text: str
    name: str  # `<@U1>`, `<!subteam^S1>`, `<#C1>`, `:acme-logo:`


@dataclass(frozen=True, slots=True)
class SlackPicture:
    """A picture that came with a text: its file's id in Slack, its name, and how it is described there."""

    file_id: str
    name: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class SlackText:
    """What somebody typed in Slack, as the plain characters that they saw."""

    text: str
    tokens: tuple[SlackToken, ...] = ()
    left_out: tuple[str, ...] = ()  # names of files, and of whatever else came with the words
    pictures: tuple[SlackPicture, ...] = ()  # that came with the words

    @property
    def names(self) -> tuple[str, ...]:
        """What means something only in Slack, by name, each once."""
        return tuple(dict.fromkeys(token.name for token in self.tokens))

    @property
    def person_in_front(self) -> SlackToken | None:
        """The person whom the text begins with, if it does."""
        first = self.tokens[0] if self.tokens else None
        return first if first is not None and first.start == 0 and _PERSON.fullmatch(first.text) else None

    def after(self, count: int) -> "SlackText":
        """The same without its first `count` characters."""
        kept = tuple(
            replace(token, start=token.start - count) for token in self.tokens if token.start >= count
        )
        return replace(self, text=self.text[count:], tokens=kept)

    def strip(self, signs: str | None = None) -> "SlackText":
        """The same without white space (or any of `signs`) at its ends."""
        rest = self.after(len(self.text) - len(self.text.lstrip(signs)))
        return replace(rest, text=rest.text.rstrip(signs))

    def with_left_out(
        self, left_out: tuple[str, ...], pictures: tuple[SlackPicture, ...] = ()
    ) -> "SlackText":
        """The same, with what came beside the words."""
        return replace(self, left_out=left_out, pictures=pictures)

    def without_pictures(self) -> "SlackText":
        """The same where no picture can go along: they are left out, too."""
        named = tuple(one.name for one in self.pictures)
        return replace(self, left_out=(*named, *self.left_out), pictures=())


class TextBuilder:
    """A text while it is being read."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._tokens: list[SlackToken] = []
        self._length = 0
        self.margin = ""  # stands in front of each line

    def add(self, text: str) -> None:
        """Add characters. What nobody saw while typing goes; a non-breaking space is a space.

        Slack puts U+00A0 into what is copied.
        """
        safe = without_controls(text).replace("\u00a0", " ")
        self._put(safe.replace("\n", f"\n{self.margin}") if self.margin else safe)

    def add_token(self, text: str, name: str) -> None:
        """Add what means something only in Slack."""
        self._tokens.append(SlackToken(self._length, text, name))
        self._put(text)

    def begin_line(self, margin: str = "") -> None:
        """Begin a line, unless one has just begun; `margin` stands in front of it and of the next ones."""
        if self._parts and not self._parts[-1].endswith("\n"):
            self._put("\n")
        self.margin = margin
        if margin:
            self._put(margin)

    def build(self) -> SlackText:
        """What was read."""
        return SlackText("".join(self._parts), tuple(self._tokens))

    def _put(self, text: str) -> None:
        if text:
            self._parts.append(text)
            self._length += len(text)
