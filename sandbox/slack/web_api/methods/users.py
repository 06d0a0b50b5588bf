"""users.*, usergroups.* and reactions.*."""

import re

from sandbox.slack.errors import SlackError
from sandbox.slack.web_api.arguments import Args
from sandbox.slack.web_api.methods.registry import Json, method, page, place
from sandbox.slack.workspace.rate_limits import TIERS
from sandbox.slack.workspace.world import SlackWorld

EMOJI_NAME = re.compile(r"[a-z0-9_'+-]+(?:::skin-tone-[2-6])?")


@method("users.info", scope="users:read", per_minute=TIERS[4])
def users_info(world: SlackWorld, args: Args) -> Json:
    user = world.users.get(args.need("user"))
    if user is None:
        raise SlackError("user_not_found")
    return {"user": user.json()}


@method("users.list", scope="users:read", per_minute=TIERS[2])
def users_list(world: SlackWorld, args: Args) -> Json:
    members, cursor = page(list(world.users.values()), args, usual=1000)
    return {
        "members": [member.json() for member in members],
        "cache_ts": int(world.now()),
        "response_metadata": {"next_cursor": cursor},
    }


@method("usergroups.users.list", scope="usergroups:read", per_minute=TIERS[2])
def usergroups_users_list(world: SlackWorld, args: Args) -> Json:
    """Paid plans only (https://docs.slack.dev/reference/methods/usergroups.users.list)."""
    if not world.paid_plan:
        raise SlackError("plan_upgrade_required")
    users = world.usergroups.get(args.need("usergroup"))
    if users is None:
        raise SlackError("no_such_subteam")
    return {"users": list(users)}


@method("reactions.add", scope="reactions:write", per_minute=TIERS[3])
def reactions_add(world: SlackWorld, args: Args) -> Json:
    return _react(world, args, remove=False)


@method("reactions.remove", scope="reactions:write", per_minute=TIERS[2])
def reactions_remove(world: SlackWorld, args: Args) -> Json:
    return _react(world, args, remove=True)


def _react(world: SlackWorld, args: Args, *, remove: bool) -> Json:
    name = args.need("name").strip(":")
    if not EMOJI_NAME.fullmatch(name):
        raise SlackError("invalid_name")
    channel = place(world, args, member=True)
    message = world.message(channel.id, args.need("timestamp"))
    world.react(message, name, world.app.user_id, remove=remove)
    return {}
