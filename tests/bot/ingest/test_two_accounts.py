"""Two accounts of ours on one network: each is read, told and alarmed for by itself; one post is one mention."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.ingest.missing_posts import PostCheck, record_answer
from bot.networks.errors import Later, Unsure
from bot.publish import account_check, disconnect_account
from bot.publish.disconnect_account import StillSpeakingError
from bot.runtime.signed_in_accounts import SignedInAccounts
from bot.slack import home_tab
from bot.slack.blocks.commands.help_text import incomplete_notes
from bot.slack.blocks.tickets.card_buttons import build_actions
from bot.slack.card_loader import load_view
from models import Account, Alarm, AlsoHeard, Cursor, Notice, Reply, Ticket, Track
from models.tickets.delivery_state import DeliveryState
from tests.bot.room import ANA, CHANNEL, Clock, Counting, Room

TEA_CHANNEL = "C0TEA"


@pytest.fixture
def tea(network: Counting) -> Counting:
    """The same network as @acmetea sees it."""
    other = network.also_as("acmetea")
    other.asked, other.bought = Counter(), []
    return other


@pytest.fixture
def brew(here: Room, network: Counting, tea: Counting) -> Room:
    """A bot with both, at the desk of @acmebrew."""
    ctx = replace(here.ctx, networks=SignedInAccounts(lambda _before: connected(network, tea)))
    return Room(ctx, network, here.clock)


_gone: set[str] = set()


def connected(*networks: Counting) -> list[Counting]:
    return [one for one in networks if one.connection not in _gone]


@pytest.fixture(autouse=True)
def _nobody_gone() -> None:
    _gone.clear()


def beside(brew: Room, tea: Counting) -> Room:
    """The same bot at the desk of @acmetea."""
    return Room(brew.ctx, tea, brew.clock)


def poll_both(brew: Room, tea: Counting) -> None:
    brew.poll()
    beside(brew, tea).poll()
    account_check.check_network(brew.ctx, brew.network)


def also_heard(here: Room) -> list[str]:
    with here.ctx.db.read() as session:
        return list(session.scalars(select(AlsoHeard.account_id)))


def notices(here: Room) -> list[tuple[str, str | None]]:
    with here.ctx.db.read() as session:
        return [(one.text, one.channel) for one in session.scalars(select(Notice).order_by(Notice.id))]


def short(here: Room) -> list[str]:
    with here.ctx.db.read() as session:
        unread = home_tab.unread_sources(here.ctx, session)
        return incomplete_notes(unread, {"memory": "Memory"}, Account.handles(session))


def route(here: Room, account_id: str, channel: str) -> None:
    with here.ctx.db.write() as session:
        Track.mentions_of(session, "memory", account_id, at=here.clock()).channel = channel


# --- hearing ------------------------------------------------------------------------------------------------


def test_each_hears_what_names_it_and_has_a_position_of_its_own(
    brew: Room, network: Counting, tea: Counting
) -> None:
    network.says("maria", "@acmebrew hello")
    network.says("bo", "@acmetea good day")

    poll_both(brew, tea)

    accounts = {one.account_id: text for one, text in zip(brew.mentions(), brew.texts(), strict=True)}
    assert accounts == {
        network.account().id: "@acmebrew hello",
        tea.account().id: "@acmetea good day",
    }
    with brew.ctx.db.read() as session:
        read = session.scalars(select(Cursor.account_id).where(Cursor.read_at.is_not(None))).all()
    assert sorted(read) == sorted(accounts)


@pytest.mark.both_engines
def test_a_post_that_names_both_is_one_mention_and_one_ticket(
    brew: Room, network: Counting, tea: Counting
) -> None:
    network.says("maria", "Is @acmetea from @acmebrew?")

    for _ in range(2):
        poll_both(brew, tea)
        brew.clock.pass_by(minutes=1)

    assert brew.texts() == ["Is @acmetea from @acmebrew?"]
    assert brew.ticket().account_id == network.account().id
    assert also_heard(brew) == [tea.account().id]


def test_what_one_of_ours_says_to_another_is_no_mention(brew: Room, network: Counting, tea: Counting) -> None:
    poll_both(brew, tea)
    network.says("acmetea", "@acmebrew your kettle, please")
    network.says("acmebrew", "here you are, @acmetea")

    poll_both(brew, tea)

    assert brew.texts() == []


def test_a_follow_up_to_the_other_account_stays_on_the_ticket(
    brew: Room, network: Counting, tea: Counting
) -> None:
    post = network.says("maria", "@acmebrew hello?")
    poll_both(brew, tea)
    network.says("maria", "@acmetea anybody?", under=post.id)

    poll_both(brew, tea)

    assert brew.ticket().account_id == network.account().id
    assert brew.texts() == ["@acmebrew hello?", "@acmetea anybody?"]


def test_an_account_with_a_channel_of_its_own_is_shown_there(
    brew: Room, network: Counting, tea: Counting
) -> None:
    poll_both(brew, tea)
    route(brew, tea.account().id, TEA_CHANNEL)
    network.says("maria", "@acmebrew hello")
    network.says("bo", "@acmetea good day")

    poll_both(brew, tea)

    channels = {one.account_id: one.channel for one in brew.tickets()}
    assert channels == {network.account().id: CHANNEL, tea.account().id: TEA_CHANNEL}


# --- what does not work -------------------------------------------------------------------------------------


@pytest.mark.both_engines
def test_the_silence_of_one_is_told_once_by_name_and_does_not_end_with_the_others_reading(
    brew: Room, network: Counting, tea: Counting
) -> None:
    poll_both(brew, tea)
    route(brew, tea.account().id, TEA_CHANNEL)
    tea.fails("mentions", Later(None, "unauthorized", "The keys are revoked."), times=99)

    for _ in range(4):
        brew.clock.pass_by(seconds=60)
        poll_both(brew, tea)

    [(told, channel)] = notices(brew)
    assert "for @acmetea" in told
    assert "The keys are revoked" in told
    assert channel == TEA_CHANNEL
    [unread] = short(brew)
    assert unread.startswith("Memory (@acmetea) hasn't responded since")

    tea.heals()
    brew.clock.pass_by(seconds=60)
    poll_both(brew, tea)

    [_, (again, channel)] = notices(brew)
    assert "is back for @acmetea" in again
    assert channel == TEA_CHANNEL
    assert short(brew) == []


def test_an_account_whose_network_does_not_say_who_it_is_is_told_once_and_hides_nobody(
    brew: Room, network: Counting, tea: Counting
) -> None:
    tea.fails("account", Later(None, "unauthorized", "The keys are revoked."), times=999)
    network.says("maria", "@acmebrew hello")

    for _ in range(4):
        poll_both(brew, tea)
        brew.clock.pass_by(seconds=60)

    assert brew.texts() == ["@acmebrew hello"]
    assert len(notices(brew)) == 1
    assert len(short(brew)) == 1

    tea.heals()
    poll_both(brew, tea)

    assert len(notices(brew)) == 2
    assert short(brew) == []
    with brew.ctx.db.read() as session:
        assert Alarm.active(session) == []


def test_an_account_that_may_not_publish_holds_up_no_reply_of_the_other(
    brew: Room, network: Counting, tea: Counting
) -> None:
    network.says("maria", "@acmebrew hello")
    network.says("bo", "@acmetea good day")
    poll_both(brew, tea)
    tickets = {one.account_id: one.id for one in brew.tickets()}
    network.fails("publish", Later(None, "rate limit", "Slow down."))
    waits = brew.submit(tickets[network.account().id], "hi, from the brewers")
    brew.send()

    goes = brew.submit(tickets[tea.account().id], "hi, from the tea makers")
    brew.send()

    assert (brew.state(waits), brew.state(goes)) == (DeliveryState.QUEUED, DeliveryState.PUBLISHED)
    assert [one.text for one in tea._ours()] == ["hi, from the tea makers"]
    assert network._ours() == []


# --- disconnecting ------------------------------------------------------------------------------------------


def leave(brew: Room, tea: Counting) -> int:
    _gone.add(tea.connection)
    return disconnect_account.disconnect(brew.ctx, "memory", tea.account().id)


@pytest.mark.both_engines
def test_what_has_not_left_as_a_disconnected_account_becomes_a_draft_and_the_other_goes_on(
    brew: Room, network: Counting, tea: Counting
) -> None:
    network.says("maria", "@acmebrew hello")
    network.says("bo", "@acmetea good day")
    poll_both(brew, tea)
    tickets = {one.account_id: one.id for one in brew.tickets()}
    held = brew.submit(tickets[tea.account().id], "good day to you", undo=60)
    others = brew.submit(tickets[network.account().id], "hello, Maria")

    assert leave(brew, tea) == 1

    assert brew.state(held) == DeliveryState.CANCELLED
    brew.clock.pass_by(minutes=2)
    brew.send()
    assert brew.state(others) == DeliveryState.PUBLISHED
    assert tea._ours() == []
    with brew.ctx.db.read() as session:
        assert session.get_one(Reply, held).text == "good day to you"
        assert session.get_one(Ticket, tickets[tea.account().id]).state == "waiting"
        account = Account.find(session, "memory", tea.account().id)
        assert account is not None
        assert account.source is None
    [told] = [text for text, _ in notices(brew) if "<@" not in text]
    assert "not as @acmetea" in told
    assert short(brew) == []


@pytest.mark.parametrize("trouble", ["unsure", "asked"])
def test_an_account_is_not_disconnected_while_nobody_knows_whether_its_reply_is_public(
    brew: Room, network: Counting, tea: Counting, trouble: str
) -> None:
    network.says("bo", "@acmetea good day")
    poll_both(brew, tea)
    ticket = brew.ticket()
    tea.fails("publish", Unsure("no answer"))
    reply = brew.submit(ticket.id, "good day to you")
    brew.send()
    if trouble == "asked":
        for _ in range(8):
            brew.clock.pass_by(minutes=10)
            brew.send()
    assert brew.state(reply) == trouble

    with pytest.raises(StillSpeakingError, match=f"as @acmetea is {trouble}"):
        disconnect_account.disconnect(brew.ctx, "memory", tea.account().id)

    assert brew.state(reply) == trouble
    with brew.ctx.db.read() as session:
        assert Account.find(session, "memory", tea.account().id).source is not None


def test_a_reply_is_compared_with_the_account_it_is_for_whichever_connection_is_at_hand(
    brew: Room, network: Counting, tea: Counting, clock: Clock
) -> None:
    """As in a process that has not seen yet that the account was disconnected elsewhere."""
    network.says("bo", "@acmetea good day")
    poll_both(brew, tea)
    alone = Room(replace(brew.ctx, networks=SignedInAccounts.fixed(network)), network, clock)
    reply = alone.submit(alone.ticket().id, "good day to you", by=ANA)

    alone.send()

    assert alone.state(reply) == DeliveryState.CANCELLED
    assert network._ours() == []
    clock.pass_by(timedelta(minutes=1).total_seconds())


# --- what other processes, older grants and former accounts may not undo --------------------------------------


@pytest.mark.both_engines
def test_a_process_that_has_not_looked_for_a_while_does_not_take_a_new_account_for_missing(
    brew: Room, network: Counting, tea: Counting
) -> None:
    _gone.add(tea.connection)
    web = Room(
        replace(brew.ctx, networks=SignedInAccounts(lambda _before: connected(network, tea))),
        network,
        brew.clock,
    )
    _gone.clear()
    brew.ctx.refresh_networks()
    network.says("bo", "@acmetea good day")
    poll_both(brew, tea)
    held = brew.submit(brew.ticket().id, "good day to you", undo=60)

    account_check.check_ticket_account(web.ctx, brew.ticket().id)

    assert brew.state(held) == DeliveryState.HELD
    assert notices(brew) == []


def test_what_failed_before_anybody_was_connected_is_over_with_the_first_account(
    brew: Room, network: Counting, tea: Counting
) -> None:
    network.connection, nobody = "1", network.also_as("nobody")
    nobody.connection, nobody.has_credentials = "", False
    nobody.fails("account", Later(None, "unauthorized", "Memory is not connected yet."), times=9)
    before = Room(replace(brew.ctx, networks=SignedInAccounts.fixed(nobody)), nobody, brew.clock)
    before.poll()
    assert len(notices(brew)) == 1
    assert len(short(before)) == 1

    poll_both(brew, tea)

    assert short(brew) == []
    with brew.ctx.db.read() as session:
        assert Alarm.active(session) == []
    assert "is back for @acmebrew" in notices(brew)[-1][0]


def test_what_stood_for_an_account_that_was_never_known_goes_with_its_connection(
    brew: Room, network: Counting, tea: Counting
) -> None:
    tea.fails("account", Later(None, "unauthorized", "The keys are revoked."), times=99)
    poll_both(brew, tea)
    assert len(short(brew)) == 1
    _gone.add(tea.connection)

    account_check.check_network(brew.ctx, network)

    assert short(brew) == []
    with brew.ctx.db.read() as session:
        assert Alarm.active(session) == []


def test_what_a_former_account_of_ours_says_is_a_mention(
    brew: Room, network: Counting, tea: Counting
) -> None:
    poll_both(brew, tea)
    leave(brew, tea)
    network.says("acmetea", "@acmebrew does it work?")

    brew.poll()

    assert brew.texts() == ["@acmebrew does it work?"]


def test_a_look_as_another_account_leaves_what_the_api_lets_us_answer(
    brew: Room, network: Counting, tea: Counting
) -> None:
    first = network.says("maria", "@acmebrew hello?")
    poll_both(brew, tea)
    post = network.says("maria", "@acmetea anybody?", under=first.id)
    poll_both(brew, tea)
    asked = PostCheck.of_mention(brew.mentions()[-1])
    network.edits(post.id, "@acmetea anybody there?")
    us = network.account().id
    answer = network.refresh([post.id], account_id=us)

    record_answer(brew.ctx, network, [asked], answer, account_id=us, at=brew.clock())

    newest = brew.mentions()[-1]
    assert (newest.text, newest.answerable) == ("@acmetea anybody there?", None)
    assert also_heard(brew) == []


def test_the_link_for_a_reply_by_hand_is_that_of_the_account_that_answers(
    brew: Room, tea: Counting, network: Counting
) -> None:
    """On Mastodon one replies by hand on one's own server, so each account has another link."""
    for one, host in ((network, "brew.example"), (tea, "tea.example")):
        one.reply_link = lambda post_id, text, host=host: f"https://{host}/reply?to={post_id}"
    network.says("maria", "a word with @acmetea")
    poll_both(brew, tea)
    ticket_id = brew.ticket().id
    reply_id = brew.submit(ticket_id, "On Monday!")
    with brew.ctx.db.write() as session:
        reply = session.get_one(Reply, reply_id)
        reply.state, reply.due_at, reply.was_handed_off = DeliveryState.HANDED_OFF, None, True

    with brew.ctx.db.read() as session:
        view = load_view(session, session.get_one(Ticket, ticket_id), brew.ctx.networks)

    assert "https://tea.example/reply" in str(build_actions(view))
