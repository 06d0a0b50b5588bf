"""Named points at which a test may end this process. Outside of tests, to reach one does nothing.

They stand where a crash would hurt: between a promise and its keeping. `tests/chaos` ends real processes at
each of them; a point that is named here and never reached is a failure there.
"""

from collections.abc import Callable

POINTS = (
    "request frozen",  # the network has put it together; the intent is not written
    "reply intended",  # written, not committed
    "reply declared",  # committed; the socket is not open yet
    "reply answered",  # the network has answered; not written
    "reply settled",  # written, not committed
    "look made",  # our own posts were read; not written
    "page read",  # a page of mentions is here; not written
    "page written",  # written, not committed
    "page kept",  # committed; the next page is not read
    "card declared",  # committed; Slack is not called yet
    "card placed",  # Slack has answered; not written
    "press written",  # what a teammate did is written, not committed
    "press kept",  # committed; Slack does not know that yet
)

REPEAT_POINTS = (
    "repeat declared",  # committed; the socket is not open yet
    "repeat answered",  # the network has answered; not written
)
"""The same where a network knows repeats by a key. `tests/simulation` ends processes there."""

PICTURE_POINTS = ("picture uploaded",)  # the network has it; not written
"""The same for replies with pictures."""

_visitor: Callable[[str], None] | None = None


def reach(name: str) -> None:
    """Pass the point called `name`."""
    if _visitor is not None:
        _visitor(name)


def set_visitor(visitor: Callable[[str], None] | None) -> None:
    """Have `visitor` called with the name of each point that is passed from now on; None to stop that."""
    global _visitor  # noqa: PLW0603 - one process, one visitor
    _visitor = visitor
