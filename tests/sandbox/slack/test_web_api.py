"""The rest of the Web API, by the real client."""

import json
from pathlib import Path

import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.cli.doctor import REQUIRED_SCOPES
from sandbox.slack import NotOnScreenError, visible

ROOT = Path(__file__).parents[3]


def error(call, **arguments) -> str:
    with pytest.raises(SlackApiError) as refused:
        call(**arguments)
    return refused.value.response["error"]


def test_auth_test_says_who_the_bot_is(client):
    answer = client.auth_test()

    assert answer["url"] == "https://acme.slack.test/"
    assert (answer["user_id"], answer["bot_id"], answer["team_id"]) == ("U0HEARD", "B0HEARD", "T0ACME")
    assert "chat:write" in answer.headers["x-oauth-scopes"]


@pytest.mark.parametrize(
    ("token", "name"),
    [("", "not_authed"), ("xoxb-other", "invalid_auth"), ("xapp-test", "not_allowed_token_type")],
)
def test_a_wrong_token_is_refused_by_name(slack, token, name):
    assert error(WebClient(token=token, base_url=slack.url).auth_test) == name


def test_an_unknown_method_is_called_unknown(client):
    assert error(client.api_call, api_method="chat.sing") == "unknown_method"


def test_a_missing_scope_is_named(client, slack):
    slack.world.scopes.discard("chat:write")

    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel="C0MENTIONS", text="x")

    assert refused.value.response["error"] == "missing_scope"
    assert refused.value.response["needed"] == "chat:write"


def test_history_wants_the_scope_of_the_channels_kind(client, slack):
    slack.world.add_channel("G1", "hidden", private=True)
    slack.world.scopes.discard("groups:history")

    client.conversations_history(channel="C0MENTIONS")
    assert error(client.conversations_history, channel="G1") == "missing_scope"


def test_history_is_newest_first_and_leaves_replies_out(client, card):
    first, second = card(text="first"), card(text="second")
    client.chat_postMessage(channel="C0MENTIONS", text="in the thread", thread_ts=first.ts)

    messages = client.conversations_history(channel="C0MENTIONS")["messages"]

    assert [message["text"] for message in messages] == ["second", "first"]
    assert messages[1]["reply_count"] == 1
    assert messages[0]["ts"] == second.ts


def test_oldest_and_latest_leave_themselves_out_unless_inclusive(client, card):
    a, b, c = card(text="a"), card(text="b"), card(text="c")

    def between(**more):
        found = client.conversations_history(channel="C0MENTIONS", oldest=a.ts, latest=c.ts, **more)
        return [message["text"] for message in found["messages"]]

    assert between() == ["b"]
    assert between(inclusive=True) == ["c", "b", "a"]
    assert between(inclusive=True, limit=1) == ["c"]
    assert b.text == "b"


def test_history_goes_page_by_page(client, card):
    for number in range(5):
        card(text=str(number))

    pages = client.conversations_history(channel="C0MENTIONS", limit=2)
    assert [[message["text"] for message in page["messages"]] for page in pages] == [
        ["4", "3"],
        ["2", "1"],
        ["0"],
    ]


def test_replies_begin_with_the_parent_and_go_page_by_page(client, card):
    parent = card(text="parent")
    for number in range(3):
        client.chat_postMessage(channel="C0MENTIONS", text=str(number), thread_ts=parent.ts)

    pages = client.conversations_replies(channel="C0MENTIONS", ts=parent.ts, limit=2)
    assert [[message["text"] for message in page["messages"]] for page in pages] == [
        ["parent", "0"],
        ["1", "2"],
    ]
    assert error(client.conversations_replies, channel="C0MENTIONS", ts="1.0") == "thread_not_found"


def test_metadata_is_returned_only_to_those_who_ask(client, card):
    card(metadata={"event_type": "card", "event_payload": {"card_id": "7"}})

    silent = client.conversations_history(channel="C0MENTIONS")["messages"][0]
    asked = client.conversations_history(channel="C0MENTIONS", include_all_metadata=True)["messages"][0]

    assert "metadata" not in silent
    assert asked["metadata"]["event_payload"] == {"card_id": "7"}


