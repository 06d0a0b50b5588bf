"""Many at once are one card: a conversation, near-identical posts, a spike; each keeps its own outcome."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import select, update

from bot.ingest import track_search
from bot.jobs import reminders, ticket_groups
from models import Mention, Notice, Ticket, TicketGroup, Track
from models.sources import track_rules
from models.sources.track_rules import TrackDraft
from sandbox.slack import visible
from sandbox.slack.workspace.message import Message
from sandbox.x import XPost
from tests.story.harness import CHANNEL, Bot, Clock, eventually, running, seen, sound

CAMPAIGN = "Follow @acmebrew and win a year of free beer, tag a friend to join"


@pytest.fixture
def busy(database_url: str, clock: Clock) -> Iterator[Bot]:
    """A team that takes more than five mentions a minute for a spike."""
    with running(database_url, spike_per_minute=5, now=clock, undo_seconds=10) as bot:
        yield bot


def strangers(bot: Bot, words: list[str], **more: str) -> list[XPost]:
    """One post of somebody new for each of `words`, and the bot has looked."""
    numbers = count(len(bot.x.world.posts))
    posts = [bot.post(text, f"fan{next(numbers)}", **more) for text in words]
    bot.poll()
    bot.settled()
    return posts


def tickets(bot: Bot) -> list[Ticket]:
    with bot.ctx.db.read() as session:
        return list(session.scalars(select(Ticket).order_by(Ticket.id)))


def states(bot: Bot) -> list[str]:
    return [one.state for one in tickets(bot)]


def author(bot: Bot, post: XPost) -> str:
    return str(next(one for one in bot.x.world.users() if one.id == post.author_id).handle)


def shared(bot: Bot, headline: str) -> Message:
    return bot.card(headline)


def answers(bot: Bot, number: int) -> tuple[XPost, list[XPost]]:
    """Something we posted, and so many strangers who answer it."""
    ours = bot.x.world.publish("New: a winter stout")
    return ours, strangers(
        bot, [f"Number {one}: where can I buy it?" for one in range(number)], reply_to=ours.id
    )


# --- a conversation -----------------------------------------------------------------------------------------


def test_twelve_strangers_who_answer_one_post_of_ours_are_one_card_and_twelve_tickets(bot: Bot) -> None:
    answers(bot, 12)

    card = shared(bot, "12 people replied to our post")
    assert len(bot.cards()) == 1
    shown = sound(bot.now(card)).text
    assert "12 waiting" in shown
    assert "And 7 more. Show all lists them." in shown
    assert states(bot) == ["waiting"] * 12
    assert [event.data["kind"] for event in bot.events("grouped")] == ["conversation"] * 12


def test_reply_asks_which_one_and_that_one_gets_a_card_of_its_own(bot: Bot) -> None:
    _, posts = answers(bot, 6)
    card = shared(bot, "6 people replied")

    which = bot.press(card, "Reply").view
    assert which.title == "Reply to one"
    composer = which.fill({"Who do you want to reply to?": "6"}).submit().view
    assert "Number 5" in composer.text
    assert composer.fill("In every good shop.").submit().closed

    bot.answered(posts[5], "In every good shop.")
    own = bot.card_of(posts[5])
    bot.shows(own, "Number 5", "Answered")
    bot.shows(card, "5 waiting", "1 with its own card", without=("Number 5",))
    [left] = bot.events("own card")
    assert (left.actor, left.ticket_id) == ("U0ANA", 6)
    assert bot.replies(posts[0]) == []


def test_two_who_pick_the_same_one_are_told_so(bot: Bot) -> None:
    answers(bot, 5)
    card = shared(bot, "5 people replied")
    mine = bot.press(card, "Claim one…").view.fill({"Which one do you want to claim?": "1"})
    theirs = bot.press(card, "Claim one…", by=bot.ben).view.fill({"Which one do you want to claim?": "1"})

    assert mine.submit().closed
    refused = theirs.submit()

    assert "isn't on the shared card any more" in str(refused.errors)
    assert [one.owner for one in tickets(bot)] == ["U0ANA", None, None, None, None]


def test_whoever_had_a_card_of_their_own_becomes_a_line_that_leads_to_the_shared_card(bot: Bot) -> None:
    ours = bot.x.world.publish("New: a winter stout")
    first = [strangers(bot, [f"Number {one}?"], reply_to=ours.id)[0] for one in range(4)]
    cards = [bot.card_of(post) for post in first]
    assert bot.press(cards[0], "Claim").ok
    bot.settled()

    strangers(bot, ["Number 4?", "Number 5?"], reply_to=ours.id)

    card = shared(bot, "5 people replied")
    bot.shows(cards[0], "Number 0?", "assigned to")  # somebody has it: it stays
    line = bot.shows(cards[1], "is on the shared card", without=("Number 1?", "[Reply]"))
    assert f"p{card.ts.replace('.', '')}" in seen(line)

    bot.press(cards[1], "Show it here again")

    bot.shows(cards[1], "Number 1?", "[Reply]")
    bot.shows(card, "4 waiting", "1 with its own card")


def test_who_comes_a_day_later_is_news(database_url: str, clock: Clock) -> None:
    with running(database_url, now=clock) as bot:
        ours, _ = answers(bot, 5)
        shared(bot, "5 people replied")
        clock.ahead = timedelta(hours=25)
        ticket_groups.close_due(bot.ctx)

        [late] = strangers(bot, ["And today?"], reply_to=ours.id)

        bot.shows(bot.card_of(late), "And today?", "[Reply]")


# --- near-identical posts -----------------------------------------------------------------------------------


def test_a_campaign_is_one_card_with_a_count_and_one_more_joins_it(bot: Bot) -> None:
    words = [f"{CAMPAIGN} {tail}" for tail in ("🎉", "@maria", "#win https://t.co/abc", "!!")]
    strangers(bot, words)
    card = shared(bot, "4 near-identical posts")
    assert len(bot.cards()) == 1
    assert sound(bot.now(card)).text.count("win a year") == 1

    strangers(bot, [CAMPAIGN.upper()])

    bot.shows(card, "5 near-identical posts", "5 waiting")
    assert len(bot.cards()) == 1


@pytest.mark.parametrize(
    "words",
    [
        ["@acmebrew is it down?"] * 4,
        [f"@acmebrew my order {number} has not arrived yet, please help me" for number in range(1040, 1044)],
        [
            "@acmebrew the wheat beer tastes like bananas",
            "@acmebrew I love the new label on the stout",
            "@acmebrew when does the brewery open on Sunday?",
        ],
    ],
    ids=["short words that people say on their own", "other order numbers", "other words"],
)
def test_people_who_write_on_their_own_keep_a_card_each(bot: Bot, words: list[str]) -> None:
    posts = strangers(bot, words)

    for post in posts:
        bot.shows(bot.card_of(post), "[Reply]")
    assert bot.events("grouped") == []


# --- a spike ------------------------------------------------------------------------------------------------


def spike(bot: Bot, number: int) -> list[XPost]:
    names = ["apple", "berry", "citrus", "date", "elder", "fig", "grape", "hazel", "iris", "juniper"]
    return strangers(bot, [f"@acmebrew {name} in the beer?" for name in names[:number]])


def test_a_spike_is_one_card_with_every_mention_and_back_to_single_ones_by_itself(
    busy: Bot, clock: Clock
) -> None:
    bot = busy
    spike(bot, 8)
    card = shared(bot, "Spike: 8 mentions")
    assert len(bot.cards()) == 1
    strangers(bot, ["@acmebrew and one more?"])
    bot.shows(card, "Spike: 9 mentions", "9 waiting", "until it is over")
    listed = bot.press(card, "Show all").view
    assert "1 to 9 of 9" in listed.text
    assert "fig in the beer?" in listed.text

    clock.ahead = timedelta(minutes=63)  # two minutes, and as long as two polls are apart here
    ticket_groups.close_due(bot.ctx)
    [post] = strangers(bot, ["@acmebrew calm again?"])

    bot.shows(bot.card_of(post), "calm again?", "[Reply]")
    bot.shows(card, "Spike, over: 9 mentions", "9 waiting", "it ended")
    [over] = bot.events("spike over")
    assert over.data["joined"] == 9
    assert states(bot) == ["waiting"] * 10


def test_the_most_urgent_of_a_spike_stands_on_top_and_says_why(busy: Bot) -> None:
    bot = busy
    words = [
        f"@acmebrew {name} beer is nice" for name in ("apple", "berry", "citrus", "date", "elder", "fig")
    ]
    strangers(bot, [*words, "@acmebrew it is broken, I want a refund"])

    card = shared(bot, "Spike: 7 mentions")

    shown = sound(bot.now(card)).text
    assert shown.index("I want a refund") < shown.index("apple beer")
    assert "why first: " in shown
    assert "refund" in shown.partition("why first: ")[2].splitlines()[0]
    which = bot.press(card, "Reply").view
    assert "I want a refund" in str(which.blocks[0]["element"]["options"][0])


def test_five_in_a_minute_are_no_spike_where_five_are_allowed(busy: Bot) -> None:
    posts = spike(busy, 5)

    for post in posts:
        busy.shows(busy.card_of(post), "[Reply]")


def test_those_of_an_hour_ago_that_are_found_late_are_no_spike_unless_they_came_at_once(
    busy: Bot, clock: Clock
) -> None:
    bot = busy
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    for number, name in enumerate(["apple", "berry", "citrus", "date", "elder", "fig", "grape"]):
        bot.post(f"@acmebrew {name}?", f"late{number}", at=long_ago + timedelta(minutes=5 * number))
    bot.poll()
    bot.settled()

    assert len(eventually(lambda: [one for one in bot.cards() if "[Reply]" in seen(one)])) == 7
    assert bot.events("grouped") == []


def test_lists_lead_to_the_shared_card_and_reminders_come_in_one_line(busy: Bot, clock: Clock) -> None:
    bot = busy
    spike(bot, 7)
    card = shared(bot, "Spike: 7 mentions")
    link = f"p{card.ts.replace('.', '')}"

    listed = visible(bot.ana.command("/mentions", "open").acked)
    assert [link in one.target for one in listed.links].count(True) == 7

    clock.ahead = timedelta(hours=1)
    reminders.send_due(bot.ctx)

    def told() -> list[Message]:
        with bot.slack.world.lock:
            found = list(bot.slack.world.channel(CHANNEL).messages)
        return [one for one in found if "past your reply target" in seen(one)]

    [line] = eventually(told)
    assert "7 people on a shared card have been waiting past your reply target" in visible(line).text
    assert bot.thread(card) == []


# --- closing all --------------------------------------------------------------------------------------------


def close_all(bot: Bot, card: Message) -> None:
    asked = bot.press(card, "Close all 7…").view
    assert "7 mentions" in asked.text
    assert asked.text.count("in the beer?") == 7
    assert asked.fill({"Why?": "Spam"}).submit().closed


def test_close_all_lists_them_writes_an_event_each_and_is_undone_within_ten_seconds(busy: Bot) -> None:
    bot = busy
    spike(bot, 7)
    card = shared(bot, "Spike: 7 mentions")

    close_all(bot, card)

    assert states(bot) == ["no reply needed"] * 7
    assert [event.data for event in bot.events("no reply needed")] == [{"reason": "spam"}] * 7
    bot.shows(card, "0 waiting", "7 no reply needed", "[Undo: reopen 7]", without=("[Reply]",))

    bot.press(card, "Undo: reopen 7", by=bot.ben)

    assert states(bot) == ["waiting"] * 7
    assert [event.actor for event in bot.events("close undone")] == ["U0BEN"] * 7
    bot.shows(card, "7 waiting", "[Reply]", without=("Undo",))


def test_after_ten_seconds_the_button_is_gone_and_an_old_press_says_so(busy: Bot, clock: Clock) -> None:
    bot = busy
    spike(bot, 7)
    card = shared(bot, "Spike: 7 mentions")
    close_all(bot, card)
    before = bot.shows(card, "Undo: reopen 7")

    clock.ahead = timedelta(seconds=11)
    bot.ctx.cards_wake.set()
    bot.shows(card, "7 no reply needed", without=("Undo",))
    bot.ben.press(before, "Undo: reopen 7")

    bot.whisper("too late to undo", to=bot.ben)
    assert states(bot) == ["no reply needed"] * 7


def test_close_all_leaves_what_is_new_what_is_edited_and_what_somebody_is_replying_to(busy: Bot) -> None:
    bot = busy
    posts = spike(bot, 7)
    card = shared(bot, "Spike: 7 mentions")
    asked = bot.press(card, "Close all 7…").view

    which = bot.press(card, "Reply", by=bot.ben).view
    which.fill({"Who do you want to reply to?": "1"}).submit()
    bot.post("@acmebrew and besides it leaks", author=author(bot, posts[1]), reply_to=posts[1].id)
    bot.poll()
    assert asked.submit().closed

    bot.whisper("5 closed. 2 changed since you opened the list, so they were left as before.")
    assert sorted(states(bot)) == ["no reply needed"] * 5 + ["waiting"] * 2


def test_pressed_twice_it_closes_once(busy: Bot) -> None:
    bot = busy
    spike(bot, 7)
    card = shared(bot, "Spike: 7 mentions")
    asked = bot.press(card, "Close all 7…").view
    other = bot.press(card, "Close all 7…", by=bot.ben).view

    assert asked.submit().closed
    refused = other.submit()

    assert "nothing was closed" in str(refused.errors)
    assert len(bot.events("no reply needed")) == 7


# --- what Slack and the network do --------------------------------------------------------------------------


def test_a_shared_card_that_is_deleted_in_slack_comes_again(busy: Bot) -> None:
    bot = busy
    spike(bot, 7)
    card = shared(bot, "Spike: 7 mentions")
    bot.slack.world.delete(bot.slack.world.message(CHANNEL, card.ts))

    strangers(bot, ["@acmebrew and another?"])

    again = eventually(lambda: next(one for one in bot.cards() if "Spike: 8 mentions" in seen(one)))
    assert again.ts != card.ts


def test_words_that_are_erased_leave_the_shared_card_too(busy: Bot) -> None:
    bot = busy
    posts = spike(bot, 7)
    card = bot.shows(shared(bot, "Spike: 7 mentions"), "apple in the beer?")

    with bot.ctx.db.write() as session:
        mention = session.scalars(select(Mention).where(Mention.post_id == posts[0].id)).one()
        mention.erase(bot.ctx.now())
        Ticket.lock(session, mention.ticket_id).revision += 1
    bot.ctx.cards_wake.set()

    bot.shows(card, "7 waiting", without=("apple in the beer?",))


def test_a_customer_who_posts_again_after_the_group_was_closed_gets_a_card(busy: Bot) -> None:
    bot = busy
    posts = spike(bot, 7)
    card = shared(bot, "Spike: 7 mentions")
    close_all(bot, card)

    bot.post("@acmebrew but I do want an answer", author=author(bot, posts[2]), reply_to=posts[2].id)
    bot.poll()

    bot.shows(bot.card("but I do want an answer"), "Waiting", "[Reply]")
    with bot.ctx.db.read() as session:
        assert session.scalars(select(TicketGroup.joined)).one() == 7


def test_a_thread_command_under_a_shared_card_says_what_to_do(busy: Bot) -> None:
    bot = busy
    spike(bot, 7)
    card = shared(bot, "Spike: 7 mentions")

    bot.say(card, "@Heard claim")

    bot.whisper("several mentions", "Claim one")
    assert [one.owner for one in tickets(bot)] == [None] * 7


def test_a_spike_in_a_channel_that_is_archived_is_one_card_in_the_default_channel(database_url: str) -> None:
    with running(database_url, spike_per_minute=5, troubles=True) as bot:
        bot.slack.world.add_channel("C0TALK", "talk")
        bot.poll()
        with bot.ctx.db.write() as session:
            session.execute(update(Track).values(channel="C0TALK"))
        bot.slack.world.archive("C0TALK")

        spike(bot, 7)
        bot.shows(shared(bot, "Spike: 7 mentions"), "7 waiting")
        herbs = ("mint", "sage", "thyme", "basil", "dill", "chervil")
        strangers(bot, [f"@acmebrew and what of {name}?" for name in herbs])

        bot.shows(shared(bot, "Spike: 13 mentions"), "13 waiting")
        assert len(bot.cards()) == 1
        assert {one.channel for one in tickets(bot)} == {CHANNEL}


def test_other_channels_get_one_line_for_a_spike_and_not_one_for_each(busy: Bot) -> None:
    bot = busy
    bot.slack.world.add_channel("C0TALK", "talk")
    with bot.ctx.db.write() as session:
        draft = TrackDraft("search", "x", "beer", channel="C0TALK")
        track_rules.add(session, draft, at=bot.ctx.now(), by="U0BEN")
    spike(bot, 8)
    card = shared(bot, "Spike: 8 mentions")

    track_search.search_tracks(bot.ctx, bot.ctx.networks["x"])
    bot.settled()

    def lines() -> list[Message]:
        with bot.slack.world.lock:
            return list(bot.slack.world.channel("C0TALK").messages)

    def all_told() -> bool:
        with bot.ctx.db.read() as session:
            return not session.scalars(select(Notice).where(Notice.ts.is_(None))).all()

    eventually(all_told)
    [line] = lines()
    assert f"p{card.ts.replace('.', '')}" in str(line.text)


def test_a_line_leads_to_the_new_card_when_the_shared_one_was_deleted(bot: Bot) -> None:
    ours = bot.x.world.publish("New: a winter stout")
    first = [strangers(bot, [f"Number {one}?"], reply_to=ours.id)[0] for one in range(4)]
    line = bot.card_of(first[0])
    strangers(bot, ["Number 4?"], reply_to=ours.id)
    card = shared(bot, "5 people replied")
    bot.shows(line, f"p{card.ts.replace('.', '')}")
    bot.slack.world.delete(bot.slack.world.message(CHANNEL, card.ts))

    strangers(bot, ["Number 5?"], reply_to=ours.id)

    again = eventually(lambda: next(one for one in bot.cards() if "6 people replied" in seen(one)))
    bot.shows(line, f"p{again.ts.replace('.', '')}")
    assert bot.thread(again) == []


def test_a_second_close_all_leaves_the_first_ones_undo(busy: Bot) -> None:
    bot = busy
    spike(bot, 7)
    card = shared(bot, "Spike: 7 mentions")
    close_all(bot, card)
    strangers(bot, ["@acmebrew another one?"])
    bot.shows(card, "1 waiting", "[Undo: reopen 7]")
    asked = bot.press(card, "Close all 1…", by=bot.ben).view
    assert asked.title == "Close 1 mention"
    assert asked.submit().closed
    bot.shows(card, "0 waiting", "[Undo: reopen 7]", "[Undo: reopen 1]")

    bot.press(card, "Undo: reopen 7")

    bot.shows(card, "7 waiting", "[Undo: reopen 1]", without=("reopen 7",))
