"""Errors as the servers send them: https://atproto.com/specs/xrpc#error-responses."""


class XrpcError(Exception):
    """An error response: a status, the error's name and a message."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": error, "message": message}


def invalid(message: str) -> XrpcError:
    return XrpcError(400, "InvalidRequest", message)


def upstream_failure() -> XrpcError:
    """What the PDS says when the AppView fails, as it does for some requests for ever."""
    return XrpcError(502, "InternalServerError", "Internal Server Error")
