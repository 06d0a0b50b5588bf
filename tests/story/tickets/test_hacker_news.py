"""Hacker News beside X: found for a track, answered by hand, counted, named and timed. Nobody has an account there."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.ingest.track_search import search_tracks
from bot.networks.hackernews import HackerNews, HackerNewsSettings
from bot.networks.x.client import XNetwork
from bot.networks.x.settings import XSettings
from bot.runtime.signed_in_accounts import SignedInAccounts
from models import Track
from sandbox.hackernews import HackerNewsServer, HackerNewsWorld
from sandbox.slack.workspace.message import Message
from tests.bot.networks.stages import LIMITS
from tests.stage import worlds
from tests.story.commands.test_commands import words
from tests.story.commands.tracking import ask, press_try, tracks
from tests.story.harness import KEYS, Bot, eventually, seen, settings_for, sound, started


class Newsroom(Bot):
    """A bot that stands between Slack, X and Hacker News."""

    news: HackerNewsWorld

    def listens(self, query: str = "kettle") -> None:
        """Have somebody add a track there, and wait for its first reading."""
        assert ask(self, f"track {query}").write({"network": "hackernews"}).submit().closed

    def discussed(self, text: str) -> Message:
        """A customer comments under a story; the card of it."""
        story = self.news.submit("pg", "Acme *raises* a <kettle>", url="https://acme.example")
        self.comment = self.news.comment("dang_it", story.id, text)
        return eventually(lambda: self.card(text), within=180)


@pytest.fixture
def bot(database_url: str) -> Iterator[Newsroom]:
    with worlds() as (slack, x), HackerNewsServer() as server:
        keys = XSettings(api_url=x.url, **KEYS)
        news = HackerNews(HackerNewsSettings(_env_file=None, url=server.url), LIMITS)
        networks = SignedInAccounts.fixed(XNetwork(keys), news)
        settings = settings_for(database_url, slack)
        with started(settings, keys, slack, x, networks=networks) as bot:
            bot.__class__, bot.news = Newsroom, server.world  # type: ignore[attr-defined]
            yield bot  # type: ignore[misc]
        assert slack.world.troubles == []


def test_it_is_offered_beside_x_and_tried_before_it_is_added(bot: Newsroom) -> None:
    story = bot.news.submit("maria", "Ask HN: a kettle?", at=datetime.now(UTC) - timedelta(minutes=5))
    bot.news.comment("tom", story.id, "No kettles here.")

    modal = ask(bot, "track kettle")
    assert modal.value("network")["value"] == "x"
    modal.write({"network": "hackernews"})

    press_try(bot, modal, "Hacker News counts 1 post")
    press_try(bot, modal, "the only post", "Ask HN: a kettle?")
    assert modal.submit().closed
    bot.whisper("Heard now listens on Hacker News")
    [track] = tracks(bot)
    assert (track.network, track.account_id, track.query) == ("hackernews", None, "kettle")


@pytest.mark.both_engines
def test_a_comment_becomes_a_card_and_is_answered_by_hand_counted_named_and_timed(bot: Newsroom) -> None:
    bot.listens()

    card = bot.discussed("is the kettle back?")

    shown = bot.shows(card, "Hacker News", "dang_it", "by hand", "in “Acme *raises* a <kettle>”")
    assert f"item?id={bot.comment.id}" in seen(shown)
    assert "user?id=dang_it" in seen(shown)
    assert "@dang_it" not in seen(shown)
    assert "@us" not in seen(shown)
    sound(shown)
    composer = bot.compose(card)
    assert "Heard has no account on Hacker News" in seen(composer.state)
    assert "to dang_it" in seen(composer.state)
    assert "@dang_it" not in seen(composer.state)
    assert composer.fill("On Monday!").submit().closed

    handed = bot.shows(card, "Sign in to Hacker News, then press", "On Monday!", "[I posted it]")
    assert bot.press(handed, "Open on Hacker News").opened_url == (
        f"https://news.ycombinator.com/item?id={bot.comment.id}"
    )
    ours = bot.news.comment("acme_ana", bot.comment.id, "On Monday!")
    modal = bot.press(handed, "I posted it").view
    assert modal.fill("https://acme.example/").submit().errors == {
        "link": "That is no link to a post on Hacker News."
    }
    assert modal.fill(f"https://news.ycombinator.com/item?id={ours.id}").submit().closed
    bot.whisper("a post by acme_ana is there")

    bot.shows(card, "Answered", "by hand by @U0ANA after", f"item?id={ours.id}")
    assert "Handed off 1" in words(bot.ben.command("/mentions", "stats on hackernews"))
    assert "Handed off 1" not in words(bot.ben.command("/mentions", "stats on x"))
    bot.ana.command("/mentions", "export tickets hackernews today")
    eventually(lambda: bot.whisper("1 ticket:"))
    [message] = eventually(lambda: [one for one in bot.ana.direct_messages() if one.files])
    data = bot.ana.download(message).decode("utf-8-sig")
    [row] = csv.DictReader(io.StringIO(data, newline=""), strict=True)
    assert (row["network"], row["handle"], row["state"]) == ("hackernews", "dang_it", "answered")


def test_what_it_answers_is_shown_as_context(bot: Newsroom) -> None:
    bot.listens()
    card = bot.discussed("is the kettle back?")

    bot.press(card, "Show context")

    eventually(lambda: "Acme *raises* a <kettle>" in seen(bot.ana.modal.state))


def test_an_edit_changes_the_card_and_what_is_deleted_is_no_longer_shown(bot: Newsroom) -> None:
    bot.listens()
    card = bot.discussed("is the kettle back?")
    bot.news.edit(bot.comment.id, "is the kettle back? Edit: found it")
    bot.compose(card).close()
    bot.shows(card, "Edit: found it")


def test_a_search_that_fails_is_told_and_the_list_says_that_it_may_be_short(bot: Newsroom) -> None:
    bot.listens()
    bot.discussed("is the kettle back?")
    bot.news.faults.add("*", "server_error")

    [track] = tracks(bot)

    search_tracks(bot.ctx, bot.ctx.networks["hackernews"], at_once=[track.id])

    shown = words(bot.ana.command("/mentions", "open"))
    assert "Hacker News hasn't answered searches" in shown
    assert "may be incomplete" in shown


def test_nothing_is_read_there_without_a_track(bot: Newsroom) -> None:
    bot.heard("@acmebrew hello")
    bot.settled()

    assert not bot.news.counts
    with bot.ctx.db.read() as session:
        assert {one.network for one in Track.all(session)} == {"x"}
    assert "may be incomplete" not in words(bot.ana.command("/mentions", "open"))
