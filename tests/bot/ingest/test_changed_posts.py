"""A post that is changed in whatever way and keeps its id: the ledger has what the network shows now."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.networks.values import Media, Post
from bot.slack import private_cards, redaction
from models import Card, Notice, Ticket
from models.sources.mention import Mention
from models.tickets.state import NO_CHANNEL
from sandbox.slack import SlackServer
from tests.bot.room import Clock, Counting, Room, room
from tests.bot.slack.test_private_cards import everything

WORDS = "@acmebrew my order 4711 never came"


class KeepsIds(Counting):
    """An edit leaves the id as it is, as on Mastodon."""

    def says(self, handle: str, text: str, **more: Any) -> Post:
        made = super().says(handle, text, **more)
        return self.changes(made.id, edit_keeps_id=True)


@pytest.fixture
def network(clock: Clock) -> KeepsIds:
    return KeepsIds(clock)


@pytest.fixture
def here(database_url: str, clock: Clock, network: KeepsIds) -> Iterator[Room]:
    with room(database_url, clock, network) as made:
        yield made


def mention(here: Room) -> Mention:
    with here.ctx.db.read() as session:
        return session.get_one(Mention, 1)


PICTURE = Media("photo", "https://media.example/1.png", "a kettle")


@pytest.mark.parametrize("version", ["9", None], ids=["newer version", "no version"])
@pytest.mark.parametrize(
    "change",
    [{"content_warning": "spoilers"}, {"media": (PICTURE,)}, {"text": "@acmebrew never mind"}],
    ids=["warning", "media", "text"],
)
def test_an_edit_that_keeps_the_id_is_read_whatever_it_changes(
    here: Room, network: KeepsIds, change: dict[str, object], version: str | None
) -> None:
    post = network.says("maria", WORDS).id
    if version is None:
        network.changes(post, version_key="")
    here.poll()
    network.changes(post, **change, **({"version_key": version} if version else {}))
    here.sweep()

    found = mention(here)
    assert found.edited_at is not None
    assert (found.content_warning, len(found.media), found.text) == (
        change.get("content_warning"),
        len(change.get("media", ())),  # type: ignore[arg-type]
        change.get("text", WORDS),
    )


def test_a_version_that_looks_the_same_is_the_one_that_is_answered(here: Room, network: KeepsIds) -> None:
    post = network.says("maria", WORDS, context="first").id
    here.poll()
    network.changes(post, version_key="9", reply_context="second")
    here.sweep()

    assert mention(here).reply_context == "second"


def test_a_picture_that_moves_on_its_server_is_no_edit(here: Room, network: KeepsIds) -> None:
    post = network.says("maria", WORDS).id
    network.changes(post, media=(Media("photo", None, "a kettle"),))
    here.poll()
    network.changes(post, media=(PICTURE,))
    here.sweep()

    assert mention(here).edited_at is None


def test_a_list_that_tells_more_of_a_picture_is_no_edit_where_the_context_has_the_version(
    here: Room, network: KeepsIds
) -> None:
    post = network.says("maria", WORDS, context="cid 1").id
    network.changes(post, version_key="")
    here.poll()
    network.changes(post, media=(PICTURE,))
    here.sweep()
    assert mention(here).edited_at is None

    network.changes(post, reply_context="cid 2")
    here.sweep()
    assert (mention(here).edited_at is not None, len(mention(here).media)) == (True, 1)


@pytest.mark.parametrize("narrower", ["followers", "direct"])
def test_a_public_post_that_is_narrowed_leaves_its_public_channel(
    shown: Room, slack: SlackServer, network: KeepsIds, narrower: str
) -> None:
    post = network.says("maria", WORDS).id
    shown.poll()
    shown.draw()
    assert WORDS.removeprefix("@acmebrew ") in everything(slack)
    network.changes(post, visibility=narrower)
    shown.sweep()

    ticket = shown.ticket()
    assert (ticket.is_private, ticket.channel, mention(shown).visibility) == (True, NO_CHANNEL, narrower)
    redaction.redraw_stale(shown.ctx)
    shown.draw()
    assert "4711" not in everything(slack)


def test_words_that_a_thread_quotes_go_with_the_card(
    shown: Room, slack: SlackServer, network: KeepsIds
) -> None:
    first = network.says("maria", "@acmebrew hello?").id
    shown.poll()
    shown.draw()
    shown.submit(1, "Hello!")
    shown.send()
    second = network.says("maria", WORDS, under=first).id
    shown.clock.pass_by(1)
    shown.poll()
    shown.draw()
    with shown.ctx.db.read() as session:
        assert "4711" in str([(one.text, one.blocks) for one in session.scalars(select(Notice))])
    network.changes(second, visibility="direct")
    shown.sweep()
    redaction.redraw_stale(shown.ctx)
    shown.draw()

    assert "4711" not in everything(slack)


def test_a_post_that_is_narrowed_while_its_card_is_being_posted_leaves_a_little_later(
    shown: Room, slack: SlackServer, network: KeepsIds
) -> None:
    post = network.says("maria", WORDS).id
    shown.poll()
    shown.draw()
    with shown.ctx.db.write() as session:
        card = session.get_one(Card, 1)
        card.leased_until = shown.clock() + timedelta(seconds=10)
    network.changes(post, visibility="direct")
    shown.sweep()
    assert shown.ticket().is_private
    shown.clock.pass_by(20)
    private_cards.check_channels(shown.ctx)
    redaction.redraw_stale(shown.ctx)
    shown.draw()

    assert "4711" not in everything(slack)


def test_a_later_public_post_of_theirs_there_has_a_public_ticket(here: Room, network: KeepsIds) -> None:
    first = network.says("maria", WORDS).id
    network.says("maria", "@acmebrew psst", under=first, visibility="direct")
    here.poll()
    network.changes(first, visibility="followers")
    here.clock.pass_by(1)
    here.sweep()
    network.says("maria", "@acmebrew for all to see", under=first)
    here.clock.pass_by(1)
    here.poll()

    assert here.quarantined() == []
    assert [one.is_private for one in here.tickets()] == [True, True, False]


def test_a_twin_that_is_separated_from_a_narrowed_post_is_shown_in_no_public_channel(
    here: Room, network: KeepsIds
) -> None:
    post = network.says("maria", WORDS).id
    network.says("maria", f"{WORDS}, really")
    here.poll()
    with here.ctx.db.write() as session:
        session.get_one(Ticket, 2).joined_to = 1
    network.changes(post, visibility="direct")
    here.sweep()

    assert [(one.is_private, one.channel) for one in here.tickets()] == [(True, NO_CHANNEL)] * 2


def test_no_card_leads_to_one_that_is_narrowed(here: Room, network: KeepsIds) -> None:
    post = network.says("maria", WORDS).id
    network.says("maria", f"{WORDS}, really")
    here.poll()
    with here.ctx.db.write() as session:
        for one, other in ((1, 2), (2, 1)):
            session.get_one(Ticket, one).same_as = other
    network.changes(post, visibility="direct")
    here.sweep()

    assert [one.same_as for one in here.tickets()] == [None, None]


def test_a_post_that_is_widened_stays_where_it_is(here: Room, network: KeepsIds) -> None:
    post = network.says("maria", WORDS, visibility="direct").id
    here.poll()
    network.changes(post, visibility="public", version_key="9", text=f"{WORDS}!")
    here.sweep()

    assert (here.ticket().is_private, mention(here).visibility) == (True, "direct")
    assert mention(here).text == f"{WORDS}!"


def test_a_narrowed_post_that_is_unlisted_now_stays_in_its_channel(here: Room, network: KeepsIds) -> None:
    post = network.says("maria", WORDS).id
    here.poll()
    network.changes(post, visibility="unlisted")
    here.sweep()

    assert (here.ticket().is_private, mention(here).visibility) == (False, "unlisted")


def test_a_queued_reply_to_a_narrowed_post_comes_back_as_a_draft(here: Room, network: KeepsIds) -> None:
    post = network.says("maria", WORDS).id
    here.poll()
    reply = here.submit(1, "On Monday!", undo=10)
    network.changes(post, visibility="direct")
    here.sweep()
    here.clock.pass_by(11)
    here.send()
    here.send()

    assert network.replies_to(post) == ()
    assert here.state(reply) == "cancelled"


def test_what_another_server_makes_of_the_same_version_is_no_edit(here: Room, network: KeepsIds) -> None:
    post = network.says("maria", WORDS).id
    here.poll()
    other = network.also_as("acmetea")
    with here.ctx.db.write() as session:
        session.get_one(Mention, 1).account_id = other.account().id
    network.changes(post, text=f"{WORDS} ")
    here.sweep()
    assert (mention(here).edited_at, mention(here).text) == (None, WORDS)

    network.changes(post, text=f"{WORDS}!", version_key="9")
    here.sweep()
    assert mention(here).text == f"{WORDS}!"
