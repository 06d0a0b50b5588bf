"""Response urls, through Bolt's `respond` and raw."""

import pytest
from slack_sdk.webhook import WebhookClient

from sandbox.slack import visible


@pytest.fixture
def pressed(bot, ana, client, slack, buttons):
    """Presses a button in an ephemeral message, and returns the message and the response_url's client."""
    bot.action("send")(lambda ack: ack())
    row = {"type": "actions", "elements": [buttons("Send publicly", "send"), buttons("Edit", "send2")]}
    client.chat_postEphemeral(channel="C0MENTIONS", user="U0ANA", text="preview", blocks=[row])
    preview = ana.sees("mentions")[-1]
    outcome = ana.press(preview, "Send publicly")
    return preview, WebhookClient(outcome.payload["response_url"])


def test_a_press_in_an_ephemeral_message_comes_without_the_message(bot, pressed, ana):
    preview, _ = pressed
    payload = ana.press(preview, "Send publicly").payload

    assert payload["container"]["is_ephemeral"] is True
    assert "message" not in payload


def test_somebody_elses_ephemeral_cannot_be_pressed(pressed, ben):
    with pytest.raises(LookupError):
        ben.press(pressed[0], "Send publicly")


def test_an_ephemeral_message_is_replaced_in_place(pressed, ana):
    preview, url = pressed

    assert url.send(text="sent", replace_original=True).status_code == 200
    assert ana.sees("mentions") == [preview]
    assert visible(preview).text == "sent"
    assert preview.buttons == []


def test_an_ephemeral_message_is_deleted(pressed, ana):
    preview, url = pressed
    url.send(delete_original=True)

    assert preview.deleted
    assert ana.sees("mentions") == []


def test_an_answer_may_be_for_one_or_for_all(pressed, ana, ben):
    _, url = pressed
    url.send(text="for ana")
    url.send(text="for all", response_type="in_channel")

    assert [message.text for message in ana.sees("mentions")] == ["preview", "for ana", "for all"]
    assert [message.text for message in ben.sees("mentions")] == ["for all"]


def test_an_answer_needs_its_own_thread_ts_to_stay_in_the_thread(bot, ana, card, buttons):
    @bot.action("go")
    def go(ack, respond, body):
        ack()
        respond(text="astray")
        respond(text="at home", thread_ts=body["container"]["thread_ts"])

    parent = card()
    message = card(buttons("Go", "go"), thread_ts=parent.ts)
    ana.press(message, "Go")
    ana.world.until(lambda: len(ana.ephemerals()) == 2)

    assert [m.text for m in ana.sees("mentions") if m.ephemeral_to] == ["astray"]
    assert [m.text for m in ana.sees("mentions", parent.ts) if m.ephemeral_to] == ["at home"]


def test_a_url_serves_five_times(pressed):
    _, url = pressed
    answers = [url.send(text=str(number)) for number in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [404]
    assert "used_url" in answers[-1].body


def test_a_url_serves_for_half_an_hour(pressed, slack):
    _, url = pressed
    now = slack.world.now()
    slack.world.clock = lambda: now + 1801

    assert "expired_url" in url.send(text="late").body


def test_a_command_has_no_original_to_replace(bot, ana):
    @bot.command("/mentions")
    def answer(ack, respond):
        ack("first")
        respond(text="second", replace_original=True)

    outcome = ana.command("/mentions")
    ana.world.until(lambda: len(outcome.answers) == 2)

    assert {message.text for message in ana.ephemerals()} == {"first", "second"}


def test_wrong_blocks_are_refused_here_too(pressed, slack):
    _, url = pressed
    answer = url.send(text="x", blocks=[{"type": "section"}])

    assert answer.status_code == 400
    assert "invalid_blocks" in answer.body
    assert slack.world.calls[-1].error == "invalid_blocks"
