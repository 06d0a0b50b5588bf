"""What a visitor does in the Slack pane, done as the teammate they act as."""

import io
import time
from base64 import b64decode
from collections.abc import Callable
from typing import Any

from flask import Blueprint, request, send_file

from sandbox.page.gesture_log import Gesture
from sandbox.page.json_replies import Json, problem, words
from sandbox.page.page_context import PageContext
from sandbox.page.slack_state import slack_state
from sandbox.slack import Message, Modal, NotOnScreenError, Outcome, Person, SlackError
from sandbox.slack.block_kit.interactive_elements import STATE, Part, options, presses
from sandbox.slack.people.external_select import EXTERNAL
from sandbox.slack.workspace.file import File
from sandbox.slack.workspace.view import View

MAX_MESSAGE_BYTES = 10_000_000  # with its files in Base64
MAX_ATTACHED_BYTES = 40_000_000  # likewise: files of a modal have up to 10 MB
GONE = "That no longer exists."


def slack_routes(context: PageContext) -> Blueprint:  # noqa: C901, PLR0915 - one short function for each gesture
    """Return the routes under `/slack`."""
    pages = Blueprint("slack", __name__, url_prefix="/slack")
    pages.register_error_handler(NotOnScreenError, lambda error: problem(str(error)))
    pages.register_error_handler(SlackError, lambda error: problem(f"Slack says: {error.name}"))

    def given() -> Json:
        body = request.get_json()
        return body if isinstance(body, dict) else {}

    def me() -> Person:
        return context.slack.person(words(given(), "as"))

    def message() -> Message:
        body = given()
        place = context.slack.world.channel(words(body, "channel"))
        for one in [*place.messages, *place.ephemerals]:
            if one.ts == body.get("ts"):
                return one
        raise NotOnScreenError(GONE)

    def told(what: str, act: Callable[[], Outcome | None]) -> Json:
        began, outcome = time.time(), act()
        if outcome is None:
            return {}
        gesture = Gesture(began, me().user.real_name, what, outcome.status, time.time() - began)
        context.gestures.note(gesture)
        context.event_stream.changed("internals")
        return {"error": outcome.error} if outcome.error else {}

    @pages.get("/state")
    def state() -> Json:
        asked = request.args
        place = asked.get("channel") or next(iter(context.slack.world.channels))
        return slack_state(context, asked.get("as", ""), place, asked.get("thread") or None)

    @pages.post("/say")
    def say() -> Json:
        request.max_content_length = MAX_MESSAGE_BYTES
        who, body, text = me(), given(), words(given(), "text").strip()
        thread = words(body, "thread") or None
        if text.startswith("/"):
            command, _, rest = text.partition(" ")
            where = words(body, "channel")
            return told(text[:60], lambda: who.command(command, rest.strip(), where, thread))
        files = _files(body.get("files"))
        if text or files:
            who.say(words(body, "channel"), text, thread, files=files)
        return {}

    @pages.post("/press")
    def press() -> Json:
        surface = message()
        part = _part(surface.blocks, given())
        _must_be_seen(me(), surface)
        label = f"pressed {part.label}"
        return told(label, lambda: me().send_press(surface, part, _held(me(), surface, part, given())))

    @pages.post("/options")
    def offer() -> Json:
        surface = message()
        _must_be_seen(me(), surface)
        return _on_offer(me(), surface, given())

    @pages.post("/react")
    def react() -> Json:
        surface, name = message(), words(given(), "name")
        mine = me().id in surface.reactions.get(name, [])
        context.slack.world.react(surface, name, me().id, remove=mine)
        return {}

    @pages.post("/edit")
    def edit() -> Json:
        me().edit(message(), words(given(), "text"))
        return {}

    @pages.post("/delete")
    def delete() -> Json:
        surface = message()
        if surface.ephemeral_to:
            _must_be_seen(me(), surface)
            context.slack.world.delete(surface)
        else:
            me().delete(surface)
        return {}

    @pages.post("/shortcut")
    def shortcut() -> Json:
        name = words(given(), "name")
        return told(f"chose {name}", lambda: me().shortcut(message(), name))

    @pages.post("/home")
    def home() -> Json:
        me().open_home(1.0)
        return {}

    @pages.get("/file/<file_id>")
    def file(file_id: str) -> Any:  # noqa: ANN401 - bytes, or a refusal
        found = _file_for(context, request.args.get("as", ""), file_id)
        if found is None or found.data is None:
            return problem("That file does not exist, or you cannot see it.", 404)
        return send_file(
            io.BytesIO(found.data),
            mimetype=found.kind[2],
            download_name=found.name,
            as_attachment=not found.is_picture or "keep" in request.args,
        )

    # --- modals ----------------------------------------------------------------------------------

    def view() -> View:
        found = context.slack.world.views.known(words(given(), "view"))
        if found is None or found.user != me().id:
            raise NotOnScreenError(GONE)
        return found

    def modal() -> Modal:
        return Modal(me(), view())

    def typed_into(open_one: Modal) -> None:
        """Enter what was typed and chosen on the page since the last request."""
        values = given().get("values") or {}
        if values and open_one.is_open:
            open_one.write(values)

    @pages.post("/view/fill")
    def fill() -> Json:
        typed_into(modal())
        return {}

    @pages.post("/view/attach")
    def attach() -> Json:
        request.max_content_length = MAX_ATTACHED_BYTES
        open_one = modal()
        typed_into(open_one)
        open_one.attach(words(given(), "field"), _files(given().get("files")))
        return {}

    @pages.post("/view/press")
    def press_in_view() -> Json:
        surface = view()
        typed_into(modal())
        part = _part(surface.blocks, given())
        value = _held(me(), surface, part, given())
        return told(f"pressed {part.label}", lambda: me().send_press(surface, part, value))

    @pages.post("/view/options")
    def offer_in_view() -> Json:
        return _on_offer(me(), view(), given())

    @pages.post("/view/enter")
    def press_enter() -> Json:
        open_one = modal()
        typed_into(open_one)
        return told("pressed Enter", lambda: open_one.press_enter(words(given(), "field")))

    @pages.post("/view/submit")
    def submit() -> Json:
        open_one = modal()
        typed_into(open_one)
        answer = told(f"submitted {open_one.title}", open_one.submit)
        return answer | {"errors": open_one.errors}

    @pages.post("/view/close")
    def close() -> Json:
        open_one = modal()
        typed_into(open_one)
        return told(f"closed {open_one.title}", open_one.close) if open_one.is_open else {}

    return pages


