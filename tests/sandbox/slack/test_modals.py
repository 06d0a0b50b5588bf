"""Filling, submitting and closing modals: a teammate and a real Bolt app, over HTTP."""

import pytest
from slack_sdk.errors import SlackApiError


def test_a_submit_carries_the_text_with_emoji_by_name_and_closes_the_modal(bot, heard, reply, ana):
    bot.view("composer")(lambda ack: ack())
    modal = ana.press(reply, "Reply").view

    outcome = modal.fill("Sorry & <welcome> 👍").submit()

    view = heard[-1]["view"]
    assert outcome.closed
    assert ana.modal is None
    assert heard[-1]["type"] == "view_submission"
    assert view["state"]["values"]["reply"]["text"] == {
        "type": "plain_text_input",
        "value": "Sorry & <welcome> :+1:",
    }
    assert (view["private_metadata"], view["callback_id"]) == ("ticket:1", "composer")
    assert view["id"] == view["root_view_id"]
    assert view["hash"]


def test_errors_show_in_the_modal_and_the_text_is_kept(bot, reply, ana):
    @bot.view("composer")
    def refuse(ack):
        ack(response_action="errors", errors={"reply": "Too long by 3."})

    modal = ana.press(reply, "Reply").view
    outcome = modal.fill("a long text").submit()

    assert (outcome.closed, outcome.errors) == (False, {"reply": "Too long by 3."})
    assert modal.is_open
    assert modal.errors == {"reply": "Too long by 3."}
    assert modal.value() == "a long text"


def test_an_error_for_no_input_block_is_trouble(bot, reply, ana, slack):
    @bot.view("composer")
    def refuse(ack):
        ack(response_action="errors", errors={"nowhere": "?"})

    outcome = ana.press(reply, "Reply").view.fill("x").submit()

    assert (outcome.closed, outcome.errors, outcome.ok) == (False, {}, False)
    assert slack.world.troubles


def test_slacks_client_stops_what_does_not_fit_before_the_bot_hears_of_it(heard, ana, opens, composer):
    short = composer()
    short["blocks"][0]["element"] |= {"max_length": 5, "min_length": 2}
    modal = ana.press(opens(short), "Reply").view
    sent = len(heard)

    assert modal.submit().errors == {"reply": "Please complete this required field."}
    assert modal.fill("123456").submit().errors == {"reply": "Must be 5 characters or fewer."}
    assert modal.fill("1").submit().errors == {"reply": "Must be at least 2 characters."}
    assert len(heard) == sent


def test_fields_keep_their_initial_values_and_are_filled_by_block_or_label(bot, heard, ana, opens, composer):
    choices = [{"text": {"type": "plain_text", "text": t}, "value": t.lower()} for t in ("Spam", "Praise")]
    reason = {
        "type": "input",
        "block_id": "why",
        "optional": True,
        "label": {"type": "plain_text", "text": "Reason"},
        "element": {
            "type": "static_select",
            "action_id": "reason",
            "options": choices,
            "initial_option": choices[0],
        },
    }
    bot.view("composer")(lambda ack: ack())
    message = opens(composer(reason), composer(reason))

    ana.press(message, "Reply").view.fill("hello").submit()
    values = heard[-1]["view"]["state"]["values"]
    assert values["why"]["reason"]["selected_option"]["value"] == "spam"

    ana.press(message, "Reply").view.fill({"Public reply": "hi", "why": "Praise"}).submit()
    values = heard[-1]["view"]["state"]["values"]
    assert values["reply"]["text"]["value"] == "hi"
    assert values["why"]["reason"]["selected_option"]["value"] == "praise"


def test_a_submit_can_update_push_and_clear(bot, reply, ana, composer):
    answers = iter(
        [
            {"response_action": "update", "view": composer(callback_id="composer", private_metadata="2")},
            {"response_action": "push", "view": composer(private_metadata="3")},
            {"response_action": "clear"},
        ]
    )
    bot.view("composer")(lambda ack: ack(**next(answers)))

    first = ana.press(reply, "Reply").view
    updated = first.fill("x").submit()
    assert (updated.closed, updated.view.private_metadata) == (False, "2")

    pushed = updated.view.submit().view
    assert pushed.private_metadata == "3"
    assert pushed.state.previous_id == first.id

    assert pushed.fill("y").submit().closed
    assert ana.modal is None


def test_closing_is_told_only_if_the_view_asks(bot, heard, ana, opens, composer):
    bot.view_closed("composer")(lambda ack: ack())
    message = opens(composer(), composer(notify_on_close=True))

    assert ana.press(message, "Reply").view.close() is None
    assert ana.press(message, "Reply").view.close().status == 200
    assert heard[-1]["type"] == "view_closed"
    assert heard[-1]["is_cleared"] is False
    assert ana.modal is None


def test_an_update_keeps_what_was_typed_where_ids_stay(bot, reply, ana, client, composer):
    modal = ana.press(reply, "Reply").view.fill("half a thought")
    before = modal.state.hash

    client.views_update(view_id=modal.id, hash=before, view=composer(private_metadata="new"))
    assert (modal.value(), modal.private_metadata) == ("half a thought", "new")

    with pytest.raises(SlackApiError, match="hash_conflict"):
        client.views_update(view_id=modal.id, hash=before, view=composer())
    modal.close()
    with pytest.raises(SlackApiError, match="not_found"):
        client.views_update(view_id=modal.id, view=composer())


def test_a_button_in_a_modal_pushes_at_most_two_more(bot, ana, opens, composer, buttons):
    layered = composer({"type": "actions", "block_id": "row", "elements": [buttons("More", "more")]})
    errors = []

    @bot.action("more")
    def push(ack, body, client):
        ack()
        try:
            client.views_push(trigger_id=body["trigger_id"], view=layered)
        except SlackApiError as refused:
            errors.append(refused.response["error"])

    first = ana.press(opens(layered), "Reply").view
    third = first.press("More").view.press("More").view
    third.press("More")

    ana.world.until(lambda: errors)
    assert errors == ["push_limit_reached"]
    assert ana.modal.id == third.id


def test_typing_into_a_dispatching_input_tells_the_bot(bot, heard, ana, opens, composer):
    live = composer()
    live["blocks"][0] |= {"dispatch_action": True}
    live["blocks"][0]["element"] |= {
        "dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]}
    }
    bot.action("text")(lambda ack: ack())
    modal = ana.press(opens(live), "Reply").view

    modal.fill("abc")
    assert heard[-1]["actions"][0]["value"] == "abc"
    assert heard[-1]["container"] == {"type": "view", "view_id": modal.id}


def test_a_wrong_view_is_pointed_at(bot, ana, press, composer):
    problems = []

    @bot.action("reply")
    def open_composer(ack, body, client):
        ack()
        try:
            client.views_open(trigger_id=body["trigger_id"], view=composer(private_metadata="x" * 3001))
        except SlackApiError as refused:
            problems.append(refused.response)

    press(ana, "Reply", "reply")
    ana.world.until(lambda: problems)
    assert problems[0]["error"] == "invalid_arguments"
    assert problems[0]["response_metadata"]["messages"] == [
        "[ERROR] must be less than 3001 characters [json-pointer:/view/private_metadata]"
    ]
