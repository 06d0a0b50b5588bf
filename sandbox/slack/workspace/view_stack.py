"""Each person's stack of modals, at most three, and their Home tab."""

import itertools
from collections.abc import Callable

from sandbox.slack.errors import SlackError
from sandbox.slack.workspace.trigger_ids import Trigger
from sandbox.slack.workspace.view import Json, View, new_hash, prepared

DEPTH = 3


class Views:
    """All views of the workspace. Callers hold the world's lock."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._numbers = itertools.count(1)
        self._known: dict[str, View] = {}
        self.stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}

    def known(self, view_id: str) -> View | None:
        """Return a view by ID, open or closed; None if there is none."""
        return self._known.get(view_id)

    def get(self, view_id: str) -> View:
        view = self._known.get(view_id)
        if view is None or not view.is_open:
            raise SlackError("not_found")
        return view

    def by_external_id(self, external_id: str) -> View:
        for view in self._known.values():
            if view.is_open and view.given.get("external_id") == external_id:
                return view
        raise SlackError("not_found")

    def top(self, user: str) -> View | None:
        stack = self.stacks.get(user)
        return stack[-1] if stack else None

    def open(self, trigger: Trigger, given: Json) -> View:
        """Open a modal; it replaces the person's stack. Raises SlackError."""
        self.clear(trigger.user)
        view = self._new(trigger.user, given)
        self.stacks[trigger.user] = [view]
        trigger.opened = view.id
        return view

    def push(self, trigger: Trigger, given: Json) -> View:
        """Push a view onto the stack in which the person acted. Raises SlackError."""
        if trigger.view_id is None:
            raise SlackError("not_found")
        view = self.push_on(self.get(trigger.view_id), given)
        trigger.opened = view.id
        return view

    def push_on(self, below: View, given: Json) -> View:
        stack = self.stacks.get(below.user, [])
        if below not in stack:
            raise SlackError("not_found")
        if len(stack) >= DEPTH:
            raise SlackError("push_limit_reached")
        view = self._new(below.user, given, below)
        stack.append(view)
        return view

    def update(self, view: View, given: Json, expected_hash: str | None = None) -> View:
        if expected_hash and expected_hash != view.hash:
            raise SlackError("hash_conflict")
        view.show(given, self._now())
        return view

    def publish(self, user: str, given: Json, expected_hash: str | None = None) -> View:
        home = self.homes.get(user)
        if home:
            return self.update(home, given, expected_hash)
        if expected_hash:
            raise SlackError("hash_conflict")
        self.homes[user] = self._new(user, given)
        return self.homes[user]

    def close(self, view: View) -> None:
        """Close one view; the one below becomes visible again."""
        view.is_open = False
        stack = self.stacks.get(view.user, [])
        if view in stack:
            stack.remove(view)

    def clear(self, user: str) -> None:
        """Close every modal of a person."""
        for view in list(self.stacks.get(user, [])):
            self.close(view)

    def _new(self, user: str, given: Json, below: View | None = None) -> View:
        self._refuse_duplicate(given.get("external_id"))
        view_id = f"V{next(self._numbers):010d}"
        root = below.root_id if below else view_id
        view = View(view_id, user, prepared(given), new_hash(self._now()), root, below.id if below else None)
        self._known[view_id] = view
        return view

    def _refuse_duplicate(self, external_id: str | None) -> None:
        if external_id and any(
            view.is_open and view.given.get("external_id") == external_id for view in self._known.values()
        ):
            raise SlackError("duplicate_external_id")
