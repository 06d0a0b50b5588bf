"""Who may speak in public, asked of the local Slack over real HTTP: each row of the rules, and what is kept."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.cli.doctor import REQUIRED_SCOPES
from bot.context import BotContext
from bot.slack.client import ChannelInfo, SlackClient
from bot.slack.errors import SlackRefusedError
from bot.slack.sender_permissions import (
    APP_REFUSAL,
    DEACTIVATED_REFUSAL,
    FIX_HINT,
    FOREIGN_REFUSAL,
    GUEST_REFUSAL,
    SHARED_CHANNEL_REFUSAL,
    UNKNOWN_REFUSAL,
    PermissionUnknownError,
    SenderPermissions,
)
from sandbox.slack import SlackServer
from sandbox.slack.workspace.app import SlackApp
from sandbox.slack.workspace.world import SlackWorld
from tests.bot.room import ANA, BEN, CHANNEL, Clock, Counting, calls, room, together

GUS, SUE, PIA, EVA = "U0GUS", "U0SUE", "U0PIA", "U0EVA"
PARTNERS = "C0PARTNERS"
ASKED = ("users.info", "conversations.info", "usergroups.users.list")

Ask = Callable[..., str | None]


@pytest.fixture
def cast(slack: SlackServer) -> SlackServer:
    """Two teammates, two guests, a partner of another organisation in a channel of their own, two groups."""
    world = slack.world
    world.scopes = set(REQUIRED_SCOPES)
    world.paid_plan = True
    world.usergroups |= {"S1": [ANA, GUS], "S2": [EVA]}
    world.add_guest(GUS, "Gus Guest", "gus", {CHANNEL})
    world.add_guest(SUE, "Sue Single", "sue", {CHANNEL}, is_single=True)
    world.add_channel(PARTNERS, "partners", private=True, members={ANA, BEN, "U0HEARD"})
    world.add_outsider(PIA, "Pia Partner", "pia", "T0PARTNER", {PARTNERS})
    return slack


@pytest.fixture
def may(tmp_path: Path, clock: Clock, network: Counting, cast: SlackServer) -> Iterator[Ask]:
    """Ask about somebody, with these SENDERS; what is known stays known from one question to the next."""
    with room(f"sqlite:///{tmp_path / 'unused.db'}", clock, network, slack=cast) as made:
        yield _asking(made.ctx)


def _asking(ctx: BotContext) -> Ask:

    def why_not(user: str, *senders: str, channel: str = CHANNEL, known: bool = False) -> str | None:
        ask = ctx.sender_permissions.why_not_if_known if known else ctx.sender_permissions.why_not
        return ask(ctx, user, channel, senders or None)

    return why_not


def asked(slack: SlackServer) -> list[int]:
    return [calls(slack, method) for method in ASKED]


# --- the rules ----------------------------------------------------------------------------------------------


def test_without_senders_every_teammate_may(may: Ask) -> None:
    assert may(ANA) is None
    assert may(BEN) is None


@pytest.mark.parametrize(
    ("who", "refusal"), [(GUS, GUEST_REFUSAL), (SUE, GUEST_REFUSAL), (PIA, FOREIGN_REFUSAL)]
)
def test_guests_and_people_from_elsewhere_may_only_if_they_are_named_themselves(may, who, refusal) -> None:
    assert may(who) == refusal
    assert may(who, ANA, "S1") == refusal  # Gus is in that group, which does not name him
    assert may(who, who) is None


def test_somebody_who_shares_no_channel_with_us_is_a_stranger(may: Ask, cast: SlackServer) -> None:
    cast.world.add_outsider("U0XI", "Xi", "xi", "T0XI", set())

    assert cast.world.user("U0XI").json()["is_stranger"] is True
    assert may("U0XI") == FOREIGN_REFUSAL


def test_whoever_slack_tells_nothing_of_counts_as_a_teammate_unless_others_are_named(may: Ask) -> None:
    """They pressed something, in a channel that nobody else's people can see: else it would be shared."""
    assert may("U0NOBODY") is None
    assert may("U0NOBODY", ANA) is not None


@pytest.mark.parametrize(
    ("mark", "refusal"),
    [
        ("is_restricted", GUEST_REFUSAL),
        ("is_ultra_restricted", GUEST_REFUSAL),
        ("is_stranger", FOREIGN_REFUSAL),
    ],
)
def test_each_mark_alone_is_enough(may: Ask, cast: SlackServer, mark: str, refusal: str) -> None:
    setattr(cast.world.user(BEN), mark, True)

    assert may(BEN) == refusal


def test_where_somebody_is_named_nobody_else_may(may: Ask) -> None:
    assert may(ANA, ANA) is None
    assert may(BEN, ANA) == f"Only <@{ANA}> may send public replies."
    assert may(BEN, ANA, EVA) == f"Only <@{ANA}> and <@{EVA}> may send public replies."


