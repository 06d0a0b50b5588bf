"""Guests and people of other organisations: they read the cards in their channels, and that is all."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.context import BotContext
from bot.slack import home_tab
from bot.slack.membership import (
    FOREIGN_REFUSAL,
    GUEST_REFUSAL,
    NAMED_GUEST_REFUSAL,
    NOT_IN_CHANNEL,
    NOT_YOUR_REPLY,
    UNKNOWN_REFUSAL,
)
from bot.slack.sender_permissions import ANSWER_FRESH_AGE
from handlers.tickets.dialogs import NOT_YOURS_TO_STOP_TEXT
from models import Card, Notice, Ticket
from sandbox.slack import Person, visible
from sandbox.slack.workspace.message import Message
from tests.patience import SLOWED
from tests.story.harness import CHANNEL, Bot, eventually, proportional_waits, running, seen

GUS, NAT, PIA = "U0GUS", "U0NAT", "U0PIA"
WORDS = "where are my secret beans?"


@pytest.fixture
def bot(database_url: str) -> Iterator[Bot]:
    with running(database_url, undo_seconds=0) as bot:
        bot.slack.world.add_guest(GUS, "Gus Guest", "gus", {CHANNEL})
        yield bot


@pytest.fixture
def named(database_url: str) -> Iterator[Bot]:
    """A bot whose settings name one guest."""
    with running(database_url, undo_seconds=600, senders=f"{NAT},U0ANA,U0BEN") as bot:
        bot.slack.world.add_guest(NAT, "Nat Named", "nat", {CHANNEL})
        yield bot


def gus(bot: Bot) -> Person:
    return bot.slack.person(GUS)


def nat(bot: Bot) -> Person:
    return bot.slack.person(NAT)


def becomes_a_guest(bot: Bot, user: str = "U0BEN") -> None:
    """From one moment to the next, as Heard knows once Slack was asked again."""
    bot.slack.world.user(user).is_restricted = True
    forget(bot.ctx)


def forget(ctx: BotContext) -> None:
    ctx.sender_permissions._kept.clear()


def minutes_pass(ctx: BotContext, minutes: float) -> None:
    """Let what is known of people grow older."""
    kept = ctx.sender_permissions._kept
    for key, one in list(kept.items()):
        kept[key] = replace(one, at=one.at - timedelta(minutes=minutes))


# --- a guest ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["Reply", "Claim", "No reply needed", "Not about us", "Author history"])
def test_a_guest_gets_a_sentence_and_nothing_happens(bot: Bot, label: str) -> None:
    _, card = bot.heard(f"@acmebrew {WORDS}")
    before = bot.now(card).blocks

    pressed = bot.press(card, label, by=gus(bot))

    assert seen(pressed.ephemeral()).strip() == GUEST_REFUSAL
    assert gus(bot).modal is None
    assert bot.now(card).blocks == before
    assert len(bot.events()) == 1


@pytest.mark.parametrize(
    "text",
    [
        "help",
        "open",
        "mine",
        "stats 7d",
        "search beans",
        "search @maria",
        "issues",
        "me",
        "pause",
        "doctor",
        "x",
    ],
)
def test_a_guests_command_answers_with_that_sentence_alone(bot: Bot, text: str) -> None:
    bot.heard(f"@acmebrew {WORDS}")

    asked = gus(bot).command("/mentions", text)

    assert (asked.text, asked.blocks) == (GUEST_REFUSAL, [])
    assert gus(bot).modal is None
    assert bot.ctx.running_tasks.wait_until_idle(10)
    assert gus(bot).direct_messages() == []


def test_a_guests_home_is_one_sentence(bot: Bot) -> None:
    bot.heard(f"@acmebrew {WORDS}")

    home = gus(bot).open_home()

    assert home is not None
    assert visible(home).text == GUEST_REFUSAL


def test_home_that_somebody_got_as_a_member_is_taken_away(bot: Bot) -> None:
    bot.heard(f"@acmebrew {WORDS}")
    assert "Waiting (1)" in visible(bot.ben.open_home()).text
    becomes_a_guest(bot)

    home_tab.refresh(bot.ctx)

    assert visible(bot.ben.home).text == GUEST_REFUSAL
    bot.slack.world.user("U0BEN").is_restricted = False
    forget(bot.ctx)
    home_tab.refresh(bot.ctx)
    assert "Waiting (1)" in visible(bot.ben.home).text


@pytest.mark.parametrize(
    "words", ["claim", "done thanks", "reply Hello!", "issue slow beans", "snooze 2h", "hm"]
)
def test_what_a_guest_says_to_heard_in_a_thread_has_no_effect(bot: Bot, words: str) -> None:
    _, card = bot.heard(f"@acmebrew {WORDS}")

    bot.say(card, f"@Heard {words}", by=gus(bot))

    assert seen(bot.whisper("members", to=gus(bot))).strip() == GUEST_REFUSAL
    assert len(bot.events()) == 1
    assert bot.thread(card) == []


def test_what_a_guest_says_to_others_in_a_thread_gets_no_answer(bot: Bot) -> None:
    _, card = bot.heard(f"@acmebrew {WORDS}")

    bot.say(card, "I know her, she is nice. Ask @Heard", by=gus(bot))
    bot.say(card, "@Heard claim", by=gus(bot))

    bot.whisper("members", to=gus(bot))
    assert len(gus(bot).ephemerals()) == 1


def test_a_guest_proposes_no_public_reply_by_the_shortcut(bot: Bot) -> None:
    _, card = bot.heard(f"@acmebrew {WORDS}")
    message = bot.ana.say(CHANNEL, "We send new ones.", thread_ts=card.ts)

    proposed = gus(bot).shortcut(message, "Send as public reply")

    assert seen(proposed.ephemeral()).strip() == GUEST_REFUSAL
    assert bot.drafts() == []


def test_a_guests_word_does_not_make_a_hand_off_count_as_posted(bot: Bot) -> None:
    bot.x.world.implicit_counts = False
    ours = bot.x.world.publish("New: a winter stout")
    _, card = bot.heard("looks great", reply_to=ours.id)
    bot.reply(card, "Thank you!")
    now = bot.shows(card, "I posted it")

    pressed = gus(bot).press(now, "I posted it")

    assert seen(pressed.ephemeral()).strip() == GUEST_REFUSAL
    bot.shows(card, "I posted it", without=("Answered",))
    assert bot.events("posted by hand", "confirmed") == []


def test_a_guests_word_does_not_make_an_unsure_reply_count_as_published(database_url: str) -> None:
    with running(database_url, reconcile_seconds=(0.2, 0.4)) as bot:
        bot.slack.world.add_guest(GUS, "Gus Guest", "gus", {CHANNEL})
        _, card = bot.heard("@acmebrew hello")
        bot.x.world.faults.add("POST /2/tweets", "answer_lost_before", times=1)
        bot.reply(card, "Hello!")
        now = bot.shows(card, "Send again")

        for label in now.buttons[:3]:  # it was posted, send it again, discard it
            assert seen(gus(bot).press(now, label).ephemeral()).strip() == GUEST_REFUSAL

        bot.shows(card, "Send again", without=("Answered",))
        assert bot.attempts == 1


def test_a_guest_stops_no_colleagues_reply(database_url: str) -> None:
    with running(database_url, undo_seconds=600) as bot:
        bot.slack.world.add_guest(GUS, "Gus Guest", "gus", {CHANNEL})
        _, card = bot.heard("@acmebrew hello")
        bot.reply(card, "Hello!")
        now = bot.shows(card, "Undo")

        for label in ("Undo", "No reply needed", "Not about us"):
            assert seen(gus(bot).press(now, label).ephemeral()).strip() == GUEST_REFUSAL

        bot.shows(card, "goes out at", "Undo")


def test_somebody_of_another_organisation_gets_a_plain_sentence(bot: Bot) -> None:
    _, card = bot.heard(f"@acmebrew {WORDS}")
    bot.slack.world.add_outsider(PIA, "Pia Partner", "pia", "T0PARTNER", {CHANNEL})

    pressed = bot.press(card, "Claim", by=bot.slack.person(PIA))

    assert seen(pressed.ephemeral()).strip() == FOREIGN_REFUSAL
    bot.shows(card, without=("assigned to",))


def test_whom_slack_does_not_find_is_judged_by_the_workspace_that_the_press_names(bot: Bot) -> None:
    _, card = bot.heard(f"@acmebrew {WORDS}")
    bot.slack.world.add_outsider(PIA, "Pia Partner", "pia", "T0PARTNER", {CHANNEL})
    bot.slack.world.faults.error("users.info", "user_not_found", times=None)

    assert seen(bot.press(card, "Claim", by=bot.slack.person(PIA)).ephemeral()).strip() == FOREIGN_REFUSAL
    bot.press(card, "Claim")

    bot.shows(card, "assigned to @U0ANA")


# --- who was a member when it opened ------------------------------------------------------------------------


def test_what_was_typed_as_a_member_stays_in_the_window_and_does_not_go_out(bot: Bot) -> None:
    post, card = bot.heard(f"@acmebrew {WORDS}")
    modal = bot.compose(card, by=bot.ben).fill("Here they are!")
    becomes_a_guest(bot)

    submitted = modal.submit()

    assert submitted.errors == {"reply": GUEST_REFUSAL}
    assert modal.value() == "Here they are!"
    assert bot.replies(post) == []
    modal.close()
    assert bot.drafts() == ["Here they are!"]
    bot.shows(card, without=("is replying", "writing"))


def test_a_note_that_a_guest_would_write_stays_in_its_field_and_pages_do_not_turn(bot: Bot) -> None:
    for number in range(12):
        bot.heard(f"@acmebrew {WORDS} {number}")
    history = bot.press(bot.card(f"{WORDS} 11"), "Author history", by=bot.ben).view
    history.fill("Nice person")
    becomes_a_guest(bot)

    assert list(history.submit().errors.values()) == [GUEST_REFUSAL]
    assert history.value() == "Nice person"
    before = history.text
    for label in ({"Older", "Newer"} & set(history.buttons)) or pytest.fail("there is one page"):
        history.press(label)
        top = eventually(lambda: bot.ben.modal if bot.ben.modal.id != history.id else None)
        assert GUEST_REFUSAL in top.text
        top.close()
    assert history.text == before
    assert history.value() == "Nice person"


def test_a_modal_without_a_field_gives_way_to_the_sentence(bot: Bot) -> None:
    post, card = bot.heard(f"@acmebrew {WORDS}")
    bot.reply(card, "Here they are!")
    bot.answered(post, "Here they are!")
    asked = bot.ben.press(bot.shows(card, "See our reply"), "Delete public reply").view
    becomes_a_guest(bot)

    assert not asked.submit().closed

    assert GUEST_REFUSAL in asked.text
    assert bot.replies(post) == ["Here they are!"]


@pytest.mark.both_engines
def test_an_answer_that_was_given_to_a_member_is_not_shared_by_a_guest(bot: Bot) -> None:
    bot.heard(f"@acmebrew {WORDS}")
    answer = bot.ben.command("/mentions", "open").first_answer()
    becomes_a_guest(bot)
    with bot.slack.world.lock:
        before = len(bot.slack.world.channel(CHANNEL).messages)

    pressed = bot.ben.press(answer, "Share to channel")

    assert seen(pressed.ephemeral()).strip() == GUEST_REFUSAL
    with bot.slack.world.lock:
        assert len(bot.slack.world.channel(CHANNEL).messages) == before


def test_a_reminder_to_somebody_who_is_no_member_any_more_is_told_in_the_channel(bot: Bot) -> None:
    becomes_a_guest(bot)
    with bot.ctx.db.write() as session:
        Notice.enqueue(session, "<@U0BEN>, yours is quiet", at=bot.ctx.now(), channel="U0BEN")
    bot.ctx.wake_loops()

    def told() -> list[Message]:
        with bot.slack.world.lock:
            return [one for one in bot.slack.world.channel(CHANNEL).messages if "yours is quiet" in one.text]

    assert eventually(told)
    assert bot.ben.direct_messages() == []


# --- a guest whom SENDERS names -----------------------------------------------------------------------------


def test_a_guest_whom_senders_names_claims_replies_and_undoes_their_own(named: Bot) -> None:
    _, card = named.heard(f"@acmebrew {WORDS}")

    named.press(card, "Claim", by=nat(named))
    named.shows(card, "assigned to @U0NAT")
    assert named.reply(card, "Here they are!", by=nat(named)).closed
    undone = nat(named).press(named.shows(card, "Undo"), "Undo")

    assert "Your text is kept" in seen(undone.ephemeral())
    named.shows(card, "Waiting", without=("goes out at",))
    named.say(card, "@Heard release", by=nat(named))
    named.shows(card, "Claim", without=("assigned to",))


def test_their_reply_goes_out_and_they_close_cards(database_url: str) -> None:
    with running(database_url, senders=NAT) as bot:
        bot.slack.world.add_guest(NAT, "Nat Named", "nat", {CHANNEL})
        post, card = bot.heard(f"@acmebrew {WORDS}")
        _, other = bot.heard("@acmebrew nice day", author="tom")

        assert bot.reply(card, "Here they are!", by=nat(bot)).closed
        bot.answered(post, "Here they are!")
        bot.say(other, "@Heard done thanks", by=nat(bot))

        bot.shows(other, "No reply needed")


def test_they_post_by_hand_what_was_handed_off_to_them(database_url: str) -> None:
    with running(database_url, senders=NAT) as bot:
        bot.slack.world.add_guest(NAT, "Nat Named", "nat", {CHANNEL})
        bot.x.world.implicit_counts = False
        ours = bot.x.world.publish("New: a winter stout")
        _, card = bot.heard("looks great", reply_to=ours.id)
        assert bot.reply(card, "Thank you!", by=nat(bot)).closed

        nat(bot).press(bot.shows(card, "I posted it"), "I posted it")

        bot.shows(card, "Answered by hand by @U0NAT")


def test_they_stop_no_colleagues_reply(named: Bot) -> None:
    _, card = named.heard(f"@acmebrew {WORDS}")
    named.reply(card, "Here they are!")
    now = named.shows(card, "Undo")

    assert seen(nat(named).press(now, "Undo").ephemeral()).strip() == NOT_YOUR_REPLY
    assert seen(nat(named).press(now, "Not about us").ephemeral()).strip() == NOT_YOURS_TO_STOP_TEXT
    named.say(card, "@Heard undo", by=nat(named))

    named.whisper(NOT_YOUR_REPLY, to=nat(named))
    named.shows(card, "goes out at", "Undo")


@pytest.mark.parametrize("text", ["open", "search beans", "stats", "export tickets", "me"])
def test_they_have_no_command(named: Bot, text: str) -> None:
    named.heard(f"@acmebrew {WORDS}")

    assert nat(named).command("/mentions", text).text == NAMED_GUEST_REFUSAL


def test_they_have_no_home_no_history_and_no_more_of_a_card_than_it_shows(named: Bot) -> None:
    _, card = named.heard(f"@acmebrew {WORDS}")

    assert visible(nat(named).open_home()).text == NAMED_GUEST_REFUSAL
    for label in ("Author history", "Add to issue…", "Assign…", "Snooze…"):
        assert seen(named.press(card, label, by=nat(named)).ephemeral()).strip() == NAMED_GUEST_REFUSAL


@pytest.mark.both_engines
def test_a_composer_is_no_way_to_a_card_that_moved_to_a_channel_that_they_are_not_in(named: Bot) -> None:
    _, card = named.heard(f"@acmebrew {WORDS}")
    modal = named.compose(card, by=nat(named)).fill("Here they are!")
    named.slack.world.add_channel("C0TEAM", "team")
    with named.ctx.db.write() as session:
        shown = session.query(Card).one()
        Ticket.lock(session, shown.ticket_id).channel = "C0TEAM"

    assert modal.submit().errors == {"reply": NOT_IN_CHANNEL}

    named.slack.world.join("C0TEAM", NAT)
    forget(named.ctx)
    assert modal.submit().closed


def test_they_are_not_shown_what_was_said_on_other_cards(named: Bot) -> None:
    _, first = named.heard("@acmebrew hello from tom", "tom")
    said = "Thank you so much for the kind words, they made our whole morning at the brewery!"
    assert named.reply(first, said).closed
    _, card = named.heard("@acmebrew I love it")
    modal = named.compose(card, by=nat(named)).fill(said.replace("morning", "day"))

    assert not modal.submit().closed

    assert "almost the same as an earlier reply" in modal.text
    assert "morning" not in modal.text
    assert "tom" not in modal.text
    assert modal.submit().closed  # Send anyway


# --- while Slack does not say -------------------------------------------------------------------------------


def test_if_slack_cannot_be_asked_and_nothing_is_known_nothing_happens(bot: Bot) -> None:
    _, card = bot.heard(f"@acmebrew {WORDS}")
    bot.slack.world.faults.http_500("users.info", times=None)

    assert seen(bot.press(card, "Claim", by=bot.ben).ephemeral()).strip() == UNKNOWN_REFUSAL
    assert bot.ben.command("/mentions", "search beans").text == UNKNOWN_REFUSAL
    bot.shows(card, without=("assigned to",))


def test_what_stops_something_works_even_then(database_url: str) -> None:
    with running(database_url, undo_seconds=600) as bot:
        _, card = bot.heard("@acmebrew hello")
        bot.reply(card, "Hello!")
        now = bot.shows(card, "Undo")
        forget(bot.ctx)
        bot.slack.world.faults.http_500("users.info", times=None)

        bot.ben.press(now, "Undo")

        bot.shows(card, "Waiting", without=("goes out at",))
        assert "Paused" in bot.ben.command("/mentions", "pause").text


@pytest.mark.parametrize("typed", ["*pause*", "pause.", "Please pause", "pause\u00a0all"])
def test_a_pause_works_even_then_however_it_is_typed(bot: Bot, typed: str) -> None:
    bot.slack.world.faults.http_500("users.info", times=None)

    assert "Paused" in bot.ben.command("/mentions", typed).text


def test_members_go_on_for_an_hour_while_slack_does_not_say_who_they_are(bot: Bot) -> None:
    _, card = bot.heard(f"@acmebrew {WORDS}")
    bot.ben.command("/mentions", "help")
    bot.slack.world.faults.http_500("users.info", times=None)
    minutes_pass(bot.ctx, 59)

    assert bot.compose(card, by=bot.ben).text
    minutes_pass(bot.ctx, 2)
    assert bot.ben.command("/mentions", "help").text == UNKNOWN_REFUSAL


def test_a_slow_slack_does_not_keep_a_members_composer_shut(bot: Bot) -> None:
    _, card = bot.heard(f"@acmebrew {WORDS}")
    bot.ben.command("/mentions", "help")
    with proportional_waits(bot):
        minutes_pass(bot.ctx, ANSWER_FRESH_AGE.total_seconds() / 60 + 1)
        bot.slack.world.faults.slow("users.info", 1.9 * SLOWED, times=None)

        assert WORDS in bot.compose(card, by=bot.ben).text


def test_a_server_that_knows_nothing_of_people_has_no_guests(bot: Bot) -> None:
    _, card = bot.heard(f"@acmebrew {WORDS}")
    bot.slack.world.faults.error("users.info", "unknown_method", times=None)

    bot.press(card, "Claim", by=bot.ben)

    bot.shows(card, "assigned to @U0BEN")
