"""On a network with visibilities, handles in front and two servers: what is shown is what goes out."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.ingest import backfill
from bot.networks.values import Post, ReplyTarget
from bot.networks.x.settings import XSettings
from bot.runtime.signed_in_accounts import SignedInAccounts
from bot.slack.blocks.values import TicketValue
from models import Author, Mention, Ticket
from sandbox.slack.workspace.message import Message
from tests.keyed_network import KeyedNetwork
from tests.stage import worlds
from tests.story.cards.test_old_messages import aged
from tests.story.harness import KEYS, Bot, eventually, settings_for, started
from tests.story.running.test_locked import locked


class Picky(KeyedNetwork):
    """It also takes no exclamation marks."""

    def why_too_long(self, text: str, to: ReplyTarget | None = None) -> str | None:
        del to
        return "Keyed allows no exclamation marks." if "!" in text else None


class Keyed(Bot):
    """A bot on a network with keys, with two accounts there; the second one's server takes short posts."""

    first: Picky
    second: Picky

    def hears(self, words: str, **more: Any) -> tuple[Post, Message]:
        """Somebody says `words`; the post, and its card as Slack shows it."""
        post = self.first.says("maria", words, **more)
        for network in self.ctx.networks.accounts:
            backfill.poll_and_backfill(self.ctx, network)
        card = self.card(words)
        self.settled()
        return post, card

    def publishes(self, post: Post) -> Post:
        """The only reply under `post`, once it is there."""
        [said] = eventually(lambda: self.first.replies_to(post.id) or self.second.replies_to(post.id))
        return said

    def becomes(self, **changes: object) -> None:
        """The ledger learns that the post is another one now."""
        with self.ctx.db.write() as session:
            session.execute(update(Mention).values(**changes))

    def becomes_erased(self, post: Post) -> None:
        """The ledger has not kept the words of `post`."""
        with self.ctx.db.write() as session:
            found = session.scalars(select(Mention).where(Mention.post_id == post.id)).one()
            found.erase(self.ctx.now())


@pytest.fixture
def bot(database_url: str) -> Iterator[Keyed]:
    with worlds() as (slack, x):
        first = Picky("acmebrew", now=lambda: datetime.now(UTC))
        second = first.also_as("acme_help")
        second.max_length = 40
        networks = SignedInAccounts.fixed(first, second)
        keys = XSettings(api_url=x.url, **KEYS)
        with started(settings_for(database_url, slack), keys, slack, x, networks=networks) as bot:
            bot.__class__, bot.first, bot.second = Keyed, first, second  # type: ignore[attr-defined]
            yield bot  # type: ignore[misc]
        assert slack.world.troubles == []


def test_a_reply_begins_with_the_handle_and_carries_the_warning_as_shown(bot: Keyed) -> None:
    post, card = bot.hears("@acmebrew the butler did it", visibility="unlisted", content_warning="spoilers")
    modal = bot.compose(card)

    assert "Public on Keyed: from @acmebrew to @maria. Everyone can see it" in modal.text
    assert "Starts with @maria, added by Heard." in modal.text
    assert "your reply carries the same: “spoilers”" in modal.text
    assert "including 7 that Heard adds" in modal.text
    assert modal.fill("We knew.").submit().closed

    said = bot.publishes(post)
    assert (said.text, said.visibility, said.content_warning) == ("@maria We knew.", "unlisted", "spoilers")


def test_each_account_counts_as_its_own_server_does(bot: Keyed) -> None:
    _, card = bot.hears("@acmebrew and @acme_help, where is my order?")
    modal = bot.compose(card).fill("x" * 50)
    assert "Up to 280 characters" in modal.text
    modal.fill({"Answer as": "@acme_help"})
    assert "Up to 40 characters" in eventually(lambda: modal.text if "Up to 40" in modal.text else "")

    refused = modal.submit()

    assert refused.errors == {
        "reply": "That is 17 characters too many with the 7 that Heard adds: Keyed counts 57, and allows at most "
        "40."
    }
    assert modal.fill({"Answer as": "@acmebrew"}).submit().closed


def test_another_limit_of_the_network_is_said_in_its_words(bot: Keyed) -> None:
    _, card = bot.hears("@acmebrew hello?")

    assert bot.reply(card, "Hello!").errors == {"reply": "Keyed allows no exclamation marks."}


