"""`/mentions export`: tickets, replies or events as a file, by direct message to who asked."""

import tempfile
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.context import BotContext
from bot.runtime.export_writer import FORMATS, atomic_file, write_rows
from bot.slack.errors import SlackError, SlackRefusedError
from bot.slack.membership import access_of
from bot.slack.private_access import read_access_of
from bot.slack.user_timezone import zone_of
from handlers import feedback
from handlers.commands.slash_command import CommandAnswer, SlashCommand, shown_word
from handlers.door import RepeatedError, change_once
from handlers.feedback import error_text
from handlers.slack_tokens import CHANNEL_MENTION_PATTERN, TRACK_PATTERN, USER_MENTION_PATTERN
from models import Account
from models.core import period_words
from models.core.account_filter import list_accounts
from models.core.base import RuleBrokenError
from models.core.mrkdwn import escape_entities
from models.core.period import looks_like_period, parse_period
from models.reports.export import EXPORT_TABLES, ExportFilter, ExportTable
from models.sources.account import NO_HANDLES, AccountHandles

ROWS_MAX = 100_000  # what a file in Slack may hold; more is a matter for the command line
EXPORT_USAGE = (
    "Which one? `/mentions export tickets`, `replies` or `events`; optionally a period "
    "(`2026-10`, `2026-10-01..2026-10-15`, `30d`), `csv` or `jsonl`, a state, a network, `#channel`, "
    "`@teammate`, the `@handle` of one of our accounts or a track (`track:7`)."
)


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What is to be written, and what of it is said on the command line."""

    kind: ExportTable
    wanted: ExportFilter
    file_format: str
    options: tuple[str, ...]

    @property
    def name(self) -> str:
        """The file's."""
        return f"heard-{self.kind.name}.{self.file_format}"

    @property
    def command(self) -> str:
        """The same on the command line."""
        return " ".join(("python -m bot export", self.kind.name, *self.options))


def handle_export(ctx: BotContext, asked: SlashCommand) -> CommandAnswer | None:
    """A sentence at once, the file when it is made."""
    words = period_words.split_words(asked.raw)
    if not words:
        return {"text": EXPORT_USAGE}
    asked.ack(response_type="ephemeral", text=":package: Preparing your file; I'll DM it to you.")
    ctx.run_in_background(lambda: _export_and_send(ctx, asked, words))
    return None


def _export_and_send(ctx: BotContext, asked: SlashCommand, words: list[str]) -> None:
    """Make it, hand it over, and say so, or why not; once, however often Slack tells of the command."""
    try:
        with change_once(ctx, asked.who):
            pass
        order = parse_export(ctx, words, zone_of(ctx, asked.user))
        # The whole ledger leaves: what is remembered of them will not do, so Slack is asked now.
        refused = access_of(ctx, asked.user, fresh=timedelta()).refusal
        access = read_access_of(ctx, asked.user)
        order = replace(order, wanted=replace(order.wanted, access=access))
        sentence = refused or _write_and_upload(ctx, asked.user, order)
    except RepeatedError:
        return
    except SlackError as error:
        why = f" ({error})" if isinstance(error, SlackRefusedError) else ""
        sentence = f"The file is ready, but Slack rejected it{why}. Please try again in a moment."
    except Exception as error:  # noqa: BLE001 - a person asked, a person gets a sentence
        sentence = error_text(error)
    feedback.send_private_answer(ctx, asked.who, asked.respond, text=sentence, in_place=True)


def parse_export(ctx: BotContext, words: list[str], zone: ZoneInfo) -> ExportRequest:
    """What those words ask for; a period is in the time zone `zone`. Raises `RuleBrokenError`."""
    kind = EXPORT_TABLES.get(words[0].lower())
    if kind is None:
        raise RuleBrokenError(
            f"I can't export “{escape_entities(shown_word(words[0])[:40])}”. {EXPORT_USAGE}"
        )
    given, options, form, accounts = dict[str, str](), list[str](), "csv", NO_HANDLES
    if any(word.startswith("@") for word in words):
        with ctx.db.read() as session:
            accounts = Account.handles(session)
    for word in words[1:]:
        low = word.lower()
        if low in FORMATS:
            form = low
            options.append(f"--format {low}")
            continue
        name, value = _parse_filter(ctx, kind, word, accounts)
        if name in given:
            raise RuleBrokenError(
                f"You gave two of the same kind: {escape_entities(given[name])} and "
                f"{escape_entities(value)}. Use only one."
            )
        given[name] = value
        options.append(f"--{name} '{value}'" if " " in value else f"--{name} {value}")
    period, handle, track = given.pop("period", None), given.pop("account", None), given.pop("track", None)
    account = accounts.find(handle) if handle is not None else None
    when = parse_period(period, zone=zone, now=ctx.now()) if period is not None else None
    since, until = (when.since, when.until) if when is not None else (None, None)
    number = int(track) if track is not None else None
    wanted = ExportFilter(
        since,
        until,
        state=given.get("state"),
        network=given.get("network"),
        channel=given.get("channel"),
        person=given.get("person"),
        account=account,
        track=number,
    )
    return ExportRequest(kind, wanted, form, tuple(options))


def _parse_filter(ctx: BotContext, kind: ExportTable, word: str, accounts: AccountHandles) -> tuple[str, str]:
    """Which filter `word` is, and its value."""
    low = word.lower()
    patterns = {"person": USER_MENTION_PATTERN, "channel": CHANNEL_MENTION_PATTERN, "track": TRACK_PATTERN}
    for name, pattern in patterns.items():
        if (found := pattern.fullmatch(word)) is not None:
            return name, found[1]
    if word.startswith("@") and accounts.find(word[1:]) is not None:
        return "account", word[1:]
    if low in ctx.networks:
        return "network", low
    state = low.replace("-", " ")
    if kind.states is not None and state in kind.states:
        return "state", state
    if looks_like_period(low):
        return "period", low
    states = (
        f" A state is one of: {', '.join(one.replace(' ', '-') for one in kind.states)}."
        if kind.states
        else ""
    )
    ours = list_accounts(accounts.connected_handles) if word.startswith("@") else ""
    raise RuleBrokenError(
        f"Unknown word “{escape_entities(shown_word(word)[:40])}”.{states} {EXPORT_USAGE}{ours}"
    )


def _write_and_upload(ctx: BotContext, user: str, order: ExportRequest) -> str:
    with ctx.db.read() as session:
        total = order.kind.count(session, order.wanted)
    if total == 0:
        return f"No {order.kind.name} match, so there is no file."
    if total > ROWS_MAX:
        return (
            f"That is {total:,} {order.kind.name}, and a file holds at most {ROWS_MAX:,}. Choose a shorter "
            f"period, or ask your Heard admin to run `{escape_entities(order.command)}`."
        )
    with tempfile.TemporaryDirectory(prefix="heard-") as folder:
        path = Path(folder) / order.name
        with atomic_file(path, bom=order.file_format == "csv", force=False) as file:
            count = write_rows(ctx.db, order.kind, order.wanted, order.file_format, file, told=lambda _: None)
        told = f"{count:,} {order.kind.singular if count == 1 else order.kind.name}"
        ctx.slack.send_file(user, path, f"{told}, as you asked. Only you got this file.")
    return f":package: {told}: the file is in your direct messages with me."
