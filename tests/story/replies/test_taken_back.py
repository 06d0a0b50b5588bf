"""Delete public reply: asked about, done on the network, and the ticket waits again with its words kept."""

from tests.story.harness import Bot


def answered(bot: Bot, words: str = "Hello!"):
    post, card = bot.heard("@acmebrew hello")
    bot.reply(card, words)
    bot.answered(post, words)
    bot.shows(card, "See our reply")
    return post, card


def test_it_asks_then_deletes_and_the_ticket_waits_again(bot: Bot) -> None:
    post, card = answered(bot)

    asked = bot.press(card, "Delete public reply").view
    assert "The reply that @U0ANA sent:\nHello!" in asked.text
    assert "It will be deleted on X for everyone. This can't be undone." in asked.text
    assert "People may already have seen it." in asked.text
    assert "The ticket will then be waiting for a reply again." in asked.text
    assert "The text is kept in the thread and for @U0ANA." in asked.text
    assert bot.replies(post) == ["Hello!"]
    assert asked.submit().closed

    bot.answered(post)
    bot.shows(card, "Waiting since", without=("See our reply",))
    bot.told(card, "@U0ANA deleted @U0ANA's reply on X", "Hello!")
    assert [one.actor for one in bot.events("delete asked", "delete public reply")] == ["U0ANA", "U0ANA"]
    assert bot.compose(card).value() == "Hello!"


def test_of_a_ticket_that_was_closed_since_it_says_that_it_stays_closed(bot: Bot) -> None:
    _, card = answered(bot)
    bot.press(card, "Reopen")
    bot.shows(card, "Waiting since")
    bot.say(card, "@Heard done thanks")
    now = bot.shows(card, "No reply needed (thanks)")

    asked = bot.ana.press(now, "Delete public reply").view

    assert "The ticket stays closed (no reply needed)." in asked.text
    assert "be waiting for a reply again" not in asked.text


def test_a_reply_that_was_posted_by_hand_is_called_so(bot: Bot) -> None:
    bot.x.world.implicit_counts = False
    ours = bot.x.world.publish("New: a winter stout")
    post, card = bot.heard("looks great", reply_to=ours.id)
    bot.reply(card, "Thank you!")
    bot.shows(card, "I posted it")
    bot.x.world.post("acmebrew", "Thank you!", reply_to=post.id)
    bot.confirm_hand_offs()
    bot.settled()

    asked = bot.ana.press(bot.shows(card, "answered by hand"), "Delete public reply").view

    assert "that @U0ANA posted by hand:\nThank you!" in asked.text


def test_cancelling_the_question_deletes_nothing(bot: Bot) -> None:
    post, card = answered(bot)

    bot.press(card, "Delete public reply").view.close()
    bot.settled()

    assert bot.replies(post) == ["Hello!"]
    assert bot.events("delete asked") == []


def test_asked_twice_it_is_deleted_once_and_the_second_is_told(bot: Bot) -> None:
    post, card = answered(bot)
    first = bot.press(card, "Delete public reply").view
    second = bot.press(card, "Delete public reply", by=bot.ben).view

    assert first.submit().closed
    second.submit()

    assert "That reply is" in second.text
    bot.answered(post)
    bot.shows(card, "Waiting since")
    assert len(bot.events("delete public reply")) == 1


def test_while_x_does_not_answer_it_goes_on_trying(bot: Bot) -> None:
    post, card = answered(bot)
    bot.x.world.faults.add("DELETE /2/tweets/:id", "answer_lost_after", times=1)

    bot.press(card, "Delete public reply").view.submit()

    bot.answered(post)
    bot.shows(card, "Waiting since")


def test_a_new_reply_after_it_is_the_only_one(bot: Bot) -> None:
    post, card = answered(bot, "Helo!")
    bot.press(card, "Delete public reply").view.submit()
    bot.shows(card, "Waiting since")

    bot.reply(card, "Hello!")

    bot.answered(post, "Hello!")
