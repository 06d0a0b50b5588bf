"""The least that a Slack app can do: a bare Bolt listener that commits one row to the same database.

`python -m tests.bench.bare DATABASE_URL PORT`: what `bot` is compared with. It goes through the ledger's own
door, for without its queue of writers SQLite would be slower, and the comparison kinder to the bot.
"""

import sys
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_bolt.authorization import AuthorizeResult
from sqlalchemy import text
from waitress import serve

from bot.runtime.waitress_server import SERVER_THREADS
from models.core.database import Database
from tests.bench.stage import SECRET


def main(url: str, port: int) -> None:
    """Listen for the presses and submits that the bot is sent."""
    database = Database(url)
    with database.write() as session:
        session.execute(text("CREATE TABLE IF NOT EXISTS bare_presses (who text, what text)"))
    app = App(
        signing_secret=SECRET,
        authorize=lambda: AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-test"),
        process_before_response=True,
    )

    def listener(ack: Ack, body: dict[str, Any]) -> None:
        row = {"who": body["user"]["id"], "what": body["type"]}
        with database.write() as session:
            session.execute(text("INSERT INTO bare_presses VALUES (:who, :what)"), row)
        ack()

    app.action("claim")(listener)
    app.view("composer")(listener)
    serve(
        _with_health(SlackRequestHandler(app, path="/slack/events")),
        port=port,
        threads=SERVER_THREADS,
        _quiet=True,
    )


def _with_health(slack: Callable[..., Any]) -> Callable[..., Any]:
    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        if environ["PATH_INFO"] != "/healthz":
            return slack(environ, start)
        start("200 OK", [("Content-Length", "0")])
        return [b""]

    return answer


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
