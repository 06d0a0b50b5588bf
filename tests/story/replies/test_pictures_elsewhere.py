"""The same on Mastodon and Bluesky: what reaches the network is what was shown."""

import io
from collections.abc import Iterator

import pytest
from PIL import Image
from pydantic import SecretStr

from bot.ingest import backfill
from bot.networks.bluesky.client import BlueskyNetwork
from bot.networks.bluesky.settings import BlueskySettings
from bot.networks.http_client import CallLimits
from bot.networks.mastodon.client import MastodonNetwork
from bot.networks.mastodon.settings import MastodonSettings
from bot.networks.x.client import XNetwork
from bot.networks.x.settings import XSettings
from bot.runtime.signed_in_accounts import SignedInAccounts
from bot.slack import private_cards
from models import Track
from sandbox.bluesky import BlueskyServer
from sandbox.mastodon import MastodonServer
from tests.bot.pictures import painting
from tests.stage import worlds
from tests.story.harness import KEYS, Bot, eventually, settings_for, started
from tests.story.replies.test_pictures import alt_fields, with_pictures

LIMITS = CallLimits(connect_seconds=5, call_seconds=20)
HANDLE = "maria@remote.example"
JPEG = painting.jpeg(painting.paint(width=640, height=480), orientation=6)


@pytest.fixture
def on_mastodon(database_url: str) -> Iterator[Bot]:
    with worlds() as (slack, x), MastodonServer() as server:
        world = server.world
        world.add_user(HANDLE, "Maria", indexable=True)
        scopes = frozenset({"read", "write:statuses", "write:media"})
        token = SecretStr(world.grants.grant(world.brand.id, scopes).secret)
        theirs = MastodonSettings(_env_file=None, url=server.url, access_token=token)
        networks = SignedInAccounts.fixed(MastodonNetwork(theirs, LIMITS))
        keys = XSettings(api_url=x.url, **KEYS)
        with started(settings_for(database_url, slack), keys, slack, x, networks=networks) as bot:
            bot.world, bot.network = world, "mastodon"  # type: ignore[attr-defined]
            yield bot
        assert slack.world.troubles == []


@pytest.fixture
def on_bluesky(database_url: str) -> Iterator[Bot]:
    with worlds() as (slack, x), BlueskyServer() as server:
        world = server.world
        world.add_user("maria.test", "Maria")
        password = SecretStr(world.app_password(world.brand.handle))
        theirs = BlueskySettings(
            _env_file=None, url=server.url, handle=world.brand.handle, app_password=password
        )
        networks = SignedInAccounts.fixed(BlueskyNetwork(theirs, LIMITS))
        keys = XSettings(api_url=x.url, **KEYS)
        with started(settings_for(database_url, slack), keys, slack, x, networks=networks) as bot:
            bot.world, bot.network = world, "bluesky"  # type: ignore[attr-defined]
            yield bot
        assert slack.world.troubles == []


def hear(bot: Bot) -> None:
    backfill.poll_and_backfill(bot.ctx, bot.ctx.networks[bot.network])  # type: ignore[attr-defined]


def on_mastodon_shown(bot, post):
    (reply,) = eventually(lambda: bot.world.replies_to(post.id))
    return reply, [(bot.world.media.uploads[one.upload].data, one.alt) for one in reply.media]


@pytest.mark.parametrize("visibility", ["public", "unlisted"])
def test_pictures_are_seen_by_no_more_people_than_the_post_on_mastodon(on_mastodon: Bot, visibility) -> None:
    bot = on_mastodon
    post = bot.world.post(HANDLE, "@acmebrew is the kettle back?", visibility=visibility)
    hear(bot)
    card = bot.card("is the kettle back?")
    modal = with_pictures(bot, bot.compose(card), "It is!", {"a.jpg": JPEG, "b.png": painting.png()})
    first, second = alt_fields(modal)
    modal.write({first: "A kettle", second: ""}).submit()

    reply, ((one, alt), (_other, none)) = on_mastodon_shown(bot, post)
    assert (alt, none) == ("A kettle", None)
    assert reply.visibility == visibility
    assert reply.text == f"@{HANDLE} It is!"
    assert (Image.open(io.BytesIO(one)).size, b"SECRET" in one) == ((480, 640), False)


