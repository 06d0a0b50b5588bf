"""views.*: modals and the Home tab."""

from sandbox.slack.block_kit.validator import HOME, MODAL, VIEW_BYTES, check_view, in_slacks_words
from sandbox.slack.errors import SlackError
from sandbox.slack.web_api.arguments import Args
from sandbox.slack.web_api.methods.registry import Json, method
from sandbox.slack.workspace.rate_limits import TIERS
from sandbox.slack.workspace.view import View
from sandbox.slack.workspace.world import SlackWorld


@method("views.open", per_minute=TIERS[4])
def open_(world: SlackWorld, args: Args) -> Json:
    """Open a modal with a trigger (https://docs.slack.dev/reference/methods/views.open)."""
    given = sound_view(world, args, MODAL)
    trigger = world.triggers.good(args.need("trigger_id"), world.now())
    return _shown(world, world.views.open(trigger, given))


@method("views.push", per_minute=TIERS[4])
def push(world: SlackWorld, args: Args) -> Json:
    given = sound_view(world, args, MODAL)
    trigger = world.triggers.good(args.need("trigger_id"), world.now())
    return _shown(world, world.views.push(trigger, given))


@method("views.update", per_minute=TIERS[4])
def update(world: SlackWorld, args: Args) -> Json:
    """Replace an open view. Raises SlackError `hash_conflict` if it has changed since the bot read it."""
    given = sound_view(world, args)
    if args.has("view_id"):
        view = world.views.get(args.text("view_id"))
    else:
        view = world.views.by_external_id(args.need("external_id"))
    if given["type"] != view.type:
        raise SlackError("invalid_arguments")
    return _shown(world, world.views.update(view, given, args.text("hash")))


@method("views.publish", per_minute=TIERS[4])
def publish(world: SlackWorld, args: Args) -> Json:
    given = sound_view(world, args, HOME)
    user = args.need("user_id")
    if user not in world.users:
        raise SlackError("user_not_found")
    return _shown(world, world.views.publish(user, given, args.text("hash")))


def sound_view(world: SlackWorld, args: Args, kind: str | None = None) -> Json:
    """Return the call's view. Raises SlackError if Slack would refuse it."""
    view = args.json("view", "invalid_arguments")
    problems = check_view(view)
    if not problems and kind not in {None, view["type"]}:
        problems = [("/view/type", f"must be {kind}")]
    if not problems:
        ready = world.now() - world.limits.file_seconds
        problems = world.files.unfit_pictures(view["blocks"], ready, "/view/blocks")
    if problems:
        raise SlackError("invalid_arguments", response_metadata={"messages": in_slacks_words(problems)})
    if len(str(view).encode()) > VIEW_BYTES:
        raise SlackError("view_too_large")
    sound: Json = view
    return sound


def _shown(world: SlackWorld, view: View) -> Json:
    world.changed("view", ts=view.id, user=view.user)
    return {"view": view.json(world.app)}
