"""A local Slack, a client, and a bot that a test dresses with its own listeners."""

import threading
from collections.abc import Iterator

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient
from werkzeug.serving import make_server

from sandbox.slack import Person, SlackServer
from tests.patience import be_patient


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer(signing_secret="s3cret", bot_token="xoxb-test", app_token="xapp-test") as slack:
        be_patient(slack)
        slack.world.limits.retry_delays = (0.0, 0.01, 0.02)
        yield slack


@pytest.fixture
def client(slack) -> WebClient:
    return WebClient(token="xoxb-test", base_url=slack.url, retry_handlers=[])


@pytest.fixture
def ana(slack) -> Person:
    return slack.person("U0ANA")


@pytest.fixture
def ben(slack) -> Person:
    return slack.person("U0BEN")


@pytest.fixture
def bot(slack, client) -> Iterator[App]:
    """A Bolt app behind a WSGI server, reached over HTTP."""
    app = App(signing_secret="s3cret", client=client)
    server = make_server("127.0.0.1", 0, SlackRequestHandler(app, path="/slack/events"), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    slack.events_url = f"http://127.0.0.1:{server.port}/slack/events"
    yield app
    slack.events_url = ""
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def socket_bot(slack) -> Iterator[App]:
    """A Bolt app reached over Socket Mode."""
    client = WebClient(token="xoxb-test", base_url=slack.url)
    app = App(client=client)
    handler = SocketModeHandler(app, "xapp-test", web_client=client)
    handler.connect()
    slack.world.until(lambda: slack.sockets.ready)
    yield app
    # The SDK's client closes only once a read has ended, after three seconds at worst: end it from this side.
    handler.client.auto_reconnect_enabled = False
    slack.sockets.drop()
    handler.close()


def button(label: str, action_id: str, **more) -> dict:
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": label}, **more}


@pytest.fixture
def card(client, slack):
    """Posts a card with the given elements and returns it as the world has it."""

    def post(*elements: dict, text: str = "a card", **more):
        blocks = [{"type": "actions", "block_id": "row", "elements": list(elements)}] if elements else []
        said = client.chat_postMessage(
            channel="C0MENTIONS", text=text, blocks=more.pop("blocks", blocks), **more
        )
        return slack.world.message("C0MENTIONS", said["ts"])

    return post


@pytest.fixture
def buttons():
    """Makes a button element."""
    return button


@pytest.fixture
def press(card, buttons):
    """Posts a card with one button, and presses it as somebody."""

    def act(person: Person, label: str, action_id: str, **more):
        return person.press(card(buttons(label, action_id, **more)), label)

    return act


@pytest.fixture
def composer():
    """Makes a modal with one text input, and whatever more blocks are wanted."""

    def make(*more: dict, **view) -> dict:
        field = {
            "type": "input",
            "block_id": "reply",
            "label": {"type": "plain_text", "text": "Public reply"},
            "element": {"type": "plain_text_input", "action_id": "text", "multiline": True},
        }
        return {
            "type": "modal",
            "callback_id": "composer",
            "private_metadata": "ticket:1",
            "title": {"type": "plain_text", "text": "Reply on X"},
            "submit": {"type": "plain_text", "text": "Send"},
            "blocks": [field, *more],
            **view,
        }

    return make


@pytest.fixture
def heard(bot):
    """Every body that the bot was sent, by type."""
    bodies = []

    @bot.middleware
    def keep(body, next):  # noqa: A002 - Bolt's name for it
        bodies.append(body)
        next()

    return bodies


@pytest.fixture
def opens(bot, card, buttons):
    """Posts a card whose Reply button opens the given views, one after the other."""

    def make(*views: dict):
        coming = iter(views)

        @bot.action("reply")
        def open_composer(ack, body, client):
            ack()
            client.views_open(trigger_id=body["trigger_id"], view=next(coming))

        return card(buttons("Reply", "reply", style="primary", value="1"))

    return make


@pytest.fixture
def reply(opens, composer):
    """A card whose Reply button opens the composer, three times at most."""
    return opens(composer(), composer(), composer())


@pytest.fixture
def released():
    """An event that is set when the test is over, so that no listener outlives it."""
    event = threading.Event()
    yield event
    event.set()
