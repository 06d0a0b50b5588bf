"""Settings from environment variables, validated at the start, then frozen."""

import base64
import os
import re
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from dotenv import dotenv_values, load_dotenv
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from bot import setting_errors
from bot.networks import registry
from bot.networks.registry import NetworkSettings
from models.core.database import normal_url
from models.core.office_hours import OfficeHours
from models.policies.channel_policy import PolicyDefaults, parse_office_hours
from models.policies.digest_times import parse_digest_day, parse_digest_time
from models.sources.cost import MICROS_PER_USD

DEFAULT_DATABASE_URL = "sqlite:///heard.db"  # in the folder where Heard is started
ENV_FILE = Path(".env")  # in the same folder
_CODE_FOLDER = Path(__file__).parent.parent
_DAY_SECONDS = 86_400.0
_KEY_BYTES = 32
_KEYS_HINT = "use Fernet keys, newest first, separated by commas"
_SECONDS_HINT = "use increasing numbers of seconds, such as 5,15,45,120,300,600"
_SENDERS_HINT = "use ids of Slack users (U…, W…) and user groups (S…), separated by commas"
_ADMINS_HINT = "use ids of Slack users (U…, W…), separated by commas"
_CHANNEL_HINT = (
    "use the channel's id (C…), not its name: in Slack, open the channel's details and copy the id at the end"
)


class _OtherToken(NamedTuple):
    """How a token begins that belongs elsewhere, and what to say about it."""

    prefix: str
    hint: str


# https://docs.slack.dev/authentication/tokens
_OTHER_TOKENS = {
    "slack_bot_token": _OtherToken(
        "xapp-", "that is the app-level token, for SLACK_APP_TOKEN; use the bot's token (xoxb-…)"
    ),
    "slack_app_token": _OtherToken(
        "xoxb-", "that is the bot's token, for SLACK_BOT_TOKEN; use the app-level token (xapp-…)"
    ),
}


class SettingsError(Exception):
    """A setting is missing or wrong. The message is the one line that the start ends with."""