def test_a_picture_for_a_private_mention_is_seen_by_those_alone_who_may_see_the_post(
    on_mastodon: Bot,
) -> None:
    bot, slack = on_mastodon, on_mastodon.slack
    place = slack.world.add_channel(
        "C0PRIVATE", "private-mentions", private=True, members={bot.ana.id, slack.world.app.user_id}
    )
    hear(bot)
    with bot.ctx.db.write() as session:
        [track] = Track.all(session)
        track.channel = place.id
    private_cards.check_channels(bot.ctx)
    post = bot.world.post(HANDLE, "@acmebrew my number is 555", visibility="direct")
    hear(bot)

    def find_card():
        with slack.world.lock:
            return next(one for one in place.messages if "my number is 555" in str(one.blocks))

    modal = bot.ana.press(eventually(find_card), "Reply").view
    modal = with_pictures(bot, modal, "Here:", {"secret-a.jpg": JPEG})
    modal.write({alt_fields(modal)[0]: "secret words"}).submit()

    reply, ((_data, alt),) = on_mastodon_shown(bot, post)
    assert (reply.visibility, alt) == ("direct", "secret words")
    with slack.world.lock:
        public = [one for one in slack.world.channels.values() if one.id != place.id]
        told = str([(one.text, one.blocks) for channel in public for one in channel.messages])
    assert "secret" not in told


def test_a_gif_that_moves_goes_out_moving_on_mastodon(on_mastodon: Bot) -> None:
    bot = on_mastodon
    post = bot.world.post(HANDLE, "@acmebrew is the kettle back?")
    hear(bot)
    modal = with_pictures(
        bot, bot.compose(bot.card("kettle back?")), "It is!", {"a.gif": painting.gif(frames=4)}
    )
    assert "moving GIF" in modal.text
    modal.submit()

    _reply, ((data, _),) = on_mastodon_shown(bot, post)
    assert Image.open(io.BytesIO(data)).n_frames == 4
    assert b"SECRET" not in data


def test_on_bluesky_the_record_names_the_pictures_with_descriptions_and_sizes(on_bluesky: Bot) -> None:
    bot = on_bluesky
    post = bot.world.post("maria.test", "@acmebrew.test is the kettle back?")
    hear(bot)
    card = bot.card("is the kettle back?")
    modal = with_pictures(bot, bot.compose(card), "It is!", {"a.jpg": JPEG, "b.png": painting.png()})
    first, second = alt_fields(modal)
    modal.write({first: "A kettle", second: "A shop"}).submit()

    (reply,) = eventually(lambda: bot.world.replies_to(post.uri))
    images = reply.value["embed"]["images"]
    assert [one["alt"] for one in images] == ["A kettle", "A shop"]
    assert images[0]["aspectRatio"] == {"width": 480, "height": 640}
    blob = bot.world.blobs.find(reply.did, images[0]["image"]["ref"]["$link"])
    assert Image.open(io.BytesIO(blob.data)).size == (480, 640)
    assert b"SECRET" not in blob.data


def test_on_bluesky_an_upload_that_fails_once_is_repeated_and_the_reply_goes_out_once(
    on_bluesky: Bot,
) -> None:
    bot = on_bluesky
    post = bot.world.post("maria.test", "@acmebrew.test is the kettle back?")
    hear(bot)
    card = bot.card("is the kettle back?")
    modal = with_pictures(bot, bot.compose(card), "It is!", {"a.jpg": JPEG})
    bot.world.faults.add("POST com.atproto.repo.uploadBlob", "server_error_before", times=1)
    modal.submit()

    eventually(lambda: bot.world.replies_to(post.uri))
    (reply,) = bot.world.replies_to(post.uri)
    assert len(reply.value["embed"]["images"]) == 1


@pytest.mark.parametrize("scope", ["write:media", "read"])
def test_a_picture_follows_to_the_other_network_if_that_takes_it(database_url: str, scope: str) -> None:
    with worlds() as (slack, x), MastodonServer() as server:
        world = server.world
        world.add_user(HANDLE, "Maria", indexable=True)
        token = world.grants.grant(world.brand.id, frozenset({"read", "write:statuses", scope})).secret
        theirs = MastodonSettings(_env_file=None, url=server.url, access_token=SecretStr(token))
        keys = XSettings(api_url=x.url, **KEYS)
        networks = SignedInAccounts.fixed(XNetwork(keys), MastodonNetwork(theirs, LIMITS))
        with started(settings_for(database_url, slack), keys, slack, x, networks=networks) as bot:
            words = "@acmebrew my kettle leaks since this morning"
            bot.post(words)
            backfill.poll_and_backfill(bot.ctx, bot.ctx.networks["x"])
            post = world.post(HANDLE, words)
            backfill.poll_and_backfill(bot.ctx, bot.ctx.networks["mastodon"])
            card = bot.card("leaks since this morning")
            bot.shows(card, "Posted on X and Mastodon")
            modal = with_pictures(bot, bot.compose(card), "Sorry!", {"kettle.jpg": JPEG})
            modal.write({alt_fields(modal)[0]: "A new one"}).fill({"Where": "Mastodon"})
            eventually(lambda: f"Starts with @{HANDLE}" in modal.text)
            said = "Goes out as JPEG" if scope == "write:media" else "Mastodon takes no pictures from Heard"
            assert said in modal.text
            assert modal.submit().closed

            (reply,) = eventually(lambda: world.replies_to(post.id))
            assert [one.alt for one in reply.media] == (["A new one"] if scope == "write:media" else [])
