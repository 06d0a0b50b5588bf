"""What each press, submit, command and event needs of whoever sends it: one table each.

`access.py` looks a request up here. Whoever is no member may do nothing but what is marked `ON_CARD`,
`OWN_REPLY` or `ANYBODY`; whether somebody may send public replies is `bot/slack/sender_permissions.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from bot.slack import ephemeral_answers
from bot.slack.blocks import dialogs, home, home_filter
from bot.slack.blocks.channel_settings import modal as settings_modal
from bot.slack.blocks.commands import search_results
from bot.slack.blocks.groups import card as group_card
from bot.slack.blocks.groups import modals as group_modals
from bot.slack.blocks.issues import merge, picker, ranking
from bot.slack.blocks.mutes import dialog as mute_dialog
from bot.slack.blocks.mutes import mute_list, muted_list
from bot.slack.blocks.mutes import offers as mute_offers
from bot.slack.blocks.replies import composer, posted
from bot.slack.blocks.tickets import author_history, snooze, twins
from bot.slack.blocks.tracks import feed_modal, track_list
from bot.slack.blocks.tracks import modal as track_modal


class RequiredAccess(Enum):
    """What somebody has to be."""

    NOBODY_IN_PARTICULAR = auto()
    MEMBER = auto()
    ON_CARD = auto()  # a member; or a guest whom the channel's senders name, on a card there
    OWN_REPLY = auto()  # a member; or such a guest, about a reply of their own


@dataclass(frozen=True, slots=True)
class AccessRule:
    """What a request needs. `allow_if_unknown`: it stops something, so works without Slack."""

    needs: RequiredAccess
    allow_if_unknown: bool = False


ANYBODY = AccessRule(RequiredAccess.NOBODY_IN_PARTICULAR)
MEMBER = AccessRule(RequiredAccess.MEMBER)
ON_CARD = AccessRule(RequiredAccess.ON_CARD)
OWN_REPLY = AccessRule(RequiredAccess.OWN_REPLY)
UNDO = AccessRule(RequiredAccess.OWN_REPLY, allow_if_unknown=True)
PAUSE = AccessRule(RequiredAccess.MEMBER, allow_if_unknown=True)

# --- the table ----------------------------------------------------------------------------------------------

SEND_CALLBACK_ID = "send_as_public_reply"  # the message shortcut
PAGED_MUTE_LISTS = (mute_list.MUTES_PAGE_ACTION, muted_list.MUTED_PAGE_ACTION)
ACTION_RULES: Mapping[str, AccessRule] = {
    # a card, a reminder, a preview
    "claim": ON_CARD,
    "release": ON_CARD,  # their own claim alone: Ticket.release sees to that
    "take_over": MEMBER,
    "reopen": MEMBER,
    "undo": UNDO,
    "no_reply_needed": ON_CARD,
    "show_context": MEMBER,
    "open_on_network": ANYBODY,  # links: Slack opens them by itself and only tells us
    "open_composer_on_network": ANYBODY,
    "reply": ON_CARD,
    "follow_up": ON_CARD,
    "edit_draft": ON_CARD,
    "use_draft": ON_CARD,
    composer.TAKE_OVER_ACTION_ID: ON_CARD,
    composer.ACCOUNT_ACTION_ID: ON_CARD,
    composer.PLACE_ACTION_ID: ON_CARD,
    twins.NOT_SAME_PERSON_ACTION_ID: ON_CARD,
    "send_publicly": ON_CARD,
    "keep_private": ON_CARD,
    # an unsure reply, a hand-off
    "it_is_there": OWN_REPLY,
    "send_again": OWN_REPLY,
    "discard": OWN_REPLY,
    "posted": OWN_REPLY,
    "not_posted": OWN_REPLY,
    # Home
    home.DISCARD_ACTION_ID: MEMBER,
    home.CLOSE_ACTION_ID: MEMBER,
    home.PREVIOUS_ACTION_ID: MEMBER,
    home.NEXT_ACTION_ID: MEMBER,
    home.PICK_ACTION_ID: MEMBER,
    home.OUTCOME_ACTION_ID: MEMBER,
    home_filter.FILTER_ACTION_ID: MEMBER,
    # issues, history, answers to a command
    author_history.DELETE_NOTE_ACTION_ID: MEMBER,
    "remove_from_issue": MEMBER,
    "issues_page_a": MEMBER,
    "issues_page_b": MEMBER,
    "open_issue": MEMBER,
    "refresh_issue": MEMBER,
    "issue_page_a": MEMBER,
    "issue_page_b": MEMBER,
    "fix_issue": MEMBER,
    "reopen_issue": MEMBER,
    "skip_telling": MEMBER,
    merge.RENAME_ID: MEMBER,
    search_results.MORE_ACTION_ID: MEMBER,
    # tracks; who may change them: handlers/tracks/admins.py
    f"{track_list.PAGE_ACTION}_a": MEMBER,
    f"{track_list.PAGE_ACTION}_b": MEMBER,
    track_list.EDIT_ACTION_ID: MEMBER,
    track_list.LINKS_ACTION_ID: MEMBER,
    track_list.PAUSE_ACTION_ID: MEMBER,
    track_list.RESUME_ACTION_ID: MEMBER,
    track_list.REMOVE_ACTION_ID: MEMBER,
    track_modal.TRY_ACTION_ID: MEMBER,
    track_modal.FEED_ACTION_ID: MEMBER,
    feed_modal.SITE_ACTION_ID: MEMBER,
    feed_modal.TRY_FEED_ACTION_ID: MEMBER,
    # a card that several tickets share
    group_card.REPLY_ACTION_ID: ON_CARD,
    group_card.CLAIM_ACTION_ID: ON_CARD,
    group_card.CLOSE_ACTION_ID: MEMBER,
    group_card.SHOW_ACTION_ID: MEMBER,
    group_card.OWN_CARD_ACTION_ID: ON_CARD,
    ephemeral_answers.SHARE_ACTION_ID: MEMBER,
    # mutes; who may mute words: handlers/tracks/admins.py
    **dict.fromkeys((*mute_offers.MUTE_ACTION_IDS.values(), *mute_offers.LEAVE_OUT_ACTION_IDS), MEMBER),
    **dict.fromkeys((f"{one}_{side}" for one in PAGED_MUTE_LISTS for side in "ab"), MEMBER),
    mute_list.ALL_MUTES_ACTION_ID: MEMBER,
    mute_list.UNMUTE_ACTION_ID: MEMBER,
    mute_list.SHOW_MUTED_BY_ACTION_ID: MEMBER,
    muted_list.SHOW_MUTED_ACTION_ID: MEMBER,
}
ACTION_PREFIX_RULES: Mapping[str, AccessRule] = {
    f"{author_history.PAGE_ACTION_PREFIX}_": MEMBER,
    f"{author_history.OTHER_AUTHOR_ACTION_PREFIX}_": MEMBER,
    f"{group_modals.PAGE_ACTION}_": MEMBER,
    f"{group_card.UNDO_ACTION}_": MEMBER,
    f"{track_list.QUOTES_ACTION}_": MEMBER,
}
OVERFLOW_ACTION_ID = "more"  # the overflow of a card
OVERFLOW_OPTION_RULES: Mapping[str, AccessRule] = {
    "assign": MEMBER,
    "snooze": MEMBER,
    "not_about_us": ON_CARD,
    "add_to_issue": MEMBER,
    "history": MEMBER,
    "unsay": MEMBER,
    "release": ON_CARD,
    "take_over": MEMBER,
}
VIEW_RULES: Mapping[str, AccessRule] = {
    composer.COMPOSER_CALLBACK_ID: ON_CARD,
    dialogs.REASON_CALLBACK_ID: ON_CARD,
    dialogs.ASSIGN_CALLBACK_ID: MEMBER,
    dialogs.DELETE_CALLBACK_ID: MEMBER,
    dialogs.ME_CALLBACK_ID: MEMBER,
    snooze.SNOOZE_CALLBACK_ID: MEMBER,
    author_history.HISTORY_CALLBACK_ID: MEMBER,
    ranking.ADD_CALLBACK_ID: MEMBER,
    ranking.SKIP_CALLBACK_ID: MEMBER,
    merge.RENAME_ID: MEMBER,
    track_modal.TRACK_CALLBACK_ID: MEMBER,
    feed_modal.FEED_CALLBACK_ID: MEMBER,
    posted.POSTED_CALLBACK_ID: OWN_REPLY,
    mute_dialog.MUTE_CALLBACK_ID: MEMBER,
    group_modals.PICK_CALLBACK_ID: ON_CARD,
    group_modals.CLOSE_CALLBACK_ID: MEMBER,
    settings_modal.SETTINGS_CALLBACK_ID: MEMBER,
}
# It opened for somebody who might then. What they typed is kept, and the card stops showing them as writing.
CLOSED_VIEW_RULES: Mapping[str, AccessRule] = {composer.COMPOSER_CALLBACK_ID: ANYBODY}
SUGGESTION_RULES: Mapping[str, AccessRule] = {picker.PICK_ACTION_ID: MEMBER}
SHORTCUT_RULES: Mapping[str, AccessRule] = {SEND_CALLBACK_ID: ON_CARD}
COMMAND_RULES: Mapping[str, AccessRule] = {"/mentions": MEMBER}
SUBCOMMAND_RULES: Mapping[str, AccessRule] = {"pause": PAUSE}
EVENT_RULES: Mapping[str, AccessRule] = {
    "app_home_opened": ANYBODY,  # bot/slack/home_tab.py asks who looks at it, whatever it is drawn for
    "message": ANYBODY,  # nothing is done for them: an owner shows life, an author hears of their own words
}
MENTION_EVENT = "app_mention"
THREAD_COMMAND_RULES: Mapping[str, AccessRule] = {
    "claim": ON_CARD,
    "release": ON_CARD,
    "done": ON_CARD,
    "reply": ON_CARD,
    "drafts": ON_CARD,  # one's own
    "undo": UNDO,
}
