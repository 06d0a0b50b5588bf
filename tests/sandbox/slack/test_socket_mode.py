"""Socket Mode, with Bolt's own client."""

import json

import pytest
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect


@pytest.fixture
def wire(slack):
    """A bare socket, to see what goes over it."""
    url = WebClient(token="xapp-test", base_url=slack.url).apps_connections_open(app_token="xapp-test")["url"]
    with connect(url) as socket:
        yield socket


def test_a_press_a_modal_and_a_submit_go_over_the_socket(socket_bot, ana, press, composer):
    @socket_bot.action("reply")
    def open_composer(ack, body, client):
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=composer())

    @socket_bot.view("composer")
    def submitted(ack, view):
        text = view["state"]["values"]["reply"]["text"]["value"]
        ack() if text == "good" else ack(response_action="errors", errors={"reply": "bad"})

    modal = press(ana, "Reply", "reply").view

    assert modal.fill("wrong").submit().errors == {"reply": "bad"}
    assert modal.fill("good").submit().closed


def test_a_command_is_answered_over_the_socket(socket_bot, ana):
    socket_bot.command("/mentions")(lambda ack: ack("hi"))

    assert ana.command("/mentions").text == "hi"


def test_events_arrive_over_the_socket(slack, socket_bot, ana):
    texts = []
    socket_bot.event("message")(lambda event: texts.append(event["text"]))
    ana.say("mentions", "hello")

    slack.world.until(lambda: texts)
    assert texts == ["hello"]
    assert slack.world.deliveries[0].accepted


def test_what_bolt_does_not_answer_with_200_is_never_acked_and_comes_again(slack, socket_bot, ana):
    slack.world.limits.answer_seconds = 0.05
    ana.say("mentions", "nobody listens to this")

    delivery = slack.world.deliveries[0]
    slack.world.until(lambda: len(delivery.attempts) == 4)
    assert {attempt.failure for attempt in delivery.attempts} == {"http_timeout"}


def test_an_unacked_press_is_trouble_and_is_not_repeated(slack, socket_bot, ana, card, buttons):
    slack.world.limits.answer_seconds = 0.05

    outcome = ana.press(card(buttons("Nobody listens", "unmatched")), "Nobody listens")
    assert (outcome.status, outcome.ok) == (None, False)


def test_a_replay_is_the_same_envelope(slack, socket_bot, ana, card, buttons):
    seen = []
    socket_bot.action("claim")(lambda ack, body: (ack(), seen.append(body["trigger_id"])))
    message = card(buttons("Claim", "claim"))
    first = ana.press(message, "Claim")

    assert first.replay().parcel.envelope_id == first.parcel.envelope_id
    assert ana.press(message, body=first.body).parcel.envelope_id != first.parcel.envelope_id
    slack.world.until(lambda: len(seen) == 3)
    assert len(set(seen)) == 1


def test_envelopes_look_like_slacks(slack, wire, ana):
    hello = json.loads(wire.recv())
    assert (hello["type"], hello["connection_info"]) == ("hello", {"app_id": "A0HEARD"})

    slack.world.limits.answer_seconds = 0.05
    ana.say("mentions", "hello")
    first, again = json.loads(wire.recv(2)), json.loads(wire.recv(2))

    assert (first["type"], first["accepts_response_payload"]) == ("events_api", False)
    assert (first["retry_attempt"], first["retry_reason"]) == (0, "")
    assert (again["retry_attempt"], again["retry_reason"]) == (1, "timeout")
    assert again["payload"] == first["payload"]
    wire.send(json.dumps({"envelope_id": again["envelope_id"]}))


def test_a_refresh_is_announced_and_the_client_comes_back(slack, socket_bot, ana):
    texts = []
    socket_bot.event("message")(lambda event: texts.append(event["text"]))
    slack.sockets.refresh()
    slack.world.limits.retry_delays = (0.1,) * 50

    ana.say("mentions", "during the change")

    slack.world.until(lambda: texts, seconds=120)
    assert texts[0] == "during the change"


def test_a_refresh_warns_before_it_closes(slack, wire):
    wire.recv()
    slack.sockets.refresh()

    assert [json.loads(wire.recv())["reason"] for _ in range(2)] == ["warning", "refresh_requested"]


def test_a_dropped_socket_loses_nothing(slack, wire, ana):
    wire.recv()
    slack.world.limits.retry_delays = ()
    slack.sockets.drop()
    slack.world.until(lambda: not slack.sockets.ready)
    ana.say("mentions", "hello")

    assert slack.world.deliveries[0].attempts[0].failure == "connection_failed"


def test_each_payload_goes_to_one_of_the_connections(slack, ana):
    slack.world.limits.answer_seconds = 0.05
    slack.world.limits.retry_delays = ()
    urls = [slack.sockets.ticket() for _ in range(2)]
    with connect(urls[0]) as one, connect(urls[1]) as two:
        slack.world.until(lambda: slack.sockets.connections == 2)
        ana.say("mentions", "a")
        ana.say("mentions", "b")
        for socket in (one, two):
            assert [json.loads(socket.recv(2))["type"] for _ in range(2)] == ["hello", "events_api"]


def test_a_ticket_opens_one_connection_and_needs_the_app_token(slack, client, wire):
    with pytest.raises(SlackApiError, match="not_allowed_token_type"):
        client.apps_connections_open(app_token="xoxb-test")

    ticket = slack.sockets.ticket()
    with connect(ticket):
        pass
    with pytest.raises(InvalidStatus):
        connect(ticket)


def test_deliveries_fall_back_to_the_url_when_the_socket_is_gone(slack, bot, ana):
    texts = []
    bot.event("message")(lambda event: texts.append(event["text"]))
    handler = SocketModeHandler(bot, "xapp-test", web_client=bot.client)
    handler.connect()
    slack.world.until(lambda: slack.sockets.ready)
    handler.close()
    slack.world.until(lambda: not slack.sockets.ready)

    ana.say("mentions", "by url")
    slack.world.until(lambda: texts)
    assert texts == ["by url"]
