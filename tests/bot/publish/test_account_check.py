"""Another account is connected than the one that a ticket belongs to: nothing is said under the wrong name."""

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot import metrics
from bot.cli import doctor
from bot.jobs import watchdog
from bot.networks.errors import Later, Refused, Unsure
from bot.notices.alarm_lines import home_line
from bot.publish import account_check, manual_posting
from bot.runtime.signed_in_accounts import SignedInAccounts
from bot.slack import home_tab
from models import Alarm, Cursor, Gap, Reply, Ticket
from models.reports import open_tickets
from models.sources.cursor import MENTIONS_CURSOR
from models.tickets import unconnected_accounts
from models.tickets.delivery_state import DeliveryState
from sandbox.slack import SlackServer
from tests.bot.room import ANA, BEN, Counting, Room, cards
from tests.bot.test_metrics import figures


def hears(here: Room, network: Counting, words: str = "@acmebrew hello", author: str = "maria") -> int:
    """Somebody says `words`; the ticket that comes of it."""
    network.says(author, words, at=here.clock())
    here.poll()
    return here.tickets()[-1].id


def check(here: Room) -> None:
    account_check.check_network(here.ctx, here.network)


def connect(here: Room, network: Counting, handle: str) -> None:
    """Put the credentials of `handle` in place, and let the running bot see it."""
    network.speaks_as(handle)
    check(here)


def said(network: Counting) -> dict[str, list[str]]:
    """What each account of ours has said in public."""
    names = {person.id: person.handle for person in network._people.values()}
    found: dict[str, list[str]] = {"acmebrew": [], "acmetea": []}
    for post in network._posts.values():
        if names[post.author_id] in found:
            found[names[post.author_id]].append(post.text)
    return found


def to_channel(here: Room) -> list[str]:
    return [one for one in here.told() if "<@" not in one]


NOBODY_SPOKE = {"acmebrew": [], "acmetea": []}


# --- what has not left --------------------------------------------------------------------------------------


@pytest.mark.parametrize("undo", [0, 60], ids=["queued", "held"])
def test_a_reply_that_has_not_left_comes_back_when_another_account_is_connected(
    here: Room, network: Counting, undo: float
) -> None:
    ticket = hears(here, network)
    reply = here.submit(ticket, "On Monday!", undo=undo)

    connect(here, network, "acmetea")
    here.clock.pass_by(minutes=2)
    here.send()

    assert said(network) == NOBODY_SPOKE
    assert here.state(reply) == DeliveryState.CANCELLED
    assert here.reply(reply).reason == unconnected_accounts.OTHER_ACCOUNT_CAUSE
    with here.ctx.db.read() as session:
        assert Reply.last_returned_text(session, ticket, ANA) == "On Monday!"


def test_without_anybody_looking_the_call_itself_is_refused_and_the_words_come_back(
    here: Room, network: Counting
) -> None:
    """Other keys and a restart: the outbox may be quicker than the look at who is connected."""
    ticket = hears(here, network)
    reply = here.submit(ticket, "On Monday!")
    network.speaks_as("acmetea")

    here.send()
    here.clock.pass_by(hours=1)
    here.send()

    assert said(network) == NOBODY_SPOKE
    assert here.state(reply) == DeliveryState.CANCELLED
    assert here.acts(reply)[-3:] == ["reply sending", "reply queued", "reply cancelled"]
    [told] = [one for one in here.told() if f"<@{ANA}>" in one]
    assert "your reply was *not* sent" in told
    assert "connected to Memory as @acmetea, not as @acmebrew" in told
    assert len(to_channel(here)) == 1


def test_a_swap_between_the_intent_and_the_call_sends_nothing(here: Room, network: Counting) -> None:
    ticket = hears(here, network)
    reply = here.submit(ticket, "On Monday!")
    network.on_publish = lambda: network.speaks_as("acmetea")

    here.send()

    assert said(network) == NOBODY_SPOKE
    assert here.state(reply) == DeliveryState.CANCELLED


def test_a_reply_that_was_put_off_until_tomorrow_does_not_leave_then(here: Room, network: Counting) -> None:
    ticket = hears(here, network)
    reply = here.submit(ticket, "On Monday!")
    tomorrow = here.clock() + timedelta(hours=20)
    network.fails("publish", Later(tomorrow, "rate limit", "Slower."))
    here.send()
    assert here.state(reply) == DeliveryState.QUEUED

    connect(here, network, "acmetea")
    connect(here, network, "acmebrew")
    here.clock.pass_by(hours=21)
    here.send()

    assert said(network) == NOBODY_SPOKE
    assert here.state(reply) == DeliveryState.CANCELLED


