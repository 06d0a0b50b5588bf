"""chat.*, by the real client."""

import pytest
from slack_sdk.errors import SlackApiError

from sandbox.slack import NotOnScreenError, visible

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}


def refusal(call, **arguments) -> str:
    with pytest.raises(SlackApiError) as refused:
        call(**arguments)
    return refused.value.response["error"]


def test_a_posted_message_is_seen_by_everybody(client, slack, ana, ben):
    answer = client.chat_postMessage(channel="C0MENTIONS", text="hello", blocks=[SECTION])

    assert answer["message"]["bot_id"] == "B0HEARD"
    assert answer["message"]["blocks"][0]["block_id"]
    for person in (ana, ben):
        assert [visible(m).text for m in person.sees("mentions")] == ["hello"]


def test_blocks_arrive_in_a_form_as_well_as_in_json(client, slack):
    client.api_call(
        "chat.postMessage",
        params={
            "channel": "#mentions",
            "blocks": '[{"type":"section","text":{"type":"plain_text","text":"in a form"}}]',
        },
    )

    assert visible(slack.world.channel("mentions").messages[0]).text == "in a form"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C404", "text": "x"}, "channel_not_found"),
        ({"channel": "C0MENTIONS", "text": "  "}, "no_text"),
        ({"channel": "C0MENTIONS", "text": "x", "blocks": [{"type": "nonsense"}]}, "invalid_blocks"),
        ({"channel": "C0MENTIONS", "text": "x", "blocks": [None]}, "invalid_blocks"),
        ({"channel": "C0MENTIONS", "text": "x", "metadata": {"event_type": "t"}}, "invalid_metadata_schema"),
    ],
)
def test_a_wrong_post_is_refused_by_name(client, arguments, error):
    assert refusal(client.api_call, api_method="chat.postMessage", json=arguments) == error


def test_a_channel_that_the_bot_left_or_that_is_closed_takes_nothing(client, slack):
    slack.world.add_channel("C1", "elsewhere", members={"U0ANA"})
    slack.world.add_channel("C2", "hidden", private=True, members={"U0ANA"})
    slack.world.archive("mentions")

    assert refusal(client.chat_postMessage, channel="C1", text="x") == "not_in_channel"
    assert refusal(client.chat_postMessage, channel="C2", text="x") == "channel_not_found"
    assert refusal(client.chat_postMessage, channel="C0MENTIONS", text="x") == "is_archived"

    slack.world.scopes.add("chat:write.public")
    client.chat_postMessage(channel="C1", text="x")
    slack.world.delete_channel("C1")

    assert refusal(client.chat_postMessage, channel="C1", text="x") == "channel_not_found"


def test_a_bot_taken_out_of_the_channel_cannot_post_there(client, slack):
    slack.world.remove("mentions", "U0HEARD")

    assert refusal(client.chat_postMessage, channel="C0MENTIONS", text="x") == "not_in_channel"

    client.conversations_join(channel="C0MENTIONS")
    client.chat_postMessage(channel="C0MENTIONS", text="x")


def test_refused_blocks_are_pointed_at(client):
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(
            channel="C0MENTIONS",
            text="x",
            blocks=[SECTION, {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}],
        )

    assert refused.value.response["response_metadata"]["messages"] == [
        "[ERROR] must be less than 3001 characters [json-pointer:/blocks/1/text/text]"
    ]


def test_a_text_beyond_4000_characters_is_split_and_its_blocks_repeated(client, slack):
    client.chat_postMessage(channel="C0MENTIONS", text="x" * 9000, blocks=[SECTION])

    posted = slack.world.channel("mentions").messages
    assert [len(message.text) for message in posted] == [4000, 4000, 1000]
    assert all(message.blocks for message in posted)


def test_a_text_beyond_40000_characters_is_truncated(client, slack):
    client.chat_postMessage(channel="C0MENTIONS", text="x" * 50_000)

    assert sum(len(message.text) for message in slack.world.channel("mentions").messages) == 40_000


def test_an_update_without_blocks_deletes_the_blocks(client, slack, card):
    message = card(blocks=[SECTION])

    client.chat_update(channel="C0MENTIONS", ts=message.ts, text="only words")

    assert message.blocks == []
    assert visible(message).text == "only words"


def test_an_update_with_blocks_shows_no_edited_flag(client, card):
    message = card(blocks=[SECTION])

    client.chat_update(channel="C0MENTIONS", ts=message.ts, text="x", blocks=[SECTION])
    assert message.edited is None

    client.chat_update(channel="C0MENTIONS", ts=message.ts, text="y")
    assert message.edited is not None


def test_an_update_keeps_metadata_unless_it_brings_its_own(client, card):
    message = card(metadata={"event_type": "card", "event_payload": {"card_id": "1"}})

    client.chat_update(channel="C0MENTIONS", ts=message.ts, text="y")
    assert message.metadata == {"event_type": "card", "event_payload": {"card_id": "1"}}

    client.chat_update(channel="C0MENTIONS", ts=message.ts, text="y", metadata={})
    assert message.metadata is None


