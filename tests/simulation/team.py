"""Several people act on one ticket, in any order, while its customer goes on: a seed decides what happens.

Whatever somebody does goes the way that it would go from Slack, and what they see is what Slack shows them.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bot.networks.base import Later, Refused, Unsure
from models import Reply, Ticket
from models.core.database import Database
from models.tickets.delivery_state import PENDING_STATES, DeliveryState
from sandbox.slack import Modal
from sandbox.slack.block_kit.interactive_elements import Part, chosen, presses
from sandbox.slack.errors import NotOnScreenError
from sandbox.slack.people.outcome import Outcome, SubmitOutcome
from sandbox.slack.people.person import Person
from sandbox.slack.workspace.message import Message
from tests.simulation import team_verdict
from tests.simulation.ledger import ledger
from tests.simulation.team_verdict import Witness, quoted
from tests.simulation.workplace import CHANNEL, LET_IN, LOOPS, SENDERS, Exchange, Workplace, exchange
from tests.simulation.world import complaints

ACTS = 25  # in a history, the loops' rounds and the passing of time not counted
OLD_COPIES = 6  # of the card, that somebody may still have before their eyes
PAUSES = (0.1, 1.0, 3.0, 11.0, 60.0, 400.0, 1000.0, 4000.0, 40_000.0)  # seconds
CALM = (11.0, 11.0, 60.0, 60.0, 60.0, 1000.0)  # seconds between the last rounds
VOCABULARY = [
    "kettle",
    "parcel",
    "Tuesday",
    "warehouse",
    "lid",
    "voucher",
    "refund",
    "colour",
    "courier",
    "manual",
    "button",
    "evening",
    "spare",
    "filter",
    "invoice",
    "porch",
    "scale",
    "label",
    "garden",
    "switch",
    "thermos",
    "reading",
    "ladder",
    "corner",
    "ribbon",
    "postcode",
    "handle",
    "summer",
    "window",
    "basket",
    "copper",
    "whistle",
]
ENDINGS = ("", "", "", " & more", " <3", " 👍", "\nA second line.", "  with  gaps", " *bold*")


@dataclass
class History:
    """What came of one seed."""

    seed: int
    violations: list[str]
    story: str
    counts: Counter[str] = field(default_factory=Counter)


class Team:
    """One seed, on its way."""

    def __init__(self, here: Workplace, rng: Random) -> None:
        self.here, self.rng = here, rng
        self.counts: Counter[str] = Counter()
        self.lines: list[str] = []
        self.witness = Witness(here)
        self.copies: list[Message] = []  # the card as it was
        self.previews: list[Message] = []  # what somebody was shown alone, as it was
        self.chatter: list[Message] = []
        self.sent: list[tuple[datetime, Outcome]] = []  # what had an effect, to be replayed
        self.words = 0

    def go(self, acts: int) -> list[str]:
        """Let it all happen; what was broken by it."""
        first = self.here.net.says("maria", "@acmebrew is the kettle back?")
        self.posts = [first.id]
        for loop in ("inbox", "board"):
            self.here.loop(loop)
        self.copies.append(self.card.snapshot())
        for number in range(acts):
            self._act()
            self._meanwhile()
            self.witness.look(thoroughly=number % 8 == 7)
            if self.witness.broken:
                return self.witness.broken
        self._calm()
        self.witness.look(thoroughly=True, at_the_end=True)
        self._count()
        return self.witness.broken

    def _count(self) -> None:
        self.counts["said on the network"] += len(self.here.net.said)
        with self.here.ctx.db.read() as session:
            self.counts["turns"] += session.get_one(Ticket, 1).turn
            for reply in session.scalars(select(Reply)):
                self.counts[f"replies: {reply.state}"] += 1

    @property
    def card(self) -> Message:
        """The message that shows the ticket."""
        messages = self.here.world.channel(CHANNEL).messages
        return next(one for one in messages if one.metadata and one.blocks and not one.is_reply)

    def note(self, line: str) -> None:
        """Write a line of the story."""
        self.lines.append(f"  {self.here.clock.now:%H:%M:%S} {line}")

    # --- what happens -------------------------------------------------------------------------------------

    def _act(self) -> None:
        """One act of somebody, of those that are possible now."""
        while not self._try_to_act():
            self.counts["nothing to press"] += 1

    def _try_to_act(self) -> bool:
        act = self.rng.choices(ACTS_BY_NAME, WEIGHTS)[0]
        who = self.here.people[self.rng.choices(*BUSY)[0]]
        modal = who.modal
        if modal is not None and self.rng.random() < 0.7:
            act = "modal"
        try:
            done = getattr(self, f"_{act}")(who) is not False
        except NotOnScreenError:
            done = False
        self.here.settle()
        if done:
            self.counts[f"act: {act.replace('_', ' ')}"] += 1
        return done

    def _meanwhile(self) -> None:
        """The loops go round, and time passes; an account is not away for long."""
        if self.here.net.account().handle != "acmebrew" and self.rng.random() < 0.3:
            self._connect(self.here.people["U0ANA"])
        if self.rng.random() < 0.5:
            self.here.clock.passes(self.rng.choice(PAUSES))
        for loop in self.rng.choices((*LOOPS, "outbox", "outbox", "board"), k=self.rng.choice((0, 1, 2, 3))):
            self._round(loop)

    def _round(self, loop: str) -> None:
        if loop == "board":
            self.copies = [*self.copies, self.card.snapshot()][-OLD_COPIES:]
        self.here.loop(loop)

    def _calm(self) -> None:
        """Nobody does anything any more, and whatever was begun comes to its end."""
        self.here.net.heals()
        self.here.net.speaks_as("acmebrew")
        for who in self.here.people.values():
            self._leave_modal(who)
        self.here.settle()
        for seconds in CALM:
            self.here.clock.passes(seconds)
            for loop in LOOPS:
                self.here.loop(loop)
        self.here.loop("board")

    # --- presses ------------------------------------------------------------------------------------------

    def _press(self, who: Person) -> bool:
        """Press something on the card, perhaps on an old copy of it."""
        surface = self.card.snapshot() if self.rng.random() < 0.7 else self.rng.choice(self.copies)
        return self._press_on(who, surface)

    def _reply(self, who: Person) -> bool:
        """Press Reply or Follow up, which is what people mostly do."""
        return self._press_on(who, self.card.snapshot(), only={"Reply", "Follow up"})

    def _take_back(self, who: Person) -> bool:
        """Undo or delete."""
        return self._press_on(who, self.card.snapshot(), only={"Undo", "Delete public reply", "Reopen"})

    def _press_in_thread(self, who: Person) -> bool:
        """Press a button on something that the bot said in the thread."""
        said = [one for one in self.here.world.channel(CHANNEL).replies(self.card.ts) if one.buttons]
        return bool(said) and self._press_on(who, self.rng.choice(said).snapshot())

    def _preview(self, who: Person) -> bool:
        """Press a button of one's newest preview; or of an old one, or of somebody else's."""
        own = [one for one in who.ephemerals() if one.buttons]
        if own and self.rng.random() < 0.8:
            surface = own[-1]
            self.previews = [*self.previews, surface.snapshot()][-OLD_COPIES:]
        elif self.previews:
            surface = self.rng.choice(self.previews)
        else:
            return False
        return self._press_on(who, surface)

    def _press_on(self, who: Person, surface: Message, only: set[str] | None = None) -> bool:
        parts = [part for part in presses(surface.blocks) if only is None or part.label in only]
        if not parts:
            return False
        part = self.rng.choices(parts, [SELDOM.get(part.label, 1.0) for part in parts])[0]
        self._leave_modal(who)
        if part.label in OPENS and self.rng.random() < 0.1:
            self.here.side.slow_glances = 1
        self._do_press(who, surface, part)
        self.here.side.slow_glances = 0
        return True

    def _do_press(self, who: Person, surface: Message, part: Part) -> None:
        self.note(f"{who.user.name} presses {part.label}")
        self.counts[f"press: {part.label}"] += 1
        if part.element["action_id"] == "send_publicly":
            self.witness.approves(who.id, quoted(surface.blocks), None)
        if part.element["action_id"] == "keep_private":
            self.witness.lets_go(who.id, quoted(surface.blocks))
        before = self.witness.signs(who)
        was = self.witness.ledger()
        outcome = who.send_press(surface, part, chosen(part, None))
        self._answered(
            who, outcome, before, f"{part.label} on {'a card' if surface.metadata else 'a message'}"
        )
        self._keep(outcome, was)

    def _answered(self, who: Person, outcome: Outcome, before: tuple[Any, ...], what: str) -> None:
        """Hold the answer against what everybody may expect."""
        self.here.settle()
        self.witness.answered(who, outcome, before, what)

    def _keep(self, outcome: Outcome, was: list[Any]) -> None:
        """Keep a request that had its effect: it must not have it again."""
        refused = isinstance(outcome, SubmitOutcome) and not outcome.closed  # and its words may be kept
        if self.witness.ledger() != was and not refused:
            self.sent.append((self.here.clock.now, outcome))

    # --- modals -------------------------------------------------------------------------------------------

    def _modal(self, who: Person) -> bool:
        """Do something with the modal that one has open."""
        modal = who.modal
        if modal is None:
            return False
        handle = {"composer": self._compose, "reason": self._submit, "assign": self._assign, "me": self._me}
        handle.get(modal.callback_id, self._finish)(who, modal)
        return True

    def _compose(self, who: Person, modal: Modal) -> None:
        if "Take over" in modal.buttons and self.rng.random() < 0.5:
            self.note(f"{who.user.name} takes over the composing")
            before = self.witness.signs(who)
            self._answered(who, modal.press("Take over"), before, "Take over in a composer")
            return
        if not modal.value() or self.rng.random() < 0.6:
            self.witness.sees(who.id, modal.value() or "")
            modal.fill(self._typed())
        if self.rng.random() < 0.2:
            self._cancel(who, modal)
        elif self.rng.random() < 0.9:
            if self.rng.random() < 0.2:
                modal.fill({"wait": "3600"})
            self._submit(who, modal)

    def _assign(self, who: Person, modal: Modal) -> None:
        modal.fill({"whom": self.rng.choice([*self.here.people, self.here.world.app.user_id])})
        self._submit(who, modal)

    def _me(self, who: Person, modal: Modal) -> None:
        modal.fill({"name": who.user.real_name, "style": self.rng.choice(("name", "initials", "none"))})
        self._submit(who, modal)

    def _finish(self, who: Person, modal: Modal) -> None:
        """Press its button, if it has one; else close it."""
        if modal.state.given.get("submit"):
            self._submit(who, modal)
        else:
            modal.close()

    def _submit(self, who: Person, modal: Modal) -> None:
        self.note(f"{who.user.name} submits {modal.callback_id}")
        self.counts[f"submit: {modal.callback_id}"] += 1
        self.witness.submits(who.id, modal)
        before, was, seen = self.witness.signs(who), self.witness.ledger(), modal.text
        outcome = modal.submit()
        self._answered(who, outcome, before, f"the submit of {modal.callback_id}")
        self.witness.has_seen(who.id, seen, was)
        self._keep(outcome, was)
        if self.rng.random() < 0.15:
            self._replay(who)

    def _cancel(self, who: Person, modal: Modal) -> None:
        self.note(f"{who.user.name} closes {modal.callback_id or 'a modal'}")
        if modal.callback_id == "composer":
            self.witness.composes(who.id, modal.value() or "")
        outcome = modal.close()
        if outcome is not None:
            self.witness.took(outcome, "closing a modal")

    def _leave_modal(self, who: Person) -> None:
        """Slack's client shows one modal, and closes it before it lets one do anything else."""
        if who.modal is not None:
            self._cancel(who, who.modal)

    # --- the thread ---------------------------------------------------------------------------------------

    def _chat(self, who: Person) -> None:
        """Say something that nobody outside may ever read."""
        to = self.rng.choice(("", "", "@ana ", "@here "))
        words = self.witness.private(f"{to}{self._fresh('private')}")
        self.note(f"{who.user.name} says {words!r}")
        self.chatter.append(who.say(CHANNEL, words, thread_ts=self.card.ts))

    def _call(self, who: Person) -> None:
        """Tell the bot something by name."""
        verb = self.rng.choice(CALLS)
        if verb.startswith("assign"):
            verb += f" <@{self.rng.choice(list(self.here.people))}>"
        self._say_to_bot(who, verb)

    def _call_reply(self, who: Person) -> None:
        words = self._typed()
        self.witness.types(who.id, words)
        self._say_to_bot(who, f"reply {words}")

    def _say_to_bot(self, who: Person, words: str) -> None:
        self.note(f"{who.user.name} says @Heard {words!r}")
        self.counts[f"said: {words.split(maxsplit=1)[0]}"] += 1
        before = self.witness.signs(who)
        message = who.say(CHANNEL, f"<@BOT> {words}", thread_ts=self.card.ts)
        self.here.settle()
        self.witness.told(who, before, f"@Heard {words.split(maxsplit=1)[0]}")
        self.chatter.append(message)

    def _shortcut(self, who: Person) -> bool:
        """Propose a message of the thread as a public reply, one's own or a colleague's."""
        if not self.chatter:
            return False
        message = self.rng.choice(self.chatter)
        if message.deleted:
            return False
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
        left = [one for one in self.chatter if not one.deleted]
        return self.rng.choice(left) if left else None

    # --- commands -----------------------------------------------------------------------------------------

    def _pause(self, who: Person) -> None:
        self._command(who, "pause")

    def _resume(self, who: Person) -> None:
        self._command(who, "resume")

    def _sign(self, who: Person) -> None:
        self._command(who, "me")

    def _command(self, who: Person, word: str) -> None:
        self._leave_modal(who)
        self.note(f"{who.user.name} types /mentions {word}")
        before = self.witness.signs(who)
        outcome = who.command("/mentions", word)
        self.here.settle()
        self.witness.answered(who, outcome, before, f"/mentions {word}")

    # --- trouble ------------------------------------------------------------------------------------------

    def _replay(self, _who: Person) -> bool:
        """Some earlier request arrives once more."""
        # An older one is not let in: https://docs.slack.dev/authentication/verifying-requests-from-slack
        fresh = [one for at, one in self.sent if self.here.clock.now - at < STALE]
        if not fresh:
            return False
        outcome = self.rng.choice(fresh)
        self.note("a request arrives again")
        before = self.witness.ledger()
        self.witness.took(outcome.replay(), "a replay")
        self.here.settle()
        self.witness.is_unmoved(before, outcome)
        return True

    def _change_senders(self, _who: Person) -> None:
        """Somebody loses the right to send, or gets it again."""
        with self.here.ctx.db.read() as session:
            waiting = list(session.scalars(select(Reply.actor).where(Reply.state.in_(PENDING_STATES))))
        user = self.rng.choice(waiting or LET_IN)
        senders = self.here.world.usergroups[SENDERS]
        if user in senders:
            senders.remove(user)
        else:
            senders.append(user)
        self.note(f"{user} {'may send again' if user in senders else 'may not send any more'}")
        self.witness.may_send(user, user in senders)

    def _barge(self, _who: Person) -> bool:
        """Hasty code submits without any look at whether the turn is free: the index must refuse."""
        at = self.here.clock.now
        try:
            with self.here.ctx.db.write() as session:
                ticket = Ticket.lock(session, 1)
                if ticket.live_reply(session) is None:
                    return False
                words = self._fresh("hasty")
                draft = ticket.draft(session, text=words, by="U0BEN", at=at, key=words, source="hasty")
                draft.move(session, DeliveryState.HELD, at=at, by="U0BEN", due_at=at)
        except IntegrityError:
            self.note("hasty code is refused")
        return True

    def _connect(self, _who: Person) -> None:
        """Somebody connects another account, or the right one again."""
        handle = "acmebrew" if self.here.net.account().handle != "acmebrew" else "acmetea"
        self.note(f"@{handle} is connected")
        self.here.net.speaks_as(handle)

    def _network_trouble(self, _who: Person) -> None:
        call, error, landed = self.rng.choice(TROUBLES)
        self.note(f"the network: {type(error).__name__} at the next {call}")
        self.here.net.fails(call, error, landed=landed)

    # --- the customer, and our own people on the network --------------------------------------------------

    def _customer_posts(self, _who: Person) -> None:
        public = [one.post_id for one in self.here.net.said if self.here.net.is_public(one.post_id)]
        under = self.rng.choice([*self.posts, *public])
        if not self.here.net.is_public(under):
            return
        self.note("the customer posts")
        self.posts.append(self.here.net.says("maria", f"@acmebrew {self._fresh('asks')}", under=under).id)

    def _customer_edits(self, _who: Person) -> bool:
        post_id = self.rng.choice(self.posts)
        if not self.here.net.is_public(post_id):
            return False
        self.note("the customer edits")
        self.here.net.edits(post_id, f"@acmebrew {self._fresh('edited')}")
        return True

    def _customer_deletes(self, _who: Person) -> bool:
        post_id = self.rng.choice(self.posts)
        if not self.here.net.is_public(post_id):
            return False
        self.note("the customer deletes")
        self.here.net.deletes(post_id)
        return True

    def _customer_hides(self, _who: Person) -> bool:
        """Behind a lock, say: one post or all that there are."""
        shown = [one for one in self.posts if self.here.net.is_shown(one)]
        if not shown:
            return False
        hidden = shown if self.rng.random() < 0.6 else [self.rng.choice(shown)]
        self.note(f"{len(hidden)} of the customer's posts are not shown any more")
        for one in hidden:
            self.here.net.hides(one)
        return True

    def _customer_is_back(self, _who: Person) -> bool:
        hidden = [
            one for one in self.posts if self.here.net.is_public(one) and not self.here.net.is_shown(one)
        ]
        if not hidden:
            return False
        self.note("the customer's posts are shown again")
        for one in hidden:
            self.here.net.shows(one)
        return True

    def _by_hand(self, _who: Person) -> bool:
        """Somebody of ours answers on the network itself: perhaps what was handed to them."""
        post_id = self.posts[-1]
        if not self.here.net.is_public(post_id):
            return False
        self.note("somebody posts by hand")
        with self.here.ctx.db.read() as session:
            handed_off = select(Reply.text).where(Reply.state == DeliveryState.HANDED_OFF)
            given = list(session.scalars(handed_off))
        self.here.net.says("acmebrew", self.rng.choice([*given, self._fresh("by hand")]), under=post_id)
        return True

    # --- words --------------------------------------------------------------------------------------------

    def _fresh(self, kind: str) -> str:
        self.words += 1
        return f"{kind}{self.words:03} {' '.join(self.rng.sample(VOCABULARY, 6))}"

    def _typed(self) -> str:
        """Words of one's own; or, now and then, what was said before."""
        said = self.here.net.words()
        if said and self.rng.random() < 0.1:
            return self.rng.choice(said)
        return self._fresh("word") + self.rng.choice(ENDINGS)


