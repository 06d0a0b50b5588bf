"""What a person waits for who asks who waits, or opens Home, with a million mentions; beside one plain query."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from slack_bolt import Ack, Respond
from sqlalchemy import Row, text

from bot.context import BotContext
from bot.slack import home_tab
from bot.slack.blocks.commands.open_list import TICKETS_LISTED_MAX
from bot.slack.blocks.home import OWN_TICKETS_SHOWN_MAX, WAITING_PER_PAGE, HomeContent, build_home
from handlers.commands import open_list
from handlers.commands.slash_command import SlashCommand
from models.core.database import Database
from models.reports import open_tickets
from models.reports.open_tickets import OpenTicketFilter
from models.tickets.delivery_state import RETURNED_STATES
from tests.bench import ingest
from tests.bench.figures import Figure, beside
from tests.bench.million import CHANNELS, END, TEAM, filled, spelled
from tests.stage import context

MOST = 150.0  # ms
NOW = END - timedelta(minutes=1)
LISBON = ZoneInfo("Europe/Lisbon")
MATE, OTHER = TEAM[3], TEAM[7]
INDEXES = ("ix_tickets_open",)

_OPEN = "{0}.state IN ('waiting', 'snoozed') AND {0}.network <> 'canary'"
_TODAY = "{0} >= :today AND {0} < :tomorrow"
_WORDS = ", ".join(f"'{state}'" for state in RETURNED_STATES)
# What is listed and how long the whole list is, by the engine alone.
LIST = f"""
    SELECT t.id, t.waiting, a.handle, m.text, t.owner, t.due_at, c.channel, c.ts {{more}}
    FROM (
        SELECT t.*, count(*) OVER () AS waiting FROM tickets t WHERE {_OPEN.format("t")} {{also}}
        ORDER BY t.state = 'snoozed', t.due_at IS NULL, t.due_at, t.waiting_since, t.id LIMIT {{limit}}
    ) t JOIN authors a ON a.id = t.author_id LEFT JOIN cards c ON c.ticket_id = t.id
    LEFT JOIN mentions m ON m.ticket_id = t.id AND m.post_id = t.target_post_id
    ORDER BY t.state = 'snoozed', t.due_at IS NULL, t.due_at, t.waiting_since, t.id
