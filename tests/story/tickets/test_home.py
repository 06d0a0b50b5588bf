"""The Home tab: one's own drafts and tickets, who waits, and one outcome for several."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.slack import home_tab
from bot.slack.blocks.home import view_hash
from models import Alarm, HomeTab, Reply
from models.core.base import RuleBrokenError
from models.reports import drafts
from sandbox.slack import Person, visible
from sandbox.slack.workspace.message import Message
from sandbox.slack.workspace.view import View
from tests.story.harness import CHANNEL, Bot, eventually, running

QUIET = "All caught up."


def opened(who: Person) -> View:
    """Home as it is after being opened."""
    view = who.open_home()
    assert view is not None, "nothing was published"
    return view


def home(who: Person) -> str:
    """What that person reads in Home as it is now."""
    return visible(who.home).text if who.home is not None else ""


def shows(who: Person, *words: str, without: tuple[str, ...] = ()) -> View:
    """Home once it shows all of `words` and nothing of `without`."""

    def look() -> View | None:
        text = home(who)
        assert [word for word in words if word not in text] == [], text
        assert [word for word in without if word in text] == [], text
        return who.home

    return eventually(look)


def published(bot: Bot) -> int:
    """How often a Home was published."""
    with bot.slack.world.lock:
        return sum(call.method == "views.publish" for call in bot.slack.world.calls)


def remembered(bot: Bot, who: Person) -> str | None:
    """What the ledger says that their Home shows."""
    with bot.ctx.db.read() as session:
        found = session.get(HomeTab, who.id)
        return found.digest if found is not None else None


def boxes(who: Person) -> list[str]:
    """What can be ticked, by its words, in order."""
    elements = [element for block in who.home.blocks for element in block.get("elements", [])]
    return [
        option["text"]["text"]
        for element in elements
        if element.get("type") == "checkboxes"
        for option in element["options"]
    ]


def ticked(who: Person, *authors: str) -> None:
    """Tick what each of `authors` said."""
    for author in authors:
        label = next(one for one in boxes(who) if one.startswith(f"@{author} "))
        assert who.press(who.home, label).ok


def heard(bot: Bot, *authors: str) -> list[Message]:
    """Cards of what each of `authors` said, the first of them the longest ago."""
    now = datetime.now(UTC)
    for number, author in enumerate(authors):
        bot.post(f"@acmebrew hello from {author}", author=author, at=now - timedelta(minutes=20 - number))
    bot.poll()
    cards = [bot.card(f"hello from {author}") for author in authors]
    bot.settled()
    return cards


# --- seeing -------------------------------------------------------------------------------------------------


def test_a_quiet_home_is_one_friendly_line(bot: Bot) -> None:
    opened(bot.ana)

    assert QUIET in home(bot.ana)


def test_home_shows_who_waits_by_when_it_is_due_with_owner_and_card(bot: Bot) -> None:
    old, young = heard(bot, "maria", "joe")
    bot.ben.press(young, "Claim")
    bot.shows(young, "assigned to @U0BEN")

    view = opened(bot.ana)

    lines = home(bot.ana).splitlines()
    assert lines[0] == "Waiting (2)"
    assert boxes(bot.ana) == [
        "@maria on X: @acmebrew hello from maria",
        "@joe on X: @acmebrew hello from joe",
    ]
    assert sum("unassigned" in line for line in lines) == 1
    assert sum("assigned to @U0BEN" in line for line in lines) == 1
    assert [link.target for link in visible(view).links] == [
        f"https://acme.slack.test/archives/{one.channel}/p{one.ts.replace('.', '')}" for one in (old, young)
    ]


def test_my_tickets_are_mine_the_longest_wait_first_and_reply_works_from_there(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.ana.press(card, "Claim")
    bot.shows(card, "assigned to @U0ANA")
    opened(bot.ben)
    assert "My tickets" not in home(bot.ben)

    view = opened(bot.ana)
    assert "My tickets (1)" in home(bot.ana)
    modal = bot.ana.press(view, "Reply").view
    assert modal.fill("Hello!").submit().closed

    bot.answered(post, "Hello!")
    bot.shows(card, "Answered")
    home_tab.refresh(bot.ctx)
    assert QUIET in home(bot.ana)


def test_home_says_so_when_x_does_not_answer(bot: Bot) -> None:
    bot.poll()
    bot.x.world.faults.add("*", "down")
    bot.poll()

    opened(bot.ana)

    assert "X hasn't responded since" in home(bot.ana)
    assert "this list may be incomplete" in home(bot.ana)
    assert QUIET not in home(bot.ana)


def test_a_long_queue_says_how_many_more_there_are(bot: Bot) -> None:
    for number in range(23):
        bot.post(f"@acmebrew hello {number}", author=f"person{number}")
    bot.poll()

    opened(bot.ana)

    assert "Waiting (23)" in home(bot.ana)
    assert home(bot.ana).count("unassigned") == 20
    assert "1 to 20 of 23." in home(bot.ana)


def test_the_queue_is_turned_page_by_page_and_each_stays_where_they_are(bot: Bot) -> None:
    for number in range(45):
        bot.post(f"@acmebrew hello {number}", author=f"person{number}")
    bot.poll()
    opened(bot.ana)
    opened(bot.ben)

    bot.ana.press(bot.ana.home, "Next")
    shows(bot.ana, "21 to 40 of 45")
    bot.ana.press(bot.ana.home, "Next")
    last = shows(bot.ana, "41 to 45 of 45")
    eventually(lambda: remembered(bot, bot.ana) == view_hash(last.given))
    bot.heard("@acmebrew one more", author="zoe")
    home_tab.refresh(bot.ctx)

    shows(bot.ana, "41 to 46 of 46")
    shows(bot.ben, "1 to 20 of 46")
    assert "Next" not in bot.ana.home.buttons
    bot.ana.press(bot.ana.home, "Previous")
    shows(bot.ana, "21 to 40 of 46")


def test_a_page_whose_tickets_others_have_closed_gives_way_to_the_last_one(bot: Bot) -> None:
    cards = heard(bot, *(f"person{number}" for number in range(21)))
    opened(bot.ana)
    bot.ana.press(bot.ana.home, "Next")
    there = shows(bot.ana, "21 to 21 of 21")
    eventually(lambda: remembered(bot, bot.ana) == view_hash(there.given))

    bot.ben.press(cards[0], "No reply needed").view.submit()
    bot.shows(cards[0], "No reply needed")
    home_tab.refresh(bot.ctx)

    shows(bot.ana, "Waiting (20)")
    assert boxes(bot.ana)[-1] == "@person20 on X: @acmebrew hello from person20"


def test_a_ticket_is_claimed_and_closed_from_the_queue_and_home_shows_it_at_once(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    opened(bot.ana)

    bot.ana.press(bot.ana.home, "Claim")
    shows(bot.ana, "My tickets (1)", "assigned to @U0ANA")
    bot.ana.press(bot.ana.home, "No reply needed").view.submit()

    bot.shows(card, "No reply needed")


def test_a_press_on_a_stale_home_is_answered_there_with_a_sentence(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    stale = opened(bot.ana)
    bot.ben.press(card, "Claim")
    bot.shows(card, "assigned to @U0BEN")

    bot.ana.press(stale, "Claim")

    shows(bot.ana, "@U0BEN already owns this ticket.")
    assert [one.actor for one in bot.events("claim")] == ["U0BEN"]


def test_home_shows_today_in_figures_and_what_was_heard_by_day(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello", at=datetime.now(UTC) - timedelta(minutes=1))
    bot.reply(card, "Hello!")
    bot.answered(post, "Hello!")
    bot.shows(card, "Answered")

    opened(bot.ana)

    assert "Heard 1" in home(bot.ana)
    assert "Heard by day, mentions" in home(bot.ana)


def test_home_names_what_is_broken(bot: Bot) -> None:
    def ring(key: str, cause: str, detail: str) -> None:
        with bot.ctx.db.write() as session:
            Alarm.raise_alarm(session, key, cause=cause, detail=detail, at=bot.ctx.now())

    ring("something else", "keys", "<!channel> refused")
    # of a network that this bot does not read: what it reads well rings no more
    ring("reading y", "unauthorized", "<!here> Unauthorized (HTTP 401)")
    ring("channel C0GONE", "is_archived", CHANNEL)
    ring("canary", "not shown", "6 min")

    view = opened(bot.ana)

    said = home(bot.ana)
    assert "something else: keys, <!channel> refused. Since" in said
    assert "y has rejected our keys; someone needs to renew them (since" in said
    assert "“<!here> Unauthorized (HTTP 401)” Create new keys on its developer page" in said
    assert "is archived, so its cards are now posted in" in said
    assert "A test mention was not shown in Slack for 6 min" in said
    assert visible(view).broadcasts == []
    assert QUIET not in said


def test_a_customers_words_are_only_words(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew <!channel> *look* <https://evil.example|here> @here")
    bot.ana.press(card, "Claim")
    bot.shows(card, "assigned to @U0ANA")

    live = visible(opened(bot.ana))

    assert live.broadcasts == []
    assert [link.target for link in live.links if "evil" in link.target] == []
    assert "<!channel> *look*" in live.text


# --- published when there is something new ------------------------------------------------------------------


def test_the_same_home_is_not_published_again(bot: Bot) -> None:
    bot.heard("@acmebrew hello")
    opened(bot.ana)
    eventually(lambda: remembered(bot, bot.ana))
    before = bot.ana.home.hash

    bot.ana.open_home(0.3)
    home_tab.refresh(bot.ctx)
    home_tab.refresh(bot.ctx)

    assert bot.ana.home.hash == before
    assert published(bot) == 1


def test_a_home_that_slack_lost_is_published_again(bot: Bot) -> None:
    opened(bot.ana)
    eventually(lambda: remembered(bot, bot.ana))
    with bot.slack.world.lock:
        bot.slack.world.views.homes.clear()

    opened(bot.ana)

    assert QUIET in home(bot.ana)


def test_a_home_before_somebodys_eyes_follows_what_happens_elsewhere(bot: Bot) -> None:
    opened(bot.ana)
    eventually(lambda: remembered(bot, bot.ana))

    bot.heard("@acmebrew hello")
    home_tab.refresh(bot.ctx)

    assert "Waiting (1)" in home(bot.ana)
    assert bot.ben.home is None


@pytest.mark.both_engines
def test_a_home_that_nobody_looks_at_any_more_is_left_alone(bot: Bot) -> None:
    opened(bot.ana)
    eventually(lambda: remembered(bot, bot.ana))
    with bot.ctx.db.write() as session:
        session.get_one(HomeTab, bot.ana.id).opened_at -= home_tab.VIEWING_WINDOW

    bot.heard("@acmebrew hello")
    home_tab.refresh(bot.ctx)
    assert QUIET in home(bot.ana)

    bot.ana.open_home()
    shows(bot.ana, "Waiting (1)")


def test_the_other_tab_of_the_app_publishes_nothing(bot: Bot) -> None:
    event = {"type": "app_home_opened", "user": "U0ANA", "channel": bot.ana.dm().id, "tab": "messages"}

    bot.slack.sender.send_event(event).tried.wait(120)

    assert published(bot) == 0


@pytest.mark.parametrize("fault", ["http_500", "rate_limited", "lost_before", "lost_after"])
def test_a_refresh_that_slack_does_not_take_comes_again(bot: Bot, fault: str) -> None:
    opened(bot.ana)
    eventually(lambda: remembered(bot, bot.ana))
    bot.heard("@acmebrew hello")
    before = remembered(bot, bot.ana)
    getattr(bot.slack.world.faults, fault)("views.publish")

    home_tab.refresh(bot.ctx)
    assert remembered(bot, bot.ana) == before
    home_tab.refresh(bot.ctx)

    assert "Waiting (1)" in home(bot.ana)
    assert remembered(bot, bot.ana) != before


# --- drafts -------------------------------------------------------------------------------------------------


def test_a_preview_from_a_thread_is_found_again_in_home_and_edited_there(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.say(card, "@Heard reply Helo!")
    bot.whisper("Only you can see this")

    view = opened(bot.ana)
    assert "My drafts (1)" in home(bot.ana)
    assert "To @maria on X" in home(bot.ana).replace("\n", "")
    modal = bot.ana.press(view, "Edit").view
    assert modal.value() == "Helo!"
    assert modal.fill("Hello!").submit().closed

    bot.answered(post, "Hello!")
    bot.shows(card, "Answered")
    home_tab.refresh(bot.ctx)
    assert QUIET in home(bot.ana)


def test_what_was_undone_is_a_draft_of_its_author_and_of_nobody_else(database_url: str) -> None:
    with running(database_url, undo_seconds=600) as bot:
        _, card = bot.heard("@acmebrew hello")
        bot.reply(card, "Too soon")
        bot.ana.press(bot.shows(card, "[Undo]"), "Undo")
        bot.shows(card, without=("[Undo]",))

        view = opened(bot.ana)
        opened(bot.ben)

        assert "Too soon" in home(bot.ana)
        assert "Too soon" not in home(bot.ben)
        assert bot.ana.press(view, "Edit").view.value() == "Too soon"


def test_edit_on_a_network_without_keys_is_answered_with_a_sentence(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.say(card, "@Heard reply Hello!")
    bot.whisper("Only you can see this")
    view = opened(bot.ana)
    bot.without_networks()

    bot.ana.press(view, "Edit")

    shows(bot.ana, "This Heard has no keys for x")


@pytest.mark.both_engines
def test_discard_lets_go_of_a_draft_once(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.say(card, "@Heard reply Hello!")
    bot.whisper("Only you can see this")
    view = opened(bot.ana)

    pressed = bot.ana.press(view, "Discard")
    now = shows(bot.ana, "Waiting (1)", without=("My drafts",))
    eventually(lambda: remembered(bot, bot.ana) == view_hash(now.given))
    before = published(bot)
    pressed.replay()
    home_tab.refresh(bot.ctx)

    assert [(one.actor, one.text) for one in bot.events("draft discarded")] == [("U0ANA", "Hello!")]
    assert published(bot) == before


@pytest.mark.both_engines
def test_discard_lets_go_of_what_was_undone_and_reply_does_not_bring_it_back(database_url: str) -> None:
    with running(database_url, undo_seconds=600) as bot:
        _, card = bot.heard("@acmebrew hello")
        bot.reply(card, "Too soon")
        bot.ana.press(bot.shows(card, "[Undo]"), "Undo")
        bot.shows(card, without=("[Undo]",))

        bot.ana.press(opened(bot.ana), "Discard")
        shows(bot.ana, "Waiting (1)", without=("My drafts",))

        with bot.ctx.db.read() as session:
            was, dropped = session.scalars(select(Reply.state).order_by(Reply.id)).all()
        assert (was, dropped) == ("cancelled", "discarded")
        assert not bot.compose(card).value()


def test_a_draft_of_what_is_answered_by_now_is_not_listed_and_cannot_be_discarded(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.say(card, "@Heard reply Hello!")
    preview = bot.whisper("Only you can see this")
    view = opened(bot.ana)
    bot.ana.press(preview, "Send publicly")
    bot.answered(post, "Hello!")
    bot.shows(card, "Answered")

    bot.ana.press(view, "Discard")

    shows(bot.ana, "That is no longer a draft: the card shows what happened to it.", QUIET)


def test_a_draft_is_not_listed_while_somebodys_reply_holds_the_turn(database_url: str) -> None:
    with running(database_url, undo_seconds=600) as bot:
        _, card = bot.heard("@acmebrew hello")
        bot.say(card, "@Heard reply Hello from Ana")
        bot.whisper("Only you can see this")
        bot.reply(card, "Hello from Ben", by=bot.ben)
        bot.shows(card, "[Undo]")

        opened(bot.ana)
        assert "My drafts" not in home(bot.ana)
        assert "a reply is on its way" in home(bot.ana)
        bot.press(card, "Undo", by=bot.ben)
        bot.shows(card, without=("[Undo]",))
        bot.ana.open_home()

        shows(bot.ana, "My drafts (1)", "Hello from Ana")


@pytest.mark.both_engines
def test_nobody_lets_go_of_anothers_words_or_of_older_words_than_the_last(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    for words in ("First", "Second"):
        bot.say(card, f"@Heard reply {words}")
        bot.whisper(words)
    with bot.ctx.db.read() as session:
        first, second = session.scalars(select(Reply.id).order_by(Reply.id)).all()

    for reply_id, who, sentence in (
        (second, "U0BEN", "Only its author"),
        (first, "U0ANA", "no longer a draft"),
    ):
        with pytest.raises(RuleBrokenError, match=sentence), bot.ctx.db.write() as session:
            drafts.discard_draft(session, reply_id, by=who, at=bot.ctx.now())

    opened(bot.ana)
    assert "My drafts (1)" in home(bot.ana)
    assert "Second" in home(bot.ana)
    assert bot.events("draft discarded") == []


# --- one outcome for several --------------------------------------------------------------------------------


def test_several_get_one_outcome_each_with_an_event_of_its_own(bot: Bot) -> None:
    maria, joe, eve = heard(bot, "maria", "joe", "eve")
    opened(bot.ana)

    ticked(bot.ana, "maria", "eve")
    bot.ana.press(bot.ana.home, "No reply needed: spam")
    pressed = bot.ana.press(bot.ana.home, "Close selected")
    shows(bot.ana, "2 closed.", "Waiting (1)")
    assert boxes(bot.ana) == ["@joe on X: @acmebrew hello from joe"]
    pressed.replay()

    bot.shows(maria, "No reply needed (spam) by @U0ANA")
    bot.shows(eve, "No reply needed (spam) by @U0ANA")
    bot.shows(joe, "Waiting")
    assert len(bot.events("no reply needed")) == 2
    assert "2 closed." in home(bot.ana)


def test_what_came_of_it_stays_until_home_is_opened_again(bot: Bot) -> None:
    heard(bot, "maria", "joe")
    opened(bot.ana)
    ticked(bot.ana, "maria")
    bot.ana.press(bot.ana.home, "Not about us")
    bot.ana.press(bot.ana.home, "Close selected")
    shows(bot.ana, "1 closed.")
    eventually(lambda: remembered(bot, bot.ana) in bot.ana.home.private_metadata)

    home_tab.refresh(bot.ctx)
    assert "1 closed." in home(bot.ana)

    bot.ana.open_home()
    shows(bot.ana, "Waiting (1)", without=("1 closed.",))


def test_what_is_closed_meanwhile_is_told_and_the_rest_is_done(bot: Bot) -> None:
    maria, joe = heard(bot, "maria", "joe")
    opened(bot.ana)
    ticked(bot.ana, "maria", "joe")
    bot.ana.press(bot.ana.home, "No reply needed: thanks")
    bot.ben.press(maria, "Not about us")
    bot.shows(maria, "Not about us")

    bot.ana.press(bot.ana.home, "Close selected")

    shows(bot.ana, "1 closed. 1 was not: @maria: This ticket is closed: not about us. Reopen it first.")
    bot.shows(joe, "No reply needed (thanks) by @U0ANA")
    bot.shows(maria, "Not about us by @U0BEN")


@pytest.mark.both_engines
def test_a_reply_on_the_wire_keeps_its_ticket_open_and_one_that_waits_is_stopped(database_url: str) -> None:
    with running(database_url, undo_seconds=600) as bot:
        maria, joe = heard(bot, "maria", "joe")
        for card in (maria, joe):
            bot.reply(card, f"Hello {card.ts}", by=bot.ben)
            bot.shows(card, "[Undo]")
        with bot.ctx.db.write() as session:
            reply = session.scalars(select(Reply).order_by(Reply.id)).first()
            at = bot.ctx.now()
            reply.release(session, at=at)
            reply.take(session, worker="another", at=at, lease_until=at + timedelta(minutes=5))
        opened(bot.ana)

        ticked(bot.ana, "maria", "joe")
        bot.ana.press(bot.ana.home, "No reply needed: other")
        bot.ana.press(bot.ana.home, "Close selected")

        shows(bot.ana, "1 closed. 1 was not: @maria: Not now: @U0BEN's reply is sending")
        bot.told(joe, "@U0BEN", "@U0ANA closed this ticket (no reply needed)", "your reply was stopped")
        assert bot.attempts == 0


@pytest.mark.parametrize("missing", ["the tickets", "the outcome"])
def test_closing_without_a_selection_or_an_outcome_says_what_is_missing(bot: Bot, missing: str) -> None:
    heard(bot, "maria")
    opened(bot.ana)
    if missing == "the outcome":
        ticked(bot.ana, "maria")

    bot.ana.press(bot.ana.home, "Close selected")

    told = "Nothing is selected" if missing == "the tickets" else "First choose an outcome"
    shows(bot.ana, told, "Waiting (1)")
    assert bot.events("no reply needed", "not about us") == []


def test_more_refusals_than_one_reads_are_counted(bot: Bot) -> None:
    names = ("maria", "joe", "eve", "sam")
    cards = heard(bot, *names)
    opened(bot.ana)
    ticked(bot.ana, *names)
    bot.ana.press(bot.ana.home, "No reply needed: wrong language")
    for card in cards:
        bot.ben.press(card, "Not about us")
        bot.shows(card, "Not about us")

    bot.ana.press(bot.ana.home, "Close selected")

    text = home(shows(bot.ana, "0 closed. 4 were not: @maria:", "… and 1 more.") and bot.ana)
    assert text.count("Reopen it first.") == 3
