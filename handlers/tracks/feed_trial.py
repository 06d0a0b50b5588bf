"""*Try it* and the menu of sites in the modal of a feed's track. Nothing is saved."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bot.context import BotContext
from bot.ingest import track_matches
from bot.networks.errors import Later
from bot.networks.feed_reader import FeedChoice, FeedReading
from bot.networks.values import Position
from bot.slack.blocks.elements import Block
from bot.slack.blocks.text import mrkdwn_error
from bot.slack.blocks.tracks import feed_modal as face
from bot.slack.blocks.tracks import feed_trial as result
from bot.slack.blocks.tracks import modal as track_modal
from bot.slack.blocks.tracks.feed_modal import FeedForm
from bot.slack.blocks.tracks.trial import TrialPost, build_problem
from bot.slack.blocks.tracks.values import FeedModalValue, TrackModalValue
from bot.slack.blocks.values import NoValue
from bot.slack.errors import SlackError
from handlers.door import Act, door
from handlers.feedback import error_text
from handlers.tracks import feed_form as forms
from handlers.tracks.admins import require_admin
from handlers.tracks.form import read_form as read_track_form
from models import Track

log = logging.getLogger(__name__)

WINDOW = timedelta(hours=24)
TRIED_SOURCE = "0"  # no feed of the ledger has this id
HOST_WAIT_SECONDS = 5.0  # for the host's turn


@door.press(track_modal.FEED_ACTION_ID, value=NoValue)
def to_feed(act: Act[NoValue]) -> None:
    """Turn the modal of a search into that of a feed; the words and the channel stay."""
    ctx, carried = act.ctx, act.modal(TrackModalValue)
    typed = read_track_form(ctx, act.view, carried)
    form = FeedForm(words=typed.query, channel=typed.channel)
    _, view = forms.build_new(ctx, form, asked_in=carried.channel or "", url=carried.url or "")
    _show(ctx, act.view["id"], view)


@door.press(face.SITE_ACTION_ID, value=NoValue)
def choose_site(act: Act[NoValue]) -> None:
    """Have the field below say what that site needs."""
    carried = act.modal(FeedModalValue)
    _show(act.ctx, act.view["id"], forms.rebuild(act.ctx, carried, forms.read_form(act.view)))


@door.press(face.TRY_FEED_ACTION_ID, value=NoValue, in_background=True)
def try_feed(act: Act[NoValue]) -> None:
    """Look, and show it in the modal; what was typed stays, whatever happens."""
    carried, form = act.modal(FeedModalValue), forms.read_form(act.view)
    if _show(act.ctx, act.view["id"], forms.rebuild(act.ctx, carried, form, is_trying=True)):
        show_trial(act.ctx, act.view["id"], carried, form, check=lambda: require_admin(act.ctx, act.who.id))


def show_trial(
    ctx: BotContext,
    view_id: str,
    carried: FeedModalValue,
    form: FeedForm,
    *,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Look behind the address, and show what is there in that modal."""
    try:
        check()
        trial = _look(ctx, carried, form)
    except Exception as error:  # noqa: BLE001 - a person pressed, a person gets a sentence
        trial = build_problem(error_text(error))
    _show(ctx, view_id, forms.rebuild(ctx, carried, form, trial=trial))


def _look(ctx: BotContext, carried: FeedModalValue, form: FeedForm) -> list[Block]:
    """Return what is there. Raises `RuleBrokenError`."""
    found = forms.look(ctx, carried, form)
    if found.failure is not None:
        return build_problem(found.failure)
    if not found.choices:
        reader = forms.require_reader(ctx, carried.network)
        return result.build_none([one.title for one in reader.presets()])
    blocks = _read(ctx, carried, form, forms.chosen(found, form), found.reading)
    return [*(result.build_several(len(found.choices)) if len(found.choices) > 1 else []), *blocks]


def _read(
    ctx: BotContext,
    carried: FeedModalValue,
    form: FeedForm,
    choice: FeedChoice,
    reading: FeedReading | None,
) -> list[Block]:
    reader = forms.require_reader(ctx, carried.network)
    draft = forms.parse_draft(carried, form, choice.address)
    try:
        reading = reading or reader.feed(
            choice.address,
            Position(""),
            source=TRIED_SOURCE,
            at=ctx.now(),
            wait_seconds=HOST_WAIT_SECONDS,
        )
    except Later as later:
        return build_problem(mrkdwn_error(later.detail))
    track = Track(id=0, kind="feed", query=draft.query, languages=[], excluded_handles=[])
    matches = track_matches.find_now([track], reading.page.posts, place="")
    wanted = [
        TrialPost(post.text, post.posted_at, post.url) for post in reading.page.posts if post.id in matches
    ]
    return result.build_found(
        reading.title or choice.title or reader.shown_address(choice.address),
        wanted,
        listed=len(reading.page.posts),
        since=ctx.now() - WINDOW,
        has_words=bool(draft.query),
    )


def _show(ctx: BotContext, view_id: str, view: dict[str, Any]) -> bool:
    """Redraw the modal; whether Slack took it."""
    try:
        ctx.slack.update_view(view_id, view)
    except SlackError as error:  # mostly it was closed meanwhile
        log.info("could not update the modal of a feed: %s", error)
        return False
    return True
