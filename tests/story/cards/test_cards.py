"""What a card shows, and that Slack takes it in one piece whatever happens to its ticket."""

import pytest

from sandbox.slack import visible
from tests.story.harness import Bot, running, seen, sound


def test_a_card_says_who_wrote_what_where_and_why_it_is_here(bot: Bot) -> None:
    bot.x.world.add_user("maria", "Maria Silva", followers=12_345, verified=True)
    post, card = bot.heard("@acmebrew is the tap list up?")

    shown = sound(bot.now(card))

    for words in ("Maria Silva", "@maria", "verified", "12,345 followers", "X, to @acmebrew"):
        assert words in shown.text
    assert "@acmebrew is the tap list up?" in shown.text
    assert "mentions us" in shown.text
    assert "Waiting" in shown.text
    assert f"https://x.com/i/status/{post.id}" in [link.target for link in shown.links]
    assert "https://x.com/maria" in [link.target for link in shown.links]


def test_times_on_a_card_are_tokens_that_each_reader_sees_in_their_own_zone(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")

    tokens = [token.target.partition("^") for token in visible(bot.now(card)).of("date")]
    posted, since, due = (int(at) for at, _, _ in tokens)

    assert posted == since == int(post.created_at.timestamp())
    assert due == since + 30 * 60


def test_a_waiting_card_offers_what_can_be_done_about_it(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")

    assert bot.now(card).buttons == [
        "Reply",
        "Claim",
        "No reply needed",
        "Open on X",
        "Assign…",
        "Snooze…",
        "Not about us",
        "Add to issue…",
        "Author history",
    ]
    primary = [e for b in bot.now(card).blocks for e in b.get("elements", []) if e.get("style") == "primary"]
    assert [e["text"]["text"] for e in primary] == ["Reply"]


def test_an_answered_card_offers_to_go_on(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.reply(card, "Hello!")
    bot.answered(post, "Hello!")

    now = bot.shows(card, "Answered by @U0ANA after", "@U0ANA answered", "Hello!")

    learn = ["Add to issue…", "Author history"]
    assert now.buttons == ["Follow up", "Reopen", "Open on X", *learn, "Delete public reply"]
    sound(now)


def test_a_pressed_link_button_leads_to_the_post_and_disturbs_nobody(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")

    pressed = bot.press(card, "Open on X")

    assert pressed.opened_url == f"https://x.com/i/status/{post.id}"
    assert pressed.status == 200
    bot.told_all()
    assert pressed.ephemerals == []


def test_a_bare_reply_to_our_post_says_that_it_answers_us(bot: Bot) -> None:
    ours = bot.x.world.publish("New: a winter stout")
    _, card = bot.heard("looks great", reply_to=ours.id)

    assert "answers us" in seen(bot.now(card))


def test_pictures_are_counted_on_the_card(bot: Bot) -> None:
    _, card = bot.heard(
        "@acmebrew look", media=("https://pbs.twimg.com/a.jpg", "https://pbs.twimg.com/b.jpg")
    )

    assert "2 pictures" in sound(bot.now(card)).text


def test_somebody_who_wrote_before_is_known_on_the_next_card(bot: Bot) -> None:
    bot.heard("@acmebrew first")
    _, card = bot.heard("@acmebrew second")

    assert "1 earlier" in seen(bot.now(card))


def test_an_edit_on_x_changes_the_words_on_the_card(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew is the tap lits up?")
    bot.x.world.edit(post.id, "@acmebrew is the tap list up?")
    bot.poll()

    now = bot.shows(card, "tap list up?", "edited", without=("tap lits",))

    assert len(bot.cards()) == 1
    sound(now)


def test_a_second_mention_comes_to_the_same_card_and_waits_again(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew is the tap list up?")
    bot.reply(card, "It is!")
    bot.answered(post, "It is!")
    bot.shows(card, "Answered")

    second = bot.post("@acmebrew thanks, and the kitchen?", reply_to=post.id)
    bot.poll()
    now = bot.shows(card, "and the kitchen?", "is the tap list up?", "Waiting", without=("Answered by",))

    assert len(bot.cards()) == 1
    assert now.buttons[0] == "Reply"
    bot.reply(card, "Open until nine.")
    bot.answered(second, "Open until nine.")
    bot.shows(card, "Answered")


def test_a_second_mention_before_the_answer_is_what_the_answer_goes_to(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew is the tap list up?")
    second = bot.post("@acmebrew and the kitchen?", reply_to=post.id)
    bot.poll()
    bot.shows(card, "and the kitchen?")

    bot.reply(card, "Both!")

    bot.answered(second, "Both!")
    bot.answered(post)


def test_somebody_else_in_the_same_conversation_gets_their_own_card(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew is the tap list up?")
    other, theirs = bot.heard("@acmebrew same question", author="joe", reply_to=post.id)

    assert theirs.ts != card.ts
    bot.reply(theirs, "It is, Joe.")
    bot.answered(other, "It is, Joe.")
    bot.answered(post)
    bot.shows(card, "Waiting")


def test_a_repost_and_our_own_post_are_no_mentions(bot: Bot) -> None:
    post, _ = bot.heard("@acmebrew hello")
    bot.x.world.add_user("fan", "Fan")
    bot.x.world.repost("fan", post.id)
    bot.x.world.publish("@acmebrew is our name")
    bot.poll()
    bot.settled()

    assert len(bot.cards()) == 1


def test_polling_again_draws_nothing_again(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    calls = len(bot.slack.world.calls)

    for _ in range(3):
        bot.poll()
    bot.settled()

    assert len(bot.cards()) == 1
    assert bot.now(card).text == card.text
    assert [call.method for call in bot.slack.world.calls[calls:]] == []


@pytest.mark.parametrize("length", [2_400, 2_401, 25_000])
def test_a_card_stays_one_message_however_much_is_said(database_url: str, length: int) -> None:
    with running(database_url, undo_seconds=60) as bot:
        first = bot.post("@acmebrew " + "<&>" * 400)
        second = bot.post("@acmebrew " + "é" * 2_000, reply_to=first.id)
        post = bot.post("@acmebrew " + "x" * (length - 10), reply_to=second.id)
        bot.poll()
        card = bot.card_of(post)
        bot.press(card, "Claim")
        bot.reply(card, "y" * 280)

        now = bot.shows(card, "Undo", "assigned to @U0ANA", "y" * 280)

        sound(now)


def test_a_reply_made_by_hand_on_x_answers_the_card(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")

    bot.x.world.post("acmebrew", "Hello from the web!", reply_to=post.id)
    bot.watch()

    bot.shows(card, "Answered", "outside Heard")
    assert bot.attempts == 0