@pytest.mark.both_engines
def test_only_the_last_words_come_back_by_reply_and_earlier_ones_are_kept_as_well(
    here: Room, network: Counting
) -> None:
    ticket = hears(here, network)
    here.submit(ticket, "On Monday!", undo=60)
    with here.ctx.db.write() as session:
        held = Ticket.lock(session, ticket)
        held.draft(session, text="A thought", by=ANA, at=here.clock(), key="d", source="thread")

    connect(here, network, "acmetea")

    with here.ctx.db.read() as session:
        assert Reply.last_returned_text(session, ticket, ANA) == "On Monday!"
        drafts = session.scalars(select(Reply.text).where(Reply.state == DeliveryState.DRAFT)).all()
    assert drafts == ["A thought", "On Monday!"]


@pytest.mark.both_engines
def test_a_follow_up_that_comes_back_leaves_the_ticket_answered(here: Room, network: Counting) -> None:
    ticket = hears(here, network)
    here.submit(ticket, "On Monday!")
    here.send()
    with here.ctx.db.write() as session:
        held = Ticket.lock(session, ticket)
        more = {"turn": held.next_turn, "to_post_id": held.target_post_id, "key": "more"}
        until = here.clock() + timedelta(minutes=1)
        held.reply(session, text="Or Tuesday.", by=ANA, at=here.clock(), undo_until=until, **more)

    connect(here, network, "acmetea")

    assert (here.ticket().state, here.ticket().turn) == ("answered", 1)
    assert said(network) == {"acmebrew": ["On Monday!"], "acmetea": []}


def test_replies_of_the_account_that_is_connected_go_on(here: Room, network: Counting) -> None:
    old = hears(here, network)
    connect(here, network, "acmetea")
    new = hears(here, network, "@acmetea hello", author="tom")

    assert (here.tickets()[0].account_id, here.tickets()[1].account_id) == ("u1001", network.account().id)
    reply = here.submit(new, "Tea at five!")
    here.send()

    assert said(network) == {"acmebrew": [], "acmetea": ["Tea at five!"]}
    assert here.state(reply) == DeliveryState.PUBLISHED
    with pytest.raises(unconnected_accounts.AccountNotConnectedError, match="not as @acmebrew"):
        here.submit(old, "On Monday!")


def test_nothing_is_sent_by_itself_when_the_account_is_connected_again(here: Room, network: Counting) -> None:
    ticket = hears(here, network)
    here.submit(ticket, "On Monday!")
    connect(here, network, "acmetea")

    connect(here, network, "acmebrew")
    here.clock.pass_by(hours=1)
    here.send()
    assert said(network) == NOBODY_SPOKE

    here.submit(ticket, "On Monday!")
    here.send()
    assert said(network) == {"acmebrew": ["On Monday!"], "acmetea": []}


# --- what is in doubt ---------------------------------------------------------------------------------------


def unsure(here: Room, network: Counting, *, landed: bool) -> int:
    ticket = hears(here, network)
    reply = here.submit(ticket, "On Monday!")
    network.fails("publish", Unsure("no answer"), landed=landed)
    here.send()
    assert here.state(reply) == DeliveryState.UNSURE
    return reply


def hours_go_by(here: Room, rounds: int = 60) -> None:
    for _ in range(rounds):
        here.clock.pass_by(minutes=1)
        here.send()


def test_an_unsure_reply_stays_so_and_no_look_as_another_account_counts(
    here: Room, network: Counting
) -> None:
    reply = unsure(here, network, landed=False)
    connect(here, network, "acmetea")

    hours_go_by(here)

    assert here.state(reply) == DeliveryState.UNSURE
    assert here.reply(reply).looks == 0
    assert not [one for one in here.told() if "Did it post?" in one]


def test_an_unsure_reply_is_found_once_its_account_is_connected_again(here: Room, network: Counting) -> None:
    reply = unsure(here, network, landed=True)
    connect(here, network, "acmetea")
    hours_go_by(here)
    assert here.state(reply) == DeliveryState.UNSURE

    connect(here, network, "acmebrew")
    here.clock.pass_by(minutes=1)
    here.send()

    assert here.state(reply) == DeliveryState.PUBLISHED
    assert said(network)["acmetea"] == []


