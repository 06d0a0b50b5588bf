"""`/mentions stats`: a period in figures, for the person who asks."""

import re
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from bot.context import Desk
from bot.jobs import stats_rollup
from bot.slack import ephemeral_answers, home_tab, user_timezone
from bot.slack.blocks.commands import stats as face
from bot.slack.blocks.commands.help_text import may_be_short
from bot.slack.blocks.replies.unsettled import replies_apart
from bot.slack.ephemeral_answers import Asker, Told
from bot.slack.typed_text import read_slack_text
from handlers.commands.slash_command import Answer, Asked
from handlers.feedback import PATIENCE
from models import Teammate
from models.core.base import RuleBrokenError
from models.core.period import Known, Question, parse
from models.reports import open_tickets
from models.reports.open_tickets import Wanted
from models.reports.report import Report, report

FILL = 0.5  # seconds that a figure may wait for the last replies' office hours
_LABEL = re.compile(r"<([@#]\w+)\|[^<>]*>")


def stats(desk: Desk, asked: Asked) -> Answer | None:
    """The figures in words at once; charts follow, since they may need an upload."""
    own = user_timezone.own_zone_of(desk, asked.user)
    with desk.db.read(PATIENCE) as session:
        names = {one.user_id: one.name for one in session.scalars(select(Teammate))}
    titles = desk.titles
    known = Known(person=_by_name(names), channel=_nowhere, networks=titles)
    try:
        question = parse(_typed(asked), zone=own or desk.settings.office.zone, now=desk.now(), known=known)
    except RuleBrokenError as told:
        return {"text": str(told)}
    desk.glance(lambda: stats_rollup.fill(desk), FILL)
    target = timedelta(minutes=desk.settings.first_reply_minutes)
    with desk.db.read(PATIENCE) as session:
        found = report(session, question, target=target)
        unread, stuck = home_tab.unread(desk, session), open_tickets.stuck(session, _whose(question))
    if _matches_nothing(question, found):
        return {"text": face.nothing(question, titles)}
    here = [one for one in unread if question.network in {None, one.network}]
    notes = may_be_short(here, titles, so="more may have been said than these figures know")
    if stuck.total:
        notes.append(replies_apart(stuck))
    if own is None:
        notes.append(f"Slack does not say where you are, so days are those of {question.period.zone.key}.")
    blocks = face.told(found, question, names=names, titles=titles, target=target, notes=notes)
    answer = ephemeral_answers.shareable(
        desk, asked.channel, face.summary(found), blocks, patience=PATIENCE / 2
    )
    asked.ack(response_type="ephemeral", **answer)
    asker = Asker(asked.user, asked.channel, asked.respond)
    shown = Told(f"Charts of {question.period.label}", (), face.charts(found.now))
    if shown.charts:
        desk.aside(lambda: ephemeral_answers.answer(desk, asker, shown))
    return None


def _whose(question: Question) -> Wanted:
    """The tickets that the filters of `question` leave."""
    channels, networks = ((one,) if one is not None else () for one in (question.channel, question.network))
    return Wanted(owner=question.person, channels=channels, networks=networks)


def _matches_nothing(question: Question, found: Report) -> bool:
    filters = (question.person, question.channel, question.network)
    empty = not found.now.heard and not found.now.tickets and not found.now.people
    return any(one is not None for one in filters) and empty


def _typed(asked: Asked) -> str:
    """What stands behind the word; people and channels as ids, for their names may hold anything."""
    tokens = re.split(r"(<[@#]\w+>)", _LABEL.sub(r"<\1>", asked.raw))
    return "".join(one if place % 2 else read_slack_text(one).text for place, one in enumerate(tokens))


def _by_name(names: dict[str, str]) -> Callable[[str], str | None]:
    """Who is meant by a name: whole without blanks, or the first part; not where two are called so."""
    meant: dict[str, set[str]] = {}
    for user, name in names.items():
        for called in ("".join(name.split()), *name.split()[:1]):
            meant.setdefault(called.casefold(), set()).add(user)
    one = {called: next(iter(users)) for called, users in meant.items() if len(users) == 1}
    return lambda name: one.get(name.casefold())


def _nowhere(_name: str) -> None:
    """Only Slack knows what a channel is called, and it sends the id of whatever was picked from its list."""
