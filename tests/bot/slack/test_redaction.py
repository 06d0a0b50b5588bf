"""When a customer's words have to go, they go from every message in Slack that quotes them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.ingest.refresh_post import refresh_target
from bot.jobs import digest, reminders, snooze_wakeup
from bot.jobs.missing_post_checks import run_due
from bot.notices import clock_set_back, thread_notices
from bot.slack import home_tab
from models import HomeTab, Notice, Ticket
from models.slack.notice import Quotation
from sandbox.slack import SlackServer
from sandbox.slack.workspace.message import Message
from tests.bot.room import ANA, BEN, CHANNEL, Clock, Counting, Room
from tests.stage import default_sla

SECRET = "the kettle burnt my left thumb"


def everything(slack: SlackServer) -> str:
    """All that Slack keeps of what the bot said: messages and their fallback texts, direct ones too, and Homes."""
    with slack.world.lock:
        said: list[Message] = [one for channel in slack.world.channels.values() for one in channel.messages]
        homes_ = [str(view.given) for view in slack.world.views.homes.values()]
    return "\n".join([*(f"{one.text} {one.blocks}" for one in said), *homes_])


def change(here: Room, verb: Callable[..., object], **more: object) -> None:
    with here.ctx.db.write() as session:
        verb(Ticket.lock(session, 1), session, at=here.clock(), **more)


def lost(here: Room, network: Counting, *posts: str) -> None:
    """The network hides them, and does not show them at both looks."""
    for post in posts:
        network.hides(post)
    here.clock.pass_by(minutes=2)
    refresh_target(here.ctx, 1)
    for hours in (1, 19):
        here.clock.pass_by(hours=hours)
        run_due(here.ctx)
    here.draw_all()
    run_due(here.ctx)


@pytest.mark.both_engines
def test_words_go_from_the_card_the_thread_a_direct_message_and_home(
    shown: Room, network: Counting, slack: SlackServer
) -> None:
    first = network.says("maria", "@acmebrew hello").id
    shown.poll()
    shown.draw_all()
    change(shown, Ticket.claim, by=ANA)
    second = network.says("maria", f"@acmebrew {SECRET}", under=first).id
    shown.poll()
    shown.draw_all()
    home_tab.show(shown.ctx, BEN)
    shown.clock.pass_by(hours=2)
    reminders.send_due(shown.ctx)
    shown.draw_all()
    assert everything(slack).count(SECRET) >= 4
    direct = slack.world.direct({ANA, slack.world.app.user_id}).messages
    assert SECRET in str(direct[-1].blocks)

    lost(shown, network, first, second)
    home_tab.refresh(shown.ctx)

    assert SECRET not in everything(slack)
    assert "no longer shown" in str(direct[-1].blocks)
    assert "is assigned to you" in str(direct[-1].blocks)
    with shown.ctx.db.read() as session:
        assert SECRET not in str([(one.text, one.blocks) for one in session.scalars(select(Notice))])
        assert not session.scalars(select(HomeTab.user_id).where(HomeTab.is_stale)).all()


def test_words_go_from_a_digest_and_what_others_said_stays(
    shown: Room, network: Counting, slack: SlackServer
) -> None:
    thanks = network.says("maria", f"@acmebrew thank you, {SECRET}").id
    network.says("joe", "@acmebrew thanks for the mugs")
    shown.poll()
    shown.draw_all()
    with shown.ctx.db.write() as session:
        for number in (1, 2):
            ticket = Ticket.lock(session, number)
            ticket.close_no_reply_needed(session, by=BEN, at=shown.clock(), reason="thanks")
    shown.clock.pass_by(hours=22)
    digest.write_due(shown.ctx)
    shown.draw_all()
    assert "Thank-yous" in everything(slack)
    assert SECRET in everything(slack)

    lost(shown, network, thanks)

    assert SECRET not in everything(slack)
    assert "thanks for the mugs" in everything(slack)


@pytest.mark.both_engines
def test_a_notice_from_before_quotations_were_noted_is_known_by_the_words(
    shown: Room, network: Counting, slack: SlackServer
) -> None:
    first = network.says("maria", "@acmebrew hello").id
    shown.poll()
    shown.draw_all()
    change(shown, Ticket.claim, by=ANA)
    second = network.says("maria", f"@acmebrew {SECRET}", under=first).id
    shown.poll()
    with shown.ctx.db.write() as session:
        [notice] = session.scalars(select(Notice))
        notice.blocks = [{k: v for k, v in one.items() if k != "block_id"} for one in notice.blocks or []]
        for row in session.scalars(select(Quotation)):
            session.delete(row)
    shown.draw_all()
    with shown.ctx.db.write() as session:
        session.execute(update(Notice).values(posted_in=None))
    assert SECRET in everything(slack)

    lost(shown, network, first, second)

    assert SECRET not in everything(slack)


def test_what_was_not_told_yet_is_told_without_the_words(
    shown: Room, network: Counting, slack: SlackServer
) -> None:
    first = network.says("maria", "@acmebrew hello").id
    shown.poll()
    shown.draw_all()
    change(shown, Ticket.claim, by=ANA)
    second = network.says("maria", f"@acmebrew {SECRET}", under=first).id
    shown.poll()
    assert len(shown.told()) == 1

    lost(shown, network, first, second)

    assert SECRET not in everything(slack)
    assert "posted again" in everything(slack)


@pytest.mark.parametrize("trouble", ["rate_limited", "down"])
def test_slack_that_does_not_answer_is_asked_again(
    shown: Room, network: Counting, slack: SlackServer, trouble: str
) -> None:
    first = network.says("maria", "@acmebrew hello").id
    shown.poll()
    change(shown, Ticket.claim, by=ANA)
    second = network.says("maria", f"@acmebrew {SECRET}", under=first).id
    shown.poll()
    shown.draw_all()
    network.hides(first)
    network.hides(second)
    shown.clock.pass_by(minutes=2)
    refresh_target(shown.ctx, 1)
    shown.clock.pass_by(hours=1)
    run_due(shown.ctx)
    if trouble == "down":
        slack.world.faults.down()
    else:
        slack.world.faults.rate_limited(retry_after=5, times=None)
    shown.clock.pass_by(hours=19)
    run_due(shown.ctx)
    assert SECRET in everything(slack)
    slack.world.faults.clear()

    shown.clock.pass_by(minutes=1)
    run_due(shown.ctx)
    shown.draw_all()

    assert SECRET not in everything(slack)


@pytest.mark.both_engines
def test_a_message_that_is_gone_from_slack_is_not_asked_for_again(
    shown: Room, network: Counting, slack: SlackServer, clock: Clock
) -> None:
    first = network.says("maria", "@acmebrew hello").id
    shown.poll()
    change(shown, Ticket.claim, by=ANA)
    second = network.says("maria", f"@acmebrew {SECRET}", under=first).id
    shown.poll()
    shown.draw_all()
    with shown.ctx.db.read() as session:
        [notice] = session.scalars(select(Notice))
    shown.ctx.slack.delete(notice.posted_in or "", notice.ts or "")

    lost(shown, network, first, second)

    with shown.ctx.db.read() as session:
        assert not session.scalars(select(Notice.id).where(Notice.is_stale)).all()
    assert clock.now - timedelta(hours=20) > notice.created_at


def test_words_go_from_the_line_in_the_channel_about_a_snooze_that_is_over(
    shown: Room, network: Counting, slack: SlackServer
) -> None:
    post = network.says("maria", f"@acmebrew {SECRET}").id
    shown.poll()
    shown.draw_all()
    until = shown.clock() + timedelta(hours=1)
    change(shown, Ticket.snooze, until=until, by=ANA, sla_policy=default_sla(shown.ctx))
    shown.clock.pass_by(hours=2)
    with shown.ctx.db.write() as session:
        snooze_wakeup.wake_due(shown.ctx, session, at=shown.clock())
    shown.draw_all()
    assert [one for one in everything(slack).splitlines() if "The snooze is over" in one and SECRET in one]

    lost(shown, network, post)

    assert SECRET not in everything(slack)


def test_words_go_from_what_was_told_late_too(shown: Room, network: Counting, slack: SlackServer) -> None:
    """A notice is read out with the words that its customer had said by the time that Slack took it."""
    first = network.says("maria", "@acmebrew hello").id
    shown.poll()
    shown.draw_all()
    with shown.ctx.db.write() as session:
        ticket = Ticket.lock(session, 1)
        thread_notices.post(session, thread_notices.ASSIGNED, ticket, at=shown.clock(), to=ANA, by=BEN)
    shown.clock.pass_by(minutes=1)
    second = network.says("maria", f"@acmebrew {SECRET}", under=first).id
    shown.poll()
    shown.draw_all()
    assert [one for one in said_in_threads(slack) if "assigned this ticket to you" in one and SECRET in one]

    lost(shown, network, second)

    assert SECRET not in everything(slack)


@pytest.mark.both_engines
def test_words_go_also_from_what_was_told_after_the_clock_was_set_back(
    shown: Room, network: Counting, slack: SlackServer
) -> None:
    post = network.says("maria", f"@acmebrew {SECRET}").id
    shown.poll()
    shown.draw_all()
    shown.clock.pass_by(hours=-2)
    clock_set_back.repair(shown.ctx)
    with shown.ctx.db.write() as session:
        ticket = Ticket.lock(session, 1)
        thread_notices.post(session, thread_notices.ASSIGNED, ticket, at=shown.clock(), to=ANA, by=BEN)
    shown.draw_all()
    assert [one for one in said_in_threads(slack) if "assigned this ticket to you" in one and SECRET in one]

    lost(shown, network, post)

    assert SECRET not in everything(slack)


@pytest.mark.both_engines
def test_words_go_also_from_a_home_that_was_opened_after_the_clock_was_set_back(
    shown: Room, network: Counting, slack: SlackServer
) -> None:
    post = network.says("maria", f"@acmebrew {SECRET}").id
    shown.poll()
    shown.draw_all()
    shown.clock.pass_by(hours=-2)
    clock_set_back.repair(shown.ctx)
    home_tab.show(shown.ctx, BEN)
    assert SECRET in everything(slack)

    lost(shown, network, post)
    home_tab.refresh(shown.ctx)

    assert SECRET not in everything(slack)


def said_in_threads(slack: SlackServer) -> list[str]:
    with slack.world.lock:
        return [one.text for one in slack.world.channels[CHANNEL].messages if one.thread_ts]
