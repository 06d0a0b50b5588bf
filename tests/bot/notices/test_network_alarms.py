"""A network that does not do what we ask: told once, with what to do, and told when it is over."""

import pytest

from bot.networks.errors import USAGE_CAP_PHRASE, Later
from bot.notices import network_alarms
from models import Alarm
from tests.bot.room import ANA, Counting, Room

AT_ONCE = ("unauthorized", "out of credit")


def troubles(here: Room) -> list[str]:
    return [words for words in here.told() if words.startswith(":rotating_light:")]


def joys(here: Room) -> list[str]:
    return [words for words in here.told() if words.startswith(":white_check_mark:")]


def poll_in_vain(here: Room, network: Counting, cause: str, *, minutes: float) -> None:
    """Let every poll of the next minutes fail."""
    for _ in range(int(minutes * 2)):
        network.fails("mentions", Later(None, cause, "It said no."))
        here.poll()
        here.clock.pass_by(30)
    network.heals()


@pytest.mark.parametrize("cause", AT_ONCE)
def test_what_only_a_person_can_mend_is_told_at_once_and_only_once(
    here: Room, network: Counting, cause: str
) -> None:
    here.poll()
    poll_in_vain(here, network, cause, minutes=0.5)
    assert len(troubles(here)) == 1
    poll_in_vain(here, network, cause, minutes=60)

    [told] = troubles(here)
    assert "It said no." in told
    assert "on its developer page" in told
    assert "no new mentions come in" in told


@pytest.mark.parametrize("cause", ["unreachable", "server error", "rate limit"])
def test_what_may_pass_by_itself_is_told_after_five_minutes(
    here: Room, network: Counting, cause: str
) -> None:
    here.poll()
    poll_in_vain(here, network, cause, minutes=4.5)
    assert troubles(here) == []
    poll_in_vain(here, network, cause, minutes=2)

    assert len(troubles(here)) == 1


def test_a_hiccup_is_not_worth_a_word(here: Room, network: Counting) -> None:
    here.poll()
    for _ in range(20):
        poll_in_vain(here, network, "server error", minutes=2)
        here.poll()
        here.clock.pass_by(60)

    assert here.told() == []


def test_when_it_answers_again_the_team_hears_how_long_it_did_not_and_what_was_said_meanwhile(
    here: Room, network: Counting
) -> None:
    here.poll()
    poll_in_vain(here, network, "unauthorized", minutes=29)
    for name in ("maria", "joe", "kim"):
        network.says(name, "@acmebrew anybody?")
    here.clock.pass_by(60)
    here.poll()
    here.clock.pass_by(60)
    here.poll()

    [joy] = joys(here)
    assert "is back for @acmebrew after" in joy
    assert "30 min" in joy
    assert "3 mentions from that time have cards now" in joy


def test_a_dead_account_is_told_once_although_it_can_neither_be_read_nor_written(
    here: Room, network: Counting
) -> None:
    network.says("maria", "@acmebrew hello")
    here.poll()
    reply = here.submit(1, "Hi!", by=ANA)
    poll_in_vain(here, network, "unauthorized", minutes=0.5)
    for _ in range(10):
        network.fails("publish", Later(None, "unauthorized", "It said no."))
        here.send()
        here.clock.pass_by(30)
    assert len(troubles(here)) == 1
    assert here.reply(reply).text == "Hi!"

    network.heals()
    here.poll()
    here.clock.pass_by(90)
    here.send()

    assert here.reply(reply).post_id is not None
    with here.ctx.db.read() as session:
        assert Alarm.active(session) == []


@pytest.mark.parametrize(
    ("detail", "advice"),
    [
        ("No credits. (HTTP 402)", "Buy credit on its developer page."),
        (
            f"The {USAGE_CAP_PHRASE} is reached.",
            "Raise the cap on its developer page, or wait until the billing cycle ends",
        ),
        ("Spend cap reached.", "Raise the spending limit on its developer page"),
    ],
)
def test_what_helps_against_want_of_credit_depends_on_what_is_used_up(detail: str, advice: str) -> None:
    assert network_alarms.fix_advice("out of credit", detail).startswith(advice)


def test_an_alarm_says_on_which_day_it_began(here: Room, network: Counting) -> None:
    here.poll()
    poll_in_vain(here, network, "unauthorized", minutes=0.5)

    assert " (since <!date^1772452800^{date_short_pretty} {time}|2026-03-02 12:00 UTC>)." in troubles(here)[0]


def test_another_cause_is_told_anew(here: Room, network: Counting) -> None:
    here.poll()
    poll_in_vain(here, network, "out of credit", minutes=5)
    poll_in_vain(here, network, "unauthorized", minutes=5)

    assert len(troubles(here)) == 2
    assert "API credit has run out" in troubles(here)[0]
    assert "has rejected our keys" in troubles(here)[1]
