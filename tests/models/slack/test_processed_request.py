"""What Slack tells twice has its effect once."""

from contextlib import suppress

from sqlalchemy import select

from models import ProcessedRequest
from models.core.database import Database
from tests.models.ledger import minute, together


def test_of_two_deliveries_at_once_one_has_its_effect(db: Database) -> None:
    def deliver() -> bool:
        with db.write() as session:
            return ProcessedRequest.claim_key(session, "event Ev1", at=minute(0))

    assert sorted(map(str, together(deliver, deliver, deliver, deliver))) == [
        "False",
        "False",
        "False",
        "True",
    ]


def test_a_repeat_is_known_and_another_is_not(db: Database) -> None:
    with db.write() as session:
        assert ProcessedRequest.claim_key(session, "event Ev1", at=minute(0))
        assert not ProcessedRequest.claim_key(session, "event Ev1", at=minute(1))
        assert ProcessedRequest.claim_key(session, "event Ev2", at=minute(1))
    with db.write() as session:
        assert not ProcessedRequest.claim_key(session, "event Ev2", at=minute(2))


def test_what_failed_is_tried_again_when_it_is_repeated(db: Database) -> None:
    """The key is written in the transaction of its effect: both happen, or neither."""
    with suppress(ZeroDivisionError), db.write() as session:
        assert ProcessedRequest.claim_key(session, "event Ev1", at=minute(0))
        raise ZeroDivisionError
    with db.write() as session:
        assert ProcessedRequest.claim_key(session, "event Ev1", at=minute(1))


def test_what_nobody_will_repeat_is_forgotten(db: Database) -> None:
    with db.write() as session:
        for number in range(4):
            ProcessedRequest.claim_key(session, f"event Ev{number}", at=minute(number))
        ProcessedRequest.delete_before(session, minute(2))
    with db.read() as session:
        assert list(session.scalars(select(ProcessedRequest.key).order_by(ProcessedRequest.key))) == [
            "event Ev2",
            "event Ev3",
        ]
