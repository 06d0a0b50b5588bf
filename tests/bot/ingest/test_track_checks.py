"""Which networks a track may mean that names none."""

from bot.ingest.track_checks import able_networks
from bot.networks import registry
from bot.networks.mastodon.settings import MastodonSettings
from bot.networks.x.settings import XSettings

X = XSettings(_env_file=None, api_key="a", api_secret="b", access_token="1-c", access_token_secret="d")
MASTODON = MastodonSettings(_env_file=None, url="https://social.example", access_token="token")


def able(**set_up):
    given = {name: one.settings(_env_file=None) for name, one in registry.registered().items()} | set_up
    return able_networks("search", given)


def test_the_only_network_that_is_set_up_is_meant_although_others_need_no_account():
    assert able(x=X) == ["x"]


def test_of_several_the_ones_that_need_no_account_are_among_the_choice():
    assert set(able(x=X, mastodon=MASTODON)) == {"x", "mastodon", "hackernews"}


def test_with_none_set_up_every_network_that_can_be_searched_may_be_meant():
    assert {"x", "mastodon", "bluesky", "hackernews"} <= set(able())
