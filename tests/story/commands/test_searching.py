"""What was said is found again, by its words and by who said it; and what the team knows of a person."""

import pytest
from sqlalchemy import select

from models import Author, Note
from sandbox.slack.block_kit.validator import check_view
from sandbox.slack.text.visible import visible
from tests.models.ledger import lose
from tests.story.commands.test_commands import words
from tests.story.harness import Bot, eventually, seen
from tests.story.hostile import NAMES, TEXTS

pytestmark = pytest.mark.usefixtures("bot")


def erase(bot: Bot, post_id: str) -> None:
    with bot.ctx.db.write() as session:
        lose(session, post_id, at=bot.ctx.now())


def test_what_they_said_and_what_we_said_are_found_newest_first_with_their_cards(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew the checkout is slow again")
    bot.reply(card, "Is the checkout still slow?")
    bot.answered(post, "Is the checkout still slow?")
    bot.shows(card, "Answered")
    _, other = bot.heard("@acmebrew SLOW checkout here too", author="joe")
    bot.heard("@acmebrew lovely beer", author="eve")

    outcome = bot.ben.command("/mentions", "search slow checkout")

    answer = words(outcome)
    assert answer.index("SLOW checkout here too") < answer.index("still slow?") < answer.index("slow again")
    assert "lovely" not in answer
    assert "@U0ANA replied to @maria on X" in answer
    assert "answered by @U0ANA" in answer
    targets = [link.target for link in visible(outcome.acked).links]
    assert any(other.ts.replace(".", "") in target for target in targets)
    assert "End of results." in answer


def test_quoted_words_are_found_one_after_the_other(bot: Bot) -> None:
    bot.heard("@acmebrew out of stock")
    bot.heard("@acmebrew stock is out of date", author="joe")

    assert "out of date" not in words(bot.ana.command("/mentions", 'search "out of stock"'))
    assert "out of date" in words(bot.ana.command("/mentions", "search out of stock"))


def test_more_goes_on_where_the_page_ended(bot: Bot) -> None:
    for number in range(23):
        bot.post(f"@acmebrew delivery late, number{number}", author=f"p{number}")
    bot.poll()
    first = bot.ana.command("/mentions", "search delivery")
    second = bot.ana.press(first.first_answer(), "More").ephemeral()
    third = bot.ana.press(second, "More").ephemeral()

    shown = [visible(one).text.count("delivery late") for one in (first.first_answer(), second, third)]

    assert shown == [10, 10, 3]
    assert [button for one in (first.first_answer(), second, third) for button in one.buttons] == ["More"] * 2


def test_what_its_author_deleted_is_found_no_more(bot: Bot) -> None:
    post, _ = bot.heard("@acmebrew regrettable words")
    assert "regrettable words" in words(bot.ana.command("/mentions", "search regrettable"))

    erase(bot, post.id)

    assert "No results for regrettable" in words(bot.ana.command("/mentions", "search regrettable"))


def test_drafts_of_colleagues_are_not_found(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.say(card, "@Heard reply unspeakable words")
    eventually(bot.drafts)

    assert "No results for" in words(bot.ben.command("/mentions", "search unspeakable"))


@pytest.mark.parametrize("typed", ["%", "🍺🍺", '"', '""', "* - ^ :", "''", "( ) { }", "@ @"])
def test_where_there_is_no_word_a_sentence_says_how_to_ask(bot: Bot, typed: str) -> None:
    assert "Type a word to search for" in words(bot.ana.command("/mentions", f"search {typed}"))


@pytest.mark.parametrize(
    "typed",
    [
        'hello OR "',
        "hello AND NOT",
        "NEAR(hello world)",
        "text : hello",
        "hello*",
        "'; DROP TABLE mentions; --",
        '"hello',
        'he""llo',
        "{hello} ^",
        "<!channel> <@U0BEN>",
        "a & b | !c",
        "hello:*",
        "\\",
        "null\u0000byte x",
    ],
)
def test_operators_are_only_words(bot: Bot, typed: str) -> None:
    outcome = bot.ana.command("/mentions", f"search {typed}")

    assert "went wrong" not in words(outcome)
    assert visible(outcome.acked).broadcasts == []


def test_too_much_to_look_for_is_a_sentence(bot: Bot) -> None:
    assert "at most 200" in words(bot.ana.command("/mentions", "search " + "x" * 5_000))
    assert "What should I search for" in words(bot.ana.command("/mentions", "search"))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_whatever_they_wrote_is_shown_as_text_alone(bot: Bot, text: str) -> None:
    bot.heard(text.replace("@acmebrew", "@acmebrew findable"))

    outcome = bot.ana.command("/mentions", "search findable")

    assert "findable" in words(outcome)
    assert visible(outcome.acked).broadcasts == []
    modal = history_of(bot, "maria")
    assert visible(modal.state).broadcasts == []


# --- the history of a person --------------------------------------------------------------------------------


def history_of(bot: Bot, handle: str, by: object = None):
    asker = by or bot.ana
    outcome = asker.command("/mentions", f"search @{handle}")
    modal = eventually(lambda: asker.opened_by(outcome.trigger))
    assert check_view(modal.state.given) == []
    return modal


def test_the_history_tells_who_they_are_what_they_asked_and_who_answered(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew my order is late")
    bot.reply(card, "It is on its way!")
    bot.answered(post, "It is on its way!")
    bot.shows(card, "Answered")
    _, second = bot.heard("@acmebrew and now it is broken")

    modal = bot.press(second, "Author history", by=bot.ben).view

    assert modal is not None
    assert check_view(modal.state.given) == []
    shown = seen(modal.state)
    for word in (
        "Maria",
        "@maria",
        "120 followers",
        "my order is late",
        "It is on its way!",
        "@U0ANA wrote",
        "2 conversations with us",
        "and now it is broken",
        "answered by @U0ANA",
    ):
        assert word in shown, word
    assert card.ts.replace(".", "") in shown


@pytest.mark.both_engines
def test_a_note_is_for_the_team_and_only_its_author_deletes_it(bot: Bot) -> None:
    bot.heard("@acmebrew hello")
    modal = history_of(bot, "MARIA")
    outcome = modal.fill("Prefers mornings <!channel> *x*").submit()
    outcome.replay()

    assert "Prefers mornings @channel *x*" in modal.text
    assert visible(modal.state).broadcasts == []
    with bot.ctx.db.read() as session:
        assert len(session.scalars(select(Note)).all()) == 1
    theirs = history_of(bot, "maria", bot.ben)
    assert "Prefers mornings" in theirs.text
    assert "Delete note" not in theirs.buttons
    modal.press("Delete note")
    assert "Prefers mornings" not in eventually(lambda: history_of(bot, "maria")).text
    assert [one.text for one in bot.events("note", "note deleted")] == [None, None]


def test_a_long_history_has_pages_and_keeps_what_is_being_written(bot: Bot) -> None:
    for number in range(19):
        bot.post(f"@acmebrew trouble {number}.")
    bot.poll()
    modal = history_of(bot, "maria").fill("half a thou")

    modal.press("Older")

    eventually(lambda: "Page 2 of 3" in modal.text)
    assert "trouble 10." in modal.text
    assert modal.value() == "half a thou"
    assert "Newer" in modal.buttons


@pytest.mark.both_engines
def test_an_unknown_handle_gets_near_ones(bot: Bot) -> None:
    bot.heard("@acmebrew hello", author="mariana")

    assert "Did you mean @mariana?" in words(bot.ana.command("/mentions", "search @marianna"))
    bot.heard("@acmebrew hello", author="zoe_of_the_hill")
    assert "Did you mean @zoe_of_the_hill?" in words(bot.ana.command("/mentions", "search @zoe"))
    assert "No one called @zzz has posted to us." in words(bot.ana.command("/mentions", "search @zzz"))


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_whatever_they_call_themselves_breaks_no_history(bot: Bot, name: str) -> None:
    bot.heard("@acmebrew hello")
    with bot.ctx.db.write() as session:
        session.scalars(select(Author).where(Author.handle == "maria")).one().name = name.replace("\0", "")

    assert visible(history_of(bot, "maria").state).broadcasts == []
