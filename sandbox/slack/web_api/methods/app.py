"""auth.*, api.*, apps.* and blocks.*."""

from sandbox.slack.block_kit.validator import check_message, check_view, in_slacks_words
from sandbox.slack.errors import SlackError
from sandbox.slack.web_api.arguments import Args
from sandbox.slack.web_api.methods.registry import Json, method
from sandbox.slack.workspace.rate_limits import TIERS
from sandbox.slack.workspace.world import SlackWorld


@method("api.test", token="none")  # noqa: S106 - a kind of token
def api_test(_world: SlackWorld, args: Args) -> Json:
    given = {key: value for key, value in args.values.items() if key != "token"}
    if args.has("error"):
        raise SlackError(args.text("error"), args=given)
    return {"args": given}


@method("auth.test")
def auth_test(world: SlackWorld, _args: Args) -> Json:
    app = world.app
    grid = {"enterprise_id": app.enterprise_id} if app.enterprise_id else {}
    return grid | {
        "url": app.team_url,
        "team": app.team_name,
        "user": app.user_name,
        "team_id": app.team_id,
        "user_id": app.user_id,
        "bot_id": app.bot_id,
        "is_enterprise_install": False,
    }


@method("apps.connections.open", token="app")  # noqa: S106 - a kind of token
def apps_connections_open(world: SlackWorld, _args: Args) -> Json:
    return {"url": world.open_socket()}


@method("blocks.validate", per_minute=TIERS[4])
def blocks_validate(_world: SlackWorld, args: Args) -> Json:
    """Exactly one of blocks, message, view (https://docs.slack.dev/reference/methods/blocks.validate)."""
    given = [name for name in ("blocks", "message", "view") if args.has(name)]
    if len(given) != 1:
        raise SlackError("invalid_arguments")
    document = args.json(given[0], "invalid_arguments")
    if given[0] == "view":
        problems = check_view(document)
    elif given[0] == "message":
        blocks = document.get("blocks") if isinstance(document, dict) else None
        problems = check_message(blocks or [], "/message/blocks")
    else:
        problems = check_message(document)
    if problems:
        words = in_slacks_words(problems)
        raise SlackError("invalid_blocks", errors=words, response_metadata={"messages": words})
    return {}
