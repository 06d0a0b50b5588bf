"""What is typed in Slack comes out as its typist saw it; what cannot go out is named before anything is sent."""

import pytest

from models import Issue, Note, Reply, Teammate
from tests.story.harness import CHANNEL, Bot, running, seen, sound

NAME = "send_as_public_reply"
PNG = b"\x89PNG"


@pytest.mark.both_engines
def test_what_was_picked_in_a_thread_is_public_as_characters(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")

    bot.say(card, "@Heard reply Thanks 🙏🏽 & *welcome* 🎉🇩🇪, see the tap list (acme.example/taps), `:tada:`")
    preview = bot.whisper("Only you can see this")
    assert "Thanks 🙏🏽 & welcome 🎉🇩🇪, see the tap list (acme.example/taps), :tada:" in sound(preview).text
    bot.ana.press(preview, "Send publicly")

    bot.answered(post, "Thanks 🙏🏽 & welcome 🎉🇩🇪, see the tap list (acme.example/taps), :tada:")
    with bot.ctx.db.read() as session:
        assert session.query(Reply).one().text == bot.replies(post)[0]


def test_a_colleagues_message_goes_out_as_it_was_seen(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    message = bot.ben.say(CHANNEL, "*Open* at nine 🕘, call +351 912 345 678 👍", thread_ts=card.ts)

    bot.ana.shortcut(message, NAME)
    bot.ana.press(bot.whisper("Written by @U0BEN"), "Send publicly")

    bot.answered(post, "Open at nine 🕘, call +351 912 345 678 👍")


def test_emoji_count_as_x_counts_them(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")

    bot.say(card, "@Heard reply " + "👩🏽‍🚀" * 4)

    assert "8 of 280 characters as X counts them" in seen(bot.whisper("Only you can see this"))


def test_a_custom_emoji_refuses_the_send_by_name_and_keeps_the_words(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    modal = bot.compose(card).fill("Cheers :team-logo:")

    error = modal.submit().errors["reply"]

    assert error == (
        ":team-logo: means something only in Slack. Remove that emoji or choose a standard one; nothing was sent."
    )
    assert modal.is_open
    assert modal.value() == "Cheers :team-logo:"
    assert modal.fill("Cheers :beers:").submit().closed
    bot.answered(post, "Cheers 🍻")


@pytest.mark.both_engines
def test_a_custom_emoji_in_a_thread_has_a_preview_without_a_send_whenever_it_is_shown(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")

    bot.say(card, "@Heard reply Cheers :team-logo:!")
    preview = bot.whisper(":team-logo: means something only in Slack")
    bot.say(card, "@Heard reply Bye :team-logo:")
    bot.whisper("Bye", "means something only in Slack")
    bot.say(card, "@Heard drafts")
    again = bot.whisper("Bye", "means something only in Slack")

    assert preview.buttons == again.buttons == ["Edit", "Keep private"]
    assert bot.ana.press(again, "Edit").view.submit().errors["reply"].startswith(":team-logo: means")
    assert bot.attempts == 0


def test_what_is_put_back_into_the_composer_goes_out_the_same(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    words = "`:tada:` &lt; hi❌ 🎉 a&b 5:00:key"
    bot.say(card, f"@Heard reply {words}")

    modal = bot.ana.press(bot.whisper("Only you can see this"), "Edit").view
    assert modal.submit().closed

    bot.answered(post, words.replace("`", ""))


def test_words_that_were_typed_before_come_back_as_they_were(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.compose(card).fill("Cheers 🍻 &amp; :wave:").close()
    assert bot.drafts() == ["Cheers 🍻 & 👋"]

    assert bot.compose(card).submit().closed

    bot.answered(post, "Cheers 🍻 & 👋")


def test_what_a_customer_wrote_stays_as_it_is(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew :tada: *so* good\u00a0:+1:")

    assert ":tada: *so* good\u00a0:+1:" in seen(card)


# --- what is not public -------------------------------------------------------------------------------------


@pytest.mark.both_engines
def test_a_reason_an_issue_a_note_and_a_sign_off_hold_characters(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.say(card, "@Heard issue Taps leak 💧")
    bot.whisper("Taps leak 💧")
    note = bot.press(card, "Author history").view
    note.fill("Nice :slightly_smiling_face: &lt;3").submit()
    me = bot.ana.command("/mentions", "me").view
    me.fill("Ana :herb: Lima").submit()
    bot.say(card, "@Heard done thanks 🙏")
    bot.shows(card, "No reply needed (thanks 🙏) by @U0ANA")

    with bot.ctx.db.read() as session:
        assert session.query(Issue).one().title == "Taps leak 💧"
        assert session.query(Note).one().text == "Nice 🙂 <3"
        assert session.query(Teammate).one().name == "Ana 🌿 Lima"


def test_a_custom_emoji_cannot_stand_under_a_public_reply(bot: Bot) -> None:
    modal = bot.ana.command("/mentions", "me").view.fill("Ana :team-logo:")

    [error] = modal.submit().errors.values()

    assert error == ":team-logo: means something only in Slack. Remove that emoji or choose a standard one."


def test_search_finds_the_words_beside_an_emoji_that_was_typed_in_slack(bot: Bot) -> None:
    bot.heard("@acmebrew the taps leak")

    assert "the taps leak" in seen(bot.ana.command("/mentions", "search leak\u00a0taps").ephemeral())


# --- files --------------------------------------------------------------------------------------------------


def test_a_preview_says_which_files_will_not_go_out(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    files = {"menu_*v2*.txt": PNG, "taps.pdf": b"%PDF"}

    bot.ana.say(CHANNEL, "@Heard reply Here is the menu!", card.ts, files=files)
    preview = bot.whisper("Only you can see this")
    assert "menu_*v2*.txt and taps.pdf won't be sent: only pictures can go along." in sound(preview).text
    bot.ana.press(preview, "Send publicly")

    bot.answered(post, "Here is the menu!")


def test_the_shortcut_says_which_files_will_not_go_out_and_so_does_the_composer_behind_it(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    message = bot.ben.say(CHANNEL, "The menu", card.ts, files={"menu.txt": PNG})

    bot.ana.shortcut(message, NAME)
    preview = bot.whisper("menu.txt won't be sent: only pictures can go along.")
    modal = bot.ana.press(preview, "Edit").view
    assert "menu.txt won't be sent" in modal.text
    modal.fill("The menu is here").close()

    assert "menu.txt won't be sent" in bot.compose(card).text


@pytest.mark.parametrize("again", ["drafts", "moved on"])
def test_a_preview_that_is_shown_again_says_so_again(bot: Bot, again: str) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.ana.say(CHANNEL, "@Heard reply The menu", card.ts, files={"menu.txt": PNG})
    preview = bot.whisper("menu.txt won't be sent")

    if again == "drafts":
        bot.say(card, "@Heard drafts")
    else:
        bot.post("@acmebrew and the taps?", reply_to=post.id)
        bot.poll()
        bot.shows(card, "and the taps?")
        bot.ana.press(preview, "Send publicly")
        bot.whisper("They posted again")

    def shown() -> list[str]:
        return [seen(one) for one in bot.ana.ephemerals() if "menu.txt won't be sent" in seen(one)]

    bot.slack.world.until(lambda: len(shown()) == (2 if again == "drafts" else 1))
    assert "Only you can see this" in shown()[-1]


def test_a_picture_without_words_is_refused_in_words(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")

    bot.ana.say(CHANNEL, "@Heard reply", card.ts, files={"menu.txt": PNG})
    assert "menu.txt won't be sent" in seen(bot.whisper("Write your text after reply"))
    message = bot.ana.say(CHANNEL, "", card.ts, files={"menu.txt": PNG})
    assert "That message has no text" in seen(bot.ana.shortcut(message, NAME).ephemeral())

    assert bot.drafts() == []


def test_a_bold_name_in_front_still_makes_a_message_a_teammates(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    message = bot.ana.say(CHANNEL, "*@Ben Ode* can you?", card.ts)

    assert "starts with a teammate's name" in seen(bot.ana.shortcut(message, NAME).ephemeral())


def test_a_sign_off_with_an_emoji_is_shown_and_sent_as_it_is(database_url: str) -> None:
    with running(database_url, sign_offs=True) as bot:
        post, card = bot.heard("@acmebrew hello")
        bot.ana.command("/mentions", "me").view.fill("Ana🌿").submit()

        modal = bot.compose(card)
        assert "Signed “– Ana🌿”." in modal.text
        assert modal.fill("Hello :wave:").submit().closed

        bot.answered(post, "Hello 👋 – Ana🌿")
