"""Cards, previews and issues that the version before has posted work on: they stay in Slack for months.

The values are what version 0.1.0 put there, with the ids of this story.
"""

from typing import Any

from sandbox.slack.workspace.message import Message
from tests.story.harness import Bot, proportional_waits, seen


def aged(message: Message, values: dict[str, str]) -> Message:
    """`message` with the values that the version before gave its buttons and options, by action or choice."""
    old, left = message.snapshot(), dict(values)

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            name = node.get("action_id")
            if "value" in node and name in values:
                node["value"] = values[name]
                left.pop(name, None)
            for option in node.get("options") or [] if name == "more" else []:
                for choice, value in values.items():
                    if f'"{choice}"' in option["value"]:
                        option["value"] = value
                        left.pop(choice, None)
            for one in node.values():
                walk(one)
        elif isinstance(node, list):
            for one in node:
                walk(one)

    walk(old.blocks)
    assert left == {}, "nothing on the message to age"
    return old


def on_card(post_id: str, turn: int = 1) -> str:
    """What each button of a card carried."""
    return f'{{"t":1,"n":{turn},"p":"{post_id}","h":"maria","a":"acmebrew","w":"x","v":"{post_id}"}}'


def test_a_card_of_before_is_claimed_answered_and_followed_up(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    old = aged(bot.now(card), {"claim": on_card(post.id), "reply": on_card(post.id)})

    bot.ana.press(old, "Claim")
    bot.shows(card, "assigned to @U0ANA")
    composer = bot.ana.press(old, "Reply").view
    assert composer is not None
    assert "@acmebrew hello" in composer.text
    assert composer.fill("Hello!").submit().closed

    bot.answered(post, "Hello!")
    answered = bot.shows(card, "Answered by @U0ANA", "Follow up")
    again = bot.ana.press(aged(answered, {"follow_up": on_card(post.id, 2)}), "Follow up").view
    assert again is not None
    assert again.fill("One more thing.").submit().closed
    bot.answered(post, "Hello!", "One more thing.")


def test_a_composer_opens_from_an_old_card_while_the_ledger_is_slow(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    old = aged(bot.now(card), {"reply": on_card(post.id)})

    with proportional_waits(bot), bot.ctx.db.write() as session:
        session.connection().exec_driver_sql("UPDATE tickets SET revision = revision")
        composer = bot.ana.press(old, "Reply").view

    assert composer is not None
    assert "@acmebrew hello" in composer.text
    assert "The database is slow right now" in composer.text
    assert composer.fill("Hello!").submit().closed
    bot.answered(post, "Hello!")


def test_an_old_card_asks_for_a_reason_and_is_closed(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    old = aged(bot.now(card), {"no_reply_needed": on_card(post.id)})
    asked = bot.ana.press(old, "No reply needed").view
    assert asked is not None
    assert "@maria" in asked.text

    assert asked.submit().closed

    bot.shows(card, "No reply needed")


def test_the_dots_of_an_old_card_and_an_old_undo(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    old = aged(
        bot.now(card),
        {"not_about_us": '{"do":"not_about_us","t":1}', "history": '{"do":"history","t":1}'},
    )

    history = bot.ana.press(old, "Author history").view
    assert history is not None
    assert "1 conversation with us" in history.text
    bot.ana.press(old, "Not about us")

    closed = bot.shows(card, "Not about us by @U0ANA")
    bot.ana.press(aged(closed, {"reopen": '{"t":1}'}), "Reopen")
    bot.shows(card, "Waiting")


def test_an_old_preview_is_sent_and_knows_what_its_author_was_told(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.say(card, "@Heard reply Hello!")
    preview = bot.whisper("Only you can see this")

    old = aged(preview, {"send_publicly": f'{{"t":1,"r":1,"v":"{post.id}"}}', "edit_draft": '{"t":1,"r":1}'})
    assert bot.ana.press(old, "Edit").view.value() == "Hello!"
    bot.ana.press(old, "Send publicly")

    bot.answered(post, "Hello!")


def test_an_old_list_of_issues_opens_one(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew the export loses rows")
    bot.say(card, "@Heard issue export loses rows")
    bot.whisper("Added to the issue")
    listed = bot.ana.command("/mentions", "issues").ephemeral()

    shown = bot.ana.press(aged(listed, {"open_issue": '{"i":1}'}), "Open").ephemeral()

    assert "export loses rows" in seen(shown)
    fixed = bot.ana.press(aged(shown, {"fix_issue": '{"i":1,"p":0}'}), "Mark as fixed")
    assert fixed.status == 200
    bot.told_all()
    assert len(bot.events("issue fixed")) == 1
