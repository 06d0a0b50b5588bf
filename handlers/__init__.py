"""What happens when a teammate acts in Slack.

Each handler makes four moves: parse, load, verb, commit; then it acknowledges. It writes the ledger and
answers on the request itself; whatever takes longer is left to the loops.
"""

import logging
from collections.abc import Callable
from logging import Logger

from slack_bolt import App, BoltContext
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse

from bot.context import Desk
from bot.slack.respond import BoundedRespond
from handlers import access
from handlers.commands import me, router, search, share
from handlers.issues import add, notify_reporters, picker, rename
from handlers.replies import (
    composer,
    delivery_decisions,
    messages,
    previews,
    shortcuts,
    submit,
    thread_commands,
)
from handlers.tickets import actions, author_history, dialogs, home, post_context, snooze

log = logging.getLogger(__name__)

ROOMS = (
    actions,
    router,
    composer,
    post_context,
    delivery_decisions,
    author_history,
    home,
    add,
    me,
    messages,
    picker,
    previews,
    dialogs,
    rename,
    search,
    share,
    shortcuts,
    snooze,
    submit,
    notify_reporters,
    thread_commands,
)


def build(desk: Desk) -> App:
    """Build the Bolt app over `desk`.

    `process_before_response` is on: an event is acknowledged after it is in the ledger, not before, so that
    Slack repeats what was lost. Nothing is asked of Slack here, so a start does not need Slack to be up.
    """
    secret = desk.settings.slack_signing_secret
    # Bolt reads SLACK_BOT_TOKEN itself and then warns that it is not used: it is, by `_authorizer`.
    logging.getLogger("slack_bolt.App").addFilter(_is_news)
    app = App(
        name="heard",
        client=desk.slack.client,
        signing_secret=secret.get_secret_value() if secret is not None else "",
        authorize=_authorizer(desk),
        process_before_response=True,
        raise_error_for_unhandled_request=True,
    )
    app.error(_last_resort)
    app.use(_bounded(desk))
    access.guard(app, desk)
    for room in ROOMS:
        room.register(app, desk)
    return app


def _is_news(record: logging.LogRecord) -> bool:
    """Bolt warns at every start that a token is not used, whichever of its arguments carries it."""
    said = record.getMessage()
    return "will be ignored" not in said and "will be unused" not in said


def _authorizer(desk: Desk) -> Callable[..., AuthorizeResult]:
    """Who we are, without asking Slack on every press: one workspace, one token, learned once."""
    token = desk.settings.slack_bot_token.get_secret_value()

    def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        known = desk.slack.identity_if_known()
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_token=token,
            bot_user_id=known.user_id if known is not None else None,
            bot_id=known.bot_id if known is not None else None,
        )

    return authorize


def _bounded(desk: Desk) -> Callable[..., None]:
    """A middleware that gives every listener a `respond` which does not wait long."""
    client = desk.slack.client

    def bound(context: BoltContext, next: Callable[[], object]) -> None:  # noqa: A002 - Bolt's name
        context["respond"] = BoundedRespond(
            response_url=context.response_url, proxy=client.proxy, ssl=client.ssl
        )
        next()

    return bound


def _last_resort(error: Exception, logger: Logger) -> BoltResponse:
    """What nobody handles is acknowledged, or Slack would send it again and again; a failure is not.

    https://docs.slack.dev/apis/events-api/#retries
    """
    del logger
    if isinstance(error, BoltUnhandledRequestError):
        return BoltResponse(status=200, body="")
    log.error("a handler failed", exc_info=error)
    return BoltResponse(status=500, body="")
