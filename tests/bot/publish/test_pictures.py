"""The step between queued and sending: pictures are uploaded, and a reply never leaves without them."""

import uuid

import pytest
from sqlalchemy import select

from bot.jobs import cleanup
from bot.networks.errors import Later, Refused, Unsure
from bot.networks.pictures import PROCESSING_CAUSE, PictureLimits
from bot.publish import intent, outbox, picture_upload, send_checks
from bot.runtime import crash_points
from models import ReplyPicture, Ticket
from models.tickets.delivery_state import DeliveryState
from models.tickets.pictures.reply_picture import AttachedFile, pictures_mark
from tests.bot.pictures import painting

pytestmark = pytest.mark.both_engines
ANA, BEN = "U0ANA", "U0BEN"
PNG = painting.encode(painting.paint(), "PNG")


@pytest.fixture
def ticket(here):
    here.network.says("maria", "@acmebrew is the kettle back?")
    here.poll()
    return here.ticket().id


def attach(here, reply_id, *alts, data=PNG):
    with here.ctx.db.write() as session:
        at = here.clock()
        files = [AttachedFile(f"F{number}", f"{number}.png", alt) for number, alt in enumerate(alts)]
        for one in ReplyPicture.attach(session, reply_id, files, at=at):
            one.keep(
                data + one.alt_text.encode(),
                content_type="image/png",
                width=64,
                height=48,
                is_animated=False,
                at=at,
            )


def submit(here, ticket_id, *alts, undo=0.0):
    reply_id = here.submit(ticket_id, "It is: look!", undo=undo)
    attach(here, reply_id, *alts)
    return reply_id


def shown(here):
    return [[one.alt for one in pictures] for pictures in here.network.shown.values()]


def rows(here, reply_id):
    with here.ctx.db.read() as session:
        return ReplyPicture.of(session, reply_id)


def test_a_reply_goes_out_with_its_pictures_in_order(here, ticket):
    reply_id = submit(here, ticket, "one", "two", "three")

    here.send()

    assert here.state(reply_id) == DeliveryState.PUBLISHED
    assert shown(here) == [["one", "two", "three"]]
    assert [one.data for one in here.network.uploads.values()] == [
        PNG + alt for alt in (b"one", b"two", b"three")
    ]


def test_a_file_that_does_not_go_along_is_not_uploaded(here, ticket):
    reply_id = submit(here, ticket, "one", "two")
    with here.ctx.db.write() as session:
        ReplyPicture.of(session, reply_id)[0].reject("is a PDF.", at=here.clock())

    here.send()

    assert shown(here) == [["two"]]


@pytest.mark.parametrize("landed", [False, True])
@pytest.mark.parametrize(
    "error", [Later(None, "server error", "busy"), Later(None, "rate limit", "slow"), Unsure("no answer")]
)
def test_an_upload_that_fails_is_tried_again_and_nothing_leaves_meanwhile(here, ticket, error, landed):
    reply_id = submit(here, ticket, "one", "two")
    here.network.fails("upload", error, landed=landed)

    here.send()

    assert here.state(reply_id) == DeliveryState.QUEUED
    assert shown(here) == []
    assert any("waiting" in told for told in here.told())
    here.clock.pass_by(120)
    here.send()
    assert here.state(reply_id) == DeliveryState.PUBLISHED
    assert shown(here) == [["one", "two"]]
    assert len(here.network.replies_to(here.ticket().target_post_id)) == 1


def test_a_picture_that_is_refused_brings_words_and_pictures_back(here, ticket):
    reply_id = submit(here, ticket, "one", "two")
    here.network.fails("upload", Refused("too long", "It is too blue."))

    here.send()

    reply = here.reply(reply_id)
    assert (reply.state, reply.reason) == (DeliveryState.REFUSED, "invalid")
    assert reply.detail == "The picture “0.png” was not accepted: It is too blue."
    assert shown(here) == []
    assert [one.alt_text for one in rows(here, reply_id)] == ["one", "two"]
    assert all(one.goes_along for one in rows(here, reply_id))
    assert any("Your text is kept" in told for told in here.told())


def test_a_reply_with_a_picture_that_is_not_here_is_never_sent_as_words_alone(here, ticket):
    reply_id = submit(here, ticket, "one")
    with here.ctx.db.write() as session:
        ReplyPicture.of(session, reply_id)[0].data = None

    here.send()

    assert here.state(reply_id) == DeliveryState.REFUSED
    assert shown(here) == []


def test_a_network_that_takes_no_pictures_any_more_gets_no_words_either(here, ticket):
    reply_id = submit(here, ticket, "one")
    here.network.takes_pictures = None

    here.send()

    assert here.state(reply_id) == DeliveryState.REFUSED
    assert shown(here) == []


def test_a_picture_over_the_limit_by_now_brings_the_words_back(here, ticket):
    reply_id = submit(here, ticket, "one")
    here.network.takes_pictures = PictureLimits(max_bytes=10)

    here.send()

    assert here.state(reply_id) == DeliveryState.REFUSED


def test_nothing_is_uploaded_with_the_keys_of_another_account(here, ticket):
    reply_id = submit(here, ticket, "one")
    here.network.speaks_as("acmetea")

    here.send()

    assert here.state(reply_id) == DeliveryState.CANCELLED
    assert here.network.uploads == {}
    assert [one.alt_text for one in rows(here, reply_id)] == ["one"]