@pytest.mark.parametrize(
    ("changes", "sentence", "then"),
    [
        ({"visibility": "direct"}, "Who can see their post has changed", "Only @maria will see it."),
        (
            {"visibility": "followers"},
            "Who can see their post has changed",
            "Only @acmebrew's followers and @maria will see it.",
        ),
        ({"content_warning": "food"}, "They changed the content warning", "carries the same: “food”"),
    ],
)
def test_what_has_changed_since_the_composer_opened_is_shown_before_anything_is_sent(
    bot: Keyed, changes: dict[str, str], sentence: str, then: str
) -> None:
    post, card = bot.hears("@acmebrew hello?")
    modal = bot.compose(card).fill("Hello.")
    bot.becomes(**changes)

    assert not modal.submit().closed
    assert sentence in modal.text
    assert then in modal.text
    assert modal.value() == "Hello."
    is_private = "visibility" in changes
    assert modal.state.given["submit"]["text"] == ("Send" if is_private else "Send publicly")
    assert bot.first.requests == []
    assert modal.submit().closed

    said = bot.publishes(post)
    assert said.visibility == changes.get("visibility", "public")
    assert said.content_warning == changes.get("content_warning")


def test_a_preview_is_shown_again_if_the_post_reaches_other_people_by_now(bot: Keyed) -> None:
    post, card = bot.hears("@acmebrew hello?")
    bot.say(card, "@Heard reply Hello.")
    preview = bot.whisper("This would be public on Keyed")
    assert preview.buttons == ["Send publicly", "Edit", "Keep private"]
    bot.becomes(visibility="direct", content_warning="psst")

    bot.ana.press(preview, "Send publicly")
    again = bot.whisper("only @maria would see this")
    assert again.buttons == ["Send", "Edit", "Keep private"]
    assert bot.first.requests == []
    bot.ana.press(again, "Send")

    said = bot.publishes(post)
    assert (said.visibility, said.content_warning) == ("direct", "psst")


def test_show_context_hands_the_network_what_it_needs_to_read_a_post_again(bot: Keyed) -> None:
    first, _ = bot.hears("@acmebrew is the kettle back?", context="root 7")
    _, card = bot.hears("@acmebrew hello, anybody?", under=first.id)
    bot.becomes_erased(first)

    bot.ana.press(bot.now(card), "Show context")

    eventually(lambda: bot.first.contexts_given == {first.id: "root 7"})


@pytest.mark.parametrize(
    ("visibility", "sentence"),
    [("unlisted", "keeps it out of public lists"), ("direct", "Only @maria will see it")],
)
def test_a_composer_that_opens_while_the_ledger_is_locked_says_whom_the_reply_reaches(
    bot: Keyed, visibility: str, sentence: str
) -> None:
    post, card = bot.hears("@acmebrew the butler did it")
    bot.becomes(visibility=visibility)
    with bot.ctx.db.write() as session:
        session.get_one(Ticket, 1).revision += 1
    card = eventually(lambda: carries(bot, card, visibility))

    with locked(bot):
        modal = bot.compose(card, patient=False).fill("We knew.")
        assert "The database is slow right now" in modal.text
        assert sentence in modal.text
        assert "Starts with @maria, added by Heard." in modal.text

    assert modal.submit().closed
    assert bot.publishes(post).text == "@maria We knew."


def test_a_button_that_does_not_know_whom_a_reply_reaches_does_not_say_public(bot: Keyed) -> None:
    _, card = bot.hears("@acmebrew the butler did it")
    old = aged(bot.now(card), {"reply": TicketValue(1, 1, "1003", "maria", "acmebrew", "memory").pack()})
    unknown = aged(
        old, {"reply": TicketValue(1, 1, "1003", "maria", "acmebrew", "memory", visibility="unknown").pack()}
    )
    with locked(bot):
        modal = bot.ana.press(unknown, "Reply").view
        assert modal is not None
        assert "can't tell who would see a reply" in modal.text
        assert "Public" not in modal.text


def test_a_handle_that_changed_since_the_composer_was_opened_is_shown_before_anything_is_sent(
    bot: Keyed,
) -> None:
    post, card = bot.hears("@acmebrew the butler did it")
    modal = bot.compose(card).fill("We knew.")
    is_called(bot, "mary")

    assert not modal.submit().closed
    assert "another one than shown before" in modal.text
    assert "Starts with @mary, added by Heard." in modal.text
    assert modal.submit().closed
    assert bot.publishes(post).text == "@mary We knew."


def is_called(bot: Keyed, handle: str) -> None:
    with bot.ctx.db.write() as session:
        session.execute(update(Author).values(handle=handle))


def carries(bot: Keyed, card: Message, visibility: str) -> Message | None:
    shown = bot.now(card)
    return shown if f'"{visibility}"' in str(shown.blocks) else None


def test_an_edit_that_keeps_the_id_is_shown_before_an_answer_to_it_is_sent(bot: Keyed) -> None:
    post, card = bot.hears("@acmebrew the butler did it")
    modal = bot.compose(card).fill("We knew.")
    edited = datetime.now(UTC)
    bot.becomes(text="@acmebrew the gardener did it", edited_at=edited)

    assert not modal.submit().closed
    assert "They edited their post" in modal.text
    assert "the gardener did it" in modal.text
    assert modal.submit().closed
    bot.publishes(post)
