"""What people say in the threads of cards, and the commands that they type."""

from sandbox.slack.people.person import Person
from sandbox.slack.workspace.message import Message
from tests.simulation.team_base import VOCABULARY
from tests.simulation.team_presses import Presses

CALLS = ("claim", "release", "take over", "assign", "done thanks", "reopen", "undo", "drafts", "hello")


class ThreadActs(Presses):
    """Everything that one types in a thread, or after a slash."""

    # --- the thread ---------------------------------------------------------------------------------------

    def _chat(self, who: Person) -> bool:
        """Say something that nobody outside may ever read."""
        if (found := self.card(who)) is None:
            return False
        ticket_id, card = found
        to = self.rng.choice(("", "", "@ana ", "@here "))
        words = self.witness.private(f"{to}{self._fresh('private')}")
        self.note(f"{who.user.name} says {words!r}")
        self.chatter.append((ticket_id, who.say(card.channel, words, thread_ts=card.ts)))
        return True

    def _call(self, who: Person) -> bool:
        """Tell the bot something by name."""
        verb = self.rng.choice(CALLS)
        if verb.startswith("assign"):
            verb += f" <@{self.rng.choice(list(self.here.people))}>"
        return self._say_to_bot(who, verb, self.card(who))

    def _call_reply(self, who: Person) -> bool:
        if (found := self.card(who)) is None or not self._can_write(who, found[1].channel):
            return False
        words = self._typed(who, found[0])
        self.witness.types(who.id, words)
        return self._say_to_bot(who, f"reply {words}", found)

    def _can_write(self, who: Person, channel: str) -> bool:
        place = self.here.world.channel(channel)
        return who.id in place.members and not place.is_archived

    def _say_to_bot(self, who: Person, words: str, to: tuple[int, Message] | None) -> bool:
        if to is None or not self._can_write(who, to[1].channel):
            return False
        ticket_id, card = to
        self.note(f"{who.user.name} says @Heard {words!r}")
        self.counts[f"said: {words.split(maxsplit=1)[0]}"] += 1
        before = self.witness.signs(who)
        message = who.say(card.channel, f"<@BOT> {words}", thread_ts=card.ts)
        self.here.settle()
        self.witness.told(who, before, f"@Heard {words.split(maxsplit=1)[0]}")
        self.chatter.append((ticket_id, message))
        return True

    def _shortcut(self, who: Person) -> bool:
        """Propose a message of the thread as a public reply, one's own or a colleague's."""
        seen = [one for _, one in self.chatter if self.may_see(who, one.channel) and not one.deleted]
        if not seen:
            return False
        message = self.rng.choice(seen)
        self.note(f"{who.user.name} proposes {message.text!r}")
        before = self.witness.signs(who)
        self._answered(who, who.shortcut(message, "Send as public reply"), before, "the shortcut")
        return True

    def _edit_message(self, _who: Person) -> bool:
        message = self._own_message()
        if message is None:
            return False
        author = self.here.people[message.user]
        self.note(f"{author.user.name} edits {message.text!r}")
        author.edit(message, self.witness.private(self._fresh("private")))
        return True

    def _delete_message(self, _who: Person) -> bool:
        message = self._own_message()
        if message is None:
            return False
        author = self.here.people[message.user]
        self.note(f"{author.user.name} deletes {message.text!r}")
        author.delete(message)
        return True

    def _own_message(self) -> Message | None:
        world = self.here.world
        left = [
            one for _, one in self.chatter if not one.deleted and not world.channel(one.channel).is_archived
        ]
        left = [one for one in left if one.user in world.channel(one.channel).members]
        return self.rng.choice(left) if left else None

    # --- commands -----------------------------------------------------------------------------------------

    def _pause(self, who: Person) -> None:
        self._command(who, "pause")

    def _resume(self, who: Person) -> None:
        self._command(who, "resume")

    def _sign(self, who: Person) -> None:
        self._command(who, "me")

    def _look_up(self, who: Person) -> None:
        """Read a list, which shows somebody what they may see."""
        self._command(who, self.rng.choice(("open", "mine", f"search {self.rng.choice(VOCABULARY)}")))

    def _command(self, who: Person, word: str) -> None:
        self._leave_modal(who)
        self.note(f"{who.user.name} types /mentions {word}")
        before = self.witness.signs(who)
        outcome = who.command("/mentions", word)
        self.here.settle()
        self.witness.answered(who, outcome, before, f"/mentions {word}")