def test_of_many_names_some_are_said(may: Ask) -> None:
    many = [f"U{number}" for number in range(9)]

    assert may(BEN, *many) == "Only <@U0>, <@U1>, <@U2>, <@U3>, <@U4> and 4 more may send public replies."


def test_whoever_is_in_one_of_the_groups_may(may: Ask) -> None:
    assert may(ANA, "S2", "S1") is None
    assert may(BEN, "S1") == "Only people in <!subteam^S1> may send public replies."
    assert may(BEN, "S1", EVA, "S2") == (
        f"Only <@{EVA}>, people in <!subteam^S1> and people in <!subteam^S2> may send public replies."
    )
    assert may(BEN, "S1", BEN) is None


def test_a_refusal_reads_well_where_slack_shows_no_names(may: Ask) -> None:
    from handlers.feedback import to_plain_text

    assert (
        to_plain_text(may(BEN, "S1") or "") == "Only people in a group of teammates may send public replies."
    )


@pytest.mark.parametrize("who", [ANA, GUS, PIA])
def test_nobody_may_in_a_channel_that_is_shared_with_another_organisation(may: Ask, who: str) -> None:
    assert may(who, channel=PARTNERS) == SHARED_CHANNEL_REFUSAL
    assert may(who, who, channel=PARTNERS) == SHARED_CHANNEL_REFUSAL


def test_nobody_may_once_another_organisation_is_invited(may: Ask, cast: SlackServer) -> None:
    cast.world.channel(CHANNEL).is_pending_ext_shared = True

    assert may(ANA) == SHARED_CHANNEL_REFUSAL


def test_a_deactivated_account_and_an_app_may_not_even_if_they_are_named(may: Ask, cast: SlackServer) -> None:
    cast.world.user(BEN).deleted = True

    assert (may(BEN), may(BEN, BEN)) == (DEACTIVATED_REFUSAL, DEACTIVATED_REFUSAL)
    assert (may("U0HEARD"), may("U0HEARD", "U0HEARD")) == (APP_REFUSAL, APP_REFUSAL)


def test_a_channel_that_is_gone_leaves_the_person_to_be_asked_about(may: Ask) -> None:
    assert may(ANA, channel="C0GONE") is None
    assert may(GUS, channel="C0GONE") == GUEST_REFUSAL


@pytest.mark.parametrize(
    ("team", "enterprise", "is_foreign"),
    [
        ("T0ACME", "E0ORG", False),
        ("T0OTHER", "E0ORG", False),
        ("T0OTHER", "E0ELSE", True),
        ("T0OTHER", "", True),
    ],
)
def test_in_enterprise_grid_a_colleague_may_be_at_home_in_another_workspace(
    team: str, enterprise: str, *, is_foreign: bool
) -> None:
    with SlackServer(world=SlackWorld(SlackApp(enterprise_id="E0ORG"))) as server:
        user = server.world.user(ANA)
        user.team_id, user.enterprise_id = team, enterprise

        assert SlackClient("xoxb-test", server.url).profile(ANA).is_foreign is is_foreign


def test_what_slack_says_is_read(cast: SlackServer) -> None:
    slack = SlackClient("xoxb-test", cast.url)
    ana = slack.profile(ANA)

    assert (ana.name, ana.real_name, ana.tz) == ("ana", "Ana Lima", "Europe/Lisbon")
    assert slack.channel(CHANNEL) == ChannelInfo(is_shared=False, is_archived=False)
    assert slack.group("S1") == {ANA, GUS}
    with pytest.raises(SlackRefusedError) as raised:
        slack.group("S404")
    assert raised.value.error == "no_such_subteam"


# --- what cannot be read ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "why"),
    [
        ("paid_teams_only", "user groups need a paid Slack plan"),
        ("plan_upgrade_required", "user groups need a paid Slack plan"),
        ("missing_scope", "Heard doesn't have usergroups:read"),
        ("no_such_subteam", "that group doesn't exist"),
    ],
)
def test_if_a_group_cannot_be_read_only_the_named_may_and_the_reason_is_said(may, cast, error, why) -> None:
    cast.world.faults.error("usergroups.users.list", error, times=None)

    assert may(BEN, "S1", BEN) is None
    assert may(ANA, "S1", BEN) == (
        f"Slack doesn't say who is in <!subteam^S1> ({why}), so only <@{BEN}> may send public replies. {FIX_HINT}"
    )
    assert may(ANA, "S1") == (
        f"Slack doesn't say who is in <!subteam^S1> ({why}), so nobody may send public replies. {FIX_HINT}"
    )


def test_a_group_that_can_be_read_counts_beside_one_that_cannot(may: Ask) -> None:
    assert may(ANA, "S404", "S1") is None
    assert may(BEN, "S404", "S1") == (
        "Slack doesn't say who is in <!subteam^S404> (that group doesn't exist), so only people in "
        f"<!subteam^S1> may send public replies. {FIX_HINT}"
    )


