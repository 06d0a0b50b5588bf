"""What the customer wrote, as a teammate sees it: where links lead, whom X put in front, what is attached."""

from typing import Any

import pytest
from sqlalchemy import select, update

from models import Mention
from sandbox.slack.workspace.message import Message
from sandbox.x import Media
from tests.models.ledger import lose
from tests.story.commands.test_commands import words
from tests.story.harness import Bot, eventually, running, seen, sound

KETTLE = "https://shop.example.com/kettle?colour=red"
PICTURES = [
    Media("https://pbs.twimg.com/media/one.jpg", alt="A <b>red</b> kettle & *steam*"),
    Media("https://pbs.twimg.com/media/two.jpg"),
]


def mention_of(bot: Bot, post_id: str) -> Mention:
    with bot.ctx.db.read() as session:
        return session.scalars(select(Mention).where(Mention.post_id == post_id)).one()


def images(card: Message) -> list[dict[str, Any]]:
    return [block for block in card.blocks if block["type"] == "image"]


# --- links ----------------------------------------------------------------------------------------------------


def test_a_link_is_shown_and_found_as_where_it_leads(bot: Bot) -> None:
    _, card = bot.heard(f"@acmebrew R&D 🍺 broke {KETTLE} it <3 shop.example.com/help?")
    bot.heard("@acmebrew another shop", author="joe")

    shown = sound(bot.now(card)).text
    assert f"R&D 🍺 broke {KETTLE} it <3 http://shop.example.com/help?" in shown
    assert "t.co" not in shown
    for typed in ("shop.example.com", KETTLE, "kettle"):
        found = words(bot.ana.command("/mentions", f"search {typed}"))
        assert "@maria on X" in found
        assert "@joe" not in found


def test_a_link_at_the_end_of_a_long_post_is_found_too(bot: Bot) -> None:
    bot.heard(f"@acmebrew {'what a long story ' * 30} {KETTLE}")

    assert "@maria on X" in words(bot.ana.command("/mentions", "search shop.example.com"))


def test_a_shorteners_link_is_found_by_where_it_leads(bot: Bot) -> None:
    bot.x.world.redirects["https://bit.ly/3abc"] = KETTLE
    _, card = bot.heard("@acmebrew is this you? https://bit.ly/3abc")

    assert f"is this you? {KETTLE}" in sound(bot.now(card)).text
    assert "@maria on X" in words(bot.ana.command("/mentions", "search shop.example.com"))


@pytest.mark.both_engines
def test_a_post_that_did_not_change_is_not_edited_because_its_links_are_told_otherwise(bot: Bot) -> None:
    post, card = bot.heard(f"@acmebrew see {KETTLE}")
    bot.x.world.corrupt(post.id, lambda row: {**row, "entities": {}})  # no word of where the link leads
    bot.poll()
    with bot.ctx.db.write() as session:  # and a row from before links were followed
        old = {"text": "@acmebrew see https://t.co/abcdefghij", "addressed": None}
        session.execute(update(Mention).where(Mention.post_id == post.id).values(**old))
    bot.x.world.raw_rows.clear()
    bot.poll()
    modal = bot.compose(card)

    assert mention_of(bot, post.id).text == old["text"]
    assert bot.events("post edited") == []
    assert modal.fill("We look into it.").submit().closed
    bot.answered(post, "We look into it.")


