"""What the doctor says of a set-up: healthy, and with one thing wrong at a time."""

import dataclasses
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from bot.__main__ import main
from bot.cli import doctor
from bot.cli.findings import Finding, Level, print_findings
from bot.networks.errors import Later
from bot.runtime.signed_in_accounts import SignedInAccounts
from bot.slack.client import SlackClient
from models import Pause
from models.slack import channel_settings
from models.slack.channel_settings import OwnSettings
from sandbox.slack import SlackServer
from tests.bot.room import ANA, CHANNEL, Clock, Counting, Room, room
from tests.bot.test_metrics import figures


@pytest.fixture
def healthy(database_url: str, clock: Clock, network: Counting, slack: SlackServer) -> Iterator[Room]:
    clock.now = datetime.now(UTC)
    with room(database_url, clock, network, slack=slack, slack_signing_secret="s3cret") as made:
        made.poll()
        yield made


def findings(patient: Room, **changes: object) -> list[Finding]:
    settings = patient.ctx.settings.model_copy(update=changes)
    return list(doctor.examine(dataclasses.replace(patient.ctx, settings=settings)))


def wrong(found: list[Finding]) -> list[str]:
    return [finding.line() for finding in found if finding.level in {Level.WARNING, Level.BAD}]


def test_of_a_healthy_set_up_nothing_is_wrong(healthy: Room) -> None:
    said: list[str] = []

    code = print_findings(doctor.examine(healthy.ctx), said.append)

    assert code == 0, said
    subjects = [line.split(":")[0].split()[-1] for line in said]
    assert {"database", "SLACK_BOT_TOKEN", "scopes", "clock", "SLACK_CHANNEL", "events"} <= set(subjects)
    assert any("signed in as @acmebrew" in line for line in said)
    assert any("was last read 0 s ago" in line for line in said)


