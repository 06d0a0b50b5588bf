"""Issues in the ledger: one a name, weighed by figures that anybody can check, settled once a person."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Event, Issue, IssueReport, Reply
from models.core.base import RuleBrokenError
from models.core.database import Database
from models.issues.fix_followup import reconcile_reports
from models.issues.queries import REACH_MAX, compute_weight, count_progress, list_reporters, rank_open_issues
from models.issues.title import title_key
from models.tickets.delivery_state import DeliveryState
from tests.models.ledger import NINE, hear, minute, raised, rows, said, ticket, together

ANA, BEN = "U0ANA", "U0BEN"
AGES = st.lists(st.tuples(st.floats(0, 400), st.integers(0, 10**9) | st.none()), min_size=1, max_size=30)


def reported(days: list[tuple[float, int | None]]) -> list[tuple[datetime, int | None]]:
    return [(NINE - timedelta(days=age), followers) for age, followers in days]


def issue(session: Session, title: str = "Export loses rows") -> Issue:
    return Issue.open_or_find(session, title, by=ANA, at=NINE)


def answered(session: Session, conversation: str, at: datetime, author: str = "7") -> Reply:
    """A reply of Ana's there, public at `at`."""
    here = ticket(session, author, conversation)
    given = {"turn": here.turn, "to_post_id": here.target_post_id, "undo_until": at, "key": uuid4().hex}
    reply = here.reply(session, text="Mended", by=ANA, at=at, **given)
    reply.release(session, at=at)
    reply.take(session, worker="w", at=at, lease_until=at)
    reply.move(session, DeliveryState.PUBLISHED, at=at, settled_at=at)
    here.handle_published_reply(session, reply, at=at)
    session.flush()
    return reply


# --- the arithmetic -----------------------------------------------------------------------------------------


@given(AGES)
def test_the_score_is_the_product_of_the_figures_as_they_are_shown(days: list[tuple[float, int]]) -> None:
    weight = compute_weight(reported(days), at=NINE)

    assert weight.score == round(weight.people * weight.recency * weight.reach, 1)
    assert weight.people == len(days)
    assert 0 <= weight.recency <= 1
    assert 1 <= weight.reach <= REACH_MAX


@given(AGES, st.floats(0, 100))
def test_time_makes_no_issue_heavier(days: list[tuple[float, int]], more: float) -> None:
    now, later = (
        compute_weight(reported(days), at=NINE),
        compute_weight(reported(days), at=NINE + timedelta(days=more)),
    )

    assert later.score <= now.score


@given(AGES, st.integers(0, 10**9))
def test_one_more_person_today_makes_no_issue_lighter(days: list[tuple[float, int]], followers: int) -> None:
    before = compute_weight(reported(days), at=NINE)
    after = compute_weight(reported([*days, (0.0, followers)]), at=NINE)

    # both recencies are rounded to two decimals, and stand for so many people
    assert after.people * after.recency >= before.people * before.recency - 0.01 * after.people
    assert after.reach >= before.reach


def test_a_report_counts_half_after_a_week_and_a_quarter_after_two() -> None:
    assert compute_weight(reported([(7, None)]), at=NINE).recency == 0.5
    assert compute_weight(reported([(14, None)]), at=NINE).recency == 0.25
    assert compute_weight(reported([(0, 4_000), (0, 6_000)]), at=NINE).reach == 2.0


def test_what_weighs_most_comes_first_and_people_count_once(session: Session) -> None:
    hear(session, said(1), said(2, conversation="c2"), said(3, author="8", conversation="c3"))
    one, two = issue(session, "One person, twice"), issue(session, "Two people")
    one.add(session, ticket(session), by=ANA, at=minute(1))
    one.add(session, ticket(session, conversation="c2"), by=ANA, at=minute(1))
    two.add(session, ticket(session), by=ANA, at=minute(1))
    two.add(session, ticket(session, "8", "c3"), by=ANA, at=minute(1))
    session.flush()

    first, second = rank_open_issues(session, at=minute(2))

    assert (first.issue, first.weight.people) == (two, 2)
    assert (second.issue, second.weight.people) == (one, 1)


# --- one issue a name ---------------------------------------------------------------------------------------


@given(st.text(max_size=60))
def test_a_name_has_no_case_blanks_or_ends(title: str) -> None:
    assert title_key(f"  {title}\t!") == title_key(title) or not title_key(title).isalnum()
    assert title_key(" ".join(title)) == title_key(" ".join(title_key(" ".join(title))))


@pytest.mark.parametrize(
    "other", ["export loses rows", "Export-loses rows!", " EXPORT  LOSES ROWS ", "Export\u200b loses rows."]
)
def test_titles_that_read_the_same_are_one_issue(session: Session, other: str) -> None:
    assert issue(session, other) is issue(session)


def test_two_at_once_open_one_issue(db: Database) -> None:
    def opened() -> int:
        with db.write() as session:
            return issue(session).id

    outcomes = together(*[opened] * 4)

    assert raised(outcomes) == []
    assert len(set(outcomes)) == 1


def test_a_title_is_seen_and_has_150_characters_at_most(session: Session) -> None:
    issue(session, "🍺" * 150)
    for bad in ("x" * 151, "", "\u200b \u2060"):
        with pytest.raises(RuleBrokenError):
            issue(session, bad)


