"""The lists and dialogs of mutes fit into what Slack takes, and show what others typed as text."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from bot.slack.blocks.mutes import dialog, mute_list, muted_list, offers
from bot.slack.blocks.mutes.dialog import MuteDialog, MuteForm
from bot.slack.blocks.mutes.offers import TrackOffer
from bot.slack.blocks.mutes.values import LeaveOutValue, MuteModalValue
from bot.slack.blocks.tracks.track_list import TRACKS_PER_PAGE, build_track_list
from models import Mute, Track
from models.mutes.foresight import Exclusion, Foreseen, RecentPost
from models.mutes.mute_rules import KeptTicket, MuteEffect
from models.reports.mute_list import ListedMute, MutedPage, MutedTicket, MutePage
from models.reports.track_list import ListedTrack, TrackCounts, TrackPage
from sandbox.slack import visible
from sandbox.slack.block_kit.validator import check_message, check_view
from tests.story import hostile

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LETTERS_MAX = 4_000  # Slack splits a longer message
TITLES = {"x": "X"}
ANYTHING = st.one_of(st.text(max_size=600), st.sampled_from(list(hostile.TEXTS.values())))
KINDS = ("conversation", "author", "words")


def listed(number: int, text: str, kind: str = "words") -> ListedMute:
    mute = Mute(id=number, kind=kind, network="x", value=text, channel="C0MENTIONS", why=text[:200])
    mute.created_by, mute.created_at = "U0ANA", NOW
    return ListedMute(mute, 12_345, text[:500], text)


def foreseen(text: str) -> Foreseen:
    post = RecentPost(1, 1, text[:300], text, (), "answered")
    return Foreseen(5_000, Counter({"answered": 1, "no reply needed": 4_000, "waiting": 99}), (post,) * 5)


def takes(blocks: list[dict[str, Any]]) -> None:
    """Slack takes it as one message, in which nothing of what others typed is live."""
    shown = visible({"blocks": blocks})
    assert check_message(blocks) == []
    assert len(shown.text) <= LETTERS_MAX
    assert shown.broadcasts == []
    assert {token.target for token in shown.users} <= {"U0ANA", "U0BEN"}
    assert [one.target for one in shown.links] == []


@given(st.lists(st.tuples(ANYTHING, st.sampled_from(KINDS)), min_size=1, max_size=mute_list.MUTES_PER_PAGE))
@example([(hostile.TEXTS["long and escaped"], "conversation")] * mute_list.MUTES_PER_PAGE)
@example([(hostile.TEXTS["stacked accents"], "words")] * mute_list.MUTES_PER_PAGE)
def test_a_page_of_whatever_mutes_is_one_message(rows: list[tuple[str, str]]) -> None:
    page = MutePage(tuple(listed(10_000 + n, *row) for n, row in enumerate(rows)), 3, 9, 70)

    takes(mute_list.build_mute_list(page, TITLES, may_unmute_words=True))
    takes(mute_list.build_unmuted(page.mutes[0], TITLES, 7))


@given(ANYTHING, st.sampled_from(KINDS))
@example(hostile.TEXTS["long and escaped"], "conversation")
def test_mutes_fit_below_a_full_page_of_tracks(text: str, kind: str) -> None:
    track = Track(id=10_000, kind="search", network="x", query=text, created_by="U0ANA", paused_at=NOW)
    track.languages, track.excluded_handles = [text], [text, text]
    one = ListedTrack(track, TrackCounts(12_345, 678, 9, 10))
    mutes = MutePage((listed(10_000, text, kind),) * mute_list.MUTES_IN_TRACKS_MAX, 0, 9, 70)
    below = mute_list.build_mutes_beside_tracks(mutes, TITLES, tracks_page=3, may_unmute_words=True)
    page = TrackPage((one,) * TRACKS_PER_PAGE, 3, 1_667, 10_000)

    blocks = build_track_list(page, TITLES, default_channel="C0MENTIONS", may_change=True, below=below)

    takes(blocks)
    assert len(blocks) <= 50


@given(st.lists(ANYTHING, min_size=1, max_size=muted_list.MUTED_PER_PAGE))
@example([hostile.TEXTS["stacked accents"]] * muted_list.MUTED_PER_PAGE)
def test_a_page_of_whatever_was_muted_is_one_message(texts: list[str]) -> None:
    rows = tuple(
        MutedTicket(10_000 + n, "x", text[:15], text, "U0ANA", text[:200], NOW, 7, None, None)
        for n, text in enumerate(texts)
    )

    takes(muted_list.build_muted_list(MutedPage(rows, 3, 9, 90), TITLES, url="https://w.slack.com/"))


@given(ANYTHING)
@example(hostile.TEXTS["long and escaped"])
def test_what_is_offered_is_one_message(text: str) -> None:
    words = text.strip()[:80] or "x"
    proposals = [Exclusion(words, "", foreseen(text)), Exclusion("", words[:15], foreseen(text))]

    blocks = offers.build_offers(7, TrackOffer(3, text, 2, proposals), may_mute_words=True, note="Done.")

    takes(blocks)
    packed = [
        one["value"]
        for block in blocks
        if block["type"] == "actions"
        for one in block["elements"]
        if one["action_id"] in offers.LEAVE_OUT_ACTION_IDS
    ]
    assert LeaveOutValue.unpack(packed[0]) == LeaveOutValue(3, 2, 7, words, "")


@given(ANYTHING, st.sampled_from(KINDS))
@example(hostile.TEXTS["long and escaped"], "words")
def test_the_dialog_is_one_that_slack_takes(text: str, kind: str) -> None:
    kept = [KeptTicket(n, "U0BEN", "owner") for n in range(20)]
    told = MuteDialog(
        handle=text[:300],
        title="X",
        effect=MuteEffect(closed=[1, 2], kept=kept),
        networks=(("x", "X"), ("mastodon", "Mastodon")),
        foreseen=foreseen(text),
        warnings=("“a” alone is in very many posts; add a word to it.",),
    )
    form = MuteForm(text[:512], "mastodon", text[:200])

    view = dialog.build_mute_modal(MuteModalValue("k", kind, ticket=7), form, told)

    assert check_view(view) == []
    shown = visible(view)
    assert shown.broadcasts == []
    assert [one.target for one in shown.links] == []
    if kind != "words":
        assert "20 tickets that someone is working on stay open" in shown.text
        assert "and 15 more" in shown.text
