"""Adding, changing and removing what we listen for: each change is in the log, and none is half done."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Cursor, Event, Track
from models.core.base import MovedOnError
from models.core.database import Database
from models.sources import track_rules
from models.sources.track import MENTIONS_TRACK
from models.sources.track_rules import TrackDraft, TrackRuleError
from tests.models.ledger import NINE, raised, together

TEA = TrackDraft("search", "x", "acmetea or  “acme tea”", channel="C0TEA", languages=("en",))
TEA_QUERY = 'acmetea or "acme tea"'
ANA, BEN = "U0ANA", "U0BEN"


def add(session: Session, draft: TrackDraft = TEA, **more) -> Track:
    return track_rules.add(session, draft, **({"at": NINE, "by": ANA} | more))


def log(session: Session) -> list[tuple[str, str]]:
    return [(one.actor, one.act) for one in session.scalars(select(Event).order_by(Event.id))]


def test_a_track_is_kept_in_one_spelling_and_the_log_says_who_made_it(session: Session) -> None:
    track = add(session)

    assert track.query == 'acmetea or "acme tea"'
    assert (track.channel, track.languages, track.created_by) == ("C0TEA", ["en"], ANA)
    [event] = session.scalars(select(Event))
    assert (event.actor, event.act) == (ANA, "track added")
    assert event.data is not None
    assert event.data["track"] == track.id
    assert event.data["query"] == track.query


def test_the_command_line_is_heard_itself(session: Session) -> None:
    add(session, by=None)

    assert log(session) == [("heard", "track added")]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"query": ""}, "Type the words"),
        ({"query": "-free"}, "needs a word to look for"),
        ({"query": '"open'}, "quotation mark"),
        ({"query": "x" * 600}, "at most 512 characters; this has 600"),
        ({"query": "tea", "kind": "hashtag"}, "takes one hashtag"),
        ({"query": "#tea #cup", "kind": "hashtag"}, "takes one hashtag"),
        ({"kind": MENTIONS_TRACK}, "has its mentions track already"),
    ],
)
def test_what_is_no_track_is_one_sentence_and_nothing_is_stored(session: Session, changed, why: str) -> None:
    with pytest.raises(TrackRuleError, match=why) as refused:
        add(session, replace(TEA, **changed))

    assert "\n" not in str(refused.value)
    assert session.scalars(select(Track)).all() == []
    assert log(session) == []


def test_the_same_twice_is_refused_and_names_the_first(session: Session) -> None:
    track = add(session)

    with pytest.raises(TrackRuleError, match=f"That is track {track.id} already"):
        add(session, replace(TEA, query='acmetea  or "acme tea"'))
    add(session, replace(TEA, languages=()))  # another one: it hears more


def test_no_more_than_ten_thousand(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(track_rules, "MAX_TRACKS", 2)
    first = add(session)
    add(session, replace(TEA, query="cup"))
    with pytest.raises(TrackRuleError, match="listens for 2 tracks at most"):
        add(session, replace(TEA, query="pot"))
    track_rules.remove(session, first.id, at=NINE, by=ANA)

    add(session, replace(TEA, query="pot"))


def test_of_two_who_edit_one_the_second_is_told(session: Session) -> None:
    track = add(session)
    track_rules.edit(session, track.id, replace(TEA, query="cup"), revision=1, at=NINE, by=ANA)

    with pytest.raises(MovedOnError, match="Someone else changed this track"):
        track_rules.edit(session, track.id, replace(TEA, query="pot"), revision=1, at=NINE, by=BEN)
    assert track.query == "cup"
    assert log(session) == [(ANA, "track added"), (ANA, "track edited")]


def test_only_another_query_is_a_change_that_is_not_for_the_past(session: Session) -> None:
    track = add(session)
    moved = track_rules.edit(session, track.id, replace(TEA, channel="C0CUPS"), revision=1, at=NINE)
    assert (moved.channel, moved.edited_at, moved.revision) == ("C0CUPS", None, 2)
    same = track_rules.edit(session, track.id, replace(TEA, channel="C0CUPS"), revision=2, at=NINE)
    assert same.revision == 2

    Cursor.of(session, "x", "7", track.cursor_name, at=NINE).advance(None, at=NINE)
    changed = track_rules.edit(session, track.id, replace(TEA, languages=("de",)), revision=2, at=NINE)
    assert changed.edited_at == NINE
    assert changed.previous == {"query": TEA_QUERY, "languages": ["en"], "excluded_handles": []}


def test_an_accounts_mentions_only_change_their_channel(session: Session) -> None:
    mentions = Track.mentions_of(session, "x", "7", at=NINE)
    draft = TrackDraft(MENTIONS_TRACK, "x", "something", "8", "C0TEA")
    track_rules.edit(session, mentions.id, draft, revision=None, at=NINE)

    assert (mentions.query, mentions.account_id, mentions.channel) == ("", "7", "C0TEA")
    for act in (track_rules.pause, track_rules.remove):
        with pytest.raises(TrackRuleError, match="always listened for"):
            act(session, mentions.id, at=NINE)


def test_pause_and_resume_twice_are_once(session: Session) -> None:
    track = add(session)
    for _ in range(2):
        track_rules.pause(session, track.id, at=NINE, by=ANA)
    later = NINE + timedelta(hours=1)
    for _ in range(2):
        track_rules.resume(session, track.id, at=later, by=BEN)

    assert log(session)[1:] == [(ANA, "track paused"), (BEN, "track resumed")]
    assert (track.paused_at, track.silent_from, track.silent_until) == (None, NINE, later)


def test_what_was_removed_can_only_be_added_again(session: Session) -> None:
    track = add(session)
    track_rules.remove(session, track.id, at=NINE, by=ANA)
    for act in (track_rules.pause, track_rules.resume, track_rules.remove):
        with pytest.raises(TrackRuleError, match="was removed meanwhile"):
            act(session, track.id, at=NINE)
    with pytest.raises(TrackRuleError, match="There is no track 99"):
        track_rules.pause(session, 99, at=NINE)

    assert add(session, at=NINE + timedelta(days=6)).id == track.id
    track_rules.remove(session, track.id, at=NINE)
    assert add(session, at=NINE + timedelta(days=7)).id != track.id


def test_positions_of_removed_tracks_are_kept_for_a_week(session: Session) -> None:
    track = add(session)
    Cursor.of(session, "x", "7", track.cursor_name, at=NINE)
    Cursor.of(session, "x", "7", "mentions", at=NINE)
    track_rules.remove(session, track.id, at=NINE)
    track_rules.forget_positions(session, at=NINE + timedelta(days=7))
    assert len(session.scalars(select(Cursor)).all()) == 2

    track_rules.forget_positions(session, at=NINE + timedelta(days=7, seconds=1))
    assert session.scalars(select(Cursor.name)).all() == ["mentions"]


def test_a_file_adds_what_is_missing_and_removes_only_when_asked(session: Session) -> None:
    kept, dropped = add(session), add(session, replace(TEA, query="old"))
    mentions = Track.mentions_of(session, "x", "7", at=NINE)
    wanted = [replace(TEA, channel="C0CUPS"), replace(TEA, query="new")]

    done = track_rules.replace_all(session, wanted, prune=False, at=NINE)
    assert (done.added, done.kept, done.removed) == (1, 1, 0)
    done = track_rules.replace_all(session, wanted, prune=True, at=NINE)

    assert (done.added, done.kept, done.removed) == (0, 2, 1)
    assert (kept.channel, dropped.removed_at, mentions.removed_at) == ("C0CUPS", NINE, None)


@pytest.mark.parametrize("has_another", [False, True], ids=["the first track", "a further track"])
def test_of_two_who_add_the_same_at_the_same_moment_one_is_told_that_it_is_there(
    db: Database, *, has_another: bool
) -> None:
    if has_another:
        with db.write() as session:
            add(session, replace(TEA, query="kettle"))

    def add_tea() -> None:
        with db.write() as session:
            add(session)

    refused = raised(together(*[add_tea] * 4))

    assert [type(one) for one in refused] == [TrackRuleError] * 3
    with db.read() as session:
        assert session.scalars(select(Track.query)).all().count(TEA_QUERY) == 1
