"""Posts that not everybody can see, in the local Slack over real HTTP: in a private channel, or nowhere."""

import pytest

from bot.jobs import reminders
from bot.slack import private_cards, redaction
from models import Notice, Ticket, Track
from sandbox.slack import SlackServer
from sandbox.slack.workspace.channel import Channel
from tests.bot.room import ANA, CHANNEL, Counting, Room, calls, cards

SECRET = "my order 4711 never came"
PRIVATE = "C0PRIVATE"


@pytest.fixture
def private(slack: SlackServer) -> Channel:
    bot = slack.world.app.user_id
    return slack.world.add_channel(PRIVATE, "private-mentions", private=True, members={ANA, bot})


def whisper(here: Room, words: str = SECRET, *, author: str = "maria", **more: object) -> str:
    network = here.network
    assert isinstance(network, Counting)
    here.poll()
    post = network.says(author, f"@acmebrew {words}", visibility="direct", **more)
    here.clock.pass_by(1)
    here.poll()
    return post.id


def route(here: Room, channel: str | None) -> None:
    """Show the account's mentions in that channel, as `track edit` does."""
    with here.ctx.db.write() as session:
        [track] = Track.all(session)
        track.channel = channel


def look(here: Room) -> None:
    """Let time pass until Slack is asked anew, then do what the loops and jobs do."""
    here.clock.pass_by(20)
    private_cards.check_channels(here.ctx)
    here.draw()
    redaction.redraw_stale(here.ctx)
    here.draw()


def everything(slack: SlackServer, *, besides: str = "") -> str:
    """All that stands in any channel, but for that one."""
    with slack.world.lock:
        channels = [one for one in slack.world.channels.values() if one.id != besides]
        return "\n".join(f"{m.text} {m.blocks}" for one in channels for m in [*one.messages, *one.ephemerals])


def test_a_direct_message_without_a_private_channel_has_no_card_and_the_team_is_told_how_to_get_one(
    shown: Room, slack: SlackServer
) -> None:
    whisper(shown)
    look(shown)
    look(shown)

    assert cards(slack) == []
    said = everything(slack)
    assert SECRET not in said
    assert said.count("1 private mention to ") == 1
    assert "track edit" in said
    assert shown.ticket().channel == ""


def test_a_direct_message_gets_its_card_once_its_accounts_mentions_go_to_a_private_channel(
    shown: Room, slack: SlackServer, private: Channel
) -> None:
    whisper(shown)
    look(shown)
    route(shown, PRIVATE)
    look(shown)

    [card] = cards(slack, PRIVATE)
    assert SECRET in str(card.blocks)
    assert SECRET not in everything(slack, besides=PRIVATE)


@pytest.mark.parametrize("visibility", ["direct", "followers"])
def test_what_is_private_is_never_shown_in_a_channel_that_is_not(
    shown: Room, slack: SlackServer, visibility: str
) -> None:
    slack.world.add_channel("C0OPEN", "open")
    for channel in (CHANNEL, "C0OPEN", "C0NOWHERE"):
        network = shown.network
        assert isinstance(network, Counting)
        shown.poll()
        network.says("maria", f"@acmebrew {SECRET} {channel}", visibility=visibility)
        route(shown, channel)
        shown.poll()
        look(shown)

        assert SECRET not in everything(slack)


def test_a_public_and_a_private_post_of_one_conversation_are_two_tickets(
    shown: Room, slack: SlackServer, private: Channel
) -> None:
    network = shown.network
    assert isinstance(network, Counting)
    shown.poll()
    route(shown, PRIVATE)
    post = network.says("maria", "@acmebrew is the kettle back?")
    shown.poll()
    network.says("maria", f"@acmebrew {SECRET}", under=post.id, visibility="direct")
    shown.clock.pass_by(1)
    shown.poll()
    network.says("maria", f"@acmebrew and {SECRET} again", under=post.id, visibility="direct")
    shown.poll()

    public, secret = shown.tickets()
    assert (public.is_private, secret.is_private) == (False, True)
    assert len([one for one in shown.mentions() if one.ticket_id == secret.id]) == 2
    assert shown.quarantined() == []


