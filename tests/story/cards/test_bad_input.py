"""Whatever a customer writes shows as text and nothing else, and it shows."""

import json
from typing import Any

import pytest

from models.core.normalize import sanitize
from sandbox.slack import visible
from sandbox.x import XPost
from tests.story.harness import Bot, eventually, sound
from tests.story.hostile import NAMES, TEXTS

OURS = ("https://x.com/", "https://acme.slack.test/")


def harmless(shown: Any, *, own_users: tuple[str, ...] = ()) -> None:
    """Nothing in it rings anybody, dresses up a link, or is an emoji that we did not put there."""
    assert shown.broadcasts == []
    assert shown.of("channel", "usergroup") == []
    assert {user.target for user in shown.users} <= set(own_users)
    for link in shown.links:
        assert link.target.startswith(OURS) or link.auto, link


def begins(text: str) -> str:
    """The part of a post that its card must show: what is one letter to a reader is never cut."""
    whole = sanitize(text)
    return "@acmebrew" if "e\u0301\u0301" in whole else whole[:300]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_hostile_words_show_as_they_are_wherever_they_show(bot: Bot, text: str) -> None:
    post, card = bot.heard(text)
    bot.x.world.implicit_counts = False

    shown = sound(bot.now(card))
    assert begins(text) in shown.text
    harmless(shown)
    modal = bot.compose(card)
    assert begins(text) in modal.text
    harmless(visible(modal.state))
    modal.close()
    if "Show context" in bot.now(card).buttons:
        context = bot.press(card, "Show context").view
        harmless(visible(context.state))
        assert begins(text) in context.text
        context.close()
    bot.say(card, "@Heard reply Hello!")
    harmless(sound(bot.whisper("Only you can see this")))
    listed = bot.ana.command("/mentions", "open")
    harmless(visible(listed.acked))
    assert post.id in json.dumps(bot.now(card).blocks)


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_a_hostile_name_shows_as_a_name_wherever_it_shows(bot: Bot, name: str) -> None:
    bot.x.world.add_user("everyone", name)
    _, card = bot.heard("@acmebrew hello", author="everyone")

    shown = sound(bot.now(card))
    harmless(shown)
    assert {one.target for one in shown.emoji if one.where != "/text"} == {"large_orange_circle"}
    assert "@everyone" in shown.text
    first, second = shown.text.splitlines()[:2]
    assert "120 followers" not in first
    assert second.startswith("X, to @acmebrew")
    harmless(visible(bot.compose(card).state))
    harmless(visible(bot.press(card, "No reply needed").view.state))
    harmless(visible(bot.ana.command("/mentions", "open").acked))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_hostile_words_of_ours_show_as_they_are_on_card_preview_and_notice(bot: Bot, text: str) -> None:
    """A teammate pastes what a customer wrote; X refuses it, whatever it is."""
    bot.x.world.implicit_counts = False
    ours = bot.x.world.publish("New: a winter stout")
    _, card = bot.heard("looks great", reply_to=ours.id)
    words = sanitize(text)[:130].replace("@acmebrew ", "")

    submitted = bot.reply(card, words)

    if submitted.closed:
        notice = bot.told(card, "not published")
        harmless(sound(notice), own_users=("U0ANA",))
        harmless(sound(bot.shows(card, "I posted it")), own_users=("U0ANA",))
    else:
        assert submitted.errors["reply"]
        assert bot.attempts == 0


def test_what_has_no_words_says_so(bot: Bot) -> None:
    post = bot.post("@acmebrew picture")
    bot.x.world.corrupt(post.id, lambda row: row | {"text": ""})
    bot.poll()

    sound(bot.card("(no text)"))


@pytest.mark.both_engines
def test_a_lone_surrogate_is_heard_and_shown(bot: Bot) -> None:
    post = bot.post("@acmebrew broken")
    bot.x.world.corrupt(post.id, lambda row: row | {"text": "@acmebrew \ud83d broken \udc00"})
    bot.poll()

    assert "@acmebrew \ufffd broken \ufffd" in sound(bot.card("broken")).text


@pytest.mark.parametrize(
    "row",
    [None, 7, "post", [], {}, {"id": "x"}, {"id": 12}, {"id": "1", "text": 5}],
    ids=repr,
)
def test_a_malformed_row_spoils_itself_only(bot: Bot, row: Any) -> None:
    before = bot.post("@acmebrew before")
    bad = bot.post("@acmebrew bad")
    after = bot.post("@acmebrew after")
    bot.x.world.corrupt(bad.id, row)
    bot.poll()

    for good in (before, after):
        sound(bot.card_of(good))
    assert len(bot.cards()) == 2


def test_a_garbled_page_is_read_again(bot: Bot) -> None:
    bot.poll()
    bot.post("@acmebrew hello")
    bot.x.world.faults.add("GET /2/users/:id/mentions", "garbled", times=1)

    bot.poll()
    assert bot.cards() == []
    bot.poll()

    bot.card("hello")


def test_a_wild_conversation_stays_one_message(bot: Bot) -> None:
    """The longest that a card can get: three long posts, an answer that is public and one on its way."""
    links = " ".join("https://acme.com/" + "a" * 120 + str(number) for number in range(11))
    first = bot.post("@acmebrew " + "<&>" * 800)
    bot.x.world.add_user("everyone", NAMES["stacked accents"])
    bot.poll()
    card = bot.card_of(first)
    bot.settled()
    assert bot.reply(card, links).closed
    eventually(lambda: bot.replies(first))
    bot.shows(card, "Answered")
    last: XPost = first
    for letter in "ab":
        last = bot.post("@acmebrew " + letter * 3_000, reply_to=last.id)
        bot.poll()
        bot.card_of(last)
    bot.settled()
    bot.x.world.faults.add("POST /2/tweets", "rate_limited", seconds=600)
    assert bot.reply(card, links + " again").closed

    now = bot.shows(card, "Next try")

    harmless(sound(now), own_users=("U0ANA",))