def test_an_unsure_reply_is_asked_about_after_six_looks_as_its_own_account(
    here: Room, network: Counting
) -> None:
    reply = unsure(here, network, landed=False)
    connect(here, network, "acmetea")
    hours_go_by(here)

    connect(here, network, "acmebrew")
    hours_go_by(here, 10)

    assert here.state(reply) == DeliveryState.ASKED
    assert here.reply(reply).looks == 6


def test_what_a_person_was_asked_about_stays_asked(here: Room, network: Counting) -> None:
    reply = unsure(here, network, landed=False)
    hours_go_by(here, 12)
    assert here.state(reply) == DeliveryState.ASKED
    connect(here, network, "acmetea")

    hours_go_by(here)

    assert here.state(reply) == DeliveryState.ASKED


def test_a_duplicate_that_nobody_can_look_for_is_in_doubt_and_not_refused(
    here: Room, network: Counting
) -> None:
    ticket = hears(here, network)
    reply = here.submit(ticket, "On Monday!")
    network.fails("publish", Refused("duplicate", "Said already."))
    network.on_publish = lambda: None
    look = network.find_reply

    def swapped(*args: object, **more: object) -> object:
        network.speaks_as("acmetea")
        return look(*args, **more)

    network.find_reply = swapped
    here.send()

    assert here.state(reply) == DeliveryState.UNSURE


# --- by hand, and taken back --------------------------------------------------------------------------------


def test_a_hand_off_waits_for_its_account_and_does_not_hold_up_others(here: Room, network: Counting) -> None:
    first = hears(here, network)
    reply = here.submit(first, "On Monday!")
    network.fails("publish", Refused("not summoned", "They did not call us."))
    here.send()
    assert here.state(reply) == DeliveryState.HANDED_OFF
    [told] = [one for one in here.told() if "does not let Heard answer" in one]
    assert "sign in to Memory as *@acmebrew*" in told
    network.says("acmebrew", "On Monday, by hand.", under=here.mentions()[0].post_id)
    connect(here, network, "acmetea")

    manual_posting.confirm_seen(here.ctx, network)
    assert here.state(reply) == DeliveryState.HANDED_OFF

    connect(here, network, "acmebrew")
    manual_posting.confirm_seen(here.ctx, network)
    assert here.state(reply) == DeliveryState.CONFIRMED


def test_the_reminder_of_a_hand_off_says_as_whom_one_must_be_signed_in(here: Room, network: Counting) -> None:
    hears(here, network)
    here.submit(1, "On Monday!")
    network.fails("publish", Refused("not summoned", "They did not call us."))
    here.send()
    here.clock.pass_by(minutes=31)
    here.send()

    assert "Sign in there as *@acmebrew*" in here.told()[-1]


def test_a_reply_is_not_deleted_as_another_account_and_that_is_told_once(
    here: Room, network: Counting
) -> None:
    ticket = hears(here, network)
    reply = here.submit(ticket, "Helo!")
    here.send()
    with here.ctx.db.write() as session:
        row = session.get_one(Reply, reply)
        Ticket.lock(session, ticket).request_deletion(session, row, by=BEN, at=here.clock())
    network.speaks_as("acmetea")

    hours_go_by(here, 5)

    assert said(network)["acmebrew"] == ["Helo!"]
    [told] = [one for one in here.told() if "still public" in one]
    assert "connected to Memory as @acmetea, not as @acmebrew" in told
    revision = here.ticket().revision
    hours_go_by(here, 5)
    assert here.ticket().revision == revision

    connect(here, network, "acmebrew")
    hours_go_by(here, 2)
    assert here.state(reply) == DeliveryState.WITHDRAWN


# --- what is read -------------------------------------------------------------------------------------------


def test_what_is_said_to_the_new_account_is_not_written_under_the_old_one(
    here: Room, network: Counting
) -> None:
    hears(here, network)
    network.says("tom", "@acmebrew and again", at=here.clock())
    network.says("tom", "@acmetea hello", at=here.clock())
    account = network.account()
    network.speaks_as("acmetea")
    network.account = lambda: account  # whoever asked a moment before the swap

    assert here.poll() is None
    assert here.cursor().failing_since is None
    assert here.told() == []

    del network.account
    here.poll()
    by_account = {one.account_id: one.text for one in here.mentions() if "tom" not in one.text}
    assert by_account == {"u1001": "@acmebrew hello", network.account().id: "@acmetea hello"}


