"""The endpoint behind response URLs.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

import json
import threading
from typing import Any

from sandbox.slack.delivery.transport import TIMEOUT, Answer
from sandbox.slack.errors import SlackError
from sandbox.slack.http_server import Request, Response
from sandbox.slack.web_api.arguments import Args
from sandbox.slack.web_api.dispatch import after, before
from sandbox.slack.web_api.methods.chat import said
from sandbox.slack.workspace.call_log import Call
from sandbox.slack.workspace.message import Message
from sandbox.slack.workspace.response_urls import ResponseUrl
from sandbox.slack.workspace.world import SlackWorld

Json = dict[str, Any]
METHOD = "response_url"
FAILED = "{} failed with the error “{}”"


class ResponseUrlEndpoint:
    """Answers `/actions/…` and `/commands/…`."""

    def __init__(self, world: SlackWorld, stopping: threading.Event) -> None:
        self._world, self._stopping = world, stopping

    def answer(self, request: Request) -> Response:
        """Apply what the bot posted, and log it as a call of `response_url`."""
        try:
            args = Args.of(request)
        except SlackError as refusal:
            return _json(refusal.body(), 400)
        call = Call(METHOD, args.values, self._world.now())
        with self._world.lock:
            self._world.calls.append(call)
        fault = self._world.faults.take(METHOD)
        response = before(fault) if fault else None
        if response is None:
            response = self._run(request.path, args, call)
            response = (after(fault, self._stopping) if fault else None) or response
        call.status, call.done = response.status, self._world.now()
        self._world.changed("call")
        return response

    def _run(self, path: str, args: Args, call: Call) -> Response:
        with self._world.lock:
            url = self._world.response_urls.get(path)
            try:
                self._admit(url)
                assert url is not None
                respond(self._world, url, args)
            except SlackError as refusal:
                call.error = refusal.name
                return _json(refusal.body(), 404 if refusal.name.endswith("_url") else 400)
        return _json({"ok": True})

    def _admit(self, url: ResponseUrl | None) -> None:
        limits = self._world.limits
        if url is None or self._world.now() - url.issued > limits.response_url_seconds:
            raise SlackError("expired_url")
        if url.uses >= limits.response_url_uses:
            raise SlackError("used_url")
        url.uses += 1


def respond(world: SlackWorld, url: ResponseUrl, args: Args) -> Message | None:
    """Replace, delete or add a message, as `args` say; return the message. Raises SlackError."""
    if args.flag("delete_original"):
        if _standing(url.origin):
            world.delete(url.origin)  # type: ignore[arg-type]
        return None
    content = said(world, args)
    # After a command there is no original: Slack then posts a new message (bolt-python#1268, bolt-js#2287).
    if args.flag("replace_original") and _standing(url.origin):
        assert url.origin is not None
        answer = world.edit(url.origin, **content)
    else:
        answer = _add(world, url, args, content)
    url.answers.append(answer)
    return answer


def show_ack(world: SlackWorld, command: str, url: ResponseUrl, answer: Answer) -> str:
    """Show the message in a command's ack. Return the error that the person sees, or ""."""
    if not answer.ok:
        return FAILED.format(command, "operation_timeout" if answer.failure == TIMEOUT else "dispatch_failed")
    body = answer.json()
    body = body if isinstance(body, dict) else {"text": answer.text}
    if not any(body.get(key) for key in ("text", "blocks", "attachments")):
        return ""
    try:
        with world.lock:
            respond(world, url, Args(body))
    except SlackError as refusal:
        return FAILED.format(command, refusal.name)
    return ""


def _add(world: SlackWorld, url: ResponseUrl, args: Args, content: Json) -> Message:
    text = content.pop("text")
    # Without a thread_ts the message goes to the channel, even if the press was in a thread.
    thread_ts = args.text("thread_ts") or None
    if args.text("response_type") == "in_channel":
        return world.post(url.channel, world.app.user_id, text, **content, thread_ts=thread_ts)
    return world.whisper(url.channel, url.user, text, **content, thread_ts=thread_ts)


def _standing(origin: Message | None) -> bool:
    return origin is not None and not origin.deleted


def _json(body: Json, status: int = 200) -> Response:
    return Response(status, json.dumps(body).encode())