# --- each act once ------------------------------------------------------------------------------------------


def test_adding_and_removing_twice_is_done_once_and_logged_once(session: Session) -> None:
    hear(session, said(1))
    one = issue(session)

    assert one.add(session, ticket(session), by=ANA, at=minute(1)) is not None
    assert one.add(session, ticket(session), by=BEN, at=minute(2)) is None
    assert one.remove(session, ticket(session), by=BEN, at=minute(3))
    assert not one.remove(session, ticket(session), by=BEN, at=minute(4))

    session.flush()
    acts = session.scalars(select(Event.act).where(Event.act.like("%issue%")).order_by(Event.id)).all()
    assert acts == ["issue opened", "add to issue", "remove from issue"]


def test_fixed_twice_is_refused_with_a_name_and_the_cards_follow(session: Session) -> None:
    hear(session, said(1))
    one = issue(session)
    one.add(session, ticket(session), by=ANA, at=minute(1))
    session.flush()
    before = ticket(session).revision

    one.fix(session, by=ANA, at=minute(2))

    assert ticket(session).revision > before
    with pytest.raises(RuleBrokenError, match="<@U0ANA> has already marked this issue as fixed"):
        one.fix(session, by=BEN, at=minute(3))


# --- told ---------------------------------------------------------------------------------------------------


def test_one_reply_after_the_fix_settles_all_their_tickets_once(session: Session) -> None:
    hear(session, said(1), said(2, conversation="c2"))
    one = issue(session)
    for conversation in ("c1", "c2"):
        one.add(session, ticket(session, conversation=conversation), by=ANA, at=minute(1))
    one.fix(session, by=ANA, at=minute(2))
    assert not reconcile_reports(session, one.id, at=minute(3))

    reply = answered(session, "c2", minute(4))

    assert reconcile_reports(session, one.id, at=minute(5))
    assert not reconcile_reports(session, one.id, at=minute(6))
    assert {report.settled_by for report in session.scalars(select(IssueReport))} == {ANA}
    told = session.scalars(select(Event).where(Event.act == "told")).all()
    assert [event.reply_id for event in told] == [reply.id] * 2
    assert count_progress(list_reporters(session, one)).told == 1


def test_a_reply_before_the_fix_tells_nobody(session: Session) -> None:
    hear(session, said(1))
    one = issue(session)
    one.add(session, ticket(session), by=ANA, at=minute(1))
    answered(session, "c1", minute(2))
    one.fix(session, by=ANA, at=minute(3))

    assert not reconcile_reports(session, one.id, at=minute(4))


def test_a_second_fix_starts_telling_anew(session: Session) -> None:
    hear(session, said(1))
    one = issue(session)
    one.add(session, ticket(session), by=ANA, at=minute(1))
    one.fix(session, by=ANA, at=minute(2))
    assert one.skip(session, ticket(session).author_id, reason="left", by=BEN, at=minute(3))
    assert not one.skip(session, ticket(session).author_id, reason="left", by=BEN, at=minute(4))
    one.reopen(session, by=ANA, at=minute(5))

    one.fix(session, by=ANA, at=minute(6))

    session.flush()
    assert count_progress(list_reporters(session, one)).remaining == 1
    [report] = rows(session, IssueReport)["reports"]
    assert report["skip_reason"] is None


def test_who_comes_with_it_after_the_fix_is_told_by_a_later_reply(session: Session) -> None:
    hear(session, said(1))
    one = issue(session)
    one.fix(session, by=ANA, at=minute(2))
    hear(session, said(2, minute(3), conversation="c2"), at=minute(3))
    report = one.add(session, ticket(session, conversation="c2"), by=BEN, at=minute(5))
    assert report is not None
    assert report.is_reported_again
    session.flush()

    [person] = list_reporters(session, one)

    assert person.is_reported_again
    answered(session, "c2", minute(6))
    assert reconcile_reports(session, one.id, at=minute(7))


def test_an_old_ticket_added_after_the_fix_is_no_new_report(session: Session) -> None:
    hear(session, said(1))
    one = issue(session)
    one.fix(session, by=ANA, at=minute(2))

    report = one.add(session, ticket(session), by=BEN, at=minute(5))

    assert report is not None
    assert not report.is_reported_again


def test_fixing_and_adding_at_once_wait_for_nobody_forever(db: Database) -> None:
    with db.write() as session:
        hear(session, *[said(n, conversation=f"c{n}") for n in range(1, 6)])
        both = [issue(session, title).id for title in ("One", "Two")]
        for issue_id in both:
            for n in range(1, 6):
                here = ticket(session, conversation=f"c{n}")
                session.get_one(Issue, issue_id).add(session, here, by=ANA, at=minute(1))

    def fixed(issue_id: int) -> None:
        with db.write() as session:
            Issue.lock(session, issue_id).fix(session, by=ANA, at=minute(2))

    def added() -> None:
        with db.write() as session:
            here = ticket(session, conversation="c3")
            session.get_one(Issue, both[0]).add(session, here, by=BEN, at=minute(2))

    assert raised(together(lambda: fixed(both[0]), lambda: fixed(both[1]), added, added)) == []
