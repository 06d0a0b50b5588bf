"""Many tickets are locked in the order of their ids, so no two transactions wait for each other."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.ingest import page_writer, profiles
from bot.networks.values import PostPage
from models import Ticket
from models.tickets import other_accounts
from tests.bot.room import Counting, Room
from tests.models.ledger import raised, together, until
from tests.models.tickets.test_ticket import is_waiting

NAMES = ("maria", "joe", "eve")


@pytest.fixture
def three(here: Room, network: Counting) -> Room:
    """Three tickets whose cards are in Slack. The rows lie in another order than that of their ids."""
    for name in NAMES:
        network.says(name, f"@acmebrew hello from {name}")
    here.poll()
    with here.ctx.db.write() as session:
        session.execute(update(Ticket).values(drawn_revision=1))
    with here.ctx.db.write() as session:
        first = min(session.scalars(select(Ticket.id)))
        Ticket.lock(session, first).conversation_id = "zzz"  # so that it is last in the table and its index
    return here


def edited(three: Room, network: Counting) -> None:
    """Read a page of edits in which the post of the last ticket comes first."""
    posts = sorted(network._posts.values(), key=lambda post: int(post.id), reverse=True)
    new = [network.edits(post.id, f"{post.text}!") for post in posts]
    page = [replace(post, posted_at=three.clock() + timedelta(seconds=n)) for n, post in enumerate(new)]
    page_writer.commit_page(three.ctx, network, network.account(), PostPage(tuple(page)), and_then=None)


def renamed(three: Room, network: Counting) -> None:
    people = {one.id: replace(one, name=f"{one.name} Silva") for one in network._people.values()}
    with three.ctx.db.write() as session:
        profiles.store_profiles(session, network, people, at=three.clock())


def disconnected(three: Room, network: Counting) -> None:
    with three.ctx.db.write() as session:
        other_accounts.redraw_cards(session, network.name, network.account().id)


@pytest.mark.both_engines
@pytest.mark.parametrize("change", [edited, renamed, disconnected])
def test_a_change_of_many_tickets_waits_for_a_teammate_and_neither_is_turned_away(
    three: Room, network: Counting, change: Callable[[Room, Counting], None]
) -> None:
    db, is_held = three.ctx.db, threading.Event()
    with db.read() as session:
        first, *_, last = sorted(session.scalars(select(Ticket.id)))
        before = {one.id: one.revision for one in session.scalars(select(Ticket))}

    def teammate() -> None:
        with db.write() as session:
            Ticket.lock(session, first)
            is_held.set()
            until(lambda: db.is_sqlite or is_waiting(db))
            Ticket.lock(session, last)

    def worker() -> None:
        is_held.wait(120)
        change(three, network)

    assert raised(together(teammate, worker)) == []
    with db.read() as session:
        assert all(one.revision > before[one.id] for one in session.scalars(select(Ticket)))
