"""The server of the local Slack: its HTTP and WebSocket ports, its workspace, and the app's address."""

import threading
from types import TracebackType
from typing import Any, Self

from sandbox.slack.delivery.http_mode import HttpMode
from sandbox.slack.delivery.sender import PayloadSender
from sandbox.slack.delivery.socket_mode import SocketMode
from sandbox.slack.delivery.transport import Answer, encode
from sandbox.slack.http_server import HttpServer, Request, Response
from sandbox.slack.people.person import Person
from sandbox.slack.web_api.dispatch import WebApi
from sandbox.slack.web_api.file_endpoints import FileEndpoints
from sandbox.slack.web_api.response_url_endpoint import ResponseUrlEndpoint
from sandbox.slack.workspace.world import SlackWorld

Json = dict[str, Any]
SEND_SECONDS = 10.0


class SlackServer:
    """A Slack on loopback. Use it as a context manager, or `start` and `close` it."""

    def __init__(
        self,
        signing_secret: str = "s3cret",  # noqa: S107 - a stand-in has no secrets
        bot_token: str = "xoxb-test",  # noqa: S107
        app_token: str = "xapp-test",  # noqa: S107
        *,
        port: int = 0,
        events_url: str = "",
        world: SlackWorld | None = None,
    ) -> None:
        self.world = world or SlackWorld()
        self._stopping = threading.Event()
        self._http = HttpMode(signing_secret)
        self._http.url = events_url
        self.sockets = SocketMode(self.world.app.app_id)
        self.sender = PayloadSender(self.world, self._http, self.sockets)
        self._api = WebApi(self.world, {"bot": bot_token, "app": app_token}, self._stopping)
        self._file_endpoints = FileEndpoints(self.world, bot_token, self._stopping)
        self.world.open_socket = self.sockets.ticket
        self._response_url_endpoint = ResponseUrlEndpoint(self.world, self._stopping)
        self._server = HttpServer(port, self._answer)
        self.world.address = self.address

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def url(self) -> str:
        """The base URL of the Web API, for the app's client (SLACK_API_URL)."""
        return f"{self.address}/api/"

    @property
    def events_url(self) -> str:
        """The app's request URL, used while no socket is connected."""
        return self._http.url

    @events_url.setter
    def events_url(self, url: str) -> None:
        self._http.url = url

    @property
    def options_url(self) -> str | None:
        """The app's options load URL, used while no socket is connected; None: `events_url`."""
        return self._http.options_url

    @options_url.setter
    def options_url(self, url: str | None) -> None:
        self._http.options_url = url

    def start(self) -> None:
        self.sockets.start()
        self._server.start()
        self.sender.start()

    def close(self) -> None:
        """Stop everything and wait for every thread."""
        self._stopping.set()
        self.sockets.close()
        self.sender.close()
        self._server.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def person(self, user: str) -> Person:
        """Return a teammate by ID, handle or name, ready to act. Raises SlackError `user_not_found`."""
        return Person(self.world.user(user), self.world, self.sender, self.address)

    def add_user(self, user_id: str, real_name: str, name: str) -> Person:
        """Add a member, who joins every public channel."""
        self.world.add_user(user_id, real_name, name)
        return self.person(user_id)

    def send_raw(
        self,
        body: bytes | str | Json,
        *,
        timestamp: int | None = None,
        signature: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Post anything to the bot, with a valid signature unless given; a header of "" is left out."""
        raw = encode("events_api", body)[1] if isinstance(body, dict) else body
        data = raw.encode() if isinstance(raw, str) else raw
        kind = "application/json" if data.startswith(b"{") else "application/x-www-form-urlencoded"
        sent = {"Content-Type": kind, **self._http.signed(data, timestamp)}
        sent |= {} if signature is None else {"X-Slack-Signature": signature}
        sent |= headers or {}
        return self._http.post(data, {name: value for name, value in sent.items() if value}, SEND_SECONDS)

    def verify_url(self) -> bool:
        """Verify the request URL as Slack does: send a challenge, and say whether it came back."""
        challenge = {"token": "deprecated", "challenge": "3eZbrw1aBm2rZgRNFdxV", "type": "url_verification"}
        return challenge["challenge"] in self.send_raw(challenge).text

    def _answer(self, request: Request) -> Response:
        if request.path.startswith("/api/"):
            return self._api.answer(request.path.removeprefix("/api/"), request)
        if request.path.startswith(("/actions/", "/commands/")):
            return self._response_url_endpoint.answer(request)
        if request.path.startswith(("/upload/", "/files-pri/")):
            return self._file_endpoints.answer(request)
        return Response(404, b"not found", "text/plain")