def test_undo_works_while_a_picture_is_uploaded(here, ticket):
    reply_id = submit(here, ticket, "one", "two")
    upload = here.network.upload
    seen = []

    def undone(picture, *, account_id):
        seen.append(picture.alt)
        here.undo(ticket)
        return upload(picture, account_id=account_id)

    here.network.upload = undone
    here.send()

    assert seen == ["one"]
    assert here.state(reply_id) == DeliveryState.CANCELLED
    assert shown(here) == []


def test_after_a_crash_between_upload_and_send_the_reply_goes_out_once(here, ticket):
    reply_id = submit(here, ticket, "one", "two")

    class CrashError(BaseException):
        pass

    def crash(name):
        if name == "picture uploaded":
            raise CrashError

    crash_points.set_visitor(crash)
    try:
        with pytest.raises(CrashError):
            here.send()
    finally:
        crash_points.set_visitor(None)
    assert shown(here) == []
    here.clock.pass_by(20)
    here.send()

    assert shown(here) == [["one", "two"]]
    assert len(here.network.uploads) == 3
    assert here.state(reply_id) == DeliveryState.PUBLISHED


def test_only_what_is_missing_is_uploaded_after_a_crash_before_the_send(here, ticket):
    submit(here, ticket, "one", "two")
    here.network.fails("publish", Later(None, "server error", "busy"))
    here.send()
    here.clock.pass_by(60)
    here.send()

    assert shown(here) == [["one", "two"]]
    assert len(here.network.uploads) == 2


def test_an_upload_that_the_network_has_dropped_is_made_again_and_named_anew(here, ticket):
    submit(here, ticket, "one")
    here.network.fails("publish", Later(None, "server error", "busy"))
    here.send()
    here.clock.pass_by(2 * 3600)
    here.send()

    assert len(here.network.uploads) == 2
    assert shown(here) == [["one"]]
    assert next(iter(here.network.shown.values()))[0] is list(here.network.uploads.values())[1]


def test_two_workers_send_it_once(here, ticket):
    reply_id = submit(here, ticket, "one")
    outbox._end_undo_window(here.ctx, reply_id)
    sender = send_checks.check_sender(here.ctx, reply_id)
    began = picture_upload._begin(here.ctx, reply_id, sender)

    here.send()

    assert shown(here) == []
    assert picture_upload._record(here.ctx, here.network, began, "media 1") is True


def test_a_reply_whose_pictures_changed_since_it_was_frozen_does_not_leave(here, ticket):
    reply_id = submit(here, ticket, "one")
    outbox._end_undo_window(here.ctx, reply_id)
    sender = send_checks.check_sender(here.ctx, reply_id)
    assert picture_upload.upload_missing(here.ctx, reply_id, sender, outbox._record_no)
    job = intent.begin_freeze(here.ctx, reply_id, sender)
    attach(here, reply_id, "two")

    assert intent.begin_send(here.ctx, job, sender, intent.freeze(here.ctx, here.network, job)) is None
    here.send()
    assert shown(here) == [["one", "two"]]


def test_a_network_that_works_on_a_picture_is_waited_for_without_a_word(here, ticket):
    reply_id = submit(here, ticket, "one")
    here.network.fails("upload", Later(None, PROCESSING_CAUSE, "still at it"))
    before = here.told()
    here.send()

    assert here.state(reply_id) == DeliveryState.QUEUED
    assert here.told() == before
    here.clock.pass_by(5)
    here.send()
    assert here.state(reply_id) == DeliveryState.PUBLISHED


def test_a_copy_has_its_own_words_and_the_original_keeps_its_own(here, ticket):
    with here.ctx.db.write() as session:
        held = Ticket.lock(session, ticket)
        first, second = (
            held.draft(
                session, text="hi", by=ANA, at=here.clock(), key=uuid.uuid4().hex, source="composer"
            ).id
            for _ in range(2)
        )
    attach(here, first, "one", "two")
    with here.ctx.db.write() as session:
        _one, two = ReplyPicture.of(session, first)
        ReplyPicture.copy(session, first, second, at=here.clock(), only={two.id}, alts={two.id: "zwei"})

    assert [(one.alt_text, one.position) for one in rows(here, second)] == [("zwei", 0)]
    assert [one.alt_text for one in rows(here, first)] == ["one", "two"]
    assert pictures_mark(rows(here, first)) != pictures_mark(rows(here, second))
    assert pictures_mark([]) == ""


def test_bytes_are_dropped_some_days_after_the_outcome_and_words_stay(here, ticket):
    sent = submit(here, ticket, "one")
    here.send()
    with here.ctx.db.write() as session:
        held = Ticket.lock(session, ticket)
        draft = held.draft(
            session, text="hi", by=BEN, at=here.clock(), key=uuid.uuid4().hex, source="composer"
        ).id
    attach(here, draft, "later")

    def kept(reply_id):
        with here.ctx.db.read() as session:
            found = select(ReplyPicture.data).where(ReplyPicture.reply_id == reply_id)
            return [data is not None for data in session.scalars(found)]

    here.clock.pass_by(days=2)
    cleanup.delete_expired(here.ctx)
    assert (kept(sent), kept(draft)) == ([True], [True])
    here.clock.pass_by(days=2)
    cleanup.delete_expired(here.ctx)
    assert (kept(sent), kept(draft)) == ([False], [True])
    here.clock.pass_by(days=31)
    cleanup.delete_expired(here.ctx)
    assert (kept(sent), kept(draft)) == ([False], [False])
    assert [one.alt_text for one in rows(here, draft)] == ["later"]
