"""What every network promises of pictures, whichever it is."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.networks.errors import Later, NetworkError, Refused, Unsure, WrongAccount
from bot.networks.pictures import Picture, UploadedPicture
from tests.bot.networks.stages import STAGES, target
from tests.bot.pictures import painting

PNG = painting.encode(painting.paint(colour=(1, 90, 200)), "PNG")
JPEG = painting.encode(painting.paint(width=90, height=30), "JPEG")


@pytest.fixture(params=STAGES)
def stage(request):
    with STAGES[request.param]() as made:
        made.network.account()
        yield made


def picture(data=PNG, alt="A blue kettle", **more):
    size = {"width": 64, "height": 48} if data is PNG else {"width": 90, "height": 30}
    kind = "image/png" if data is PNG else "image/jpeg"
    return Picture(data, kind, **size, alt=alt, **more)


def heard(stage):
    stage.says("maria", "@acmebrew is the kettle back?")
    (post,) = [
        post for page in stage.network.mentions(stage.start, account_id=stage.us) for post in page.posts
    ]
    return post


def send(stage, post, *pictures, text="It is: look!"):
    sent = [
        UploadedPicture(stage.network.upload(one, account_id=stage.us), one.alt, one.width, one.height)
        for one in pictures
    ]
    to, at = target(post), datetime.now(UTC)
    frozen = stage.network.freeze(text, to, "k" * 32, at=at, account_id=stage.us, pictures=sent)
    return stage.network.publish(text, to, "k" * 32, account_id=stage.us, frozen=frozen)


def test_it_says_what_it_takes(stage):
    limits = stage.network.picture_limits

    assert limits.max_count >= 1
    assert {"image/png", "image/jpeg"} <= limits.content_types
    assert limits.max_bytes <= 4_000_000
    assert limits.alt_max_length >= 1000
    assert limits.lifetime >= timedelta(minutes=2)


def test_a_picture_goes_out_as_it_is_and_with_its_description(stage):
    post = heard(stage)

    send(stage, post, picture())

    assert stage.pictures_under(post.id) == [(PNG, "A blue kettle")]
    assert [stage.said_in(one) for one in stage.replies_to(post.id)] == ["It is: look!"]


def test_pictures_keep_their_order_and_one_may_say_nothing(stage):
    post = heard(stage)

    send(stage, post, picture(JPEG, ""), picture(alt="Zweites Bild: größer ✓"), picture(JPEG, "three"))

    assert stage.pictures_under(post.id) == [(JPEG, ""), (PNG, "Zweites Bild: größer ✓"), (JPEG, "three")]


def test_an_upload_makes_nothing_public_and_may_be_repeated(stage):
    post = heard(stage)
    stage.network.upload(picture(), account_id=stage.us)

    assert stage.said_by("acmebrew") == []
    send(stage, post, picture())
    assert len(stage.pictures_under(post.id)) == 1


def test_a_reply_with_pictures_is_found_again(stage):
    post = heard(stage)
    made = send(stage, post, picture())

    found = stage.network.find_reply(target(post), "It is: look!", post.posted_at, account_id=stage.us)

    assert found is not None
    assert found.post_id == made.post_id


@pytest.mark.parametrize("kind", ["unreachable", "rate limit", "lost before", "lost after"])
def test_an_upload_that_fails_shows_nothing_and_works_the_next_time(stage, kind):
    post = heard(stage)
    stage.trouble(kind, writing=True)

    with pytest.raises((Later, Unsure)) as caught:
        stage.network.upload(picture(), account_id=stage.us)

    assert not isinstance(caught.value, Refused)
    assert stage.said_by("acmebrew") == []
    if kind == "unreachable":
        return
    if hasattr(stage, "world"):
        stage.world.faults.clear()
    else:
        stage.network.heals()
    send(stage, post, picture())
    assert stage.pictures_under(post.id) == [(PNG, "A blue kettle")]


def test_nothing_is_uploaded_as_another_account(stage):
    with pytest.raises(WrongAccount):
        stage.network.upload(picture(), account_id="u-somebody-else")


def test_what_is_no_picture_is_refused(stage):
    if not hasattr(stage, "world"):
        pytest.skip("the network in memory looks into no file")
    post = heard(stage)

    with pytest.raises(NetworkError) as caught:
        send(stage, post, Picture(b"%PDF-1.7", "application/pdf", 1, 1, "no"))

    assert isinstance(caught.value, Refused)
    assert stage.said_by("acmebrew") == []
