"""The endpoints that receive and serve the bytes of files: `/upload/v1/…` and `/files-pri/…`."""

import threading
from email.parser import BytesParser
from email.policy import HTTP

from sandbox.slack.http_server import Request, Response
from sandbox.slack.web_api.dispatch import after, before
from sandbox.slack.workspace.call_log import Call
from sandbox.slack.workspace.world import SlackWorld

METHOD = "upload"


class FileEndpoints:
    """Receives each file once, and serves it to tokens that may read files."""

    def __init__(self, world: SlackWorld, bot_token: str, stopping: threading.Event) -> None:
        self._world, self._token, self._stopping = world, bot_token, stopping

    def answer(self, request: Request) -> Response:
        if request.path.startswith("/upload/"):
            return self._upload(request)
        return self._download(request)

    def _upload(self, request: Request) -> Response:
        """Receive bytes, raw or in a form, and log it as a call of `upload`."""
        data = _payload(request)
        call = Call(METHOD, {"bytes": len(data)}, self._world.now())
        with self._world.lock:
            self._world.calls.append(call)
        fault = self._world.faults.take(METHOD)
        response = before(fault) if fault else None
        if response is None:
            response = self._kept(request.path, data)
            response = (after(fault, self._stopping) if fault else None) or response
        call.status, call.done = response.status, self._world.now()
        self._world.changed("call")
        return response

    def _kept(self, path: str, data: bytes) -> Response:
        with self._world.lock:
            file = self._world.files.by_upload(path)
            if file is None or file.completed is not None:
                return Response(404, b"not found", "text/plain")
            if len(data) != file.size:
                return Response(400, b"size mismatch", "text/plain")
            file.data = data
        return Response(200, f"OK - {len(data)}".encode(), "text/plain")

    def _download(self, request: Request) -> Response:
        """Serve the bytes to a token with `files:read`; redirect others to a sign-in page, as Slack does."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        with self._world.lock:
            file = self._world.files.by_path(request.path)
            may = token == self._token and "files:read" in self._world.scopes
        if file is None or file.data is None:
            return Response(404, b"not found", "text/plain")
        if not may:
            return Response(302, b"", "text/html", {"Location": self._world.app.team_url})
        return Response(200, file.data, file.kind[2])


def _payload(request: Request) -> bytes:
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        return request.body
    whole = b"Content-Type: " + kind.encode() + b"\r\n\r\n" + request.body
    parts = BytesParser(policy=HTTP).parsebytes(whole).iter_parts()
    found = next((part.get_payload(decode=True) for part in parts if part.get_filename()), b"")
    return found if isinstance(found, bytes) else b""