def _files(given: Any) -> dict[str, bytes]:  # noqa: ANN401 - any JSON
    """Return the files added to a message, by name. Raises NotOnScreenError."""
    try:
        return {words(one, "name"): b64decode(str(one.get("data") or "")) for one in given or []}
    except (AttributeError, ValueError):
        raise NotOnScreenError("These are not files.") from None


def _file_for(context: PageContext, viewer: str, file_id: str) -> File | None:
    """Return a file that `viewer` can see: shared where they are, or a picture in a block."""
    world = context.slack.world
    with world.lock:
        try:
            found = world.files.get(file_id)
        except SlackError:
            return None
        places = [world.channels[one] for one in found.shares if one in world.channels]
        seen = any(viewer in one.members or one.kind == "channel" for one in places)
        shown = found.is_picture and not places
        return found if found.completed is not None and (seen or shown) else None


def _on_offer(person: Person, surface: Message | View, asked: Json) -> Json:
    """Return the options that the app offers for what was typed, by group, ready to draw."""
    offer = person.suggested(surface, _part(surface.blocks, asked), words(asked, "typed"))
    bare = [{"options": offer["options"]}] if offer.get("options") else []
    return {"groups": [_group(one) for one in [*bare, *offer.get("option_groups", [])]]}


def _group(group: Json) -> Json:
    return {
        "label": (group.get("label") or {}).get("text", ""),
        "options": [
            {
                "label": one["text"]["text"],
                "value": one["value"],
                "description": (one.get("description") or {}).get("text", ""),
            }
            for one in group["options"]
        ],
    }


def _must_be_seen(person: Person, message: Message) -> None:
    if message not in person.sees(message.channel, message.thread_ts if message.is_reply else None) and (
        message not in person.ephemerals()
    ):
        raise NotOnScreenError(GONE)


def _part(blocks: list[Json], asked: Json) -> Part:
    """Return the element that was pressed, or the one that replaced it when the message was redrawn.

    Raises NotOnScreenError if there is none.
    """
    parts = [part for part in presses(blocks) if part.element["action_id"] == asked.get("action")]
    same = [part for part in parts if part.block["block_id"] == asked.get("block")]
    for part in same or (parts if len({part.key for part in parts}) == 1 else []):
        if part.option is None or part.option.get("value") == asked.get("option"):
            return part
        if asked.get("options") == []:  # the last checkbox was cleared
            return part
    raise NotOnScreenError("The message has changed meanwhile: that button is gone.")


def _held(person: Person, surface: Message | View, part: Part, asked: Json) -> Any:  # noqa: ANN401 - the element decides
    """Return what a stateful element holds after this choice. Raises NotOnScreenError."""
    kind = part.element["type"]
    if kind in EXTERNAL:
        return person.option(surface, part, asked.get("value"))
    if kind not in STATE:
        return None
    if part.option is None:
        return asked.get("value")
    many = STATE[kind][0] == "selected_options"
    wanted = asked.get("options")
    if many and isinstance(wanted, list):
        return [option for option in options(part.element) if option["value"] in wanted]
    return [part.option] if many else part.option
