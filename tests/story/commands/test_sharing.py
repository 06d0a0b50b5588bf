"""An answer with charts, in whichever form Slack takes it; and sharing just what was seen."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from slack_bolt import Respond

from bot.networks.x.settings import XSettings
from bot.slack import ephemeral_answers
from bot.slack.blocks.chart import Chart
from bot.slack.blocks.elements import section_block
from bot.slack.ephemeral_answers import EphemeralAnswer, Requester
from models import SharedAnswer
from sandbox.slack import visible
from sandbox.slack.block_kit.validator import check_message
from sandbox.slack.workspace.message import Message
from tests.story.harness import CHANNEL, KEYS, Bot, eventually, settings_for, started, worlds

HOSTILE = "<!channel> *now* <https://evil.example|here>"
CHART = Chart("Heard by day", "bar", ("Mon", "Tue"), (("heard", (3.0, 5.0)),), "mentions")
TOLD = EphemeralAnswer("Heard 8", [section_block("*Heard* 8")], [CHART])


@pytest.fixture
def bot(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bot]:
    """A bot whose Slack may refuse blocks."""
    monkeypatch.setattr(
        ephemeral_answers, "IMAGE_SEND_DELAYS_SECONDS", (0.0, 0.05, 0.2)
    )  # seconds: the local Slack is quicker
    with (
        worlds() as (slack, x),
        started(settings_for(database_url, slack), XSettings(api_url=x.url, **KEYS), slack, x) as bot,
    ):
        yield bot


def told(bot: Bot, what: EphemeralAnswer, channel: str = CHANNEL) -> list[Message]:
    """What Ana is shown when she asks for that."""
    before = len(bot.ana.ephemerals())
    url = bot.ana.command("/mentions", "help", channel=channel).response_url
    asker = Requester("U0ANA", channel, Respond(response_url=bot.slack.address + url.path))
    ephemeral_answers.send_answer(bot.ctx, asker, what)
    return bot.ana.ephemerals()[before + 1 :]


def kinds(*messages: Message) -> list[str]:
    return [block["type"] for one in messages for block in one.blocks]


def bare(blocks: list[dict]) -> list[dict]:
    """Blocks without the names that Slack gives them."""
    return [{key: value for key, value in block.items() if key != "block_id"} for block in blocks]


def in_channel(bot: Bot) -> list[Message]:
    with bot.slack.world.lock:
        return [one for one in bot.slack.world.channel(CHANNEL).messages if not one.is_reply]


def shared(bot: Bot) -> list[Message]:
    return eventually(lambda: in_channel(bot))


def calls(bot: Bot, method: str) -> int:
    with bot.slack.world.lock:
        return sum(call.method == method for call in bot.slack.world.calls)


# --- shown --------------------------------------------------------------------------------------------------


def test_charts_are_slacks_own_and_are_spoken_for_who_does_not_see_them(bot: Bot) -> None:
    (answer,) = told(bot, TOLD)

    assert kinds(answer) == ["section", "data_visualization", "actions"]
    assert answer.text == "Heard 8\nHeard by day, mentions: heard highest 5 (Tue), lowest 3 (Mon), latest 5."


def test_more_charts_than_a_message_takes_go_on_in_the_next(bot: Bot) -> None:
    first, second = told(bot, replace(TOLD, charts=[CHART] * 3))

    assert kinds(first) == ["section", "data_visualization", "data_visualization"]
    assert kinds(second) == ["data_visualization", "actions"]


def test_where_slack_draws_no_charts_they_are_pictures_and_that_is_remembered(bot: Bot) -> None:
    bot.slack.world.faults.refuse_charts()

    (answer,) = told(bot, TOLD)
    assert kinds(answer) == ["section", "image", "actions"]
    tries = calls(bot, "response_url")

    (again,) = told(bot, TOLD)
    assert kinds(again) == ["section", "image", "actions"]
    assert calls(bot, "response_url") == tries + 1


def test_a_picture_that_slack_is_still_working_at_is_waited_for(bot: Bot) -> None:
    bot.slack.world.faults.refuse_charts()
    bot.slack.world.limits = replace(bot.slack.world.limits, file_seconds=0.1)

    (answer,) = told(bot, TOLD)

    assert kinds(answer) == ["section", "image", "actions"]


def test_where_no_picture_can_be_had_either_the_chart_is_in_characters(bot: Bot) -> None:
    bot.slack.world.faults.refuse_charts()
    bot.slack.world.scopes -= {"files:write"}

    (answer,) = told(bot, TOLD)

    assert kinds(answer) == ["section", "rich_text", "actions"]
    assert "Tue  ████████████████████████ 5" in visible(answer).text


def test_a_picture_that_never_gets_ready_is_given_up_for_characters(bot: Bot) -> None:
    bot.slack.world.faults.refuse_charts()
    bot.slack.world.limits = replace(bot.slack.world.limits, file_seconds=3_600.0)

    (answer,) = told(bot, TOLD)

    assert kinds(answer) == ["section", "rich_text", "actions"]


def test_a_chart_of_nothing_says_so(bot: Bot) -> None:
    empty = replace(CHART, series=(("heard", (None, None)),))

    (answer,) = told(bot, replace(TOLD, charts=[empty]))

    assert "no data yet" in visible(answer).text


def test_an_answer_whose_address_has_expired_comes_all_the_same(bot: Bot) -> None:
    bot.slack.world.limits = replace(bot.slack.world.limits, response_url_uses=0)

    (answer,) = told(bot, TOLD)

    assert kinds(answer) == ["section", "data_visualization", "actions"]


def test_a_very_long_answer_is_several_messages_that_slack_takes_whole(bot: Bot) -> None:
    long = EphemeralAnswer("Long", [section_block(f"{number} " + "word " * 100) for number in range(60)])

    answers = told(bot, long)

    assert len(answers) == 3
    for one in answers:
        assert check_message(one.blocks) == []
        assert len(visible(one).text) < 4_000
    assert "more not shown here" in visible(answers[-1]).text


@pytest.mark.parametrize("refused", [False, True])
def test_nobodys_words_in_a_chart_are_more_than_words(bot: Bot, refused: bool) -> None:
    if refused:
        bot.slack.world.faults.refuse_charts()
        bot.slack.world.scopes -= {"files:write"}
    hostile = replace(CHART, title=HOSTILE, categories=(HOSTILE, "Tue"), series=((HOSTILE, (3.0, 5.0)),))

    (answer,) = told(bot, replace(TOLD, charts=[hostile]))

    live = visible(answer)
    assert live.broadcasts == []
    assert [link.target for link in live.links if "evil" in link.target and "|" in link.target] == []


# --- shared -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("refused", [False, True])
def test_what_is_shared_is_what_was_seen_and_names_who_shared_it(bot: Bot, refused: bool) -> None:
    if refused:
        bot.slack.world.faults.refuse_charts()
    (answer,) = told(bot, TOLD)

    bot.ana.press(answer, "Share to channel")

    (message,) = shared(bot)
    assert bare(message.blocks)[1:] == bare(answer.blocks)[:-1]
    assert "@U0ANA asked Heard and shared the answer" in visible(message).text
    assert message.text == answer.text


@pytest.mark.both_engines
def test_an_answer_of_several_messages_is_shared_whole_and_in_order(bot: Bot) -> None:
    first, second = told(bot, replace(TOLD, charts=[CHART] * 3))

    bot.ana.press(second, "Share to channel")

    one, other = eventually(lambda: found if len(found := in_channel(bot)) == 2 else None)
    assert bare(one.blocks)[1:] == bare(first.blocks)
    assert bare(other.blocks) == bare(second.blocks)[:-1]


def test_sharing_twice_shares_once(bot: Bot) -> None:
    (answer,) = told(bot, TOLD)

    pressed = bot.ana.press(answer, "Share to channel")
    shared(bot)
    pressed.replay()
    bot.ana.press(answer, "Share to channel")

    bot.whisper("You have already shared that.")
    assert len(in_channel(bot)) == 1


@pytest.mark.both_engines
def test_a_channel_that_the_bot_is_not_in_is_one_sentence_and_the_button_works_afterwards(bot: Bot) -> None:
    with bot.slack.world.lock:
        bot.slack.world.channel(CHANNEL).members.discard(bot.slack.world.app.user_id)
    (answer,) = told(bot, TOLD)

    bot.ana.press(answer, "Share to channel")
    bot.whisper("I'm not in this channel")
    with bot.slack.world.lock:
        bot.slack.world.channel(CHANNEL).members.add(bot.slack.world.app.user_id)
    bot.ana.press(answer, "Share to channel")

    assert len(shared(bot)) == 1


def test_a_share_that_slack_lost_is_not_sent_again(bot: Bot) -> None:
    (answer,) = told(bot, TOLD)
    bot.slack.world.faults.lost_after("chat.postMessage")

    bot.ana.press(answer, "Share to channel")
    bot.whisper("Slack didn't confirm that it was shared")
    bot.ana.press(answer, "Share to channel")

    bot.whisper("Slack hasn't confirmed yet whether that was shared")
    assert len(in_channel(bot)) == 1


@pytest.mark.both_engines
def test_what_was_shown_long_ago_cannot_be_shared_any_more(bot: Bot) -> None:
    (answer,) = told(bot, TOLD)
    with bot.ctx.db.write() as session:
        SharedAnswer.delete_before(session, bot.ctx.now())

    bot.ana.press(answer, "Share to channel")

    bot.whisper("too old to share")
    assert in_channel(bot) == []
