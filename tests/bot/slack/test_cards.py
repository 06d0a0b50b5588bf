"""Cards and notices in the local Slack, over real HTTP: each once, as the ticket is, at Slack's own pace."""

from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select

from bot.networks.errors import Unsure
from bot.slack import cards as board
from bot.slack.blocks.tickets import card as face
from bot.slack.blocks.tickets.card_view import CardView
from models import Card, Notice, Ticket
from models.core.database import Database
from sandbox.slack import SlackServer
from tests.bot.room import CHANNEL, Clock, Counting, Room, calls, cards, room, together

POST, UPDATE = "chat.postMessage", "chat.update"
ELSEWHERE = "C0ELSEWHERE"


def hear(here: Room, count: int = 1) -> None:
    """Let `count` customers speak, a second apart, and hear them."""
    here.poll()
    for number in range(count):
        here.network.says(f"fan{number}", f"@acmebrew hello {number}")
        here.clock.pass_by(1)
    here.poll()


def change(here: Room, *tickets: int, times: int = 1) -> None:
    """Let something about the tickets change that their cards show."""
    for number in tickets or tuple(ticket.id for ticket in here.tickets()):
        for _ in range(times):
            with here.ctx.db.write() as session:
                Ticket.lock(session, number).revision += 1


def tell(here: Room, *texts: str, ticket: int | None = 1) -> None:
    with here.ctx.db.write() as session:
        for text in texts:
            Notice.enqueue(session, text, at=here.clock(), ticket_id=ticket)
            session.flush()


def move(here: Room, ticket: int, channel: str) -> None:
    with here.ctx.db.write() as session:
        Ticket.lock(session, ticket).channel = channel


def thread(slack: SlackServer, ts: str, channel: str = CHANNEL) -> list[str]:
    with slack.world.lock:
        return [one.text for one in slack.world.channel(channel).replies(ts)]


# --- one card a ticket ----------------------------------------------------------------------------------------


def test_a_ticket_gets_one_card_with_its_words_and_its_key(shown: Room, slack: SlackServer) -> None:
    hear(shown)
    shown.draw()
    shown.draw()

    [card] = cards(slack)
    assert "hello 0" in str(card.blocks)
    assert card.metadata == {"event_type": "heard", "event_payload": {"card_id": shown.card(1).key}}
    assert calls(slack, POST) == 1
    assert (shown.card(1).ts, shown.undrawn()) == (card.ts, [])


def test_ten_changes_cost_one_update_in_place(shown: Room, slack: SlackServer) -> None:
    hear(shown)
    shown.draw()
    [before] = cards(slack)
    with shown.ctx.db.write() as session:
        Ticket.lock(session, 1).claim(session, by="U0BEN", at=shown.clock())
    change(shown, 1, times=9)
    shown.draw()
    shown.draw()

    [after] = cards(slack)
    assert after.ts == before.ts
    assert "assigned to <@U0BEN>" in str(after.blocks)
    assert (calls(slack, POST), calls(slack, UPDATE)) == (1, 1)


@pytest.mark.both_engines
def test_a_card_is_declared_before_slack_is_called(shown: Room, slack: SlackServer) -> None:
    hear(shown)
    seen = []

    def look(_change: object) -> None:
        other = Database(shown.ctx.settings.url)
        with other.read() as session:
            card = session.get_one(Card, 1)
            seen.append((card.placing_since, card.ts, card.leased_until))
        other.close()

    stop = slack.world.on_change(look)
    shown.draw()
    stop()

    assert seen[0] == (shown.clock(), None, shown.clock() + board.SLACK_CALL_LEASE)


@pytest.mark.both_engines
def test_two_workers_make_one_card(database_url, clock, network, slack: SlackServer) -> None:
    with room(database_url, clock, network, slack=slack) as one:
        shared = one.ctx.db if one.ctx.db.is_sqlite else Database(database_url)
        with room(database_url, clock, network, slack=slack, db=shared, worker="other") as two:
            hear(one, 12)
            tell(one, "first", "second")
            assert together(one.draw, two.draw, one.draw, two.draw) == [None] * 4
            one.draw_all()

    assert len(cards(slack)) == 12
    assert calls(slack, POST) == 14


