"""The WSGI app: Slack's door, and what a machine asks about our health."""

import json
import logging
import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from http import HTTPStatus
from io import BytesIO
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk.signature import SignatureVerifier
from sqlalchemy import select

from bot import metrics
from bot.context import BotContext
from bot.notices import clock_set_back
from bot.runtime import migrations
from bot.runtime.waitress_server import BODY_MAX_BYTES
from bot.slack.blocks.elements import format_duration
from models import Account, Cursor
from models.sources.cursor import MENTIONS_CURSOR, PAGE_LOCK
from models.sources.no_account import NO_ACCOUNT_ID

log = logging.getLogger(__name__)

Environ = dict[str, Any]
StartResponse = Callable[..., Any]

_UNIX_TIME_PATTERN = re.compile(
    r"[0-9]{1,12}"
)  # Unix time; the SDK's verifier raises on more digits, and on none
NOT_SIGNED_BODY = b"Not signed by Slack.\n"
READY_MAX_MISSED_POLLS = 3  # a poll may fail now and then before we call ourselves not ready


class HttpApp:
    """`/slack/events`, `/healthz`, `/readyz`, `/metrics`; everything else is not found."""

    def __init__(self, ctx: BotContext, app: App | None) -> None:
        self.ctx = ctx
        secret = ctx.settings.slack_signing_secret
        self._slack: SlackRequestHandler | None = None
        if app is not None and secret is not None:
            self._slack = SlackRequestHandler(app, path="/slack/events")
            self._verifier = SignatureVerifier(secret.get_secret_value())

    def __call__(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path, method = environ.get("PATH_INFO", ""), environ.get("REQUEST_METHOD", "GET")
        if path == "/slack/events" and self._slack is not None:
            if method != "POST":
                return _respond(start, HTTPStatus.METHOD_NOT_ALLOWED, b"Slack posts here.\n")
            return self._from_slack(environ, start)
        answer = {"/healthz": self._health, "/readyz": self._ready, "/metrics": self._metrics}.get(path)
        if answer is None or method not in {"GET", "HEAD"}:
            return _respond(start, HTTPStatus.NOT_FOUND, b"Heard has nothing here.\n")
        try:
            return answer(start)
        except Exception:
            log.exception("the database does not respond")
            why = {"ok": False, "why": "the database does not respond"}
            return _respond_json(start, HTTPStatus.SERVICE_UNAVAILABLE, why)

    def _from_slack(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        """Hand a request that Slack signed to Bolt, which would read others, too, before it verifies them.

        The server has refused longer bodies by their length; a WSGI server that has not is refused here.
        """
        at: str = environ.get("HTTP_X_SLACK_REQUEST_TIMESTAMP", "")
        signature: str = environ.get("HTTP_X_SLACK_SIGNATURE", "")
        if not _UNIX_TIME_PATTERN.fullmatch(at) or not signature.isascii():
            return _respond(start, HTTPStatus.UNAUTHORIZED, NOT_SIGNED_BODY)
        body: bytes = environ["wsgi.input"].read(BODY_MAX_BYTES + 1)
        if len(body) > BODY_MAX_BYTES:
            return _respond(start, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"Too much.\n")
        try:
            words = body.decode()
        except UnicodeDecodeError:
            return _respond(start, HTTPStatus.BAD_REQUEST, b"Not UTF-8.\n")
        if not self._verifier.is_valid(words, at, signature):
            return _respond(start, HTTPStatus.UNAUTHORIZED, NOT_SIGNED_BODY)
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(body), str(len(body))
        assert self._slack is not None
        answer: Iterable[bytes] = self._slack(environ, start)
        return answer

    def _health(self, start: StartResponse) -> Iterable[bytes]:
        """200 when process and database answer; how old the polls are is in the body."""
        return _respond_json(start, HTTPStatus.OK, {"ok": True, "polls": self._polls()})

    def _ready(self, start: StartResponse) -> Iterable[bytes]:
        """200 when, besides, the schema is ours and one network was read of late.

        That is an account's mentions, or a track where Heard has no account.
        """
        polls, here = self._polls(), migrations.current_revision(self.ctx.db)
        longest = timedelta(
            seconds=max(READY_MAX_MISSED_POLLS * self.ctx.settings.poll_seconds, 30)
        ).total_seconds()
        readings = [
            poll
            for poll in polls
            if (poll["reading"] == MENTIONS_CURSOR or poll["account"] == NO_ACCOUNT_ID)
            and poll["age_seconds"] is not None
        ]
        behind = clock_set_back.time_behind(self.ctx.db, at=self.ctx.now())
        if here != migrations.latest_revision():
            why = f"the schema is {here}, not {migrations.latest_revision()}"
        elif behind is not None:
            why = f"the clock was set back: it is {format_duration(behind)} behind the last reading"
        elif not any(one["age_seconds"] <= longest + 2 * one["spread_seconds"] for one in readings):
            why = "no network was polled recently"
        else:
            return _respond_json(start, HTTPStatus.OK, {"ok": True, "polls": polls})
        return _respond_json(start, HTTPStatus.SERVICE_UNAVAILABLE, {"ok": False, "why": why, "polls": polls})

    def _polls(self) -> list[dict[str, Any]]:
        at = self.ctx.now()
        with self.ctx.db.read(2.0) as session:
            here = (~Account.is_left(Cursor.network, Cursor.account_id), Cursor.name != PAGE_LOCK)
            return [_poll_status(one, one.age(at)) for one in session.scalars(select(Cursor).where(*here))]

    def _metrics(self, start: StartResponse) -> Iterable[bytes]:
        body = metrics.exposition(self.ctx)
        return _respond(start, HTTPStatus.OK, body, "text/plain; version=0.0.4; charset=utf-8")


def _poll_status(cursor: Cursor, age: timedelta | None) -> dict[str, Any]:
    return {
        "network": cursor.network,
        "account": cursor.account_id,
        "reading": cursor.name,
        "age_seconds": None if age is None else round(age.total_seconds(), 1),
        "spread_seconds": round(
            cursor.rate_limit_interval.total_seconds(), 1
        ),  # as far as a rate limit wants
        "failing_since": None if cursor.failing_since is None else cursor.failing_since.isoformat(),
    }


def _respond_json(start: StartResponse, status: HTTPStatus, data: dict[str, Any]) -> Iterable[bytes]:
    return _respond(start, status, json.dumps(data).encode() + b"\n", "application/json")


def _respond(
    start: StartResponse, status: HTTPStatus, body: bytes, kind: str = "text/plain; charset=utf-8"
) -> Iterable[bytes]:
    start(f"{status.value} {status.phrase}", [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]
