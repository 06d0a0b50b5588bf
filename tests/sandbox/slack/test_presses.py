"""Pressing what is on the screen: a teammate and a real Bolt app, over HTTP."""

import pytest
from slack_sdk.errors import SlackApiError

from sandbox.slack import NotOnScreenError
from sandbox.slack.workspace.rate_limits import Limits


def test_a_press_carries_what_slacks_own_carries(bot, heard, ana, card, buttons):
    bot.action("claim")(lambda ack: ack())
    message = card(buttons("Claim & keep", "claim", value="7"), text="x & y")

    outcome = ana.press(message, "Claim & keep")

    body = heard[-1]
    action = body["actions"][0]
    assert outcome.status == 200
    assert body["type"] == "block_actions"
    assert body["user"] == {"id": "U0ANA", "username": "ana", "name": "ana", "team_id": "T0ACME"}
    assert body["container"] == {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": "C0MENTIONS",
        "is_ephemeral": False,
    }
    assert body["channel"] == {"id": "C0MENTIONS", "name": "mentions"}
    assert body["message"]["ts"] == message.ts
    assert body["state"] == {"values": {}}
    assert body["team"]["id"] == "T0ACME"
    assert body["trigger_id"]
    assert body["response_url"].startswith("http://127.0.0.1:")
    assert (action["type"], action["block_id"], action["action_id"]) == ("button", "row", "claim")
    assert action["value"] == "7"
    assert action["text"]["text"] == "Claim &amp; keep"
    assert "." in action["action_ts"]


def test_a_press_opens_the_modal_that_the_bot_answers_with(reply, ana):
    modal = ana.press(reply, "Reply").view

    assert modal.title == "Reply on X"
    assert "Public reply" in modal.text
    assert ana.modal.id == modal.id


def test_a_press_that_opens_nothing_has_no_view(bot, slack, ana, card, buttons):
    slack.world.limits.trigger_seconds = 0.05
    bot.action("claim")(lambda ack: ack())

    assert ana.press(card(buttons("Claim", "claim")), "Claim").view is None


def test_only_what_is_there_can_be_pressed(reply, ana, slack, client):
    with pytest.raises(NotOnScreenError, match="Reply"):
        ana.press(reply, "Launch")

    client.chat_delete(channel="C0MENTIONS", ts=reply.ts)
    with pytest.raises(NotOnScreenError):
        ana.press(reply, "Reply")


def test_a_stale_screen_can_still_be_pressed(bot, heard, reply, ana, client):
    stale = reply.snapshot()
    client.chat_update(channel="C0MENTIONS", ts=reply.ts, text="done")

    with pytest.raises(NotOnScreenError):
        ana.press(reply, "Reply")
    assert ana.press(stale, "Reply").view


def test_overflow_entries_and_accessories_are_pressed_by_label(bot, heard, ana, card):
    bot.action("more")(lambda ack: ack())
    entries = [{"text": {"type": "plain_text", "text": t}, "value": t.lower()} for t in ("Assign", "Snooze")]
    overflow = {"type": "overflow", "action_id": "more", "options": entries}
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "x"}, "accessory": overflow}
    message = card(blocks=[section])

    assert message.buttons == ["Assign", "Snooze"]
    assert ana.press(message, "Snooze").ok
    assert heard[-1]["actions"][0]["selected_option"]["value"] == "snooze"


def test_a_select_in_a_message_reports_its_choice_and_state(bot, heard, ana, card):
    bot.action("who")(lambda ack: ack())
    users = {
        "type": "users_select",
        "action_id": "who",
        "placeholder": {"type": "plain_text", "text": "Assign to"},
    }
    ana.press(card(users), "Assign to", value="U0BEN")

    assert heard[-1]["actions"][0]["selected_user"] == "U0BEN"
    assert heard[-1]["state"]["values"]["row"]["who"]["selected_user"] == "U0BEN"


