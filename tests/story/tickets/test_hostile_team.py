"""What a teammate types is text and nothing else, and never breaks a card, a modal, a notice or Home."""

import pytest
from sqlalchemy import select

from models import Reply
from sandbox.slack.block_kit.validator import check_message, check_view
from sandbox.slack.text.visible import VisibleText, visible
from tests.story.harness import Bot, running, seen, sound
from tests.story.hostile import RIGHT_TO_LEFT, TEXTS

WRITTEN = {name: words.removeprefix("@acmebrew").strip() for name, words in TEXTS.items()} | {
    "null byte": "a\0b",
    "half a surrogate": "a\ud83cb",
    "ten thousand characters": "x" * 10_000,
    "control sequences": "a\x1b[31mb\x07",
}
REFUSED_BY_POSTGRESQL = ("null byte", "half a surrogate")
NOTHING_TO_SEE = ["\u200b", "\u2060\u200d", "\u2800", "\ufeff \u00ad"]
NAMES = {
    "markup": "*Ana* _Lima_",
    "emoji": "🇵🇹👨‍👩‍👧‍👦 Lima",
    "channel": "<!channel> A",
    "link": "<https://evil.example|Ana>",
    "direction": RIGHT_TO_LEFT + "Ana Lima",
    "null byte": "A\0na Lima",
    "half a surrogate": "An\ud83ca Lima",
    "invisible initial": "\u200bAna \u200bLima",
}


def cases(texts: dict[str, str]) -> list[object]:
    """Each text by its name; on both engines those that PostgreSQL itself would not take."""
    both = pytest.mark.both_engines
    return [
        pytest.param(words, id=name, marks=[both] if name in REFUSED_BY_POSTGRESQL else [])
        for name, words in texts.items()
    ]


def quiet(shown: VisibleText) -> None:
    """Nobody is rung, and nothing leads anywhere that a teammate or a customer typed."""
    assert shown.broadcasts == []
    assert shown.of("channel", "usergroup") == []
    assert not any(
        link.target.startswith(("https://evil", "mailto:")) and not link.auto for link in shown.links
    )


def all_is_sound(bot: Bot) -> None:
    for card in bot.cards():
        quiet(sound(bot.now(card)))
        for notice in bot.thread(card):
            quiet(sound(notice))
    for person in (bot.ana, bot.ben):
        for one in person.ephemerals():
            assert check_message(one.blocks or []) == []
            quiet(visible(one))
        home = person.open_home()
        assert check_view(home.given) == []
        quiet(visible(home))


@pytest.mark.parametrize("words", cases(WRITTEN))
def test_whatever_is_written_in_the_composer_gets_an_answer_and_breaks_nothing(
    database_url: str, words: str
) -> None:
    with running(database_url, undo_seconds=600) as bot:
        _, card = bot.heard("@acmebrew hello")

        modal = bot.compose(card)
        sent = modal.fill(words).submit()
        assert sent.closed or "went wrong" not in str(sent.errors)
        if not sent.closed:
            modal.close()
            assert len(bot.drafts()) == 1
        again = bot.press(card, "Reply" if not sent.closed else "Claim", by=bot.ben)
        assert again.answer.ok
        bot.settled()

        all_is_sound(bot)


@pytest.mark.parametrize("words", cases(WRITTEN))
def test_whatever_is_written_in_the_thread_gets_a_preview_or_a_sentence(
    database_url: str, words: str
) -> None:
    with running(database_url, undo_seconds=600) as bot:
        _, card = bot.heard("@acmebrew hello")

        bot.say(card, f"@Heard reply {words}")
        shown = bot.whisper("This would be public")
        assert check_message(shown.blocks) == []
        edit = bot.ana.press(shown, "Edit").view
        assert check_view(edit.state.given) == []
        bot.say(card, f"@Heard done {words}")
        bot.shows(card, "No reply needed")
        bot.settled()

        all_is_sound(bot)


