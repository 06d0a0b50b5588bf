"""A reply that goes no further by itself says so wherever somebody looks, and is decided there."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.slack import visible
from sandbox.slack.workspace.message import Message
from sandbox.x import XPost
from tests.story.harness import Bot, running, seen
from tests.story.tickets.test_home import QUIET, home, opened, shows

PUBLISH = "POST /2/tweets"
LATE = timedelta(hours=2)


@pytest.fixture
def bot(database_url: str) -> Iterator[Bot]:
    with running(database_url, reconcile_seconds=(0.2, 0.4)) as bot:
        yield bot


def asked(bot: Bot, author: str = "maria") -> tuple[XPost, Message]:
    """A reply of Ana's that X never confirmed."""
    post, card = bot.heard(f"@acmebrew hello from {author}", author=author, at=datetime.now(UTC) - LATE)
    bot.x.world.faults.add(PUBLISH, "answer_lost_before", times=1)
    bot.reply(card, "Hello!")
    bot.shows(card, "Did it post?", within=180)
    return post, card


def handed_off(bot: Bot, author: str = "joe") -> tuple[XPost, Message]:
    """A reply of Ana's that somebody has to post by hand."""
    bot.x.world.implicit_counts = False
    ours = bot.x.world.publish("New: a winter stout")
    post, card = bot.heard("looks great", author=author, reply_to=ours.id, at=datetime.now(UTC) - LATE)
    bot.reply(card, "Thank you & welcome!")
    bot.shows(card, "I posted it")
    return post, card


def held_back(bot: Bot, author: str = "eve") -> tuple[XPost, Message]:
    """A reply of Ana's that X's refusal of our keys holds back."""
    post, card = bot.heard("@acmebrew are you there?", author=author, at=datetime.now(UTC) - LATE)
    bot.x.world.faults.add(PUBLISH, "unauthorized")
    bot.reply(card, "Yes!")
    bot.shows(card, "reply is waiting")
    return post, card


STATES = {
    "asked": (
        asked,
        "Did it post? X didn't confirm @U0ANA's reply (",
        "It was posted",
        "1 to check",
    ),
    "by hand": (
        handed_off,
        "Post it by hand on X, then press I posted it",
        "I posted it",
        "1 to post by hand",
    ),
    "held back": (held_back, "Held back since", "Undo", "1 held back"),
}


@pytest.mark.both_engines
@pytest.mark.parametrize("state", STATES)
def test_wherever_somebody_looks_it_says_what_it_waits_for_and_that_it_is_late(bot: Bot, state: str) -> None:
    make, words, button, apart = STATES[state]
    make(bot)

    view = opened(bot.ana)
    for answer in (
        home(bot.ana),
        visible(bot.ana.command("/mentions", "open").acked).text,
        visible(bot.ana.command("/mentions", "mine").acked).text,
    ):
        assert words in answer
        assert "on its way" not in answer
        assert "was due" in answer
        assert ":red_circle:" in answer
        assert f"1 needs a person ({apart})" in answer
    assert home(bot.ana).count(words) == 2  # among Ana's tickets and in the queue
    assert view.buttons.count(button) == 2
    assert "Reply" not in view.buttons
    assert f"Right now 1 reply needs a person ({apart}): see `/mentions open`." in str(
        bot.ana.command("/mentions", "stats").blocks
    )


def test_what_needs_a_person_stands_on_top(bot: Bot) -> None:
    bot.heard("@acmebrew the longest wait", author="zoe", at=datetime.now(UTC) - 3 * LATE)
    handed_off(bot)
    asked(bot)
    for card in bot.cards():
        bot.press(card, "Claim") if "Claim" in bot.now(card).buttons else None
    bot.settled()

    opened(bot.ana)

    lines = home(bot.ana).splitlines()
    at = lines.index("My tickets (3)")
    names = [line.split(" on X")[0] for line in lines[at:] if line.startswith("@") and " on X" in line]
    assert set(names[:2]) == {"@joe", "@maria"}
    assert names[2] == "@zoe"
    listed = [
        line
        for line in visible(bot.ana.command("/mentions", "open").acked).text.splitlines()
        if " on X:" in line
    ]
    assert "@zoe" in listed[2]


