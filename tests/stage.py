"""What stories, benches, the chaos and the simulation share: two local worlds, a ledger with work, and the settings
with which a bot finds them.
"""

import os
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.context import BotContext
from bot.networks.base import Network
from bot.networks.x.client import XNetwork
from bot.networks.x.settings import XSettings
from bot.runtime.signed_in_accounts import SignedInAccounts
from bot.settings import Settings
from bot.slack.client import SlackClient
from models.core.database import Database
from models.core.office_hours import ALWAYS_OPEN
from models.core.sla import SlaPolicy
from models.slack.channel_settings import ALL_DEFAULT
from models.tickets.incoming_post import IncomingPost, IngestTarget
from models.tickets.ingest import ingest_page
from sandbox.slack import SlackServer
from sandbox.x import XServer, XWorld
from tests.patience import PATIENCE, be_patient, call_limits
from tests.revision import ROOT

CHANNEL = "C0MENTIONS"
NOBODY = "http://127.0.0.1:9"  # where no Slack listens
X_SECRETS = {
    "X_API_KEY": "x-api-key-4711",
    "X_API_SECRET": "x-api-secret-4712",
    "X_ACCESS_TOKEN": "x-access-token-4713",
    "X_ACCESS_TOKEN_SECRET": "x-access-secret-4714",
}
SECRETS = {"SLACK_BOT_TOKEN": "xoxb-test", "SLACK_SIGNING_SECRET": "s3cret-signing", **X_SECRETS}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def default_sla(ctx: BotContext) -> SlaPolicy:
    """When a first reply is owed where a channel has set nothing else."""
    return ctx.settings.policy_defaults.combine(CHANNEL, ALL_DEFAULT).sla


@contextmanager
def worlds(world: XWorld | None = None, *, patience: int = PATIENCE) -> Iterator[tuple[SlackServer, XServer]]:
    """A Slack and an X, which is `world` if that is given, with nobody between them.

    With `patience=1` people in Slack wait for three seconds, as they do.
    """
    slack = SlackServer(
        signing_secret=SECRETS["SLACK_SIGNING_SECRET"],
        bot_token=SECRETS["SLACK_BOT_TOKEN"],
        app_token="xapp-test",
    )
    if patience > 1:
        be_patient(slack)
    with slack, XServer(world) as x:
        yield slack, x


def environment(slack: SlackServer, x: XServer, url: str, **more: object) -> dict[str, str]:
    """All that a process of the bot is told, so that it finds the worlds and the ledger at `url`."""
    told = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": ROOT,
        "PYTHONUNBUFFERED": 1,
        "DATABASE_URL": url,
        "SLACK_CHANNEL": CHANNEL,
        "SLACK_API_URL": slack.url,
        "SLACK_APP_TOKEN": "",
        "X_API_URL": x.url,
        "PORT": free_port(),
        **SECRETS,
        **more,
    }
    return {name.upper(): str(value) for name, value in told.items()}


@contextmanager
def context(
    ledger: str | Database,
    slack: SlackServer | None = None,
    x: XServer | None = None,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    others: Iterable[Network] = (),
    patience: int = PATIENCE,
    **settings: Any,
) -> Iterator[BotContext]:
    """A bot's insides without its loops, on the ledger: a URL, or one that is open already.

    Without a Slack or an X nobody answers there. `others` are connections besides the one to X.
    """
    given = {
        "slack_bot_token": SECRETS["SLACK_BOT_TOKEN"],
        "slack_channel": CHANNEL,
        "slack_api_url": slack.url if slack else NOBODY,
        "spike_per_minute": 0,
    }
    keys = {name.lower().removeprefix("x_"): secret for name, secret in X_SECRETS.items()}
    made = BotContext(
        settings=Settings(**(given | settings)),
        db=Database(ledger, patience=patience) if isinstance(ledger, str) else ledger,
        slack=SlackClient(SECRETS["SLACK_BOT_TOKEN"], given["slack_api_url"], patience=patience),
        networks=SignedInAccounts.fixed(
            XNetwork(XSettings(**keys, **({"api_url": x.url} if x else {})), call_limits(patience)), *others
        ),
        now=now,
        worker="stage",
        patience=patience,
    )
    try:
        yield made
    finally:
        made.close()


def incoming(post_id: str, author_id: str, text: str, at: datetime, **more: Any) -> IncomingPost:
    """A post that names us, as a network has read it; a conversation of its own unless `more` says otherwise."""
    given = {
        "latest_id": post_id,
        "conversation_id": post_id,
        "url": f"https://x.com/i/status/{post_id}",
        "matched": "mentions us",
    }
    return IncomingPost(post_id=post_id, author_id=author_id, text=text, posted_at=at, **(given | more))


def fill(
    db: Database, posts: Iterable[IncomingPost], *, at: datetime, network: str = "x", account_id: str = "1"
) -> None:
    """Have the ledger hear `posts`, so that each has a ticket that waits."""
    target = IngestTarget(network, account_id, CHANNEL, SlaPolicy(ALWAYS_OPEN, timedelta(minutes=30)))
    with db.write() as session:
        ingest_page(session, list(posts), target, at=at)
