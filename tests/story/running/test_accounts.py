"""Another account is connected beside a running bot: nobody speaks under the wrong name, and people are told."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from bot.networks.oauth2 import TokenPair
from bot.networks.x.client import XNetwork
from bot.networks.x.oauth import OAuth2Client
from bot.networks.x.settings import XSettings
from bot.publish import account_check
from bot.runtime.encryption import Keyring
from bot.runtime.token_store import TokenStore
from models.core.database import Database
from sandbox.slack import SlackServer
from sandbox.x import XServer
from tests.patience import CALL_LIMITS
from tests.story.harness import CHANNEL, Bot, eventually, seen, settings_for, started, worlds

pytestmark = pytest.mark.both_engines

KEY = SecretStr("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=")
HOW = "sign in to X as that account and run python -m bot connect x"

Connect = Callable[[str], None]
Run = Callable[..., Bot]


@pytest.fixture
def here() -> Iterator[tuple[SlackServer, XServer]]:
    with worlds() as (slack, x):
        x.world.grants.add_client("heard", "s3cret")
        yield slack, x


@pytest.fixture
def stored(database_url: str, here: tuple[SlackServer, XServer]) -> Iterator[TokenStore]:
    """The tokens of the ledger, as another process sees them."""
    oauth = OAuth2Client("heard", SecretStr("s3cret"), here[1].url, CALL_LIMITS)
    with closing(Database(database_url)) as db:
        yield TokenStore(db, Keyring([KEY], {}), "x", "X", lambda: datetime.now(UTC), oauth.renew)


@pytest.fixture
def connect(here: tuple[SlackServer, XServer], stored: TokenStore) -> Connect:
    """Put the credentials of that account in the place of the bot's own."""
    return connector(here[1], stored)


@pytest.fixture
def connect_beside(here: tuple[SlackServer, XServer], stored: TokenStore) -> Connect:
    """What `python -m bot connect x` writes, as that account, beside the one that the bot has."""
    beside = TokenStore(stored._db, Keyring([KEY], {}), "x", "X", stored._now, stored._call_renew)
    return connector(here[1], beside)


def connector(x: XServer, stored: TokenStore) -> Connect:
    def connected(handle: str) -> None:
        world = x.world
        client = world.grants.client("heard")
        assert client is not None
        user = world.find_user(handle) or world.add_user(handle, handle.title())
        given = world.grants.grant(client, user_id=user.id)
        stored.connect(TokenPair(SecretStr(given.access), SecretStr(given.refresh or ""), 7200, frozenset()))

    return connected


@pytest.fixture
def bot(
    database_url: str, here: tuple[SlackServer, XServer], stored: TokenStore, connect: Connect
) -> Iterator[Bot]:
    """A bot that signed in as @acmebrew, with a minute to undo."""
    slack, x = here
    connect("acmebrew")
    keys = XSettings(_env_file=None, api_url=x.url, client_id="heard", client_secret="s3cret")
    network = XNetwork(keys, tokens=stored)
    with started(settings_for(database_url, slack, undo_seconds=60), keys, slack, x, network=network) as bot:
        yield bot


def check(bot: Bot) -> None:
    """See now who is connected, instead of within ten seconds."""
    account_check.check_network(bot.ctx, bot.ctx.networks["x"])


def speakers(bot: Bot) -> dict[str, list[str]]:
    """Who was to publish what, as X saw it."""
    found: dict[str, list[str]] = {}
    for one in bot.x.world.requests:
        if one.endpoint == "POST /2/tweets":
            found.setdefault(str(one.account), []).append(one.body["text"])
    return found


def in_channel(bot: Bot, words: str) -> list[str]:
    shown = [seen(one) for one in bot.ana.sees(CHANNEL) if not one.is_reply and not one.ephemeral_to]
    return [one for one in shown if words in one]


def test_a_reply_in_its_undo_window_comes_back_and_everybody_is_told_once(bot: Bot, connect: Connect) -> None:
    _post, card = bot.heard("@acmebrew hello")
    assert bot.reply(card, "On Monday!").closed
    bot.shows(card, "[Undo]")

    connect("acmetea")
    check(bot)
    check(bot)

    bot.told(card, "@U0ANA, your reply was not sent", "as @acmetea, not as @acmebrew", HOW, "On Monday!")
    bot.shows(
        card, "Cannot be sent: Heard is not connected to X as @acmebrew", "[Reply]", without=("[Undo]",)
    )
    eventually(lambda: len(in_channel(bot, "1 conversation is waiting for @acmebrew")) == 1)
    assert HOW in in_channel(bot, "1 conversation is waiting for @acmebrew")[0]
    assert speakers(bot) == {}


def test_reply_on_a_ticket_of_a_missing_account_says_so_and_keeps_the_words(
    bot: Bot, connect: Connect
) -> None:
    _, card = bot.heard("@acmebrew hello")
    connect("acmetea")
    check(bot)

    modal = bot.compose(card)
    assert "Heard is connected to X as @acmetea, not as @acmebrew" in seen(modal)
    assert "your text is kept as a draft" in seen(modal)
    errors = modal.fill("On Monday!").submit().errors

    assert "not as @acmebrew" in errors["reply"]
    assert "kept as a draft" in errors["reply"]
    assert bot.drafts() == ["On Monday!"]
    assert speakers(bot) == {}


