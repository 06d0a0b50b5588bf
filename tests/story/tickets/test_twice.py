"""Everything is pressed twice, late, on stale cards, after somebody else, and once more by a copy of the request."""

import pytest
from sqlalchemy import select

from models import Reply
from sandbox.slack.people.outcome import Outcome
from tests.story.harness import CHANNEL, Bot, eventually, running, seen
from tests.story.replies.test_shortcut import NAME, marks

pytestmark = pytest.mark.both_engines


def acts(bot: Bot) -> int:
    """How many things the log tells."""
    return len(bot.events())


def nothing_is_on_its_way(bot: Bot) -> bool:
    """Whether all that is on X is in the log as well."""
    with bot.ctx.db.read() as session:
        return session.scalar(select(Reply.id).where(Reply.state.in_(("queued", "sending")))) is None


def copied(bot: Bot, outcome: Outcome) -> None:
    """Send a copy of that request: it is answered, and nothing happens."""
    eventually(lambda: nothing_is_on_its_way(bot))
    bot.settled()
    bot.told_all()
    before, words = acts(bot), len(bot.ana.ephemerals())
    assert bot.ana.press(bot.cards()[0], body=outcome.body).ok
    bot.settled()
    bot.told_all()
    assert acts(bot) == before
    assert len(bot.ana.ephemerals()) == words


def test_a_press_on_reply_that_arrives_again_opens_nothing_and_is_not_in_the_log(bot: Bot) -> None:
    bot.heard("@acmebrew hello")
    outcome = bot.ana.press(bot.cards()[0], "Reply")
    outcome.view.fill("Hello!")

    copied(bot, outcome)

    assert [event.act for event in bot.events("compose")] == ["compose"]
    assert outcome.view.submit().closed


def test_a_name_that_is_chosen_twice_by_one_submit_is_in_the_log_once(bot: Bot) -> None:
    bot.heard("@acmebrew hello")
    modal = bot.ana.command("/mentions", "me", CHANNEL).view
    outcome = modal.fill({"name": "Ana Lima", "style": "name"}).submit()
    bot.whisper("Your public name is now Ana Lima")

    outcome.replay()
    bot.settled()

    assert len(bot.events("public name")) == 1


# --- one message, two who propose it ------------------------------------------------------------------------


