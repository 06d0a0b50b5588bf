"""What somebody says to nobody in particular, in Slack: found, explained, answered by hand, and confirmed."""

from collections.abc import Iterator

import pytest

from bot.ingest import track_search
from bot.slack import home_tab
from models import Track
from models.sources import track_rules
from models.sources.track_rules import TrackDraft
from sandbox.slack import visible
from sandbox.slack.workspace.message import Message
from tests.story.commands.tracking import listing
from tests.story.harness import CHANNEL, Bot, eventually, running, seen, sound

TALK = "C0TALK"


@pytest.fixture
def bot(database_url: str) -> Iterator[Bot]:
    with running(database_url) as bot:
        bot.slack.world.add_channel(TALK, "talk")
        yield bot


def listen(bot: Bot, query: str, channel: str = CHANNEL) -> None:
    with bot.ctx.db.write() as session:
        track_rules.add(
            session, TrackDraft("search", "x", query, channel=channel), at=bot.ctx.now(), by="U0BEN"
        )


def search(bot: Bot) -> None:
    track_search.search_tracks(bot.ctx, bot.ctx.networks["x"])


def messages(bot: Bot, channel: str) -> list[Message]:
    with bot.slack.world.lock:
        return [one.snapshot() for one in bot.slack.world.channel(channel).messages if not one.is_reply]


def test_a_wish_that_is_written_to_nobody_is_answered_by_a_named_teammate(bot: Bot) -> None:
    listen(bot, "acmebrew")
    post = bot.post("acmebrew would be nicer with tags")
    search(bot)
    card = bot.card_of(post)
    bot.shows(
        card,
        "acmebrew would be nicer with tags",
        "matches “acmebrew”",
        "can only be replied to by hand on X",
        without=("to @acmebrew", "mentions us"),
    )

    assert bot.reply(card, "Funny, that is what I am working on now.").closed
    card = bot.shows(card, "must be posted by hand", "[Open on X]", "[I posted it]")
    assert bot.attempts == 0
    bot.x.world.post("acmebrew", "Funny, that is what I am working on now.", reply_to=post.id)
    bot.watch()

    bot.shows(card, "Answered", "by @U0ANA", "See our reply on X")
    assert bot.attempts == 0


def test_a_post_for_two_channels_has_one_card_and_a_line_that_leads_to_it(bot: Bot) -> None:
    listen(bot, "kettle", TALK)
    post = bot.post("@acmebrew the kettle drips")
    search(bot)
    card = bot.card_of(post)
    bot.shows(card, "mentions us; matches “kettle”")

    [line] = eventually(lambda: messages(bot, TALK))
    link = f"{bot.ctx.slack.workspace}archives/{CHANNEL}/p{card.ts.replace('.', '')}"
    assert line.text == (
        f"A post on X that matches “kettle” has its card in <#{CHANNEL}>: <{link}|Open the card>."
    )


@pytest.mark.parametrize(
    "word", ["*kettle*", "<!channel>kettle", "`kettle` _x_ ~y~", "\u202ekettle\u202c", "<@U0BEN> kettle"]
)
def test_matched_words_are_text_on_the_card_and_in_the_line(bot: Bot, word: str) -> None:
    listen(bot, "kettle or channel", TALK)
    post = bot.post(f"@acmebrew {word}")
    search(bot)
    shown = sound(bot.card_of(post))
    [line] = eventually(lambda: messages(bot, TALK))

    assert shown.broadcasts == []
    assert sound(line).broadcasts == []
    assert "kettle" in seen(line)


def test_open_and_export_can_be_asked_for_one_track(bot: Bot) -> None:
    listen(bot, "kettle", TALK)
    listen(bot, "teapot")
    said = {"maria": "@acmebrew the kettle drips", "theo": "a teapot", "ken": "@acmebrew hello"}
    posts = [bot.post(words, author) for author, words in said.items()]
    search(bot)
    bot.poll()
    for post in posts:
        bot.card_of(post)
    bot.settled()
    with bot.ctx.db.read() as session:
        kettle, teapot = [one.id for one in Track.all(session) if one.kind == "search"]

    answer = str(bot.ana.command("/mentions", f"open track:{kettle}").blocks)
    assert f"found by track {kettle}" in answer
    assert "@maria" in answer
    assert "@theo" not in answer
    assert "@ken" not in answer
    answer = str(bot.ana.command("/mentions", f"open Track:{teapot}").blocks)
    assert "@theo" in answer
    assert "@maria" not in answer
    answer = visible(bot.ana.command("/mentions", f"search drips track:{kettle}").acked).text
    assert f"Newest first in track {kettle}: drips" in answer
    assert "@maria" in answer
    answer = visible(bot.ana.command("/mentions", f"search track:{teapot}").acked).text
    assert "@theo" in answer
    assert "@maria" not in answer
    answer = visible(bot.ana.command("/mentions", f"search tea track:{kettle}").acked).text
    assert answer == f"Nothing found in track {kettle}: tea"
    bot.ana.command("/mentions", f"export tickets track:{kettle}")
    [message] = eventually(lambda: [one for one in bot.ana.direct_messages() if one.files])
    content = bot.ana.download(message).decode()
    assert "the kettle drips" in content
    assert "teapot" not in content