def test_only_the_bots_own_message_can_be_updated_or_deleted(client, ana):
    hers = ana.say("mentions", "mine")

    for call, error in (
        (client.chat_update, "cant_update_message"),
        (client.chat_delete, "cant_delete_message"),
    ):
        assert refusal(call, channel="C0MENTIONS", ts=hers.ts, **_text(call, client)) == error


def _text(call, client) -> dict:
    return {"text": "x"} if call == client.chat_update else {}


def test_an_update_refuses_what_is_gone_too_long_or_frozen(client, slack, card):
    message = card()

    assert refusal(client.chat_update, channel="C0MENTIONS", ts="1.0", text="x") == "message_not_found"
    assert refusal(client.chat_update, channel="C0MENTIONS", ts=message.ts, text="x" * 4001) == "msg_too_long"

    slack.world.archive("mentions")
    assert refusal(client.chat_update, channel="C0MENTIONS", ts=message.ts, text="x") == "is_inactive"


def test_a_deleted_parent_leaves_a_tombstone_over_its_replies(client, slack, ana, card):
    message, lonely = card(), card()
    ana.say("mentions", "in the thread", thread_ts=message.ts)

    client.chat_delete(channel="C0MENTIONS", ts=message.ts)
    client.chat_delete(channel="C0MENTIONS", ts=lonely.ts)

    assert [m.subtype for m in ana.sees("mentions")] == ["tombstone"]
    assert lonely.deleted
    assert refusal(client.chat_update, channel="C0MENTIONS", ts=message.ts, text="x") == "cant_update_message"
    assert refusal(client.chat_update, channel="C0MENTIONS", ts=lonely.ts, text="x") == "message_not_found"


def test_an_ephemeral_message_is_seen_by_one_person_and_by_no_history(client, ana, ben):
    client.chat_postEphemeral(channel="C0MENTIONS", user="U0ANA", text="only you")

    assert [message.text for message in ana.sees("mentions")] == ["only you"]
    assert ben.sees("mentions") == []
    assert client.conversations_history(channel="C0MENTIONS")["messages"] == []


def test_an_ephemeral_message_can_be_updated_by_no_method(client, ana):
    said = client.chat_postEphemeral(channel="C0MENTIONS", user="U0ANA", text="x")

    error = refusal(client.chat_update, channel="C0MENTIONS", ts=said["message_ts"], text="y")
    assert error == "message_not_found"


def test_an_ephemeral_message_needs_its_reader_in_the_channel(client, slack):
    slack.world.remove("mentions", "U0BEN")

    error = refusal(client.chat_postEphemeral, channel="C0MENTIONS", user="U0BEN", text="x")
    assert error == "user_not_in_channel"


def test_a_permalink_leads_into_the_thread(client, card):
    parent = card()
    reply = client.chat_postMessage(channel="C0MENTIONS", text="x", thread_ts=parent.ts)

    link = client.chat_getPermalink(channel="C0MENTIONS", message_ts=reply["ts"])["permalink"]
    assert link == (
        f"https://acme.slack.test/archives/C0MENTIONS/p{reply['ts'].replace('.', '')}"
        f"?thread_ts={parent.ts}&cid=C0MENTIONS"
    )


def test_a_direct_message_goes_to_a_user_id(client, slack, ana, ben):
    client.chat_postMessage(channel="U0ANA", text="psst")

    assert [message.text for message in ana.sees(ana.dm())] == ["psst"]
    assert ben.sees(ana.dm()) == []


def test_a_direct_message_goes_to_an_opened_conversation_and_can_be_changed(client, slack, ana, ben):
    place = client.conversations_open(users="U0ANA")["channel"]["id"]
    said = client.chat_postMessage(channel=place, text="It waits for 20 minutes.")
    client.chat_update(channel=place, ts=said["ts"], text="Answered.")

    assert said["channel"] == place
    assert [message.text for message in ana.direct_messages()] == ["Answered."]
    assert ben.direct_messages() == []
    assert refusal(client.chat_update, channel="U0ANA", ts=said["ts"], text="x") == "channel_not_found"


def test_a_direct_message_by_user_id_needs_no_more_than_the_right_to_write(client, slack, ana):
    slack.world.scopes = {"chat:write"}

    client.chat_postMessage(channel="U0ANA", text="psst")

    assert len(ana.direct_messages()) == 1


def test_without_a_messages_tab_nobody_can_be_written_to(client, slack, ana):
    slack.world.messages_tab = False

    assert refusal(client.chat_postMessage, channel="U0ANA", text="psst") == "messages_tab_disabled"
    assert refusal(client.chat_postMessage, channel=ana.dm().id, text="psst") == "messages_tab_disabled"


def test_in_a_read_only_messages_tab_only_the_app_writes(client, slack, ana):
    slack.world.messages_tab_read_only = True

    with pytest.raises(NotOnScreenError, match="turned off"):
        ana.say(ana.dm(), "hello?")
    client.chat_postMessage(channel="U0ANA", text="psst")

    assert [message.user for message in ana.direct_messages()] == ["U0HEARD"]


def test_lone_surrogates_become_replacement_characters(client, card):
    message = card(text="a \ud83d b \U0001f600")

    assert message.text == "a � b \U0001f600"
