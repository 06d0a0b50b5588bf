"""What does not work, in a line each."""

from datetime import UTC, datetime

from bot.notices.alarm_lines import home_line
from models import Alarm

AT = datetime(2026, 11, 26, 18, 42, tzinfo=UTC)


def rings(key: str, cause: str, detail: str) -> str:
    return home_line(Alarm(key=key, cause=cause, detail=detail, since=AT), {"x": "X"})


def test_a_network_is_called_by_its_name_with_what_to_do() -> None:
    said = rings("publishing x", "out of credit", "no <credits> left (HTTP 402)")

    assert said.startswith("*Your X API credit has run out; someone needs to top it up* (since <!date^")
    assert said.endswith("“no &lt;credits&gt; left (HTTP 402)” Buy credit on its developer page.")


def test_what_is_past_its_time_is_counted() -> None:
    assert rings("overdue replies", "overdue", "2").startswith("2 replies got stuck.")
    assert rings("overdue cards", "overdue", "1").startswith("1 card couldn't be updated for ten minutes.")


def test_a_lost_channel_says_where_its_cards_go() -> None:
    assert rings("channel C1", "not_in_channel", "C2").startswith(
        "<#C1> no longer has me as a member, so its cards are now posted in <#C2>."
    )