def test_each_account_has_a_position_of_its_own(here: Room, network: Counting) -> None:
    hears(here, network)
    connect(here, network, "acmetea")
    hears(here, network, "@acmetea hello")
    with here.ctx.db.read() as session:
        cursors = session.scalars(select(Cursor).where(Cursor.name == MENTIONS_CURSOR)).all()
    positions = {cursor.account_id: cursor.position for cursor in cursors}
    assert len(positions) == len(set(positions.values())) == 2

    network.says("tom", "@acmebrew while you were away", at=here.clock())
    connect(here, network, "acmebrew")
    here.poll()

    assert "@acmebrew while you were away" in here.texts()


def test_a_reading_of_our_own_posts_that_a_swap_breaks_is_no_failure(here: Room, network: Counting) -> None:
    hears(here, network)
    account = network.account()
    network.speaks_as("acmetea")
    network.account = lambda: account

    here.watch()

    assert here.cursor("own posts").failing_since is None


def test_a_reading_that_failed_before_the_swap_does_not_make_the_list_short_for_ever(
    here: Room, network: Counting
) -> None:
    hears(here, network)
    network.fails("mentions", Later(None, "unauthorized", "The keys are revoked."))
    here.poll()
    connect(here, network, "acmetea")
    here.poll()

    with here.ctx.db.read() as session:
        late = here.clock() - timedelta(hours=1)
        assert open_tickets.list_failing_reads(session, late_before=late, networks=here.ctx.networks) == []


def test_an_account_that_is_not_connected_any_more_is_not_in_the_metrics(
    here: Room, network: Counting
) -> None:
    hears(here, network)
    before = network.account().id
    assert figures(here)["heard_poll_age_seconds", before, "memory", "mentions"] == 0
    here.clock.pass_by(minutes=10)
    connect(here, network, "acmetea")
    here.poll()

    lines = metrics.exposition(here.ctx).decode().splitlines()
    samples = [line.rpartition(" ")[0] for line in lines if not line.startswith("#")]
    assert len(samples) == len(set(samples))
    assert figures(here)["heard_poll_age_seconds", network.account().id, "memory", "mentions"] == 0
    assert ("heard_poll_age_seconds", before, "memory", "mentions") not in figures(here)


# --- what people are told -----------------------------------------------------------------------------------


def test_the_channel_is_told_once_who_is_missing_and_how_to_connect_them(
    here: Room, network: Counting
) -> None:
    for number in range(3):
        ticket = hears(here, network, f"@acmebrew {number}", author=f"customer{number}")
        here.submit(ticket, f"Answer {number}", undo=60)
    connect(here, network, "acmetea")

    for _ in range(5):
        here.clock.pass_by(minutes=1)
        check(here)

    [told] = to_channel(here)
    assert "Heard is connected to Memory as @acmetea, not as @acmebrew." in told
    assert "Let it speak as that account." in told
    assert "3 conversations are waiting for @acmebrew" in told
    assert len([one for one in here.told() if f"<@{ANA}>, your reply was *not* sent" in one]) == 3


def test_that_it_is_connected_again_is_told_once(here: Room, network: Counting) -> None:
    hears(here, network)
    connect(here, network, "acmetea")
    connect(here, network, "acmebrew")
    check(here)

    _missing, back = to_channel(here)
    assert (
        "Memory is connected as @acmebrew again. Replies that were returned as drafts were not sent." in back
    )
    with here.ctx.db.read() as session:
        assert Alarm.active(session) == []


def test_an_account_for_which_nothing_waits_is_nobodys_trouble(here: Room, network: Counting) -> None:
    ticket = hears(here, network)
    with here.ctx.db.write() as session:
        Ticket.lock(session, ticket).close_no_reply_needed(session, by=ANA, at=here.clock(), reason="thanks")
    connect(here, network, "acmetea")

    assert here.told() == []
    with here.ctx.db.read() as session:
        assert Alarm.active(session) == []


def test_an_account_whose_last_ticket_is_closed_meanwhile_is_missed_no_more(
    here: Room, network: Counting
) -> None:
    ticket = hears(here, network)
    connect(here, network, "acmetea")
    with here.ctx.db.write() as session:
        Ticket.lock(session, ticket).close_no_reply_needed(session, by=ANA, at=here.clock(), reason="thanks")
    check(here)

    assert len(to_channel(here)) == 1
    with here.ctx.db.read() as session:
        assert Alarm.active(session) == []