# --- an answer that was lost ----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["lost_after", "http_500"])
def test_a_card_whose_answer_was_lost_is_found_and_not_posted_again(shown, slack, fault) -> None:
    getattr(slack.world.faults, fault)(POST, **({"after": True} if fault == "http_500" else {}))
    hear(shown)
    shown.draw()
    assert shown.card(1).ts is None
    shown.draw_all()

    [card] = cards(slack)
    assert shown.card(1).ts == card.ts
    assert calls(slack, POST) == 1


@pytest.mark.both_engines
def test_a_found_card_shows_what_changed_meanwhile(shown: Room, slack: SlackServer) -> None:
    slack.world.faults.lost_after(POST)
    hear(shown)
    shown.draw()
    with shown.ctx.db.write() as session:
        Ticket.lock(session, 1).claim(session, by="U0BEN", at=shown.clock())
    shown.draw_all()

    [card] = cards(slack)
    assert "assigned to <@U0BEN>" in str(card.blocks)


def test_a_card_that_never_arrived_is_posted_again_after_half_a_minute(shown, slack: SlackServer) -> None:
    slack.world.faults.lost_before(POST)
    hear(shown)
    began = shown.clock()
    shown.draw_all()

    assert len(cards(slack)) == 1
    assert calls(slack, POST) == 2
    assert timedelta(seconds=30) <= shown.clock() - began <= timedelta(seconds=40)


def busy(shown: Room, slack: SlackServer, seconds: float, also: object = None) -> None:
    """The channel has three pages of other messages, and Slack needs `seconds` for each."""
    for number in range(500):
        slack.world.post(CHANNEL, "U0ANA", f"chatter {number}")
    read = shown.ctx.slack._read_history

    def slowly(ask, thread_ts):
        shown.clock.pass_by(seconds)
        if callable(also):
            also()
        return read(ask, thread_ts)

    shown.ctx.slack._read_history = slowly  # type: ignore[method-assign]


def test_a_card_that_never_arrived_is_posted_though_looking_for_it_takes_longer_than_a_lease(
    shown, slack: SlackServer
) -> None:
    slack.world.faults.lost_before(POST)
    hear(shown)
    shown.draw()
    busy(shown, slack, 6)
    shown.draw_all()

    assert len(cards(slack)) == 1
    assert calls(slack, POST) == 2


@pytest.mark.both_engines
def test_who_looked_for_too_long_leaves_the_card_to_whoever_has_it_by_then(shown, slack: SlackServer) -> None:
    slack.world.faults.lost_before(POST)
    hear(shown)
    shown.draw()
    shown.clock.pass_by(40)
    later = shown.clock() + timedelta(hours=1)

    def others() -> None:
        with shown.ctx.db.write() as session:
            session.scalars(select(Card)).one().leased_until = later

    busy(shown, slack, 20, others)
    shown.draw()

    assert cards(slack) == []
    assert shown.card(1).leased_until == later


def test_a_card_that_is_there_twice_keeps_the_older_one(shown: Room, slack: SlackServer) -> None:
    faults = slack.world.faults
    faults.lost_after(POST, times=2)
    faults.error("conversations.history", "missing_scope", times=None)  # nobody can look
    hear(shown)
    while calls(slack, POST) < 2:
        shown.draw()
        shown.clock.pass_by(2)
    older, younger = cards(slack)
    faults.clear()
    shown.draw_all()

    assert [card.ts for card in cards(slack)] == [older.ts]
    assert shown.card(1).ts == older.ts
    assert younger.ts > older.ts


def test_a_second_card_that_cannot_be_removed_keeps_nobody_waiting(shown: Room, slack) -> None:
    faults = slack.world.faults
    faults.lost_after(POST, times=2)
    faults.error("conversations.history", "missing_scope", times=None)
    hear(shown)
    while calls(slack, POST) < 2:
        shown.draw()
        shown.clock.pass_by(2)
    faults.clear()
    faults.error("chat.delete", "cant_delete_message", times=None)
    shown.draw_all()

    assert shown.card(1).ts == cards(slack)[0].ts


