"""Two issues become one: each ticket once, each person once, and nobody is taken for told who was not."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Event, Issue, IssueReport, Ticket
from models.core.base import RuleBrokenError
from models.core.database import Database
from models.issues.fix_followup import list_merged, list_unfinished, reconcile_reports
from models.issues.merge import merge_issues
from models.issues.queries import (
    count_progress,
    find_issues,
    list_fixed_issues,
    list_reporters,
    rank_open_issues,
)
from models.issues.suggestions import SuggestionTarget, has_candidates, search_titles, suggest_issues
from tests.models.issues.test_issue import ANA, BEN, answered
from tests.models.ledger import NINE, hear, minute, passing, raised, rows, said, ticket, together
from tests.models.log import issues_of

ONE, TWO = "Export loses rows", "Rows missing in CSV"
Pair = tuple[Issue, Issue]


def titled(session: Session, title: str) -> Issue:
    return Issue.open_or_find(session, title, by=ANA, at=NINE)


@pytest.fixture
def pair(session: Session) -> Pair:
    """The one that goes and the one that stays; person 7 is in the first, 8 in the second, 9 in both by one ticket."""
    hear(session, *(said(n, author=str(n), conversation=f"c{n}") for n in (7, 8, 9)))
    gone, kept = titled(session, ONE), titled(session, TWO)
    for issue, authors in ((gone, (7, 9)), (kept, (8, 9))):
        for author in authors:
            issue.add(session, ticket(session, str(author), f"c{author}"), by=ANA, at=minute(1))
    session.flush()
    return gone, kept


def merged(session: Session, pair: Pair, at: float) -> Issue:
    kept = merge_issues(session, pair[0].id, pair[1].id, by=BEN, at=minute(at)).kept
    assert explained(session)
    assert not reconcile_reports(session, kept.id, at=minute(at)), "it does not stand on its own"
    return kept


def explained(session: Session) -> bool:
    """The log alone says what is in the rows."""
    log = rows(session, Event)["events"]
    found = {
        (row["issue_id"], row["ticket_id"]): "told"
        if row["told_at"]
        else "skipped"
        if row["skipped_at"]
        else None
        for row in rows(session, IssueReport)["reports"]
    }
    assert issues_of(log) == found
    return True


def told(session: Session, issue: Issue) -> set[str]:
    """Which people count as told."""
    names = {one.author_id: one for one in list_reporters(session, issue) if one.told_at is not None}
    query = select(Ticket.conversation_id).where(Ticket.author_id.in_(names))
    return {name.removeprefix("c")[:1] for name in session.scalars(query)}


# --- one of two ---------------------------------------------------------------------------------------------


def test_each_ticket_belongs_to_the_one_that_stays_once_and_the_cards_follow(
    session: Session, pair: Pair
) -> None:
    before = ticket(session, "7", "c7").revision

    kept = merged(session, pair, 2)

    assert len(list_reporters(session, kept)) == 3
    assert len(rows(session, IssueReport)["reports"]) == 3
    assert ticket(session, "7", "c7").revision > before
    assert [one.title for one in Issue.of(session, ticket(session, "9", "c9").id)] == [TWO]
    [event] = session.scalars(select(Event).where(Event.act == "issue merged")).all()
    assert event.data == {"issue": pair[0].id, "title": ONE, "into": kept.id, "into_title": TWO}


def test_what_was_merged_away_is_listed_nowhere_and_leads_to_what_remains(
    session: Session, pair: Pair
) -> None:
    hear(session, said(1, conversation="c1"))
    kept = merged(session, pair, 2)
    third = titled(session, "Third")
    merge_issues(session, kept.id, third.id, by=BEN, at=minute(3))

    assert [one.issue for one in rank_open_issues(session, at=minute(4))] == [third]
    assert list_fixed_issues(session, at=minute(4)) == []
    for_ticket = SuggestionTarget(ticket=ticket(session, "7", "c1").id)
    assert [one.issue for one in suggest_issues(session, for_ticket, at=minute(4), limit=9)] == [third]
    assert suggest_issues(session, SuggestionTarget(issue=third.id), at=minute(4), limit=9) == []
    assert not has_candidates(session, SuggestionTarget(issue=third.id))
    assert titled(session, "export-LOSES rows") is third
    assert Issue.lock(session, pair[0].id) is third
    for words in (ONE, "missing", "rows csv"):
        assert [one.issue for one in find_issues(session, words, at=minute(4))] == [third]
        assert [one.issue for one in search_titles(session, for_ticket, words, limit=9)] == [third]


def test_one_that_was_fixed_and_is_merged_away_is_not_looked_after(session: Session, pair: Pair) -> None:
    for issue in pair:
        issue.fix(session, by=ANA, at=minute(2))

    kept = merged(session, pair, 3)

    assert list_unfinished(session, at=minute(4)) == [kept.id]
    assert list_merged(session, at=minute(4)) == [pair[0].id]
    assert [one.issue for one in list_fixed_issues(session, at=minute(4))] == [kept]


@pytest.mark.parametrize("swapped", [False, True])
def test_what_is_one_already_is_refused_with_a_sentence(session: Session, pair: Pair, swapped: bool) -> None:
    merged(session, pair, 2)
    first, second = (one.id for one in (pair[::-1] if swapped else pair))

    with pytest.raises(RuleBrokenError, match=f"They are already merged: “{TWO}”"):
        merge_issues(session, first, second, by=BEN, at=minute(3))
    with pytest.raises(RuleBrokenError, match="That is the same issue"):
        merge_issues(session, second, second, by=BEN, at=minute(3))


def test_a_merge_follows_where_the_other_went_but_not_where_this_one_went(
    session: Session, pair: Pair
) -> None:
    merged(session, pair, 2)
    third = titled(session, "Third")

    with pytest.raises(RuleBrokenError, match=f"Someone has merged this one into “{TWO}”"):
        merge_issues(session, pair[0].id, third.id, by=BEN, at=minute(3))
    assert merge_issues(session, third.id, pair[0].id, by=BEN, at=minute(3))[:2] == (third, pair[1])


# --- open and fixed -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_fixed_ones_each_person_stays_told_who_was(session: Session, pair: Pair, first: int) -> None:
    early, late = pair[first], pair[1 - first]
    of_early, of_late = ("7", "8") if early is pair[0] else ("8", "7")
    early.fix(session, by=ANA, at=minute(10))
    answered(session, f"c{of_early}", minute(12), of_early)
    answered(session, f"c{of_late}", minute(13), of_late)  # before the fix that they wait for
    late.fix(session, by=BEN, at=minute(20))

    kept = merged(session, pair, 30)

    assert told(session, kept) == {of_early}
    assert (kept.fixed_at, kept.fixed_by) == (minute(20), BEN)
    hear(session, said(10, minute(31), author=of_late, conversation=f"c{of_late}"), at=minute(31))
    answered(session, f"c{of_late}", minute(32), of_late)
    assert reconcile_reports(session, kept.id, at=minute(33))
    assert told(session, kept) == {of_early, of_late}


@pytest.mark.parametrize("first", [0, 1])
def test_told_of_the_one_is_told_of_both_unless_they_came_again(
    session: Session, pair: Pair, first: int
) -> None:
    early, late = pair[first], pair[1 - first]
    early.fix(session, by=ANA, at=minute(10))
    answered(session, "c9", minute(12), "9")
    hear(session, said(71, minute(14), author="9", conversation="c71"), at=minute(14))
    early_only = count_progress(list_reporters(session, early)).told
    late.fix(session, by=BEN, at=minute(20))

    assert "9" in told(session, merged(session, pair, 30))
    assert early_only == 0  # nobody had looked


@pytest.mark.parametrize("first", [0, 1])
def test_who_came_with_the_other_after_they_were_told_is_to_be_told(
    session: Session, pair: Pair, first: int
) -> None:
    early, late = pair[first], pair[1 - first]
    early.fix(session, by=ANA, at=minute(10))
    answered(session, "c9", minute(12), "9")
    reconcile_reports(session, early.id, at=minute(13))
    late.remove(session, ticket(session, "9", "c9"), by=ANA, at=minute(13))
    hear(session, said(91, minute(14), author="9", conversation="c9"), at=minute(14))
    late.add(session, ticket(session, "9", "c9"), by=ANA, at=minute(15))
    answered(session, "c9", minute(16), "9")
    late.fix(session, by=BEN, at=minute(20))

    kept = merged(session, pair, 30)

    assert "9" not in told(session, kept)
    hear(session, said(92, minute(31), author="9", conversation="c9"), at=minute(31))
    answered(session, "c9", minute(32), "9")
    reconcile_reports(session, kept.id, at=minute(33))
    assert "9" in told(session, kept)


def test_open_into_fixed_is_fixed_and_its_people_are_still_to_be_told(session: Session, pair: Pair) -> None:
    pair[1].fix(session, by=ANA, at=minute(10))
    answered(session, "c7", minute(12), "7")  # nobody had said that theirs is fixed
    answered(session, "c8", minute(12), "8")
    answered(session, "c9", minute(12), "9")  # theirs is both

    kept = merged(session, pair, 20)

    assert kept.is_fixed
    assert told(session, kept) == {"8", "9"}
    hear(session, said(71, minute(21), author="7", conversation="c7"), at=minute(21))
    answered(session, "c7", minute(22), "7")
    reconcile_reports(session, kept.id, at=minute(23))
    assert told(session, kept) == {"7", "8", "9"}


def test_who_was_told_of_an_earlier_fix_that_did_not_hold_is_to_be_told(session: Session, pair: Pair) -> None:
    gone, kept = pair
    gone.fix(session, by=ANA, at=minute(2))
    answered(session, "c7", minute(3), "7")
    reconcile_reports(session, gone.id, at=minute(4))
    gone.reopen(session, by=ANA, at=minute(5))
    kept.fix(session, by=ANA, at=minute(6))

    assert told(session, merged(session, pair, 7)) == set()


def test_open_into_fixed_shows_who_came_after_the_fix(session: Session, pair: Pair) -> None:
    pair[1].fix(session, by=ANA, at=minute(10))
    hear(session, said(1, minute(14), conversation="c1"), at=minute(14))
    pair[0].add(session, ticket(session, "7", "c1"), by=ANA, at=minute(15))

    merged(session, pair, 20)

    [standing] = list_fixed_issues(session, at=minute(21))
    assert standing.is_reported_again


@pytest.mark.parametrize("was_fixed", [False, True])
def test_into_open_is_open_and_the_next_fix_begins_anew(
    session: Session, pair: Pair, was_fixed: bool
) -> None:
    if was_fixed:
        pair[0].fix(session, by=ANA, at=minute(10))
        answered(session, "c7", minute(12), "7")

    kept = merged(session, pair, 20)

    assert not kept.is_fixed
    kept.fix(session, by=BEN, at=minute(30))
    assert not reconcile_reports(session, kept.id, at=minute(31))
    assert count_progress(list_reporters(session, kept)).remaining == 3
    assert explained(session)


def test_who_was_skipped_stays_skipped_with_all_that_they_had_reported_by_then(
    session: Session, pair: Pair
) -> None:
    gone, kept = pair
    hear(session, said(72, conversation="c72"))
    kept.add(session, ticket(session, "7", "c72"), by=ANA, at=minute(1))
    for issue in pair:
        issue.fix(session, by=ANA, at=minute(2))
    for author in ("7", "9"):
        gone.skip(
            session, ticket(session, author, f"c{author}").author_id, reason="left us", by=BEN, at=minute(3)
        )

    kept = merged(session, pair, 5)

    assert count_progress(list_reporters(session, kept)).skipped == 2
    assert {one.settled_by for one in list_reporters(session, kept) if one.skip_reason == "left us"} == {BEN}


def test_who_came_again_after_they_were_skipped_is_to_be_told(session: Session, pair: Pair) -> None:
    gone, kept = pair
    gone.fix(session, by=ANA, at=minute(2))
    gone.skip(session, ticket(session, "9", "c9").author_id, reason="knows", by=BEN, at=minute(3))
    kept.remove(session, ticket(session, "9", "c9"), by=ANA, at=minute(4))
    hear(session, said(91, minute(5), author="9", conversation="c9"), at=minute(5))
    kept.add(session, ticket(session, "9", "c9"), by=ANA, at=minute(6))
    kept.fix(session, by=ANA, at=minute(7))

    assert count_progress(list_reporters(session, merged(session, pair, 8))).remaining == 3


# --- any order ----------------------------------------------------------------------------------------------

ISSUES, AUTHORS, TICKETS = 3, 3, 6
ACTS = st.one_of(
    st.tuples(st.just("add"), st.integers(0, ISSUES - 1), st.integers(0, TICKETS - 1)),
    st.tuples(st.just("say"), st.integers(0, TICKETS - 1), st.just(0)),
    st.tuples(st.just("answer"), st.integers(0, TICKETS - 1), st.just(0)),
    st.tuples(st.sampled_from(["fix", "reopen"]), st.integers(0, ISSUES - 1), st.just(0)),
    st.tuples(st.just("skip"), st.integers(0, ISSUES - 1), st.integers(0, AUTHORS - 1)),
    st.tuples(st.just("merge"), st.integers(0, ISSUES - 1), st.integers(0, ISSUES - 1)),
)


@dataclass
class Team:
    """What it does, a minute each; and what must have come of it, counted by hand."""

    session: Session
    issues: list[int] = field(default_factory=list)
    clock: "count[int]" = field(default_factory=lambda: count(2))
    posts: "count[int]" = field(default_factory=lambda: count(100))
    reported: dict[int, set[int]] = field(default_factory=dict)  # issue → tickets

    def begin(self) -> None:
        hear(self.session, *(said(n, author=str(n % AUTHORS), conversation=f"c{n}") for n in range(TICKETS)))
        self.issues = [titled(self.session, f"Issue {n}").id for n in range(ISSUES)]
        self.reported = {one: set() for one in self.issues}

    def ticket(self, number: int) -> Ticket:
        return ticket(self.session, str(number % AUTHORS), f"c{number}")

    def act(self, what: str, one: int, other: int) -> None:
        at = minute(next(self.clock))
        try:
            getattr(self, what)(one, other, at)
        except RuleBrokenError:
            return  # refused in a sentence
        self.session.flush()

    def add(self, one: int, other: int, at: datetime) -> None:
        issue = Issue.lock_shared(self.session, self.issues[one])
        issue.add(self.session, self.ticket(other), by=ANA, at=at)
        self.reported[issue.id].add(self.ticket(other).id)

    def say(self, one: int, _: int, at: datetime) -> None:
        name = {"author": str(one % AUTHORS), "conversation": f"c{one}"}
        hear(self.session, said(next(self.posts), at, **name), at=at)

    def answer(self, one: int, _: int, at: datetime) -> None:
        if self.ticket(one).state == "waiting":
            answered(self.session, f"c{one}", at, str(one % AUTHORS))

    def fix(self, one: int, _: int, at: datetime) -> None:
        Issue.lock(self.session, self.issues[one]).fix(self.session, by=ANA, at=at)

    def reopen(self, one: int, _: int, at: datetime) -> None:
        Issue.lock(self.session, self.issues[one]).reopen(self.session, by=ANA, at=at)

    def skip(self, one: int, other: int, at: datetime) -> None:
        issue = Issue.lock(self.session, self.issues[one])
        issue.skip(self.session, self.ticket(other).author_id, reason="knows", by=BEN, at=at)

    def merge(self, one: int, other: int, at: datetime) -> None:
        ends = [Issue.lock(self.session, self.issues[n]) for n in (one, other)]
        for end in ends:
            reconcile_reports(self.session, end.id, at=at)
        was = [self.standing(end) for end in ends]
        were_fixed = [end.is_fixed for end in ends]
        gone, kept, _ = merge_issues(self.session, ends[0].id, self.issues[other], by=BEN, at=at)
        self.reported[kept.id] |= self.reported.pop(gone.id)
        assert kept.is_fixed == were_fixed[1]
        if kept.is_fixed:
            self.check(was, were_fixed[0], self.standing(kept))

    def standing(self, issue: Issue) -> dict[int, tuple[bool, bool]]:
        """Of each person, whether they were told or skipped, and whether told on any of their tickets."""
        mine = select(IssueReport.ticket_id).where(
            IssueReport.issue_id == issue.id, IssueReport.told_at.is_not(None)
        )
        query = select(Ticket.author_id).where(Ticket.id.in_(mine))
        any_of = set(self.session.scalars(query)) if issue.is_fixed else set()
        return {
            one.author_id: (one.is_settled, one.author_id in any_of)
            for one in list_reporters(self.session, issue)
        }

    @staticmethod
    def check(
        was: list[dict[int, tuple[bool, bool]]], gone_fixed: bool, now: dict[int, tuple[bool, bool]]
    ) -> None:
        gone, kept = was
        for author, (settled, any_told) in now.items():
            ends = [one[author] for one in was if author in one]
            if any_told:
                assert any(one[1] for one in ends), "taken for told who never was"
            if all(one[0] for one in ends) and (gone_fixed or author not in gone):
                assert settled, "asked about again"
        assert now.keys() == gone.keys() | kept.keys()


@given(st.lists(ACTS, max_size=25))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_in_whatever_order_people_count_once_and_nobody_is_taken_for_told(
    db: Database, acts: list[tuple[str, int, int]]
) -> None:
    with passing(db) as session:
        team = Team(session)
        team.begin()
        for act in acts:
            team.act(*act)
            for issue_id, tickets in team.reported.items():
                reconcile_reports(session, issue_id, at=minute(999))
                assert not reconcile_reports(session, issue_id, at=minute(999))
                found = list_reporters(session, session.get_one(Issue, issue_id))
                assert sorted(place.ticket_id for one in found for place in one.places) == sorted(tickets)
                assert len({one.author_id for one in found}) == len(found)
        assert explained(session)


# --- at once ------------------------------------------------------------------------------------------------


def test_merged_both_ways_at_once_one_happens_and_the_other_gets_a_sentence(db: Database) -> None:
    for number in range(5):
        with db.write() as session:
            hear(session, *(said(f"{number}{n}", conversation=f"{number}c{n}") for n in range(4)))
            both = [titled(session, f"{title} {number}").id for title in (ONE, TWO)]
            for n in range(4):
                here = ticket(session, conversation=f"{number}c{n}")
                session.get_one(Issue, both[n % 2]).add(session, here, by=ANA, at=minute(1))

        def merging(first: int, second: int) -> None:
            with db.write() as session:
                merge_issues(session, first, second, by=ANA, at=minute(2))

        outcomes = together(partial(merging, *both), partial(merging, *both[::-1]))

        [error] = raised(outcomes)
        assert "They are already merged" in str(error)
        with db.read() as session:
            assert (
                len(list_reporters(session, session.get_one(Issue, Issue.resolve_merged(session, both[0]))))
                == 1
            )


def test_who_adds_while_it_is_merged_adds_to_the_one_that_stays(db: Database) -> None:
    with db.write() as session:
        hear(session, *(said(n, conversation=f"c{n}") for n in range(8)))
        gone, kept = titled(session, ONE).id, titled(session, TWO).id
        session.get_one(Issue, gone).add(session, ticket(session, conversation="c0"), by=ANA, at=minute(1))

    def added(number: int) -> None:
        with db.write() as session:
            here = ticket(session, conversation=f"c{number}")
            Issue.lock_shared(session, gone).add(session, here, by=BEN, at=minute(2))

    def merging() -> None:
        with db.write() as session:
            merge_issues(session, gone, kept, by=ANA, at=minute(2))

    adding = [lambda n=n: added(n) for n in range(8)]
    assert raised(together(*adding[:4], merging, *adding[4:])) == []

    with db.read() as session:
        assert {row["issue_id"] for row in rows(session, IssueReport)["reports"]} == {kept}
        assert len(rows(session, IssueReport)["reports"]) == 8


# --- a new title --------------------------------------------------------------------------------------------


def test_a_new_title_shows_on_the_cards_and_the_log_has_both(session: Session, pair: Pair) -> None:
    before = ticket(session, "7", "c7").revision

    pair[0].rename(session, "  CSV export   loses rows ", by=BEN, at=minute(2))

    assert titled(session, "csv-export loses rows!") is pair[0]
    assert pair[0].title == "CSV export loses rows"
    assert ticket(session, "7", "c7").revision > before
    [event] = session.scalars(select(Event).where(Event.act == "issue renamed")).all()
    assert event.data == {"issue": pair[0].id, "title": "CSV export loses rows", "from": ONE}


def test_other_letters_of_the_same_name_are_a_new_title_and_the_same_title_is_none(
    session: Session, pair: Pair
) -> None:
    pair[0].rename(session, ONE.upper(), by=BEN, at=minute(2))

    assert pair[0].title == ONE.upper()
    with pytest.raises(RuleBrokenError, match="already has that title"):
        pair[0].rename(session, f" {ONE.upper()} ", by=BEN, at=minute(3))


def test_the_title_of_another_issue_is_refused_with_its_name(session: Session, pair: Pair) -> None:
    with pytest.raises(
        RuleBrokenError, match=f"There is an issue “{TWO}” already. If this is the same, pick"
    ):
        pair[0].rename(session, TWO.lower(), by=BEN, at=minute(2))
    third = titled(session, "Third")
    merged(session, pair, 3)
    with pytest.raises(RuleBrokenError, match=f"“{ONE}” already, as a part of “{TWO}”"):
        third.rename(session, ONE, by=BEN, at=minute(4))

    session.flush()
    assert third.title == "Third"


def test_one_can_be_called_what_was_merged_into_it_and_both_names_still_lead_there(
    session: Session, pair: Pair
) -> None:
    kept = merged(session, pair, 2)

    kept.rename(session, ONE, by=BEN, at=minute(3))

    assert kept.title == ONE
    assert titled(session, ONE) is titled(session, TWO) is kept


def test_two_who_give_one_title_to_two_issues_at_once(db: Database) -> None:
    with db.write() as session:
        both = [titled(session, title).id for title in (ONE, TWO)]

    def renamed(issue_id: int) -> None:
        with db.write() as session:
            Issue.lock(session, issue_id).rename(session, "Lost rows", by=ANA, at=minute(2))

    [error] = raised(together(lambda: renamed(both[0]), lambda: renamed(both[1])))

    assert isinstance(error, RuleBrokenError)
    with db.read() as session:
        assert len(session.scalars(select(Issue).where(Issue.title == "Lost rows")).all()) == 1
