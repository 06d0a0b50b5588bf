"""Events: what people write reaches the bot, signed, retried, and in whatever disorder a test asks for."""

import time

import pytest

from sandbox.slack import SlackServer


@pytest.fixture
def events(bot):
    """Every event callback that the bot was sent, whole."""
    bodies = []

    @bot.middleware
    def keep(body, request, next):  # noqa: A002 - Bolt's name for it
        bodies.append({**body, "headers": request.headers})
        next()

    for name in ("message", "app_mention", "reaction_added", "member_joined_channel", "channel_archive"):
        bot.event(name)(lambda: None)
    return bodies


def kinds(events) -> list[str]:
    return sorted(f"{e['event']['type']}/{e['event'].get('subtype', '')}".rstrip("/") for e in events)


def test_a_message_reaches_the_bot_in_slacks_envelope(events, slack, ana):
    message = ana.say("mentions", "hello")

    body = events[0]
    assert body["type"] == "event_callback"
    assert (body["team_id"], body["api_app_id"]) == ("T0ACME", "A0HEARD")
    assert body["event_id"].startswith("Ev")
    assert abs(body["event_time"] - time.time()) < 60
    assert body["authorizations"][0] == {
        "enterprise_id": None,
        "team_id": "T0ACME",
        "user_id": "U0HEARD",
        "is_bot": True,
        "is_enterprise_install": False,
    }
    event = body["event"]
    assert (event["user"], event["channel"], event["channel_type"]) == ("U0ANA", "C0MENTIONS", "channel")
    assert (event["ts"], event["event_ts"], event["text"]) == (message.ts, message.ts, "hello")
    assert event["client_msg_id"]
    assert "thread_ts" not in event
    assert slack.world.deliveries[0].accepted


def test_a_mention_of_the_bot_comes_twice_with_one_ts(events, ana):
    ana.say("mentions", "<@BOT> reply thanks")

    assert kinds(events) == ["app_mention", "message"]
    assert {body["event"]["text"] for body in events} == {"<@U0HEARD> reply thanks"}
    assert len({body["event"]["ts"] for body in events}) == 1
    assert len({body["event_id"] for body in events}) == 2


def test_a_reply_names_its_parent(events, ana, card):
    parent = card()
    ana.say("mentions", "note", thread_ts=parent.ts)

    event = events[-1]["event"]
    assert (event["thread_ts"], event["parent_user_id"]) == (parent.ts, "U0HEARD")


def test_edits_and_deletions_arrive_with_what_was_there_before(events, ana):
    message = ana.say("mentions", "frist")
    ana.edit(message, "first")
    ana.delete(message)

    assert kinds(events) == ["message", "message/message_changed", "message/message_deleted"]
    changed, deleted = events[1]["event"], events[2]["event"]
    assert (changed["previous_message"]["text"], changed["message"]["text"]) == ("frist", "first")
    assert changed["message"]["edited"]["user"] == "U0ANA"
    assert (deleted["deleted_ts"], deleted["previous_message"]["text"]) == (message.ts, "first")


def test_the_bot_hears_nothing_of_channels_it_is_not_in(events, slack, ana):
    slack.world.remove("mentions", "U0HEARD")
    heard = len(events)

    ana.say("mentions", "<@BOT> are you there?")
    assert kinds(events[heard:]) in ([], ["member_left_channel"])


def test_other_things_that_happen_are_told_too(events, slack, ana, card):
    ana.react(card(), "eyes")
    slack.add_user("U0EVA", "Eva Ruiz", "eva")
    slack.world.join("mentions", "U0EVA")
    slack.world.archive("mentions")

    slack.world.until(lambda: len(events) == 3)
    assert kinds(events) == ["channel_archive", "member_joined_channel", "reaction_added"]
    # The card itself was told as well; Bolt drops the bot's own messages.
    assert {delivery.type for delivery in slack.world.deliveries} == {
        "message",
        *(body["event"]["type"] for body in events),
    }


def test_a_direct_message_has_its_own_channel_type(events, ana):
    ana.say(ana.dm(), "<@BOT> hello")

    assert [body["event"]["channel_type"] for body in events] == ["im"]


