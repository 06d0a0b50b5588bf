"""What the page shows of Slack's newer things: direct messages, files, charts, pickers and lookups."""

import itertools
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, expect
from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient
from werkzeug.serving import make_server

from sandbox.demo.runner import BOT_TOKEN, Demo
from tests.page.conftest import Window

Json = dict[str, Any]
Open = Callable[..., Window]
PHONE = {"width": 390, "height": 844}
DAYS = ["20 Nov", "21 Nov", "22 Nov", "23 Nov", "24 Nov", "25 Nov", "26 Nov"]
ISSUES = {"Sync stops after 4.2": "1", "Cannot log in": "2", "Login mail is late": "3"}


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def button(label: str, action_id: str) -> Json:
    return {"type": "button", "text": plain(label), "action_id": action_id}


def field(block_id: str, label: str, **element: Any) -> Json:
    element = {"action_id": block_id, **element}
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element}


def plot(kind: str, title: str, **series: list[float]) -> Json:
    named = [
        {"name": name, "data": [{"label": d, "value": v} for d, v in zip(DAYS, values, strict=True)]}
        for name, values in series.items()
    ]
    axes = {"categories": DAYS, "y_label": "Minutes"}
    return {
        "type": "data_visualization",
        "title": title,
        "chart": {"type": kind, "series": named, "axis_config": axes},
    }


def pie(title: str, **segments: float) -> Json:
    named = [{"label": label, "value": value} for label, value in segments.items()]
    return {"type": "data_visualization", "title": title, "chart": {"type": "pie", "segments": named}}


def png(width: int = 8, height: int = 4) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (b"\0" + b"\x2f\x6f\x5e" * width) * height
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


@pytest.fixture
def client(demo: Demo) -> WebClient:
    return WebClient(BOT_TOKEN, base_url=demo.context.slack.url, retry_handlers=[])