def test_an_edit_brings_its_links_too(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew see my page")
    bot.x.world.edit(post.id, f"@acmebrew see {KETTLE}")
    bot.poll()

    bot.shows(card, f"see {KETTLE}", "edited", without=("my page",))


@pytest.mark.parametrize("link", [KETTLE, "shop.example.com/kettle", "https://bit.ly/3abc"])
def test_a_reply_of_ours_with_a_link_is_found_after_a_lost_answer(database_url: str, link: str) -> None:
    with running(database_url, reconcile_seconds=(1, 2, 4)) as bot:
        bot.x.world.redirects["https://bit.ly/3abc"] = KETTLE
        post, card = bot.heard("@acmebrew where is it?")
        bot.x.world.faults.add("POST /2/tweets", "answer_lost_after", times=1)
        bot.reply(card, f"It is here: {link} & there")

        bot.shows(card, "answered", "See our reply on X")
        bot.watch()
        assert bot.attempts == 1
        assert bot.replies(post) == [f"It is here: {link} & there"]


# --- whom X put in front, and what it appended ------------------------------------------------------------------


def test_an_answer_to_a_third_person_that_names_us_says_so_and_shows_its_words_alone(bot: Bot) -> None:
    bot.x.world.add_user("ann", "Ann")
    theirs = bot.x.world.post("ann", "@acmebrew closed again?")
    post = bot.post("They close at ten, I think.", author="bob", reply_to=theirs.id)
    bot.poll()
    card = bot.card_of(post)
    bot.settled()

    shown = sound(bot.now(card)).text
    assert "\nThey close at ten, I think.\n" in shown
    assert "answers @ann, names us" in shown
    assert "to @ann, @acmebrew" in shown
    assert mention_of(bot, post.id).text == "They close at ten, I think."


def test_handles_that_were_typed_stay_words(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew @joe have you met?")

    shown = sound(bot.now(card)).text
    assert "@acmebrew @joe have you met?" in shown
    assert "mentions us" in shown


def test_a_quote_of_ours_says_so_and_loses_the_link_that_x_appends(bot: Bot) -> None:
    ours = bot.x.world.publish("New: a winter stout")
    _, card = bot.heard("@acmebrew at last!", quotes=ours.id)
    bot.x.world.add_user("ann", "Ann")
    other = bot.x.world.post("ann", "Beer is overrated.")
    _, another = bot.heard("@acmebrew do you hear that?", author="joe", quotes=other.id)

    assert "@acmebrew at last!\n" in sound(bot.now(card)).text
    assert f"/status/{ours.id}" not in seen(bot.now(card))
    assert "quotes a post" in sound(bot.now(another)).text


# --- what is attached -------------------------------------------------------------------------------------------


def test_pictures_are_shown_with_what_their_author_says_of_them(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew look", media=PICTURES)

    now = bot.now(card)
    assert "  ·  2 pictures  ·  " in sound(now).text
    assert [block["image_url"] for block in images(now)] == [one.url for one in PICTURES]
    assert images(now)[0]["alt_text"] == "A <b>red</b> kettle & *steam*"
    assert images(now)[0]["title"]["type"] == "plain_text"
    assert images(now)[1]["alt_text"] == "A picture without a description"


def test_a_video_a_gif_and_a_poll_are_named_and_the_choices_shown(bot: Bot) -> None:
    still = "https://pbs.twimg.com/ext_tw_video_thumb/1.jpg"
    _, card = bot.heard("@acmebrew film", media=[Media(still, "video"), Media(still, "animated_gif")])
    _, poll = bot.heard("@acmebrew which?", "joe", poll=("Stout & <!channel>", "_Porter_"))

    assert "a video and a GIF" in sound(bot.now(card)).text
    assert [block["alt_text"] for block in images(bot.now(card))] == [
        "Video preview",
        "GIF preview",
    ]
    shown = sound(bot.now(poll))
    assert "a poll" in shown.text
    assert "Poll:\nStout & <!channel>\n_Porter_" in shown.text
    assert shown.broadcasts == []


def test_a_post_of_pictures_alone_says_so_wherever_its_words_would_stand(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew", media=PICTURES)
    picture = bot.post("", author="maria", reply_to=bot.x.world.publish("Hello!").id, media=PICTURES)
    bot.poll()
    alone = bot.card_of(picture)
    bot.settled()

    assert mention_of(bot, picture.id).text == ""
    assert "(2 pictures)" in bot.now(alone).text
    assert "@maria on X: (2 pictures)" in str(bot.ana.open_home().given)
    assert len(images(bot.now(card))) == 2


def test_pictures_that_slack_cannot_fetch_do_not_lose_the_card(database_url: str) -> None:
    with running(database_url, troubles=True) as bot:
        bot.slack.world.faults.refuse_pictures()
        post, card = bot.heard("@acmebrew look", media=PICTURES)

        shown = sound(bot.now(card)).text
        assert "@acmebrew look" in shown
        assert "2 pictures" in shown
        assert "Picture: A <b>red</b> kettle & *steam*" in shown
        assert images(bot.now(card)) == []
        assert "Reply" in bot.now(card).buttons

        refused = refusals(bot)
        bot.press(card, "Claim")
        bot.shows(card, "assigned to @U0ANA")
        assert refusals(bot) == refused == 1  # what was refused once is not tried with each redrawing

        bot.slack.world.faults.accept_pictures()
        bot.post("@acmebrew and here", reply_to=post.id, media=PICTURES[1:])
        bot.poll()
        eventually(lambda: images(bot.now(card)))
        assert len(bot.cards()) == 1
        clear_refusals(bot)


def refusals(bot: Bot) -> int:
    return sum(call.error == "invalid_blocks" for call in bot.slack.world.calls)


def clear_refusals(bot: Bot) -> None:
    """They were meant to happen."""
    with bot.slack.world.lock:
        bot.slack.world.calls[:] = [one for one in bot.slack.world.calls if one.error != "invalid_blocks"]


def test_pictures_from_anywhere_but_xs_own_media_host_are_named_and_not_shown(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew look", media=[Media("https://evil.example/a.jpg", alt="free beer")])

    assert images(bot.now(card)) == []
    assert "a picture" in sound(bot.now(card)).text
    assert "Picture: free beer" in sound(bot.now(card)).text


def test_pictures_go_with_the_words_when_the_post_is_gone(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew look", media=PICTURES, poll=("Yes", "No"))
    assert len(images(bot.now(card))) == 2

    with bot.ctx.db.write() as session:
        lose(session, post.id, at=bot.ctx.now())
    bot.ctx.wake_loops()
    bot.settled()

    eventually(lambda: not images(bot.now(card)))
    assert "red" not in str(bot.now(card).blocks)
    assert mention_of(bot, post.id).media == []


def test_an_edit_changes_the_words_and_keeps_the_pictures(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew loook", media=PICTURES)
    bot.x.world.edit(post.id, "@acmebrew look")
    bot.poll()

    bot.shows(card, "@acmebrew look\n", "edited")
    assert len(images(bot.now(card))) == 2
