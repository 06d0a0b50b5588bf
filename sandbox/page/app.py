"""The page as a Flask app: a document, an event stream, and the state and actions of three panes."""

from http import HTTPStatus

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

from sandbox.page.bluesky_routes import bluesky_routes
from sandbox.page.forum_routes import forum_routes
from sandbox.page.hackernews.tab import hackernews_routes
from sandbox.page.internals import internals_routes
from sandbox.page.json_replies import problem
from sandbox.page.mastodon_routes import mastodon_routes
from sandbox.page.page_context import PageContext
from sandbox.page.slack_routes import slack_routes
from sandbox.page.x_routes import network_routes

# Customers may be hostile: whatever gets into the document, the browser runs and fetches only our own files.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}
MAX_BODY = 200_000


def create_app(context: PageContext) -> Flask:
    """Return the app that shows and changes `context`."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    networks = (network_routes, mastodon_routes, bluesky_routes, forum_routes, hackernews_routes)
    for routes in (slack_routes, *networks, internals_routes):
        app.register_blueprint(routes(context))
    app.before_request(_only_from_here)
    app.after_request(_guarded)
    app.register_error_handler(HTTPException, _sentence)

    @app.get("/")
    def page() -> str:
        world = context.slack.world
        return render_template(
            "page.html",
            start={
                "workspace": world.app.team_name,
                "brand": context.x.world.brand.handle,
                "forum": context.forum.url,
                "me": _viewer(context),
                "team": [
                    {"id": one.id, "name": one.real_name} for one in world.users.values() if not one.is_bot
                ],
                "commands": [list(one) for one in context.commands],
            },
        )

    @app.get("/news")
    def news() -> Response:
        return Response(context.event_stream.stream(), mimetype="text/event-stream")

    return app


def _viewer(context: PageContext) -> str:
    people = [one.id for one in context.slack.world.users.values() if not one.is_bot]
    asked = request.args.get("as", "")
    return asked if asked in people else people[0]


def _only_from_here() -> tuple[Response, int] | None:
    """Refuse requests that another site in the same browser could send: DNS rebinding, forms."""
    host = request.host.rpartition(":")[0] or request.host
    if host not in LOOPBACK and request.host not in LOOPBACK:
        return problem("This page answers on 127.0.0.1 only.", 403)
    if request.method != "GET" and not request.is_json:
        return problem("Send JSON.", 415)
    return None


def _sentence(error: HTTPException) -> tuple[Response, int]:
    """Return an error that Flask raised (too large, not found, a bug of ours) in the page's form."""
    if error.code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return problem("That is too long for the demo.", error.code)
    return problem(error.description or error.name, error.code or 500)


def _guarded(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