@pytest.fixture
def app(demo: Demo, client: WebClient) -> Iterator[App]:
    """An app of the test's own, which Slack's deliveries reach in place of the bot."""
    app = App(signing_secret="demo-signing-secret", client=client)
    server = make_server("127.0.0.1", 0, SlackRequestHandler(app, path="/slack/events"), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    bots, demo.context.slack.events_url = (
        demo.context.slack.events_url,
        f"http://127.0.0.1:{server.port}/slack/events",
    )
    yield app
    demo.context.slack.events_url = bots
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def mended(demo: Demo) -> Iterator[None]:
    """What a test says in the channel is gone for the next one, and whatever it lets go wrong works again."""
    world = demo.context.slack.world
    began = world.next_ts()
    yield
    demo.context.switches.reset()
    with world.lock:
        channel = world.channel("C0MENTIONS")
        for message in [*channel.messages, *channel.ephemerals]:
            if message.ts > began and not message.metadata:
                world.delete(message)


def chart(window: Window, title: str) -> Locator:
    return window.slack.get_by_role("group", name=title).last


# --- direct messages ---------------------------------------------------------------------------------------


def test_a_direct_message_is_counted_until_it_is_read(window: Open, client: WebClient) -> None:
    cleo = window("U0CLEO")
    client.chat_postMessage(channel="U0CLEO", text="@maria_writes has waited for 25 min, and you have her.")

    entry = cleo.slack.get_by_role("button", name="Heard 1 unread")
    entry.click()
    expect(cleo.slack.locator("#messages")).to_contain_text("you have her")
    expect(cleo.slack.get_by_role("button", name="Heard", exact=True)).to_be_visible()
    expect(entry).to_have_count(0)


def test_nobody_else_sees_it_and_nobody_can_write_there(window: Open, client: WebClient, demo: Demo) -> None:
    client.chat_postMessage(channel="U0CLEO", text="only for Cleo")
    ben, cleo = window("U0BEN"), window("U0CLEO")
    cleo.slack.get_by_role("button", name="Heard").first.click()

    expect(cleo.slack.locator("#messages")).to_contain_text("only for Cleo")
    expect(cleo.slack).to_contain_text("Sending messages to this app has been turned off.")
    expect(cleo.slack.locator(".composer textarea")).to_be_hidden()
    expect(ben.slack.get_by_role("button", name="unread").filter(has_text="Heard")).to_have_count(0)


def test_on_a_phone_home_and_messages_are_one_press_apart(window: Open, client: WebClient) -> None:
    client.chat_postMessage(channel="U0CLEO", text="small screens too")
    cleo = window("U0CLEO", size=PHONE)
    cleo.slack.get_by_role("button", name="Heard").first.click()
    expect(cleo.slack.locator("#messages")).to_contain_text("small screens too")

    cleo.slack.get_by_role("button", name="Home", exact=True).click()
    expect(cleo.slack.locator(".home")).to_be_visible()
    cleo.slack.get_by_role("button", name="Messages", exact=True).click()
    expect(cleo.slack.locator("#messages")).to_contain_text("small screens too")


# --- files -------------------------------------------------------------------------------------------------


def test_a_file_shows_by_name_and_size_and_can_be_kept(window: Open, client: WebClient) -> None:
    ana = window()
    client.files_upload_v2(
        channel="C0MENTIONS", filename="november.csv", content="a,b\n" * 3000, title="Tickets of November"
    )

    file = ana.slack.locator(".file", has_text="Tickets of November")
    expect(file).to_contain_text("november.csv · CSV · 12 kB")
    with ana.page.expect_download() as kept:
        file.get_by_role("link", name="Download november.csv").click()
    assert kept.value.suggested_filename == "november.csv"
    assert kept.value.path().read_bytes() == b"a,b\n" * 3000


def test_a_file_in_direct_messages_is_only_for_who_is_in_them(
    window: Open, client: WebClient, demo: Demo
) -> None:
    place = client.conversations_open(users="U0CLEO")["channel"]["id"]
    file = client.files_upload_v2(channel=place, filename="mine.csv", content="secret")["file"]["id"]
    ben = window("U0BEN")

    def got(who: str) -> int:
        return ben.page.request.get(f"{demo.url}slack/file/{file}?as={who}").status

    assert (got("U0CLEO"), got("U0BEN")) == (200, 404)


def test_a_picture_of_slacks_own_is_shown_in_a_block(window: Open, client: WebClient) -> None:
    ana = window()
    file = client.files_upload_v2(filename="chart.png", file=png())["file"]["id"]
    block = {"type": "image", "slack_file": {"id": file}, "alt_text": "First reply by day"}
    client.chat_postEphemeral(channel="C0MENTIONS", user="U0ANA", text="stats", blocks=[block])

    picture = ana.slack.get_by_role("img", name="First reply by day").last
    expect(picture).to_have_js_property("naturalWidth", 8)


# --- charts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, PHONE], ids=["wide", "phone"])
def test_a_chart_is_drawn_to_the_width_there_is_and_told_as_a_table(
    window: Open, client: WebClient, size: dict[str, int]
) -> None:
    ana = window(size=size)
    title = f"First reply on {size['width']}"
    block = plot("line", title, Median=[12, 9, 31, 22, 8, 7, 6], p90=[55, 48, 120, 96, 40, 32, 28])
    client.chat_postMessage(channel="C0MENTIONS", text="stats", blocks=[block])

    drawn = chart(ana, title)
    picture = drawn.get_by_role("img")
    expect(picture).to_have_attribute(
        "aria-label",
        f"Line chart: {title}. Median: 12 at 20 Nov, 6 at 26 Nov, most 31 at 22 Nov. p90: 55 at 20 Nov, 28 at 26 Nov, most 120 at 22 Nov.",
    )
    box, around = picture.bounding_box(), drawn.bounding_box()
    assert box["width"] <= around["width"] <= size["width"]
    assert picture.locator("path.stroke").count() == 2
    assert picture.locator("circle.dot").count() == 14
    cells = drawn.get_by_role("row").filter(has_text="22 Nov").get_by_role("cell").all_text_contents()
    assert cells == ["31", "120"]
    for text in picture.locator("text").all():
        place = text.bounding_box()
        assert box["x"] - 1 <= place["x"]
        assert place["x"] + place["width"] <= box["x"] + box["width"] + 1


@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, PHONE], ids=["wide", "phone"])
def test_long_names_under_a_chart_stand_apart(window: Open, client: WebClient, size: dict[str, int]) -> None:
    ana = window(size=size)
    names = [f"category number {n:04}" for n in range(20)]
    series = [{"name": "A", "data": [{"label": name, "value": n * 1234.5} for n, name in enumerate(names)]}]
    made = {"type": "line", "series": series, "axis_config": {"categories": names}}
    title = f"Long names on {size['width']}"
    block = {"type": "data_visualization", "title": title, "chart": made}
    client.chat_postMessage(channel="C0MENTIONS", text="stats", blocks=[block])

    under = chart(ana, title).locator("text", has_text="category")
    under.first.wait_for()
    boxes = [one.bounding_box() for one in under.all()]
    assert len(boxes) >= 2
    for before, after in itertools.pairwise(boxes):
        assert before["x"] + before["width"] < after["x"]


