"""How often X is asked what people and we ourselves are called, over real HTTP."""

import pytest

from bot.networks.x import timelines as network_of_x
from sandbox.x import XServer
from tests.bot.room import Room


def test_a_profile_is_bought_for_what_is_new_and_not_for_what_is_read_again(on_x: Room, x: XServer) -> None:
    x.world.post("maria", "@acmebrew hello")
    on_x.poll()
    for _ in range(5):
        on_x.clock.pass_by(minutes=1)
        on_x.poll()
        on_x.sweep()
    assert x.world.counts["GET /2/users"] == 1
    cost = x.world.cost

    x.world.post("maria", "@acmebrew hello again")
    on_x.poll()

    assert x.world.counts["GET /2/users"] == 2
    assert x.world.cost == pytest.approx(cost + 0.001)  # the mention: the profile was paid for today


def test_a_renamed_brand_is_noticed_within_the_hour_even_if_nobody_names_it(
    on_x: Room, x: XServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_x.poll()
    x.world.change_user("acmebrew", handle="acme_beer")
    on_x.poll()
    assert on_x.network.account().handle == "acmebrew"

    monkeypatch.setattr(network_of_x.time, "monotonic", lambda: 10.0**9)
    on_x.poll()

    assert on_x.network.account().handle == "acme_beer"


@pytest.mark.both_engines
def test_x_is_asked_who_we_are_seldom(on_x: Room, x: XServer) -> None:
    x.world.post("maria", "@acmebrew hello")
    for _ in range(20):
        on_x.poll()
    x.world.change_user("acmebrew", handle="acme_beer")
    x.world.post("maria", "@acme_beer hello")
    for _ in range(20):
        on_x.poll()

    assert x.world.counts["GET /2/users/me"] == 2


def test_a_name_that_x_does_not_tell_just_now_leaves_the_old_one_and_the_readings_go_on(
    on_x: Room, x: XServer
) -> None:
    on_x.poll()
    x.world.change_user("acmebrew", handle="acme_beer")
    x.world.faults.add("GET /2/users/me", "server_error_before")
    x.world.post("maria", "@acme_beer hello")

    assert on_x.poll() is not None

    assert on_x.texts() == ["@acme_beer hello"]
    assert on_x.network.account().handle == "acmebrew"