STALE = timedelta(minutes=5)
BUSY = (("U0ANA", "U0BEN", "U0CLEO", "U0DEE"), (4, 4, 3, 1))  # who acts, and how often
OPENS = {"Reply", "Follow up", "Edit"}
SELDOM = {
    "No reply needed": 0.3,
    "Not about us": 0.3,
    "Open on Memory": 0.1,
    "Show context": 0.1,
    "Assign…": 0.4,
}
CALLS = ("claim", "release", "take over", "assign", "done thanks", "reopen", "undo", "drafts", "hello")
TROUBLES = (
    ("publish", Unsure("no answer"), True),
    ("publish", Unsure("no answer"), False),
    ("publish", Later(None, "unreachable", "no connection"), False),
    ("publish", Refused("not summoned", "They did not call us."), False),
    ("publish", Refused("too long", "That is too long."), False),
    ("find_reply", Later(None, "unreachable", "no connection"), False),
    ("refresh", Later(None, "unreachable", "no connection"), False),
    ("delete", Unsure("no answer"), True),
    ("delete", Refused("not ours", "Somebody else said that."), False),
)
FREQUENT = {
    "press": 14,
    "reply": 14,
    "take_back": 7,
    "press_in_thread": 3,
    "preview": 12,
    "modal": 8,
    "chat": 4,
    "call": 8,
    "call_reply": 7,
    "shortcut": 5,
    "edit_message": 2,
    "delete_message": 1,
    "pause": 1,
    "resume": 3,
    "sign": 2,
    "replay": 4,
    "change_senders": 2,
    "barge": 2,
    "network_trouble": 3,
    "connect": 2,
    "customer_posts": 4,
    "customer_edits": 2,
    "customer_deletes": 1,
    "customer_hides": 1,
    "customer_is_back": 2,
    "by_hand": 1,
}
ACTS_BY_NAME, WEIGHTS = list(FREQUENT), list(FREQUENT.values())


class Histories:
    """Histories, one after the other, on one Slack server."""

    def __init__(self, at: Exchange, fresh: Callable[[], Database]) -> None:
        self._exchange, self._fresh = at, fresh

    def run(self, seed: int, acts: int = ACTS) -> History:
        """Do what `seed` says."""
        rng = Random(seed)
        with (
            complaints() as errors,
            Workplace(self._exchange, self._fresh(), rng.choice((0, 10, 10))) as here,
        ):
            team = Team(here, rng)
            found = team.go(acts)
        story = "\n".join([*team.lines, team_verdict.story(here.ctx.db)])
        return History(seed, [*found, *errors], story, team.counts)


@contextmanager
def histories() -> Iterator[Histories]:
    """Everything that histories need, made once, on SQLite."""
    with ledger([]) as book, exchange() as at:

        def fresh() -> Database:
            book.reset()
            return book.db

        yield Histories(at, fresh)


def batch(seeds: Sequence[int]) -> list[History]:
    """Run some seeds on one ledger."""
    with histories() as all_of_them:
        return [all_of_them.run(seed) for seed in seeds]