def test_a_chart_is_drawn_anew_when_the_window_changes(window: Open, client: WebClient) -> None:
    ana = window()
    client.chat_postMessage(
        channel="C0MENTIONS", text="stats", blocks=[plot("area", "Turned", Mentions=[1, 2, 3, 4, 5, 6, 7])]
    )
    picture = chart(ana, "Turned").get_by_role("img")
    picture.wait_for()
    before = picture.bounding_box()["width"]

    ana.page.set_viewport_size(PHONE)

    ana.page.wait_for_function(
        "() => document.querySelector('.chart[aria-label=Turned] svg').clientWidth < 360"
    )
    assert picture.bounding_box()["width"] < before


def test_what_stands_at_a_day_shows_beside_the_pointer(window: Open, client: WebClient) -> None:
    ana = window()
    client.chat_postMessage(
        channel="C0MENTIONS",
        text="stats",
        blocks=[plot("bar", "Pointed at", Heard=[5, 6, -7, 8.25, 9, 1, 2])],
    )
    drawn = chart(ana, "Pointed at")
    picture = drawn.get_by_role("img")
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()

    ana.page.mouse.move(box["x"] + 34 + (box["width"] - 42) / 2, box["y"] + 60)

    expect(drawn.locator(".tip")).to_have_text("23 NovHeard8.3")
    ana.page.mouse.move(0, 0)
    expect(drawn.locator(".tip")).to_be_hidden()


def test_a_pie_says_each_share(window: Open, client: WebClient) -> None:
    ana = window()
    blocks = [pie("Outcomes", Answered=30, Waiting=10), pie("Only one", All=3)]
    client.chat_postMessage(channel="C0MENTIONS", text="stats", blocks=blocks)

    drawn = chart(ana, "Outcomes")
    expect(drawn.get_by_role("img")).to_have_attribute(
        "aria-label", "Pie chart: Outcomes. Answered: 30, 75%. Waiting: 10, 25%."
    )
    expect(drawn.locator(".key")).to_contain_text("75%")
    expect(chart(ana, "Only one").locator("circle")).to_have_count(1)


def test_a_name_in_a_chart_is_never_markup(window: Open, client: WebClient) -> None:
    ana = window()
    block = pie("<b>bold</b>", **{"<img src=x>": 1, "<!channel> <@U0ANA>": 2})
    client.chat_postMessage(channel="C0MENTIONS", text="stats", blocks=[block])

    drawn = chart(ana, "<b>bold</b>")
    expect(drawn.locator("figcaption")).to_have_text("<b>bold</b>")
    expect(drawn.locator(".key")).to_contain_text("<!channel> <@U0ANA>")
    expect(drawn.locator("img, b:text('bold'), .mention")).to_have_count(0)


