import json
from pathlib import Path

from bot.cli.doctor import REQUIRED_SCOPES
from bot.slack.web_api.files import FILES_SCOPE
from handlers.commands.router import SUBCOMMANDS

ROOT = Path(__file__).parent.parent
SOCKETS = json.loads((ROOT / "manifest.json").read_text())
HTTP = json.loads((ROOT / "manifest.http.json").read_text())


def test_both_manifests_ask_for_the_same_least_scopes() -> None:
    for manifest in (SOCKETS, HTTP):
        assert manifest["oauth_config"]["scopes"]["bot"] == sorted([*REQUIRED_SCOPES, FILES_SCOPE])


def test_each_scope_has_its_reason_in_the_docs() -> None:
    told = (ROOT / "docs" / "reference" / "scopes.md").read_text()
    for scope in [*REQUIRED_SCOPES, FILES_SCOPE]:
        assert f"`{scope}`" in told


def test_the_http_manifest_differs_only_in_how_slack_reaches_us() -> None:
    """https://docs.slack.dev/reference/app-manifest"""
    http = json.loads(json.dumps(HTTP))
    addresses = [
        http["features"]["slash_commands"][0].pop("url"),
        http["settings"]["event_subscriptions"].pop("request_url"),
        http["settings"]["interactivity"].pop("request_url"),
        http["settings"]["interactivity"].pop("message_menu_options_url"),  # without it a select is empty
    ]
    http["settings"]["socket_mode_enabled"] = True

    assert http == SOCKETS
    assert set(addresses) == {"https://heard.example.com/slack/events"}


def test_each_event_has_its_reason_in_the_docs_and_the_scope_that_it_needs() -> None:
    """https://docs.slack.dev/reference/events"""
    needs = {
        "app_home_opened": set(),
        "app_mention": {"app_mentions:read"},
        "message.channels": {"channels:history"},
        "message.groups": {"groups:history"},
    }
    told = (ROOT / "docs" / "reference" / "scopes.md").read_text().partition("## Events")[2]

    assert set(SOCKETS["settings"]["event_subscriptions"]["bot_events"]) == set(needs)
    for event, scopes in needs.items():
        assert f"`{event}`" in told
        assert scopes <= set(REQUIRED_SCOPES)


def test_the_shortcut_keeps_its_name_and_the_tabs_are_on() -> None:
    (shortcut,) = SOCKETS["features"]["shortcuts"]

    assert (shortcut["name"], shortcut["type"]) == ("Send as public reply", "message")
    assert shortcut["callback_id"] == "send_as_public_reply"
    assert SOCKETS["features"]["app_home"] == {
        "home_tab_enabled": True,
        "messages_tab_enabled": True,  # without it Slack refuses direct messages: messages_tab_disabled
        "messages_tab_read_only_enabled": True,
    }


def test_the_usage_hint_names_commands_that_there_are_and_the_settings() -> None:
    hint = SOCKETS["features"]["slash_commands"][0]["usage_hint"]
    words = [option.split()[0] for option in hint.split(" | ")]

    assert set(words) <= {*SUBCOMMANDS, "help"}
    assert "settings" in words


def test_the_documents_count_the_scopes_right() -> None:
    counted = {12: "twelve", 13: "thirteen"}[len(SOCKETS["oauth_config"]["scopes"]["bot"])]

    assert f"asks for {counted} scopes" in (ROOT / "README.md").read_text()
    assert f"its {counted} scopes" in (ROOT / "docs" / "tutorial" / "first-answer.md").read_text()


def test_what_slack_would_reject_is_not_in_a_manifest() -> None:
    """https://docs.slack.dev/reference/app-manifest"""
    for manifest in (SOCKETS, HTTP):
        assert len(manifest["display_information"]["name"]) <= 35
        assert len(manifest["display_information"]["description"]) <= 140
        command = manifest["features"]["slash_commands"][0]
        assert command["command"] == "/mentions"
        assert command["should_escape"] is True
        assert len(command["description"]) <= 2_000
        assert len(command["usage_hint"]) <= 1_000
        shortcut = manifest["features"]["shortcuts"][0]
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["description"]) <= 150
