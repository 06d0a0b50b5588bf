"""`python -m bot connect`, `accounts` and `disconnect`: our accounts, beside a running bot."""

import json
import re
import sys
from contextlib import suppress
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot import settings
from bot.bootstrap import build_cli_context, clock_for, open_shared_ledger
from bot.cli import browser_consent
from bot.cli.errors import one_line_errors
from bot.networks import registry
from bot.networks.registry import ConnectFailedError, Registration
from bot.publish import account_check, disconnect_account
from bot.runtime.account_loader import AccountLoader
from models import Account, Track
from models.core.database import BusyError
from models.sources.account import FROM_CONNECT, FROM_ENVIRONMENT

PORT_HELP = (
    "Port of the callback address http://127.0.0.1:PORT/callback, which must be registered with the network."
)
SERVER_HELP = "The server of the account, where a network has many, such as https://mastodon.social."
CHANNEL_HELP = "The Slack channel (C…) where its mentions are shown; else SLACK_CHANNEL."
_SOURCE_PHRASES = {
    FROM_ENVIRONMENT: "from the environment",
    FROM_CONNECT: "connected",
    None: "no account: not connected any more",
}


def _find_connectable(_: click.Context, __: click.Parameter, name: str) -> Registration[Any]:
    """Return the network called `name`. Raises `click.BadParameter` if no account is connected that way."""
    known = {one.name: one for one in registry.registered().values() if one.connect is not None}
    if name not in known:
        raise click.BadParameter(f"{name!r} is not one of {', '.join(map(repr, known))}.")
    return known[name]


def check_channel(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """Return the channel's id. Raises `click.BadParameter` if it is no id."""
    if value is not None and not re.fullmatch(r"[CG][A-Z0-9]+", value):
        raise click.BadParameter(f"{value!r} is no channel id (C…); the channel's details show it.")
    return value


@click.command("connect")
@click.argument("network", metavar="NETWORK", callback=_find_connectable)
@click.option("--channel", metavar="C…", callback=check_channel, help=CHANNEL_HELP)
@click.option("--port", type=click.IntRange(1, 65535), default=8765, show_default=True, help=PORT_HELP)
@click.option("--browser/--no-browser", default=None, help="Whether to open a browser on this machine.")
@click.option("--server", metavar="URL", help=SERVER_HELP)
def connect(
    network: Registration[Any], *, channel: str | None, port: int, browser: bool | None, server: str | None
) -> None:
    """Sign in to a network as one more account.

    The bot may be running: it starts using the account within ten seconds.
    \f
    Exits with one line if a setting is missing or wrong (`SettingsError`), or if the sign-in fails.
    """  # noqa: D301 - click ends the help text at the form feed
    assert network.connect is not None
    with one_line_errors(), open_shared_ledger() as (known, on_networks, database):
        given = on_networks[network.name]
        if given.connect_problem is not None:
            raise settings.SettingsError(given.connect_problem)
        now = clock_for(database)
        opener = AccountLoader(known, on_networks, database, now).token_opener(network.name)
        way = browser_consent.CallbackOptions(
            port, browser_consent.has_browser() if browser is None else browser
        )
        terminal = browser_consent.Terminal(network.title, way, click.echo, server=server)
        try:
            found = network.connect(given, terminal, opener)
        except ConnectFailedError as error:
            sys.exit(f"{network.title} is not connected: {error}.")
        account = found.network.account()
        with database.write() as session:
            Account.record_profile(
                session,
                network=network.name,
                network_id=account.id,
                handle=account.handle,
                name=account.name,
                server=account.server,
                at=now(),
                source=FROM_CONNECT,
            )
            track = Track.mentions_of(session, network.name, account.id, at=now())
            track.channel = channel or track.channel
            shown_in = track.channel or known.slack_channel
        click.echo(
            f"Connected: Heard is signed in as @{account.handle} on {network.title}. Its mentions appear in "
            f"{shown_in}. A running bot starts using it within ten seconds."
        )
        if found.unused_because is not None:
            click.echo(found.unused_because)
        with suppress(BusyError, SQLAlchemyError):  # else the running bot sees it within ten seconds
            ctx = build_cli_context(known, on_networks, database)
            account_check.check_network(ctx, ctx.networks[network.name])


@click.command("accounts")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def accounts(*, as_json: bool) -> None:
    """List our accounts, how Heard signs in to each, and where its mentions are shown."""
    with one_line_errors(), open_shared_ledger() as (known, _, database):
        with database.read() as session:
            rows = [_describe(session, one, known.slack_channel) for one in Account.all(session)]
        for row in rows:
            if as_json:
                click.echo(json.dumps(row, ensure_ascii=False))
            else:
                click.echo(
                    f"{row['network']}  @{row['handle']}  {row['id']}  "
                    f"{_SOURCE_PHRASES[row['source']]}, shown in {row['channel']}"
                )
        if not rows and not as_json:
            click.echo("No account yet. Start the bot with a network's keys, or run python -m bot connect.")


def _describe(session: Session, account: Account, default_channel: str) -> dict[str, Any]:
    return {
        "network": account.network,
        "id": account.network_id,
        "handle": account.handle + (f"@{account.server}" if account.server else ""),
        "source": account.source,
        "channel": Track.channel_of(session, account.network, account.network_id, default_channel),
    }


@click.command("disconnect")
@click.argument("account", metavar="HANDLE|ID")
@click.option("--network", help="Where several networks have such an account; such as x.")
def disconnect(account: str, *, network: str | None) -> None:
    """Forget an account's credentials, beside a running bot.

    Replies that have not left become drafts; its tickets stay listed, as "no account".
    """
    with one_line_errors(), open_shared_ledger() as (known, on_networks, database):
        with database.read() as session:
            found = _find_account(session, account, network)
        if found.source == FROM_ENVIRONMENT:
            names = ", ".join(on_networks[found.network].names_set) or "its settings"
            _refuse(f"@{found.handle} is the environment's account: take out {names} and restart Heard.")
        ctx = build_cli_context(known, on_networks, database)
        try:
            stopped = disconnect_account.disconnect(ctx, found.network, found.network_id)
        except disconnect_account.StillSpeakingError as error:
            _refuse(str(error))
        with database.read() as session:
            searches = Track.count_searched_as(session, found.network, found.network_id)
        drafts = f" {stopped} of its replies became drafts." if stopped else ""
        are = "is" if searches == 1 else "are"
        silent = f" {searches} of its searches {are} not read any more: see `track list`." if searches else ""
        click.echo(f"Disconnected: Heard has no credentials for @{found.handle} any more.{drafts}{silent}")


def _find_account(session: Session, name: str, network: str | None) -> Account:
    """Return the account called `name`; ends the process with a line if there is not exactly one."""
    wanted = name.removeprefix("@").casefold()
    connected = [one for one in Account.all(session, network) if one.source is not None]
    found = [one for one in connected if wanted in _names_of(one)]
    if not found:
        _refuse(f"No account called {name} is connected. `python -m bot accounts` lists them.")
    if len(found) > 1:
        networks = " or ".join(one.network for one in found)
        _refuse(f"Several accounts are called {name}: add --network {networks}.")
    return found[0]


def _names_of(account: Account) -> set[str]:
    """Everything that a person may call it by."""
    return {account.handle.casefold(), account.at_handle[1:].casefold(), account.network_id}


def _refuse(sentence: str) -> None:
    click.echo(sentence, err=True)
    sys.exit(2)
