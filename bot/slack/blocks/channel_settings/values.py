"""What the modal of a channel's settings carries, see `bot/slack/blocks/values.py`. Pure."""

from dataclasses import dataclass, field

from bot.slack.blocks.values import ModalValue


@dataclass(frozen=True, slots=True)
class SettingsModalValue(ModalValue):
    """The modal with the settings of the Slack channel `channel`, as they were at `revision`.

    `shown` has a short digest of what each input held when it was shown, by the input's name: it tells what
    the person has typed from what they have left alone.
    """

    key: str
    channel: str
    revision: int
    shown: dict[str, str] = field(default_factory=dict)
