"""The figures, counted a second time in plain Python over the log of histories that Hypothesis makes up."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from statistics import median, quantiles
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from models import DailyStats, Event, Mention, Mute, Reply, Ticket
from models.core.account_filter import AccountFilter
from models.core.base import RuleBrokenError
from models.core.database import Database
from models.core.office_hours import OfficeHours
from models.core.period import Period, StatsQuery, parse_period
from models.core.query_pipeline import QueryPipeline
from models.mutes import mute_rules
from models.reports import daily_rollup, office_time, report
from models.reports.counts import DURATION_NAMES, OUTCOMES, STAGES, PeriodCounts, StatsFilter
from models.tickets.delivery_state import PUBLIC_STATES, DeliveryState
from models.tickets.incoming_post import IngestTarget
from models.tickets.ingest import ingest_page
from models.tickets.ticket import CANARY_NETWORK
from tests.models import log
from tests.models.ledger import NINE, PLACE, PROMISE, hear, minute, passing, said, ticket
from tests.models.test_migrations import explained

TEAM = ("U0ANA", "U0BEN", "U0CAT")
ACCOUNTS = (PLACE.account_id, "98")  # of ours, on one network
TARGET = timedelta(minutes=30)
# Days on which clocks change there; zones whose hours begin at odd minutes; one without any change.
LORD_HOWE = ("Australia/Lord_Howe", date(2026, 4, 5))
CHANGES = (
    ("Europe/Lisbon", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    LORD_HOWE,
    ("Asia/Kathmandu", date(2026, 3, 29)),
    ("UTC", date(2026, 3, 1)),
)
HOURS = ("", "Mon-Fri 09:00-12:30 13:30-18:00; Sat 10:00-14:00", "Mon-Sun 22:00-06:00")


# --- a history ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Act:
    """What somebody does, `after` so many minutes, about the ticket of that author."""

    what: str
    author: int
    after: int
    who: str
    account: int = 0  # which of ours hears what is said


ACTS = st.lists(
    st.builds(
        Act,
        what=st.sampled_from(
            [
                *["speak"] * 6,
                *["answer"] * 4,
                *["claim"] * 2,
                *["speak at midnight"] * 2,
                "speak late",
                "hand off",
                "outside",
                "no reply needed",
                "not about us",
                *["mute", "unmute"],
                "snooze",
                "wake",
                "reopen",
                "follow up",
                "withdraw",
                "undo",
                "assign",
                "release",
                "show",
            ]
        ),
        author=st.integers(0, 1),
        after=st.integers(0, 240),
        who=st.sampled_from(TEAM),
        account=st.integers(0, 1),
    ),
    min_size=8,
    max_size=40,
)


@dataclass
class History:
    """Lets people act; keeps when each card was shown, for that is in no log."""

    session: Session
    now: datetime
    zone: ZoneInfo
    spoken: int = 0
    shown: dict[int, datetime] = field(default_factory=dict)

    def live(self, acts: Sequence[Act]) -> None:
        for act in acts:
            self.now += timedelta(minutes=act.after)
            if act.what.startswith("speak"):
                self._speak(act)
                continue
            known = self.session.scalar(select(func.count()).where(Mention.text == f"a{act.author}"))
            if known:
                try:
                    with self.session.begin_nested():
                        self._do(act, ticket(self.session, f"a{act.author}"))
                        self.session.flush()
                except RuleBrokenError:
                    self.session.expire_all()

    def _speak(self, act: Act) -> None:
        self.spoken += 1
        posted = self.now - timedelta(minutes=200 if act.what == "speak late" else 1)
        if act.what == "speak at midnight":  # with which one day ends and another begins
            posted = datetime.combine(self.now.astimezone(self.zone), time(), self.zone).astimezone(UTC)
        post = said(str(10**6 + self.spoken), posted, author=f"a{act.author}", text=f"a{act.author}")
        place = replace(PLACE, account_id=ACCOUNTS[act.account])
        ingest_page(self.session, [post], place, at=self.now)
        self.session.flush()

    def _unmute(self, by: str) -> None:
        found = self.session.scalar(select(Mute.id).where(Mute.removed_at.is_(None)).limit(1))
        if found is not None:
            mute_rules.unmute(self.session, found, by=by, at=self.now)

    def _do(self, act: Act, one: Ticket) -> None:  # noqa: C901, PLR0912 - one line for each act
        session, by, at = self.session, act.who, self.now
        match act.what:
            case "claim" | "release":
                getattr(one, act.what)(session, by=by, at=at)
            case "assign":
                one.assign(session, to=by, by=TEAM[0], at=at)
            case "no reply needed":
                one.close_no_reply_needed(session, by=by, at=at, reason="thanks")
            case "not about us":
                one.close_not_about_us(session, by=by, at=at)
            case "mute":
                mute_rules.mute(session, mute_rules.conversation_of(one), by=by, at=at)
            case "unmute":
                self._unmute(by)
            case "snooze":
                one.snooze(session, until=at + timedelta(hours=9), by=by, at=at, sla_policy=PROMISE)
            case "wake":
                one.wake(session, at=at)
            case "reopen":
                one.reopen(session, by=by, at=at)
            case "outside":
                one.record_outside_answer(session, post_id=uuid4().hex, to_post_id=one.target_post_id, at=at)
            case "show":
                if one.id not in self.shown:
                    one.shown_at = self.shown[one.id] = at
            case "withdraw":
                said_last = select(Reply).where(Reply.ticket_id == one.id, Reply.state.in_(PUBLIC_STATES))
                reply = session.scalar(said_last.order_by(Reply.id.desc()).limit(1))
                if reply is not None:
                    one.handle_withdrawn_reply(session, reply, by=by, at=at)
            case _:
                self._answer(act, one)

    def _answer(self, act: Act, one: Ticket) -> None:
        session, at, by_hand = self.session, self.now, "not summoned" if act.what == "hand off" else None
        turn = one.turn + 1 if act.what == "follow up" else one.turn
        given = {"turn": turn, "to_post_id": one.target_post_id, "undo_until": at, "by_hand": by_hand}
        reply = one.reply(session, text="Hi", by=act.who, at=at, key=uuid4().hex, **given)
        if act.what == "undo":
            one.undo(session, by=act.who, at=at)
            return
        self.now = at = at + timedelta(minutes=2)
        if by_hand is None:
            reply.release(session, at=at)
            reply.take(session, worker="w", at=at, lease_until=at)
        reply.move(session, DeliveryState.CONFIRMED if by_hand else DeliveryState.PUBLISHED, at=at)
        one.handle_published_reply(session, reply, at=at)


# --- counted by hand ----------------------------------------------------------------------------------------


@dataclass
class Exchange:
    """One ticket, as the log tells it."""

    opened: datetime
    seen: datetime
    account: str
    outcome: str = "waiting"
    claimed: datetime | None = None
    replied: datetime | None = None
    asked: dict[int, datetime] = field(default_factory=dict)
    answers: dict[int, tuple[datetime, str]] = field(default_factory=dict)
    told: log.Told = field(default_factory=log.Told)


def retell(lines: Sequence[dict[str, Any]], posts: dict[str, datetime], account: str) -> Exchange:
    """Read the events of one ticket of `account`, oldest first, and when each post was made."""
    first = next(line["post_id"] for line in lines if line["act"] == "mention")
    found = Exchange(posts[first], lines[0]["at"], account)
    muted = {line["post_id"] for line in lines if line["act"] == "muted"}
    actors: dict[int, str] = {}
    for number, line in enumerate(lines):
        act, data, reply_id = line["act"], line["data"] or {}, line["reply_id"]
        before = found.told.turn
        if act == "mention" and number:
            _begin_with(found, posts[line["post_id"]], line["at"], is_muted=line["post_id"] in muted)
        found.told = log.replay(lines[: number + 1])
        turn = found.told.turn
        if act in {"mention", "asked again"}:
            posted = posts[line["post_id"]]
            is_new = turn > before
            found.asked[turn] = posted if is_new else min(found.asked.get(turn, posted), posted)
        if act in {"claim", "take over", "assign"}:
            found.claimed = found.claimed or line["at"]
        if reply_id is not None and line["actor"] in TEAM:
            actors.setdefault(reply_id, line["actor"])
        if data.get("to") in log.PUBLIC:
            found.replied = found.replied or line["at"]
            found.answers[found.told.turns[reply_id]] = (line["at"], actors[reply_id])
        elif act == "answered":
            found.replied = found.replied or line["at"]
            found.answers[turn] = (line["at"], "heard")
    state, reason = found.told.state, found.told.reason
    if state == "answered" and reason == "handed off":
        found.outcome = "handed off"
    elif state not in log.OPEN:
        found.outcome = state
    return found


def _begin_with(found: Exchange, posted: datetime, at: datetime, *, is_muted: bool) -> None:
    """Count from a further post: from the earliest, but never from those that were muted before any answer."""
    told = found.told
    was_always_muted = told.state == "muted" and all(state == "muted" for state, _ in told.ended.values())
    if was_always_muted and not is_muted:
        found.opened, found.seen = posted, at
    elif was_always_muted or not is_muted or told.state in log.OPEN:
        found.opened = min(found.opened, posted)


def exchanges(session: Session) -> dict[int, Exchange]:
    session.flush()
    found = {}
    for number in session.scalars(select(Ticket.id).where(Ticket.network != CANARY_NETWORK)):
        lines = session.execute(
            select(Event.at, Event.actor, Event.act, Event.reply_id, Event.post_id, Event.data)
            .where(Event.ticket_id == number, Event.act != "breach")
            .order_by(Event.id)
        )
        posts = session.execute(
            select(Mention.post_id, Mention.posted_at, Mention.account_id)
            .where(Mention.ticket_id == number)
            .order_by(Mention.id)
        ).all()
        account = posts[0].account_id  # whoever heard the first of them
        times = {one.post_id: one.posted_at for one in posts}
        found[number] = retell([dict(line) for line in lines.mappings()], times, account)
    return found


def is_open(office: str, zone: ZoneInfo, minute: datetime) -> bool:
    """Whether somebody is there in that minute, read off the clock on the wall."""
    wall = minute.astimezone(zone)
    clock, weekday = wall.hour * 60 + wall.minute, wall.weekday()
    if office == "":
        return True
    if office.startswith("Mon-Sun"):
        return clock >= 22 * 60 or clock < 6 * 60
    spans = {5: [(600, 840)], 6: []}.get(weekday, [(540, 750), (810, 1080)])
    return any(begin <= clock < end for begin, end in spans)


def open_seconds(office: str, zone: ZoneInfo, since: datetime, until: datetime) -> int:
    minutes = range(max(int((until - since) / timedelta(minutes=1)), 0))
    return 60 * sum(is_open(office, zone, since + timedelta(minutes=one)) for one in minutes)


def by_hand(  # noqa: C901 - each figure once, in one place
    history: History, period: Period, office: str, office_zone: ZoneInfo, account: str | None = None
) -> dict[str, Any]:
    """All figures of the period (of one account), from the log, the posts and the clock on the wall."""

    def inside(at: datetime) -> bool:
        return period.first <= at.astimezone(period.zone).date() <= period.last and at < period.now

    lengths: dict[str, list[float]] = {name: [] for name in DURATION_NAMES}
    outcomes, days, hours = Counter(dict.fromkeys(OUTCOMES, 0)), Counter(), Counter()
    answered, handed_off, unanswered = Counter(), Counter(), 0
    found = {
        number: one
        for number, one in exchanges(history.session).items()
        if account is None or one.account == account
    }
    for number, one in found.items():
        for turn, (at, who) in one.answers.items():
            opened_by = one.told.opened_by.get(turn)
            is_answered = one.told.ended.get(turn, ("",))[0] == "answered"
            if opened_by not in {"mention", "asked again"} or not is_answered or not inside(one.asked[turn]):
                continue
            took = max((at - one.asked[turn]).total_seconds(), 0)
            in_office = open_seconds(office, office_zone, one.asked[turn], at)
            if turn > 1:
                lengths["next reply"].append(took)
                lengths["next reply, office hours"].append(in_office)
            if who != "heard":
                counter = handed_off if one.told.ended[turn][1] == "handed off" else answered
                counter[who] += 1
        if not inside(one.opened):
            continue
        outcomes[one.outcome] += 1
        days[one.opened.astimezone(period.zone).date(), one.outcome] += 1
        unanswered += one.outcome == "waiting" and one.replied is None
        if one.replied is not None:
            lengths["first reply, office hours"].append(
                open_seconds(office, office_zone, one.opened, one.replied)
            )
        steps = [one.opened, one.seen, history.shown.get(number), one.claimed, one.replied]
        pairs = [*zip(STAGES, pairwise(steps), strict=True)]
        pairs += [("claim", (one.opened, one.claimed)), ("first reply", (one.opened, one.replied))]
        for name, (begin, end) in pairs:
            if begin is not None and end is not None:
                lengths[name].append(max((end - begin).total_seconds(), 0))
    for posted, number in history.session.execute(select(Mention.posted_at, Mention.ticket_id)):
        if number in found and inside(posted):
            wall = posted.astimezone(period.zone)
            hours[wall.weekday() * 24 + wall.hour] += 1
    return {
        "outcomes": dict(outcomes),
        "days": {day: tuple(days[day, one] for one in OUTCOMES) for day in period.days},
        "hours": tuple(hours[one] for one in range(168)),
        "unanswered": unanswered,
        "lengths": lengths,
        "people": {who: (answered[who], handed_off[who]) for who in TEAM if answered[who] + handed_off[who]},
    }


def summary(lengths: Sequence[float]) -> tuple[int, float | None, float | None, int]:
    if not lengths:
        return 0, None, None, 0
    p90 = quantiles(lengths, n=10, method="inclusive")[8] if len(lengths) > 1 else lengths[0]
    return len(lengths), median(lengths), pytest.approx(p90), sum(one <= 1800 for one in lengths)


def summed(times: report.DurationStats) -> tuple[int, float | None, float | None, int]:
    half, most = times.median, times.p90
    return (
        times.number,
        half.total_seconds() if half is not None else None,
        most.total_seconds() if most is not None else None,
        times.within,
    )


# A day by hand, at whose midnight somebody else begins: rare among what Hypothesis makes up.
A_DAY = [
    Act("hand off", 0, 10, "U0BEN"),
    Act("speak", 0, 20, "U0ANA"),
    Act("hand off", 0, 10, "U0ANA"),
    Act("follow up", 0, 10, "U0CAT"),
    Act("speak", 0, 20, "U0ANA"),
    Act("no reply needed", 0, 10, "U0ANA"),
    Act("reopen", 0, 10, "U0ANA"),
    Act("answer", 0, 10, "U0ANA"),
    Act("speak at midnight", 1, 14 * 60, "U0ANA", 1),
    Act("snooze", 1, 10, "U0ANA"),
    Act("speak", 1, 0, "U0ANA"),  # a ticket that both accounts hear of
]


@example([Act("speak", 0, 331, TEAM[0])], LORD_HOWE, LORD_HOWE, "", (0, 2))  # 02:01, half an hour put back
@example(A_DAY, CHANGES[-1], CHANGES[-1], HOURS[1], (0, 1))
@example(A_DAY, CHANGES[-1], CHANGES[-1], HOURS[2], (1, 1))
@given(
    ACTS,
    st.sampled_from(CHANGES),
    st.sampled_from(CHANGES),
    st.sampled_from(HOURS),
    st.tuples(st.integers(0, 1), st.integers(1, 5)),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_figures_are_what_counting_the_log_by_hand_gives(  # noqa: PLR0917
    db: Database,
    acts: list[Act],
    asker: tuple[str, date],
    team: tuple[str, date],
    office: str,
    days: tuple[int, int],
) -> None:
    zone, change = ZoneInfo(asker[0]), asker[1]
    team_zone = ZoneInfo(team[0])
    begin = datetime(change.year, change.month, change.day, tzinfo=UTC) - timedelta(hours=14)
    with passing(db) as session:
        history = History(session, begin, zone)
        history.live([Act("speak", 0, 0, TEAM[0]), *acts])
        session.flush()
        open_hours = OfficeHours.parse(office, team[0], "")
        office_time.fill_missing(session, lambda _channel: open_hours, limit=1000)
        skipped, length = days
        first = change + timedelta(days=skipped - 1)
        last = first + timedelta(days=length - 1)
        period = Period(first, last, zone, datetime(2026, 12, 1, tzinfo=UTC))
        utc = Period(period.first, period.last, ZoneInfo("UTC"), period.now)
        _count_by_day(session, max(period.last, history.now.date()))
        for account in (None, *ACCOUNTS):
            whose = None if account is None else AccountFilter("acme", ((PLACE.network, account),))
            found = report.build_report(session, StatsQuery(period, account=whose), target=TARGET).current
            brief = report.query_stats(
                QueryPipeline(session), period, StatsFilter(account=whose), brief=True
            )(TARGET)
            daily = daily_rollup.read_days(
                QueryPipeline(session), period.first, period.last, StatsFilter(account=whose)
            )
            _check_exact(found, brief, by_hand(history, period, office, team_zone, account))
            _check_daily(daily, by_hand(history, utc, office, team_zone, account))


def _check_exact(found: report.PeriodStats, brief: report.PeriodStats, wanted: dict[str, Any]) -> None:
    assert found.outcomes == wanted["outcomes"]
    assert found.heard == sum(wanted["hours"])
    assert found.hours == wanted["hours"]
    assert found.unanswered == wanted["unanswered"]
    assert {one.day: one.outcomes for one in found.days} == wanted["days"]
    for name in DURATION_NAMES:
        assert (name, summed(found.times[name])) == (name, summary(wanted["lengths"][name]))
    assert {one.user: (one.answered, one.handed_off) for one in found.people} == wanted["people"]
    assert (brief.outcomes, brief.heard, brief.unanswered) == (found.outcomes, found.heard, found.unanswered)
    assert brief.times["first reply"] == found.times["first reply"]


def _check_daily(daily: PeriodCounts | None, in_utc: dict[str, Any]) -> None:
    assert daily is not None
    assert daily.heard.total() == sum(in_utc["hours"])
    assert daily.unanswered == in_utc["unanswered"]
    assert {outcome: slots.total() for outcome, slots in daily.outcomes.items()} == in_utc["outcomes"]
    for name in DURATION_NAMES:
        wanted_bars = Counter(daily_rollup.bucket_start(int(one)) for one in in_utc["lengths"][name])
        assert (name, daily.times[name]) == (name, wanted_bars)
    people = {who: (mate.answered, mate.handed_off) for who, mate in daily.mates.items()}
    assert people == in_utc["people"]


def _count_by_day(session: Session, today: date) -> None:
    day = daily_rollup.first_uncounted_day(session, today)
    while day is not None:
        daily_rollup.count_day(session, day, is_next=True)
        session.flush()
        day = daily_rollup.first_uncounted_day(session, today)


# --- what is never counted, or not known --------------------------------------------------------------------


def _days(length: int, zone: str = "UTC") -> Period:
    return parse_period(f"{length}d", zone=ZoneInfo(zone), now=minute(600))


def test_test_mentions_count_nowhere(session: Session) -> None:
    canary = IngestTarget(network=CANARY_NETWORK, account_id="0", channel="C0CANARY", sla_policy=PROMISE)
    ingest_page(session, [said(1, minute(1), author="robot")], canary, at=minute(2))
    one = ticket(session, "robot")
    reply = one.reply(
        session, text="Hi", by="U0ANA", at=minute(3), key="k", turn=1, to_post_id="1", undo_until=NINE
    )
    reply.release(session, at=minute(3))
    reply.take(session, worker="w", at=minute(3), lease_until=minute(3))
    reply.move(session, DeliveryState.PUBLISHED, at=minute(4))
    one.handle_published_reply(session, reply, at=minute(4))
    session.flush()

    found = report.query_stats(QueryPipeline(session), _days(7), StatsFilter())(TARGET)

    assert (found.heard, found.tickets, found.people, found.times["first reply"].number) == (0, 0, (), 0)


def test_filters_leave_the_rest_out(session: Session) -> None:
    elsewhere = replace(PLACE, channel="C0PRESS")
    ingest_page(
        session, [said(1, minute(1), author="a"), said(2, minute(2), author="b")], PLACE, at=minute(3)
    )
    ingest_page(session, [said(3, minute(1), author="c")], elsewhere, at=minute(3))
    ticket(session, "a").claim(session, by="U0ANA", at=minute(5))
    session.flush()

    def heard(**whose: str) -> int:
        return report.query_stats(QueryPipeline(session), _days(7), StatsFilter(**whose))(TARGET).heard

    assert (heard(), heard(person="U0ANA"), heard(person="U0BEN")) == (3, 1, 0)
    assert (heard(channel="C0PRESS"), heard(channel="C0NONE"), heard(network="x"), heard(network="y")) == (
        1,
        0,
        3,
        0,
    )


def test_a_day_is_kept_for_each_account(session: Session) -> None:
    other = replace(PLACE, account_id="98")
    ingest_page(session, [said(1, author="a")], PLACE, at=minute(3))
    ingest_page(session, [said(2, author="b"), said(3, author="c")], other, at=minute(3))
    ingest_page(session, [said(4, minute(4), author="a")], other, at=minute(5))
    day = minute(600).date()
    _count_by_day(session, day)
    session.flush()

    kept = select(DailyStats.account_id).where(DailyStats.day == day).order_by(DailyStats.account_id)
    assert session.scalars(kept).all() == ["98", "99"]

    def heard(*accounts: str) -> int:
        whose = AccountFilter("acme", tuple(("x", one) for one in accounts))
        counts = daily_rollup.read_days(QueryPipeline(session), day, day, StatsFilter(account=whose))
        assert counts is not None
        return counts.heard.total()

    assert (heard("98"), heard("99"), heard("98", "99"), heard("97")) == (2, 2, 4, 0)


def test_opening_hours_that_change_change_nothing_that_was_written_down(session: Session) -> None:
    hear(session, said(1, NINE))
    one = ticket(session)
    one.record_outside_answer(session, post_id="o", to_post_id="1", at=minute(90))
    session.flush()
    office_time.fill_missing(session, lambda _: OfficeHours.parse("Mon 09:00-10:00", "UTC", ""), limit=9)
    office_time.fill_missing(session, lambda _: OfficeHours.parse("Tue 09:00-10:00", "UTC", ""), limit=9)
    session.refresh(one)
    assert one.first_reply_open == 3600

    hear(session, said(0, minute(-30)))  # found late: what was written down is not true any more
    assert one.first_reply_open is None


def test_days_are_counted_anew_once_something_happens_to_them(session: Session) -> None:
    today = minute(600).date()
    hear(session, said(1, NINE), said(2, NINE, author="8"))
    _count_by_day(session, today)
    daily_rollup.mark_events_counted(session, daily_rollup.last_event_id(session))
    session.flush()
    assert daily_rollup.first_uncounted_day(session, today) is None
    assert daily_rollup.list_changed_days(session, daily_rollup.last_event_id(session), today) == []

    ticket(session, "8").close_not_about_us(session, by="U0ANA", at=minute(5))
    session.flush()
    days = daily_rollup.list_changed_days(session, daily_rollup.last_event_id(session), today)
    assert NINE.date() in days
    for day in days:
        daily_rollup.count_day(session, day)
    session.flush()

    told = daily_rollup.read_days(QueryPipeline(session), today, today, StatsFilter())
    assert told is not None
    ended = {outcome: slots.total() for outcome, slots in told.outcomes.items() if slots}
    assert ended == {"waiting": 1, "not about us": 1}


def test_a_long_period_is_told_by_days_once_they_are_counted(session: Session) -> None:
    hear(session, said(1, NINE))
    period = _days(93)
    assert report.query_stats(QueryPipeline(session), period, StatsFilter())(
        TARGET
    ).is_exact  # not counted yet
    _count_by_day(session, minute(600).date())
    session.flush()

    found = report.query_stats(QueryPipeline(session), period, StatsFilter())(TARGET)

    assert not found.is_exact
    assert (found.heard, found.tickets, sum(found.hours)) == (1, 1, 1)
    assert report.query_stats(QueryPipeline(session), _days(92), StatsFilter())(TARGET).is_exact
    assert report.query_stats(QueryPipeline(session), period, StatsFilter(person="U0ANA"))(TARGET).is_exact


def test_a_period_is_found_without_reading_the_year(db: Database) -> None:
    with db.write() as session:
        hear(session, *(said(number, minute(60 * number), author=str(number)) for number in range(4000)))
        session.execute(text("ANALYZE"))
    period = Period(date(2026, 3, 4), date(2026, 3, 5), ZoneInfo("UTC"), datetime(2026, 12, 1, tzinfo=UTC))
    with explained(db) as plans, db.read() as session:
        assert report.query_stats(QueryPipeline(session), period, StatsFilter())(TARGET).tickets == 48

    wanted = ("ix_tickets_opened_at", "ix_turns_asked_at", "ix_mentions_posted_at_network")
    for index, plan in zip(wanted, plans, strict=True):
        assert index in plan
        assert not re.search(r"SCAN (mentions|tickets|turns)$|Seq Scan", plan, re.MULTILINE)
    whose = StatsFilter(person="U0ANA", channel="C0MENTIONS", network="x")
    with explained(db) as plans, db.read() as session:
        assert report.query_stats(QueryPipeline(session), period, whose)(TARGET).tickets == 0

    for index, plan in zip(wanted, plans, strict=True):
        assert index in plan
        assert not re.search(r"SCAN (mentions|tickets|turns)$|Seq Scan", plan, re.MULTILINE)
    of_account = StatsFilter(account=AccountFilter("acme", (("x", "99"), ("y", "99"))))
    with explained(db) as plans, db.read() as session:
        assert report.query_stats(QueryPipeline(session), period, of_account)(TARGET).tickets == 48

    for index, plan in zip(wanted, plans, strict=True):
        if db.is_sqlite:  # PostgreSQL rather reads all of so few tickets
            assert index in plan
            assert not re.search(r"SCAN (mentions|tickets|turns)$", plan, re.MULTILINE)


def test_what_lacks_its_office_hours_is_found_without_reading_the_year(db: Database) -> None:
    with db.write() as session:
        hear(session, *(said(number, minute(number), author=str(number)) for number in range(4000)))
        session.execute(text("ANALYZE"))
    with explained(db) as plans, db.read() as session:
        assert not office_time.has_unfilled(session)

    assert "ix_tickets_uncounted" in plans[0]
    assert "ix_turns_uncounted" in plans[1]


@given(st.integers(0, 10**8))
def test_a_bucket_is_hardly_shorter_than_what_lies_in_it(took: int) -> None:
    low = daily_rollup.bucket_start(took)

    assert low <= took < low * 1.1 + 1
    assert daily_rollup.bucket_start(low) == low