@pytest.mark.parametrize("scope", ["users:read", "channels:read"])
def test_without_a_scope_nobody_is_taken_for_a_teammate(may: Ask, cast: SlackServer, scope: str) -> None:
    cast.world.scopes.discard(scope)

    refusal = may(ANA)

    assert refusal is not None
    assert f"Heard doesn't have {scope}" in refusal
    assert refusal.endswith(FIX_HINT)


def test_a_server_that_knows_neither_guests_nor_sharing_has_neither(may: Ask, cast: SlackServer) -> None:
    cast.world.faults.error("users.info", "unknown_method", times=None)
    cast.world.faults.error("conversations.info", "unknown_method", times=None)

    assert may(ANA) is None


# --- what is kept -------------------------------------------------------------------------------------------


def test_slack_is_asked_once_in_five_minutes(may: Ask, cast: SlackServer, clock: Clock) -> None:
    may(ANA, "S1")
    clock.pass_by(minutes=4, seconds=59)
    may(ANA, "S1")
    assert asked(cast) == [1, 1, 1]

    clock.pass_by(seconds=1)
    may(ANA, "S1")
    assert asked(cast) == [2, 2, 2]


def test_a_definite_no_is_kept_as_long(may: Ask, cast: SlackServer, clock: Clock) -> None:
    cast.world.paid_plan = False
    assert "paid Slack plan" in (may(ANA, "S1") or "")
    cast.world.paid_plan = True
    may(ANA, "S1")
    assert asked(cast)[2] == 1

    clock.pass_by(minutes=5)
    assert may(ANA, "S1") is None


def test_who_leaves_the_group_may_no_more_after_five_minutes(may, cast, clock) -> None:
    assert may(ANA, "S1") is None
    cast.world.usergroups["S1"].remove(ANA)
    clock.pass_by(minutes=5)

    assert may(ANA, "S1") == "Only people in <!subteam^S1> may send public replies."


def test_while_slack_is_away_what_was_known_holds_for_an_hour(may, cast, clock) -> None:
    assert (may(ANA), may(GUS)) == (None, GUEST_REFUSAL)
    cast.world.faults.down()
    clock.pass_by(minutes=59)
    assert (may(ANA), may(GUS)) == (None, GUEST_REFUSAL)

    clock.pass_by(minutes=1)
    with pytest.raises(PermissionUnknownError, match=UNKNOWN_REFUSAL):
        may(ANA)


def test_while_slack_is_away_it_is_not_asked_again_at_each_press(may, cast, clock) -> None:
    may(ANA, "S1")
    cast.world.faults.down()
    clock.pass_by(minutes=6)
    before = sum(asked(cast))
    for _ in range(4):
        assert may(ANA, "S1") is None
    assert sum(asked(cast)) == before + 1

    cast.world.faults.up()
    clock.pass_by(seconds=6)
    may(ANA, "S1")
    assert sum(asked(cast)) == before + 4


def test_slack_is_left_alone_for_as_long_as_it_asks(may: Ask, cast: SlackServer, clock: Clock) -> None:
    may(ANA)
    cast.world.faults.rate_limited("conversations.info", retry_after=40)
    clock.pass_by(minutes=6)
    may(ANA)
    clock.pass_by(seconds=39)
    may(ANA)
    assert asked(cast)[:2] == [1, 2]

    clock.pass_by(seconds=1)
    may(ANA)
    assert asked(cast)[:2] == [2, 3]


@pytest.mark.parametrize("fault", ["down", "http_500", "lost_after"])
def test_if_slack_cannot_be_asked_and_nothing_is_known_nobody_guesses(may, cast, fault) -> None:
    getattr(cast.world.faults, fault)(times=None)

    with pytest.raises(PermissionUnknownError, match=UNKNOWN_REFUSAL):
        may(ANA)


def test_a_token_that_slack_refuses_says_nothing_of_the_person(may, cast, clock) -> None:
    may(ANA)
    cast.world.faults.error("users.info", "token_revoked", times=None)
    clock.pass_by(minutes=6)

    assert may(ANA) is None


def test_a_glance_from_memory_asks_nobody(may: Ask, cast: SlackServer, clock: Clock) -> None:
    assert may(GUS, known=True) is None
    assert asked(cast) == [0, 0, 0]

    may(GUS)
    clock.pass_by(minutes=30)
    assert may(GUS, known=True) == GUEST_REFUSAL
    assert asked(cast) == [1, 1, 0]


def test_many_may_ask_at_once(may: Ask, clock: Clock) -> None:
    for _ in range(3):
        assert together(*[lambda: may(ANA, "S1")] * 8, *[lambda: may(GUS)] * 8) == [None] * 16
        clock.pass_by(minutes=6)


def test_each_desk_begins_without_knowing_anything() -> None:
    assert SenderPermissions()._kept == {}
