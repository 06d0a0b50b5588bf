"""Whether Slack showed private words to anybody who may not see them.

Each private post and each private reply has a word of its own. Who may see it: the members of the private
channel that has its card, and whoever typed it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select

from models import Ticket
from models.core.database import Database
from sandbox.slack.workspace.channel import Channel
from sandbox.slack.workspace.world import SlackWorld
from tests.simulation.stage import START

# So long an answer of Slack's about a channel counts: what it shows meanwhile nobody can help.
FRESH = timedelta(seconds=10)


@dataclass(frozen=True)
class Shown:
    """Something in Slack: where, to whom (None: everybody), and its text."""

    where: str
    to: str | None
    text: str


@dataclass
class LeakCheck:
    """All that Slack was handed, held against who may see it."""

    db: Database
    world: SlackWorld
    secrets: dict[str, tuple[int | None, str | None]] = field(default_factory=dict)  # ticket, who typed it
    seen: int = 0  # times that a secret was shown to somebody who may see it
    _known: set[Shown] = field(default_factory=set)
    _changed_at: datetime = START - FRESH  # when somebody last joined or left, or a channel became another

    def keep(self, word: str, *, ticket: int | None = None, by: str | None = None) -> None:
        """From here on `word` is private to the card of `ticket`; None: nobody has heard it yet."""
        self.secrets[word] = (ticket, by)

    def channels_change(self, at: datetime) -> None:
        """Somebody joined, left, or changed what a channel is: what is there already counts as known."""
        self._changed_at = at
        self._known.update(self._everything())

    def look(self, at: datetime) -> list[str]:
        """Every leak since the last time, as a sentence."""
        new = [one for one in self._everything() if one not in self._known]
        self._known.update(new)
        if at - self._changed_at < FRESH:
            return []
        told = [(one, [word for word in self.secrets if word in one.text]) for one in new]
        if not any(words for _, words in told):
            return []
        return list(self._leaks(told))

    def left_in_public(self) -> list[str]:
        """What the bot still shows to everybody at the end, though it is private."""
        public = [one for one in self._everything() if one.to is None]
        return [
            f"private words are left in {one.where}: {word}"
            for one in public
            for word in self.secrets
            if word in one.text
        ]

    def _leaks(self, told: list[tuple[Shown, list[str]]]) -> Iterator[str]:
        readers = self._readers()
        for one, words in told:
            for word in words:
                if one.to is not None and (one.to in readers[word] or self._is_on_screen(one.to, word)):
                    self.seen += 1
                else:
                    yield f"private words were shown in {one.where} to {one.to or 'everybody'}: {word}"

    def _is_on_screen(self, user: str, word: str) -> bool:
        """Whether somebody sees it anyway, on a card that was there before its channel became public."""
        seen = [one for one in self.world.channels.values() if self.world.sees(user, one)]
        return any(word in str(message.blocks) for one in seen for message in one.messages)

    def _readers(self) -> dict[str, set[str | None]]:
        with self.db.read() as session:
            query = select(Ticket.id, Ticket.channel).where(Ticket.is_private)
            places = {row.id: row.channel for row in session.execute(query)}
        found: dict[str, set[str | None]] = {}
        for word, (ticket, by) in self.secrets.items():
            channel = self.world.channels.get(places.get(ticket or 0, ""))
            members = channel.members if channel is not None and channel.is_private else set()
            found[word] = {*members, *([by] if by else [])}
        return found

    def _everything(self) -> Iterator[Shown]:
        with self.world.lock:
            for channel in self.world.channels.values():
                yield from self._in_channel(channel)
            for user, stack in self.world.views.stacks.items():
                yield from (Shown("a modal", user, str(view.given)) for view in stack)
            for user, view in self.world.views.homes.items():
                yield Shown("Home", user, str(view.given))

    def _in_channel(self, channel: Channel) -> Iterator[Shown]:
        ours = [one for one in channel.messages if one.user == self.world.app.user_id]
        if channel.is_im:
            for user in channel.members - {self.world.app.user_id}:
                yield from (Shown("a direct message", user, f"{one.text} {one.blocks}") for one in ours)
        elif not channel.is_private:
            for one in ours:
                yield Shown(f"#{channel.name} ({one.ts})", None, f"{one.text} {one.blocks}")
        for one in channel.ephemerals:
            yield Shown(f"an answer ({one.ts})", one.ephemeral_to, f"{one.text} {one.blocks}")
