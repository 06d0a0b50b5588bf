"""Where a person finds each setting that Heard cannot do without, and what to press there."""

from collections.abc import Mapping

_APPS = "https://api.slack.com/apps"

# https://docs.slack.dev/app-management/quickstart-app-settings
_PLACES: Mapping[str, str] = {
    "SLACK_BOT_TOKEN": (
        f"On {_APPS} press Create New App and From a manifest, and paste manifest.json (or open the app that "
        "you have). Under OAuth & Permissions press Install to Workspace, and copy the Bot User OAuth Token "
        "(xoxb-…)"
    ),
    "SLACK_CHANNEL": (
        "In Slack, press the name of the channel and copy the id at the end of About (C…). Then type "
        "/invite @Heard in that channel"
    ),
    "SLACK_APP_TOKEN": (
        f"On {_APPS} open the app; under Basic Information, App-Level Tokens, press Generate Token and "
        "Scopes, add connections:write, and copy the token (xapp-…)"
    ),
    "SLACK_SIGNING_SECRET": (
        f"On {_APPS} open the app; under Basic Information, App Credentials, press Show beside Signing Secret"
    ),
}


def place_of(name: str) -> str | None:
    """Return where the setting `name` is found, sentences without the last full stop; None: anywhere."""
    return _PLACES.get(name)


def with_place(complaint: str) -> str:
    """Return what is wrong with a setting, such as "SLACK_CHANNEL is missing", and where to find it."""
    place = place_of(complaint.partition(" ")[0])
    return complaint if place is None else f"{complaint}. {place}"
