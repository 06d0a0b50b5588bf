"""`python -m bot track`: what we listen for, beside a running bot, which takes it up within ten seconds."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import click
from sqlalchemy.orm import Session

from bot.bootstrap import clock_for, open_shared_ledger
from bot.cli import feed_tracks, track_file
from bot.cli.accounts import check_channel
from bot.cli.errors import one_line_errors
from bot.ingest import track_checks
from bot.networks.registry import NetworkSettings
from bot.slack.blocks.text import unescape
from models import Account, Credential, Track
from models.core.base import RuleBrokenError
from models.sources import track_rules
from models.sources.track import FEED_TRACK, MENTIONS_TRACK, TrackKind
from models.sources.track_rules import TrackDraft

ADDABLE_KINDS: tuple[str, ...] = tuple(kind for kind in get_args(TrackKind) if kind != MENTIONS_TRACK)
OPML_SUFFIXES = {".opml", ".xml"}
_LANGUAGE_HELP = "Only posts in that language, such as en; may be repeated."
_EXCEPT_HELP = "Leave out posts of that person; may be repeated."
_EVERY_HELP = "How often a feed is read, in seconds, as far as its publisher allows."
_PRESET_HELP = "A site such as stack-exchange, of which QUERY says what to listen for instead of an address."
_CHANNEL_HELP = "The Slack channel (C…) where its posts are shown; else SLACK_CHANNEL."


@click.group("track")
def track() -> None:
    """What Heard listens for, besides mentions of an account."""


@track.command("add", context_settings={"ignore_unknown_options": True})  # -word is part of a query
@click.argument("kind", metavar="KIND", type=click.Choice(ADDABLE_KINDS))
@click.argument("query", metavar="QUERY")
@click.argument("words", metavar="[WORDS]", default="")
@click.option("--network", help="Where to listen, such as x; needed if several networks can do it.")
@click.option("--account", metavar="HANDLE", help="Which of our accounts searches; else the network's first.")
@click.option("--channel", metavar="C…", callback=check_channel, help=_CHANNEL_HELP)
@click.option("--language", "languages", multiple=True, metavar="CODE", help=_LANGUAGE_HELP)
@click.option("--except", "excluded", multiple=True, metavar="HANDLE", help=_EXCEPT_HELP)
@click.option("--every", "interval", type=int, metavar="SECONDS", help=_EVERY_HELP)
@click.option("--preset", metavar="SITE", help=_PRESET_HELP)
def add(
    kind: TrackKind,
    query: str,
    words: str,
    *,
    network: str | None,
    account: str | None,
    channel: str | None,
    languages: tuple[str, ...],
    excluded: tuple[str, ...],
    interval: int | None,
    preset: str | None,
) -> None:
    """Listen for something, and print the new track's id.

    KIND is search, hashtag or feed. QUERY may have words, "phrases", -without, #tag, @handle and or. Of a
    feed it is the address; WORDS then say which of its entries count, all of them without.
    \f
    Exits with one line if a rule forbids it (`TrackRuleError`).
    """  # noqa: D301 - click ends the help text at the form feed
    with one_line_errors(), open_shared_ledger() as (_, on_networks, database):
        with database.read() as session:
            name = network or _only_network(session, kind, on_networks)
        with _refusals(), database.write() as session:
            if kind == FEED_TRACK:
                draft = feed_tracks.build_draft(
                    name, query, words, preset=preset, channel=channel, interval=interval
                )
            elif words:
                raise track_rules.TrackRuleError(feed_tracks.MORE_WORDS_HINT)
            else:
                draft = TrackDraft(kind, name, query, _account_id(session, name, account), channel)
            draft = replace(
                draft,
                languages=languages,
                excluded_handles=tuple(one.removeprefix("@") for one in excluded),
            )
            track_checks.check(draft)
            added = track_rules.add(session, draft, at=clock_for(database)())
        click.echo(added.id)


@track.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_tracks(*, as_json: bool) -> None:
    """List every track, an account's mentions included."""
    with one_line_errors(), open_shared_ledger() as (known, _, database):
        with database.read() as session:
            handles = {(one.network, one.network_id): one.at_handle for one in Account.all(session)}
            rows = [_describe(one, handles, known.slack_channel) for one in Track.all(session)]
        for row in rows:
            click.echo(json.dumps(row, ensure_ascii=False) if as_json else _line(row))
        if not rows and not as_json:
            click.echo(
                'No track yet. An account\'s mentions are one; add others: track add search "your brand".'
            )


