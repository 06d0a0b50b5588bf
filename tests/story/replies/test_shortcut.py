"""Send as public reply: any human message in a card's thread, proposed with an exact preview; and marks on it."""

import pytest

from tests.story.harness import CHANNEL, Bot, eventually, running, seen

NAME = "send_as_public_reply"


def marks(bot: Bot, message, *names: str) -> None:
    """Wait until the bot's emoji on that message are just these."""

    def look() -> bool:
        with bot.slack.world.lock:
            now = bot.slack.world.message(CHANNEL, message.ts)
            ours = {name for name, users in now.reactions.items() if bot.slack.world.app.user_id in users}
        assert ours == set(names)
        return True

    eventually(look)


@pytest.mark.both_engines
def test_a_colleagues_words_go_out_by_whoever_sends_them_and_both_are_recorded(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    message = bot.ben.say(CHANNEL, "We open at nine, come by!", thread_ts=card.ts)

    bot.ana.shortcut(message, NAME)
    preview = bot.whisper("Written by @U0BEN")
    assert "We open at nine, come by!" in seen(preview)
    assert bot.ben.ephemerals() == []
    bot.ana.press(preview, "Send publicly")

    bot.answered(post, "We open at nine, come by!")
    marks(bot, message, "postbox")
    with bot.ctx.db.read() as session:
        from models import Reply

        [reply] = session.query(Reply).all()
        assert (reply.actor, reply.author, reply.source) == ("U0ANA", "U0BEN", "shortcut")


def test_nothing_leaves_before_the_preview_is_answered(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    message = bot.ana.say(CHANNEL, "Shall we say that we are sorry?", thread_ts=card.ts)

    bot.ana.shortcut(message, NAME)
    preview = bot.whisper("Only you can see this")
    marks(bot, message)
    bot.ana.press(preview, "Keep private")

    marks(bot, message, "mute")
    assert bot.replies(post) == []


def test_a_message_to_a_teammate_is_never_public(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    message = bot.ana.say(CHANNEL, "@Ben Ode she is a pain, can you?", thread_ts=card.ts)

    outcome = bot.ana.shortcut(message, NAME)

    assert "starts with a teammate's name" in seen(outcome.ephemeral())
    assert bot.drafts() == []


def test_only_messages_in_a_cards_thread_by_people(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    loose = bot.ana.say(CHANNEL, "Good morning")
    elsewhere = bot.ben.say(CHANNEL, "You too", thread_ts=loose.ts)
    bot.say(card, "@Heard assign @Ben Ode")
    own = bot.told(card, "assigned this ticket to you")

    for message in (loose, elsewhere):
        assert "only works on a message in a card's thread" in seen(
            bot.ana.shortcut(message, NAME).ephemeral()
        )
    assert "Only a message that a person wrote" in seen(bot.ana.shortcut(own, NAME).ephemeral())
    assert bot.drafts() == []


def test_pressed_twice_there_is_one_draft(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    message = bot.ana.say(CHANNEL, "We open at nine, come by!", thread_ts=card.ts)

    bot.ana.shortcut(message, NAME).replay()

    bot.whisper("Only you can see this")
    assert len(bot.drafts()) == 1


def test_marks_follow_what_becomes_of_the_words(database_url: str) -> None:
    with running(database_url, undo_seconds=600) as bot:
        _, card = bot.heard("@acmebrew hello")
        message = bot.ana.say(CHANNEL, "@Heard reply Hello!", thread_ts=card.ts)
        bot.ana.press(bot.whisper("Only you can see this"), "Send publicly")
        marks(bot, message, "hourglass_flowing_sand")

        bot.say(card, "@Heard undo")

        marks(bot, message)


def test_what_x_refuses_is_marked_as_failed(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    message = bot.ana.say(CHANNEL, "@Heard reply Hello!", thread_ts=card.ts)
    preview = bot.whisper("Only you can see this")
    bot.compose(card).close()
    eventually(lambda: bot.x.world.counts["GET /2/tweets"])  # so soon after this look there is no other
    bot.x.world.delete(post.id)

    bot.ana.press(preview, "Send publicly")

    marks(bot, message, "warning")


@pytest.mark.parametrize("act", ["edit", "delete"])
def test_changing_the_message_afterwards_gets_a_private_line(bot: Bot, act: str) -> None:
    post, card = bot.heard("@acmebrew hello")
    message = bot.ana.say(CHANNEL, "@Heard reply Hello!", thread_ts=card.ts)
    bot.ana.press(bot.whisper("Only you can see this"), "Send publicly")
    bot.answered(post, "Hello!")
    bot.shows(card, "Answered")

    if act == "edit":
        bot.ana.edit(message, "@Heard reply Goodbye!")
    else:
        bot.ana.delete(message)

    bot.whisper("the public text is unchanged")
    assert bot.replies(post) == ["Hello!"]
    assert bot.ben.ephemerals() == []


@pytest.mark.both_engines
def test_changing_any_other_message_is_nobodys_business(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    message = bot.ana.say(CHANNEL, "Poor her", thread_ts=card.ts)

    bot.ana.edit(message, "Lovely her")
    bot.ana.delete(message)
    bot.settled()

    assert bot.ana.ephemerals() == []


@pytest.mark.both_engines
def test_words_that_were_edited_before_they_went_out_still_show_on_the_message_they_came_from(
    bot: Bot,
) -> None:
    post, card = bot.heard("@acmebrew hello")
    message = bot.ben.say(CHANNEL, "We opne at nine", thread_ts=card.ts)
    bot.ana.shortcut(message, NAME)

    modal = bot.ana.press(bot.whisper("Written by @U0BEN"), "Edit").view
    assert modal.fill("We open at nine").submit().closed

    bot.answered(post, "We open at nine")
    marks(bot, message, "postbox")
    assert bot.drafts() == []
    with bot.ctx.db.read() as session:
        from models import Reply

        assert session.query(Reply).filter_by(state="published").one().author == "U0BEN"


def test_a_kept_draft_that_is_sent_leaves_none_behind(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.compose(card).fill("Half a").close()
    bot.compose(card).fill("Half a sentence").close()
    assert bot.drafts() == ["Half a sentence"]

    bot.compose(card).submit()

    bot.answered(post, "Half a sentence")
    assert bot.drafts() == []