def test_history_of_a_channel_without_the_bot_is_closed(client, slack):
    slack.world.remove("mentions", "U0HEARD")

    assert error(client.conversations_history, channel="C0MENTIONS") == "not_in_channel"


def test_places_and_people_can_be_looked_up(client, slack):
    slack.add_user("U0EVA", "Eva Ruiz", "eva")

    assert client.conversations_info(channel="C0MENTIONS")["channel"]["is_member"] is True
    assert client.conversations_list()["channels"][0]["name"] == "mentions"
    assert "U0EVA" in client.conversations_members(channel="C0MENTIONS")["members"]
    assert client.users_info(user="U0ANA")["user"]["real_name"] == "Ana Lima"
    assert len(client.users_list()["members"]) == 4
    assert error(client.users_info, user="U404") == "user_not_found"


def test_a_guest_is_in_their_own_channels_alone(client, slack):
    slack.world.add_channel("C0OPEN", "open")
    slack.world.add_guest("U0GUS", "Gus", "gus", {"C0MENTIONS"}, is_single=True)
    slack.world.add_channel("C0LATER", "later")

    gus = client.users_info(user="U0GUS")["user"]
    assert (gus["team_id"], gus["is_restricted"], gus["is_ultra_restricted"]) == ("T0ACME", True, True)
    assert "U0GUS" in client.conversations_members(channel="C0MENTIONS")["members"]
    for place in ("C0OPEN", "C0LATER"):
        assert "U0GUS" not in client.conversations_members(channel=place)["members"]


def test_a_guest_sees_and_presses_nothing_in_a_channel_that_they_are_not_in(client, slack, card):
    message = card()
    slack.world.add_channel("C0OPEN", "open")
    slack.world.add_guest("U0GUS", "Gus", "gus", {"C0OPEN"})
    gus = slack.person("U0GUS")

    assert gus.sees("mentions") == []
    with pytest.raises(NotOnScreenError):
        gus.press(message, "Reply")
    slack.world.join("mentions", "U0GUS")
    assert message in gus.sees("mentions")


def test_a_deactivated_account_is_known_and_cannot_act(client, slack, card):
    message = card()
    slack.world.deactivate("U0BEN")
    ben = slack.person("U0BEN")

    assert client.users_info(user="U0BEN")["user"]["deleted"] is True
    assert "U0BEN" not in client.conversations_members(channel="C0MENTIONS")["members"]
    assert ben.sees("mentions") == []
    for act in (
        lambda: ben.press(message, "Reply"),
        lambda: ben.command("/mentions", "help"),
        lambda: ben.say("mentions", "hello"),
        ben.open_home,
    ):
        with pytest.raises(NotOnScreenError):
            act()


def test_whoever_comes_from_another_organisation_makes_a_channel_shared(client, slack):
    slack.world.add_channel("C0OPEN", "open")
    slack.world.add_outsider("U0PIA", "Pia", "pia", "T0PARTNER", {"C0OPEN"})
    slack.world.add_outsider("U0XI", "Xi", "xi", "T0XI", set())

    pia, xi = (client.users_info(user=one)["user"] for one in ("U0PIA", "U0XI"))
    assert (pia["team_id"], "is_stranger" in pia) == ("T0PARTNER", False)
    assert (xi["team_id"], xi["is_stranger"]) == ("T0XI", True)
    assert client.conversations_info(channel="C0OPEN")["channel"]["is_ext_shared"] is True
    assert client.conversations_info(channel="C0MENTIONS")["channel"]["is_ext_shared"] is False
    assert slack.person("U0PIA").say("open", "hello").team == "T0PARTNER"


def test_lists_go_page_by_page(client):
    pages = client.users_list(limit=2)

    assert [len(page["members"]) for page in pages] == [2, 1]


def test_a_direct_conversation_is_opened_once(client):
    first = client.conversations_open(users="U0ANA")["channel"]["id"]

    assert first == client.conversations_open(users="U0ANA")["channel"]["id"]
    assert first.startswith("D")