@track.command("edit")
@click.argument("track_id", metavar="ID", type=int)
@click.option("--query", help="What to listen for instead.")
@click.option("--channel", metavar="C…", callback=check_channel, help=_CHANNEL_HELP)
@click.option("--language", "languages", multiple=True, metavar="CODE", help=_LANGUAGE_HELP)
@click.option("--except", "excluded", multiple=True, metavar="HANDLE", help=_EXCEPT_HELP)
@click.option("--every", "interval", type=int, metavar="SECONDS", help=_EVERY_HELP)
def edit(
    track_id: int,
    *,
    query: str | None,
    channel: str | None,
    languages: tuple[str, ...],
    excluded: tuple[str, ...],
    interval: int | None,
) -> None:
    """Change a track; what is not given stays, and "" empties. Any track can move to another channel.

    Posts from before the change are not for it.
    \f
    Exits with one line if a rule forbids it (`TrackRuleError`).
    """  # noqa: D301 - click ends the help text at the form feed
    with one_line_errors(), open_shared_ledger() as (_, _, database):
        with _refusals(), database.write() as session:
            before = _find(session, track_id)
            draft = TrackDraft(
                before.kind,  # type: ignore[arg-type] # it came from a draft
                before.network,
                before.query if query is None or (not query and before.kind != FEED_TRACK) else query,
                before.account_id,
                channel or before.channel,
                _given(languages, before.languages),
                _given(tuple(one.removeprefix("@") for one in excluded), before.excluded_handles),
                address=before.address,
                interval_seconds=interval or before.interval_seconds,
            )
            if before.kind == MENTIONS_TRACK:
                if query or languages or excluded or interval:
                    raise track_rules.TrackRuleError("An account's mentions can only change their channel.")
            else:
                track_checks.check(draft)
            track_rules.edit(session, track_id, draft, revision=None, at=clock_for(database)())
        click.echo(f"Track {track_id} is changed.")


@track.command("pause")
@click.argument("track_id", metavar="ID", type=int)
def pause(track_id: int) -> None:
    """Stop listening for a track for a while."""
    _change(track_id, track_rules.pause, "is paused")


@track.command("resume")
@click.argument("track_id", metavar="ID", type=int)
def resume(track_id: int) -> None:
    """Listen for a paused track again, from now on."""
    _change(track_id, track_rules.resume, "is listened for again")


@track.command("remove")
@click.argument("track_id", metavar="ID", type=int)
def remove(track_id: int) -> None:
    """Listen for a track no more. Its tickets stay."""
    _change(track_id, track_rules.remove, "is removed")


@track.command("export")
def export_tracks() -> None:
    """Print every track as TOML, for `track import`; accounts' mentions are left out."""
    with one_line_errors(), open_shared_ledger() as (_, _, database), database.read() as session:
        handles = {(one.network, one.network_id): one.at_handle for one in Account.all(session)}
        tracks = [one for one in Track.all(session) if one.kind != MENTIONS_TRACK]
        click.echo(track_file.write(tracks, handles), nl=False)


@track.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--prune", is_flag=True, help="Remove the tracks that are not in the file.")
@click.option("--channel", metavar="C…", callback=check_channel, help="Of the feeds in an OPML file.")
@click.option("--yes", "is_sure", is_flag=True, help="Add the feeds of an OPML file without asking.")
def import_tracks(file: Path, *, prune: bool, channel: str | None, is_sure: bool) -> None:
    """Add the tracks in a TOML file that are not there yet: all of them, or none if one is wrong.

    Of an OPML file, which feed readers export, the feeds are listed first, and added once you say yes.
    """
    if file.suffix.lower() in OPML_SUFFIXES:
        _import_opml(file, channel=channel, is_sure=is_sure)
        return
    with one_line_errors(), open_shared_ledger() as (_, on_networks, database):
        with _refusals():
            with database.read() as session:
                drafts = [
                    _read_draft(session, one, on_networks) for one in track_file.read(file.read_bytes())
                ]
            for draft in drafts:
                track_checks.check(draft)
            with database.write() as session:  # as short as it can be: the bot waits for it
                done = track_rules.replace_all(session, drafts, prune=prune, at=clock_for(database)())
        click.echo(f"{done.added} added, {done.kept} already there, {done.removed} removed.")


