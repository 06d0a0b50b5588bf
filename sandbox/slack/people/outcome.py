"""The result of an interaction, as the person sees it."""

from typing import TYPE_CHECKING

from sandbox.slack.delivery.transport import Answer, Parcel
from sandbox.slack.workspace.message import Json, Message
from sandbox.slack.workspace.response_urls import ResponseUrl
from sandbox.slack.workspace.trigger_ids import Trigger

if TYPE_CHECKING:
    from sandbox.slack.people.modal import Modal
    from sandbox.slack.people.person import Person

TROUBLE = "We had some trouble connecting. Try again?"


class Outcome:
    """The result of one press, command or submission."""

    def __init__(
        self,
        person: "Person",
        parcel: Parcel | None = None,
        answer: Answer | None = None,
        *,
        trigger: Trigger | None = None,
        response_url: ResponseUrl | None = None,
        error: str = "",
        since: str = "",
        opened_url: str | None = None,
    ) -> None:
        self.person, self.parcel, self.answer = person, parcel, answer
        self.trigger, self.response_url = trigger, response_url
        self.opened_url = opened_url  # the URL of a link button
        self.error = error or ("" if answer is None or answer.ok else TROUBLE)
        self._since = since

    @property
    def status(self) -> int | None:
        """The bot's HTTP status; None if it did not answer or nothing was sent."""
        return self.answer.status if self.answer else None

    @property
    def ok(self) -> bool:
        return not self.error

    @property
    def body(self) -> bytes:
        """The bytes that were sent to the bot."""
        return self.parcel.body if self.parcel else b""

    @property
    def payload(self) -> Json:
        return self.parcel.payload if self.parcel else {}

    @property
    def view(self) -> "Modal | None":
        """The modal that this opened, if any. Waits until the trigger expires."""
        return self.person.opened_by(self.trigger) if self.trigger else None

    @property
    def ephemerals(self) -> list[Message]:
        """The ephemeral messages to this person since then, oldest first."""
        return self.person.ephemerals(self._since)

    def ephemeral(self, seconds: float | None = None) -> Message:
        """Wait for the first ephemeral message to this person. Raises TimeoutError."""
        world = self.person.world
        return world.until(lambda: self.ephemerals, seconds or world.limits.look_seconds)[0]

    def replay(self) -> "Outcome":
        """Send the same bytes again, as a retry or attacker would. Raises ValueError if nothing was sent."""
        if self.parcel is None:
            raise ValueError("nothing was sent that could be sent again")
        answer = self.person.sender.resend(self.parcel)
        return type(self)(
            self.person,
            self.parcel,
            answer,
            trigger=self.trigger,
            response_url=self.response_url,
            since=self.person.world.next_ts(),
        )


class CommandOutcome(Outcome):
    """The result of a slash command."""

    @property
    def acked(self) -> Json:
        """The message in the ack; plain text counts as its `text`."""
        if self.answer is None or not self.answer.ok:
            return {}
        body = self.answer.json()
        return body if isinstance(body, dict) else {"text": self.answer.text}

    @property
    def text(self) -> str:
        """The text of the ack, or the error that Slack showed instead."""
        return str(self.acked.get("text") or "") or self.error

    @property
    def blocks(self) -> list[Json]:
        blocks: list[Json] = self.acked.get("blocks") or []
        return blocks

    @property
    def answers(self) -> list[Message]:
        """All messages so far, by ack or response URL, in order."""
        return list(self.response_url.answers) if self.response_url else []

    def first_answer(self, seconds: float | None = None) -> Message:
        """Wait for the first message, by ack or response URL. Raises TimeoutError."""
        world = self.person.world
        answers = world.until(lambda: [*self.answers, *self.ephemerals], seconds or world.limits.look_seconds)
        return answers[0]


class SubmitOutcome(Outcome):
    """The result of a submission: the modal closed, showed errors, or was replaced."""

    def __init__(
        self,
        person: "Person",
        parcel: Parcel | None = None,
        answer: Answer | None = None,
        *,
        trigger: Trigger | None = None,
        response_url: ResponseUrl | None = None,
        error: str = "",
        since: str = "",
        closed: bool = False,
        errors: dict[str, str] | None = None,
        shows: "Modal | None" = None,
    ) -> None:
        super().__init__(
            person,
            parcel,
            answer,
            trigger=trigger,
            response_url=response_url,
            error=error,
            since=since,
        )
        self.closed, self.errors, self._shows = closed, errors or {}, shows

    @property
    def ok(self) -> bool:
        return not self.error and not self.errors

    @property
    def view(self) -> "Modal | None":
        """The view that replaced this one, by update or push."""
        return self._shows

    @property
    def opened(self) -> "Modal | None":
        """The modal that the bot opened with the submission's trigger. Waits until that expires."""
        return super().view
