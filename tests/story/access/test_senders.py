"""Who may speak in public: checked at the press and at the send; the others draft."""

import pytest

from tests.story.harness import CHANNEL, Bot, running, seen


@pytest.fixture
def bot(database_url: str):
    with running(database_url, senders="U0ANA") as bot:
        yield bot


def test_who_may_not_send_drafts_and_somebody_who_may_takes_it_up(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.press(card, "Claim")  # so that her name is known
    assert (
        "Only @ana may send public replies" in bot.reply(card, "Hello, says Ben!", by=bot.ben).errors["reply"]
    )

    offer = bot.told(card, "@U0BEN drafted a reply", "Hello, says Ben!")
    modal = bot.ana.press(offer, "Use this draft").view
    assert modal.value() == "Hello, says Ben!"
    assert modal.submit().closed

    bot.answered(post, "Hello, says Ben!")
    [event] = bot.events("reply submitted")
    assert event.actor == "U0ANA"
    with bot.ctx.db.read() as session:
        from models import Reply

        assert session.get_one(Reply, event.reply_id).author == "U0BEN"


def test_once_it_is_known_the_composer_says_so_and_its_button_keeps_a_draft(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.reply(card, "Hello, says Ben!", by=bot.ben)

    modal = bot.compose(card, by=bot.ben)

    assert "You can't send public replies here." in modal.text
    assert modal.state.given["submit"]["text"] == "Keep as draft"
    assert modal.fill("Hello there, says Ben!").submit().closed
    bot.told(card, "@U0BEN drafted a reply", "Hello there, says Ben!")
    assert bot.attempts == 0


def test_what_was_to_be_kept_as_a_draft_is_not_sent_though_its_author_may_send_by_now(
    database_url: str,
) -> None:
    """The button said *Keep as draft*, and nobody may say in public what its author did not send."""
    with running(database_url, senders="S0SENDERS") as bot:
        bot.slack.world.usergroups["S0SENDERS"] = ["U0ANA"]
        _, card = bot.heard("@acmebrew hello")
        bot.reply(card, "Hello, says Ben!", by=bot.ben)
        modal = bot.compose(card, by=bot.ben)
        assert modal.state.given["submit"]["text"] == "Keep as draft"

        bot.slack.world.usergroups["S0SENDERS"].append("U0BEN")
        bot.ctx.sender_permissions.__init__()  # five minutes later Slack is asked again

        assert modal.fill("Hello there, says Ben!").submit().closed
        bot.told(card, "@U0BEN drafted a reply", "Hello there, says Ben!")
        assert bot.drafts() == ["Hello there, says Ben!"]
        assert bot.attempts == 0


def test_a_preview_cannot_be_sent_by_them_either(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.say(card, "@Heard reply Hello!", by=bot.ben)

    outcome = bot.ben.press(bot.whisper("Only you can see this", to=bot.ben), "Send publicly")

    assert "Only @U0ANA may send public replies." in seen(outcome.ephemeral())
    bot.told(card, "@U0BEN drafted a reply", "Hello!")
    assert bot.attempts == 0


def test_they_can_claim_and_close(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")

    bot.press(card, "Claim", by=bot.ben)
    bot.shows(card, "assigned to @U0BEN")
    bot.say(card, "@Heard done thanks", by=bot.ben)

    bot.shows(card, "No reply needed")


def test_from_a_channel_that_others_read_along_nobody_sends(database_url: str) -> None:
    with running(database_url) as bot:
        _, card = bot.heard("@acmebrew hello")
        bot.slack.world.connect(CHANNEL, "T0PARTNER")

        errors = bot.reply(card, "Hello!").errors

        assert "shared with another organisation" in errors["reply"]
        assert bot.attempts == 0


def test_a_reply_whose_sender_lost_the_right_meanwhile_is_stopped_and_its_words_come_back(
    database_url: str,
) -> None:
    with running(database_url, undo_seconds=2) as bot:
        _, card = bot.heard("@acmebrew hello")
        bot.reply(card, "Hello!")
        bot.slack.world.users["U0ANA"].deleted = True
        bot.ctx.sender_permissions._kept.clear()

        bot.told(card, "@U0ANA, your reply was stopped before it went out", "Hello!")
        bot.shows(card, "Waiting")
        assert bot.attempts == 0


def test_only_who_may_send_takes_back_pauses_and_resumes(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.reply(card, "Hello!")
    bot.answered(post, "Hello!")
    bot.shows(card, "See our reply")

    asked = bot.press(card, "Delete public reply", by=bot.ben).view
    asked.submit()
    assert "may send public replies" in asked.text
    assert "may send public replies" in bot.ben.command("/mentions", "pause", CHANNEL).text

    assert bot.replies(post) == ["Hello!"]
    assert bot.events("pause", "delete asked") == []