@pytest.mark.parametrize("posted", [True, False])
def test_a_worker_killed_while_placing_leaves_one_card(shown: Room, slack: SlackServer, *, posted) -> None:
    hear(shown)
    job = board._begin_card(shown.ctx, 1)
    assert isinstance(job, board.SlackCall)
    if posted:
        shown.ctx.slack.post(job.channel, job.text, job.blocks, key=job.key)
    # and here the process is killed
    shown.draw()
    assert len(cards(slack)) == posted
    shown.clock.pass_by(board.SLACK_CALL_LEASE.total_seconds())
    shown.draw_all()

    [card] = cards(slack)
    assert shown.card(1).ts == card.ts


@pytest.mark.both_engines
def test_a_notice_whose_answer_was_lost_is_told_once(shown: Room, slack: SlackServer) -> None:
    hear(shown)
    shown.draw()
    slack.world.faults.lost_after(POST)
    tell(shown, "first")
    shown.draw_all()

    assert thread(slack, shown.card(1).ts) == ["first"]


# --- Slack's pace ---------------------------------------------------------------------------------------------


def test_a_channel_gets_one_post_a_second_and_slack_never_complains(
    database_url, clock, network, slack: SlackServer
) -> None:
    slack.world.limits.enforce, slack.world.limits.burst = True, 1
    with room(database_url, clock, network, slack=slack, slack_posts_per_second=1) as here:
        hear(here, 12)
        tell(here, "first", "second")
        here.draw_all()

    times = [call.at for call in slack.world.calls if call.method == POST]
    assert len(times) == 14
    assert min(late - soon for soon, late in pairwise(times)) >= 1
    assert all(call.ok for call in slack.world.calls)


@pytest.mark.both_engines
def test_no_minute_has_more_updates_than_the_workspace_allows(
    database_url, clock, network, slack: SlackServer
) -> None:
    slack.world.limits.enforce, slack.world.limits.burst = True, 1000
    with room(database_url, clock, network, slack=slack, slack_updates_per_minute=50) as here:
        hear(here, 40)
        here.draw_all()
        for _ in range(3):
            change(here)
            here.draw_all()

    times = [call.at for call in slack.world.calls if call.method == UPDATE]
    assert len(times) == 120
    assert max(sum(at <= other < at + 60 for other in times) for at in times) <= 50
    assert all(call.ok for call in slack.world.calls)
    assert times[9] == times[0]  # a handful goes at once


def test_a_channel_that_is_told_to_wait_waits_and_the_others_go_on(shown: Room, slack) -> None:
    slack.world.add_channel(ELSEWHERE, "elsewhere")
    hear(shown, 3)
    move(shown, 3, ELSEWHERE)
    slack.world.faults.rate_limited(POST, retry_after=7)
    assert shown.draw() == 2.0

    assert (len(cards(slack)), len(cards(slack, ELSEWHERE))) == (0, 1)
    shown.clock.pass_by(6)
    assert shown.draw() == 1.0
    assert cards(slack) == []
    shown.clock.pass_by(1)
    shown.draw()
    assert len(cards(slack)) == 2


def test_a_crowd_in_one_channel_does_not_keep_another_waiting(
    database_url, clock, network, slack: SlackServer
) -> None:
    slack.world.add_channel(ELSEWHERE, "elsewhere")
    with room(database_url, clock, network, slack=slack, slack_posts_per_second=1) as here:
        hear(here, board.BATCH_MAX_ROWS + 5)
        move(here, board.BATCH_MAX_ROWS + 5, ELSEWHERE)
        here.draw()

        assert (len(cards(slack)), len(cards(slack, ELSEWHERE))) == (1, 1)


@pytest.mark.both_engines
def test_a_crowd_of_old_cards_does_not_keep_a_new_one_waiting(
    database_url, clock, network, slack: SlackServer
) -> None:
    with room(database_url, clock, network, slack=slack, slack_updates_per_minute=1) as here:
        here.poll()
        for number in range(board.BATCH_MAX_ROWS + 5):
            network.says(f"fan{number}", "@acmebrew hello")
        here.poll()
        here.draw_all()
        change(here)
        network.says("maria", "@acmebrew is anybody there?")
        here.poll()
        here.draw()

        assert "is anybody there?" in str(cards(slack)[-1].blocks)