"""
# All else that Home shows, as far as it is a number.
TOLD = {
    "mine": f"SELECT count(*) FROM tickets o WHERE {_OPEN.format('o')} AND o.owner = :me",
    "drafts": "SELECT count(*) FROM replies r JOIN tickets o ON o.id = r.ticket_id "
    f"WHERE {_OPEN.format('o')} AND r.actor = :me AND r.state IN ({_WORDS})",
    "heard": f"SELECT count(*) FROM mentions WHERE {_TODAY.format('seen_at')} AND network <> 'canary'",
    "week": "SELECT count(*) FROM mentions WHERE seen_at >= :week AND seen_at < :tomorrow "
    "AND network <> 'canary'",
    "answered": "SELECT count(*) FROM turns u JOIN tickets o ON o.id = u.ticket_id "
    f"WHERE {_TODAY.format('u.asked_at')} AND u.opened_by = 'mention' AND u.outcome = 'answered' "
    "AND o.network <> 'canary'",
}


@dataclass(frozen=True, slots=True)
class Open:
    """What stands behind `/mentions open`, for the ledger and in the plain query."""

    words: str = ""
    wanted: OpenTicketFilter = open_tickets.ALL_OPEN
    also: str = ""


_OVERDUE = "AND t.due_at < :now AND t.state = 'waiting'"
COMMANDS = (
    Open(),
    Open("mine", OpenTicketFilter(owner=MATE), f"AND t.owner = '{MATE}'"),
    Open("unclaimed", OpenTicketFilter(unclaimed=True), "AND t.owner IS NULL"),
    Open("overdue", OpenTicketFilter(overdue_at=NOW), _OVERDUE),
    Open(
        "overdue unclaimed",
        OpenTicketFilter(overdue_at=NOW, unclaimed=True),
        f"{_OVERDUE} AND t.owner IS NULL",
    ),
    Open(f"<@{OTHER}>", OpenTicketFilter(owner=OTHER), f"AND t.owner = '{OTHER}'"),
    Open(f"<#{CHANNELS[1]}>", OpenTicketFilter(channels=(CHANNELS[1],)), f"AND t.channel = '{CHANNELS[1]}'"),
    Open("x", OpenTicketFilter(networks=("x",)), "AND t.network = 'x'"),
)


def measure(new_database: Callable[[], str]) -> list[Figure]:
    """Each list and Home against their target and one plain query; and what the index for them costs."""
    # at the end of the two years, with nobody to talk to
    with context(filled(new_database), now=lambda: NOW, slack_channel=CHANNELS[0]) as ctx:
        figures = [_open(ctx, one) for one in COMMANDS]
        figures.append(_home(ctx))
    return [*figures, ingest.cost("who waits", INDEXES, new_database)]


def _open(ctx: BotContext, one: Open) -> Figure:
    """The whole answer, with what is kept for *Share to channel*; only Slack is not in it."""
    words = f"open {one.words}".strip()
    command = {"text": words, "user_id": MATE, "channel_id": CHANNELS[0]}
    asked = SlashCommand("open", one.words, command, Ack(), Respond(response_url=None))
    query = LIST.format(more="", also=one.also, limit=TICKETS_LISTED_MAX)
    values = {"now": spelled(NOW)} if ":now" in one.also else {}
    rows = _plain(ctx.db, query, values)
    with ctx.db.read() as session:
        found = open_tickets.list_by_due_time(session, one.wanted, limit=TICKETS_LISTED_MAX)
    assert [entry.ticket_id for entry in found.first] == [row.id for row in rows]
    assert open_list.handle_open(ctx, asked)["text"] == f"{rows[0].waiting:,} waiting"
    return beside(
        f"`/mentions {words}`, {found.total:,} of them",
        lambda: open_list.handle_open(ctx, asked),
        lambda: _plain(ctx.db, query, values),
        most=MOST,
    )


def _home(ctx: BotContext) -> Figure:
    """The first page as it is read and put together; only Slack is not in it."""
    more = "".join(f", ({query}) AS {name}" for name, query in TOLD.items())
    query = LIST.format(more=more, also="", limit=WAITING_PER_PAGE)
    days = {"week": 1 - home_tab.CHART_DAYS, "today": 0, "tomorrow": 1}
    values = {name: spelled(_midnight(day)) for name, day in days.items()} | {"me": MATE}

    rows, shown = _plain(ctx.db, query, values), _shown(ctx)
    assert [entry.ticket_id for entry in shown.waiting.first] == [row.id for row in rows]
    assert len(shown.mine.first) == min(shown.mine.total, OWN_TICKETS_SHOWN_MAX)
    assert _told(shown) == {name: getattr(rows[0], name) for name in ("waiting", *TOLD)}
    return beside(
        "Home, its first page",
        lambda: build_home(_shown(ctx)),
        lambda: _plain(ctx.db, query, values),
        most=MOST,
    )


def _shown(ctx: BotContext) -> HomeContent:
    with ctx.db.read() as session:
        return home_tab.read_contents(ctx, session, MATE, zone=LISBON)


def _told(shown: HomeContent) -> dict[str, int]:
    """What Home says in numbers."""
    return {
        "waiting": shown.waiting.total,
        "mine": shown.mine.total,
        "drafts": len(shown.drafts),
        "heard": shown.today.heard,
        "week": sum(heard for _, heard in shown.week),
        "answered": shown.today.answered,
    }


def _midnight(days: int) -> datetime:
    """With which the day begins that is so many `days` after today."""
    day = NOW.astimezone(LISBON).date() + timedelta(days=days)
    return datetime.combine(day, time(), LISBON)


def _plain(database: Database, query: str, values: dict[str, Any]) -> Sequence[Row[Any]]:
    with database.read() as session:
        return session.execute(text(query), values).all()