class Settings(BaseSettings):
    """Every setting that is not a network's own. Credentials never show in a repr."""

    model_config = SettingsConfigDict(
        frozen=True,
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
        allow_inf_nan=False,
        str_strip_whitespace=True,  # secrets come from files, and files end in a newline
    )

    database_url: SecretStr = SecretStr(DEFAULT_DATABASE_URL)
    encryption_keys: Annotated[tuple[SecretStr, ...] | None, NoDecode] = None
    slack_bot_token: SecretStr
    slack_signing_secret: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_channel: str
    slack_api_url: str = "https://slack.com/api/"
    slack_posts_per_second: float = Field(default=1.0, ge=0.001)  # a channel
    slack_updates_per_minute: float = Field(default=50.0, ge=0.01)  # the workspace
    senders: Annotated[tuple[str, ...] | None, NoDecode] = None  # users and user groups; None is everybody
    admins: Annotated[tuple[str, ...] | None, NoDecode] = None  # who may change tracks; None is every member
    poll_seconds: float = Field(default=60.0, ge=1, le=_DAY_SECONDS)
    streams: Literal["on", "off"] = "on"  # whether live streams are held, where networks have them
    undo_seconds: float = Field(default=10.0, ge=0, le=_DAY_SECONDS)
    reconcile_seconds: Annotated[tuple[float, ...], NoDecode] = (5, 15, 45, 120, 300, 600)
    first_reply_minutes: float = Field(default=30, gt=0, le=_DAY_SECONDS)
    sign_offs: bool = True  # whether replies are signed, by those who chose how
    near_copy_percent: int = Field(default=85, ge=0, le=100)  # how alike replies must be for a word; 0: never
    spike_per_minute: int = Field(default=20, ge=0, le=10_000)  # mentions a channel shows one by one; 0: all
    backup: str | None = None  # a user or user group that hears of claims that nobody followed up
    claim_minutes: float = Field(default=15, gt=0, le=_DAY_SECONDS / 60)
    monthly_cap_usd: Decimal | None = Field(default=None, gt=0, le=1_000_000, decimal_places=6)
    office_hours: str | None = None  # round the clock
    time_zone: str = "UTC"
    holidays: str | None = None
    digest_at: str = "09:00"  # in TIME_ZONE; off: never
    digest_day: str = "Mon"  # the day of the weekly one; off: none
    canary_channel: str | None = None  # where a test mention is shown every five minutes
    heartbeat_url: SecretStr | None = None  # called every minute while nothing is past its time
    port: int = Field(default=3000, ge=0, le=65535)
    log_level: str = "INFO"

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Take what is only blanks for not set: an empty signing secret would let anybody in."""
        return {name: value for name, value in values.items() if str(value).strip()}

    @field_validator("reconcile_seconds", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:  # noqa: ANN401 - whatever pydantic was given
        """Read `5,15,45`: seconds after the send, each later than the one before."""
        if not isinstance(value, str):
            return value
        try:
            return tuple(float(part) for part in value.split(","))
        except ValueError:
            raise ValueError(_SECONDS_HINT) from None

    @field_validator("reconcile_seconds")
    @classmethod
    def _rising(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not value or not all(soon < late <= _DAY_SECONDS for soon, late in pairwise((0, *value))):
            raise ValueError(_SECONDS_HINT)
        return value

    @field_validator("encryption_keys", mode="before")
    @classmethod
    def _keys(cls, value: Any) -> Any:  # noqa: ANN401 - whatever pydantic was given
        """Read `newest,older`: each 32 bytes in URL-safe base64, as `Fernet.generate_key` makes them."""
        if not isinstance(value, str):
            return value
        keys = [key.strip() for key in value.split(",")]
        if not all(_is_key(key) for key in keys):
            raise ValueError(_KEYS_HINT)
        return tuple(map(SecretStr, keys))

    @field_validator("senders", "admins", mode="before")
    @classmethod
    def _ids(cls, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - whatever pydantic was given
        """Read `U1,S2`, and name each once; an admin is a person."""
        if not isinstance(value, str):
            return value
        ids = tuple(dict.fromkeys(one.strip() for one in value.split(",")))
        kinds, hint = ("UW", _ADMINS_HINT) if info.field_name == "admins" else ("UWS", _SENDERS_HINT)
        if not all(re.fullmatch(r"[A-Z][A-Z0-9]+", one) and one[0] in kinds for one in ids):
            raise ValueError(hint)
        return ids

    @field_validator("slack_bot_token", "slack_app_token")
    @classmethod
    def _in_its_place(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        """Notice two tokens that changed places. No other shape is checked: Slack has changed them before."""
        other = _OTHER_TOKENS[info.field_name or ""]
        if value is not None and value.get_secret_value().startswith(other.prefix):
            raise ValueError(other.hint)
        return value

    @field_validator("slack_channel", "canary_channel")
    @classmethod
    def _channel_id(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[CG][A-Z0-9]+", value):
            raise ValueError(_CHANNEL_HINT)
        return value

    @field_validator("digest_at")
    @classmethod
    def _time_of_day(cls, value: str) -> str:
        parse_digest_time(value)
        return value

    @field_validator("digest_day")
    @classmethod
    def _day_of_the_week(cls, value: str) -> str:
        parse_digest_day(value)
        return value

    @field_validator("backup")
    @classmethod
    def _one_id(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[UWS][A-Z0-9]+", value):
            raise ValueError("use the id of a Slack user (U…, W…) or user group (S…)")
        return value

    @field_validator("office_hours", "time_zone", "holidays")
    @classmethod
    def _readable(cls, value: str | None, info: ValidationInfo) -> str | None:
        """Read each alone, so that the wrong one is named: those that can be read alone fit together."""
        alone = {"office_hours": "", "time_zone": "UTC", "holidays": ""} | {info.field_name: value or ""}
        OfficeHours.parse(alone["office_hours"], alone["time_zone"], alone["holidays"])
        return value

    @field_validator("log_level")
    @classmethod
    def _known(cls, value: str) -> str:
        levels = ("DEBUG", "INFO", "WARNING", "ERROR")
        if value.upper() not in levels:
            raise ValueError(f"use one of {', '.join(levels)}")
        return value.upper()

    @field_validator("database_url")
    @classmethod
    def _openable(cls, value: SecretStr) -> SecretStr:
        try:
            url = make_url(normal_url(value.get_secret_value()))
        except (ArgumentError, ValueError):  # the latter holds parts of the URL, a password perhaps
            raise ValueError("use an SQLAlchemy URL, such as sqlite:///heard.db") from None
        if url.get_backend_name() not in {"sqlite", "postgresql"}:
            raise ValueError("use a SQLite or PostgreSQL URL")
        if url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}:
            raise ValueError("use a file, such as sqlite:///heard.db: a database in memory would be lost")
        return value

    @field_validator("slack_api_url")
    @classmethod
    def _address(cls, value: str) -> str:
        if not re.match(r"https?://[^/\s]+", value):
            raise ValueError("use an address, such as https://slack.com/api/")
        return value.rstrip("/") + "/"

    @property
    def url(self) -> str:
        """The ledger's address, password and all."""
        return self.database_url.get_secret_value()

    @property
    def monthly_cap_micros(self) -> int | None:
        """What networks may cost in a month, in millionths of a dollar; None: whatever they cost."""
        return None if self.monthly_cap_usd is None else int(self.monthly_cap_usd * MICROS_PER_USD)

    @cached_property
    def office(self) -> OfficeHours:
        """When somebody is there."""
        return parse_office_hours(self.office_hours or "", self.time_zone, self.holidays or "")

    @cached_property
    def policy_defaults(self) -> PolicyDefaults:
        """What holds in a Slack channel where its team has set nothing else."""
        return PolicyDefaults(
            first_reply_minutes=self.first_reply_minutes,
            office_hours=self.office_hours or "",
            time_zone=self.time_zone,
            holidays=self.holidays or "",
            senders=self.senders,
            digest_at=self.digest_at,
            digest_day=self.digest_day,
            near_copy_percent=self.near_copy_percent,
            spike_per_minute=self.spike_per_minute,
        )


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, altchars=b"-_", validate=True)) == _KEY_BYTES
    except ValueError:
        return False