def test_equal_labels_are_told_apart_by_value(bot, heard, ana, card, buttons):
    for name in ("a", "b"):
        bot.action(name)(lambda ack: ack())
    message = card(buttons("Go", "a", value="1"), buttons("Go", "b", value="2"))

    ana.press(message, "Go", value="2")
    assert heard[-1]["actions"][0]["action_id"] == "b"


def test_a_declined_confirmation_sends_nothing(bot, heard, ana, card, buttons):
    dialog = {
        key: {"type": "plain_text", "text": text}
        for key, text in {"title": "Sure?", "text": "Really", "confirm": "Yes", "deny": "No"}.items()
    }
    message = card(buttons("Delete", "delete", confirm=dialog))
    bot.action("delete")(lambda ack: ack())

    assert ana.press(message, "Delete", confirm=False).status is None
    assert heard == []
    assert ana.press(message, "Delete").status == 200


def test_a_link_button_opens_its_link_and_tells_the_bot(bot, ana, card, buttons):
    bot.action("open")(lambda ack: ack())
    outcome = ana.press(card(buttons("Open on X", "open", url="https://x.test/1")), "Open on X")

    assert outcome.opened_url == "https://x.test/1"
    assert outcome.status == 200


def test_a_bot_that_does_not_answer_well_is_trouble_on_the_screen(slack, bot, ana, card, buttons):
    message = card(buttons("Nobody listens", "unmatched"))

    outcome = ana.press(message, "Nobody listens")
    assert (outcome.status, outcome.ok) == (404, False)

    slack.events_url = "http://127.0.0.1:9/slack/events"
    outcome = ana.press(message, "Nobody listens")
    assert (outcome.status, outcome.error) == (None, "We had some trouble connecting. Try again?")
    assert [who for who, _ in slack.world.troubles] == ["U0ANA", "U0ANA"]


def test_a_bot_that_answers_too_late_is_trouble_on_the_screen(slack, bot, ana, press, released):
    slack.world.limits.answer_seconds = 0.05

    @bot.action("slow")
    def slow(ack):
        released.wait(120)
        ack()

    outcome = press(ana, "Slow", "slow")
    assert (outcome.status, outcome.answer.failure) == (None, "http_timeout")


def test_a_replay_is_the_same_bytes_with_the_same_signature(bot, heard, ana, card, buttons):
    bot.action("claim")(lambda ack: ack())
    first = ana.press(card(buttons("Claim", "claim")), "Claim")
    again = first.replay()

    assert again.status == 200
    assert again.body == first.body
    assert again.parcel.headers == first.parcel.headers
    assert heard[0] == heard[1]


def test_an_old_body_can_be_sent_under_a_fresh_signature(bot, heard, ana, card, buttons):
    bot.action("claim")(lambda ack: ack())
    message = card(buttons("Claim", "claim"))
    first = ana.press(message, "Claim")
    again = ana.press(message, body=first.body)

    assert (again.status, again.body) == (200, first.body)
    assert heard[0] == heard[1]


def test_a_trigger_opens_one_modal_within_three_seconds(bot, client, ana, press, composer):
    triggers = []

    @bot.action("reply")
    def keep(ack, body):
        ack()
        triggers.append(body["trigger_id"])

    def error(trigger) -> str:
        with pytest.raises(SlackApiError) as refused:
            client.views_open(trigger_id=trigger, view=composer())
        return refused.value.response["error"]

    press(ana, "Reply", "reply")
    client.views_open(trigger_id=triggers[0], view=composer())
    assert error(triggers[0]) == "exchanged_trigger_id"

    ana.world.limits.trigger_seconds = Limits().trigger_seconds
    press(ana, "Reply", "reply")
    now = ana.world.now()
    ana.world.clock = lambda: now + 3.1
    assert error(triggers[1]) == "expired_trigger_id"
    assert error("made.up") == "invalid_trigger_id"
