"""What is offered once somebody said *Not about us*: mutes, and more that the track could leave out. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.slack.blocks.elements import Block, button, context_block, section_block
from bot.slack.blocks.mutes.dialog import build_foreseen
from bot.slack.blocks.mutes.values import LeaveOutValue, MuteValue
from bot.slack.blocks.text import mrkdwn_literal, truncate
from models.core.mrkdwn import as_code
from models.mutes.foresight import PROPOSALS_MAX, Exclusion
from models.sources.mute import AUTHOR_MUTE, CONVERSATION_MUTE, WORDS_MUTE

MUTE_ACTION_IDS = {
    CONVERSATION_MUTE: "mute_conversation",
    AUTHOR_MUTE: "mute_author",
    WORDS_MUTE: "mute_words",
}
MUTE_LABELS = {
    CONVERSATION_MUTE: "Mute this conversation",
    AUTHOR_MUTE: "Mute this author",
    WORDS_MUTE: "Mute words…",
}
# Several in one message need names of their own.
LEAVE_OUT_ACTION_IDS = tuple(f"leave_out_{number}" for number in range(PROPOSALS_MAX))
QUERY_SHOWN_MAX_CHARS = 100
LABEL_SHOWN_MAX_CHARS = 50  # of a button's 75


@dataclass(frozen=True, slots=True)
class TrackOffer:
    """What a track could leave out: its `number`, `query` and `revision`, and the proposals."""

    number: int
    query: str
    revision: int
    proposals: Sequence[Exclusion]


def build_offers(
    ticket_id: int, track: TrackOffer | None, *, may_mute_words: bool, note: str | None = None
) -> list[Block]:
    """The buttons, and what each proposal would have removed. `note` says what has just been done, mrkdwn."""
    blocks = [] if note is None else [context_block(note)]
    kinds = [CONVERSATION_MUTE, AUTHOR_MUTE, *([WORDS_MUTE] if may_mute_words else [])]
    row = [button(MUTE_LABELS[kind], MUTE_ACTION_IDS[kind], MuteValue(kind, ticket_id)) for kind in kinds]
    blocks += [
        section_block("*Not about us.* Do you get more like this? You can mute it:"),
        {"type": "actions", "elements": row},
    ]
    if track is None or not track.proposals:
        return blocks
    query = mrkdwn_literal(truncate(track.query, QUERY_SHOWN_MAX_CHARS))
    or_leave = f"Or have track {track.number} (“{query}”) leave out such posts from now on."
    blocks.append(section_block(f"{or_leave} Posts that are here already stay as they are."))
    for action, one in zip(LEAVE_OUT_ACTION_IDS, track.proposals, strict=False):
        value = LeaveOutValue(track.number, track.revision, ticket_id, one.words, one.handle)
        add = button(f"Leave out {_label(one)}", action, value)
        start = f"Leaving out {exclusion_text(one)} would have removed"
        shown = build_foreseen(one.removed, start, "that this track found in the last 30 days")
        blocks += [*shown, {"type": "actions", "elements": [add]}]
    return blocks


def exclusion_text(one: Exclusion | LeaveOutValue) -> str:
    """What is left out, for a sentence in mrkdwn."""
    if one.handle:
        return f"posts by {mrkdwn_literal(f'@{one.handle}')}"
    return as_code(one.words)


def _label(one: Exclusion) -> str:
    return truncate(f"posts by @{one.handle}" if one.handle else one.words, LABEL_SHOWN_MAX_CHARS)
