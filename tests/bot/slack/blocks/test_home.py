"""Home as Block Kit: in the room that Slack gives it, and nobody's words more than words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.blocks.home import (
    DRAFTS_SHOWN_MAX,
    OWN_TICKETS_SHOWN_MAX,
    WAITING_PER_PAGE,
    HomeContent,
    build_home,
    filter_of_hash,
    page_of_hash,
    view_hash,
)
from bot.slack.blocks.home_filter import EVERYTHING, FilterChoice, HomeFilter, HomeFilterValue
from models.reports.drafts import Draft
from models.reports.open_tickets import Listing, StuckCounts, TicketEntry, UnsettledReply
from models.tickets.delivery_state import DeliveryState
from models.tickets.state import TicketState
from sandbox.slack import visible
from sandbox.slack.block_kit.validator import check_view

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ENTRY = TicketEntry(
    ticket_id=7,
    network="x",
    account="acmebrew",
    handle="maria",
    words="Are you open today?",
    turn=1,
    post_id="100",
    owner=None,
    state=TicketState.WAITING,
    since=NOON - timedelta(hours=1),
    due_at=NOON + timedelta(minutes=10),
    snoozed_until=None,
    is_answered=False,
    channel="C0MENTIONS",
    ts="1700000000.000100",
)
NOBODY = Listing(0, ())
HOSTILE = "<!channel> *now* <https://evil.example|click> :tada: <@U0ANA>"


def shown(
    *, drafts: tuple[Draft, ...] = (), mine: Listing = NOBODY, waiting: Listing = NOBODY, **more: object
) -> HomeContent:
    given = {"unread": (), "titles": {"x": "X"}, "url": "https://acme.slack.test/", "at": NOON} | more
    return HomeContent(drafts=drafts, mine=mine, waiting=waiting, **given)


def many(count: int, of: TicketEntry = ENTRY, *, room: int) -> Listing:
    return Listing(count, tuple(replace(of, ticket_id=number) for number in range(1, min(count, room) + 1)))


def full(entry: TicketEntry) -> HomeContent:
    return shown(
        drafts=tuple(Draft(replace(entry, ticket_id=n), n, entry.words or "") for n in range(1, 99)),
        mine=many(99, entry, room=OWN_TICKETS_SHOWN_MAX),
        waiting=many(99, entry, room=WAITING_PER_PAGE),
        unread=("X hasn't responded since 12:00 (no answer): this list may be incomplete.",) * 4,
    )


def seen(view: dict[str, object]) -> str:
    assert check_view(view) == []
    return visible(view).text


def test_a_quiet_home_is_one_friendly_line() -> None:
    assert (
        seen(build_home(shown()))
        == ":sunny: All caught up. No one is waiting for a reply, and you have no drafts."
    )


def test_it_is_not_called_quiet_while_a_network_does_not_answer() -> None:
    text = seen(
        build_home(shown(unread=("X hasn't responded since 12:00 (down): this list may be incomplete.",)))
    )

    assert "quiet" not in text
    assert "this list may be incomplete" in text


def test_the_fullest_home_leaves_room_for_more() -> None:
    view = build_home(full(ENTRY), notice="1 closed.")

    text = seen(view)
    assert len(view["blocks"]) <= 90
    assert "My drafts (98)" in text
    assert f"And {98 - DRAFTS_SHOWN_MAX} more." in text
    assert "My tickets (99)" in text
    assert f"And {99 - OWN_TICKETS_SHOWN_MAX} more." in text
    assert "Waiting (99)" in text
    assert f"1 to {WAITING_PER_PAGE} of 99." in text


STUCK = UnsettledReply(
    id=9,
    ticket_id=7,
    state=DeliveryState.HANDED_OFF,
    reason=None,
    detail=None,
    actor="U0ANA",
    text="Yes, until five!",
    written_at=NOON,
    at=NOON,
    to_post_id="100",
    needs_person=True,
    is_moving=False,
)


def test_the_fullest_home_has_room_although_everything_in_it_needs_a_person() -> None:
    stuck = replace(ENTRY, is_answered=True, reply=STUCK)

    view = build_home(
        replace(full(stuck), alarms=("X rejects our keys.",) * 9, pause="Paused."), notice="1 closed."
    )

    assert len(view["blocks"]) <= 90
    assert check_view(view) == []


def test_a_reply_of_an_earlier_turn_leaves_room_for_an_answer_to_this_one() -> None:
    stuck = replace(ENTRY, reply=replace(STUCK, state=DeliveryState.ASKED))

    view = build_home(shown(waiting=Listing(1, (stuck,), StuckCounts(asked=1))))

    labels = [one["text"]["text"] for one in view["blocks"][3]["elements"] if one["type"] == "button"]
    assert labels == ["It was posted", "Send again", "Discard", "Reply", "Claim", "No reply needed"]
    assert seen(view).startswith("Waiting (1): 1 needs a person (1 to check)\n")


def test_what_sleeps_while_its_reply_needs_a_person_says_both() -> None:
    asleep = replace(
        ENTRY,
        state=TicketState.SNOOZED,
        snoozed_until=NOON + timedelta(hours=1),
        is_answered=True,
        reply=STUCK,
    )

    text = seen(build_home(shown(mine=Listing(1, (asleep,)))))
    assert "Post it by hand on X" in text
    assert "snoozed until" in text


def test_a_reply_that_waits_for_x_to_come_back_says_why_and_is_late() -> None:
    waits = replace(STUCK, state=DeliveryState.QUEUED, reason="unreachable", needs_person=False)
    late = replace(ENTRY, is_answered=True, due_at=NOON - timedelta(minutes=1), reply=waits)

    text = seen(build_home(shown(mine=Listing(1, (late,)))))

    assert ":red_circle: a reply is waiting: X can't be reached" in text
    assert "was due" in text


@given(st.text(max_size=400), st.text(min_size=1, max_size=60))
def test_any_words_and_any_name_make_a_home_that_slack_takes(words: str, handle: str) -> None:
    assert check_view(build_home(full(replace(ENTRY, words=words, handle=handle)))) == []


def test_nobodys_words_are_more_than_words() -> None:
    view = build_home(full(replace(ENTRY, words=HOSTILE)))

    live = visible(view)
    assert live.broadcasts == []
    assert live.users == []
    assert {link.target for link in live.links} == {
        "https://acme.slack.test/archives/C0MENTIONS/p1700000000000100"
    }
    assert "<!channel> *now*" in live.text


def test_long_words_end_where_an_option_does() -> None:
    view = build_home(shown(waiting=Listing(1, (replace(ENTRY, words="é&" * 200),))))

    (option,) = view["blocks"][3]["elements"][0]["options"]
    assert option["text"]["type"] == "plain_text"
    assert option["text"]["text"].endswith("…")
    assert check_view(view) == []


def test_whoever_is_late_is_marked_and_named_with_their_owner() -> None:
    late = replace(ENTRY, due_at=NOON - timedelta(minutes=1), owner="U0BEN")

    text = seen(build_home(shown(waiting=Listing(1, (late,)))))

    assert ":red_circle: Waiting since" in text
    assert "was due" in text
    assert "assigned to @U0BEN" in text
    assert "unassigned" in seen(build_home(shown(waiting=Listing(1, (ENTRY,)))))


def test_what_is_on_its_way_has_no_reply() -> None:
    mine = Listing(1, (replace(ENTRY, is_answered=True),))

    view = build_home(shown(mine=mine))

    assert "a reply is on its way" in seen(view)
    assert all("accessory" not in block for block in view["blocks"])


def test_a_network_without_keys_has_no_reply() -> None:
    view = build_home(shown(mine=Listing(1, (replace(ENTRY, network="bluesky"),))))

    assert "on bluesky" in seen(view)
    assert all("accessory" not in block for block in view["blocks"])


def test_a_card_without_a_known_place_has_no_link() -> None:
    unplaced = Listing(1, (replace(ENTRY, ts=None),))

    for view in (
        build_home(shown(waiting=unplaced, mine=unplaced)),
        build_home(shown(waiting=many(1, room=1), url="")),
    ):
        assert check_view(view) == []
        assert visible(view).links == []


def test_the_same_home_has_the_same_digest_whatever_was_told_and_whenever_it_is_drawn() -> None:
    before = build_home(shown(waiting=many(3, room=WAITING_PER_PAGE)))
    after = build_home(shown(waiting=many(3, room=WAITING_PER_PAGE), at=NOON + timedelta(minutes=9)))
    told = build_home(shown(waiting=many(3, room=WAITING_PER_PAGE)), notice="2 closed.")
    late = build_home(shown(waiting=many(3, room=WAITING_PER_PAGE), at=NOON + timedelta(minutes=11)))

    assert view_hash(before) == view_hash(after) == view_hash(told)
    assert view_hash(late) != view_hash(before)
    assert told["private_metadata"] != before["private_metadata"]


# --- of one track or account --------------------------------------------------------------------------------

KETTLE = HomeFilterValue(track=7)
CHOICES = (
    FilterChoice(HomeFilterValue(network="x", account="99"), "@acmebrew on X"),
    FilterChoice(KETTLE, f"Track 7: {HOSTILE} {'kettle ' * 30}"),
)


def test_what_the_queue_is_filtered_by_is_in_the_menu_and_remembered() -> None:
    view = build_home(shown(waiting=many(3, room=3), filter=HomeFilter(CHOICES, KETTLE), page=2))

    assert check_view(view) == []
    (menu,) = [one for block in view["blocks"] for one in block.get("elements", []) if "options" in one][:1]
    assert menu["initial_option"] == menu["options"][2]
    assert menu["options"][0]["text"]["text"] == "All tracks and accounts"
    assert filter_of_hash(view_hash(view)) == KETTLE
    assert page_of_hash(view_hash(view)) == 2
    assert view_hash(view) != view_hash(
        build_home(shown(waiting=many(3, room=3), filter=HomeFilter(CHOICES)))
    )


def test_nobody_waiting_for_one_track_is_not_nobody_waiting() -> None:
    text = seen(build_home(shown(filter=HomeFilter(CHOICES, KETTLE))))

    assert "All caught up" not in text
    assert "Waiting (0)" in text
    assert "No one waits here." in text


def test_a_choice_that_is_gone_or_far_down_is_still_shown() -> None:
    many_tracks = tuple(FilterChoice(HomeFilterValue(track=one), f"Track {one}: x") for one in range(200))
    for chosen, label in (
        (HomeFilterValue(track=999), "Track 999"),
        (many_tracks[150].value, "Track 150: x"),
    ):
        view = build_home(shown(waiting=many(1, room=1), filter=HomeFilter(many_tracks, chosen)))
        assert check_view(view) == []
        assert label in str(view["blocks"])
    gone = HomeFilterValue(network="x", account="1")
    assert "An account on x" in str(build_home(shown(filter=HomeFilter((), gone))))


@pytest.mark.parametrize("digest", [None, "", "abc", "abc 3", "abc 3 {", "abc 3 []", "abc x y z"])
def test_whatever_was_remembered_can_be_read(digest: str | None) -> None:
    assert filter_of_hash(digest) == EVERYTHING
    assert page_of_hash(digest) in {0, 3}


def test_the_fullest_home_has_room_for_the_menu() -> None:
    many_tracks = tuple(FilterChoice(HomeFilterValue(track=one), f"Track {one}: x") for one in range(200))
    view = build_home(replace(full(ENTRY), filter=HomeFilter(many_tracks)), notice="1 closed.")

    assert check_view(view) == []
    assert len(view["blocks"]) <= 92
