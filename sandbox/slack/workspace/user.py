"""Users: members, guests, people of other organisations, bots."""

from dataclasses import dataclass
from typing import Any


@dataclass
class User:
    """A person or bot: `name` is the handle, `real_name` the displayed name."""

    id: str
    real_name: str
    name: str
    team_id: str
    is_bot: bool = False
    deleted: bool = False
    tz: str = "Europe/Lisbon"
    bot_id: str | None = None
    is_restricted: bool = False  # a guest in several channels
    is_ultra_restricted: bool = False  # a guest in a single channel
    is_stranger: bool = False  # of another organisation, without a shared channel
    enterprise_id: str = ""  # of their Enterprise Grid organisation

    def json(self) -> dict[str, Any]:
        """Return the user object of https://docs.slack.dev/reference/objects/user-object."""
        grid = {"id": self.id, "enterprise_id": self.enterprise_id, "teams": [self.team_id]}
        shape = {
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
            "is_restricted": self.is_restricted,
            "is_ultra_restricted": self.is_ultra_restricted,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "updated": 0,
        }
        stranger = {"is_stranger": True} if self.is_stranger else {}
        return shape | stranger | ({"enterprise_user": grid} if self.enterprise_id else {})

    def _profile(self) -> dict[str, Any]:
        profile = {
            "real_name": self.real_name,
            "real_name_normalized": self.real_name,
            "display_name": self.name,
            "display_name_normalized": self.name,
            "team": self.team_id,
        }
        return profile | ({"bot_id": self.bot_id} if self.bot_id else {})
