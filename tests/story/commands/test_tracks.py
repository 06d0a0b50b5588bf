"""What a team listens for: added, edited, paused and removed in Slack, beside the local X."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from models import Track
from sandbox.slack import visible
from sandbox.slack.block_kit.validator import check_view
from tests.story import hostile
from tests.story.commands.test_commands import words
from tests.story.commands.tracking import (
    COUNTS,
    LOOKS,
    SEARCH,
    add,
    ask,
    furnish,
    in_channel,
    listing,
    press_try,
    said,
    tracks,
)
from tests.story.harness import CHANNEL, Bot, eventually, running, seen


@pytest.fixture
def desk(bot: Bot) -> Bot:
    return furnish(bot)


# --- adding -------------------------------------------------------------------------------------------------


@pytest.mark.both_engines
def test_a_track_is_added_and_both_the_person_and_the_channel_are_told(desk: Bot) -> None:
    modal = ask(desk, 'track fern "slow checkout" -free', channel=LOOKS)
    assert modal.value("query") == 'fern "slow checkout" -free'
    assert modal.value("channel") == LOOKS
    modal.write({"languages": "EN, de", "excluded": "@AcmeFan, other"})
    assert modal.submit().closed

    [track] = tracks(desk)
    assert (track.query, track.network, track.kind) == ('fern "slow checkout" -free', "x", "search")
    assert (track.channel, track.created_by) == (LOOKS, "U0ANA")
    assert (track.languages, track.excluded_handles) == (["en", "de"], ["AcmeFan", "other"])
    told = seen(desk.whisper("Heard now listens on X"))
    assert "last 24 hours, at most 50" in told
    assert "#looks" in told or LOOKS in told
    in_channel(desk, LOOKS, "added a track", "slow checkout")


def test_names_behind_the_command_are_as_they_were_typed(desk: Bot) -> None:
    """Slack makes tokens of the names of channels and teammates there."""
    assert ask(desk, "track #mentions @ana @nobody fern or farn").value("query") == (
        "#mentions @ana @nobody fern or farn"
    )


def test_the_network_is_only_asked_for_where_there_are_several(desk: Bot) -> None:
    modal = ask(desk)

    assert [block["block_id"] for block in modal.blocks if block["type"] == "input"] == [
        "query",
        "languages",
        "excluded",
        "channel",
    ]


def test_asked_for_in_a_direct_message_the_usual_channel_is_preset(desk: Bot) -> None:
    modal = ask(desk, channel=desk.ana.dm().id)

    assert modal.value("channel") == CHANNEL


def test_a_submit_that_arrives_twice_adds_one(desk: Bot) -> None:
    modal = ask(desk).write({"query": "fern"})
    outcome = modal.submit()
    outcome.replay()
    desk.told_all()

    assert len(tracks(desk)) == 1
    assert len([one for one in desk.ana.ephemerals() if "now listens" in seen(one)]) == 1


@pytest.mark.parametrize(
    ("typed", "block", "sentence"),
    [
        ({"query": "fern " * 120}, "query", "at most 512 characters; this has"),
        ({"query": "-free -#ad"}, "query", "needs a word to look for"),
        ({"query": 'fern "slow checkout'}, "query", "has no second one"),
        ({"query": "#"}, "query", "no letter, digit or emoji"),
        ({"query": "@" + "f" * 30}, "query", "X has no such handle"),
        ({"query": "fern", "languages": "english"}, "languages", "is no language code"),
        (
            {"query": "fern", "excluded": "a.long.handle@elsewhere.example"},
            "excluded",
            "X has no such handle",
        ),
        ({"query": "fern", "channel": "C0SECRET"}, "channel", "Heard is not in that channel"),
        ({"query": "fern", "channel": "C0HIDDEN"}, "channel", "Heard is not in that channel"),
        ({"query": "fern", "channel": "C0OLD"}, "channel", "is archived"),
    ],
)
def test_what_is_wrong_is_said_under_the_input_and_nothing_is_saved(
    desk: Bot, typed: dict[str, str], block: str, sentence: str
) -> None:
    desk.slack.world.add_channel("C0SECRET", "secret", members={"U0ANA"})
    desk.slack.world.add_channel("C0HIDDEN", "hidden", private=True, members={"U0ANA"})
    desk.slack.world.add_channel("C0OLD", "old").is_archived = True
    modal = ask(desk).write(typed)
    outcome = modal.submit()

    assert list(outcome.errors) == [block]
    assert sentence in outcome.errors[block]
    assert modal.value("query") == typed["query"]
    assert tracks(desk) == []
    assert desk.events("track added") == []
    assert modal.write({"query": "fern", "languages": "", "excluded": "", "channel": CHANNEL}).submit().closed
    assert len(tracks(desk)) == 1


def test_while_slack_does_not_say_who_is_in_the_channel_nothing_is_saved(database_url: str) -> None:
    with running(database_url, troubles=True) as bot:
        furnish(bot)
        modal = ask(bot).write({"query": "fern", "channel": LOOKS})
        bot.slack.world.faults.http_500("conversations.info")
        outcome = modal.submit()

        assert "couldn't check with Slack" in outcome.errors["channel"]
        assert tracks(bot) == []
        assert modal.submit().closed


def test_one_that_is_there_already_is_named(desk: Bot) -> None:
    add(desk, "fern")
    outcome = ask(desk).write({"query": " fern "}).submit()

    assert outcome.errors == {"query": f"That is track {tracks(desk)[0].id} already."}


# --- the list -----------------------------------------------------------------------------------------------


@pytest.mark.both_engines
def test_the_list_has_mentions_too_and_what_each_track_brought(desk: Bot) -> None:
    add(desk, "fern", channel=LOOKS)
    desk.heard("@acmebrew hello")
    post, card = desk.heard("@acmebrew where is it?", author="joe")
    desk.reply(card, "Here.")
    desk.answered(post, "Here.")
    desk.shows(card, "Answered")

    lines = words(desk.ben.command("/mentions", "tracks")).splitlines()

    assert lines[0] == "2 tracks, and what each brought in the last 7 days:"
    mentions = next(place for place, line in enumerate(lines) if "Mentions of @acmebrew" in line)
    assert "on X" in lines[mentions + 1]
    assert lines[mentions + 2].startswith("2 heard  ·  1 answered  ·  0 not about us")
    fern = next(place for place, line in enumerate(lines) if line.endswith(". fern"))
    assert "@U0ANA" in lines[fern + 1]
    assert lines[fern + 2].startswith("0 heard")


def test_a_mentions_track_can_only_move_to_another_channel(desk: Bot) -> None:
    modal = desk.ana.press(listing(desk), "Edit").view
    assert modal is not None
    assert [block["block_id"] for block in modal.blocks if block["type"] == "input"] == ["channel"]
    assert "Try it" not in modal.state.buttons
    assert modal.write({"channel": LOOKS}).submit().closed

    with desk.ctx.db.read() as session:
        assert session.scalars(select(Track.channel).where(Track.kind == "mentions")).one() == LOOKS
    in_channel(desk, LOOKS, "moved a track here")
    desk.whisper("is changed. New cards appear in")


@pytest.mark.both_engines
def test_of_two_people_who_edit_a_track_the_second_is_told(desk: Bot) -> None:
    add(desk, "fern")
    number = tracks(desk)[0].id
    edit = {"value": f'{{"track":{number}}}'}
    ana = desk.ana.press(listing(desk), "Edit", **edit).view
    ben = desk.ben.press(listing(desk, desk.ben), "Edit", **edit).view
    assert ana is not None
    assert ben is not None
    assert ana.value("query") == "fern"
    assert ana.write({"query": "fern tags"}).submit().closed
    outcome = ben.write({"query": "fern labels"}).submit()

    assert "Someone else changed this track meanwhile" in outcome.errors["query"]
    assert ben.value("query") == "fern labels"
    assert tracks(desk)[0].query == "fern tags"
    assert "fern tags" in seen(desk.whisper(f"Track {number} is changed."))


def test_trying_while_editing_keeps_the_track_and_its_revision(desk: Bot) -> None:
    said(desk, "fern tags")
    add(desk, "fern")
    modal = desk.ana.press(listing(desk), "Edit", value=f'{{"track":{tracks(desk)[0].id}}}').view
    assert modal is not None
    modal.write({"query": "tags"})
    press_try(desk, modal, "X counts 1 post", "On X")
    press_try(desk, modal, "fern tags")
    assert modal.submit().closed

    assert [(one.query, one.revision) for one in tracks(desk)] == [("tags", 2)]


@pytest.mark.both_engines
def test_a_track_is_paused_resumed_and_removed(desk: Bot) -> None:
    add(desk, "fern")
    number = tracks(desk)[0].id

    def press(label: str, *expected: str) -> None:
        desk.ana.press(desk.whisper("brought in the last 7 days"), label)
        desk.whisper(*expected)

    listing(desk)
    press("Pause", f"Track {number} is paused", "paused since", "[Resume]")
    assert tracks(desk)[0].paused_at is not None
    press("Resume", "is listened for again", "[Pause]")
    assert tracks(desk)[0].paused_at is None
    press("Remove", f"Track {number} is removed", "1 track,")
    assert tracks(desk)[0].removed_at is not None
    assert [
        one.act for one in desk.events("track added", "track paused", "track resumed", "track removed")
    ] == [
        "track added",
        "track paused",
        "track resumed",
        "track removed",
    ]


def test_remove_asks_first_and_a_second_press_is_told(desk: Bot) -> None:
    add(desk, "fern")
    old, same = listing(desk), listing(desk)
    desk.ana.press(old, "Remove", confirm=False)
    desk.told_all()
    assert tracks(desk)[0].removed_at is None

    outcome = desk.ana.press(old, "Remove")
    outcome.replay()
    desk.told_all()
    assert len(desk.events("track removed")) == 1
    desk.ana.press(same, "Remove")
    desk.whisper("was removed meanwhile")
    assert len(desk.events("track removed")) == 1


def test_a_track_that_is_gone_meanwhile_is_said_to_whoever_presses(desk: Bot) -> None:
    add(desk, "fern")
    ana, ben = listing(desk), listing(desk, desk.ben)
    modal = desk.ben.press(ben, "Edit", value=f'{{"track":{tracks(desk)[0].id}}}').view
    desk.ana.press(ana, "Remove")
    desk.told_all()
    desk.ben.press(ben, "Pause")
    desk.whisper("was removed meanwhile", to=desk.ben)
    assert modal is not None
    assert "was removed meanwhile" in modal.submit().errors["query"]


def test_a_reading_that_fails_is_said_with_its_track(database_url: str) -> None:
    with running(database_url, troubles=True) as bot:
        furnish(bot)
        bot.x.world.faults.add(SEARCH, "server_error_before", times=None)
        add(bot, "fern")
        eventually(lambda: "could not be read since" in words(bot.ana.command("/mentions", "tracks")))


@pytest.mark.parametrize("name", hostile.TEXTS)
def test_hostile_words_of_a_track_are_shown_as_text(desk: Bot, name: str) -> None:
    """Whatever the ledger holds: the query, the people who are left out, the network's words about a failure."""
    text, at = hostile.TEXTS[name], datetime.now(UTC)
    with desk.ctx.db.write() as session:
        track = Track(
            kind="search", network="x", query=text, channel=LOOKS, created_at=at, created_by="U0BEN"
        )
        track.excluded_handles, track.languages = [text], [text]
        track.paused_at = at
        session.add(track)
    message = listing(desk)
    shown = visible(message)

    assert shown.broadcasts == []
    assert {token.text for token in shown.users} <= {"@U0BEN"}
    assert [link.target for link in shown.links if "evil" in link.target] == []
    modal = desk.ana.press(message, "Edit", value=f'{{"track":{track.id}}}').view
    assert modal is not None
    assert check_view(modal.state.given) == []


