"""What a teammate meets: one fact each, beside the machine that tries everything."""

import threading
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from models import Event, Reply, Ticket
from models.core.base import MovedOnError, OnItsWayError, TakenError
from models.core.database import Database
from models.sources.attachment import Attachment
from models.tickets.delivery_state import DeliveryState
from tests.databases import Lend
from tests.models.ledger import NINE, PROMISE, hear, lose, mention, minute, rows, said, ticket, until

ANA, BEN = "U0ANA", "U0BEN"


def answer(
    session: Session, words: str = "Hello", *, by: str = ANA, at: datetime = NINE, **more: Any
) -> Reply:
    now = ticket(session)
    given = {"turn": now.turn, "to_post_id": now.target_post_id, "undo_until": at, "key": uuid4().hex} | more
    return now.reply(session, text=words, by=by, at=at, **given)


def goes(session: Session, reply: Reply, *states: DeliveryState) -> Reply:
    for state in states:
        if state == DeliveryState.SENDING:
            reply.take(session, worker="w", at=NINE, lease_until=minute(1))
        else:
            reply.move(session, state, at=NINE)
        if state == DeliveryState.PUBLISHED:
            ticket(session).handle_published_reply(session, reply, at=NINE)
    session.flush()
    return reply


SENT = (DeliveryState.QUEUED, DeliveryState.SENDING)
OUT = (*SENT, DeliveryState.PUBLISHED)
ASKED = (*SENT, DeliveryState.UNSURE, DeliveryState.ASKED)


def test_an_answer_to_a_question_that_is_not_the_newest_is_refused(session: Session) -> None:
    hear(session, said(1))
    hear(session, said(2, minute(1)))
    before = rows(session, Reply, Ticket, Event)

    with pytest.raises(MovedOnError, match="posted again"):
        answer(session, to_post_id="1")

    assert rows(session, Reply, Ticket, Event) == before


def test_a_follow_up_to_a_post_that_was_lost_meanwhile_is_refused(session: Session) -> None:
    hear(session, said(1), said(2, minute(1)))
    goes(session, answer(session), *OUT)
    lose(session, "2", at=minute(2))

    with pytest.raises(MovedOnError):
        answer(session, turn=2, to_post_id="2")
    assert answer(session, turn=2, to_post_id="1").to_post_id == "1"


def test_who_comes_second_reads_what_the_first_one_said(session: Session) -> None:
    hear(session, said(1))
    answer(session, "We are on it")

    with pytest.raises(TakenError, match=f"<@{ANA}> has already replied: “We are on it”"):
        answer(session, by=BEN)


def test_whose_reply_it_is_owns_the_ticket(session: Session) -> None:
    hear(session, said(1))
    ticket(session).claim(session, by=BEN, at=NINE)
    answer(session, by=ANA)

    assert ticket(session).owner == ANA
    taken = session.scalars(select(Event).where(Event.act == "take over")).one()
    assert (taken.actor, taken.data) == (ANA, {"from": BEN})


def test_what_was_asked_after_a_discarded_reply_is_not_answered_by_its_late_sighting(
    session: Session,
) -> None:
    hear(session, said(1))
    reply = goes(session, answer(session), *ASKED)
    reply.discard(session, at=minute(1), by=ANA)
    hear(session, said(2, minute(2)))
    assert ticket(session).turn == 1

    goes(session, reply, DeliveryState.PUBLISHED)

    now = ticket(session)
    assert (now.state, now.turn, now.target_post_id, now.waiting_since) == ("waiting", 2, "2", minute(2))


def test_a_discarded_reply_that_is_seen_after_all_answers_its_ticket(session: Session) -> None:
    hear(session, said(1))
    reply = goes(session, answer(session), *ASKED)
    reply.discard(session, at=minute(1), by=ANA)

    goes(session, reply, DeliveryState.PUBLISHED)

    assert (ticket(session).state, ticket(session).turn) == ("answered", 1)


def test_a_ticket_that_somebody_opened_again_is_not_closed_by_reading_the_same_answer_again(
    session: Session,
) -> None:
    hear(session, said(1))
    ticket(session).record_outside_answer(session, post_id="own", to_post_id="1", at=minute(5))
    ticket(session).reopen(session, by=ANA, at=minute(6))

    ticket(session).record_outside_answer(session, post_id="own", to_post_id="1", at=minute(5))
    assert ticket(session).state == "waiting"

    ticket(session).record_outside_answer(session, post_id="own 2", to_post_id="1", at=minute(7))
    assert ticket(session).state == "answered"


@pytest.mark.parametrize("state", [DeliveryState.SENDING, DeliveryState.UNSURE, DeliveryState.ASKED])
def test_nothing_is_decided_over_a_reply_that_may_be_public(session: Session, state: DeliveryState) -> None:
    hear(session, said(1))
    goes(session, answer(session), *ASKED[: ASKED.index(state) + 1])
    now, before = ticket(session), rows(session, Reply, Ticket, Event)

    for act in (
        lambda: now.close_no_reply_needed(session, by=BEN, at=NINE, reason="thanks"),
        lambda: now.close_not_about_us(session, by=BEN, at=NINE),
        lambda: now.snooze(session, until=minute(9), by=BEN, at=NINE, sla_policy=PROMISE),
        lambda: now.release(session, by=ANA, at=NINE),
        lambda: now.undo(session, by=BEN, at=NINE),
    ):
        with pytest.raises(OnItsWayError):
            act()
    assert rows(session, Reply, Ticket, Event) == before


