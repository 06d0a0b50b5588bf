"""Muting: what it covers, what it closes, what it leaves alone, and how it is undone."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Author, Event, Mention, Mute, Ticket, Turn
from models.core.base import OnItsWayError, RuleBrokenError
from models.core.database import Database
from models.grouping.members import join_group, open_group
from models.mutes import mute_rules
from models.mutes.mute_rules import KeptTicket, MuteDraft, MuteEffect, MuteRuleError
from models.reports import mute_list
from models.reports.health import has_stale_card
from models.reports.today import count_today
from models.slack.ticket_group import GroupKind
from models.sources.cursor import MENTIONS_CURSOR, Cursor
from models.tickets.delivery_state import DeliveryState
from models.tickets.ingest import ingest_page
from tests.models.ledger import (
    NINE,
    OWED,
    PLACE,
    PROMISE,
    hear,
    mention,
    minute,
    raised,
    said,
    ticket,
    together,
)

ANA, BEN = "U0ANA", "U0BEN"


def author(session: Session, network_id: str = "7") -> Author:
    return session.scalars(select(Author).where(Author.network_id == network_id)).one()


def conversation(value: str = "c1", **more: Any) -> MuteDraft:
    return MuteDraft("conversation", "x", value, **more)


def mute(session: Session, draft: MuteDraft, *, by: str = ANA, at: Any = NINE) -> MuteEffect:
    effect = mute_rules.mute(session, draft, by=by, at=at)
    session.flush()
    return effect


def mute_author(session: Session, network_id: str = "7", *, by: str = ANA, **more: Any) -> MuteEffect:
    return mute(session, replace(mute_rules.author_of(author(session, network_id)), **more), by=by)


def aside(post_id: int | str, at: Any = NINE, **more: Any) -> Any:
    """A post that a search found, whose author does not address us."""
    return said(post_id, at, addresses_us=False, matched="matches “fern”", **more)


def reply(session: Session, *, by: str = ANA, at: Any = NINE) -> Any:
    here = ticket(session)
    return here.reply(
        session,
        text="Hi",
        by=by,
        at=at,
        turn=here.next_turn,
        to_post_id=here.target_post_id,
        undo_until=at,
        key=uuid4().hex,
    )


# --- a new post ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["conversation", "author", "words"])
def test_a_new_post_that_a_mute_covers_opens_a_ticket_that_is_muted_and_has_no_card(
    session: Session, kind: str
) -> None:
    hear(session, said(1, conversation="before"))
    draft = {
        "conversation": conversation("c2"),
        "author": mute_rules.author_of(author(session)),
        "words": mute_rules.words("giveaway"),
    }[kind]
    made = mute(session, draft, by=BEN).mute
    assert made is not None

    taken = hear(session, aside(2, text="A giveaway!", conversation="c2"), at=minute(5))

    now = ticket(session, conversation="c2")
    assert (taken.tickets, now.state, now.closed_by, now.closed_at) == (1, "muted", BEN, minute(5))
    assert (now.mute_id, now.reason) == (made.id, {"words": "words: giveaway"}.get(kind, kind))
    assert (now.due_at, now.nudge_at, now.owner) == (None, None, None)
    assert now.drawn_revision == now.revision
    turn = session.scalars(select(Turn).where(Turn.ticket_id == now.id)).one()
    assert (turn.outcome, turn.closed_by) == ("muted", BEN)
    log = session.scalars(select(Event).where(Event.ticket_id == now.id).order_by(Event.id)).all()
    assert [(one.act, one.actor, one.post_id) for one in log] == [
        ("mention", "heard", "2"),
        ("muted", BEN, "2"),
    ]
    assert log[1].data == {"reason": now.reason, "mute": str(made.id)}
    assert mention(session, "2").text == "A giveaway!"


def test_words_never_hide_a_post_that_addresses_us(session: Session) -> None:
    mute(session, mute_rules.words("giveaway"))

    hear(session, said(1, text="@us is that giveaway real?"))

    assert ticket(session).state == "waiting"


@pytest.mark.parametrize("kind", ["conversation", "author"])
def test_a_conversation_or_an_author_that_is_muted_hides_what_addresses_us_too(
    session: Session, kind: str
) -> None:
    hear(session, said(1, conversation="before"))
    draft = conversation("c2") if kind == "conversation" else mute_rules.author_of(author(session))
    mute(session, draft)

    hear(session, said(2, conversation="c2"))

    assert ticket(session, conversation="c2").state == "muted"


def test_words_of_one_network_hide_nothing_on_another(session: Session) -> None:
    mute(session, mute_rules.words("giveaway", "mastodon"))

    hear(session, aside(1, text="giveaway"))

    assert ticket(session).state == "waiting"


def test_a_page_with_a_post_that_is_not_muted_opens_a_ticket_that_waits(session: Session) -> None:
    mute(session, mute_rules.words("giveaway"))

    hear(session, aside(1, text="giveaway"), aside(2, minute(1), text="fern is broken"))

    assert (ticket(session).state, ticket(session).target_post_id) == ("waiting", "2")


# --- a post on a ticket that is there -----------------------------------------------------------------------


def test_a_further_post_on_a_muted_ticket_joins_it_and_it_stays_muted(session: Session) -> None:
    mute(session, conversation())
    hear(session, said(1))

    taken = hear(session, said(2, minute(3)), at=minute(4))

    now = ticket(session)
    assert (now.state, now.turn, now.target_post_id, now.closed_at) == ("muted", 1, "2", minute(4))
    assert now.drawn_revision == now.revision
    assert (taken.follow_ups, taken.known_ticket_texts) == (1, {})
    assert session.scalar(select(func.count(Mention.id))) == 2
    acts = [one.post_id for one in session.scalars(select(Event).where(Event.act == "muted"))]
    assert acts == ["1", "2"]


def test_a_post_that_words_do_not_cover_opens_a_ticket_that_they_muted(session: Session) -> None:
    mute(session, mute_rules.words("giveaway"))
    hear(session, aside(1, text="giveaway"))

    hear(session, aside(2, minute(3), text="fern is broken"), at=minute(4))

    now = ticket(session)
    assert (now.state, now.mute_id, now.due_at) == ("waiting", None, minute(3) + OWED)
    assert now.drawn_revision < now.revision


@pytest.mark.parametrize("outcome", ["no reply needed", "not about us", "answered"])
def test_a_further_post_on_a_closed_ticket_is_muted_in_a_turn_of_its_own(
    session: Session, outcome: str
) -> None:
    hear(session, said(1))
    close(session, outcome)
    made = mute_author(session).mute
    assert made is not None
    first = session.scalars(select(Turn)).one()
    before = (outcome, first.closed_at, first.closed_by, first.reason)

    hear(session, said(2, minute(3)), said(3, minute(4)), at=minute(5))

    now = ticket(session)
    assert (now.state, now.turn, now.target_post_id, now.mute_id) == ("muted", 2, "3", made.id)
    assert (now.closed_at, now.closed_by, now.due_at, now.nudge_at) == (minute(5), ANA, None, None)
    assert (first.outcome, first.closed_at, first.closed_by, first.reason) == before
    second = session.scalars(select(Turn).where(Turn.number == 2)).one()
    assert (second.outcome, second.opened_by, second.asked_at) == ("muted", "mention", minute(3))
    since = NINE - timedelta(days=1)
    assert [one.text for one in mute_list.list_muted(session, 0, size=5, since=since).tickets] == [
        "words of 3"
    ]
    [listed] = mute_list.list_mutes(session, 0, size=5, since=since).mutes
    assert listed.posts == 2


def test_what_was_muted_on_a_closed_ticket_waits_again_when_somebody_wants_to_see_it(
    session: Session,
) -> None:
    hear(session, said(1))
    close(session, "answered")
    mute_author(session)
    hear(session, said(2, minute(3)), at=minute(4))

    ticket(session).reopen(session, by=BEN, at=minute(9), sla_policy=PROMISE)

    now = ticket(session)
    assert (now.state, now.turn, now.target_post_id) == ("waiting", 2, "2")
    assert (now.waiting_since, now.due_at, now.mute_id) == (minute(3), minute(9) + OWED, None)


def test_a_page_of_which_one_post_is_muted_opens_a_closed_ticket_for_the_other(session: Session) -> None:
    mute(session, mute_rules.words("giveaway"))
    hear(session, said(1))
    close(session, "not about us")

    hear(session, aside(2, minute(3), text="giveaway"), aside(3, minute(4), text="fern is broken"))

    now = ticket(session)
    assert (now.state, now.turn, now.target_post_id, now.mute_id) == ("waiting", 2, "3", None)


def close(session: Session, outcome: str) -> None:
    """Give the ticket that outcome."""
    if outcome == "no reply needed":
        ticket(session).close_no_reply_needed(session, by=ANA, at=NINE, reason="thanks")
    elif outcome == "not about us":
        ticket(session).close_not_about_us(session, by=ANA, at=NINE)
    else:
        ticket(session).record_outside_answer(session, post_id="9", to_post_id="1", at=minute(1))


def test_a_post_joins_what_somebody_is_at_work_on_as_always(session: Session) -> None:
    hear(session, said(1))
    ticket(session).claim(session, by=BEN, at=NINE)
    mute_author(session)

    taken = hear(session, said(2, minute(3)), at=minute(4))

    now = ticket(session)
    assert (now.state, now.owner, now.target_post_id) == ("waiting", BEN, "2")
    assert taken.known_ticket_texts == {now.id: "words of 2"}


# --- what is open when somebody mutes -----------------------------------------------------------------------


def test_muting_an_author_closes_what_waits_in_every_conversation(session: Session) -> None:
    hear(session, said(1), said(2, conversation="c2"), said(3, author="8"))

    foreseen = mute_rules.preview(session, mute_rules.author_of(author(session)), by=ANA, at=NINE)
    effect = mute_author(session, why="a bot")

    ids = [ticket(session).id, ticket(session, conversation="c2").id]
    assert foreseen.closed == effect.closed == ids
    for here in (ticket(session), ticket(session, conversation="c2")):
        assert (here.state, here.reason, here.closed_by, here.due_at) == ("muted", "a bot", ANA, None)
        assert here.drawn_revision < here.revision  # its card says so
    assert ticket(session, "8").state == "waiting"


def test_what_others_are_at_work_on_stays_open_and_is_named(session: Session) -> None:
    hear(session, *(said(n, conversation=f"c{n}") for n in range(1, 6)))
    ticket(session, conversation="c1").claim(session, by=BEN, at=NINE)
    ticket(session, conversation="c2").claim(session, by=ANA, at=NINE)
    ticket(session, conversation="c3").start_composing(session, by=BEN, key="k", at=NINE)
    ticket(session, conversation="c4").start_composing(session, by=ANA, key="l", at=NINE)

    effect = mute_author(session, by=ANA)

    named = {one.ticket_id: (one.who, one.because) for one in effect.kept}
    assert named == {
        ticket(session, conversation="c1").id: (BEN, "owner"),
        ticket(session, conversation="c3").id: (BEN, "composer"),
    }
    states = [ticket(session, conversation=f"c{n}").state for n in range(1, 6)]
    assert states == ["waiting", "muted", "waiting", "muted", "muted"]


@pytest.mark.parametrize("state", [DeliveryState.SENDING, DeliveryState.UNSURE])
def test_a_ticket_whose_reply_may_be_public_stays(session: Session, state: DeliveryState) -> None:
    hear(session, said(1))
    sent = reply(session)
    sent.move(session, DeliveryState.QUEUED, at=NINE)
    sent.move(session, DeliveryState.SENDING, at=NINE)
    if state == DeliveryState.UNSURE:
        sent.move(session, DeliveryState.UNSURE, at=NINE)
    session.flush()

    effect = mute_author(session, by=ANA)

    assert effect.kept == [KeptTicket(ticket(session).id, ANA, "sending")]
    assert (ticket(session).state, sent.state) == ("waiting", state)
    with pytest.raises(OnItsWayError):
        ticket(session).close_muted(session, effect.mute, at=NINE)  # type: ignore[arg-type]


def test_a_reply_of_ones_own_that_waits_is_cancelled_and_its_text_kept(session: Session) -> None:
    hear(session, said(1))
    held = reply(session)

    effect = mute_author(session, by=ANA)

    assert effect.cancelled == [held]
    assert (held.state, ticket(session).state) == (DeliveryState.CANCELLED, "muted")


def test_words_close_nothing_that_waits(session: Session) -> None:
    hear(session, aside(1, text="giveaway"))

    effect = mute(session, mute_rules.words("giveaway"))

    assert (effect.closed, effect.kept, ticket(session).state) == ([], [], "waiting")


# --- undone -------------------------------------------------------------------------------------------------


def test_unmuting_holds_from_then_on_and_leaves_the_past(session: Session) -> None:
    made = mute(session, conversation()).mute
    assert made is not None
    hear(session, said(1))

    mute_rules.unmute(session, made.id, by=BEN, at=minute(1))
    assert ticket(session).state == "muted"
    hear(session, said(2, author="8"))

    assert ticket(session, "8").state == "waiting"
    assert (made.removed_by, made.removed_at) == (BEN, minute(1))
    acts = session.scalars(select(Event.act).where(Event.ticket_id.is_(None)).order_by(Event.id)).all()
    assert acts == ["mute", "unmute"]
    again = mute(session, conversation()).mute
    assert again is not None
    assert again.id != made.id


def test_a_muted_ticket_that_is_reopened_waits_and_is_due_from_then_on(session: Session) -> None:
    mute(session, conversation())
    hear(session, said(1))

    ticket(session).reopen(session, by=BEN, at=minute(600), sla_policy=PROMISE)

    now = ticket(session)
    assert (now.state, now.mute_id, now.reason, now.waiting_since) == ("waiting", None, None, NINE)
    assert now.due_at == minute(600) + OWED
    assert now.drawn_revision < now.revision
    hear(session, said(2, minute(601)))
    assert ticket(session).state == "waiting"  # somebody wanted to see it


def test_a_mute_is_ended_once(session: Session) -> None:
    made = mute(session, conversation()).mute
    assert made is not None
    mute_rules.unmute(session, made.id, by=BEN, at=NINE)

    with pytest.raises(MuteRuleError, match="<@U0BEN> ended mute"):
        mute_rules.unmute(session, made.id, by=ANA, at=NINE)
    with pytest.raises(MuteRuleError, match=r"There is no mute 99\. `/mentions mutes` lists"):
        mute_rules.unmute(session, 99, by=ANA, at=NINE)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("give " * 120, "A mute can have at most 512 characters; this has 600."),
        ("-free -#ad", "A mute needs a word to look for, not only words to leave out."),
        ('"give away', "The quotation mark before “give away” has no second one."),
        ("#", "“#” has no letter, digit or emoji to look for."),
        ("", "Type the words to look for"),
        (
            "quotes:@rival",
            "A mute looks at the words of a post and not at what it quotes, so remove “quotes:@rival”.",
        ),
        ("fern -quotes:@rival", "A mute looks at the words of a post and not at what it quotes"),
    ],
)
def test_words_that_cannot_be_muted_are_refused_in_one_sentence(
    session: Session, typed: str, sentence: str
) -> None:
    with pytest.raises(MuteRuleError) as refused:
        mute(session, mute_rules.words(typed))

    assert str(refused.value).startswith(sentence)
    assert session.scalar(select(func.count(Mute.id))) == 0


@pytest.mark.parametrize("kind", ["conversation", "author"])
def test_our_own_test_mention_cannot_be_muted(session: Session, kind: str) -> None:
    place = replace(PLACE, network="canary", account_id="canary")
    ingest_page(session, [said(1, author="canary", conversation="canary")], place, at=NINE)
    sung = ticket(session, "canary", "canary")
    draft = mute_rules.conversation_of(sung)
    if kind == "author":
        draft = mute_rules.author_of(author(session, "canary"))

    for act in (lambda: mute_rules.check_new(session, draft), lambda: mute(session, draft)):
        with pytest.raises(MuteRuleError, match="Heard's own test mention, which cannot be muted"):
            act()
    assert ticket(session, "canary", "canary").state == "waiting"


def test_a_mute_from_elsewhere_does_not_hide_our_own_test_mention(session: Session) -> None:
    session.add(Mute(kind="conversation", network="canary", value="canary", created_by=ANA, created_at=NINE))
    place = replace(PLACE, network="canary", account_id="canary")

    ingest_page(session, [said(1, author="canary", conversation="canary")], place, at=NINE)

    assert ticket(session, "canary", "canary").state == "waiting"


def test_the_same_words_in_another_spelling_are_muted_once(session: Session) -> None:
    mute(session, mute_rules.words("give  away"), by=BEN)

    with pytest.raises(MuteRuleError, match="muted already: mute 1, by <@U0BEN>"):
        mute(session, mute_rules.words("give away"))


# --- lists --------------------------------------------------------------------------------------------------


def test_the_lists_say_what_is_muted_and_what_that_has_muted(session: Session) -> None:
    hear(session, said(1, text="look here", conversation="c9"))
    first = mute(session, mute_rules.conversation_of(ticket(session, conversation="c9"))).mute
    second = mute_author(session, "7").mute
    assert first is not None
    assert second is not None
    hear(session, said(2, minute(1), conversation="c9"), at=minute(1))
    hear(session, said(3, minute(2), conversation="c3"), at=minute(2))
    since = NINE - timedelta(days=1)

    page = mute_list.list_mutes(session, 0, size=5, since=since)
    assert [(one.mute.id, one.posts, one.text) for one in page.mutes] == [
        (second.id, 1, ""),
        (first.id, 2, "words of 2"),
    ]
    muted = mute_list.list_muted(session, 0, size=1, since=since)
    assert (muted.total, muted.pages) == (2, 2)
    [newest] = muted.tickets
    assert (newest.text, newest.muted_by, newest.reason, newest.at) == (
        "words of 3",
        ANA,
        "author",
        minute(2),
    )
    only = mute_list.list_muted(session, 7, size=1, since=since, mute_id=first.id)
    assert [one.text for one in only.tickets] == ["words of 2"]
    assert mute_list.list_muted(session, 0, size=9, since=minute(3)).total == 0


def test_what_is_muted_on_a_shared_card_is_listed_with_that_card(session: Session) -> None:
    hear(session, said(1))
    group = open_group(session, GroupKind.SPIKE, "C0MENTIONS", at=NINE, taking_until=minute(2))
    join_group(session, group, [ticket(session).id], why="a spike", at=NINE)
    group.ts = "1.2"
    mute_author(session)

    [listed] = mute_list.list_muted(session, 0, size=5, since=NINE).tickets

    assert (listed.channel, listed.ts) == ("C0MENTIONS", "1.2")


def test_no_card_is_missing_for_what_is_muted(session: Session) -> None:
    mute(session, conversation())
    hear(session, said(1))
    ticket(session).revision += 1
    session.flush()

    assert session.scalars(select(Ticket.id).where(has_stale_card())).all() == []


def test_what_is_muted_counts_by_itself_and_not_as_closed_or_waiting(session: Session) -> None:
    mute(session, conversation())
    hear(session, said(1), said(2, conversation="c2"))

    now = count_today(session, NINE, minute(5), heard=2)

    assert (now.heard, now.waiting, now.muted, now.closed, now.answered) == (2, 1, 1, 0, 0)
    assert now.first_reply is None


# --- together -----------------------------------------------------------------------------------------------


def test_of_two_who_mute_the_same_one_is_told_that_it_is_muted(db: Database) -> None:
    with db.write() as session:
        hear(session, said(1))

    def do(by: str) -> None:
        with db.write() as session:
            mute(session, mute_rules.author_of(author(session)), by=by)

    outcomes = together(lambda: do(ANA), lambda: do(BEN))

    [refused] = raised(outcomes)
    assert isinstance(refused, RuleBrokenError)
    assert "muted already" in str(refused)
    with db.read() as session:
        assert session.scalar(select(func.count(Mute.id))) == 1
        assert ticket(session).state == "muted"


def test_a_reading_and_a_mute_at_once_never_leave_a_ticket_open(db: Database) -> None:
    """Whoever comes first: the reading's ticket is closed by the mute, or opened muted."""
    with db.write() as session:
        hear(session, said(1, conversation="c0"))
        Cursor.of(session, "x", "99", MENTIONS_CURSOR, at=NINE)

    def read(number: int) -> None:
        with db.write() as session:
            Cursor.lock_mentions(session, "x", "99", at=NINE)
            hear(session, said(number, conversation=f"c{number}"))

    def press() -> None:
        with db.write() as session:
            mute(session, mute_rules.author_of(author(session)))

    assert raised(together(*(lambda n=n: read(n) for n in range(2, 8)), press)) == []
    with db.read() as session:
        assert set(session.scalars(select(Ticket.state))) == {"muted"}


def test_to_unmute_while_posts_arrive_neither_blocks_nor_loses_one(db: Database) -> None:
    with db.write() as session:
        hear(session, said(1, conversation="c0"))
        made = mute(session, mute_rules.author_of(author(session))).mute
        assert made is not None

    def read(number: int) -> None:
        with db.write() as session:
            hear(session, said(number, conversation=f"c{number}"))

    def press() -> None:
        with db.write() as session:
            mute_rules.unmute(session, made.id, by=BEN, at=NINE)

    assert raised(together(*(lambda n=n: read(n) for n in range(2, 8)), press)) == []
    with db.read() as session:
        assert session.scalar(select(func.count(Mention.id))) == 7
        assert set(session.scalars(select(Ticket.state))) <= {"muted", "waiting"}
