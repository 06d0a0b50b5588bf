"""The settings of a channel: opened, changed by one or by two at once, refused, and what they do to its tickets."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.ingest import track_search
from bot.jobs import digest
from models import ChannelSettings, Ticket
from sandbox.slack import Modal, SubmitOutcome, visible
from sandbox.slack.block_kit.validator import check_view
from tests.story.commands.tracking import LOOKS, add, furnish, in_channel, said
from tests.story.harness import CHANNEL, Bot, eventually, running, seen

PATIENCE = 10  # tries of a person


@pytest.fixture
def desk(bot: Bot) -> Bot:
    return furnish(bot)


def opened(bot: Bot, by: Any = None, channel: str = LOOKS) -> Modal:
    for _ in range(PATIENCE):
        modal = (by or bot.ana).command("/mentions", "settings", channel).view
        if modal is not None:
            break
    assert modal is not None, "no modal opened"
    assert check_view(modal.state.given) == []
    return modal


def saved(bot: Bot, channel: str = LOOKS, by: Any = None, **typed: Any) -> None:
    """Open the settings, type into the inputs with these names, save."""
    modal = opened(bot, by, channel)
    outcome = submitted(typing(modal, **typed))
    assert outcome.closed, (outcome.errors, modal.text)


def submitted(modal: Modal) -> SubmitOutcome:
    """Press Save; again, as a person would, while the local Slack is too slow on a busy machine."""
    for _ in range(PATIENCE):
        outcome = modal.submit()
        if "try again in a moment" not in str(outcome.errors):
            break
    return outcome


def typing(modal: Modal, **typed: Any) -> Modal:
    return modal.write({block_of(modal, name): value for name, value in typed.items()})


def block_of(modal: Modal, name: str) -> str:
    """The block_id of the input for that setting."""
    return next(one["block_id"] for one in modal.blocks if one.get("block_id", "").startswith(f"{name} "))


def value_of(modal: Modal, name: str) -> Any:
    return modal.value(block_of(modal, name))


def known(bot: Bot, channel: str = LOOKS) -> ChannelSettings | None:
    with bot.ctx.db.read() as session:
        return ChannelSettings.of(session, channel)


# --- changing them ------------------------------------------------------------------------------------------


@pytest.mark.both_engines
def test_settings_are_saved_told_to_the_channel_and_shown_again(desk: Bot) -> None:
    modal = opened(desk)
    assert value_of(modal, "first_reply_minutes") in {None, ""}
    assert "Default: 30 min" in seen(modal.state)
    assert "Tickets that already wait keep their due times" in modal.text
    typing(
        modal,
        first_reply_minutes="1h 30m",
        office_hours="Mon–Fri 09:00–17:00",  # as phones type it
        time_zone="Europe/Berlin",
        holidays="none",
        senders=["U0ANA"],
        digest_at="8:30",
        digest_day="Friday",
        near_copy_percent="70 %",
        spike_per_minute="0",
        priority_weights="Refund: 30\nquestion = 0",
    )
    assert submitted(modal).closed

    own = known(desk).own
    assert own.priority_weights == {"question": 0, "cues": {"refund": 30}}
    assert (own.first_reply_minutes, own.office_hours, own.time_zone) == (
        90,
        "Mon-Fri 09:00-17:00",
        "Europe/Berlin",
    )
    assert (own.holidays, own.senders, own.digest_at, own.digest_day) == ("", ("U0ANA",), "08:30", "fri")
    assert (own.near_copy_percent, own.spike_per_minute) == (70, 0)
    told = seen(in_channel(desk, LOOKS, "changed Heard's settings"))
    assert "First reply within: 30 min (default) → 1 h 30 min" in told
    assert "Who may send public replies: every member (default) → @U0ANA" in told
    assert "Daily digest at: none of its own (default) → 08:30" in told
    assert "What comes first: the usual points for each reason (default) → question: 0, refund: 30" in told
    [event] = desk.events("channel settings")
    assert event.actor == "U0ANA"
    assert event.data["after"]["near_copy_percent"] == 70
    assert event.data["before"]["near_copy_percent"] is None

    again = opened(desk, desk.ben)
    assert value_of(again, "first_reply_minutes") == "90"
    assert value_of(again, "holidays") == "none"
    assert value_of(again, "senders") == ["U0ANA"]
    assert "Last changed by @U0ANA" in again.text


def test_an_empty_field_is_the_default_again(desk: Bot) -> None:
    saved(desk, first_reply_minutes="5", senders=["U0ANA"])
    saved(desk, first_reply_minutes="", senders=[])

    assert known(desk).own.first_reply_minutes is None
    assert known(desk).own.senders is None
    in_channel(desk, LOOKS, "First reply within: 5 min → 30 min (default)", "@U0ANA → every member (default)")


def test_saving_without_a_change_says_nothing(desk: Bot) -> None:
    saved(desk)

    desk.told_all()
    assert known(desk) is None
    assert desk.events("channel settings") == []


def test_a_submit_that_arrives_twice_changes_once(desk: Bot) -> None:
    modal = typing(opened(desk), first_reply_minutes="5")
    outcome = modal.submit()
    outcome.replay()
    desk.told_all()

    assert known(desk).revision == 1
    assert len(desk.events("channel settings")) == 1


@pytest.mark.both_engines
def test_of_two_who_edit_at_once_the_second_is_told_what_changed_and_keeps_what_they_typed(desk: Bot) -> None:
    hours = "Mon-Fri 09:00-12:30 13:30-18:00; Sat 10:00-14:00"
    saved(desk, office_hours=hours, holidays="2026-12-25", senders=["U0ANA", "U0BEN"], digest_at="09:15")
    theirs = typing(opened(desk, desk.ben), first_reply_minutes="15", time_zone="Europe/Paris")
    saved(desk, first_reply_minutes="45", near_copy_percent="50")

    outcome = theirs.submit()

    assert not outcome.closed
    shown = theirs.text
    assert check_view(theirs.state.given) == []
    assert "@U0ANA changed these settings while this was open" in shown
    assert "First reply within: 45 min (you typed something else, which is below)" in shown
    assert "Warn if a reply matches an earlier one by: 50 %" in shown
    assert shown.count("•") == 2
    assert value_of(theirs, "office_hours") == hours
    assert value_of(theirs, "first_reply_minutes") == "15"
    assert value_of(theirs, "time_zone") == "Europe/Paris"
    assert value_of(theirs, "near_copy_percent") == "50"
    assert known(desk).own.first_reply_minutes == 45

    assert submitted(theirs).closed
    own = known(desk).own
    assert (own.first_reply_minutes, own.time_zone, own.near_copy_percent) == (15, "Europe/Paris", 50)
    assert (own.office_hours, own.senders) == (hours, ("U0ANA", "U0BEN"))
    in_channel(desk, LOOKS, "First reply within: 45 min → 15 min", "Time zone: UTC (default) → Europe/Paris")


# --- refused ------------------------------------------------------------------------------------------------


def test_office_hours_in_which_a_target_is_never_reached_are_refused(desk: Bot) -> None:
    modal = typing(opened(desk), office_hours="Mon 09:00-09:01", first_reply_minutes="2h")
    outcome = submitted(modal)

    assert "more than a year" in outcome.errors[block_of(modal, "first_reply_minutes")]
    assert known(desk) is None


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("first_reply_minutes", "soon", "Type minutes"),
        ("first_reply_minutes", "0", "Type minutes"),
        ("first_reply_minutes", "0.001", "Type minutes, from 1 to"),
        ("first_reply_minutes", "-5", "Type minutes"),
        ("first_reply_minutes", "99999999", "Type minutes"),
        ("office_hours", "nine to five", "Use days and times"),
        ("office_hours", "Mon-Fri 09:00-17:00; " * 142, "at most 500 characters"),
        ("office_hours", "Mon 09:00-09:00", "A span begins before"),
        ("time_zone", "Europe", "Use an IANA time zone"),
        ("time_zone", "../etc/passwd", "Use an IANA time zone"),
        ("time_zone", "Z" * 3000, "Use an IANA time zone"),
        (
            "holidays",
            ", ".join(f"{y}-01-01..{y}-12-31" for y in range(2026, 2046)),
            "more than a year. Type fewer",
        ),
        ("holidays", "christmas", "Use dates and ranges"),
        ("holidays", "2026-01-01..2099-01-01", "Use dates and ranges"),
        ("groups", "@leads", "Type IDs of user groups"),
        ("groups", "S0NOBODY", "that group doesn't exist"),
        ("digest_at", "25:00", "Use a time of day"),
        ("digest_at", "", "Type a time for this channel's own digest"),
        ("near_copy_percent", "101", "from 0 to 100"),
        ("near_copy_percent", "-1", "from 0 to 100"),
        ("near_copy_percent", "85.5", "from 0 to 100"),
        ("spike_per_minute", "many", "Type a whole number"),
        ("senders", ["U0BOT"], "Apps can't send"),
        ("senders", ["U0GONE"], "is deactivated"),
    ],
)
def test_what_is_wrong_is_said_under_the_input_and_nothing_is_saved(
    desk: Bot, name: str, typed: Any, sentence: str
) -> None:
    desk.slack.world.add_user("U0BOT", "Robo", "robo", is_bot=True)
    desk.slack.world.add_user("U0GONE", "Gone", "gone")
    desk.slack.world.deactivate("U0GONE")
    desk.slack.world.paid_plan = True
    desk.slack.world.usergroups["S0LEADS"] = ["U0ANA"]
    day = "Friday" if (name, typed) == ("digest_at", "") else "Default (Monday)"
    modal = typing(opened(desk), near_copy_percent="40", digest_day=day)
    outcome = submitted(typing(modal, **{name: typed}))

    assert list(outcome.errors) == [block_of(modal, name)]
    assert sentence in outcome.errors[block_of(modal, name)]
    assert known(desk) is None
    assert desk.events("channel settings") == []


def test_a_direct_message_has_no_settings(desk: Bot) -> None:
    outcome = desk.ana.command("/mentions", "settings", desk.ana.dm().id)

    assert desk.opens_nothing(outcome)
    assert "Settings belong to a channel" in seen(desk.whisper("Settings belong to a channel"))


def test_a_channel_without_heard_has_no_settings(desk: Bot) -> None:
    desk.slack.world.add_channel("C0SECRET", "secret", members={"U0ANA"})

    assert desk.opens_nothing(desk.ana.command("/mentions", "settings", "C0SECRET"))
    desk.whisper("Heard is not in this channel")


def test_a_channel_that_heard_left_meanwhile_keeps_its_settings_and_the_words(desk: Bot) -> None:
    modal = typing(opened(desk), first_reply_minutes="5")
    desk.slack.world.channel(LOOKS).members.discard("U0HEARD")
    outcome = submitted(modal)

    assert "Heard is not in this channel" in next(iter(outcome.errors.values()))
    assert value_of(modal, "first_reply_minutes") == "5"
    assert known(desk) is None


def test_who_is_no_admin_reads_them_and_changes_nothing(database_url: str) -> None:
    with running(database_url, admins="U0BEN") as bot:
        furnish(bot)
        left_open = opened(bot, bot.ben)
        typing(left_open, first_reply_minutes="7")
        assert submitted(left_open).closed

        assert bot.opens_nothing(bot.ana.command("/mentions", "settings", LOOKS))
        shown = seen(bot.whisper("Heard's settings of"))
        assert "First reply within: 7 min" in shown
        assert "Only @U0BEN can change the settings of channels" in shown


def test_a_guest_is_refused(desk: Bot) -> None:
    desk.slack.world.add_guest("U0GUS", "Gus Guest", "gus", {LOOKS})
    person = desk.slack.person("U0GUS")

    assert desk.opens_nothing(person.command("/mentions", "settings", LOOKS))
    desk.whisper("Only members of this workspace", to=person)


def test_who_may_not_send_cannot_make_themselves_a_sender(database_url: str) -> None:
    with running(database_url, senders="U0ANA") as bot:
        furnish(bot)
        modal = typing(opened(bot, bot.ben), senders=["U0BEN"])
        outcome = submitted(modal)

        assert "Only someone who may send from this channel" in outcome.errors[block_of(modal, "senders")]
        assert known(bot) is None
        saved(bot, by=bot.ana, senders=["U0ANA", "U0BEN"])
        assert known(bot).own.senders == ("U0ANA", "U0BEN")


# --- what they do -------------------------------------------------------------------------------------------


@pytest.mark.both_engines
def test_a_ticket_is_due_by_the_policy_of_its_channel_and_stays_so(desk: Bot) -> None:
    saved(desk, first_reply_minutes="5")
    add(desk, "fern", channel=LOOKS)
    said(desk, "a fern of mine", minutes=1)
    desk.heard("@acmebrew hello")

    def tickets() -> dict[str, timedelta]:
        with desk.ctx.db.read() as session:
            found = session.scalars(select(Ticket)).all()
        return {one.channel: one.due_at - one.opened_at for one in found}

    track_search.search_tracks(desk.ctx, desk.ctx.networks["x"])
    assert tickets() == {LOOKS: timedelta(minutes=5), CHANNEL: timedelta(minutes=30)}

    saved(desk, first_reply_minutes="60")
    assert tickets()[LOOKS] == timedelta(minutes=5)


def test_senders_of_a_channel_decide_there_and_nowhere_else(desk: Bot) -> None:
    saved(desk, CHANNEL, senders=["U0ANA"])
    _, card = desk.heard("@acmebrew hello")

    outcome = desk.reply(card, "Hello, says Ben!", by=desk.ben)

    assert "Only @ana may send public replies" in outcome.errors["reply"]
    saved(desk, CHANNEL, senders=["U0ANA", "U0BEN"])
    assert desk.reply(card, "Hello, says Ben!", by=desk.ben).closed


def test_a_guest_whom_a_channel_names_acts_there_alone(desk: Bot) -> None:
    desk.slack.world.add_guest("U0GUS", "Gus Guest", "gus", {CHANNEL, LOOKS})
    gus = desk.slack.person("U0GUS")
    saved(desk, LOOKS, senders=["U0ANA", "U0GUS"])
    _, card = desk.heard("@acmebrew hello")

    desk.press(card, "Claim", by=gus)
    desk.whisper("channels whose senders include you", to=gus)
    saved(desk, CHANNEL, senders=["U0ANA", "U0GUS"])
    desk.press(card, "Claim", by=gus)
    desk.shows(card, "assigned to @U0GUS")


def test_the_near_copy_limit_is_the_channels(desk: Bot) -> None:
    first, card = desk.heard("@acmebrew hello")
    words = "Thank you for writing, we have sent your order on its way this morning"
    assert desk.reply(card, words).closed
    desk.answered(first, words)
    saved(desk, CHANNEL, near_copy_percent="0")
    second, other = desk.heard("@acmebrew where is it", author="theo")

    assert desk.reply(other, f"{words}!").closed
    desk.answered(second, f"{words}!")


def test_a_channel_with_a_digest_of_its_own_gets_one_of_its_tickets(database_url: str) -> None:
    clock = [datetime(2026, 3, 3, 7, 0, tzinfo=UTC)]
    with running(database_url, now=lambda: clock[0], digest_at="23:59", troubles=True) as bot:
        bot.slack.world.add_channel(LOOKS, "looks")
        bot.poll()
        saved(bot, LOOKS, digest_at="06:00", first_reply_minutes="10")
        digest.write_due(bot.ctx)  # that of today is over: the first one comes tomorrow
        _, card = bot.heard("@acmebrew hello", at=clock[0] - timedelta(minutes=5))
        with bot.ctx.db.write() as session:
            ticket = session.scalars(select(Ticket)).one()
            ticket.channel = LOOKS
        clock[0] = datetime(2026, 3, 4, 6, 1, tzinfo=UTC)
        digest.write_due(bot.ctx)

        told = seen(in_channel(bot, LOOKS, "1 unanswered in #C0LOOKS"))
        assert "@maria" in told
        with bot.slack.world.lock:
            messages = [seen(one) for one in bot.slack.world.channel(LOOKS).messages]
        assert len([one for one in messages if "unanswered" in one]) == 1
        del card


def test_weights_of_a_channel_order_its_tickets_from_then_on(desk: Bot) -> None:
    add(desk, "kettle", channel=LOOKS)
    asked = desk.post("is the kettle sold in green?", "maria")
    wanted = desk.post("the kettle leaks, I want a refund", "joe")
    track_search.search_tracks(desk.ctx, desk.ctx.networks["x"])
    desk.settled()

    def first() -> str:
        listed = visible(desk.ana.command("/mentions", "open top").acked).text
        return "joe" if listed.index("@joe") < listed.index("@maria") else "maria"

    assert (first(), bool(asked), bool(wanted)) == ("joe", True, True)

    saved(desk, priority_weights="refund: -50\nbroken: -50\nquestion: 90")
    eventually(lambda: first() == "maria")
    assert value_of(opened(desk, desk.ben), "priority_weights") == "question: 90\nrefund: -50\nbroken: -50"
    saved(desk, priority_weights="")
    eventually(lambda: first() == "joe")


def test_a_weight_that_nobody_knows_is_refused_at_its_field(desk: Bot) -> None:
    modal = typing(opened(desk), priority_weights="refunds: 30", spike_per_minute="7")

    refused = submitted(modal)

    assert refused.errors == {
        block_of(modal, "priority_weights"): (
            "No weight is called “refunds”; docs/reference/priority.md lists them."
        )
    }
    assert known(desk) is None
