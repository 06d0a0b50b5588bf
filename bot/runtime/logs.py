"""The log: one line an event, on standard error, and never a secret in it."""

import logging
import os
import sys
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urlsplit

# Below WARNING these print the bodies of requests and answers, and so people's words. Bolt gives each of its
# loggers the root's level when an app is made, and Socket Mode speaks through the app's own logger: a level
# does not hold them, so what counts is the file that a line comes from.
_LIBRARIES_LOGGING_CONTENT = ("slack_bolt", "slack_sdk")
# At DEBUG these print authorization headers and OAuth signatures; `websockets` also what it reads and sends.
_LIBRARIES_LOGGING_SECRETS = (
    "tweepy",
    "oauthlib",
    "requests_oauthlib",
    "urllib3",
    "slack_sdk",
    "slack_bolt",
    "waitress",
    "apscheduler",
    "websockets",
)
_found_secrets: list[str] = []  # that came up since the start, such as parts of a feed's address

_SECRET_MIN_CHARS = 6  # characters; hiding shorter values would only garble the log


class RedactingFormatter(logging.Formatter):
    """Formats as usual, then takes every known secret out, tracebacks included."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        known = {each for one in secrets for each in _secret_variants(one) if len(each) >= _SECRET_MIN_CHARS}
        self._secrets = sorted(known, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """The finished line or lines."""
        line = super().format(record)
        for secret in (*self._secrets, *sorted(_found_secrets, key=len, reverse=True)):
            line = line.replace(secret, "•••")
        return line


def _secret_variants(secret: str) -> Iterator[str]:
    """What of a secret may turn up by itself: drivers name the password of a database URL alone."""
    yield secret
    try:
        password = urlsplit(secret).password
    except ValueError:
        return
    if password:
        yield from (password, unquote(password))


def _has_no_user_text(record: logging.LogRecord) -> bool:
    """Whether a line tells nobody's words."""
    return record.levelno >= logging.WARNING or not any(
        f"{os.sep}{name}{os.sep}" in record.pathname for name in _LIBRARIES_LOGGING_CONTENT
    )


def hide(secrets: Iterable[str]) -> None:
    """Take `secrets` out of every further line, too."""
    _found_secrets.extend(
        {one for one in secrets if len(one) >= _SECRET_MIN_CHARS}.difference(_found_secrets)
    )


def set_up(level: str, secrets: Iterable[str]) -> None:
    """Log from `level` up to standard error, without any of `secrets`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactingFormatter(secrets))
    handler.addFilter(_has_no_user_text)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _LIBRARIES_LOGGING_SECRETS:
        logging.getLogger(name).setLevel(max(logging.getLevelName(level), logging.INFO))
    # Each plugin of Alembic would be a line, and each tick of a job that finds the last one still at work.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