def test_hostile_words_are_told_to_person_and_channel_as_text(desk: Bot) -> None:
    add(desk, 'a*b*c x<!channel>y "<@U0BEN>"', channel=LOOKS)
    told = visible(desk.whisper("now listens"))
    notice = visible(in_channel(desk, LOOKS, "added a track"))

    assert (told.broadcasts, notice.broadcasts) == ([], [])
    assert 'a*b*c x<!channel>y "@U0BEN"' in notice.text
    assert 'a*b*c x<!channel>y "@U0BEN"' in told.text
    assert [token.target for token in notice.users] == ["U0ANA"]
    assert told.users == []


def test_ten_thousand_tracks_are_paged(desk: Bot) -> None:
    with desk.ctx.db.write() as session:
        at = datetime.now(UTC)
        session.add_all(
            Track(kind="search", network="x", query=f"fern{number}", channel=LOOKS, created_at=at)
            for number in range(9_999)
        )
    shown = listing(desk)
    assert "10,000 tracks, page 1 of 1,667" in seen(shown)
    desk.ana.press(shown, "Next")
    assert "fern6" in seen(desk.whisper("page 2 of 1,667"))


# --- who may ------------------------------------------------------------------------------------------------


@pytest.fixture
def guarded(database_url: str) -> Iterator[Bot]:
    with running(database_url, admins="U0BEN") as bot:
        yield furnish(bot)


