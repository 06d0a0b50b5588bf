"""A post of a forum is answered by hand: written in Slack, posted there, confirmed with its link, counted."""

from sqlalchemy import select

from models import Reply, Ticket
from sandbox.slack.block_kit.validator import check_view
from sandbox.slack.workspace.message import Message
from tests.story.feeds.conftest import FORUM, Team
from tests.story.harness import eventually, seen

COMMENTS = "https://forum.example/t/1#reply"


def a_card(team: Team) -> Message:
    team.sites.show(FORUM, team.entry("1", "Where is the export?", comments_link=COMMENTS))
    modal = team.ask(f"track feed {FORUM}")
    eventually(lambda: "lists 1 entry" in modal.text or None)
    assert modal.submit().closed
    return team.bot.card("Where is the export?")


def hand_off(team: Team, card: Message) -> Message:
    composer = team.ana.press(team.bot.now(card), "Reply").view
    assert composer is not None
    assert check_view(composer.state.given) == []
    assert "@" not in composer.text
    assert composer.fill("Under Settings, Export.").submit().closed
    return team.bot.shows(card, "must be posted by hand", "Under Settings, Export.")


def links(card: Message) -> list[str]:
    return [
        element["url"]
        for block in card.blocks
        for element in block.get("elements", [])
        if isinstance(element, dict) and element.get("url")
    ]


def test_it_is_written_in_slack_opened_where_one_answers_and_confirmed_with_its_link(team: Team) -> None:
    card = a_card(team)
    now = hand_off(team, card)
    assert COMMENTS in links(now)

    modal = team.ana.press(now, "I posted it").view
    assert modal is not None
    assert modal.fill("https://forum.example/t/1#post-2").submit().closed

    shown = team.bot.shows(card, "answered by hand")
    assert "https://forum.example/t/1#post-2" in str(shown.blocks)
    eventually(lambda: "the page (“A page”) is there" in seen(team.bot.whisper("I looked at your link")))
    with team.bot.ctx.db.read() as session:
        [reply], [ticket] = session.scalars(select(Reply)).all(), session.scalars(select(Ticket)).all()
    assert (reply.state, ticket.state) == ("confirmed", "answered")
    assert ticket.first_reply_at is not None


def test_our_own_answer_in_the_feed_is_no_mention(team: Team) -> None:
    card = a_card(team)
    modal = team.ana.press(hand_off(team, card), "I posted it").view
    assert modal is not None
    ours = "https://forum.example/t/1#post-2"
    assert modal.fill(ours).submit().closed
    team.bot.shows(card, "answered by hand")

    team.sites.show(
        FORUM,
        team.entry("2", "Ana's own answer", link=ours),
        team.entry("3", "Somebody else asks", link="https://forum.example/t/1#post-3"),
    )
    team.bot.card("Somebody else asks")

    assert [one for one in team.bot.cards() if "Ana's own answer" in str(one.blocks)] == []


def test_without_a_link_the_persons_word_is_enough(team: Team) -> None:
    card = a_card(team)
    modal = team.ana.press(hand_off(team, card), "I posted it").view
    assert modal is not None
    assert modal.submit().closed
    team.bot.shows(card, "answered by hand")


def test_a_link_that_is_none_is_said_under_the_field_and_nothing_is_decided(team: Team) -> None:
    card = a_card(team)
    now = hand_off(team, card)
    modal = team.ana.press(now, "I posted it").view
    assert modal is not None
    outcome = modal.fill("ftp://forum.example/2").submit()

    assert list(outcome.errors) == ["link"]
    team.bot.shows(card, "must be posted by hand")


def test_one_that_was_not_posted_waits_on_with_its_words(team: Team) -> None:
    card = a_card(team)
    team.ana.press(hand_off(team, card), "I did not post it")
    composer = eventually(lambda: team.ana.press(team.bot.now(card), "Reply").view)
    assert composer is not None
    assert composer.value() == "Under Settings, Export."