def test_while_nobody_knows_who_is_connected_nothing_is_stopped(here: Room, network: Counting) -> None:
    ticket = hears(here, network)
    reply = here.submit(ticket, "On Monday!", undo=60)
    network.fails("account", Later(None, "unreachable", "Nobody there."))

    check(here)

    assert here.state(reply) == DeliveryState.HELD
    assert to_channel(here) == []


def test_the_card_says_that_it_cannot_be_sent_until_the_account_is_back(
    shown: Room, network: Counting, slack: SlackServer
) -> None:
    hears(shown, network)
    shown.draw_all()
    connect(shown, network, "acmetea")
    shown.draw_all()

    sentence = "*Cannot be sent*: Heard is not connected to Memory as @acmebrew"
    [card] = [one for one in cards(slack) if one.metadata]
    assert sentence in str(card.blocks)

    connect(shown, network, "acmebrew")
    shown.draw_all()
    [card] = [one for one in cards(slack) if one.metadata]
    assert sentence not in str(card.blocks)


def test_home_says_who_is_missing(here: Room, network: Counting) -> None:
    hears(here, network)
    connect(here, network, "acmetea")

    with here.ctx.db.read() as session:
        [line] = [home_line(alarm, here.ctx.network_titles) for alarm in Alarm.active(session)]
    assert "not as @acmebrew" in line


def test_the_doctor_names_the_missing_account_while_something_waits_for_it(
    shown: Room, network: Counting
) -> None:
    ticket = hears(shown, network)

    def lines() -> list[str]:
        return [one.line() for one in doctor.examine(shown.ctx) if "acmebrew" in one.line()]

    network.speaks_as("acmetea")  # and no running bot has seen it
    [line] = lines()
    assert line == (
        "warn  Memory: is not connected as @acmebrew, for which 1 conversation is waiting. "
        "Let it speak as that account."
    )
    with shown.ctx.db.write() as session:
        Ticket.lock(session, ticket).close_no_reply_needed(session, by=ANA, at=shown.clock(), reason="thanks")
    assert lines() == []


def test_the_doctor_looks_at_the_position_of_the_account_that_is_read(shown: Room, network: Counting) -> None:
    hears(shown, network)
    shown.clock.pass_by(days=3)
    connect(shown, network, "acmetea")
    shown.poll()

    assert "ok    Memory: was last read 0 s ago." in [one.line() for one in doctor.examine(shown.ctx)]


def test_nobody_is_told_of_a_search_for_an_account_that_is_not_connected(
    here: Room, network: Counting
) -> None:
    hears(here, network)
    with here.ctx.db.write() as session:
        gap = {"since": here.clock(), "before": None, "found_at": here.clock()}
        session.add(Gap(network=network.name, account_id=network.account().id, **gap))

    def unread() -> list[str]:
        with here.ctx.db.read() as session:
            return [type(one).__name__ for one in home_tab.unread_sources(here.ctx, session)]

    assert unread() == ["Gap"]
    connect(here, network, "acmetea")
    here.clock.pass_by(days=1)
    here.poll()
    assert unread() == []

    connect(here, network, "acmebrew")
    here.poll()
    assert any("I searched for the rest" in one for one in here.told())


# --- no keys at all -----------------------------------------------------------------------------------------


def without_keys(here: Room) -> Room:
    """The same ledger after a restart without keys for its network."""
    return Room(dataclasses.replace(here.ctx, networks=SignedInAccounts.fixed()), here.network, here.clock)


@pytest.mark.both_engines
def test_replies_of_a_network_without_keys_come_back_and_that_is_told_once(
    here: Room, network: Counting
) -> None:
    ticket = hears(here, network)
    reply = here.submit(ticket, "On Monday!", undo=3600)
    gone = without_keys(here)

    gone.clock.pass_by(minutes=5)
    for _ in range(3):
        watchdog.run_checks(gone.ctx)

    assert here.state(reply) == DeliveryState.CANCELLED
    [told] = to_channel(here)
    assert "Heard no longer has keys for memory" in told
    here.clock.pass_by(hours=2)
    here.send()
    assert said(network) == NOBODY_SPOKE
    check(here)
    with here.ctx.db.read() as session:
        assert Alarm.active(session) == []


def test_a_worker_without_keys_leaves_alone_what_another_one_still_serves(
    here: Room, network: Counting
) -> None:
    ticket = hears(here, network)
    reply = here.submit(ticket, "On Monday!", undo=3600)

    watchdog.run_checks(without_keys(here).ctx)

    assert here.state(reply) == DeliveryState.HELD