def test_the_machine_room_takes_charts_away(window: Open, client: WebClient, demo: Demo) -> None:
    ana = window()
    ana.internals.get_by_role("switch", name="Slack does not draw charts yet").check()
    demo.context.slack.world.until(lambda: demo.context.slack.world.faults.no_charts)

    answer = client.api_call("blocks.validate", json={"blocks": [pie("Outcomes", Answered=1)]})
    assert answer["ok"]  # sound, and refused all the same:
    with pytest.raises(Exception, match="invalid_blocks"):
        client.chat_postMessage(channel="C0MENTIONS", text="x", blocks=[pie("Outcomes", Answered=1)])
    ana.internals.get_by_role("button", name="Reset all").click()
    demo.context.slack.world.until(lambda: not demo.context.slack.world.faults.no_charts)


# --- answers for one person --------------------------------------------------------------------------------


def test_an_answer_for_one_person_with_charts_and_buttons_is_shared_by_a_press(
    window: Open, client: WebClient, app: App
) -> None:
    ana, ben = window("U0ANA"), window("U0BEN")
    charts = [plot("bar", "Shared volume", Heard=[1, 2, 3, 4, 5, 6, 7]), pie("Shared outcomes", Answered=1)]

    @app.action("share")
    def share(ack: Any, respond: Any) -> None:
        ack()
        respond(text="stats", blocks=charts, response_type="in_channel", replace_original=False)

    row = {"type": "actions", "elements": [button("Share to channel", "share")]}
    client.chat_postEphemeral(channel="C0MENTIONS", user="U0ANA", text="stats", blocks=[*charts, row])
    whisper = ana.slack.locator("article", has_text="Only visible to you").last
    expect(whisper.get_by_role("group", name="Shared volume")).to_be_visible()
    expect(ben.slack.get_by_role("group", name="Shared volume")).to_have_count(0)

    whisper.get_by_role("button", name="Share to channel").click()

    expect(ben.slack.get_by_role("group", name="Shared volume")).to_be_visible()
    expect(ben.slack.get_by_role("group", name="Shared outcomes")).to_be_visible()


# --- pickers and lookups -----------------------------------------------------------------------------------


@pytest.fixture
def submitted(app: App, client: WebClient) -> list[Json]:
    """A message with a button that opens a modal of pickers, and what is submitted from there."""
    found: list[Json] = []
    groups = [
        {"label": plain("Open"), "options": [{"text": plain("Sync"), "value": "1"}]},
        {"label": plain("Fixed"), "options": [{"text": plain("Dark mode"), "value": "2"}]},
    ]
    view = {
        "type": "modal",
        "callback_id": "pickers",
        "title": plain("Pickers"),
        "submit": plain("Save"),
        "blocks": [
            field("when", "Until when", type="plain_text_input")
            | {"optional": True, "dispatch_action": True},
            field("day", "Day", type="datepicker", initial_date="2026-11-27"),
            field("time", "Time", type="timepicker"),
            field("at", "Moment", type="datetimepicker"),
            field("group", "Group", type="static_select", option_groups=groups),
            field("issue", "Issue", type="external_select", placeholder=plain("Which one?")),
        ],
    }

    @app.action("open")
    def show(ack: Any, body: Json, client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=view)

    @app.options("issue")
    def offer(ack: Any, payload: Json) -> None:
        fitting = {name: value for name, value in ISSUES.items() if payload["value"].lower() in name.lower()}
        ack(options=[{"text": plain(name), "value": value} for name, value in fitting.items()])

    @app.action("when")
    def typed(ack: Any, payload: Json) -> None:
        found.append({"typed": payload["value"]})
        ack()

    @app.view("pickers")
    def save(ack: Any, view: Json) -> None:
        found.append(view["state"]["values"])
        ack()

    row = {"type": "actions", "elements": [button("Open the pickers", "open")]}
    client.chat_postMessage(channel="C0MENTIONS", text="pickers", blocks=[row])
    return found


