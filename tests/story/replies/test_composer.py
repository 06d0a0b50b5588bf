"""Writing a public reply: what the composer shows, what it refuses, and that nothing typed is lost."""

from collections.abc import Iterator

import pytest

from tests.story.harness import Bot, eventually, running, seen

LINK = "https://example.com/" + "a" * 300
FAMILY = "👨‍👩‍👧‍👦"
HEALTH_WORKER = "🧑‍⚕️"


@pytest.fixture
def unguarded(database_url: str) -> Iterator[Bot]:
    """A bot that does not mind saying the same again, so that X may."""
    with running(database_url, near_copy_percent=0) as bot:
        yield bot


def test_the_composer_shows_whom_one_answers_as_whom_and_how_long_it_may_be(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew is the *tap list* up & <running>?")

    modal = bot.compose(card)

    assert modal.title == "Reply on X"
    assert "@acmebrew is the *tap list* up & <running>?" in modal.text
    assert "Public on X: from @acmebrew to @maria" in modal.text
    assert "Up to 280 characters as X counts them." in modal.text
    assert "Send publicly" in modal.text
    assert not modal.value()


@pytest.mark.parametrize(
    ("text", "over", "counted"),
    [
        ("x" * 281, "1 character too many", 281),
        ("好" * 141, "2 characters too many", 282),
        (FAMILY * 141, "2 characters too many", 282),
        ("x" * 257 + " " + LINK, "1 character too many", 281),
        ("é" * 300, "20 characters too many", 300),  # two code points each, one character
    ],
)
def test_what_is_too_long_is_refused_as_x_counts_it_and_stays(
    bot: Bot, text: str, over: str, counted: int
) -> None:
    _, card = bot.heard("@acmebrew hello")
    modal = bot.compose(card).fill(text)

    submitted = modal.submit()

    assert submitted.errors == {"reply": f"That is {over}: X counts {counted}, and allows at most 280."}
    assert modal.is_open
    assert modal.value() == text
    assert bot.attempts == 0


def test_what_x_may_find_too_long_is_said_first_and_goes_out_when_sent_all_the_same(bot: Bot) -> None:
    """By X's page every emoji counts 2; its library, from 2018, takes newer ones for their pieces."""
    post, card = bot.heard("@acmebrew hello")
    words = HEALTH_WORKER * 60
    modal = bot.compose(card).fill(words)

    assert not modal.submit().closed
    assert "X may count this as 300 characters, more than 280" in modal.text
    assert modal.value() == words
    assert bot.attempts == 0

    assert modal.submit().closed
    bot.answered(post, words)


def test_the_preview_says_as_well_what_x_may_find_too_long(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.say(card, f"@Heard reply {HEALTH_WORKER * 60}")

    preview = bot.whisper("This would be public")

    assert "120 of 280 characters" in seen(preview)
    assert "X may count this as 300 characters" in seen(preview)


@pytest.mark.parametrize("text", ["x" * 280, "好" * 140, FAMILY * 140, "⚡️" * 140, "x" * 256 + " " + LINK])
def test_what_just_fits_as_x_counts_it_goes_out_as_typed(bot: Bot, text: str) -> None:
    post, card = bot.heard("@acmebrew hello")

    assert bot.reply(card, text).closed

    bot.answered(post, text)


@pytest.mark.parametrize("blank", ["   ", "\n\n"])
def test_blanks_are_nothing_to_send(bot: Bot, blank: str) -> None:
    _, card = bot.heard("@acmebrew hello")

    assert bot.reply(card, blank).errors == {"reply": "There is nothing to send yet."}


@pytest.mark.parametrize(
    ("typed", "named"),
    [("ask <@U0STRANGER>", "a teammate"), ("ask <!subteam^S1|@bar>", "a group of teammates")],
)
def test_a_name_that_only_slack_knows_is_not_published(bot: Bot, typed: str, named: str) -> None:
    _, card = bot.heard("@acmebrew hello")

    error = bot.reply(card, typed).errors["reply"]

    assert error == f"{named} means something only in Slack. Type the name instead; nothing was sent."
    assert bot.attempts == 0


@pytest.mark.parametrize(
    ("typed", "public"),
    [
        ("a &amp; b &lt;3", "a & b <3"),
        ("see <https://acme.example/taps|acme.example/taps>", "see acme.example/taps"),
        ("see <https://acme.example/a?b=1&amp;c=2>", "see https://acme.example/a?b=1&c=2"),
        ("mail <mailto:bar@acme.example|bar@acme.example>", "mail bar@acme.example"),
        ("&amp;lt; stays", "&lt; stays"),
        ("*not* _markup_ :beer: 🎉", "*not* _markup_ 🍺 🎉"),
        ("hello:tada: :wave::skin-tone-3: at 5:00", "hello🎉 👋🏼 at 5:00"),
        ("call <tel:+351912345678|+351 912 345 678>", "call +351 912 345 678"),
        ("see <https://acme.example/help|our help page>", "see our help page (https://acme.example/help)"),
        ("copied\u00a0words", "copied words"),
    ],
)
def test_what_was_typed_is_what_is_public(bot: Bot, typed: str, public: str) -> None:
    post, card = bot.heard("@acmebrew hello")

    assert bot.reply(card, typed).closed

    bot.answered(post, public)


def test_a_submit_that_arrives_twice_is_one_reply(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    submitted = bot.reply(card, "Hello!")

    again = submitted.replay()

    assert again.status == 200
    bot.answered(post, "Hello!")
    bot.shows(card, "Answered")
    assert bot.attempts == 1
    assert len(bot.events("reply submitted")) == 1


def test_of_two_who_write_the_first_is_public_and_the_second_keeps_their_words(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    anas, bens = bot.compose(card).fill("Hello from Ana!"), bot.compose(card, by=bot.ben).fill("Ben here.")

    assert anas.submit().closed
    refused = bens.submit()

    error = refused.errors["reply"]
    assert "@ana has already replied: “Hello from Ana!”" in error
    assert "Your reply was not sent; it is kept as a draft." in error
    assert bens.value() == "Ben here."
    bot.answered(post, "Hello from Ana!")
    bot.shows(card, "Answered")
    assert bot.compose(card, by=bot.ben, label="Follow up").value() == "Ben here."
    assert not bot.compose(card, by=bot.ana, label="Follow up").value()


def test_when_they_write_again_the_composer_shows_it_and_the_answer_goes_there(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew is the tap list up?")
    modal = bot.compose(card).fill("It is!")
    second = bot.post("@acmebrew sorry, I meant the kitchen", reply_to=post.id)
    bot.poll()
    bot.shows(card, "I meant the kitchen")

    first_try = modal.submit()

    assert not first_try.closed
    assert "They posted again while you were writing." in modal.text
    assert "I meant the kitchen" in modal.text
    assert modal.value() == "It is!"
    assert modal.fill("It is open!").submit().closed
    bot.answered(second, "It is open!")
    bot.answered(post)


def test_when_somebody_closed_it_meanwhile_the_writer_is_told_and_keeps_the_words(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    modal = bot.compose(card).fill("Hello!")
    bot.ben.press(card, "Not about us")
    closed = bot.shows(card, "Not about us by")

    error = modal.submit().errors["reply"]

    assert "@ben closed this ticket in the meantime (not about us)" in error
    bot.ana.press(closed, "Reopen")
    bot.shows(card, "Waiting")
    assert bot.compose(card).value() == "Hello!"


def test_reply_on_a_stale_card_says_who_was_faster(database_url: str) -> None:
    with running(database_url, undo_seconds=60) as bot:
        _, card = bot.heard("@acmebrew hello")
        stale = bot.now(card)
        bot.reply(card, "Hello!")

        shown = bot.ben.press(stale, "Reply").view

        assert "@U0ANA's reply is about to go out. Undo on the card stops it" in shown.text


def test_the_composer_opens_through_a_slow_slack(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.slack.world.faults.slow("views.open", seconds=0.8)

    assert bot.compose(card).is_open


def test_an_expired_trigger_is_told_in_a_sentence(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.slack.world.faults.error("views.open", "expired_trigger_id")

    pressed = bot.ana.press(card, "Reply")

    assert "press the button again" in seen(pressed.ephemeral())
    assert bot.compose(card).is_open


def test_a_refused_reply_is_told_in_the_thread_and_its_words_come_back(unguarded: Bot) -> None:
    bot = unguarded
    first, card = bot.heard("@acmebrew is the tap list up?")
    bot.reply(card, "It is!")
    bot.answered(first, "It is!")
    second, card = bot.heard("@acmebrew and is the kitchen open?")

    bot.reply(card, "It is!")  # X takes the same words to the same person once a day

    notice = bot.told(card, "@U0ANA", "X refused your reply", "duplicate content", "It is!")
    assert "Your text is kept" in seen(notice)
    assert "Reply" in bot.shows(card, "Waiting", without=("on its way",)).buttons
    assert bot.compose(card).value() == "It is!"
    assert bot.replies(second) == []
    assert bot.attempts == 2


def test_an_answer_to_a_post_that_is_gone_comes_back_and_the_card_says_that_it_is_not_shown(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew secret words")
    modal = bot.compose(card).fill("Hello!")
    eventually(lambda: bot.x.world.counts["GET /2/tweets"])  # the look at it while somebody types
    bot.x.world.delete(post.id)

    modal.submit()

    bot.told(card, "X refused your reply", "Hello!")
    bot.shows(card, "X isn't showing us this post right now", "secret words", "Waiting")