def test_settings_of_networks_are_named_and_one_that_is_not_set_up_is_only_a_note(
    healthy: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    (line,) = [one.line() for one in findings(healthy) if one.subject == "X"]
    assert line.startswith("note  X: is not set up. To listen there, set X_API_KEY, X_API_SECRET,")

    monkeypatch.setenv("X_CLIENT_ID", "heard-client")
    (line,) = [one.line() for one in findings(healthy) if one.subject == "X"]
    assert line == "ok    X: is set up by X_CLIENT_ID."


def test_all_that_is_missing_is_named_at_once_with_where_it_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in [*os.environ]:
        if name.startswith(("SLACK_", "X_", "MASTODON_", "BLUESKY_", "DATABASE_URL")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("X_API_KEY", "aaaaaaaa")
    monkeypatch.setenv("BLUESKY_URL", "nowhere")
    monkeypatch.chdir(tmp_path)

    answer = CliRunner().invoke(main, ["doctor"])

    assert answer.exit_code == 2
    lines = answer.output.splitlines()
    for name, page in (
        ("SLACK_BOT_TOKEN", "https://api.slack.com/apps"),
        ("SLACK_CHANNEL", "copy the id"),
        ("SLACK_APP_TOKEN", "press Generate Token and Scopes"),
    ):
        (line,) = [line for line in lines if line.startswith(f"BAD   settings: {name} is missing. ")]
        assert page in line
    assert any("note  Mastodon: is not set up." in line and "New application" in line for line in lines)
    assert any("BAD   X: X_API_SECRET and" in line and "https://console.x.com" in line for line in lines)
    assert "BAD   Bluesky: BLUESKY_URL is wrong: it must be an address like https://bsky.social." in lines
    assert ".." not in answer.output


def test_a_network_that_is_half_set_up_does_not_hide_the_rest(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_CHANNEL": "C1",
        "SLACK_API_URL": "http://127.0.0.1:9/api/",
        "X_API_KEY": "aaaaaaaa",
    }.items():
        monkeypatch.setenv(name, value)

    answer = CliRunner().invoke(main, ["doctor"])

    assert answer.exit_code == 2
    assert "BAD   Slack: does not respond: " in answer.output
    assert "BAD   X: X_API_SECRET and " in answer.output


def test_an_account_whose_keys_are_refused_by_now_is_not_called_signed_in(
    healthy: Room, network: Counting
) -> None:
    network.fails("check_account", Later(None, "unauthorized", "The keys are refused."))

    found = [one.line() for one in findings(healthy)]

    assert any(line.startswith("BAD   ") and "The keys are refused." in line for line in found)
    assert not any("signed in as @acmebrew" in line for line in found)


def test_where_there_is_no_network_to_listen_to_that_is_a_warning(healthy: Room) -> None:
    found = list(doctor.examine(dataclasses.replace(healthy.ctx, networks=SignedInAccounts.fixed())))

    assert wrong(found) == ["warn  networks: none is connected, so no mentions come in."]


def test_a_token_that_slack_refuses_is_named(healthy: Room) -> None:
    ctx = dataclasses.replace(
        healthy.ctx, slack=SlackClient("xoxb-wrong", healthy.ctx.settings.slack_api_url)
    )

    found = list(doctor.examine(ctx))

    assert "SLACK_BOT_TOKEN: Slack refuses it (invalid_auth)" in "\n".join(wrong(found))
    assert "xoxb-wrong" not in str(found)


def test_a_missing_scope_is_named_with_what_to_do(healthy: Room, slack: SlackServer) -> None:
    slack.world.scopes.discard("groups:history")

    (line,) = wrong(findings(healthy))

    assert line == (
        "BAD   scopes: groups:history missing. Add them under OAuth & Permissions, then reinstall the app."
    )


def test_a_channel_without_the_bot_is_told_with_the_invitation(healthy: Room, slack: SlackServer) -> None:
    slack.world.remove(CHANNEL, "U0HEARD")

    (line,) = wrong(findings(healthy))

    assert "not_in_channel" in line
    assert "/invite @Heard" in line


def test_a_channel_that_is_not_there_is_named(healthy: Room) -> None:
    (line,) = wrong(findings(healthy, slack_channel="C0NOWHERE"))

    assert "SLACK_CHANNEL: C0NOWHERE cannot be used (channel_not_found)" in line


def test_a_channel_that_another_organisation_shares_is_told_as_one_to_leave(
    healthy: Room, slack: SlackServer
) -> None:
    slack.world.connect(CHANNEL, "T0PARTNER")

    (line,) = wrong(findings(healthy))

    assert line.startswith(f"BAD   SLACK_CHANNEL: {CHANNEL} is shared with another organisation.")
    assert "No one can send from it" in line


def test_who_may_send_is_told(healthy: Room, slack: SlackServer) -> None:
    slack.world.paid_plan, slack.world.usergroups["S1"] = True, ["U0ANA"]

    for senders, said in ((None, "every member may send"), (("U0BEN", "S1"), "only U0BEN, S1 may send.")):
        found = findings(healthy, senders=senders)
        assert wrong(found) == []
        assert any(said in finding.sentence for finding in found if finding.subject == "SENDERS")


@pytest.mark.parametrize(
    ("error", "why", "mend"),
    [
        ("paid_teams_only", "need a paid Slack plan", "Name people by their own ids"),
        ("plan_upgrade_required", "need a paid Slack plan", "Name people by their own ids"),
        ("missing_scope", "doesn't have usergroups:read", "then reinstall the app"),
        ("no_such_subteam", "that group doesn't exist", "Correct its id"),
    ],
)
def test_a_group_that_cannot_be_read_is_named_with_what_to_do(healthy, slack, error, why, mend) -> None:
    slack.world.faults.error("usergroups.users.list", error, times=None)

    for senders, who in ((("S1",), "nobody may send"), (("U0BEN", "S1"), "only the others named there")):
        first, second = wrong(findings(healthy, senders=senders))
        assert first.startswith("BAD   SENDERS: the user group S1 cannot be read: ")
        assert why in first
        assert mend in first
        assert second.startswith(f"warn  SENDERS: {who}")


def test_a_group_that_could_not_be_asked_for_is_not_called_wrong(healthy: Room, slack: SlackServer) -> None:
    slack.world.faults.http_500("usergroups.users.list", times=None)

    (line,) = wrong(findings(healthy, senders=("S1",)))

    assert line.startswith("warn  SENDERS: the user group S1 could not be checked")


def test_an_app_token_that_slack_refuses_is_named(healthy: Room) -> None:
    (line,) = wrong(findings(healthy, slack_app_token=SecretStr("xapp-wrong")))

    assert line.startswith("BAD   SLACK_APP_TOKEN: Slack refuses it")


def test_without_any_way_in_for_events_the_doctor_says_which_settings_make_one(healthy: Room) -> None:
    (line,) = wrong(findings(healthy, slack_signing_secret=None))

    assert "SLACK_APP_TOKEN: is missing" in line
    assert "SLACK_APP_TOKEN" in line


def test_a_clock_that_goes_wrong_is_told(healthy: Room, clock: Clock) -> None:
    clock.pass_by(minutes=-4)

    assert any(line.startswith("BAD   clock: differs from Slack's by") for line in wrong(findings(healthy)))


def test_slack_that_does_not_answer_is_not_taken_for_a_wrong_token(healthy: Room, slack: SlackServer) -> None:
    slack.world.faults.down()

    said = "\n".join(wrong(findings(healthy)))

    assert "Slack: does not respond" in said
    assert "refuses" not in said


def test_a_network_without_credit_is_told_with_what_to_do(healthy: Room, network: Counting) -> None:
    def spent() -> None:
        raise Later(None, "out of credit", "X says that there is no credit left.")

    network.account = spent  # type: ignore[method-assign, assignment]

    assert "Buy credit on its developer page." in "\n".join(wrong(findings(healthy)))


def test_a_network_that_was_not_read_for_long_is_told(healthy: Room, clock: Clock) -> None:
    clock.pass_by(hours=2)

    assert "was last read 2 h 00 min ago" in "\n".join(wrong(findings(healthy)))


def test_a_network_that_fails_is_told_since_when_and_why(
    healthy: Room, network: Counting, clock: Clock
) -> None:
    network.fails("mentions", Later(None, "unauthorized", "Unauthorized (HTTP 401)"))
    healthy.poll()
    clock.pass_by(seconds=40)

    said = "\n".join(wrong(findings(healthy)))
    assert "could not be read for 40 s: Unauthorized (HTTP 401). Create new keys on its developer" in said


def test_a_ledger_at_another_schema_is_told(healthy: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.runtime.migrations.latest_revision", lambda: "9999")

    assert "Run: python -m bot migrate" in "\n".join(wrong(findings(healthy)))


def test_the_worst_finding_gives_the_exit_code() -> None:
    fine, note = Finding(Level.OK, "a", "b"), Finding(Level.NOTE, "a", "b")
    warning, bad = Finding(Level.WARNING, "a", "b"), Finding(Level.BAD, "a", "b")

    assert print_findings([fine, note], lambda _: None) == 0
    assert print_findings([fine, warning], lambda _: None) == 1
    assert print_findings([bad, warning], lambda _: None) == 2


def test_skew_is_only_told_past_a_minute(healthy: Room, clock: Clock) -> None:
    clock.pass_by(seconds=30)

    assert not [line for line in wrong(findings(healthy)) if "clock" in line]
    assert timedelta(seconds=30) < doctor.MAX_CLOCK_SKEW


def test_a_pause_that_somebody_may_have_forgotten_is_told(healthy: Room, clock: Clock) -> None:
    with healthy.ctx.db.write() as session:
        Pause.begin(session, by=ANA, at=clock())
    clock.pass_by(hours=2)

    assert any(f"replies: {ANA} paused them 2 h 00 min ago" in line for line in wrong(findings(healthy)))
    assert figures(healthy)["heard_paused_seconds",] == 7200


def test_channels_with_settings_of_their_own_are_counted_and_what_is_wrong_there_is_named(
    healthy: Room, slack: SlackServer
) -> None:
    slack.world.paid_plan = True
    [line] = [one.line() for one in findings(healthy) if one.subject == "channel settings"]
    assert line == "ok    channel settings: no channel has settings of its own."

    with healthy.ctx.db.write() as session:
        for channel, own in (
            ("C0ONE", OwnSettings(spike_per_minute=5)),
            ("C0TWO", OwnSettings(senders=(ANA, "S0GONE"), time_zone="Mars/Olympus")),
        ):
            channel_settings.change(session, channel, own, revision=0, at=healthy.clock(), by=ANA)
    found = findings(healthy)

    [line] = [one.line() for one in found if one.subject == "channel settings"]
    assert line.endswith("2 channels have their own: C0ONE, C0TWO.")
    first, second, third = wrong(found)
    assert first.startswith("BAD   settings of C0TWO: the user group S0GONE cannot be read")
    assert second.startswith("warn  settings of C0TWO: only the others named there may send")
    assert third.startswith("BAD   settings of C0TWO: office hours, time zone or holidays cannot be read")