def load_env_file() -> None:
    """Add the settings of `.env` to the environment, which wins where both name one.

    The file is the one in the folder where Heard is started, as `heard.db` is, so that two brands in two
    folders are two Heards. `load_dotenv()` without a path would search from the folder of the code upwards.
    Editors on Windows put a mark of byte order in front.

    Raises `SettingsError` if the file is there and cannot be read.
    """
    try:
        load_dotenv(ENV_FILE, encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(".env cannot be read: it is not UTF-8") from None
    except OSError as error:
        raise SettingsError(f".env cannot be read: {error.strerror}") from None


def describe_source(known: Settings) -> str:
    """Return in one line which settings and which ledger are used, without secrets."""
    file = f"{ENV_FILE.resolve()} and the environment" if ENV_FILE.exists() else "the environment"
    url = make_url(normal_url(known.url))
    if url.get_backend_name() == "sqlite":
        ledger = f"SQLite file {Path(url.database or '').resolve()}"
    else:
        where = ":".join(str(part) for part in (url.host, url.port) if part)
        ledger = f"PostgreSQL database {url.database or ''}{f' at {where}' if where else ''}"
    return f"settings from {file}; ledger: {ledger}"


def find_mistyped_names() -> list[str]:
    """Return a sentence for each name in `.env` that is no setting of Heard's but nearly is one."""
    if not ENV_FILE.exists():
        return []
    ours = {name.upper() for name in Settings.model_fields}
    ours |= {name for one in registry.registered().values() for name in one.settings.env_names().values()}
    near = setting_errors.find_near_misses(dotenv_values(ENV_FILE, encoding="utf-8-sig").keys(), ours)
    return [
        f"{name} in .env is not one of Heard's settings: did you mean {meant}?"
        for name, meant in near.items()
    ]


def database_url() -> str:
    """The database's URL, for commands that need no other setting, such as `migrate`."""
    return normal_url((os.environ.get("DATABASE_URL") or "").strip() or DEFAULT_DATABASE_URL)


def load() -> Settings:
    """Read the environment. Raises `SettingsError`, which says in one line what is wrong with it."""
    try:
        return Settings()
    except ValidationError as error:
        missing = any(detail["type"] == "missing" for detail in error.errors())
        raise SettingsError(
            setting_errors.summarize_error(error) + (_warn_env_file_elsewhere() if missing else "")
        ) from None


def load_networks() -> dict[str, NetworkSettings]:
    """Read the settings of every registered network, by its name.

    Raises `SettingsError`, which says in one line what is wrong.
    """
    found, problems = read_networks()
    if problems:
        raise SettingsError("; ".join(problems.values()))
    return found


def read_networks() -> tuple[dict[str, NetworkSettings], dict[str, str]]:
    """Read the same as far as it can be read, and say what is wrong with the rest, both by network."""
    found, problems = dict[str, NetworkSettings](), dict[str, str]()
    for name, one in registry.registered().items():
        try:
            found[name] = one.settings()
        except ValidationError as error:
            prefix = one.settings.model_config.get("env_prefix", "")
            problems[name] = setting_errors.summarize_error(error, prefix)
    return found, problems


def _warn_env_file_elsewhere() -> str:
    """Tell somebody whose `.env` lies beside the code, and is not read, where it is looked for."""
    if ENV_FILE.exists() or not (_CODE_FOLDER / ENV_FILE).exists():
        return ""
    return f" (.env is read in the folder where Heard is started, and there is none in {Path.cwd()})"
