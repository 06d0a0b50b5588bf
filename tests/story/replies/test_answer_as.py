"""Two accounts of ours on one X: a post that names both is one card, answered as the one that is chosen."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select, update

from bot.ingest import backfill
from bot.networks.x.client import XNetwork
from bot.networks.x.settings import XSettings
from bot.runtime.signed_in_accounts import SignedInAccounts
from models import AlsoHeard, Mention, Pause, Reply
from sandbox.slack import visible
from sandbox.slack.workspace.message import Message
from sandbox.x import XPost
from tests.stage import worlds
from tests.story.harness import KEYS, Bot, eventually, settings_for, sound, started
from tests.story.running.test_locked import locked

BOTH = "@acme_help and @acmebrew, where is my order?"
WORDS = "It is on its way, sorry for the wait."


class Accounts(Bot):
    """A bot with two accounts, @acmebrew and @acme_help, the second of which may be disconnected."""

    live: list[XNetwork]

    def hears(self, words: str, author: str = "maria", **more: str) -> tuple[XPost, Message]:
        """Somebody says `words`, both accounts look, and the card as Slack shows it."""
        post = self.post(words, author, **more)
        for network in self.ctx.networks.accounts:
            backfill.poll_and_backfill(self.ctx, network)
        card = self.card_of(post)
        self.settled()
        return post, card

    def disconnects(self) -> None:
        """The credentials of @acme_help are gone."""
        self.live.pop()
        self.ctx.networks.refresh()  # type: ignore[attr-defined]

    def said(self, post: XPost) -> list[tuple[str, str]]:
        """Who answered under `post`, and in which words."""
        handles = {one.id: one.handle for one in self.x.world.users()}
        here = self.x.world.conversation(post.id)[1:]
        return [(handles[one.author_id], one.text) for one in here]

    def publishes(self, post: XPost, *said: tuple[str, str]) -> None:
        """Wait until just that is public under `post`."""

        def look() -> bool:
            assert self.said(post) == list(said)
            return True

        eventually(look)

    def replies_kept(self) -> list[Reply]:
        with self.ctx.db.read() as session:
            return list(session.scalars(select(Reply).order_by(Reply.id)))


@pytest.fixture
def bot(database_url: str) -> Iterator[Accounts]:
    with worlds() as (slack, x):
        second = x.world.add_user("acme_help", "Acme Help")
        keys = XSettings(api_url=x.url, **KEYS)
        its_keys = KEYS | {"access_token": f"{second.id}-token"}
        live = [XNetwork(keys), XNetwork(XSettings(api_url=x.url, **its_keys))]
        networks = SignedInAccounts(lambda _before: tuple(live))
        with started(settings_for(database_url, slack), keys, slack, x, networks=networks) as bot:
            bot.__class__, bot.live = Accounts, live  # type: ignore[attr-defined]
            yield bot  # type: ignore[misc]
        assert slack.world.troubles == []


# --- the composer -------------------------------------------------------------------------------------------


def test_the_account_that_is_named_first_is_preset_and_answers(bot: Accounts) -> None:
    post, card = bot.hears(BOTH)
    assert "X, to @acme_help and @acmebrew" in sound(bot.now(card)).text
    assert len(bot.cards()) == 1

    modal = bot.compose(card)
    assert "from @acme_help to @maria" in modal.text
    assert modal.value("account")["text"]["text"] == "@acme_help"
    assert modal.fill(WORDS).submit().closed

    bot.publishes(post, ("acme_help", WORDS))
    bot.shows(card, "answered as @acme_help")


def test_another_account_can_be_chosen_and_the_composer_names_it_at_once(bot: Accounts) -> None:
    post, card = bot.hears(BOTH)
    modal = bot.compose(card).fill(WORDS)

    modal.fill({"Answer as": "@acmebrew"})

    assert "from @acmebrew to @maria" in eventually(
        lambda: modal.text if "from @acmebrew" in modal.text else ""
    )
    assert modal.value() == WORDS
    assert modal.submit().closed
    bot.publishes(post, ("acmebrew", WORDS))
    bot.shows(card, "answered as @acmebrew")


def test_who_is_named_by_one_account_alone_chooses_nothing(bot: Accounts) -> None:
    post, card = bot.hears("@acme_help where is my order?")
    modal = bot.compose(card)

    assert "Answer as" not in modal.text
    assert "from @acme_help to @maria" in modal.text
    modal.fill(WORDS).submit()

    bot.publishes(post, ("acme_help", WORDS))
    bot.shows(card, "Answered", without=("answered as",))


def test_whether_it_is_handed_off_depends_on_the_account(bot: Accounts) -> None:
    post, card = bot.hears(BOTH)
    with bot.ctx.db.write() as session:
        brew = bot.x.world.brand.id
        session.execute(update(AlsoHeard).where(AlsoHeard.account_id == brew).values(answerable="Not to us."))
        session.execute(update(Mention).where(Mention.account_id == brew).values(answerable="Not to us."))
    modal = bot.compose(card).fill(WORDS)
    assert modal.state.given["submit"]["text"] == "Send publicly"

    modal.fill({"account": "@acmebrew"})
    eventually(lambda: modal.state.given["submit"]["text"] == "Hand off")
    assert "signed in as @acmebrew" in modal.text
    assert modal.submit().closed

    shown = bot.shows(card, "posted by hand", "Sign in to X as @acmebrew")
    assert "I posted it" in shown.buttons
    assert bot.said(post) == []


def test_a_composer_that_opens_while_the_ledger_is_locked_says_and_keeps_its_account(bot: Accounts) -> None:
    post, card = bot.hears(BOTH)

    with locked(bot):
        modal = bot.compose(card, patient=False).fill(WORDS)
        assert "The database is slow right now" in modal.text
        assert "from @acme_help to @maria" in modal.text

    assert modal.submit().closed
    bot.publishes(post, ("acme_help", WORDS))


def test_what_was_kept_keeps_its_account(bot: Accounts) -> None:
    _, card = bot.hears(BOTH)
    modal = bot.compose(card).fill(WORDS)
    modal.fill({"account": "@acmebrew"})
    eventually(lambda: "from @acmebrew" in modal.text)
    modal.close()
    bot.told_all()

    again = bot.compose(card)

    assert again.value() == WORDS
    assert again.value("account")["text"]["text"] == "@acmebrew"
    assert "from @acmebrew to @maria" in again.text


def test_an_account_that_was_disconnected_meanwhile_sends_nothing_and_the_words_stay(bot: Accounts) -> None:
    post, card = bot.hears(BOTH)
    modal = bot.compose(card).fill(WORDS)
    bot.disconnects()

    outcome = modal.submit()

    assert "@acme_help" in str(outcome.errors)
    assert modal.value() == WORDS
    assert (bot.drafts(), bot.said(post)) == ([WORDS], [])
    bot.shows(card, "X, to @acmebrew", "no account: @acme_help", without=("Cannot be sent",))

    again = bot.compose(card)  # what is left is offered alone
    assert "Answer as" not in again.text
    assert again.value() == WORDS
    again.submit()
    bot.publishes(post, ("acmebrew", WORDS))


def test_a_follow_up_is_said_as_the_account_that_answered(bot: Accounts) -> None:
    post, card = bot.hears(BOTH)
    bot.compose(card).fill({"account": "@acmebrew"}).fill(WORDS).submit()
    bot.publishes(post, ("acmebrew", WORDS))
    bot.shows(card, "answered as @acmebrew", "[Follow up]")

    modal = bot.compose(card, label="Follow up")
    assert "from @acmebrew to @maria" in modal.text
    modal.fill("And it has arrived.").submit()

    bot.publishes(post, ("acmebrew", WORDS), ("acmebrew", "And it has arrived."))


def test_what_a_pause_stops_keeps_its_account(bot: Accounts) -> None:
    _, card = bot.hears(BOTH)
    with bot.ctx.db.write() as session:
        Pause.begin(session, by="U0BEN", at=bot.ctx.now())
    modal = bot.compose(card).fill(WORDS)
    modal.fill({"account": "@acmebrew"}).submit()

    assert [(one.text, one.account_id) for one in bot.replies_kept()] == [(WORDS, bot.x.world.brand.id)]
    assert bot.compose(card).value("account")["text"]["text"] == "@acmebrew"


def test_an_answer_that_either_account_made_by_hand_is_seen_before_another_is_sent(bot: Accounts) -> None:
    post, card = bot.hears(BOTH)
    by_hand = "See your inbox."
    bot.x.world.publish(by_hand, reply_to=post.id, by=bot.x.world.user("acme_help"))

    modal = bot.compose(card).fill(WORDS)
    bot.shows(card, "Answered", "outside Heard")
    outcome = modal.submit()

    assert "closed this ticket in the meantime" in str(outcome.errors)
    assert bot.said(post) == [("acme_help", by_hand)]


def test_the_same_words_to_the_same_person_are_refused_whichever_account_said_them(bot: Accounts) -> None:
    post, card = bot.hears(BOTH)
    bot.reply(card, WORDS)
    bot.publishes(post, ("acme_help", WORDS))
    bot.shows(card, "answered as @acme_help")

    _, other = bot.hears("@acmebrew and @acme_help, another order!")
    modal = bot.compose(other).fill(WORDS)
    assert "from @acmebrew" in modal.text
    outcome = modal.submit()

    assert "already sent exactly that" in str(outcome.errors)


# --- words from the thread ----------------------------------------------------------------------------------


def test_a_preview_names_the_preset_account_and_edit_can_change_it(bot: Accounts) -> None:
    post, card = bot.hears(BOTH)
    bot.say(card, f"@Heard reply {WORDS}")
    preview = bot.whisper("Only you can see this")
    assert "public on X, from @acme_help to @maria" in sound(preview).text

    modal = bot.ana.press(preview, "Edit").view
    assert modal is not None
    modal.fill({"account": "@acmebrew"}).submit()

    bot.publishes(post, ("acmebrew", WORDS))
    assert [(one.state, one.account_id) for one in bot.replies_kept()][-1][1] == bot.x.world.brand.id


def test_a_preview_goes_out_as_the_account_that_it_names(bot: Accounts) -> None:
    post, card = bot.hears(BOTH)
    bot.say(card, f"@Heard reply {WORDS}")

    bot.ana.press(bot.whisper("Only you can see this"), "Send publicly")

    bot.publishes(post, ("acme_help", WORDS))


# --- lists --------------------------------------------------------------------------------------------------


def test_lists_say_who_waits_for_an_account_that_is_gone(bot: Accounts) -> None:
    _, card = bot.hears("@acme_help where is my order?")
    bot.press(card, "Claim")

    def lists() -> list[str]:
        asked = ("open", "mine", "search order")
        return [visible(bot.ana.command("/mentions", one).acked).text for one in asked]

    assert not any("no account" in one for one in lists())
    bot.disconnects()
    bot.compose(card).close()

    bot.shows(card, "no account: @acme_help", "Cannot be sent")
    assert all("no account" in one for one in lists())
    bot.ana.open_home()
    eventually(lambda: "no account" in visible(bot.slack.world.views.homes["U0ANA"]).text)