def test_opening_a_direct_conversation_says_whether_it_was_there(client, slack):
    opened = client.conversations_open(users="U0ANA")

    assert "already_open" not in opened
    assert client.conversations_open(users="U0ANA")["already_open"] is True
    assert error(client.conversations_open, users="U0NOBODY") == "user_not_found"
    assert error(client.conversations_open, users="U0HEARD") == "cannot_dm_bot"

    slack.world.scopes.discard("im:write")
    assert error(client.conversations_open, users="U0BEN") == "missing_scope"


def test_an_app_is_installed_with_what_its_manifest_says_and_no_more(client, slack):
    slack.world.install(json.loads((ROOT / "manifest.json").read_text()))

    assert slack.world.scopes == {*REQUIRED_SCOPES, "files:read"}
    assert slack.world.subscriptions == {"app_home_opened", "app_mention", "message"}
    assert slack.world.shortcuts == {"Send as public reply": "send_as_public_reply"}
    assert client.chat_postMessage(channel="U0ANA", text="psst")["ok"]


def test_reactions_are_added_once_and_taken_back(client, card):
    message = card()
    at = {"channel": "C0MENTIONS", "timestamp": message.ts, "name": "eyes"}

    client.reactions_add(**at)
    assert message.reactions == {"eyes": ["U0HEARD"]}
    assert error(client.reactions_add, **at) == "already_reacted"

    client.reactions_remove(**at)
    assert message.reactions == {}
    assert error(client.reactions_remove, **at) == "no_reaction"


def test_user_groups_need_a_paid_plan(client, slack):
    assert error(client.usergroups_users_list, usergroup="S1") == "plan_upgrade_required"

    slack.world.paid_plan = True
    slack.world.usergroups["S1"] = ["U0ANA"]
    assert client.usergroups_users_list(usergroup="S1")["users"] == ["U0ANA"]


def test_blocks_can_be_validated_without_posting(client, slack):
    client.blocks_validate(blocks=[{"type": "divider"}])

    with pytest.raises(SlackApiError) as refused:
        client.blocks_validate(message={"blocks": [{"type": "divider"}, {"type": "header"}]})

    assert refused.value.response["response_metadata"]["messages"] == [
        "[ERROR] missing required field: text [json-pointer:/message/blocks/1]"
    ]
    assert slack.world.channel("mentions").messages == []


def test_api_test_echoes(client):
    assert client.api_test(foo="bar")["args"] == {"foo": "bar"}
    assert error(client.api_test, error="my_error") == "my_error"


def test_each_call_is_logged_without_its_token(client, slack):
    client.chat_postMessage(channel="C0MENTIONS", text="x")
    error(client.chat_postMessage, channel="C404", text="x")

    assert [(c.method, c.args["channel"], c.status, c.error) for c in slack.world.calls] == [
        ("chat.postMessage", "C0MENTIONS", 200, ""),
        ("chat.postMessage", "C404", 200, "channel_not_found"),
    ]


def test_a_token_in_the_form_is_good_and_stays_out_of_the_log(slack):
    answer = requests.post(
        f"{slack.url}users.info", data={"token": "xoxb-test", "user": "U0ANA"}, timeout=120
    )

    assert answer.json()["user"]["name"] == "ana"
    assert slack.world.calls[-1].args == {"user": "U0ANA"}


def test_a_watcher_hears_of_each_change_until_it_leaves(client, slack):
    heard = []
    leave = slack.world.on_change(heard.append)

    client.chat_postMessage(channel="C0MENTIONS", text="x")
    leave()
    client.chat_postMessage(channel="C0MENTIONS", text="y")

    assert [change.kind for change in heard if change.kind == "message"] == ["message"]
    assert visible(slack.world.channel("mentions").messages[-1]).text == "y"


def test_a_wait_may_ask_slack_itself(client, slack, ana):
    ana.say("mentions", "hello")

    said = slack.world.until(lambda: client.conversations_history(channel="C0MENTIONS")["messages"])
    assert said[0]["text"] == "hello"
    with pytest.raises(TimeoutError):
        slack.world.until(lambda: False, seconds=0.01)
