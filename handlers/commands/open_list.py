"""`/mentions open` and `/mentions mine`: who still waits, for the person who asks."""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.context import Desk
from bot.slack import ephemeral_answers, home_tab
from bot.slack.blocks.commands.help_text import may_be_short
from bot.slack.blocks.commands.open_list import LISTED, open_list
from bot.slack.blocks.elements import context
from bot.slack.blocks.text import inert
from bot.slack.typed_text import read_slack_text
from handlers.commands.slash_command import CHANNEL, PERSON, Answer, Asked
from handlers.feedback import PATIENCE
from models import Pause
from models.core.base import RuleBrokenError
from models.reports import open_tickets
from models.reports.open_tickets import Wanted
from models.tickets import unconnected_accounts

UNHEARD = "What people say to it meanwhile is not heard, so this list may be short."
KNOWN = "`mine`, `unclaimed`, `overdue`, a `#channel`, a `@teammate` or a network ({})"


@dataclass(frozen=True, slots=True)
class Filter:
    """What was asked for, for the ledger and in words."""

    wanted: Wanted = open_tickets.ALL
    words: tuple[str, ...] = ()


def open_ones(desk: Desk, asked: Asked) -> Answer:
    """Everything that waits, or what the words behind `open` leave of it."""
    return _listed(desk, asked, _filter(desk, asked.user, asked.words, desk.now()))


def mine(desk: Desk, asked: Asked) -> Answer:
    """The same, of what the asker has."""
    return _listed(desk, asked, _filter(desk, asked.user, ["mine", *asked.words], desk.now()))


def _listed(desk: Desk, asked: Asked, chosen: Filter) -> Answer:
    at, titles = desk.now(), desk.titles
    with desk.db.read(PATIENCE) as session:
        listing = open_tickets.waiting(session, chosen.wanted, limit=LISTED)
        in_all = open_tickets.waiting(session, limit=0).total if chosen.words else listing.total
        unread, pause = home_tab.unread(desk, session), Pause.now(session)
        away = [alarm.detail for alarm in unconnected_accounts.ringing(session)]
    here = [one for one in unread if not chosen.wanted.networks or one.network in chosen.wanted.networks]
    blocks = open_list(
        listing,
        titles,
        url=desk.slack.workspace,
        at=at,
        unknown=may_be_short(here, titles),
        filtered=" and ".join(chosen.words),
        in_all=in_all,
    )
    if pause is not None:
        blocks.append(context(f":double_vertical_bar: {pause.sentence}"))
    blocks += [context(f":electric_plug: {detail} {UNHEARD}") for detail in away]
    text = f"{listing.total:,} waiting"
    return ephemeral_answers.shareable(desk, asked.channel, text, blocks, patience=PATIENCE / 2)


def _filter(desk: Desk, user: str, words: list[str], at: datetime) -> Filter:
    """What `words` ask for, all of it together."""
    chosen = Filter()
    for word in words:
        chosen = _narrowed(desk, user, word, at, chosen)
    return chosen


def _narrowed(desk: Desk, user: str, word: str, at: datetime, chosen: Filter) -> Filter:
    """`chosen` with one more condition; `RuleBrokenError` says what was not understood."""
    wanted, lower = chosen.wanted, word.lower()
    networks = {name.lower(): name for name in desk.networks}
    networks |= {network.title.lower(): name for name, network in desk.networks.items()}
    said = {"mine": f"<@{user}>'s", "unclaimed": "nobody's", "overdue": "overdue"}.get(lower, "")
    if lower == "mine":
        wanted = replace(wanted, owner=user)
    elif lower == "unclaimed":
        wanted = replace(wanted, unclaimed=True)
    elif lower == "overdue":
        wanted = replace(wanted, overdue_at=at)
    elif (channel := CHANNEL.fullmatch(word)) is not None:
        wanted, said = replace(wanted, channels=(*wanted.channels, channel[1])), f"in <#{channel[1]}>"
    elif (person := PERSON.fullmatch(word)) is not None:
        wanted, said = replace(wanted, owner=person[1]), f"<@{person[1]}>'s"
    elif lower in networks:
        name = networks[lower]
        wanted, said = replace(wanted, networks=(*wanted.networks, name)), f"on {desk.networks[name].title}"
    else:
        raise RuleBrokenError(_unknown(desk, word))
    return Filter(wanted, (*dict.fromkeys((*chosen.words, said)),))


def _unknown(desk: Desk, word: str) -> str:
    shown = inert(read_slack_text(word).text)
    if word.startswith("#"):
        return f"I cannot tell which channel “{shown}” is: choose it from Slack's list while you type."
    titles = ", ".join(f"`{inert(name)}`" for name in desk.networks)
    return f"I do not know the filter “{shown}”. Try {KNOWN.format(titles)}, in any combination."