@pytest.mark.parametrize("loss", ["public", "shared", "archived"])
def test_when_the_channel_is_lost_its_cards_lose_the_words_and_wait_for_another(
    shown: Room, slack: SlackServer, private: Channel, loss: str
) -> None:
    whisper(shown)
    route(shown, PRIVATE)
    look(shown)
    with shown.ctx.db.write() as session:
        Notice.enqueue(session, f"Her words: {SECRET}", at=shown.clock(), ticket_id=1)
    look(shown)
    assert everything(slack).count(SECRET) >= 2

    with slack.world.lock:
        private.is_private = loss != "public"
        private.connected = ["T0OTHER"] if loss == "shared" else []
        private.is_archived = loss == "archived"
    with shown.ctx.db.write() as session:  # something to draw at the same time
        Ticket.lock(session, 1).revision += 1
    look(shown)

    if loss != "archived":  # nothing can be changed there; its members see what they saw
        assert SECRET not in everything(slack)
    assert shown.ticket().channel == ""
    before = everything(slack).count(SECRET)
    slack.world.add_channel("C0OTHER", "other", private=True, members={ANA, slack.world.app.user_id})
    route(shown, "C0OTHER")
    look(shown)

    [card] = cards(slack, "C0OTHER")
    assert SECRET in str(card.blocks)
    assert everything(slack, besides="C0OTHER").count(SECRET) == before

    with slack.world.lock:
        private.is_archived = False
    shown.clock.pass_by(60)
    look(shown)
    assert SECRET not in everything(slack, besides="C0OTHER")


def test_an_archived_channel_costs_one_call_a_minute_and_holds_up_no_other(
    shown: Room, slack: SlackServer, private: Channel
) -> None:
    whisper(shown)
    route(shown, PRIVATE)
    look(shown)
    with shown.ctx.db.write() as session:
        for _ in range(60):
            Notice.enqueue(session, f"Her words: {SECRET}", at=shown.clock(), ticket_id=1)
    shown.draw_all()
    with slack.world.lock:
        private.is_archived = True
    route(shown, None)
    look(shown)
    before = calls(slack, "chat.update")

    for _ in range(5):
        redaction.redraw_stale(shown.ctx)

    assert calls(slack, "chat.update") == before
    with slack.world.lock:
        private.is_archived = False
    shown.clock.pass_by(60)
    look(shown)
    look(shown)
    assert SECRET not in everything(slack)


def test_a_card_is_not_posted_while_slack_does_not_say_whether_the_channel_is_private(
    shown: Room, slack: SlackServer, private: Channel
) -> None:
    whisper(shown)
    route(shown, PRIVATE)
    slack.world.faults.error("conversations.info", "internal_error")
    look(shown)
    assert SECRET not in everything(slack)

    look(shown)
    assert SECRET in everything(slack)


def test_private_posts_that_say_the_same_get_cards_of_their_own(
    shown: Room, slack: SlackServer, private: Channel
) -> None:
    route_later = "We ordered six cups in May and none of them has arrived until today, please help us"
    for number in range(4):
        whisper(shown, route_later, author=f"fan{number}")
    route(shown, PRIVATE)
    look(shown)

    assert len(cards(slack, PRIVATE)) == 4
    assert {one.group_id for one in shown.tickets()} == {None}


def test_a_card_in_a_channel_that_was_just_made_public_is_emptied_instead_of_redrawn(
    shown: Room, slack: SlackServer, private: Channel
) -> None:
    first = whisper(shown)
    route(shown, PRIVATE)
    look(shown)
    with slack.world.lock:
        private.is_private = False
    whisper(shown, "and another thing: it was a gift", under=first)
    shown.clock.pass_by(20)
    shown.draw()
    redaction.redraw_stale(shown.ctx)

    said = everything(slack)
    assert SECRET not in said
    assert "it was a gift" not in said


