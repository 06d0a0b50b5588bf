"""People and brands change their handles; whoever they are now, they are the same, and are called as they are."""

import pytest
from sqlalchemy import select

from models import Author, FormerHandle
from sandbox.slack import visible
from tests.story.commands.test_commands import words
from tests.story.harness import Bot, seen


def history_of(bot: Bot, handle: str) -> str:
    modal = bot.ana.command("/mentions", f"search @{handle}").view
    assert modal is not None
    return visible(modal.state).text


@pytest.mark.both_engines
def test_a_renamed_customer_is_linked_and_found_under_the_new_handle_with_the_next_post(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.x.world.change_user("maria", handle="maria_silva")
    bot.x.world.post("maria_silva", "@acmebrew me again", reply_to=post.id)
    bot.poll()

    bot.shows(card, "@maria_silva", "https://x.com/maria_silva", without=("@maria\n",))
    assert "@maria_silva" in history_of(bot, "maria_silva")
    assert "before that @maria" in history_of(bot, "maria")
    assert "@maria_silva on X" in words(bot.ana.command("/mentions", "search again"))


def test_who_has_a_handle_now_comes_before_who_had_it(bot: Bot) -> None:
    bot.heard("@acmebrew hello")
    bot.x.world.change_user("maria", handle="maria_silva")
    bot.x.world.post("maria_silva", "@acmebrew me again")
    bot.heard("@acmebrew I am another Maria", author="maria")

    history = history_of(bot, "MARIA")

    assert "I am another Maria" in history
    assert "Other people who have or had this handle" in history
    assert "@maria_silva on X" in history


@pytest.mark.both_engines
def test_a_handle_that_changes_back_and_forth_is_kept_once(bot: Bot) -> None:
    bot.heard("@acmebrew hello")
    for old, new in (("maria", "mia"), ("mia", "maria"), ("maria", "mia")):
        bot.x.world.change_user(old, handle=new)
        bot.x.world.post(new, f"@acmebrew now {new}")
        bot.poll()

    with bot.ctx.db.read() as session:
        kept = session.scalars(select(FormerHandle.handle).order_by(FormerHandle.handle)).all()
        assert session.scalars(select(Author.handle)).all() == ["mia"]
    assert kept == ["maria", "mia"]
    assert "before that @maria" in history_of(bot, "maria")


@pytest.mark.both_engines
def test_a_renamed_brand_speaks_under_its_new_handle_without_a_restart(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.x.world.change_user("acmebrew", handle="acme_beer")
    post = bot.post("@acme_beer hello to you too", author="joe")
    bot.poll()
    bot.poll()

    bot.shows(card, "to @acme_beer", without=("to @acmebrew",))
    theirs = bot.card_of(post)
    modal = bot.compose(theirs)
    assert "from @acme_beer to @joe" in seen(modal.state)
    assert modal.fill("Hello!").submit().closed
    bot.shows(theirs, "Answered", "https://x.com/acme_beer/status/")