def test_a_burst_is_drawn_in_one_go_where_slack_allows_it(shown: Room, slack: SlackServer) -> None:
    hear(shown, board.BATCH_MAX_ROWS * 2 + 5)
    shown.draw()

    assert len(cards(slack)) == board.BATCH_MAX_ROWS * 2 + 5


def test_a_card_with_an_open_undo_window_goes_first(database_url, clock, network, slack: SlackServer) -> None:
    with room(database_url, clock, network, slack=slack, slack_updates_per_minute=1) as here:
        hear(here, 5)
        here.draw_all()
        clock.pass_by(minutes=1)
        change(here)
        here.submit(4, "On its way!", undo=10)
        here.draw()

        [drawn] = [card for card in cards(slack) if "On its way!" in str(card.blocks)]
        assert "Undo" in drawn.buttons
        assert calls(slack, UPDATE) == 1


# --- a definite no --------------------------------------------------------------------------------------------


def test_a_card_that_was_deleted_in_slack_is_placed_anew(shown: Room, slack: SlackServer) -> None:
    hear(shown)
    shown.draw()
    before = shown.card(1).ts
    slack.world.delete(slack.world.message(CHANNEL, before))
    change(shown)
    tell(shown, "first")
    shown.draw_all()

    [card] = cards(slack)
    assert card.ts != before
    first, why = thread(slack, card.ts)
    assert first == "first"
    assert "was deleted in Slack" in why


def test_a_notice_for_a_thread_that_is_gone_has_the_card_placed_anew(shown: Room, slack) -> None:
    hear(shown)
    shown.draw()
    before = shown.card(1).ts
    slack.world.delete(slack.world.message(CHANNEL, before))
    slack.world.faults.error(POST, "thread_not_found")
    tell(shown, "first")
    shown.draw_all()

    [card] = cards(slack)
    assert card.ts != before
    first, why = thread(slack, card.ts)
    assert first == "first"
    assert "was deleted in Slack" in why


@pytest.mark.parametrize("how", ["archive", "delete_channel"])
@pytest.mark.parametrize("what", ["new card", "old card", "notice"])
def test_a_channel_that_is_gone_gives_way_to_the_default_one(shown: Room, slack, how, what) -> None:
    slack.world.add_channel(ELSEWHERE, "elsewhere")
    hear(shown)
    move(shown, 1, ELSEWHERE)
    if what != "new card":
        shown.draw()
        assert len(cards(slack, ELSEWHERE)) == 1
    getattr(slack.world, how)(ELSEWHERE)
    if what == "old card":
        change(shown)
    if what == "notice":
        tell(shown, "first")
    shown.draw_all(20)

    [card] = cards(slack)
    assert shown.ticket().channel == CHANNEL
    assert thread(slack, card.ts) == (["first"] if what == "notice" else [])
    [moved] = [words for words in shown.told() if f"<#{ELSEWHERE}>" in words]
    assert "its cards have moved here" in moved


def test_a_notice_for_a_channel_that_is_gone_is_told_in_the_default_one(shown: Room, slack) -> None:
    with shown.ctx.db.write() as session:
        Notice.enqueue(session, "hear, hear", at=shown.clock(), channel="C0GONE")
    shown.draw_all(5)

    first, moved = [one.text for one in slack.world.channel(CHANNEL).messages]
    assert first == "hear, hear"
    assert "<#C0GONE> is gone" in moved


def test_blocks_that_slack_refuses_give_way_to_a_plain_card(shown: Room, slack: SlackServer) -> None:
    slack.world.faults.error(POST, "invalid_blocks")
    hear(shown)
    shown.draw_all(3)

    [card] = cards(slack)
    assert card.blocks[0]["text"]["type"] == "plain_text"
    assert "hello 0" in card.blocks[0]["text"]["text"]
    assert "Reply" in card.buttons


