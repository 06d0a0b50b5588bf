"""Pickers of days and times, and selects: fixed, in groups, and those that ask the app."""

import pytest

from sandbox.slack import NotOnScreenError

ISSUES = {"Sync stops after 4.2": "1", "Cannot log in": "2", "Login mail is late": "3"}


def plain(text: str) -> dict:
    return {"type": "plain_text", "text": text}


def option(label: str, value: str) -> dict:
    return {"text": plain(label), "value": value}


def field(element: dict, block_id: str = "field", label: str = "Field", **more) -> dict:
    named = {"action_id": block_id, **element}
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": named, **more}


@pytest.fixture
def offers(bot):
    """Answers what was typed into `issue` with those issues whose name holds it."""
    asked = []

    @bot.options("issue")
    def offer(ack, payload, body):
        asked.append(body)
        ack(options=[option(k, v) for k, v in ISSUES.items() if payload["value"].lower() in k.lower()])

    return asked


@pytest.fixture
def modal(ana, bot, opens, composer):
    """Opens a modal with these blocks, whose submits are acknowledged."""
    bot.view("composer")(lambda ack: ack())

    def make(*blocks: dict):
        return ana.press(opens(composer(blocks=list(blocks))), "Reply").view

    return make


def external(**more) -> dict:
    return {"type": "external_select", "placeholder": plain("Which issue?"), "action_id": "issue", **more}


def test_days_and_times_are_submitted_as_slack_spells_them(heard, modal):
    shown = modal(
        field({"type": "datepicker", "initial_date": "2026-11-27"}, "day", "Day"),
        field({"type": "timepicker"}, "time", "Time"),
        field({"type": "datetimepicker"}, "at", "At"),
    )

    assert shown.value("Day") == "2026-11-27"
    shown.fill({"Day": "2026-12-01", "Time": "09:05", "At": 1_800_000_000}).submit()

    values = heard[-1]["view"]["state"]["values"]
    assert values["day"]["day"] == {"type": "datepicker", "selected_date": "2026-12-01"}
    assert values["time"]["time"] == {"type": "timepicker", "selected_time": "09:05"}
    assert values["at"]["at"] == {"type": "datetimepicker", "selected_date_time": 1_800_000_000}


@pytest.mark.parametrize(
    ("kind", "nonsense"),
    [("datepicker", "tomorrow"), ("datepicker", "2026-02-30"), ("timepicker", "9"), ("datetimepicker", "x")],
)
def test_a_picker_takes_nothing_but_its_own_form(modal, kind, nonsense):
    with pytest.raises(NotOnScreenError, match=f"a {kind} takes"):
        modal(field({"type": kind})).fill({"Field": nonsense})


def test_an_option_is_chosen_from_its_group(heard, modal):
    groups = [
        {"label": plain("Open"), "options": [option("Sync", "1")]},
        {"label": plain("Fixed"), "options": [option("Login", "2")]},
    ]
    modal(field({"type": "static_select", "option_groups": groups})).fill({"Field": "Login"}).submit()

    chosen = heard[-1]["view"]["state"]["values"]["field"]["field"]["selected_option"]
    assert chosen["value"] == "2"


def test_a_select_asks_the_app_for_what_was_typed(heard, offers, modal):
    shown = modal(field(external(), "issue", "Issue"))

    assert shown.suggestions("Issue", "log") == ["Cannot log in", "Login mail is late"]
    shown.fill({"Issue": "Login mail is late"}).submit()

    asked = offers[0]
    assert (asked["type"], asked["value"], asked["action_id"]) == ("block_suggestion", "log", "issue")
    assert asked["container"] == {"type": "view", "view_id": shown.id}
    assert asked["view"]["private_metadata"] == "ticket:1"
    assert "trigger_id" not in asked
    chosen = heard[-1]["view"]["state"]["values"]["issue"]["issue"]["selected_option"]
    assert (chosen["text"]["text"], chosen["value"]) == ("Login mail is late", "3")


def test_the_app_is_asked_only_once_enough_was_typed(offers, modal):
    assert modal(field(external(), "issue", "Issue")).suggestions("Issue", "lo") == []
    assert offers == []


def test_with_no_least_length_the_app_is_asked_at_once(offers, modal):
    shown = modal(field(external(min_query_length=0), "issue", "Issue"))

    assert shown.suggestions("Issue") == list(ISSUES)


def test_what_is_not_on_offer_cannot_be_chosen(offers, modal):
    shown = modal(field(external(), "issue", "Issue"))

    with pytest.raises(NotOnScreenError, match="not on offer"):
        shown.fill({"Issue": "Printer on fire"})