def test_with_admins_others_read_the_list_and_change_nothing(guarded: Bot) -> None:
    assert ask(guarded, by=guarded.ben).write({"query": "fern"}).submit().closed
    shown = listing(guarded)
    assert "fern" in seen(shown)
    assert shown.buttons == []
    assert "can change tracks" in words(guarded.ana.command("/mentions", "track fern"))
    assert guarded.ana.modal is None


@pytest.mark.parametrize("action", ["edit_track", "pause_track", "remove_track"])
def test_a_press_of_somebody_who_is_no_admin_is_refused(guarded: Bot, action: str) -> None:
    assert ask(guarded, by=guarded.ben).write({"query": "fern"}).submit().closed
    outcome = guarded.ben.press(listing(guarded, guarded.ben), "Edit")
    body = {**outcome.payload, "user": {"id": "U0ANA", "name": "ana", "team_id": guarded.ana.user.team_id}}
    del body["response_url"]
    body["actions"][0] |= {"action_id": action, "value": f'{{"track":{tracks(guarded)[0].id}}}'}
    way = guarded.ana.sender.transport
    assert way.send(way.pack("interactive", body), 3.0).status == 200

    guarded.whisper("can change tracks")
    assert guarded.ana.modal is None
    assert [(one.paused_at, one.removed_at) for one in tracks(guarded)] == [(None, None)]


def test_a_modal_of_somebody_who_is_no_admin_any_more_saves_nothing(database_url: str) -> None:
    with running(database_url) as bot:
        furnish(bot)
        modal = ask(bot).write({"query": "fern"})
        object.__setattr__(bot.ctx, "settings", bot.ctx.settings.model_copy(update={"admins": ("U0BEN",)}))
        assert "can change tracks" in modal.submit().errors["query"]
        press_try(bot, modal, "can change tracks")
        assert bot.x.world.counts[COUNTS] == 0
        assert tracks(bot) == []
