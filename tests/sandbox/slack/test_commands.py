"""Slash commands, shortcuts and the Home tab: a teammate and a real Bolt app, over HTTP."""

from sandbox.slack import visible


def test_a_message_shortcut_is_chosen_by_its_name(bot, heard, slack, ana):
    slack.world.shortcuts["Send as public reply"] = "send_public"
    bot.event("message")(lambda: None)
    bot.shortcut("send_public")(lambda ack: ack())
    note = ana.say("mentions", "a draft")

    assert ana.shortcut(note, "Send as public reply").status == 200
    body = heard[-1]
    assert (body["type"], body["callback_id"]) == ("message_action", "send_public")
    assert (body["message_ts"], body["message"]["text"]) == (note.ts, "a draft")
    assert body["response_url"]


def test_home_is_published_when_it_is_opened_and_its_buttons_work(bot, heard, ana, buttons):
    @bot.event("app_home_opened")
    def publish(event, client):
        client.views_publish(
            user_id=event["user"],
            view={
                "type": "home",
                "blocks": [{"type": "actions", "elements": [buttons("Refresh", "refresh")]}],
            },
        )

    bot.action("refresh")(lambda ack: ack())
    home = ana.open_home()

    assert heard[0]["event"]["tab"] == "home"
    assert ana.press(home, "Refresh").status == 200
    assert heard[-1]["view"]["type"] == "home"


def test_a_command_is_answered_in_its_ack(bot, heard, ana):
    bot.command("/mentions")(lambda ack, command: ack(f"*{command['text']}*"))

    outcome = ana.command("/mentions", "stats 7d & @ben", channel="mentions")

    assert outcome.text == "*stats 7d &amp; <@U0BEN|ben>*"
    assert visible(outcome.ephemerals[0]).text == "stats 7d & @ben"
    body = heard[-1]
    assert (body["command"], body["user_name"], body["channel_name"]) == ("/mentions", "ana", "mentions")
    assert body["trigger_id"]


def test_a_command_may_answer_for_all_with_blocks(bot, ana, ben):
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "for all"}}
    bot.command("/mentions")(lambda ack: ack(response_type="in_channel", text="x", blocks=[section]))

    assert ana.command("/mentions").blocks == [section]
    assert [visible(message).text for message in ben.sees("mentions")] == ["for all"]


def test_a_command_may_answer_later(bot, ana):
    @bot.command("/mentions")
    def later(ack, respond):
        ack()
        respond("in a while")

    outcome = ana.command("/mentions")
    assert outcome.text == ""
    assert outcome.first_answer().text == "in a while"


def test_a_command_does_not_work_in_threads_nor_without_a_bot(slack, bot, heard, ana, card):
    assert ana.command("/mentions", "open", thread_ts=card().ts).text == (
        "/mentions is not supported in threads. Sorry!"
    )
    assert heard == []
    assert "dispatch_failed" in ana.command("/unknown").text
