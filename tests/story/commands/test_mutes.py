"""Noise: muted from a card, a command or a thread, undone from the lists, and nothing of it is lost."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from bot.ingest import track_search
from bot.jobs import canary
from models import Card, Mute, Ticket, Track
from models.mutes import mute_rules
from models.mutes.mute_rules import MuteRuleError
from models.sources import track_rules
from models.sources.track_rules import TrackDraft
from sandbox.slack import Modal, Person
from sandbox.slack.block_kit.validator import check_view
from sandbox.slack.workspace.message import Message
from sandbox.x import XPost
from tests.story import hostile
from tests.story.commands.tracking import listing
from tests.story.harness import CHANNEL, Bot, eventually, running, seen, sound


@pytest.fixture
def bot(database_url: str) -> Iterator[Bot]:
    with running(database_url, poll_seconds=1) as bot:  # so that a track is due again at once
        bot.poll()
        yield bot


def mutes(bot: Bot) -> list[Mute]:
    with bot.ctx.db.read() as session:
        return list(session.scalars(select(Mute).order_by(Mute.id)))


def states(bot: Bot) -> dict[str, str]:
    """How each ticket stands, by the words of its target."""
    with bot.ctx.db.read() as session:
        return {one.target_post_id: one.state for one in session.scalars(select(Ticket))}


def not_about_us(bot: Bot, card: Message, by: Person | None = None) -> Message:
    """Press *Not about us*, and what is offered then."""
    bot.press(card, "Not about us", by=by)
    bot.told_all()
    return bot.whisper("Do you get more like this?", to=by)


def opened(outcome: Any) -> Modal:
    modal = outcome.view
    assert modal is not None, "no dialog opened"
    assert check_view(modal.state.given) == []
    return modal


def listen(bot: Bot, query: str) -> Track:
    with bot.ctx.db.write() as session:
        return track_rules.add(
            session, TrackDraft("search", "x", query, channel=CHANNEL), at=bot.ctx.now(), by="U0BEN"
        )


def search(bot: Bot, *posts: XPost) -> None:
    """Read the tracks until all of `posts` are known."""

    def look() -> bool:
        track_search.search_tracks(bot.ctx, bot.ctx.networks["x"])
        return {post.id for post in posts} <= states(bot).keys()

    eventually(look)


def answer(bot: Bot, text: str, *expected: str, by: Person | None = None) -> Message:
    """Type a command, and what only that person is shown, to press its buttons."""
    outcome = (by or bot.ana).command("/mentions", text)
    found = eventually(
        lambda: next(one for one in outcome.ephemerals if all(word in seen(one) for word in expected))
    )
    sound(found)
    return found


# --- from a card --------------------------------------------------------------------------------------------


@pytest.mark.both_engines
def test_an_author_is_muted_from_a_card_and_what_they_post_next_has_no_card(bot: Bot) -> None:
    _, first = bot.heard("@acmebrew win a prize", "spammy")
    _, second = bot.heard("@acmebrew win two prizes", "spammy")
    offered = not_about_us(bot, first)
    assert offered.buttons == ["Mute this conversation", "Mute this author", "Mute words…"]

    dialog = opened(bot.ana.press(offered, "Mute this author"))
    assert "even if they mention, answer or quote you" in dialog.text
    assert "1 open ticket is closed now as muted" in dialog.text
    assert dialog.write({"why": "only prizes"}).submit().closed
    bot.whisper("Muted: @spammy on X", "1 open ticket is closed")

    bot.shows(second, "Muted", "(only prizes)", "by @U0ANA", "[Reopen]", without=("[Reply]",))
    bot.shows(first, "Not about us")
    third = bot.post("@acmebrew win three prizes", "spammy")
    bot.poll()
    bot.settled()
    assert states(bot)[third.id] == "muted"
    with bot.ctx.db.read() as session:
        assert len(session.scalars(select(Card)).all()) == 2
    assert len(bot.cards()) == 2


def test_what_comes_on_a_card_that_was_not_about_us_is_listed_as_muted_and_can_be_had_back(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew here we go again")
    assert opened(bot.ana.press(not_about_us(bot, card), "Mute this conversation")).submit().closed
    more = bot.post("@acmebrew it caught fire", reply_to=post.id)
    bot.poll()

    bot.shows(card, "it caught fire", "Muted", "[Reopen]", without=("Not about us by",))
    assert "1 post muted" in seen(answer(bot, "mutes", "conversation"))
    listed = answer(bot, "muted", "it caught fire")
    bot.ana.press(listed, "Show as a card")
    bot.shows(card, "it caught fire", "[Reply]")
    assert states(bot)[more.id] == "waiting"


def test_a_conversation_is_muted_whoever_posts_in_it(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew here we go again")
    dialog = opened(bot.ana.press(not_about_us(bot, card), "Mute this conversation"))
    assert "nothing that anybody posts there" in dialog.text
    assert "It closes no open ticket now" in dialog.text
    assert dialog.submit().closed

    more = bot.post("@acmebrew me too", "theo", reply_to=post.id)
    _, elsewhere = bot.heard("@acmebrew something else", "theo")

    assert states(bot)[more.id] == "muted"
    bot.shows(elsewhere, "Waiting")


def test_what_a_teammate_works_on_stays_open_and_the_dialog_names_them(bot: Bot) -> None:
    _, first = bot.heard("@acmebrew one", "spammy")
    _, second = bot.heard("@acmebrew two", "spammy")
    bot.ben.press(second, "Claim")
    bot.shows(second, "assigned to @U0BEN")

    dialog = opened(bot.ana.press(not_about_us(bot, first), "Mute this author"))
    assert "1 ticket that someone is working on stays open" in dialog.text
    assert "assigned to @U0BEN" in dialog.text
    dialog.submit()

    bot.whisper("Muted: @spammy", "assigned to @U0BEN")
    bot.shows(second, "Waiting", "assigned to @U0BEN")


def test_two_who_mute_the_same_are_told_so_and_a_submit_that_comes_twice_mutes_once(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew one", "spammy")
    mine = opened(bot.ana.press(not_about_us(bot, card), "Mute this author"))
    yours = opened(bot.ben.command("/mentions", "mute @spammy"))
    outcome = mine.submit()
    assert outcome.closed
    outcome.replay()

    refused = yours.submit()

    assert "That is muted already: mute 1, by @ana." in refused.errors["why"]
    assert len(mutes(bot)) == 1


def test_what_is_muted_already_is_said_before_anything_opens(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew one", "spammy")
    offered = not_about_us(bot, card)
    opened(bot.ben.command("/mentions", "mute @spammy")).submit()
    opened(bot.ben.command("/mentions", "mute words prize")).submit()

    bot.ana.press(offered, "Mute this author")
    bot.whisper("That is muted already: mute 1, by @U0BEN.")
    again = bot.ana.command("/mentions", "mute words prize")
    assert bot.opens_nothing(again)
    assert "That is muted already: mute 2" in again.text


def test_a_guest_who_may_close_is_offered_nothing_that_they_may_not_do(database_url: str) -> None:
    with running(database_url, senders="U0NAT,U0ANA,U0BEN") as bot:
        bot.slack.world.add_guest("U0NAT", "Nat Named", "nat", {CHANNEL})
        _, card = bot.heard("@acmebrew one", "spammy")
        guest = bot.slack.person("U0NAT")

        guest.press(card, "Not about us")

        bot.shows(card, "Not about us by @U0NAT")
        bot.told_all()
        assert guest.ephemerals() == []


def test_a_mute_while_a_reply_is_on_the_wire_leaves_its_ticket(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello", "spammy")
    slow = bot.x.world.faults.add("POST /2/tweets", "slow", times=1, seconds=6)
    bot.reply(card, "Hello!")
    bot.shows(card, "on its way")
    bot.answered(post, "Hello!")

    dialog = opened(bot.ana.command("/mentions", "mute @spammy"))
    assert "reply may already be public" in dialog.text
    assert dialog.submit().closed

    slow.release()
    bot.shows(card, "Answered by @U0ANA")


# --- words --------------------------------------------------------------------------------------------------


def test_words_are_shown_with_what_they_would_have_muted_before_they_are_muted(bot: Bot) -> None:
    listen(bot, "acmebrew")
    first = bot.post("acmebrew giveaway! retweet to win", "spammy")
    search(bot, first, bot.post("acmebrew tastes of soap", "theo"))
    bot.settled()

    dialog = opened(bot.ana.command("/mentions", 'mute words "giveaway"'))
    assert dialog.value("words") == '"giveaway"'
    assert "would have muted 1 of 2 posts that don't address you: 1 waiting." in dialog.text
    assert "acmebrew giveaway! retweet to win" in dialog.text
    dialog.write({"words": "giveaway or soap"})
    again = dialog.submit()
    assert not again.closed
    assert "would have muted 2 of 2 posts that don't address you: 2 waiting." in dialog.text
    assert check_view(dialog.state.given) == []
    assert mutes(bot) == []
    assert dialog.submit().closed
    bot.whisper("Muted: “giveaway or soap” on every network")

    hidden = bot.post("acmebrew giveaway, day two", "spammy")
    shown = bot.post("@acmebrew is that giveaway yours?", "maria")
    search(bot, hidden, shown)
    bot.shows(bot.card_of(shown), "Waiting")
    assert states(bot)[hidden.id] == "muted"
    assert states(bot)[shown.id] == "waiting"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("give " * 120, "A mute can have at most 512 characters"),
        ("-free -#ad", "A mute needs a word to look for, not only words to leave out."),
        ('"give away', "has no second one"),
        ("#", "has no letter, digit or emoji to look for"),
    ],
)
def test_words_that_cannot_be_muted_are_refused_in_one_sentence(bot: Bot, typed: str, sentence: str) -> None:
    told = bot.ana.command("/mentions", f"mute words {typed}")
    assert bot.opens_nothing(told)
    assert sentence in told.text
    assert told.text.count(".") <= 1

    dialog = opened(bot.ana.command("/mentions", "mute words"))
    refused = dialog.write({"words": typed}).submit()
    assert sentence in refused.errors["words"]
    assert dialog.value("words") == typed
    assert mutes(bot) == []


def test_a_handle_that_nobody_has_and_a_command_without_words_say_what_to_type(bot: Bot) -> None:
    bot.heard("@acmebrew hello", "maria")

    assert "No one called @mario has posted to us. Did you mean @maria?" in (
        bot.ana.command("/mentions", "mute @mario").text
    )
    assert bot.ana.command("/mentions", "mute").text.startswith("Mute what?")
    assert bot.ana.command("/mentions", "mute giveaway").text.startswith("Mute what?")
    assert bot.ana.command("/mentions", "unmute").text.startswith("Which mute?")
    assert "There is no mute 7." in bot.ana.command("/mentions", "unmute 7").text
    assert mutes(bot) == []


def test_admins_mute_words_and_anyone_mutes_an_author(database_url: str) -> None:
    with running(database_url, admins="U0BEN") as bot:
        bot.poll()
        _, card = bot.heard("@acmebrew one", "spammy")
        offered = not_about_us(bot, card)
        assert offered.buttons == ["Mute this conversation", "Mute this author"]
        refused = bot.ana.command("/mentions", "mute words giveaway")
        assert "can mute words" in refused.text
        assert opened(bot.ana.press(offered, "Mute this author")).submit().closed
        dialog = opened(bot.ben.command("/mentions", "mute words giveaway"))
        assert dialog.submit().closed
        bot.told_all()

        shown = answer(bot, "mutes", "2 mutes")
        assert shown.buttons == ["Unmute"]
        assert "can mute words" in bot.ana.command("/mentions", "unmute 2").text
        assert bot.ben.command("/mentions", "unmute 2").blocks
        assert [one.removed_by for one in mutes(bot)] == [None, "U0BEN"]


# --- from a thread ------------------------------------------------------------------------------------------


def test_a_thread_offers_to_mute_and_asks_before_it_does(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew one", "spammy")
    bot.say(card, "<@U0HEARD> mute author")
    offered = bot.whisper("Mute @spammy?")
    assert mutes(bot) == []

    dialog = opened(bot.ana.press(offered, "Mute…"))
    assert "1 open ticket is closed now" in dialog.text
    assert dialog.submit().closed
    bot.shows(card, "Muted", "(author)", "by @U0ANA")

    bot.say(card, "<@U0HEARD> mute")
    bot.whisper("Mute what? Type @Heard mute conversation")
    bot.say(card, "<@U0HEARD> mute words -free")
    bot.whisper("A mute needs a word to look for")
    bot.say(card, '<@U0HEARD> mute words "free coupon"')
    dialog = opened(bot.ana.press(bot.whisper('Mute "free coupon"?'), "Mute…"))
    assert dialog.value("words") == '"free coupon"'


def test_nobody_is_offered_to_mute_our_own_test_mention(database_url: str) -> None:
    with running(database_url, canary_channel=CHANNEL) as bot:
        canary.check(bot.ctx)
        card = bot.card("automatic test mention")
        for what in ("conversation", "author"):
            bot.say(card, f"<@U0HEARD> mute {what}")
            bot.whisper("This is Heard's own test mention, which cannot be muted.")

        bot.ana.press(card, "Not about us")
        bot.shows(card, "Not about us")
        bot.told_all()
        assert not any("mute it" in seen(one) for one in bot.ana.ephemerals())


# --- the lists ----------------------------------------------------------------------------------------------


@pytest.mark.both_engines
def test_mutes_are_listed_with_the_tracks_and_undone_there(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew one", "spammy")
    opened(bot.ana.press(not_about_us(bot, card), "Mute this author")).write({"why": "a bot"}).submit()
    hidden = bot.post("@acmebrew two", "spammy")
    bot.poll()
    bot.told_all()

    tracks = listing(bot)
    shown = sound(tracks).text
    assert "1 mute, and what each muted in the last 7 days" in shown
    for expected in ("Author @spammy on X", "by @U0ANA", "a bot", "1 post muted"):
        assert expected in shown
    bot.ben.command("/mentions", "tracks")
    bot.ana.press(tracks, "Unmute")
    bot.told_all()

    told = bot.whisper("Unmuted: @spammy on X", "1 ticket that it muted in the last 30 days stays muted")
    assert "1 mute," not in sound(bot.whisper("last 7 days")).text
    assert states(bot)[hidden.id] == "muted"
    bot.ana.press(told, "Show what it muted")
    muted = bot.whisper("1 muted by mute 1 in the last 30 days")
    bot.ana.press(muted, "Show as a card")
    bot.whisper("is waiting again. Its card is in")
    bot.shows(bot.card_of(hidden), "Waiting", "due ")
    after = bot.post("@acmebrew three", "spammy")
    bot.poll()
    bot.card_of(after)


def test_what_was_muted_is_listed_by_ten_and_shown_as_a_card(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew 0", "spammy")
    opened(bot.ana.press(not_about_us(bot, card), "Mute this author")).submit()
    posts = [bot.post(f"@acmebrew prize number {n} <!channel> *bold*", "spammy") for n in range(1, 13)]
    bot.poll()

    page = answer(bot, "muted", "12 muted in the last 30 days, page 1 of 2")
    assert page.buttons == [*["Show as a card"] * 10, "Next"]
    assert sound(page).broadcasts == []
    assert "prize number 12 <!channel> *bold*" in seen(page)
    bot.ana.press(page, "Next")
    second = bot.whisper("page 2 of 2")
    assert second.buttons == ["Show as a card", "Show as a card", "Previous"]
    bot.ana.press(second, "Show as a card")
    bot.whisper("is waiting again", "11 muted")
    bot.shows(bot.card_of(posts[1]), "Waiting")
    assert sorted(states(bot).values()).count("waiting") == 1


def test_muted_posts_are_found_counted_and_exported_as_such(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew 0", "spammy")
    opened(bot.ana.press(not_about_us(bot, card), "Mute this author")).write({"why": "a bot"}).submit()
    bot.post("@acmebrew a prize", "spammy")
    bot.poll()
    bot.told_all()

    stats = str(bot.ana.command("/mentions", "stats").blocks)
    assert "*Muted* 1" in stats
    assert "*Answered* 0" in stats
    assert "*Waiting* 0" in stats
    assert "muted (a bot)" in seen(answer(bot, "search prize", "prize"))
    assert "0 unanswered" in seen(answer(bot, "open", "unanswered"))
    history = opened(bot.ana.command("/mentions", "search @spammy"))
    assert "muted (a bot)" in history.text.lower()
    bot.ana.command("/mentions", "export tickets muted")
    [message] = eventually(lambda: [one for one in bot.ana.direct_messages() if one.files])
    content = bot.ana.download(message).decode()
    assert '"muted"' in content
    assert "@acmebrew a prize" in content


def test_whatever_a_customer_or_a_teammate_writes_is_text_in_every_list(bot: Bot) -> None:
    for number, words in enumerate(hostile.TEXTS.values()):
        bot.post(words, f"person{number}")
    bot.poll()
    with bot.ctx.db.write() as session:
        for ticket, words in zip(session.scalars(select(Ticket)).all(), hostile.TEXTS.values(), strict=True):
            at = bot.ctx.now()
            draft = replace(mute_rules.conversation_of(ticket), why=words[:200])
            mute_rules.mute(session, draft, by="U0ANA", at=at)
            with suppress(MuteRuleError):
                mute_rules.mute(session, mute_rules.words(words), by="U0ANA", at=at)

    assert sound(listing(bot)).broadcasts == []
    for command, expected in (("mutes", "what each muted in the last 7 days"), ("muted", "19 muted")):
        page = answer(bot, command, expected)
        for number in range(2, 4):
            assert sound(page).broadcasts == []
            if "Next" in page.buttons:
                bot.ana.press(page, "Next")
                page = bot.whisper(expected, f"page {number} of")


# --- left out of a track ------------------------------------------------------------------------------------


def brewing(bot: Bot) -> dict[str, Message]:
    """A track with four posts: two about a giveaway, not about us, one answered, one that waits."""
    listen(bot, "acmebrew")
    said = {
        "spammy": "acmebrew giveaway: crypto coins for you",
        "shill": "crypto fans, the acmebrew giveaway is on",
        "theo": "is the acmebrew giveaway over?",
        "maria": "acmebrew tastes of soap",
    }
    posts = {author: bot.post(words, author) for author, words in said.items()}
    search(bot, *posts.values())
    cards = {author: bot.card_of(post) for author, post in posts.items()}
    bot.settled()
    return cards


@pytest.mark.both_engines
def test_a_track_is_offered_to_leave_out_what_only_posts_not_about_us_share(bot: Bot) -> None:
    cards = brewing(bot)
    bot.reply(cards["theo"], "It is.")
    bot.ana.press(bot.shows(cards["theo"], "[I posted it]"), "I posted it")
    bot.shows(cards["theo"], "Answered")
    not_about_us(bot, cards["shill"])

    offered = not_about_us(bot, cards["spammy"])

    shown = sound(offered).text
    assert offered.buttons[3:] == ["Leave out crypto", "Leave out posts by @spammy"]
    assert (
        "Leaving out crypto would have removed 2 of 4 posts that this track found in the last 30 days: 2 not about us."
        in shown
    )
    assert "crypto coins for you" in shown
    bot.ana.press(offered, "Leave out crypto")
    bot.told_all()

    left = bot.whisper("leaves out crypto from now on")
    assert "Leave out crypto" not in left.buttons
    with bot.ctx.db.read() as session:
        [track] = [one for one in Track.all(session) if one.kind == "search"]
    assert track.query == "acmebrew -crypto"
    bot.ana.press(left, "Leave out posts by @spammy")
    bot.told_all()
    with bot.ctx.db.read() as session:
        [track] = [one for one in Track.all(session) if one.kind == "search"]
    assert (track.query, track.excluded_handles) == ("acmebrew -crypto", ["spammy"])
    bot.shows(cards["maria"], "Waiting")


def test_an_offer_warns_of_what_we_answered_and_of_a_track_that_changed(bot: Bot) -> None:
    cards = brewing(bot)
    second = bot.post("acmebrew again", "spammy")
    search(bot, second)
    card = bot.card_of(second)
    bot.settled()
    bot.reply(card, "Hello.")
    bot.ana.press(bot.shows(card, "[I posted it]"), "I posted it")
    bot.shows(card, "Answered")
    offered = not_about_us(bot, cards["spammy"])
    assert "We answered 1 of them." in sound(offered).text

    with bot.ctx.db.write() as session:
        [track] = [one for one in Track.all(session) if one.kind == "search"]
        draft = TrackDraft("search", "x", "acmebrew -soap", channel=CHANNEL)
        track_rules.edit(session, track.id, draft, revision=None, at=bot.ctx.now(), by="U0BEN")
    bot.ana.press(offered, "Leave out posts by @spammy")
    bot.whisper("Someone else changed this track meanwhile")
