"""Muted posts that are edited, listed by another account of ours, or shown again after they were hidden."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Ticket
from models.mutes import mute_rules
from models.reports import mute_list
from models.reports.health import has_stale_card
from models.tickets.ingest import ingest_page
from tests.models.ledger import NINE, OWED, PLACE, hear, lose, mention, minute, said, ticket
from tests.models.mutes.test_mutes import ANA, aside, close, mute, mute_author


def edited(post_id: str, text: str, **more: Any) -> Any:
    return aside(post_id, text=text, latest_id=f"{post_id}9", **more)


def test_an_edit_that_takes_the_muted_words_away_opens_the_ticket(session: Session) -> None:
    mute(session, mute_rules.words("giveaway"))
    hear(session, aside(1, text="giveaway"))

    hear(session, edited("1", "my fern is broken"), at=minute(5))

    now = ticket(session)
    assert (now.state, now.turn, now.mute_id, now.waiting_since) == ("waiting", 1, None, NINE)
    assert now.due_at == minute(5) + OWED
    assert now.drawn_revision < now.revision


def test_an_edit_that_addresses_us_opens_the_ticket(session: Session) -> None:
    mute(session, mute_rules.words("giveaway"))
    hear(session, aside(1, text="giveaway"))

    hear(session, replace(edited("1", "@us giveaway"), addresses_us=True), at=minute(5))

    assert ticket(session).state == "waiting"


@pytest.mark.parametrize("covered_by", ["words", "author", "other words"])
def test_an_edit_that_a_mute_covers_leaves_the_ticket_muted(session: Session, covered_by: str) -> None:
    mute(session, mute_rules.words("giveaway"))
    hear(session, aside(1, text="giveaway"))
    if covered_by == "author":
        mute_author(session)
    elif covered_by == "other words":
        mute(session, mute_rules.words("prize"))

    hear(session, edited("1", {"words": "giveaway!", "author": "hello"}.get(covered_by, "a prize")))

    assert ticket(session).state == "muted"
    assert session.scalars(select(Ticket.id).where(has_stale_card())).all() == []


def test_an_edit_of_what_was_answered_does_not_open_what_is_muted_since(session: Session) -> None:
    mute(session, mute_rules.words("giveaway"))
    hear(session, said(1))
    close(session, "answered")
    hear(session, aside(2, minute(3), text="giveaway"))

    hear(session, edited("1", "the same, spelled better"), at=minute(5))

    assert ticket(session).state == "muted"


def test_a_muted_post_that_another_account_of_ours_lists_as_its_mention_opens_the_ticket(
    session: Session,
) -> None:
    mute(session, mute_rules.words("giveaway"))
    ingest_page(session, [aside(1, text="giveaway")], replace(PLACE, track_id=5), at=NINE)

    elsewhere = replace(PLACE, account_id="98", track_id=6)
    ingest_page(session, [said(1, text="giveaway")], elsewhere, at=minute(2))

    assert ticket(session).state == "waiting"


def test_a_post_of_a_muted_author_that_is_shown_again_is_muted(session: Session) -> None:
    hear(session, said(1))
    lose(session, "1", at=minute(60 * 21))
    assert ticket(session).state == "no reply needed"
    made = mute_author(session).mute
    assert made is not None

    taken = hear(session, said(1), at=minute(60 * 22))

    now = ticket(session)
    assert (now.state, now.mute_id, now.closed_by, now.due_at) == ("muted", made.id, ANA, None)
    assert taken.restored_tickets == {now.id: False}
    assert mention(session, "1").text == "words of 1"
    assert mute_list.list_muted(session, 0, size=5, since=NINE).total == 1
