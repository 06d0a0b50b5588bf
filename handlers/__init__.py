"""What happens when a teammate acts in Slack.

Each handler makes four moves: parse, load, verb, commit; then it acknowledges. It writes the ledger and
answers on the request itself; whatever takes longer is left to the loops.
"""

import logging
from logging import Logger

from slack_bolt import App
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse

from bot.context import BotContext
from handlers import access
from handlers.channel_settings import save as save_settings
from handlers.commands import issue_list, me, router, search, share
from handlers.door import door
from handlers.groups import close_all, group_card
from handlers.issues import add, notify_reporters, picker, rename
from handlers.mutes import dialog as mute_dialog
from handlers.mutes import lists as mute_lists
from handlers.mutes import offers as mute_offers
from handlers.replies import (
    composer,
    composing,
    delivery_decisions,
    messages,
    posted_by_hand,
    previews,
    shortcuts,
    submit,
    thread_commands,
)
from handlers.tickets import actions, author_history, dialogs, home, post_context, snooze, twins
from handlers.tracks import feed_save, feed_trial, listing, save, trial

log = logging.getLogger(__name__)

# Importing them has their decorators put them on `door`.
HANDLER_MODULES = (
    actions,
    feed_save,
    feed_trial,
    router,
    composer,
    composing,
    post_context,
    twins,
    delivery_decisions,
    posted_by_hand,
    author_history,
    home,
    add,
    group_card,
    close_all,
    issue_list,
    listing,
    me,
    messages,
    mute_dialog,
    mute_lists,
    mute_offers,
    picker,
    previews,
    dialogs,
    rename,
    save,
    save_settings,
    search,
    share,
    shortcuts,
    snooze,
    submit,
    notify_reporters,
    thread_commands,
    trial,
)


def build_app(ctx: BotContext) -> App:
    """Build the Bolt app over `ctx`.

    `process_before_response` is on: an event is acknowledged after it is in the ledger, not before, so that
    Slack repeats what was lost. Nothing is asked of Slack here, so a start does not need Slack to be up.
    """
    secret = ctx.settings.slack_signing_secret
    # Bolt reads SLACK_BOT_TOKEN itself and then warns that it is not used: it is, by `build_authorizer`.
    logging.getLogger("slack_bolt.App").addFilter(_is_wanted_record)
    app = App(
        name="heard",
        client=ctx.slack.client,
        signing_secret=secret.get_secret_value() if secret is not None else "",
        authorize=access.build_authorizer(ctx),
        process_before_response=True,
        raise_error_for_unhandled_request=True,
    )
    app.error(_handle_error)
    access.install_access_check(app, ctx)
    door.open(app, ctx)
    return app


def _is_wanted_record(record: logging.LogRecord) -> bool:
    """Bolt warns at every start that a token is not used, whichever of its arguments carries it."""
    said = record.getMessage()
    return "will be ignored" not in said and "will be unused" not in said


def _handle_error(error: Exception, logger: Logger) -> BoltResponse:
    """What nobody handles is acknowledged, or Slack would send it again and again; a failure is not.

    https://docs.slack.dev/apis/events-api/#retries
    """
    del logger
    if isinstance(error, BoltUnhandledRequestError):
        return BoltResponse(status=200, body="")
    log.error("a handler failed", exc_info=error)
    return BoltResponse(status=500, body="")
