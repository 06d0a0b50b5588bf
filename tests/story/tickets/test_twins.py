"""The same words on two networks: one card, one turn, and the team says where it answers and who is who."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from bot.ingest import backfill, own_posts, twins
from bot.networks.values import Post
from bot.networks.x.client import XNetwork
from bot.networks.x.settings import XSettings
from bot.runtime.signed_in_accounts import SignedInAccounts
from models import Card, Mention, Reply, Ticket, Track
from sandbox.slack.people.modal import _entry
from sandbox.slack.workspace.message import Message
from sandbox.x import XPost
from tests.memory_network import MemoryNetwork
from tests.stage import worlds
from tests.story.harness import KEYS, Bot, eventually, seen, settings_for, sound, started

WORDS = "@acmebrew my kettle leaks since this morning"
ANSWER = "Sorry about the kettle! We will send you a new one."


class Town(MemoryNetwork):
    """Another network, on which we have an account, too."""

    name = "town"
    title = "Town"
    max_length = 40


class TwoNetworks(Bot):
    """A bot with an account on X and one on Town."""

    town: Town

    def hear(self, network: str) -> None:
        """Look at that network now."""
        backfill.poll_and_backfill(self.ctx, self.ctx.networks[network])

    def on_x(self, words: str = WORDS, author: str = "maria") -> XPost:
        """Somebody says that on X, and Heard reads it."""
        post = self.post(words, author)
        self.hear("x")
        return post

    def on_town(self, words: str = WORDS, author: str = "maria", **more: str) -> Post:
        """Somebody says that on Town, and Heard reads it."""
        post = self.town.says(author, words, **more)  # type: ignore[arg-type]
        self.hear("town")
        return post

    def both(self) -> tuple[XPost, Post, Message]:
        """Maria says it on X, then on Town; the card of both."""
        post = self.on_x()
        other = self.on_town()
        card = self.card_of(post)
        self.settled()
        return post, other, self.shows(card, "Posted on X and Town")

    def said_in_town(self, post: Post) -> list[str]:
        """What we have said there under `post`."""
        return [one.text for one in self.town.replies_to(post.id)]


@pytest.fixture
def bot(database_url: str) -> Iterator[TwoNetworks]:
    with worlds() as (slack, x):
        keys = XSettings(api_url=x.url, **KEYS)
        town = Town(now=lambda: datetime.now(UTC))
        networks = SignedInAccounts.fixed(XNetwork(keys), town)
        with started(settings_for(database_url, slack), keys, slack, x, networks=networks) as bot:
            bot.__class__, bot.town = TwoNetworks, town  # type: ignore[attr-defined]
            yield bot  # type: ignore[misc]
        assert slack.world.troubles == []


def test_the_same_words_are_one_card_with_both_links(bot: TwoNetworks) -> None:
    post, other, card = bot.both()

    shown = sound(bot.now(card))
    assert shown.text.count("my kettle leaks") == 1
    bot.shows(card, f"/status/{post.id}", other.url, "The same words on Town", "[Not the same person]")
    assert len(bot.cards()) == 1


def test_the_post_that_was_seen_first_is_preset_and_its_twin_reads_where_it_was_answered(
    bot: TwoNetworks,
) -> None:
    post, other, card = bot.both()
    modal = bot.compose(card)
    assert modal.value("where")["value"] == "x"
    assert "Reply on X" in modal.state.given["title"]["text"]
    assert modal.fill(ANSWER).submit().closed

    bot.answered(post, ANSWER)
    bot.shows(card, "Answered", "answered on X")
    assert bot.said_in_town(other) == []


def test_choosing_where_redraws_the_composer_and_the_reply_goes_there(bot: TwoNetworks) -> None:
    post, other, card = bot.both()
    modal = bot.compose(card).fill("So sorry! It is on its way.")

    modal.fill({"Where": "Town"})

    eventually(lambda: "Everyone on Town will see it" in modal.text)
    assert "Up to 40 characters as Town counts them" in modal.text
    assert modal.value() == "So sorry! It is on its way."
    assert modal.submit().closed
    eventually(lambda: bot.said_in_town(other) == ["So sorry! It is on its way."])
    bot.shows(card, "See our reply on Town", "The post on X: answered on Town")
    assert bot.replies(post) == []


def test_what_was_not_shown_yet_is_not_sent(bot: TwoNetworks) -> None:
    _, other, card = bot.both()
    modal = bot.compose(card).fill("So sorry!")
    choice = modal._field("Where")
    modal.state.entered[choice.key] = _entry(choice.element, "Town")  # Slack has not told us of it yet

    assert not modal.submit().closed
    assert "Check how this goes out on Town, then send again." in modal.text
    assert "Everyone on Town will see it" in modal.text
    assert modal.submit().closed
    eventually(lambda: bot.said_in_town(other) == ["So sorry!"])


def test_a_copycat_neither_takes_the_answer_nor_stays_on_the_card(bot: TwoNetworks) -> None:
    post, other, card = bot.both()
    bot.reply(card, ANSWER)
    bot.answered(post, ANSWER)
    bot.shows(card, "answered on X")

    bot.press(card, "Not the same person")

    theirs = eventually(lambda: next(one for one in bot.cards() if one.ts != card.ts))
    assert other.url in seen(bot.now(theirs))
    bot.shows(theirs, "Waiting", "Town")
    bot.shows(card, "Answered", without=("The same words on", "Town"))
    twins.join_recent(bot.ctx)
    bot.settled()
    assert len(bot.cards()) == 2
    assert {one.actor for one in bot.events("not the same person")} == {"U0ANA"}


def test_a_later_post_in_either_conversation_is_heard_on_the_card(bot: TwoNetworks) -> None:
    _, other, card = bot.both()
    bot.press(card, "Claim")
    bot.shows(card, "assigned to")

    bot.on_town("@acmebrew anybody there?", under=other.id)

    bot.shows(card, "anybody there?", "See it on Town")
    bot.told(card, "posted again", "anybody there?")
    assert len(bot.cards()) == 1


def test_other_people_and_other_words_have_cards_of_their_own(bot: TwoNetworks) -> None:
    bot.on_x()
    bot.on_town(author="mario")
    bot.on_town("@acmebrew do you open on Sundays, by the way?")

    eventually(lambda: len(bot.cards()) == 3)
    bot.settled()
    twins.join_recent(bot.ctx)
    bot.settled()
    assert len(bot.cards()) == 3


def test_a_post_that_only_some_can_see_is_never_a_twin(bot: TwoNetworks) -> None:
    post = bot.on_x()
    bot.on_town(visibility="direct")

    card = bot.card_of(post)
    twins.join_recent(bot.ctx)
    bot.settled()
    bot.shows(card, "Waiting", without=("Town",))


def test_a_card_that_was_there_before_leads_to_the_other_and_its_thread_stays(bot: TwoNetworks) -> None:
    post, other = bot.on_x(), bot.town.says("maria", "@acmebrew my kettle leaks since this mornin")
    bot.hear("town")
    card, second = bot.card_of(post), bot.card(other.url)
    bot.settled()
    bot.say(second, "I know her, she is a regular.")
    bot.town.edits(other.id, WORDS)
    bot.hear("town")

    twins.join_recent(bot.ctx)

    bot.shows(card, "Posted on X and Town")
    now = bot.shows(second, "the card of that post", without=("kettle", "[Reply]"))
    assert any(card.ts.replace(".", "") in link.target for link in sound(now).links)
    with bot.slack.world.lock:
        assert len(bot.slack.world.channel("C0MENTIONS").replies(second.ts)) == 1
    bot.press(card, "Not the same person")
    bot.shows(second, "Waiting", "my kettle leaks", "[Reply]")


def test_nothing_of_two_networks_is_lost_and_one_turn_has_one_answer(bot: TwoNetworks) -> None:
    post, other, card = bot.both()
    first, second = bot.compose(card), bot.compose(card, by=bot.ben)
    second.fill({"Where": "Town"})
    eventually(lambda: "Everyone on Town will see it" in second.text)
    assert first.fill(ANSWER).submit().closed

    refused = second.fill("Hello from Ben.").submit()

    assert not refused.closed
    bot.answered(post, ANSWER)
    assert bot.said_in_town(other) == []
    assert bot.drafts() == ["Hello from Ben."]
    with bot.ctx.db.read() as session:
        assert {one.post_id for one in session.scalars(select(Mention))} == {post.id, other.id}
        kept = session.scalars(select(Reply).where(Reply.state == "draft")).one()
        assert (kept.network, kept.to_post_id) == ("town", other.id)
        assert len(session.scalars(select(Ticket).where(Ticket.joined_to.is_(None))).all()) == 1
        placed = select(Card.ticket_id).where(Card.ts.is_not(None))
        assert session.scalars(placed).all() == [kept.ticket_id]


def test_after_an_answer_they_stay_two_cards_that_name_each_other(bot: TwoNetworks) -> None:
    post = bot.on_x()
    card = bot.card_of(post)
    bot.reply(card, ANSWER)
    bot.answered(post, ANSWER)

    other = bot.on_town()

    second = bot.card(other.url)
    bot.shows(second, "Waiting", "The same words on X", "ticket #1", card.ts.replace(".", ""))
    bot.shows(card, "Answered", "The same words on Town", "ticket #2")


def test_the_channel_of_the_twin_is_led_to_the_card(bot: TwoNetworks) -> None:
    bot.slack.world.add_channel("C0ELSE", "else")
    us = bot.town.account().id
    with bot.ctx.db.write() as session:
        Track.mentions_of(session, "town", us, at=datetime.now(UTC)).channel = "C0ELSE"

    bot.both()

    told = eventually(lambda: bot.slack.world.channel("C0ELSE").messages[-1])
    assert "A post on Town with the same words" in seen(told)
    assert len(bot.slack.world.channel("C0ELSE").messages) == 1


def test_a_post_that_disappears_on_one_network_is_still_there_on_the_other(bot: TwoNetworks) -> None:
    post, other, card = bot.both()
    bot.town.hides(other.id)
    modal = bot.compose(card).fill({"Where": "Town"})
    eventually(lambda: "Everyone on Town will see it" in modal.text)

    refused = modal.fill("So sorry!").submit()

    assert not refused.closed
    assert "Town isn't showing us this post right now" in modal.text
    with bot.ctx.db.read() as session:
        missing = {one.post_id: one.is_missing for one in session.scalars(select(Mention))}
    assert missing == {post.id: False, other.id: True}


def test_what_our_account_says_by_hand_on_either_network_answers_the_turn(bot: TwoNetworks) -> None:
    _, other, card = bot.both()
    bot.town.says("acmebrew", "Sorry! A new one is on its way.", under=other.id)

    own_posts.read_own_posts(bot.ctx, bot.ctx.networks["town"])

    bot.shows(card, "Answered", "outside Heard")