@pytest.mark.parametrize("states", [(), SENT[:1]])
def test_an_outcome_stops_what_waits_and_gives_the_words_back(
    session: Session, states: tuple[DeliveryState, ...]
) -> None:
    hear(session, said(1))
    reply = goes(session, answer(session, "Half an hour of thought"), *states)

    stopped = ticket(session).close_no_reply_needed(session, by=BEN, at=NINE, reason="thanks")

    assert (stopped, reply.state) == ([reply], "cancelled")
    assert Reply.last_returned_text(session, ticket(session).id, ANA) == "Half an hour of thought"
    assert Reply.last_returned_text(session, ticket(session).id, BEN) is None


def test_a_snooze_ends_when_they_speak_and_their_clock_has_not_stopped(session: Session) -> None:
    hear(session, said(1, minute(0)))
    ticket(session).snooze(session, until=minute(600), by=ANA, at=minute(1), sla_policy=PROMISE)
    hear(session, said(2, minute(5)))

    now = ticket(session)
    assert (now.state, now.turn, now.waiting_since, now.target_post_id, now.snoozed_until) == (
        *("waiting", 1, minute(0), "2"),
        None,
    )


def test_a_snoozed_ticket_opens_in_the_turn_whose_reply_waits(session: Session) -> None:
    hear(session, said(1))
    reply = answer(session)
    ticket(session).snooze(session, until=minute(9), by=ANA, at=NINE, sla_policy=PROMISE)
    ticket(session).reopen(session, by=ANA, at=NINE)

    goes(session, reply, *OUT)

    assert (ticket(session).state, ticket(session).turn) == ("answered", 1)


def test_words_that_were_taken_back_from_the_network_are_their_authors_again(session: Session) -> None:
    hear(session, said(1))
    reply = goes(session, answer(session, "With a typo"), *OUT)
    revision = ticket(session).revision

    ticket(session).handle_withdrawn_reply(session, reply, by=BEN, at=minute(3))

    assert ticket(session).state == "waiting"
    assert ticket(session).revision > revision
    assert Reply.last_returned_text(session, ticket(session).id, ANA) == "With a typo"


def test_the_last_post_lost_ends_the_ticket_and_a_new_one_begins_it_again(session: Session) -> None:
    hear(session, said(1), said(2, minute(1)))
    lose(session, "2", at=minute(2))
    assert (ticket(session).state, ticket(session).target_post_id) == ("waiting", "1")
    lose(session, "1", at=minute(3))
    assert (ticket(session).state, ticket(session).reason) == ("no reply needed", "no longer shown on X")

    hear(session, said(3, minute(4)))
    assert (ticket(session).state, ticket(session).target_post_id) == ("waiting", "3")


def test_an_older_post_that_comes_late_is_answered_rather_than_a_lost_one(session: Session) -> None:
    hear(session, said(5, minute(5)))
    lose(session, "5", at=minute(6))
    ticket(session).reopen(session, by=ANA, at=minute(7))

    hear(session, said(3, minute(3)))

    assert ticket(session).target_post_id == "3"


def test_the_words_of_a_lost_post_are_gone_and_the_fact_is_not(session: Session) -> None:
    hear(session, said(1, media=(Attachment("photo", "https://pic.example/1"),)))
    lose(session, "1", at=minute(2))
    lose(session, "1", at=minute(9))

    gone = mention(session, "1")
    assert (gone.text, gone.media, gone.deleted_at) == ("", [], minute(2))
    assert len(session.scalars(select(Event).where(Event.act == "post blanked")).all()) == 1


def test_of_two_who_submit_unseen_by_each_other_the_second_is_told_and_keeps_her_words(
    postgresql: Lend, tmp_path: Path
) -> None:
    """Neither holds the ticket, so only the index knows; the savepoint lets the second go on."""
    with postgresql(tmp_path) as url:
        db = Database(url)
        with db.write() as session:
            hear(session, said(1))
            drafts = {by: draft(session, by) for by in (ANA, BEN)}
        told: list[str] = []

        def second() -> None:
            with db.write() as session:
                try:
                    submit(session, drafts[BEN], BEN)
                except TakenError as error:
                    told.append(str(error))
                Event.record(session, "told", at=NINE, by=BEN)

        thread = threading.Thread(target=second)
        with db.write() as session:
            submit(session, drafts[ANA], ANA)
            session.flush()
            thread.start()
            until(lambda: is_waiting(db))
        thread.join(120)

        assert told == ["Someone replied a moment ago."]
        with db.read() as session:
            assert session.scalars(select(Event).where(Event.act == "told")).one().actor == BEN
            assert (
                Reply.last_returned_text(session, session.scalars(select(Ticket.id)).one(), BEN)
                == f"words of {BEN}"
            )
        db.close()


def draft(session: Session, by: str) -> int:
    given = {"key": uuid4().hex, "source": "thread"}
    return ticket(session).draft(session, text=f"words of {by}", by=by, at=NINE, **given).id


def submit(session: Session, draft_id: int, by: str) -> None:
    now = session.scalars(select(Ticket)).one()
    now.submit(session, session.get_one(Reply, draft_id), by=by, at=NINE, undo_until=minute(1))


def is_waiting(db: Database) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with db.read() as session:
        return session.scalar(text(query)) == 1
