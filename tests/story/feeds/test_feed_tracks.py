"""A team finds the feed of a forum, tries it, adds it, sees its posts and changes the track, all in Slack."""

from bot.networks.feed.fetching import FeedGone, FetchFailed
from bot.slack.blocks.tracks.values import TrackValue
from models import Feed
from sandbox.slack.block_kit.validator import check_view
from tests.story.feeds.conftest import FORUM, TALK, Team
from tests.story.harness import eventually, seen


def test_a_forum_post_becomes_a_card_from_one_command(team: Team) -> None:
    team.sites.show(FORUM, team.entry("1", "Where is the export?"), team.entry("2", "Old", hours=50))
    modal = team.ask(f"track feed {FORUM}", TALK)
    eventually(
        lambda: (
            "Fern forum lists 2 entries; 2 of them would get a card, 1 from the last 24 hours"
            in modal.text.replace("*", "")
            or None
        )
    )
    assert "Where is the export?" in modal.text
    assert check_view(modal.state.given) == []

    assert modal.submit().closed

    told = seen(team.bot.whisper("Heard now listens to the feed"))
    assert "Fern forum" in told
    card = eventually(
        lambda: next(
            one
            for one in team.bot.slack.world.channel(TALK).messages
            if "Where is the export?" in str(one.blocks)
        )
    )
    shown = seen(card)
    assert "Jo" in shown
    assert "@" not in shown.split("Where is")[0]
    [track] = team.tracks()
    assert (track.address, track.query, track.channel) == (FORUM, "", TALK)


def test_words_and_the_interval_are_the_tracks_own_and_can_be_edited(team: Team) -> None:
    team.sites.show(FORUM, team.entry("1", "A kettle"), team.entry("2", "A teapot"))
    modal = team.ask(f"track feed {FORUM}")
    eventually(lambda: "lists 2 entries" in modal.text or None)
    modal.fill({"words": "kettle", "interval": "Every 5 min"})
    modal.press("Try it")
    eventually(lambda: "1 of them match" in modal.text.replace("*", "") or None)
    assert modal.submit().closed
    team.bot.card("A kettle")

    listed = team.ana.command("/mentions", "tracks")
    message = eventually(lambda: next(one for one in listed.ephemerals if "Fern forum: kettle" in seen(one)))
    [track] = team.tracks()
    assert (track.query, track.interval_seconds) == ("kettle", 300)
    edit = team.ana.press(message, "Edit", value=TrackValue(track.id).pack()).view
    assert edit is not None
    assert "forum.example" in edit.text
    assert edit.value("words") == "kettle"
    assert edit.fill({"words": "teapot", "interval": "Every 1 h"}).submit().closed
    team.sites.show(FORUM, team.entry("3", "Another teapot"), team.entry("2", "A teapot"))
    with team.bot.ctx.db.write() as session:
        session.get_one(Feed, team.feed().id).next_at = team.bot.ctx.now()

    team.bot.card("Another teapot")

    assert "A teapot" not in [seen(one) for one in team.bot.cards()]


def test_a_page_without_a_feed_offers_sites_and_keeps_what_was_typed(team: Team) -> None:
    page = "https://blog.example/"
    team.sites.pages[page] = b"<html><title>Blog</title></html>"
    modal = team.ask(f"track feed {page} kettle")
    eventually(lambda: "No feed is named there" in modal.text or None)

    outcome = modal.submit()

    assert "No feed is named there" in outcome.errors["address"]
    assert modal.value("address") == page
    assert modal.value("words") == "kettle"
    assert team.tracks() == []


def test_a_feed_that_cannot_be_looked_at_now_can_be_added_all_the_same(team: Team) -> None:
    team.sites.failures[FORUM] = FetchFailed("forum.example answers 429.")
    modal = team.ask(f"track feed {FORUM}")
    eventually(lambda: "forum.example answers 429" in modal.text or None)
    assert "Press Add again" in modal.submit().errors["address"]

    assert modal.submit().closed

    assert [one.address for one in team.tracks()] == [FORUM]


def test_a_secret_in_an_address_is_shown_to_nobody(team: Team) -> None:
    secret = "sup3rs3cr3tTokenValue99"
    address = f"https://alerts.example/feed?user=jo&token={secret}"
    team.sites.show(address, team.entry("1", "An alert"), title="")
    modal = team.ask(f"track feed {address}")
    eventually(lambda: "lists 1 entry" in modal.text or None)
    assert modal.submit().closed
    team.bot.card("An alert")
    team.sites.failures[address] = FeedGone("alerts.example says 410.")
    eventually(lambda: team.feed().gone_at)
    team.bot.told_all()

    team.ana.command("/mentions", "tracks")
    team.bot.told_all()
    calls = [one for one in team.bot.slack.world.calls if one.method.startswith("chat.")]
    assert calls
    assert secret not in str([call.args for call in calls])
