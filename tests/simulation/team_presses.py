"""What people do on cards, previews and in modals."""

from typing import Any

from bot.slack.blocks.values import Origin
from sandbox.slack import Modal
from sandbox.slack.block_kit.interactive_elements import Part, chosen, presses
from sandbox.slack.people.outcome import Outcome, SubmitOutcome
from sandbox.slack.people.person import Person
from sandbox.slack.text.visible import visible
from sandbox.slack.workspace.message import Message
from tests.simulation.approvals import quoted
from tests.simulation.team_base import OLD_COPIES, TeamBase

OPENS = {"Reply", "Follow up", "Edit"}
SELDOM = {
    "No reply needed": 0.3,
    "Not about us": 0.3,
    "Show context": 0.1,
    "Assign…": 0.4,
    **{f"Open on {title}": 0.1 for title in ("Chirp", "Herd", "Sky")},
}


class Presses(TeamBase):
    """Everything that one does with a mouse."""

    # --- presses ------------------------------------------------------------------------------------------

    def _press(self, who: Person) -> bool:
        """Press something on the card, perhaps on an old copy of it."""
        old = [one for one in self.copies if self.may_see(who, one.channel)]
        if old and self.rng.random() < 0.3:
            return self._press_on(who, self.rng.choice(old))
        return self._press_on_card(who)

    def _reply(self, who: Person) -> bool:
        """Press Reply or Follow up, which is what people mostly do."""
        return self._press_on_card(who, only={"Reply", "Follow up"})

    def _answer(self, who: Person) -> bool:
        """Press Reply, type, and send: what mostly happens."""
        if not self._reply(who):
            return False
        modal = who.modal
        if modal is not None and modal.callback_id == "composer":
            if modal.value():
                self.witness.sees(who.id, modal.value() or "")
            modal.fill(self._typed(who, Origin.unpack(modal.private_metadata).ticket))
            self._submit(who, modal)
        return True

    def _take_back(self, who: Person) -> bool:
        """Undo or delete."""
        return self._press_on_card(who, only={"Undo", "Delete public reply", "Reopen"})

    def _press_on_card(self, who: Person, only: set[str] | None = None) -> bool:
        """Press something on one of the cards as they are now; one that has it, if something is wanted."""
        cards = [card for _, card in self.cards(who) if only is None or only & set(card.buttons)]
        return bool(cards) and self._press_on(who, self.rng.choice(cards).snapshot(), only=only)

    def _press_in_thread(self, who: Person) -> bool:
        """Press a button on something that the bot said in the thread."""
        if (found := self.card(who)) is None:
            return False
        _, card = found
        said = [one for one in self.here.world.channel(card.channel).replies(card.ts) if one.buttons]
        return bool(said) and self._press_on(who, self.rng.choice(said).snapshot())

    def _preview(self, who: Person) -> bool:
        """Press a button of one's newest preview; or of an old one, or of somebody else's."""
        own = [one for one in who.ephemerals() if one.buttons]
        if own and self.rng.random() < 0.8:
            surface = own[-1]
            self.previews = [*self.previews, surface.snapshot()][-OLD_COPIES:]
        elif others := [one for one in self.previews if self.may_see(who, one.channel)]:
            surface = self.rng.choice(others)
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
            self.witness.approves(who.id, quoted(surface.blocks), None, visible(surface).text)
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
            modal.fill(self._typed(who, Origin.unpack(modal.private_metadata).ticket))
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
            ticket_id = Origin.unpack(modal.private_metadata).ticket
            self.witness.composes(who.id, modal.value() or "", ticket_id)
        outcome = modal.close()
        if outcome is not None:
            self.witness.took(outcome, "closing a modal")

    def _leave_modal(self, who: Person) -> None:
        """Slack's client shows one modal, and closes it before it lets one do anything else."""
        if who.modal is not None:
            self._cancel(who, who.modal)
