"""A mention that is cross-posted to X and Mastodon: one card, and either place can be answered."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from bot.ingest import backfill
from bot.networks.mastodon.client import MastodonNetwork
from bot.networks.mastodon.settings import MastodonSettings
from bot.networks.x.client import XNetwork
from bot.networks.x.settings import XSettings
from bot.runtime.signed_in_accounts import SignedInAccounts
from sandbox.mastodon import MastodonServer, MastodonWorld
from sandbox.slack.workspace.message import Message
from tests.patience import CALL_LIMITS as LIMITS
from tests.stage import worlds
from tests.story.harness import KEYS, Bot, eventually, settings_for, started

WORDS = "@acmebrew my kettle leaks since this morning"
HANDLE = "maria@remote.example"


class CrossPosted(Bot):
    """A bot with an account on X and one on a Mastodon server."""

    mastodon: MastodonWorld

    def hear(self, network: str) -> None:
        backfill.poll_and_backfill(self.ctx, self.ctx.networks[network])


@pytest.fixture
def bot(database_url: str) -> Iterator[CrossPosted]:
    with worlds() as (slack, x), MastodonServer() as server:
        world = server.world
        world.add_user(HANDLE, "Maria", indexable=True)
        scopes = frozenset({"read", "write:statuses"})
        token = SecretStr(world.grants.grant(world.brand.id, scopes).secret)
        keys = XSettings(api_url=x.url, **KEYS)
        theirs = MastodonSettings(_env_file=None, url=server.url, access_token=token)
        networks = SignedInAccounts.fixed(XNetwork(keys), MastodonNetwork(theirs, LIMITS))
        with started(settings_for(database_url, slack), keys, slack, x, networks=networks) as bot:
            bot.__class__, bot.mastodon = CrossPosted, world  # type: ignore[attr-defined]
            yield bot  # type: ignore[misc]
        assert slack.world.troubles == []


def both(bot: CrossPosted) -> tuple[Message, str]:
    """Maria posts it on X and on her Mastodon server; the card, and the id of her post there."""
    post = bot.post(WORDS)
    bot.hear("x")
    status = bot.mastodon.post(HANDLE, WORDS)
    bot.hear("mastodon")
    card = bot.card_of(post)
    bot.settled()
    return bot.shows(card, "Posted on X and Mastodon", f"@{HANDLE}"), status.id


def test_it_is_answered_on_mastodon_as_that_network_wants_it(bot: CrossPosted) -> None:
    card, status_id = both(bot)
    modal = bot.compose(card).fill("Sorry! A new one is on its way.")

    modal.fill({"Where": "Mastodon"})

    eventually(lambda: f"Starts with @{HANDLE}, added by Heard." in modal.text)
    assert "from @acmebrew" in modal.text
    assert modal.submit().closed
    bot.shows(card, "See our reply on Mastodon", "The post on X: answered on Mastodon")
    replies = bot.mastodon.replies_to(status_id)
    assert ["A new one is on its way." in one.text for one in replies] == [True]


def test_the_customer_is_answered_on_x_and_the_copy_on_mastodon_waits_by_itself(bot: CrossPosted) -> None:
    card, status_id = both(bot)
    assert bot.reply(card, "Sorry! A new one is on its way.").closed
    bot.shows(card, "Answered", "answered on X")

    bot.press(card, "Not the same person")

    theirs = eventually(lambda: next(one for one in bot.cards() if one.ts != card.ts))
    bot.shows(theirs, "Waiting", f"@{HANDLE}", "my kettle leaks")
    bot.shows(card, "Answered", without=("Mastodon",))
    assert bot.mastodon.replies_to(status_id) == []


def test_a_copy_that_was_edited_on_mastodon_before_can_be_answered_there(bot: CrossPosted) -> None:
    card, status_id = both(bot)
    bot.mastodon.edit(status_id, WORDS + ", and I have no tea")
    bot.hear("mastodon")
    bot.shows(card, "and I have no tea")
    modal = bot.compose(card).fill("Sorry! A new one is on its way.")
    modal.fill({"Where": "Mastodon"})
    eventually(lambda: f"Starts with @{HANDLE}, added by Heard." in modal.text)

    assert modal.submit().closed

    bot.shows(card, "See our reply on Mastodon")
