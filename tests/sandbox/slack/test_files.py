"""Files, by the real client's files_upload_v2."""

import pytest
import requests
from slack_sdk.errors import SlackApiError, SlackRequestError

from sandbox.slack import NotOnScreenError

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40


def refusal(call, **arguments) -> str:
    with pytest.raises(SlackApiError) as refused:
        call(**arguments)
    return refused.value.response["error"]


def picture(file_id: str) -> list[dict]:
    return [{"type": "image", "slack_file": {"id": file_id}, "alt_text": "First reply by day"}]


def test_a_file_shows_as_a_message_and_can_be_read(client, ana, ben):
    client.files_upload_v2(
        channel="C0MENTIONS", filename="open.csv", content="a,b\n1,2\n", title="Open", initial_comment="Here."
    )

    (message,) = ana.sees("C0MENTIONS")
    (file,) = message.files
    assert (message.text, message.subtype) == ("Here.", "file_share")
    assert (file.name, file.title, file.size, file.kind[2]) == ("open.csv", "Open", 8, "text/csv")
    assert ana.download(message) == b"a,b\n1,2\n"
    assert ben.download(message, "open.csv") == b"a,b\n1,2\n"
    with pytest.raises(NotOnScreenError):
        ana.download(message, "closed.csv")


def test_a_file_goes_into_a_thread(client, ana, card):
    parent = card()

    client.files_upload_v2(channel="C0MENTIONS", filename="a.txt", content="x", thread_ts=parent.ts)

    assert [one.files[0].name for one in ana.sees("C0MENTIONS", parent.ts) if one.files] == ["a.txt"]


def test_a_file_for_one_person_goes_to_their_opened_conversation_not_to_their_id(client, ana, ben):
    place = client.conversations_open(users="U0ANA")["channel"]["id"]
    client.files_upload_v2(channel=place, filename="mine.csv", content="secret")

    assert ana.download(ana.direct_messages()[0]) == b"secret"
    assert ben.direct_messages() == []
    with pytest.raises(SlackApiError, match="channel_not_found"):
        client.files_upload_v2(channel="U0ANA", filename="mine.csv", content="secret")


def test_nobody_sees_a_file_that_went_nowhere(client, slack, ana):
    answer = client.files_upload_v2(filename="chart.png", content=PNG)

    assert ana.sees("C0MENTIONS") == []
    assert client.files_info(file=answer["file"]["id"])["file"]["shares"] == {"public": {}}


def test_where_a_file_went_is_known_only_by_asking_again(client, ana):
    answer = client.files_upload_v2(channel="C0MENTIONS", filename="a.txt", content="x")

    assert "shares" not in answer["file"]
    shares = client.files_info(file=answer["file"]["id"])["file"]["shares"]
    assert shares["public"]["C0MENTIONS"] == [{"ts": ana.sees("C0MENTIONS")[0].ts}]


def test_a_file_is_not_there_before_its_bytes_are(client, slack):
    asked = client.files_getUploadURLExternal(filename="a.txt", length=1)
    named = [{"id": asked["file_id"], "title": "A"}]

    assert refusal(client.files_completeUploadExternal, files=named) == "file_not_found"
    assert requests.post(asked["upload_url"], data=b"too long", timeout=120).status_code == 400
    assert requests.post(f"{slack.address}/upload/v1/guessed", data=b"x", timeout=120).status_code == 404
    assert requests.post(asked["upload_url"], files={"file": ("a.txt", b"x")}, timeout=120).status_code == 200
    assert client.files_completeUploadExternal(files=named)["files"][0]["title"] == "A"
    assert refusal(client.files_completeUploadExternal, files=named) == "file_update_failed"


def test_a_file_needs_a_size_a_scope_and_a_place_that_takes_it(client, slack):
    slack.world.add_channel("C0OTHER", "other", members={"U0ANA"})

    assert refusal(client.files_getUploadURLExternal, filename="a.txt", length=0) == "invalid_arguments"
    with pytest.raises(SlackApiError, match="not_in_channel"):
        client.files_upload_v2(channel="C0OTHER", filename="a.txt", content="x")
    with pytest.raises(SlackApiError, match="thread_not_found"):
        client.files_upload_v2(channel="C0MENTIONS", filename="a.txt", content="x", thread_ts="1.000001")
    slack.world.scopes.discard("files:write")
    with pytest.raises(SlackApiError, match="missing_scope"):
        client.files_upload_v2(channel="C0MENTIONS", filename="a.txt", content="x")


def test_bytes_are_given_only_to_who_may_read_files(client, slack):
    file = client.files_upload_v2(channel="C0MENTIONS", filename="a.txt", content="x")["file"]
    token = {"Authorization": "Bearer xoxb-test"}

    def got(**more) -> requests.Response:
        return requests.get(file["url_private"], timeout=120, allow_redirects=False, **more)

    assert got(headers=token).content == b"x"
    assert got().status_code == 302
    slack.world.scopes.discard("files:read")
    assert got(headers=token).status_code == 302


def test_a_lost_upload_is_the_clients_to_see(client, slack):
    slack.world.faults.http_500("upload")

    with pytest.raises((SlackRequestError, OSError)):
        client.files_upload_v2(channel="C0MENTIONS", filename="a.txt", content="x")
    assert [call.method for call in slack.world.calls] == ["files.getUploadURLExternal", "upload"]


def test_a_picture_stands_in_a_block_once_it_is_whole(client, slack, ana):
    slack.world.limits.file_seconds = 5
    now = slack.world.now()
    slack.world.clock = lambda: now
    file = client.files_upload_v2(filename="chart.png", content=PNG)["file"]["id"]

    said = {"channel": "C0MENTIONS", "text": "chart", "blocks": picture(file)}
    assert refusal(client.chat_postMessage, **said) == "invalid_blocks"
    slack.world.clock = lambda: now + 5
    assert client.chat_postMessage(**said)["ok"]
    assert ana.sees("C0MENTIONS")[0].blocks[0]["slack_file"] == {"id": file}


def test_only_pictures_that_are_there_stand_in_blocks(client):
    text = client.files_upload_v2(filename="a.csv", content="x")["file"]["id"]

    for named in (text, "F0NOWHERE"):
        said = {"channel": "C0MENTIONS", "text": "chart", "blocks": picture(named)}
        assert refusal(client.chat_postMessage, **said) == "invalid_blocks"


def test_a_deleted_file_takes_its_empty_message_along(client, ana):
    bare = client.files_upload_v2(channel="C0MENTIONS", filename="a.txt", content="x")["file"]["id"]
    told = client.files_upload_v2(
        channel="C0MENTIONS", filename="b.txt", content="x", initial_comment="Look."
    )["file"]["id"]

    client.files_delete(file=bare)
    client.files_delete(file=told)

    (left,) = ana.sees("C0MENTIONS")
    assert (left.text, left.files) == ("Look.", [])