@pytest.mark.parametrize("fault", ["lost_after", "lost_before"])
def test_a_card_that_may_have_been_posted_is_found_and_emptied_when_the_channel_is_lost(
    shown: Room, slack: SlackServer, private: Channel, fault: str
) -> None:
    whisper(shown)
    route(shown, PRIVATE)
    getattr(slack.world.faults, fault)("chat.postMessage")
    shown.draw()  # the answer is lost
    assert (SECRET in everything(slack)) == (fault == "lost_after")
    with slack.world.lock:
        private.is_private = False
    for _ in range(3):
        look(shown)

    assert SECRET not in everything(slack)
    assert shown.ticket().channel == ""


def test_a_reminder_about_a_private_post_has_no_words_and_is_told_in_its_channel_alone(
    shown: Room, slack: SlackServer, private: Channel
) -> None:
    whisper(shown)
    route(shown, PRIVATE)
    look(shown)
    before = everything(slack).count(SECRET)
    with shown.ctx.db.write() as session:
        Ticket.lock(session, 1).claim(session, by=ANA, at=shown.clock())
    for _ in range(4):
        shown.clock.pass_by(hours=1)
        reminders.send_due(shown.ctx)
        look(shown)

    assert everything(slack).count(SECRET) == before
    assert ":red_circle:" in everything(slack)
    assert ":red_circle:" not in everything(slack, besides=PRIVATE)


@pytest.mark.parametrize("waits", [False, True])
def test_a_reminder_that_cannot_be_told_where_it_belongs_is_told_nowhere(
    shown: Room, slack: SlackServer, private: Channel, *, waits: bool
) -> None:
    whisper(shown)
    route(shown, PRIVATE)
    look(shown)
    with shown.ctx.db.write() as session:
        Ticket.lock(session, 1).claim(session, by=ANA, at=shown.clock())
    shown.clock.pass_by(hours=1)
    reminders.send_due(shown.ctx)
    if waits:  # they are still to be told when the channel is lost
        with slack.world.lock:
            private.is_private = False
    else:
        slack.world.faults.error("chat.postMessage", "channel_not_found", times=2)
    for _ in range(2):
        look(shown)
    slack.world.add_channel("C0OTHER", "other", private=True, members={ANA, slack.world.app.user_id})
    route(shown, "C0OTHER")
    look(shown)

    assert "Somebody" not in everything(slack)
    assert "assigned to you" not in everything(slack)
    assert shown.undrawn() == []


def test_neither_a_card_nor_a_reminder_of_a_lost_private_channel_goes_to_the_default_channel(
    shown: Room, slack: SlackServer, private: Channel
) -> None:
    bot = slack.world.app.user_id
    with slack.world.lock:
        slack.world.channel(CHANNEL).is_private = True  # even then
        slack.world.channel(CHANNEL).members.add(bot)
    network = shown.network
    assert isinstance(network, Counting)
    shown.poll()
    route(shown, PRIVATE)
    asked = network.says("jo", "@acmebrew a public one").id
    first = whisper(shown)
    look(shown)
    network.says("jo", "@acmebrew hello?", under=asked)
    whisper(shown, "and more", under=first)
    shown.clock.pass_by(hours=1)
    reminders.send_due(shown.ctx)
    with slack.world.lock:
        private.is_archived = True
    shown.draw()
    for _ in range(3):
        look(shown)

    moved = everything(slack, besides=PRIVATE)
    assert "a public one" in moved
    assert SECRET not in moved
    assert "maria" not in moved.lower()
    assert "Somebody" not in moved
    assert [one.channel for one in shown.tickets()] == [CHANNEL, ""]
