"""The log, read by somebody who knows nothing else: where must the ticket stand after all that?"""

from collections.abc import Mapping, Sequence
from typing import Any

HOLDS_ITS_TURN = {"held", "queued", "sending", "unsure", "asked", "handed off", "published", "confirmed"}
PUBLIC = {"published", "confirmed"}
OPEN = {"waiting", "snoozed"}
OWNERS = {"claim", "take over", "release"}
OUTCOMES = {"answered", "no reply needed", "not about us"}
LEADS_TO = {"snooze": "snoozed"} | {outcome: outcome for outcome in OUTCOMES}  # everything else: waiting

Line = Mapping[str, Any]


class Told:
    """What the log has told so far of one ticket."""

    def __init__(self) -> None:
        self.state, self.turn, self.owner, self.reason = "waiting", 0, None, None
        self.replies: dict[int, str] = {}
        self.turns: dict[int, int] = {}
        self.is_follow_up = False

    def has_answer(self) -> bool:
        return any(self.turns[n] == self.turn for n, state in self.replies.items() if state in HOLDS_ITS_TURN)


def replay(log: Sequence[Line]) -> Told:
    """Read the events of one ticket, oldest first."""
    told = Told()
    for line in log:
        if line["reply_id"] is not None:
            _replay_reply(told, line["reply_id"], line["data"]["to"])
        else:
            _replay_ticket(told, line["act"], line["actor"], line["data"] or {})
    return told


def _replay_reply(told: Told, reply_id: int, to: str) -> None:
    told.turns.setdefault(reply_id, told.turn)
    told.replies[reply_id] = to
    at_hand = told.turns[reply_id] == told.turn
    if at_hand and to in PUBLIC:
        told.state, told.reason = "answered", "handed off" if to == "confirmed" else None
    if at_hand and to == "withdrawn" and told.state == "answered":
        told.state, told.reason = "waiting", None


def _replay_ticket(told: Told, act: str, actor: str, data: Line) -> None:
    if act in OWNERS:
        told.owner = None if act == "release" else actor
    elif act != "post deleted":
        if _begins_a_turn(told, act):
            told.turn, told.is_follow_up = told.turn + 1, act == "follow up"
        told.state, told.reason = LEADS_TO.get(act, "waiting"), data.get("reason")


def _begins_a_turn(told: Told, act: str) -> bool:
    if act == "mention":
        return told.turn == 0 or told.state not in OPEN or told.has_answer() or told.is_follow_up
    if act == "reopen":
        return told.state != "snoozed" and told.has_answer()
    return act in {"asked again", "follow up"}