def test_a_notice_that_slack_refuses_is_told_without_blocks(shown: Room, slack: SlackServer) -> None:
    hear(shown)
    shown.draw()
    with shown.ctx.db.write() as session:
        Notice.enqueue(session, "first", at=shown.clock(), ticket_id=1, blocks=[{"type": "nonsense"}])
    shown.draw_all(3)

    assert thread(slack, shown.card(1).ts) == ["first"]


def test_a_bot_that_was_not_invited_keeps_trying_and_loses_nothing(shown: Room, slack) -> None:
    slack.world.remove(CHANNEL, slack.world.app.user_id)
    hear(shown, 3)
    for _ in range(60):
        shown.draw()
        shown.clock.pass_by(60)
    tries = calls(slack, POST)
    assert cards(slack) == []
    assert shown.card(1).failure == "not_in_channel"
    slack.world.join(CHANNEL, slack.world.app.user_id)
    shown.clock.pass_by(300)
    shown.draw_all()

    assert len(cards(slack)) == 3
    assert tries < 3 * 25  # it is not hammered


def test_slack_that_is_away_at_the_start_gets_everything_later(shown: Room, slack: SlackServer) -> None:
    slack.world.faults.down()
    hear(shown, 3)
    for _ in range(30):
        shown.draw()
        shown.clock.pass_by(2)
    assert cards(slack) == []
    slack.world.faults.up()
    shown.draw_all()

    assert len(cards(slack)) == 3


def test_a_slack_that_refuses_connections_is_known_to_have_nothing(here: Room) -> None:
    hear(here)
    here.draw()

    assert (here.card(1).placing_since, here.card(1).failure) == (None, "Slack cannot be reached")


# --- what is told ---------------------------------------------------------------------------------------------


def test_notices_wait_for_their_card(shown: Room, slack: SlackServer) -> None:
    hear(shown)
    slack.world.faults.lost_before(POST)
    tell(shown, "first")
    shown.draw()
    assert calls(slack, POST) == 1
    shown.draw_all()

    assert thread(slack, shown.card(1).ts) == ["first"]


def test_notices_come_in_order_even_if_the_first_is_lost(shown: Room, slack: SlackServer) -> None:
    hear(shown)
    shown.draw()
    slack.world.faults.lost_before(POST)
    tell(shown, "first", "second", "third")
    shown.draw_all()

    assert thread(slack, shown.card(1).ts) == ["first", "second", "third"]


def test_notices_of_one_ticket_do_not_wait_for_another(shown: Room, slack: SlackServer) -> None:
    hear(shown, 2)
    shown.draw()
    slack.world.faults.lost_before(POST)
    tell(shown, "stuck")
    tell(shown, "first", "second", ticket=2)
    shown.draw()

    assert thread(slack, shown.card(2).ts) == ["first", "second"]


def test_a_question_is_in_the_thread_and_on_the_card(shown: Room, network: Counting, slack) -> None:
    hear(shown)
    network.fails("publish", Unsure("no answer"))
    shown.submit(1, "On Monday!")
    for _ in range(8):
        shown.send()
        shown.clock.pass_by(600)
    shown.draw_all()

    [card] = cards(slack)
    assert {"It was posted", "Send again", "Discard"} <= set(card.buttons)
    assert "Did it post?" in str(card.blocks)
    assert any("Did it post?" in text for text in thread(slack, card.ts))


def test_one_ticket_that_cannot_be_drawn_keeps_nobody_waiting(
    shown: Room, slack: SlackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = face.build_card

    def stumble(view: CardView) -> list:
        if view.ticket.id == 1:
            raise KeyError("a bug")
        return draw(view)

    hear(shown, 3)
    monkeypatch.setattr(face, "build_card", stumble)
    shown.draw()
    shown.draw()
    assert len(cards(slack)) == 2
    monkeypatch.setattr(face, "build_card", draw)
    shown.clock.pass_by(60)
    shown.draw()

    assert len(cards(slack)) == 3
    assert shown.undrawn() == []


def test_a_stop_leaves_what_was_not_begun(shown: Room, slack: SlackServer, clock: Clock) -> None:
    hear(shown)
    shown.ctx.stop.set()
    shown.draw()

    assert calls(slack, POST) == 0
