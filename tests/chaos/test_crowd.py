"""Eight people press on the same cards together; `make bench` does it with a hundred cards, and times it."""

from sqlalchemy import func, select

from models import Reply, Ticket
from models.tickets.delivery_state import LIVE_STATES
from sandbox.slack import Person
from sandbox.slack.errors import NotOnScreenError
from sandbox.slack.workspace.message import Message
from tests.bot.room import together
from tests.story.harness import Bot, eventually, running

PEOPLE, CARDS = 8, 5


def test_of_eight_who_answer_together_one_does_and_nobody_a_second_time(database_url: str) -> None:
    with running(database_url, troubles=True) as bot:
        posts = [bot.post(f"@acmebrew question {number}", f"fan{number}") for number in range(CARDS)]
        bot.poll()
        cards = [bot.now(bot.card_of(post)) for post in posts]  # as they look before anybody presses
        people = [
            bot.slack.add_user(f"U0P{number}", f"Person {number}", f"p{number}") for number in range(PEOPLE)
        ]

        raised = together(*[lambda person=person: _answer_all(bot, cards, person) for person in people])

        assert raised == [None] * PEOPLE
        eventually(lambda: all(bot.replies(post) for post in posts))
        bot.settled()
        assert [len(bot.replies(post)) for post in posts] == [1] * CARDS
        with bot.ctx.db.read() as session:
            live = select(func.count(Reply.id)).where(Reply.state.in_(LIVE_STATES)).group_by(Reply.ticket_id)
            assert session.scalars(live).all() == [1] * CARDS
            assert None not in session.scalars(select(Ticket.owner)).all()


def _answer_all(bot: Bot, cards: list[Message], person: Person) -> None:
    for card in cards:
        modal = person.press(card, "Reply").view
        if modal is None:
            continue
        try:
            modal = modal.fill(f"An answer by {person.id}")
        except NotOnScreenError:  # it only says who was faster
            continue
        submitted = person.send_submission(modal)
        assert submitted.parcel is not None
        person.sender.resend(submitted.parcel)  # and once more, as Slack or a bad line may
