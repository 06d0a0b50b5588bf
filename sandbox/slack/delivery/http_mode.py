"""HTTP mode: signed POSTs to the app's request URL and options load URL."""

import contextlib
import hashlib
import hmac
import http.client
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from sandbox.slack.delivery.transport import NOBODY, TIMEOUT, Answer, Json, Kind, Parcel, encode

AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"


class HttpMode:
    """Delivers to `url`, if set; asks for options of selects at `options_url`, or at `url` if that is None.

    https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select
    """

    def __init__(self, signing_secret: str) -> None:
        self.url = ""
        self.options_url: str | None = None
        self._secret = signing_secret.encode()
        self._guard = threading.Lock()
        self._open: set[http.client.HTTPConnection] = set()

    @property
    def ready(self) -> bool:
        return bool(self.url)

    def pack(self, kind: Kind, payload: Json) -> Parcel:
        content_type, body = encode(kind, payload)
        return Parcel(kind, payload, body, {"Content-Type": content_type, **self.signed(body)})

    def signed(self, body: bytes, timestamp: int | None = None) -> dict[str, str]:
        """Return the signature headers (https://docs.slack.dev/authentication/verifying-requests-from-slack)."""
        at = str(int(time.time()) if timestamp is None else timestamp)
        digest = hmac.new(self._secret, b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={digest}"}

    def send(self, parcel: Parcel, seconds: float, retry: tuple[int, str] | None = None) -> Answer:
        headers = dict(parcel.headers)
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry[0]), "X-Slack-Retry-Reason": retry[1]}
        asks = parcel.payload.get("type") == "block_suggestion" and self.options_url is not None
        return self.post(parcel.body, headers, seconds, self.options_url if asks else None)

    def post(
        self, body: bytes, headers: dict[str, str], seconds: float, address: str | None = None
    ) -> Answer:
        """Send bytes unchanged, and wait for the response up to `seconds`."""
        url = urlsplit(self.url if address is None else address)
        if not url.hostname:
            return Answer(None, failure=NOBODY)
        connection = http.client.HTTPConnection(url.hostname, url.port or 80, timeout=seconds)
        with self._tracked(connection):
            try:
                target = url.path + (f"?{url.query}" if url.query else "")
                connection.request("POST", target, body, {"User-Agent": AGENT, "Accept": "*/*", **headers})
                response = connection.getresponse()
                return Answer(response.status, response.read(), dict(response.getheaders()))
            except TimeoutError:
                return Answer(None, failure=TIMEOUT)
            except (OSError, http.client.HTTPException):
                return Answer(None, failure=NOBODY)

    def close(self) -> None:
        """Cut every open connection, so that nobody waits any longer."""
        with self._guard:
            for connection in self._open:
                if connection.sock:
                    with contextlib.suppress(OSError):
                        connection.sock.shutdown(2)

    @contextlib.contextmanager
    def _tracked(self, connection: http.client.HTTPConnection) -> Iterator[None]:
        with self._guard:
            self._open.add(connection)
        try:
            yield
        finally:
            with self._guard:
                self._open.discard(connection)
            connection.close()