def _import_opml(file: Path, *, channel: str | None, is_sure: bool) -> None:
    """Show the feeds in an OPML file, ask, and add those that are not there yet."""
    with one_line_errors(), open_shared_ledger() as (_, on_networks, database):
        with _refusals():
            with database.read() as session:
                network = _only_network(session, FEED_TRACK, on_networks)
            if file.stat().st_size > track_file.FILE_MAX_BYTES:
                raise track_rules.TrackRuleError(
                    f"The file has more than {track_file.FILE_MAX_BYTES:,} bytes."
                )
            drafts, lines = feed_tracks.read_opml(file.read_bytes(), network, channel=channel)
        for line in lines:
            click.echo(line)
        if not drafts:
            _refuse("The file has no feed that Heard can read.")
        if not is_sure and not click.confirm(f"Listen to these {len(drafts):,} feeds?"):
            click.echo("Nothing was added.")
            return
        with _refusals(), database.write() as session:
            done = track_rules.replace_all(session, drafts, prune=False, at=clock_for(database)())
        click.echo(f"{done.added} added, {done.kept} already there, {done.removed} removed.")


def _read_draft(
    session: Session, one: track_file.TrackEntry, on_networks: Mapping[str, NetworkSettings]
) -> TrackDraft:
    name = one.network or _only_network(session, one.kind, on_networks)
    return one.to_draft(name, _account_id(session, name, one.account))


def _change(track_id: int, act: Any, done: str) -> None:  # noqa: ANN401 - one of three functions of one shape
    with one_line_errors(), open_shared_ledger() as (_, _, database):
        with _refusals(), database.write() as session:
            act(session, track_id, at=clock_for(database)())
        click.echo(f"Track {track_id} {done}.")


def _only_network(session: Session, kind: TrackKind, on_networks: Mapping[str, NetworkSettings]) -> str:
    """Return the network that can do it; ends the process with a line if there is not exactly one."""
    connected = {one.network for one in Credential.all(session) if one.disconnected_at is None}
    able = track_checks.able_networks(kind, on_networks, connected)
    if not able:
        _refuse(f"Heard knows no network where it can listen for a {kind}.")
    if len(able) > 1:
        _refuse(f"Several networks can do that: add --network {' or '.join(able)}.")
    return able[0]


def _account_id(session: Session, network: str, handle: str | None) -> str | None:
    """Return the id of our account called `handle`. Raises `TrackRuleError` if there is none."""
    if handle is None:
        return None
    wanted = handle.removeprefix("@").casefold()
    for one in Account.all(session, network):
        if one.source is not None and wanted in {one.handle.casefold(), one.at_handle[1:].casefold()}:
            return one.network_id
    raise track_rules.TrackRuleError(f"No account called {handle} is connected there.")


def _given(options: tuple[str, ...], before: Iterable[str]) -> tuple[str, ...]:
    """What was given on the command line; without anything what it was `before`."""
    return tuple(one for one in options if one) if options else tuple(before)


def _find(session: Session, track_id: int) -> Track:
    found = session.get(Track, track_id)
    if found is None or found.removed_at is not None:
        raise track_rules.TrackRuleError(f"There is no track {track_id}.")
    return found


def _describe(one: Track, handles: Mapping[tuple[str, str], str], default_channel: str) -> dict[str, Any]:
    feed = (
        {}
        if one.address is None
        else {"address": feed_tracks.shown_address(one), "every": one.interval_seconds}
    )
    return feed | {
        "id": one.id,
        "kind": one.kind,
        "network": one.network,
        "account": handles.get((one.network, one.account_id or ""), one.account_id),
        "query": one.query,
        "languages": one.languages,
        "except": one.excluded_handles,
        "channel": one.channel or default_channel,
        "paused": one.paused_at is not None,
    }


def _line(row: Mapping[str, Any]) -> str:
    what = row["account"] if row["kind"] == MENTIONS_TRACK else row["query"]
    if "address" in row:
        what = " ".join(filter(None, [row["address"], row["query"]]))
    more = "".join(
        [
            f", only {', '.join(row['languages'])}" if row["languages"] else "",
            f", except {', '.join('@' + one for one in row['except'])}" if row["except"] else "",
            ", paused" if row["paused"] else "",
        ]
    )
    return f"{row['id']}  {row['kind']}  {row['network']}  {what}{more}, shown in {row['channel']}"


@contextmanager
def _refusals() -> Iterator[None]:
    """End the process with exit code 2 and one sentence if a rule forbids the change."""
    try:
        yield
    except RuleBrokenError as error:
        _refuse(unescape(str(error)))


def _refuse(sentence: str) -> None:
    click.echo(sentence, err=True)
    sys.exit(2)