def test_a_composer_that_was_opened_before_the_swap_is_refused_with_the_words_kept(
    bot: Bot, connect: Connect
) -> None:
    """Nobody has looked yet who is connected: the submit does."""
    _, card = bot.heard("@acmebrew hello")
    modal = bot.compose(card).fill("On Monday!")
    connect("acmetea")

    errors = modal.submit().errors

    assert "not as @acmebrew" in errors["reply"]
    assert bot.drafts() == ["On Monday!"]
    assert speakers(bot) == {}


def test_a_preview_that_was_made_before_the_swap_is_refused_and_stays_a_draft(
    bot: Bot, connect: Connect
) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.say(card, "@Heard reply On Monday!")
    preview = bot.whisper("Only you can see this")
    connect("acmetea")

    outcome = bot.ana.press(preview, "Send publicly")

    assert "not as @acmebrew" in seen(outcome.ephemeral())
    assert bot.drafts() == ["On Monday!"]
    assert speakers(bot) == {}


def test_after_the_right_account_is_connected_again_drafts_stay_drafts_until_somebody_sends_them(
    bot: Bot, connect: Connect
) -> None:
    _post, card = bot.heard("@acmebrew hello")
    bot.reply(card, "On Monday!")
    connect("acmetea")
    check(bot)
    bot.told(card, "your reply was not sent")

    connect("acmebrew")
    check(bot)

    eventually(lambda: len(in_channel(bot, "X is connected as @acmebrew again")) == 1)
    bot.shows(card, "Waiting", without=("Cannot be sent",))
    modal = bot.compose(card)
    assert modal.value() == "On Monday!"
    assert "not as @acmebrew" not in seen(modal)
    assert speakers(bot) == {}


def test_send_again_is_refused_with_the_name_of_the_account(
    database_url: str, here: tuple[SlackServer, XServer], stored: TokenStore, connect: Connect
) -> None:
    slack, x = here
    connect("acmebrew")
    keys = XSettings(_env_file=None, api_url=x.url, client_id="heard", client_secret="s3cret")
    quick = settings_for(database_url, slack, reconcile_seconds=(0.01, 0.02))
    with started(quick, keys, slack, x, network=XNetwork(keys, tokens=stored)) as bot:
        post, card = bot.heard("@acmebrew hello")
        bot.x.world.faults.add("POST /2/tweets", "answer_lost_before", times=1)
        bot.reply(card, "On Monday!")
        bot.shows(card, "[Send again]")
        connect("acmetea")

        bot.press(card, "Send again")

        bot.whisper("Heard is connected to X as @acmetea, not as @acmebrew", "did not send it again")
        bot.shows(card, "[Send again]", "Cannot be sent")
        assert bot.replies(post) == []
        connect("acmebrew")
        bot.press(card, "Send again")
        bot.answered(post, "On Monday!")
        assert speakers(bot) == {"acmebrew": ["On Monday!", "On Monday!"]}


def test_another_account_that_is_connected_while_a_token_is_renewed_is_not_taken_for_ours(
    bot: Bot, connect_beside: Connect, stored: TokenStore
) -> None:
    """The renewal of our grant is under way when the other account is connected."""
    bot.heard("@acmebrew hello")
    bot.x.world.grants.expire()
    slow = bot.x.world.faults.add("POST /2/oauth2/token", "slow", times=1, seconds=20)
    network = bot.ctx.networks["x"]
    us = bot.x.world.brand.id
    raised: list[Exception] = []

    def delete() -> None:
        try:
            network.delete("12", account_id=us)
        except Exception as error:  # noqa: BLE001 - looked at below
            raised.append(error)

    with stored._db.write() as session:  # it was renewed a while ago
        session.connection().exec_driver_sql("UPDATE credentials SET renewed_at = '2026-01-01 00:00:00+00'")
    asking = threading.Thread(target=delete)
    asking.start()
    eventually(lambda: slow.times == 0)
    connect_beside("acmetea")
    slow.release()
    asking.join(120)

    assert raised == []
    deleted_by = [one.account for one in bot.x.world.requests if one.endpoint == "DELETE /2/tweets/:id"]
    assert set(deleted_by) == {"acmebrew"}


def test_show_context_of_a_missing_account_says_why_the_rest_cannot_be_fetched(
    bot: Bot, connect: Connect
) -> None:
    other = bot.post("which brewery is best?", author="tom")
    _, card = bot.heard("@acmebrew you are", reply_to=other.id)
    connect("acmetea")
    check(bot)

    modal = bot.press(card, "Show context").view

    assert modal is not None
    eventually(lambda: "not as @acmebrew" in seen(modal))


def test_the_open_list_says_that_nobody_hears_what_is_said_to_a_missing_account(
    bot: Bot, connect: Connect
) -> None:
    bot.heard("@acmebrew hello")
    connect("acmetea")
    check(bot)

    answer = seen(bot.ana.command("/mentions", "open", CHANNEL).answers[-1])

    assert "not as @acmebrew" in answer
    assert "this list may be incomplete" in answer


def test_the_doctor_in_slack_names_the_missing_account(bot: Bot, connect: Connect) -> None:
    bot.heard("@acmebrew hello")
    connect("acmetea")

    bot.ana.command("/mentions", "doctor", CHANNEL)

    eventually(
        lambda: next(
            one
            for one in bot.ana.sees(CHANNEL)
            if "is not connected as @acmebrew, for which 1 conversation is waiting" in seen(one)
        )
    )