def test_stats_can_be_asked_for_one_track(bot: Bot) -> None:
    listen(bot, "kettle")
    posts = [bot.post("a kettle, please"), bot.post("@acmebrew hello", "theo")]
    search(bot)
    bot.poll()
    for post in posts:
        bot.card_of(post)
    with bot.ctx.db.read() as session:
        [track] = [one.id for one in Track.all(session) if one.kind == "search"]

    answer = str(bot.ana.command("/mentions", f"stats track:{track}").blocks)
    assert f"found by track {track}" in answer
    assert "*Heard* 1 " in answer
    assert "*Heard* 2 " in str(bot.ana.command("/mentions", "stats").blocks)
    nothing = bot.ana.command("/mentions", "stats track:99").text
    assert nothing.startswith("No data found by track 99 for")


@pytest.mark.both_engines
def test_home_can_list_what_one_track_found_and_remembers_the_choice(bot: Bot) -> None:
    bot.ana.open_home()
    assert "All tracks and accounts" not in str(bot.ana.home.blocks)
    listen(bot, "kettle", TALK)
    listen(bot, "lid")
    posts = [bot.post("@acmebrew the kettle drips", "maria"), bot.post("@acmebrew hello", "ken")]
    search(bot)
    bot.poll()
    for post in posts:
        bot.card_of(post)
    bot.settled()

    def waiting() -> str:
        return next(one for one in visible(bot.ana.home).text.splitlines() if one.startswith("Waiting ("))

    bot.ana.open_home()
    assert waiting() == "Waiting (2)"
    with bot.ctx.db.read() as session:
        kettle, lid = [one.id for one in Track.all(session) if one.kind == "search"]
    bot.ana.press(bot.ana.home, f"Track {kettle}: kettle")
    eventually(lambda: waiting() == "Waiting (1)")
    assert "the kettle drips" in str(bot.ana.home.blocks)
    bot.told_all()
    home_tab.refresh(bot.ctx)
    bot.ana.open_home()
    assert waiting() == "Waiting (1)"

    bot.ana.press(bot.ana.home, f"Track {lid}: lid")
    eventually(lambda: waiting() == "Waiting (0)")
    assert "All caught up" not in visible(bot.ana.home).text
    bot.ana.press(bot.ana.home, "@acmebrew on X")
    eventually(lambda: waiting() == "Waiting (2)")
    bot.ana.press(bot.ana.home, f"Track {lid}: lid")
    eventually(lambda: waiting() == "Waiting (0)")
    bot.ana.press(bot.ana.home, "All tracks and accounts")
    eventually(lambda: waiting() == "Waiting (2)")
    bot.ben.open_home()
    assert "Waiting (2)" in visible(bot.ben.home).text


def test_a_search_in_a_track_has_pages(bot: Bot) -> None:
    listen(bot, "kettle")
    for number in range(12):
        bot.post(f"kettle number {number} drips", f"fan{number}")
    search(bot)
    bot.post("@acmebrew the roof drips", "maria")
    bot.poll()
    bot.card("the roof drips")
    bot.settled()
    with bot.ctx.db.read() as session:
        (kettle,) = [one.id for one in Track.all(session) if one.kind == "search"]

    first = bot.ana.command("/mentions", f"search drips track:{kettle}")
    further = seen(bot.ana.press(first.first_answer(), "More").ephemeral())

    text = visible(first.acked).text + further
    assert f"Further back in track {kettle}: drips" in further
    assert [text.count(f"kettle number {number} drips") for number in range(12)] == [1] * 12
    assert "roof" not in text


# --- quotes and links ---------------------------------------------------------------------------------------


def test_a_quote_that_does_not_name_us_is_heard_once_the_switch_is_on(bot: Bot) -> None:
    ours = bot.x.world.publish("New: a winter stout")
    bot.poll()
    asked = bot.ana.press(listing(bot), "Listen for quotes of @acmebrew").view
    assert asked.value("Words") == "quotes:@acmebrew"
    assert asked.submit().closed
    quote = bot.post("why does nobody tell me of such things", quotes=ours.id)
    other = bot.post("winter stout for everybody")

    search(bot)

    card = bot.shows(bot.card_of(quote), "why does nobody tell me", "quotes us", "quotes @acmebrew")
    assert "[Reply]" in seen(card)
    assert "can only be replied to by hand" not in seen(card)  # X takes a reply to who quotes us
    assert len(bot.cards()) == 1
    assert str(other.id) not in str([one.blocks for one in bot.cards()])
    again = seen(listing(bot))
    assert "Listen for quotes" not in again
    assert "quotes:@acmebrew" in again


def test_a_link_to_our_site_is_heard_wherever_it_leads_there(bot: Bot) -> None:
    bot.poll()
    asked = bot.ana.press(listing(bot), "Listen for links to your site").view
    assert asked.value("Words") in {None, ""}
    assert asked.fill({"Words": "acmebrew.example"}).submit().closed
    post = bot.post("good read https://acmebrew.example/blog/winter")

    search(bot)

    bot.shows(bot.card_of(post), "good read", "matches “acmebrew.example”")
