"""A teammate in Slack: acts as they do, and reads what they see."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sandbox.slack.block_kit.interactive_elements import STATE, Part, chosen, find, options, words
from sandbox.slack.delivery.interaction_payloads import Payloads
from sandbox.slack.delivery.sender import PayloadSender
from sandbox.slack.delivery.transport import Answer, Parcel
from sandbox.slack.errors import NotOnScreenError, SlackError
from sandbox.slack.people.external_select import EXTERNAL, is_enough, offered
from sandbox.slack.people.message_input import as_command, typed
from sandbox.slack.people.modal import Modal
from sandbox.slack.people.outcome import TROUBLE, CommandOutcome, Outcome, SubmitOutcome
from sandbox.slack.web_api.response_url_endpoint import show_ack
from sandbox.slack.workspace.channel import Channel
from sandbox.slack.workspace.file import File
from sandbox.slack.workspace.message import Message
from sandbox.slack.workspace.offered_options import select_key
from sandbox.slack.workspace.response_urls import ResponseUrl
from sandbox.slack.workspace.trigger_ids import Trigger
from sandbox.slack.workspace.user import User
from sandbox.slack.workspace.view import View
from sandbox.slack.workspace.world import SlackWorld

Json = dict[str, Any]
T = TypeVar("T")
NO_OPTIONS = "We had some trouble loading the options."
TURNED_OFF = "Sending messages to this app has been turned off."
NOT_IN_THREADS = "{} is not supported in threads. Sorry!"


class Person:
    """A member or guest. Every interaction waits up to three seconds for the bot's HTTP response.

    Methods raise NotOnScreenError for anything that this person cannot see or do.
    """

    def __init__(self, user: User, world: SlackWorld, sender: PayloadSender, address: str) -> None:
        self.user, self.world, self.sender = user, world, sender
        self._address = address
        self._payloads = Payloads(world)

    @property
    def id(self) -> str:
        return self.user.id

    # --- seeing ----------------------------------------------------------------------------------

    def sees(self, channel: Channel | str, thread_ts: str | None = None) -> list[Message]:
        """Return the messages of a channel or thread, with this person's ephemeral ones."""
        with self.world.lock:
            place = self.world.channel(channel)
            return place.seen_by(self.id, thread_ts) if self.world.sees(self.id, place) else []

    def download(self, message: Message, name: str = "") -> bytes:
        """Return the bytes of a message's file: the one with this name, or the first."""
        self._must_see(message)
        for file in message.files:
            if name in {"", file.name} and file.data is not None:
                return file.data
        raise NotOnScreenError(f"no file {name!r} among {[file.name for file in message.files]}")

    def ephemerals(self, since: str = "") -> list[Message]:
        """Return this person's ephemeral messages in all channels, oldest first."""
        with self.world.lock:
            own = [e for c in self.world.channels.values() for e in c.ephemerals if e.ephemeral_to == self.id]
        return sorted((e for e in own if e.ts > since), key=lambda message: message.ts)

    @property
    def modal(self) -> Modal | None:
        """The topmost open modal, if any."""
        view = self.world.views.top(self.id)
        return Modal(self, view) if view else None

    @property
    def home(self) -> View | None:
        """The app's Home tab as last published to this person."""
        return self.world.views.homes.get(self.id)

    def dm(self) -> Channel:
        """Return the direct conversation with the bot."""
        return self.world.direct({self.id, self.world.app.user_id})

    def direct_messages(self) -> list[Message]:
        """Return the direct messages with the bot, oldest first."""
        return self.sees(self.dm())

    def opened_by(self, trigger: Trigger) -> Modal | None:
        """Return the modal that was opened with a trigger. Waits until the trigger expires."""
        world = self.world
        world.wait(lambda: trigger.opened or world.now() > trigger.expires, world.limits.trigger_seconds)
        view = world.views.known(trigger.opened) if trigger.opened else None
        return Modal(self, view) if view else None

    # --- writing ---------------------------------------------------------------------------------

    def say(
        self,
        channel: Channel | str,
        text: str,
        thread_ts: str | None = None,
        *,
        files: Mapping[str, bytes] | None = None,
    ) -> Message:
        """Post a message, with `files` by name. Names, URLs and emoji become tokens, `*bold*` a style."""
        given = (files or {}).items()
        with self.world.lock:
            place = self.world.channel(channel)
            if self.id not in place.members or place.is_archived:
                raise NotOnScreenError(f"{self.user.real_name} cannot write in #{place.name}")
            if self.world.is_read_only(place):
                raise NotOnScreenError(TURNED_OFF)
            words, blocks = typed(text, self.world)
            added = [self.upload(name, data) for name, data in given]

        def post() -> Message:
            more: Json = {"blocks": blocks, "thread_ts": thread_ts, "client_msg_id": str(uuid.uuid4())}
            more |= {"files": added, "subtype": "file_share"} if added else {}
            message = self.world.post(place, self.id, words, **more)
            for file in added:
                file.shares.setdefault(place.id, []).append(message.ts)
            return message

        return self._and_tell(post)

    def upload(self, name: str, data: bytes) -> File:
        """Upload a file that is shared nowhere yet."""
        with self.world.lock:
            file = self.world.files.add(name, data, self.id, self._address)
            file.completed = self.world.now()
        return file

    def edit(self, message: Message, text: str) -> Message:
        """Edit one of this person's messages."""
        self._must_be_own(message)
        with self.world.lock:
            words, blocks = typed(text, self.world)
            edited = {"user": self.id, "ts": self.world.next_ts()}
        return self._and_tell(lambda: self.world.edit(message, text=words, blocks=blocks, edited=edited))

    def delete(self, message: Message) -> None:
        """Delete one of this person's messages."""
        self._must_be_own(message)
        self._and_tell(lambda: self.world.delete(message))

    def react(self, message: Message, name: str) -> None:
        """Add a reaction to a message."""
        self._and_tell(lambda: self.world.react(message, name, self.id))

    # --- acting ----------------------------------------------------------------------------------

    def press(
        self,
        on: Message | View | Modal,
        label: str = "",
        *,
        value: Any = None,  # noqa: ANN401 - the element decides
        body: bytes | None = None,
        confirm: bool = True,
    ) -> Outcome:
        """Press a button or choose an option, by its visible label.

        `value` distinguishes equal labels; for a select without fixed options (named by its placeholder) it
        is the new value. `body` instead sends the bytes of an earlier press with a new signature. `confirm`
        is the answer to the button's confirmation dialog.
        """
        if body is not None:
            return self._again(body)
        surface = on.state if isinstance(on, Modal) else on
        with self.world.lock:
            self._must_see(surface)
            part = find(surface.blocks, label, value)
        if part.element.get("confirm") and not confirm:
            return Outcome(self)
        if part.element["type"] in EXTERNAL:
            wanted = value if isinstance(value, list) else [value]
            found = [self.option(surface, part, one) for one in wanted]
            return self.send_press(surface, part, found if isinstance(value, list) else found[0])
        return self.send_press(surface, part, chosen(part, value))

    def command(
        self,
        command: str,
        text: str = "",
        channel: Channel | str = "C0MENTIONS",
        thread_ts: str | None = None,
    ) -> CommandOutcome:
        """Send a slash command. In a thread Slack itself refuses it."""
        if thread_ts:
            return CommandOutcome(self, error=NOT_IN_THREADS.format(command))
        with self.world.lock:
            self._must_be_signed_in()
            place = self.world.channel(channel)
            trigger, since = self._trigger(), self.world.next_ts()
            url = self._response_url("commands", place)
            line = (command, as_command(text, self.world))
            payload = self._payloads.command(self.user, place, line, trigger, self._address + url.path)
        parcel, answer = self.sender.send_interaction("slash_commands", payload)
        error = show_ack(self.world, command, url, answer)
        if error:
            self.world.trouble(self.id, error)
        return CommandOutcome(
            self, parcel, answer, trigger=trigger, response_url=url, since=since, error=error
        )

    def shortcut(self, message: Message, name: str) -> Outcome:
        """Choose a message shortcut, by its name in the menu or its callback_id."""
        with self.world.lock:
            self._must_see(message)
            trigger, url = self._trigger(), self._response_url("actions", message.channel, message)
            callback_id = self.world.shortcuts.get(name, name)
            payload = self._payloads.shortcut(self.user, message, callback_id, trigger)
        return self._gesture(payload, trigger, url)

    def open_home(self, seconds: float | None = None) -> View | None:
        """Open the app's Home tab; wait up to `seconds` until the bot publishes it; return it.

        Without `seconds` it waits as long as people do: `limits.look_seconds`.
        """
        with self.world.lock:
            self._must_be_signed_in()
            before = self.home.hash if self.home else ""
            event = self._payloads.home_opened(self.user, self.dm(), self.home)
        if event["type"] in self.world.subscriptions:
            self.sender.send_event(event).tried.wait(self.world.limits.answer_seconds)
        patience = self.world.limits.look_seconds if seconds is None else seconds
        self.world.wait(lambda: self.home and self.home.hash != before, patience)
        return self.home

    def suggestions(self, on: Message | View, label: str, typed: str = "") -> list[str]:
        """Type into an external select (named by its placeholder); return the labels that the app offers."""
        with self.world.lock:
            self._must_see(on)
            part = find(on.blocks, label)
        return [words(one["text"]) for one in options(self.suggested(on, part, typed))]

    # --- for Modal and the page ----------------------------------------------------------------------

    def send_press(self, surface: Message | View, part: Part, value: Any) -> Outcome:  # noqa: ANN401 - as in press
        """Send one press to the bot."""
        url = None
        with self.world.lock:
            if isinstance(surface, Message):
                trigger, url = self._trigger(), self._response_url("actions", surface.channel, surface)
                payload = self._payloads.on_message(self.user, surface, part, value, trigger)
            else:
                trigger = self._trigger(surface.id)
                if part.element["type"] in STATE:
                    surface.entered[part.key] = value
                payload = self._payloads.on_view(self.user, surface, part, value, trigger)
        return self._gesture(payload, trigger, url, part.element.get("url"))

    def suggested(self, surface: Message | View, part: Part, typed: str) -> Json:
        """Ask the app for the `options` or `option_groups` that match what was typed."""
        if not is_enough(part, typed):
            return {"options": []}
        with self.world.lock:
            payload = self._payloads.suggestion(self.user, surface, part, typed)
        _, answer = self.sender.send_interaction("interactive", payload)
        try:
            offer = offered(answer)
        except SlackError:
            self.world.trouble(self.id, NO_OPTIONS)
            offer = {"options": []}
        with self.world.lock:
            self.world.offers.keep(select_key(self.id, surface, part), offer)
        return offer

    def option(self, surface: Message | View, part: Part, wanted: Any) -> Json:  # noqa: ANN401 - an option, its value or label
        """Return one option of an external select; ask the app unless it has offered the option before."""
        key = select_key(self.id, surface, part)
        found = self.world.offers.find(key, wanted)
        if found is None and isinstance(wanted, str):
            self.suggested(surface, part, wanted)
            found = self.world.offers.find(key, wanted)
        if found is None:
            raise NotOnScreenError(f"{wanted!r} is not on offer in {part.label!r}")
        return found

    def send_submission(self, modal: Modal) -> SubmitOutcome:
        """Submit a modal and apply the bot's response."""
        with self.world.lock:
            self._must_be_signed_in()
            trigger, since = self._trigger(modal.id), self.world.next_ts()
            payload = self._payloads.submission(self.user, modal.state, trigger)
        parcel, answer = self.sender.send_interaction("interactive", payload)
        settled = modal.settle(answer)
        if settled.get("error"):
            self.world.trouble(self.id, settled["error"])
        return SubmitOutcome(self, parcel, answer, trigger=trigger, since=since, **settled)

    def send_closing(self, modal: Modal) -> Outcome | None:
        """Close a modal, or its stack with `clear_on_close`; notify the bot with `notify_on_close`."""
        given, views = modal.state.given, self.world.views
        with self.world.lock:
            cleared = bool(given.get("clear_on_close"))
            payload = self._payloads.closing(self.user, modal.state, is_cleared=cleared)
            views.clear(self.id) if cleared else views.close(modal.state)
        self.world.changed("view", ts=modal.id, user=self.id)
        if not given.get("notify_on_close"):
            return None
        return self._outcome(*self.sender.send_interaction("interactive", payload))

    # --- inside ----------------------------------------------------------------------------------

    def _gesture(
        self, payload: Json, trigger: Trigger, url: ResponseUrl | None, link: str | None = None
    ) -> Outcome:
        if url:
            payload["response_url"] = self._address + url.path
        since = self.world.next_ts()
        parcel, answer = self.sender.send_interaction("interactive", payload)
        return self._outcome(parcel, answer, trigger=trigger, response_url=url, since=since, opened_url=link)

    def _outcome(self, parcel: Parcel, answer: Answer, **more: Any) -> Outcome:  # noqa: ANN401 - Outcome's own fields
        if not answer.ok:
            self.world.trouble(self.id, TROUBLE)
        return Outcome(self, parcel, answer, **more)

    def _again(self, body: bytes) -> Outcome:
        since = self.world.next_ts()
        parcel, answer = self.sender.resend_signed(body)
        trigger = self.world.triggers.known(str(parcel.payload.get("trigger_id")))
        return self._outcome(parcel, answer, trigger=trigger, since=since)

    def _trigger(self, view_id: str | None = None) -> Trigger:
        expires = self.world.now() + self.world.limits.trigger_seconds
        return self.world.triggers.issue(self.id, expires, view_id)

    def _response_url(self, kind: str, channel: Channel | str, origin: Message | None = None) -> ResponseUrl:
        place = self.world.channel(channel)
        path = f"/{kind}/{self.world.app.team_id}"
        url = ResponseUrl(path, self.id, place.id, self.world.now(), origin)
        return self.world.response_urls.issue(url)

    def _and_tell(self, act: Callable[[], T]) -> T:
        """Act, then wait for the first attempt to deliver each event of it."""
        with self.world.lock:
            known = len(self.world.deliveries)
            result = act()
            told = self.world.deliveries[known:]
        for delivery in told:
            delivery.tried.wait(self.world.limits.answer_seconds)
        return result

    def _must_be_own(self, message: Message) -> None:
        if message.user != self.id or message.deleted:
            raise NotOnScreenError("you can only change your own messages")

    def _must_be_signed_in(self) -> None:
        if self.user.deleted:
            raise NotOnScreenError(f"{self.user.real_name}'s account is deactivated")

    def _must_see(self, surface: Message | View) -> None:
        self._must_be_signed_in()
        hidden = isinstance(surface, Message) and (
            surface.deleted
            or surface.ephemeral_to not in {None, self.id}
            or not self.world.sees(self.id, self.world.channel(surface.channel))
        )
        foreign = isinstance(surface, View) and (surface.user != self.id or not surface.is_open)
        if hidden or foreign:
            raise NotOnScreenError(f"{self.user.real_name} can no longer see this")
