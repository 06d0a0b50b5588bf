"""The installed app and its workspace: the IDs in every payload, the default scopes and events."""

from dataclasses import dataclass

SCOPES = (
    "app_mentions:read channels:history channels:join channels:read chat:write commands files:read "
    "files:write groups:history groups:read im:history im:read im:write mpim:history mpim:read mpim:write "
    "reactions:read reactions:write usergroups:read users:read"
)
SUBSCRIPTIONS = (
    "app_home_opened app_mention channel_archive channel_deleted channel_unarchive member_joined_channel "
    "member_left_channel message reaction_added reaction_removed"
)


@dataclass(frozen=True)
class SlackApp:
    """One installed app and its one workspace."""

    team_id: str = "T0ACME"
    team_name: str = "Acme"
    team_domain: str = "acme"
    team_url: str = "https://acme.slack.test/"
    enterprise_id: str = ""  # of an Enterprise Grid organisation
    app_id: str = "A0HEARD"
    user_id: str = "U0HEARD"
    bot_id: str = "B0HEARD"
    user_name: str = "heard"
    title: str = "Heard"
    # The deprecated verification token: every payload still carries one, but no app should trust it.
    verification_token: str = "deprecated"  # noqa: S105
