"""A member of the workspace, person or bot."""

from dataclasses import dataclass
from typing import Any


@dataclass
class User:
    """A member: `name` is the handle, `real_name` what people read."""

    id: str
    real_name: str
    name: str
    team_id: str
    is_bot: bool = False
    deleted: bool = False
    tz: str = "Europe/Lisbon"
    bot_id: str | None = None

    def json(self) -> dict[str, Any]:
        """Return the user object of https://docs.slack.dev/reference/objects/user-object."""
        return {
            "id": self.id,
            "team_id": self.team_id,
            "name": self.name,
            "real_name": self.real_name,
            "deleted": self.deleted,
            "tz": self.tz,
            "tz_label": self.tz,
            "tz_offset": 0,
            "profile": self._profile(),
            "is_admin": False,
            "is_owner": False,
            "is_restricted": False,
            "is_ultra_restricted": False,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "updated": 0,
        }

    def _profile(self) -> dict[str, Any]:
        profile = {
            "real_name": self.real_name,
            "real_name_normalized": self.real_name,
            "display_name": self.name,
            "display_name_normalized": self.name,
            "team": self.team_id,
        }
        return profile | ({"bot_id": self.bot_id} if self.bot_id else {})
