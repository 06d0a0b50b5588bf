"""Sends payloads to the bot: interactions once, events with retries."""

import heapq
import itertools
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from sandbox.slack.delivery.http_mode import HttpMode
from sandbox.slack.delivery.socket_mode import SocketMode
from sandbox.slack.delivery.transport import NOBODY, Answer, Kind, Parcel, Transport, decode
from sandbox.slack.workspace.call_log import Attempt, Delivery
from sandbox.slack.workspace.world import SlackWorld

Json = dict[str, Any]
GOOD = range(200, 300)


class PayloadSender:
    """Sends over a socket if one is connected, else to the request URL."""

    def __init__(self, world: SlackWorld, http: HttpMode, sockets: SocketMode) -> None:
        self._world, self._http, self._sockets = world, http, sockets
        self._pool = ThreadPoolExecutor(16, "slack-events")
        self._later = DelayedCalls()
        self._held: list[Delivery] = []

    def start(self) -> None:
        self._later.start()
        self._world.tell_bot = self.send_event

    def close(self) -> None:
        self._world.tell_bot = lambda _event: None
        self._later.close()
        self._http.close()
        self._pool.shutdown(cancel_futures=True)

    @property
    def transport(self) -> Transport:
        return self._sockets if self._sockets.ready else self._http

    def send_interaction(self, kind: Kind, payload: Json) -> tuple[Parcel, Answer]:
        """Send an interaction or command and wait three seconds for the bot, as Slack does. No retries."""
        way = self.transport
        parcel = way.pack(kind, payload)
        return parcel, way.send(parcel, self._world.limits.answer_seconds)

    def resend(self, parcel: Parcel) -> Answer:
        """Send the same bytes again, with the same signature or envelope."""
        way: Transport = self._sockets if parcel.envelope_id else self._http
        return way.send(parcel, self._world.limits.answer_seconds)

    def resend_signed(self, body: bytes) -> tuple[Parcel, Answer]:
        """Send the bytes of an earlier delivery with a new signature or envelope."""
        kind, payload = decode(body)
        way = self.transport
        parcel = replace(way.pack(kind, payload), body=body)
        if way is self._http:
            parcel = replace(parcel, headers=parcel.headers | self._http.signed(body))
        return parcel, way.send(parcel, self._world.limits.answer_seconds)

    def send_event(self, inner: Json) -> Delivery:
        """Start to deliver an event and return at once; `tried` is set after the first attempt."""
        with self._world.lock:
            delivery = self._wrapped(inner)
            if self._is_own(inner):
                self._release(delivery, [])
            else:
                self._under_faults(delivery)
        return delivery

    def _is_own(self, inner: Json) -> bool:
        """Say whether the bot itself caused the event, which faults then leave alone."""
        return bool(inner.get("message", inner).get("user") == self._world.app.user_id)

    def _under_faults(self, delivery: Delivery) -> None:
        faults = self._world.faults
        if faults.take_delivery("drop"):
            delivery.dropped = True
            delivery.tried.set()
        elif faults.take_delivery("reorder"):
            self._held.append(delivery)
            delivery.tried.set()
        else:
            held, self._held = self._held, []
            self._release(delivery, held, twice=faults.take_delivery("duplicate"))

    def _release(self, delivery: Delivery, held: list[Delivery], *, twice: bool = False) -> None:
        """Deliver an event (`twice`: two copies at once), then the `held` events that it overtakes."""
        if twice:
            self._submit(lambda: self._attempt(delivery))
        self._submit(lambda: self._in_turn([delivery, *held]))

    def _in_turn(self, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            self._attempt(delivery)

    def _attempt(self, delivery: Delivery, retry: tuple[int, str] | None = None) -> None:
        way = self.transport
        answer = way.send(way.pack("events_api", delivery.payload), self._world.limits.answer_seconds, retry)
        number = retry[0] if retry else 0
        failure = answer.failure or ("" if answer.status in GOOD else "http_error")
        with self._world.lock:
            delivery.attempts.append(Attempt(self._world.now(), answer.status, failure, number))
        delivery.tried.set()
        self._world.changed("delivery")
        if failure and self._worth_retrying(answer, number):
            delay = self._world.limits.retry_delays[number]
            self._later.call(
                delay, lambda: self._submit(lambda: self._attempt(delivery, (number + 1, failure)))
            )

    def _worth_retrying(self, answer: Answer, number: int) -> bool:
        if number >= len(self._world.limits.retry_delays) or "X-Slack-No-Retry" in answer.headers:
            return False
        # Without a request URL and without any socket so far, there is no app to retry for.
        return answer.failure != NOBODY or self._http.ready or self._sockets.used

    def _submit(self, work: Callable[[], None]) -> None:
        try:
            self._pool.submit(work)
        except RuntimeError:  # the pool is closed: the server is stopping
            return

    def _wrapped(self, inner: Json) -> Delivery:
        app = self._world.app
        event_id = f"Ev{uuid.uuid4().hex[:10].upper()}"
        payload = {
            "token": app.verification_token,
            "team_id": app.team_id,
            "api_app_id": app.app_id,
            "event": inner,
            "type": "event_callback",
            "event_id": event_id,
            "event_time": int(self._world.now()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": app.team_id,
                    "user_id": app.user_id,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
            "event_context": f"4-{event_id}",
        }
        delivery = Delivery(event_id, payload)
        with self._world.lock:
            self._world.deliveries.append(delivery)
        return delivery


class DelayedCalls:
    """A thread that calls functions after a delay."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._numbers = itertools.count()
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="slack-retries")

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        with self._news:
            self._closed = True
            self._news.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def call(self, delay: float, work: Callable[[], None]) -> None:
        with self._news:
            heapq.heappush(self._waiting, (time.monotonic() + delay, next(self._numbers), work))
            self._news.notify_all()

    def _run(self) -> None:
        while work := self._next():
            work()

    def _next(self) -> Callable[[], None] | None:
        with self._news:
            while not self._closed:
                left = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if left is not None and left <= 0:
                    return heapq.heappop(self._waiting)[2]
                self._news.wait(left)
            return None
