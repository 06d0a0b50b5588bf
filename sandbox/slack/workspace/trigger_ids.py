"""Trigger IDs: each opens one modal, once, within three seconds."""

import itertools
import secrets
from dataclasses import dataclass

from sandbox.slack.errors import SlackError


@dataclass(eq=False)
class Trigger:
    """One trigger: `view_id` is the modal in which the person acted, `opened` the modal it opened."""

    id: str
    user: str
    expires: float
    view_id: str | None = None
    opened: str | None = None


class Triggers:
    """All triggers issued so far."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1_000_000_000_001)
        self._known: dict[str, Trigger] = {}

    def issue(self, user: str, expires: float, view_id: str | None = None) -> Trigger:
        number = next(self._numbers)
        trigger = Trigger(f"{number}.{number + 7}.{secrets.token_hex(16)}", user, expires, view_id)
        self._known[trigger.id] = trigger
        return trigger

    def known(self, trigger_id: str) -> Trigger | None:
        return self._known.get(trigger_id)

    def good(self, trigger_id: str, now: float) -> Trigger:
        """Return a trigger that can still be used (https://docs.slack.dev/reference/methods/views.open).

        Raises SlackError `invalid_trigger_id`, `exchanged_trigger_id` or `expired_trigger_id`.
        """
        trigger = self._known.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.opened:
            raise SlackError("exchanged_trigger_id")
        if now > trigger.expires:
            raise SlackError("expired_trigger_id")
        return trigger