def test_the_app_may_offer_groups(bot, modal):
    @bot.options("issue")
    def offer(ack):
        ack(option_groups=[{"label": plain("Open"), "options": [option("Sync", "1")]}])

    assert modal(field(external(), "issue", "Issue")).suggestions("Issue", "sync") == ["Sync"]


@pytest.mark.parametrize(
    "answer", [{"options": [option("x" * 76, "1")]}, {"options": [option("x", "1")] * 101}, {}]
)
def test_an_offer_that_slack_would_not_show_is_trouble(bot, modal, slack, answer):
    bot.options("issue")(lambda ack: ack(answer))

    assert modal(field(external(), "issue", "Issue")).suggestions("Issue", "sync") == []
    assert slack.world.troubles == [("U0ANA", "We had some trouble loading the options.")]


def test_a_select_in_a_message_asks_the_app_too(bot, heard, offers, card, ana):
    chosen = []
    bot.action("issue")(lambda ack, payload: chosen.append(payload["selected_option"]) or ack())
    message = card(external())

    assert ana.suggestions(message, "Which issue?", "sync") == ["Sync stops after 4.2"]
    ana.press(message, "Which issue?", value="Sync stops after 4.2")

    assert offers[0]["container"]["message_ts"] == message.ts
    assert offers[0]["channel"]["id"] == "C0MENTIONS"
    assert chosen[0]["value"] == "1"


def test_over_http_the_app_is_asked_at_the_address_that_it_named_for_that(offers, modal, slack):
    shown = modal(field(external(), "issue", "Issue"))
    slack.options_url = ""

    assert shown.suggestions("Issue", "log") == []
    assert slack.world.troubles == [("U0ANA", "We had some trouble loading the options.")]

    slack.options_url = slack.events_url
    assert shown.suggestions("Issue", "log") == ["Cannot log in", "Login mail is late"]
    assert len(offers) == 1


@pytest.mark.parametrize(
    ("option", "is_shown"),
    [
        ({"text": plain("x" * 75), "value": "v" * 150, "description": plain("y" * 75)}, True),
        ({"text": plain("x"), "value": "v" * 151}, False),
        ({"text": plain("x"), "value": "v", "description": plain("y" * 76)}, False),
        ({"text": {"type": "mrkdwn", "text": "x"}, "value": "v"}, False),
        ({"text": plain(""), "value": "v"}, False),
    ],
)
def test_each_option_has_the_length_that_slack_shows(bot, modal, slack, option, is_shown):
    bot.options("issue")(lambda ack: ack(options=[option]))

    assert bool(modal(field(external(), "issue", "Issue")).suggestions("Issue", "sync")) is is_shown
    assert bool(slack.world.troubles) is not is_shown


def test_an_empty_offer_is_no_trouble(bot, modal, slack):
    bot.options("issue")(lambda ack: ack(options=[]))

    assert modal(field(external(), "issue", "Issue")).suggestions("Issue", "sync") == []
    assert slack.world.troubles == []


def test_over_a_socket_the_app_answers_as_well(socket_bot, card, ana):
    socket_bot.options("issue")(lambda ack: ack(options=[option("Sync", "1")]))

    assert ana.suggestions(card(external()), "Which issue?", "sync") == ["Sync"]


def test_a_choice_is_told_once_however_often_it_is_filled_in(bot, heard, modal):
    bot.action("day")(lambda ack: ack())
    shown = modal(field({"type": "datepicker"}, "day", "Day", dispatch_action=True))

    shown.fill({"Day": "2026-12-01"})
    shown.fill({"Day": "2026-12-01"})

    presses = [body for body in heard if body["type"] == "block_actions"][1:]
    assert [one["actions"][0]["selected_date"] for one in presses] == ["2026-12-01"]


def test_enter_in_a_line_of_text_tells_the_app_what_stands_there(bot, heard, modal):
    bot.action("when")(lambda ack: ack())
    shown = modal(field({"type": "plain_text_input"}, "when", "When", dispatch_action=True))

    shown.fill({"When": "2h"})
    told = shown.press_enter("When")

    assert told.ok
    assert heard[-1]["actions"][0]["value"] == "2h"
    assert len([body for body in heard if body["type"] == "block_actions"]) == 2


def test_enter_tells_nobody_where_no_block_asks_for_it(heard, modal):
    shown = modal(field({"type": "plain_text_input"}, "when", "When"))

    assert shown.press_enter("When") is None