@pytest.mark.parametrize("label", ["It was posted", "Discard"])
def test_the_question_is_decided_in_home(bot: Bot, label: str) -> None:
    _, card = asked(bot)
    view = opened(bot.ana)

    bot.ana.press(view, label)

    if label == "Discard":
        shows(bot.ana, "Discarded.", "was due", without=("Did it post?",))
        bot.shows(card, "Waiting")
    else:
        shows(bot.ana, "Marked as published because you say so", without=("Did it post?", "Waiting ("))
        bot.shows(card, "Answered by @U0ANA")


def test_send_again_works_in_home_and_home_follows(bot: Bot) -> None:
    post, card = asked(bot)
    view = opened(bot.ana)

    bot.ana.press(view, "Send again")

    bot.answered(post, "Hello!")
    bot.shows(card, "Answered by @U0ANA")
    opened(bot.ana)
    shows(bot.ana, QUIET)


@pytest.mark.both_engines
def test_a_hand_off_is_decided_in_home(bot: Bot) -> None:
    post, card = handed_off(bot)
    view = opened(bot.ana)
    link = bot.ana.press(view, "Open on X").opened_url or ""
    assert f"in_reply_to={post.id}" in link
    assert "Thank%20you" in link

    bot.ana.press(view, "I posted it")

    bot.shows(card, "Answered by hand")
    shows(bot.ana, without=("Post it by hand",))


@pytest.mark.both_engines
def test_a_hand_off_that_nobody_posted_comes_back_in_home(bot: Bot) -> None:
    _, card = handed_off(bot)
    view = opened(bot.ana)

    bot.ana.press(view, "I did not post it")

    shows(bot.ana, "The ticket is waiting again.", "My drafts (1)", without=("Post it by hand",))
    bot.shows(card, "Waiting")


def test_what_is_held_back_is_undone_in_home(bot: Bot) -> None:
    post, card = held_back(bot)
    view = opened(bot.ana)

    bot.ana.press(view, "Undo")

    shows(bot.ana, "Undone: nothing was published.", "My drafts (1)", without=("Held back",))
    bot.shows(card, "Waiting", without=("Undo",))
    assert bot.replies(post) == []


def test_the_reply_behind_the_one_that_met_the_shut_door_is_held_back_too(bot: Bot) -> None:
    held_back(bot)
    _, card = bot.heard("@acmebrew me too?", author="sam")
    bot.reply(card, "You too!")
    bot.told(card, "@U0ANA, your reply is waiting: X has rejected our keys", "You too!")

    opened(bot.ana)

    assert "2 need a person (2 held back)" in home(bot.ana)
    assert home(bot.ana).count("Held back since") == 4


def test_a_question_stays_on_the_list_though_the_conversation_went_on_without_it(bot: Bot) -> None:
    post, card = asked(bot)
    bot.x.world.post("maria", "@acmebrew and now?", reply_to=post.id)
    bot.poll()
    bot.shows(card, "and now?")
    bot.reply(bot.now(card), "Now, too!")
    bot.shows(card, "Answered by @U0ANA", "Did it post?")

    view = opened(bot.ana)

    assert "Waiting (1): 1 needs a person (1 to check)" in home(bot.ana)
    assert "Did it post?" in home(bot.ana)
    assert "was due" not in home(bot.ana)
    bot.ana.press(view, "It was posted")
    shows(bot.ana, "Marked as published", without=("Did it post?",))


def test_the_card_says_until_when_an_answer_is_due_while_its_reply_needs_a_person(bot: Bot) -> None:
    _, card = handed_off(bot)

    assert "due" in seen(bot.now(card)).partition("Waiting since")[2]


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ("It was posted", "Marked as published because you say so"),
        ("Discard", "Discarded."),
        ("Send again", "This Heard has no keys for x"),
    ],
)
def test_the_question_is_decided_though_heard_has_no_keys_any_more(bot: Bot, label: str, told: str) -> None:
    post, card = asked(bot)
    bot.without_networks()

    pressed = bot.press(card, label)

    assert told in seen(pressed.ephemeral())
    assert bot.replies(post) == []
