"""`/mentions stats`: a period in figures, for the person who asks."""

from collections.abc import Callable

from sqlalchemy import select

from bot.context import BotContext
from bot.jobs import stats_rollup
from bot.notices import reading_notices
from bot.slack import ephemeral_answers, home_tab, user_timezone
from bot.slack.blocks.commands import stats as face
from bot.slack.blocks.commands.help_text import incomplete_notes
from bot.slack.blocks.replies.unsettled import stuck_replies_text
from bot.slack.ephemeral_answers import EphemeralAnswer, Requester
from handlers.commands.slash_command import CommandAnswer, SlashCommand
from handlers.feedback import LEDGER_TIMEOUT_SECONDS
from models import Account, Teammate
from models.core.base import RuleBrokenError
from models.core.period import NameLookup, StatsQuery, parse_stats_query
from models.privacy.read_access import EVERYTHING
from models.reports import open_tickets
from models.reports.open_tickets import OpenTicketFilter
from models.reports.report import StatsReport, build_report

FILL_TIMEOUT_SECONDS = 0.5  # seconds that a figure may wait for the last replies' office hours


def handle_stats(ctx: BotContext, asked: SlashCommand) -> CommandAnswer | None:
    """The figures in words at once; charts follow, since they may need an upload."""
    own = user_timezone.own_zone_of(ctx, asked.user)
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        names = {one.user_id: one.name for one in session.scalars(select(Teammate))}
        accounts = Account.handles(session)
    titles = ctx.network_titles
    known = NameLookup(
        person=_name_lookup(names),
        channel=_no_channel_lookup,
        networks=titles,
        account=accounts.find,
        handles=accounts.connected_handles,
    )
    try:
        question = parse_stats_query(
            asked.text_with_ids, zone=own or ctx.settings.office.zone, now=ctx.now(), known=known
        )
    except RuleBrokenError as told:
        return {"text": str(told)}
    ctx.read_with_timeout(lambda: stats_rollup.fill_office_times(ctx), FILL_TIMEOUT_SECONDS)
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        target, others = stats_rollup.reply_targets(ctx, session, question.channel)
        found = build_report(session, question, target=target, other_targets=others)
        stopped = reading_notices.stopped_notes(ctx, session, so="these numbers may be incomplete")
        unread, stuck = (
            home_tab.unread_sources(ctx, session),
            open_tickets.count_stuck(session, _wanted_tickets(question)),
        )
    if _matches_nothing(question, found):
        return {"text": face.no_results_text(question, titles)}
    chosen = _wanted_tickets(question).accounts
    here = [
        one
        for one in unread
        if question.network in {None, one.network} and accounts.may_be(one.network, one.account_id, chosen)
    ]
    notes = incomplete_notes(here, titles, accounts, so="these numbers may be incomplete")
    notes += stopped
    if stuck.total:
        notes.append(stuck_replies_text(stuck))
    if own is None:
        notes.append(f"Slack doesn't share your time zone, so days are in {question.period.zone.key}.")
    one_target = None if others else target
    blocks = face.build_blocks(found, question, names=names, titles=titles, target=one_target, notes=notes)
    answer = ephemeral_answers.shareable_message(
        ctx, asked.channel, face.summary_text(found), blocks, patience=LEDGER_TIMEOUT_SECONDS / 2
    )
    asked.ack(response_type="ephemeral", **answer)
    asker = Requester(asked.user, asked.channel, asked.respond)
    shown = EphemeralAnswer(f"Charts of {question.period.label}", (), face.build_charts(found.current))
    if shown.charts:
        ctx.run_in_background(lambda: ephemeral_answers.send_answer(ctx, asker, shown))
    return None


def _wanted_tickets(question: StatsQuery) -> OpenTicketFilter:
    """The tickets that the filters of `question` leave."""
    channels, networks = ((one,) if one is not None else () for one in (question.channel, question.network))
    accounts = (question.account,) if question.account is not None else ()
    tracks = (question.track,) if question.track is not None else ()
    return OpenTicketFilter(
        owner=question.person,
        channels=channels,
        networks=networks,
        accounts=accounts,
        tracks=tracks,
        access=EVERYTHING,  # they are counted
    )


def _matches_nothing(question: StatsQuery, found: StatsReport) -> bool:
    filters = (question.person, question.channel, question.network, question.account, question.track)
    empty = not found.current.heard and not found.current.tickets and not found.current.people
    return any(one is not None for one in filters) and empty


def _name_lookup(names: dict[str, str]) -> Callable[[str], str | None]:
    """Who is meant by a name: whole without blanks, or the first part; not where two are called so."""
    meant: dict[str, set[str]] = {}
    for user, name in names.items():
        for called in ("".join(name.split()), *name.split()[:1]):
            meant.setdefault(called.casefold(), set()).add(user)
    one = {called: next(iter(users)) for called, users in meant.items() if len(users) == 1}
    return lambda name: one.get(name.casefold())


def _no_channel_lookup(_name: str) -> None:
    """Only Slack knows what a channel is called, and it sends the id of whatever was picked from its list."""
