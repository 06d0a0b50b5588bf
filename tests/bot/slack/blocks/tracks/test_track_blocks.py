"""The list of tracks and the modal fit into what Slack takes, and show what others typed as text."""

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.slack.blocks.elements import section_block
from bot.slack.blocks.tracks import modal, trial
from bot.slack.blocks.tracks.modal import TrackForm, TrackModalParts
from bot.slack.blocks.tracks.track_list import TRACKS_PER_PAGE, build_track_list
from bot.slack.blocks.tracks.trial import TrialPost, TrialPrices
from bot.slack.blocks.tracks.values import TrackModalValue, TrackValue
from models import Track
from models.reports.track_list import ListedTrack, TrackCounts, TrackPage
from sandbox.slack import visible
from sandbox.slack.block_kit.validator import check_message, check_view
from tests.story import hostile

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BLOCKS_MAX, LETTERS_MAX = 50, 3_000
ANYTHING = st.one_of(st.text(max_size=600), st.sampled_from(list(hostile.TEXTS.values())))
PRICES = TrialPrices("X", 100, 0.005, 0.005)


def listed(number: int, text: str, **more: object) -> ListedTrack:
    track = Track(id=number, kind="search", network="x", query=text, channel=None, created_by="U0ANA")
    track.languages, track.excluded_handles = ["en"], []
    for name, value in more.items():
        setattr(track, name, value)
    return ListedTrack(track, TrackCounts(12_345, 678, 9), failing_since=NOW, failure=text)


def build(
    page: TrackPage, *, may_change: bool = True, note: str | None = "Track 7 is removed."
) -> list[dict]:
    return build_track_list(page, {"x": "X"}, default_channel="C0MENTIONS", may_change=may_change, note=note)


@given(st.lists(ANYTHING, min_size=1, max_size=TRACKS_PER_PAGE), st.booleans(), st.integers(1, 1_667))
@example([hostile.TEXTS["long and escaped"]] * TRACKS_PER_PAGE, True, 800)
@example([hostile.TEXTS["stacked accents"]] * TRACKS_PER_PAGE, True, 1)
def test_a_page_of_whatever_tracks_is_one_message_that_slack_takes(
    texts: list[str], is_paused: bool, number: int
) -> None:
    rows = tuple(
        listed(
            10_000 + place,
            text,
            languages=[text, "de"],
            excluded_handles=[text, text],
            paused_at=NOW if is_paused else None,
        )
        for place, text in enumerate(texts)
    )
    blocks = build(TrackPage(rows, number - 1, 1_667, 10_000))
    shown = visible({"blocks": blocks})

    assert check_message(blocks) == []
    assert len(blocks) <= BLOCKS_MAX
    assert len(shown.text) <= LETTERS_MAX
    assert shown.broadcasts == []
    assert {token.target for token in shown.users} <= {"U0ANA"}
    assert [one.target for one in shown.links] == []


def test_all_pages_of_ten_thousand_tracks_show_each_once() -> None:
    tracks = [listed(number, f"fern {number}") for number in range(1, 10_001)]
    pages = -(-len(tracks) // TRACKS_PER_PAGE)
    seen = []
    for number in range(pages):
        rows = tuple(tracks[number * TRACKS_PER_PAGE : (number + 1) * TRACKS_PER_PAGE])
        blocks = build(TrackPage(rows, number, pages, len(tracks)), note=None)
        assert len(blocks) <= BLOCKS_MAX
        buttons = [one for block in blocks if block["type"] == "actions" for one in block["elements"]]
        seen += [TrackValue.unpack(one["value"]).track for one in buttons if one["action_id"] == "edit_track"]
        sides = {one["action_id"] for one in buttons} & {"tracks_page_a", "tracks_page_b"}
        assert len(sides) == (1 if number in {0, pages - 1} else 2)

    assert seen == list(range(1, 10_001))


def test_who_may_not_change_tracks_has_only_the_buttons_to_other_pages() -> None:
    page = TrackPage((listed(1, "fern"),), 1, 3, 13)

    buttons = [
        one["text"]["text"]
        for block in build(page, may_change=False)
        if block["type"] == "actions"
        for one in block["elements"]
    ]
    assert buttons == ["Previous", "Next"]


def test_a_mentions_track_is_named_after_its_account_and_cannot_be_removed() -> None:
    track = Track(
        id=1, kind="mentions", network="x", account_id="9", query="", languages=[], excluded_handles=[]
    )
    one = ListedTrack(track, TrackCounts(1, 0, 0), "@_acme_")
    blocks = build(TrackPage((one,), 0, 1, 1))

    text = visible({"blocks": blocks}).text
    assert "Mentions of @_acme_" in text
    assert "1 heard  ·  0 answered  ·  0 not about us" in text
    assert [one["text"]["text"] for one in blocks[-2]["elements"]] == ["Edit"]


@given(ANYTHING, ANYTHING, ANYTHING)
@example(":tada: " * 600, "", "")
def test_the_modal_takes_whatever_was_typed_before(query: str, languages: str, excluded: str) -> None:
    form = TrackForm(query, "x", languages, excluded, "C0MENTIONS")
    carried = TrackModalValue(
        "k" * 32, 10_000, 9_999, "x", "C0MENTIONS", "https://hooks.slack.com/" + "a" * 300
    )
    for parts in (TrackModalParts([("x", "X")]), TrackModalParts([("x", "X"), ("y", "Y")], is_trying=True)):
        assert check_view(modal.build_track_modal(carried, form, parts)) == []
        new = modal.build_track_modal(TrackModalValue("k"), form, parts)
        assert check_view(new) == []


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, ["*0 posts*", "that look cost about 0.005 USD"]),
        (1, ["*1 post*", "0.005 USD a day", "again to read it and see", "costs up to 0.005 USD"]),
        (1_234, ["*1,234 posts*", "6.17 USD a day", "the newest 100 of them", "costs up to 0.500 USD"]),
        (None, ["X cannot count posts", "up to 100 posts", "costs up to 0.500 USD"]),
    ],
)
def test_the_price_is_said_before_anything_is_read(count: int | None, expected: list[str]) -> None:
    [block] = trial.build_count(PRICES, count, ())
    said = block["text"]["text"]

    assert [one for one in expected if one not in said] == []
    assert ("Press *Try it* again" in said) == (count != 0)
    free = trial.build_count(TrialPrices("Y", 40, None, None), count, ())
    assert "USD" not in str(free)


@given(st.lists(ANYTHING, max_size=30), st.lists(ANYTHING, max_size=9))
def test_what_would_be_found_is_at_most_five_posts_shown_as_text(texts: list[str], warned: list[str]) -> None:
    found = [TrialPost(text, NOW, "https://x.com/i/status/1") for text in texts]
    blocks = trial.build_result(PRICES, found, read=len(found), warnings=warned)
    view = modal.build_track_modal(
        TrackModalValue("k"), TrackForm("fern", "x"), TrackModalParts([("x", "X")], trial=blocks)
    )
    shown = visible({"blocks": blocks})

    assert check_view(view) == []
    assert shown.broadcasts == []
    assert shown.users == []
    assert [one for one in shown.links if one.target != "https://x.com/i/status/1"] == []
    assert str(blocks).count("rich_text_quote") == min(len(texts), 5)
    assert ("And " in str(blocks[-1]) and " more." in str(blocks[-1])) == (len(texts) > 5)


def test_a_problem_is_one_sentence() -> None:
    assert trial.build_problem("X is away.") == [section_block(":warning: X is away.")]