def test_a_signed_request_is_taken_and_a_forged_or_stale_one_is_not(events, slack):
    challenge = {"type": "url_verification", "challenge": "abc", "token": "t"}

    assert slack.verify_url()
    assert slack.send_raw(challenge).status == 200
    assert slack.send_raw(challenge, signature="v0=" + "0" * 64).status == 401
    assert slack.send_raw(challenge, timestamp=int(time.time()) - 301).status == 401
    assert slack.send_raw(challenge, headers={"X-Slack-Signature": ""}).status == 401


def test_an_event_that_fails_is_tried_three_times_more(bot, slack, ana):
    ana.say("mentions", "nobody listens to this")

    delivery = slack.world.deliveries[0]
    slack.world.until(lambda: len(delivery.attempts) == 4)
    assert [attempt.status for attempt in delivery.attempts] == [404] * 4
    assert [attempt.retry for attempt in delivery.attempts] == [0, 1, 2, 3]
    assert {attempt.failure for attempt in delivery.attempts} == {"http_error"}
    assert not delivery.accepted


def test_a_retry_says_which_and_why(bot, slack, ana):
    retries = []

    @bot.middleware
    def fail_once(request, next):  # noqa: A002 - Bolt's name for it
        retries.append(tuple(request.headers.get(f"x-slack-retry-{h}", [None])[0] for h in ("num", "reason")))
        if len(retries) == 1:
            raise RuntimeError("not yet")
        next()

    bot.event("message")(lambda: None)
    ana.say("mentions", "hello")

    delivery = slack.world.deliveries[0]
    slack.world.until(lambda: delivery.accepted)
    assert retries == [(None, None), ("1", "http_error")]
    assert [attempt.status for attempt in delivery.attempts] == [500, 200]


def test_a_bot_that_is_down_gets_the_event_when_it_is_back(events, slack, ana):
    here, slack.events_url = slack.events_url, "http://127.0.0.1:9/slack/events"
    slack.world.limits.retry_delays = (0.0, 0.2)

    ana.say("mentions", "hello")
    slack.events_url = here

    slack.world.until(lambda: slack.world.deliveries[0].accepted)
    assert slack.world.deliveries[0].attempts[0].failure == "connection_failed"


def test_a_slow_answer_counts_as_none(bot, slack, ana):
    import threading

    released = threading.Event()

    @bot.middleware
    def slow(next):  # noqa: A002 - Bolt's name for it
        released.wait(120)
        next()

    bot.event("message")(lambda: None)
    slack.world.limits.answer_seconds = 0.05
    slack.world.limits.retry_delays = ()

    ana.say("mentions", "hello")
    slack.world.until(lambda: slack.world.deliveries[0].attempts)
    released.set()
    assert slack.world.deliveries[0].attempts[0].failure == "http_timeout"


def test_without_a_bot_nothing_is_retried(slack, ana):
    ana.say("mentions", "hello")

    assert [attempt.failure for attempt in slack.world.deliveries[0].attempts] == ["connection_failed"]


def test_an_event_can_be_delivered_twice(events, slack, ana):
    slack.world.faults.duplicate_events()
    ana.say("mentions", "hello")

    slack.world.until(lambda: len(events) == 2)
    assert events[0]["event_id"] == events[1]["event_id"]


def test_an_event_can_be_overtaken_by_the_next(events, slack, ana):
    slack.world.faults.reorder_events()
    ana.say("mentions", "first")
    ana.say("mentions", "second")

    slack.world.until(lambda: len(events) == 2)
    assert [body["event"]["text"] for body in events] == ["second", "first"]


def test_an_event_can_be_lost(events, slack, ana):
    slack.world.faults.drop()
    ana.say("mentions", "lost")
    ana.say("mentions", "found")

    assert [body["event"]["text"] for body in events] == ["found"]
    assert [delivery.dropped for delivery in slack.world.deliveries] == [True, False]


def test_faults_are_not_spent_on_the_bots_own_messages(events, slack, ana, card):
    slack.world.faults.drop()
    card()
    ana.say("mentions", "lost")

    assert [delivery.dropped for delivery in slack.world.deliveries] == [False, True]
    assert events == []


def test_only_subscribed_events_are_sent(events, slack, ana):
    slack.world.subscriptions.discard("message")
    ana.say("mentions", "hello")

    assert events == []


def test_the_server_stops_at_once_while_a_retry_waits():
    with SlackServer(events_url="http://127.0.0.1:9/") as slack:
        slack.world.limits.retry_delays = (3600.0,)
        slack.person("ana").say("mentions", "hello")
        begun = time.monotonic()

    assert time.monotonic() - begun < 30