@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, PHONE], ids=["wide", "phone"])
def test_what_is_picked_on_the_page_reaches_the_app_in_slacks_form(
    window: Open, submitted: list[Json], size: dict[str, int], demo: Demo
) -> None:
    ana = window(size=size, timezone_id="Europe/Lisbon")
    ana.slack.get_by_role("button", name="Open the pickers").last.click()
    modal = ana.modal
    expect(modal.get_by_label("Day")).to_have_value("2026-11-27")

    modal.get_by_label("Until when").fill("2h")
    modal.get_by_label("Until when").press("Enter")
    demo.context.slack.world.until(lambda: submitted)
    modal.get_by_label("Time").fill("09:05")
    modal.get_by_label("Moment").fill("2027-07-01T10:30")
    modal.get_by_label("Group").select_option("Dark mode")
    look = modal.get_by_label("Issue")
    look.fill("lo")
    expect(modal.get_by_role("listbox")).to_have_text("Type 1 more letter")
    look.fill("log")
    expect(modal.get_by_role("listbox").get_by_role("option")).to_have_text(
        ["Cannot log in", "Login mail is late"]
    )
    look.press("ArrowDown")
    look.press("Enter")
    expect(look).to_have_value("Login mail is late")
    modal.get_by_role("button", name="Save").click()
    expect(modal).to_have_count(0)

    typed, values = submitted
    assert typed == {"typed": "2h"}
    assert values["day"]["day"]["selected_date"] == "2026-11-27"
    assert values["time"]["time"]["selected_time"] == "09:05"
    assert values["at"]["at"]["selected_date_time"] == 1_814_434_200  # 09:30 UTC: summer time in Lisbon
    assert values["group"]["group"]["selected_option"]["value"] == "2"
    assert values["issue"]["issue"]["selected_option"]["value"] == "3"


def test_what_is_typed_on_home_goes_with_the_next_press_and_pages_turn(
    window: Open, client: WebClient, app: App
) -> None:
    told: list[Json] = []  # by a guest, for whom the bot itself keeps no Home up to date

    def page(number: int) -> Json:
        rows = [{"type": "section", "text": plain(f"Ticket {number}-{row}")} for row in range(40)]
        search = field("words", "Search", type="plain_text_input") | {"optional": True}
        row = {
            "type": "actions",
            "block_id": "pages",
            "elements": [button("Earlier", "earlier"), button("Later", "later")],
        }
        return {"type": "home", "blocks": [search, *rows, row]}

    @app.action("later")
    def later(ack: Any, body: Json, client: WebClient) -> None:
        ack()
        told.append(body["view"]["state"]["values"])
        client.views_publish(user_id="U0GUS", view=page(2))

    client.views_publish(user_id="U0GUS", view=page(1))
    gus = window("U0GUS")
    home = gus.open_home()
    expect(home).to_contain_text("Ticket 1-39")

    home.get_by_label("Search").fill("refund")
    home.get_by_role("button", name="Later").click()

    expect(home).to_contain_text("Ticket 2-39")
    assert told[0]["words"]["words"]["value"] == "refund"
    expect(home.get_by_role("button", name="Later")).to_be_focused()


def test_a_lookup_left_without_a_choice_goes_back_to_what_it_was(window: Open, submitted: list[Json]) -> None:
    ana = window()
    ana.slack.get_by_role("button", name="Open the pickers").last.click()
    look = ana.modal.get_by_label("Issue")

    look.fill("printer on fire")
    expect(ana.modal.get_by_role("listbox")).to_have_text("Nothing found")
    look.press("Tab")

    expect(ana.modal.get_by_role("listbox")).to_have_count(0)
    expect(look).to_have_value("")