@pytest.mark.parametrize("words", NOTHING_TO_SEE, ids=ascii)
def test_what_nobody_can_see_is_not_sent(bot: Bot, words: str) -> None:
    post, card = bot.heard("@acmebrew hello")

    assert bot.reply(card, words).errors == {"reply": "There is nothing to send yet."}
    bot.say(card, f"@Heard reply {words}")

    bot.whisper("Write your text after")
    assert bot.replies(post) == []


def test_what_nobody_can_see_is_not_sent_by_a_sign_off_either(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.ana.command("/mentions", "me").view.fill({"name": "Ana Lima"}).submit()

    assert bot.reply(card, "\u200b").errors == {"reply": "There is nothing to send yet."}


@pytest.mark.both_engines
@pytest.mark.parametrize("style", ["name", "initials"])
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_whatever_somebody_wants_to_be_called_is_shown_as_it_goes_out(
    database_url: str, name: str, style: str
) -> None:
    with running(database_url, undo_seconds=600) as bot:
        _, card = bot.heard("@acmebrew hello")

        asked = bot.ana.command("/mentions", "me").view
        assert asked.fill({"name": name, "style": style}).submit().closed
        again = bot.ana.command("/mentions", "me").view
        assert check_view(again.state.given) == []
        modal = bot.compose(card)
        assert modal.fill("Hello!").submit().closed
        bot.shows(card, "goes out at")

        with bot.ctx.db.read() as session:
            [text] = session.scalars(select(Reply.text)).all()
        assert "\u202e" not in text
        assert "\0" not in text
        sign = text.removeprefix("Hello! ")
        assert any(letter.isalnum() or ord(letter) > 0x1F000 for letter in sign)
        assert "\u200b" not in sign
        assert f"Signed “{sign}”" in modal.text
        all_is_sound(bot)


@pytest.mark.both_engines
def test_the_twin_in_the_composer_is_text_and_nothing_else(bot: Bot) -> None:
    hostile = "Hi <!channel> <https://evil.example|here> *we* are on it today &lt;!here&gt; and more"
    _, first = bot.heard("@acmebrew hello")
    assert bot.reply(first, hostile).closed
    bot.shows(first, "Follow up")
    _, second = bot.heard("@acmebrew hi", author="joao")

    shown = bot.reply(second, hostile + "!").view

    assert check_view(shown.state.given) == []
    assert "the same as" in shown.text
    quiet(visible(shown.state))


@pytest.mark.parametrize("kind", ["channel", "link", "direction", "long and escaped", "lines", "controls"])
def test_the_words_of_a_follow_up_are_text_and_nothing_else(bot: Bot, kind: str) -> None:
    post, card = bot.heard("@acmebrew hello", author="_maria_")
    bot.reply(card, "We look into it.")
    bot.shows(card, "Follow up")
    [ours] = bot.x.world.replies_to(post.id)

    bot.post(TEXTS[kind], "_maria_", reply_to=ours.id)
    bot.poll()

    notice = bot.told(card, "@_maria_ posted again:")
    bot.settled()
    quiet(sound(notice))
    all_is_sound(bot)


@pytest.mark.parametrize("handle", ["_maria_", "__init__", "maria_"])
def test_underscores_of_a_handle_are_shown_wherever_it_stands(database_url: str, handle: str) -> None:
    with running(database_url, undo_seconds=600) as bot:
        _, card = bot.heard("@acmebrew hello", author=handle)

        assert f"to @{handle}. Everyone on X" in bot.compose(card).text
        bot.say(card, "@Heard reply Hello!")
        assert f"to @{handle}:" in seen(bot.whisper("This would be public"))
        assert f"@{handle} needs no reply." in bot.press(card, "No reply needed").view.text


@pytest.mark.parametrize("name", ["\u200b\u2060", "...", "🍺"])
def test_a_public_name_has_something_to_read(bot: Bot, name: str) -> None:
    asked = bot.ana.command("/mentions", "me").view

    assert asked.fill({"name": name}).submit().errors == {"name": "Enter the name that people may see."}
