"""The log, read by somebody who knows nothing else: where must the ticket stand after all that? And the issues?"""

from collections.abc import Mapping, Sequence
from typing import Any

HOLDS_ITS_TURN = {"held", "queued", "sending", "unsure", "asked", "handed off", "published", "confirmed"}
PUBLIC = {"published", "confirmed"}
OPEN = {"waiting", "snoozed"}
OWNERS = {"claim", "take over", "release", "assign", "claim expired"}
GIVES_UP = {"release", "claim expired"}
OF_ISSUES = {
    "add to issue": None,
    "report again": None,
    "told": "told",
    "not told after all": None,
    "skip telling": "skipped",
}  # what each makes of a ticket in an issue

SAYS_NOTHING = {
    *OF_ISSUES,
    "remove from issue",
    "move to issue",
    "post not shown",
    "post blanked",
    "post shown again",
    "post edited",
    "private channel",
    "private channel lost",
    "compose",
    "take over composing",
    "breach",
}  # of where it stands
STOPPED = {
    "paused",
    "not a sender",
    "no longer shown",
    "other account",
    "their post reaches other people now",
}  # why a reply that waited never left, besides an undo
OUTCOMES = {"answered", "no reply needed", "not about us", "muted"}
LEADS_TO = {"snooze": "snoozed"} | {outcome: outcome for outcome in OUTCOMES}  # everything else: waiting

Line = Mapping[str, Any]


class Told:
    """What the log has told so far of one ticket."""

    def __init__(self) -> None:
        self.state, self.turn, self.owner, self.reason = "waiting", 0, None, None
        self.replies: dict[int, str] = {}
        self.turns: dict[int, int] = {}
        self.opened_by: dict[int, str] = {}
        self.ended: dict[int, tuple[str, Any]] = {}  # where each turn stands: its state and the reason

    @property
    def is_follow_up(self) -> bool:
        return self.opened_by.get(self.turn) == "follow up"

    def stands(self, state: str, reason: Any = None) -> None:
        self.state, self.reason = state, reason
        self.ended[self.turn] = (state, reason)

    def has_answer(self) -> bool:
        return any(self.turns[n] == self.turn for n, state in self.replies.items() if state in HOLDS_ITS_TURN)


def replay(log: Sequence[Line]) -> Told:
    """Read the events of one ticket, oldest first."""
    told = Told()
    muted = {line["post_id"] for line in log if line["act"] == "muted"}
    for line in log:
        data = line["data"] or {}
        if line["act"] == "mention" and line["post_id"] in muted and told.state == "muted":
            continue  # it joins the turn that is muted
        if line["reply_id"] is not None and "to" in data:
            _replay_reply(told, line["reply_id"], data["to"])
            if line["act"] == "undo" or (data["to"] == "cancelled" and data.get("reason") in STOPPED):
                _take_back(told, line["reply_id"])
        elif line["reply_id"] is not None:
            continue  # that a copy was sent anyway, or that it is to be deleted: it stays where it is
        else:
            _replay_ticket(told, line["act"], line["actor"], data)
    return told


def _replay_reply(told: Told, reply_id: int, to: str) -> None:
    told.turns.setdefault(reply_id, told.turn)
    told.replies[reply_id] = to
    at_hand = told.turns[reply_id] == told.turn
    if at_hand and to in PUBLIC:
        told.stands("answered", "handed off" if to == "confirmed" else None)
    elif to in PUBLIC:
        told.ended[told.turns[reply_id]] = ("answered", "handed off" if to == "confirmed" else None)
    if at_hand and to == "withdrawn" and told.state == "answered":
        told.stands("waiting")


def _take_back(told: Told, reply_id: int) -> None:
    """A turn that only this reply had opened is gone with it."""
    if told.turns[reply_id] == told.turn and told.is_follow_up and told.state == "waiting":
        del told.opened_by[told.turn]
        told.turn -= 1
        told.state, told.reason = told.ended[told.turn]


def _replay_ticket(told: Told, act: str, actor: str, data: Line) -> None:
    if act in OWNERS:
        told.owner = None if act in GIVES_UP else data.get("to", actor)
    elif act not in SAYS_NOTHING:
        if _begins_a_turn(told, act):
            told.turn += 1
            told.opened_by[told.turn] = act
        told.stands(LEADS_TO.get(act, "waiting"), data.get("reason"))


def _begins_a_turn(told: Told, act: str) -> bool:
    if act == "mention":
        return told.turn == 0 or told.state not in OPEN or told.has_answer() or told.is_follow_up
    if act == "reopen":
        return told.state != "snoozed" and told.has_answer()
    return act in {"asked again", "follow up", "no answer"}


def issues_of(log: Sequence[Line]) -> dict[tuple[int, int], str | None]:
    """Read the events of all issues, oldest first: which ticket belongs to which, and who was told or skipped."""
    found: dict[tuple[int, int], str | None] = {}
    for line in log:
        act, data, ticket = line["act"], line["data"] or {}, line["ticket_id"]
        if act in OF_ISSUES:
            found[data["issue"], ticket] = OF_ISSUES[act]
        elif act == "remove from issue":
            del found[data["issue"], ticket]
        elif act == "move to issue":
            del found[data["from"], ticket]
            found[data["issue"], ticket] = data.get("standing")
        elif act == "issue fixed":
            found |= {one: None for one in found if one[0] == data["issue"]}
    return found