def test_keeping_a_copy_private_does_not_hide_that_the_message_is_public(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    message = bot.ana.say(CHANNEL, "We open at nine, come by!", thread_ts=card.ts)
    for person in (bot.ana, bot.ben):
        person.shortcut(message, NAME)
    bot.ana.press(bot.whisper("This would be public"), "Send publicly")
    bot.answered(post, "We open at nine, come by!")
    marks(bot, message, "postbox")

    bot.ben.press(bot.whisper("This would be public", to=bot.ben), "Keep private")
    bot.whisper("Kept private", to=bot.ben)

    marks(bot, message, "postbox")
    assert bot.replies(post) == ["We open at nine, come by!"]


def test_a_message_that_two_propose_is_public_once(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    message = bot.ana.say(CHANNEL, "We open at nine, come by!", thread_ts=card.ts)
    for person in (bot.ana, bot.ben):
        person.shortcut(message, NAME)
    bot.ana.press(bot.whisper("This would be public"), "Send publicly")
    bot.answered(post, "We open at nine, come by!")

    bot.ben.press(bot.whisper("This would be public", to=bot.ben), "Send publicly")

    bot.whisper("@U0ANA has already replied", to=bot.ben)
    assert bot.replies(post) == ["We open at nine, come by!"]


# --- a composer that is stale -------------------------------------------------------------------------------


def test_taking_over_from_somebody_who_has_sent_says_so_and_shows_nobody_as_writing(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bens = bot.compose(card, by=bot.ben)
    anas = bot.compose(card)
    assert "has been replying since" in anas.text
    bens.fill("Hello from Ben!").submit()
    bot.answered(post, "Hello from Ben!")
    anas.fill("Hello from Ana!")

    anas.press("Take over")

    assert "has been replying since" not in anas.text
    assert "@U0BEN" in anas.text
    assert anas.value() == "Hello from Ana!"
    bot.settled()
    bot.shows(card, "Follow up", without=("has been replying",))
    assert "has already replied" in anas.submit().errors["reply"]
    assert bot.drafts() == ["Hello from Ana!"]
    assert bot.replies(post) == ["Hello from Ben!"]


def test_taking_over_twice_leaves_one_writer(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.compose(card, by=bot.ben)
    modal = bot.compose(card)

    press = modal.press("Take over")
    copied(bot, press)

    bot.shows(card, "@U0ANA has been replying")
    bot.told(card, "@U0BEN, @U0ANA is writing the reply now")
    assert len([one for one in bot.thread(card) if "is writing the reply now" in seen(one)]) == 1
    assert modal.fill("Hello!").submit().closed
    bot.answered(post, "Hello!")


def test_who_may_only_draft_is_still_told_so_after_taking_over(database_url: str) -> None:
    with running(database_url, senders=("U0BEN",)) as bot:
        _, card = bot.heard("@acmebrew hello")
        bot.compose(card).fill("Hello!").submit()  # this asks Slack who may
        bot.compose(card, by=bot.ben)
        modal = bot.compose(card)
        assert "You can't send public replies here" in modal.text

        modal.press("Take over")

        assert "You can't send public replies here" in modal.text


# --- each press twice, and its copy -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "said"),
    [("Claim", "This ticket is already yours"), ("Not about us", "This ticket is closed")],
)
def test_a_button_of_the_card_pressed_twice_and_copied(bot: Bot, label: str, said: str) -> None:
    _, card = bot.heard("@acmebrew hello")
    stale = bot.now(card)

    first = bot.ana.press(stale, label)
    copied(bot, first)
    before = acts(bot)
    second = bot.ana.press(stale, label)

    bot.whisper(said)
    assert second.ok
    assert acts(bot) == before


def test_undo_reopen_and_follow_up_pressed_twice_late_and_copied(database_url: str) -> None:
    with running(database_url, undo_seconds=600) as bot:
        post, card = bot.heard("@acmebrew hello")
        sent = bot.reply(card, "Hello!")
        held = bot.shows(card, "[Undo]")
        undone = bot.ana.press(held, "Undo")
        bot.whisper("Undone")
        copied(bot, sent)
        copied(bot, undone)
        bot.ben.press(held, "Undo")
        bot.whisper("nothing to undo", to=bot.ben)
        bot.reply(card, "Hello again!", by=bot.ben)
        bot.shows(card, "[Undo]")

        bot.ana.press(held, "Undo")  # the old one's button

        bot.whisper("Too late to undo")
        copied(bot, undone)
        with bot.ctx.db.read() as session:
            states = session.execute(select(Reply.text, Reply.state).order_by(Reply.id)).all()
        assert [tuple(one) for one in states] == [("Hello!", "cancelled"), ("Hello again!", "held")]
        assert bot.replies(post) == []


def test_the_modals_of_a_closed_ticket_and_their_copies(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    anas = bot.press(card, "No reply needed").view
    bens = bot.press(card, "No reply needed", by=bot.ben).view
    closing = anas.submit()
    assert closing.closed
    bot.shows(card, "No reply needed (thanks)")
    assert bens.submit().errors == {"reason": "This ticket is closed: no reply needed. Reopen it first."}
    copied(bot, closing)
    stale = bot.now(card)
    reopened = bot.ana.press(stale, "Reopen")
    bot.shows(card, "Waiting since")
    copied(bot, closing)
    copied(bot, reopened)
    bot.ben.press(stale, "Reopen")
    bot.whisper("already open", to=bot.ben)
    assert bot.replies(post) == []


def test_deleting_is_asked_by_two_and_done_once(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.reply(card, "Hello!")
    bot.answered(post, "Hello!")
    public = bot.shows(card, "Follow up")
    asked = [person.press(public, "Delete public reply").view for person in (bot.ana, bot.ben)]
    first = asked[0].submit()
    assert first.closed
    bot.answered(post)
    bot.shows(card, "Waiting since")

    second = asked[1].submit()

    assert "nothing public to delete" in second.view.text or "no longer public" in second.view.text
    copied(bot, first)
    assert len(bot.events("delete asked")) == 1


def test_a_preview_is_decided_once_whatever_is_pressed_on_its_copies(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.say(card, "@Heard reply Hello!")
    preview = bot.whisper("This would be public")
    bot.say(card, "@Heard drafts")
    again = [one for one in bot.ana.ephemerals() if "This would be public" in seen(one)][-1]
    sent = bot.ana.press(preview, "Send publicly")
    bot.answered(post, "Hello!")
    copied(bot, sent)

    for label in ("Send publicly", "Keep private"):
        bot.ana.press(again, label)
        bot.whisper("That's already decided")
    edit = bot.ana.press(again, "Edit").view

    assert edit.callback_id == ""
    assert bot.replies(post) == ["Hello!"]
    assert bot.attempts == 1


def test_home_discards_once(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.compose(card).fill("Some words").close()
    home = bot.ana.open_home()
    thrown = bot.ana.press(home, "Discard")
    eventually(lambda: bot.events("draft discarded"))

    thrown.replay()

    assert len(bot.events("draft discarded")) == 1
    assert not bot.compose(card).value()


def test_pausing_twice_and_by_a_copy_pauses_once(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    first = bot.ana.command("/mentions", "pause")
    bot.ben.command("/mentions", "pause")
    bot.ben.command("/mentions", "resume")

    bot.ana.press(card, body=first.body)

    assert len(bot.events("pause")) == 1
    assert len(bot.events("resume")) == 1
    assert bot.reply(card, "Hello!").closed
