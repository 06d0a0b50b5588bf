"""A handle such as `@_acme_` is itself wherever it stands: Slack's own reading of every message shows it whole.

mrkdwn makes italics of what stands between two underscores, and has no way to escape one.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.jobs import claim_expiry, digest, reminders, snooze_wakeup
from bot.networks.errors import Later, Unsure
from bot.networks.x.settings import XSettings
from bot.slack.blocks.elements import context_block
from bot.slack.blocks.text import mrkdwn_handle, mrkdwn_handle_link, mrkdwn_literal
from models import Notice, Ticket
from models.tickets.reply import Reply
from sandbox.slack import SlackServer, visible
from sandbox.slack.text.mrkdwn import mrkdwn
from sandbox.slack.text.visible import VisibleText
from sandbox.x import XWorld
from tests.bot.room import BEN, Clock, Room, room
from tests.memory_network import MemoryNetwork
from tests.stage import default_sla, worlds
from tests.story.harness import KEYS, Bot, settings_for, started

BRAND, MIA, ANN, BOB = "_acme_", "_mia_", "_ann", "bob_"
TYPED = (
    "open", "open unclaimed", "mine", "stats", "search hello", "issues", "doctor", "help", "what?", "me",
    "pause", "resume", f"search @{MIA}", "search @_mi_", f"search {BRAND}", f"issues {BRAND}",
)  # fmt: skip


def whole(shown: VisibleText) -> None:
    """No handle has lost an underscore, and none is italic, bold with its neighbour or struck through."""
    for text in (shown.text, shown.notification):
        for handle in re.findall(r"@\w*(?:acme|mia|ann|bob)\w*", text):
            assert handle in {f"@{one}" for one in (BRAND, MIA, ANN, BOB)}, text
    for style in shown.of("italic", "strike"):
        assert not re.search("acme|mia|ann|bob", style.text), style


def sent(slack: SlackServer) -> Iterator[dict[str, Any]]:
    """Everything that the bot has sent to Slack, whatever became of it."""
    with slack.world.lock:
        calls = list(slack.world.calls)
    for call in calls:
        given = {
            name: _read(call.args.get(name)) for name in ("text", "blocks", "view") if call.args.get(name)
        }
        if view := given.pop("view", None):
            yield view
        if given:
            yield given


def _read(value: Any) -> Any:
    with suppress(TypeError, ValueError):
        return json.loads(value)
    return value


@pytest.mark.parametrize(
    "handle", [BRAND, MIA, ANN, BOB, "a_b", "a", "_", "__", "a_.b_c", "x*y*", "a`b`c", "~a~"]
)
@pytest.mark.parametrize("url", ["", "https://acme.slack.test/archives/C1/p1?a=1&b=2"])
def test_a_handle_is_itself_between_words_and_beside_another_one(handle: str, url: str) -> None:
    shown = handle.replace("`", "'")
    sentence = f"_ {mrkdwn_handle(handle)} and {mrkdwn_handle_link(handle, url)}, *{mrkdwn_handle(BRAND)}* to {mrkdwn_handle(handle)} _."

    read = mrkdwn(sentence, verbatim=True)

    assert read.text == f"_ @{shown} and @{shown}, @{BRAND} to @{shown} _."
    assert {one.kind for one in read.live} <= {"code", "bold", "link"}
    assert {one.target for one in read.live if one.kind == "link"} == ({url} if url else set())
    assert mrkdwn(mrkdwn_literal(f"{handle} *b* `c`"), verbatim=True).text == f"{shown} *b* 'c'"


# --- in a running bot -------------------------------------------------------------------------------------------


@pytest.fixture
def bot(database_url: str) -> Iterator[Bot]:
    with worlds(XWorld(handle=BRAND, name="*Acme* _Brew_")) as (slack, x):
        keys = XSettings(api_url=x.url, **KEYS)
        given = settings_for(database_url, slack, reconcile_seconds=(0.1, 0.2))
        with started(given, keys, slack, x) as made:
            yield made


@pytest.mark.both_engines
def test_every_message_of_a_working_day_shows_each_handle_whole(bot: Bot) -> None:
    for handle in (MIA, ANN, BOB):
        bot.x.world.add_user(handle, f"_{handle}_ *x*", followers=9)
    post, card = bot.heard(f"@{BRAND} hello", MIA)
    between = bot.x.world.post(ANN, f"@{BRAND} and @{BOB}")
    _, other = bot.heard("I think so, too", BOB, reply_to=between.id)
    answers: list[Any] = [bot.ana.command("/mentions", text) for text in TYPED]
    bot.press(card, "Claim")
    bot.say(card, "@Heard issue _slow_ *beer*")
    bot.say(card, f"@Heard reply hello @{MIA}")
    bot.whisper("Only you can see this")
    answers.append(bot.press(card, "No reply needed", by=bot.ben).view.state)
    modal = bot.compose(card, by=bot.ben)
    answers.append(modal.state)
    assert modal.fill(f"Hello @{MIA}!").submit().closed
    bot.shows(card, "Answered")
    answers.append(bot.press(card, "Follow up").view.state)
    again = bot.x.world.post(MIA, f"@{BRAND} and now?", reply_to=bot.x.world.replies_to(post.id)[0].id)
    bot.poll()
    bot.told(card, "posted again")
    bot.x.world.faults.add("POST /2/tweets", "answer_lost_before", times=1)
    bot.reply(other, f"Hello @{BOB}!", by=bot.ben)
    bot.told(other, "I can't find it")
    bot.press(card, "Author history")
    bot.ana.open_home()
    bot.settled()

    texts = [visible(one) for one in sent(bot.slack)]
    texts += [visible(getattr(one, "acked", one)) for one in answers if getattr(one, "acked", True)]
    assert again.id
    assert len(texts) > 25
    for shown in texts:
        whole(shown)
    everything = "\n".join(shown.text for shown in texts)
    for phrase in (
        f"to @{BRAND}",
        f"answers @{ANN}, names us",
        f"@{MIA} posted again",
        f"from @{BRAND} to @{MIA}",
    ):
        assert phrase in everything


def test_reminders_and_the_digest_show_each_handle_whole(
    database_url: str, clock: Clock, slack: SlackServer
) -> None:
    network = MemoryNetwork(BRAND, now=clock)
    with room(database_url, clock, network, slack=slack, backup=BEN, digest_at="09:00") as here:
        here.poll()
        for handle in (MIA, ANN, BOB):
            network.says(handle, f"@{BRAND} hello", at=clock())
        here.poll()
        here.draw_all()
        tickets = [one.id for one in here.tickets()]
        with here.ctx.db.write() as session:
            for number in tickets[:2]:
                Ticket.lock(session, number).claim(session, by=BEN, at=clock())
        for minutes in (16, 20, 300, 600, 2000):
            clock.pass_by(minutes=minutes)
            here.poll()
            for job in (
                reminders.send_due,
                reminders.start_missing_clocks,
                claim_expiry.run_due,
                digest.write_due,
            ):
                job(here.ctx)
            here.draw_all()
        with here.ctx.db.write() as session:
            ticket = Ticket.lock(session, tickets[0])
            ticket.snooze(
                session,
                until=clock() + timedelta(hours=1),
                by=BEN,
                at=clock(),
                sla_policy=default_sla(here.ctx),
            )
        clock.pass_by(hours=2)
        with here.ctx.db.write() as session:
            snooze_wakeup.wake_due(here.ctx, session, at=clock())
        network.fails("publish", Unsure("no answer from @_acme_ to @_mia_"))
        reply = here.submit(tickets[2], "Hello!")
        for _ in range(8):
            here.send()
            clock.pass_by(minutes=10)
        network.fails("publish", Later(None, "unauthorized", "User @_acme_ is not allowed to answer @_mia_."))
        here.decide(reply, Reply.send_again)
        here.send()
        here.draw_all()

        told = [visible({"text": one.text, "blocks": one.blocks or []}) for one in _notices(here)]
        for shown in [*told, *(visible(one) for one in sent(slack))]:
            whole(shown)
        everything = "\n".join(shown.text for shown in told)
        for phrase in (
            "has been waiting",
            "unanswered",
            "the snooze is over",
            "I can't find it",
            "not allowed to",
        ):
            assert phrase in everything
        for handle in (MIA, ANN, BOB):
            assert f"@{handle}" in everything


def _notices(here: Room) -> list[Any]:
    with here.ctx.db.read() as session:
        return list(session.scalars(select(Notice)))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slack(clock: Clock) -> Iterator[SlackServer]:
    with SlackServer() as server:
        server.world.clock = lambda: clock().timestamp()
        yield server


@pytest.mark.parametrize(
    "words",
    [
        "maria@books.example", "maria.bsky.social", "mail ana.bo@books.example now", "see books.example/path?",
        "www.books.example", "https://books.example/a", "(books.example)", "kettle.io",
    ],
)  # fmt: skip
def test_what_slack_would_make_an_address_of_is_shown_as_it_was_typed(words: str) -> None:
    for escaped, shown in ((mrkdwn_handle(words), f"@{words}"), (mrkdwn_literal(words), words)):
        parsed = mrkdwn(escaped)
        assert parsed.text == shown
        assert not [one for one in parsed.live if one.kind in {"link", "broadcast", "channel"}]
        assert "`" in escaped


@pytest.mark.parametrize("words", ["acme", "acme_uk", "version 2.0", "e.g. this", "Mr.", "3.5", "well... no"])
def test_what_is_no_address_needs_no_code(words: str) -> None:
    assert mrkdwn_literal(words) == words


def test_neither_is_a_handle_of_another_server_in_a_whole_message() -> None:
    sentence = (
        f":wave: *{mrkdwn_handle('maria@books.example')}* wrote again, on {mrkdwn_literal('books.example')}."
    )

    shown = visible({"text": sentence})

    assert "@maria@books.example" in shown.text
    assert [one for one in shown.live if one.kind == "link"] == []


def test_in_a_block_where_nothing_is_linked_such_a_handle_is_plain() -> None:
    line = context_block(f"Bluesky, to {mrkdwn_handle('acme.test')}, {mrkdwn_handle('_ann@books.example')}")

    shown = visible({"blocks": [line]})

    assert line["elements"][0]["text"] == "Bluesky, to @acme.test, `@_ann@books.example`"
    assert [one for one in shown.live if one.kind == "link"] == []
