"""The environment, read once: each variable has its effect, each mistake one line, no secret shows."""

import re
import traceback
from decimal import Decimal
from pathlib import Path

import pytest

from bot import settings
from models.core.office_hours import ALWAYS_OPEN, OfficeHours

NEEDED = {"SLACK_BOT_TOKEN": "xoxb-s3cret-1", "SLACK_CHANNEL": "C0MENTIONS"}
ALL = [name.upper() for name in settings.Settings.model_fields]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch):
    """Load the settings from the needed variables and those given."""

    def load(**given: str) -> settings.Settings:
        for name in ALL:
            monkeypatch.delenv(name, raising=False)
        for name, value in (NEEDED | given).items():
            monkeypatch.setenv(name, value)
        return settings.load()

    return load


def complaint(load, **given: str) -> str:
    with pytest.raises(settings.SettingsError) as raised:
        load(**given)
    line = str(raised.value)
    assert "\n" not in line
    return line


def test_what_is_not_set_is_as_the_readme_says(load) -> None:
    known = load()

    assert known.url == "sqlite:///heard.db"
    assert (known.slack_signing_secret, known.slack_app_token) == (None, None)
    assert known.slack_api_url == "https://slack.com/api/"
    assert (known.slack_posts_per_second, known.slack_updates_per_minute) == (1, 50)
    assert known.senders is None
    assert known.admins is None
    assert (known.poll_seconds, known.undo_seconds) == (60, 10)
    assert known.reconcile_seconds == (5, 15, 45, 120, 300, 600)
    assert (known.claim_minutes, known.office) == (15, ALWAYS_OPEN)
    assert known.spike_per_minute == 20
    assert (known.first_reply_minutes, known.port, known.log_level) == (30, 3000, "INFO")


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("DATABASE_URL", "postgres://u:p@h/db", "postgres://u:p@h/db"),
        ("SLACK_CHANNEL", "C1", "C1"),
        ("SLACK_API_URL", "http://127.0.0.1:9/api", "http://127.0.0.1:9/api/"),
        ("SLACK_API_URL", "https://slack.example/api//", "https://slack.example/api/"),
        ("SLACK_POSTS_PER_SECOND", "0.5", 0.5),
        ("SLACK_UPDATES_PER_MINUTE", "20", 20),
        ("MONTHLY_CAP_USD", " 49.50 ", Decimal("49.5")),
        ("SENDERS", "U0ANA", ("U0ANA",)),
        ("ADMINS", " U0ANA,W2,U0ANA", ("U0ANA", "W2")),
        ("SENDERS", " S1, U0ANA,W2 ,S1", ("S1", "U0ANA", "W2")),
        ("POLL_SECONDS", "1", 1),
        ("UNDO_SECONDS", "0", 0),
        ("RECONCILE_SECONDS", "1, 2,3.5", (1, 2, 3.5)),
        ("RECONCILE_SECONDS", "1", (1,)),
        ("FIRST_REPLY_MINUTES", "45", 45),
        ("SPIKE_PER_MINUTE", "0", 0),
        ("CLAIM_MINUTES", "0.5", 0.5),
        ("CLAIM_MINUTES", "1440", 1440),
        ("OFFICE_HOURS", "Mon-Fri 9:00-17:00", "Mon-Fri 9:00-17:00"),
        ("TIME_ZONE", "Asia/Kolkata", "Asia/Kolkata"),
        ("HOLIDAYS", "2026-12-24..2027-01-01", "2026-12-24..2027-01-01"),
        ("BACKUP", "U0CLEO", "U0CLEO"),
        ("BACKUP", "S0LEADS", "S0LEADS"),
        ("DIGEST_AT", "7:30", "7:30"),
        ("DIGEST_AT", "off", "off"),
        ("DIGEST_DAY", "Friday", "Friday"),
        ("PORT", "8080", 8080),
        ("LOG_LEVEL", "debug", "DEBUG"),
    ],
)
def test_each_variable_is_read(load, name: str, value: str, read: object) -> None:
    known = load(**{name: value})

    assert (known.url if name == "DATABASE_URL" else getattr(known, name.lower())) == read


@pytest.mark.parametrize(
    "name", ["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_APP_TOKEN", "DATABASE_URL"]
)
def test_a_secret_may_end_in_a_newline(load, name: str) -> None:
    known = load(**{name: "sqlite:///a.db\n" if name == "DATABASE_URL" else " s3cret\n"})

    assert getattr(known, name.lower()).get_secret_value() in {"sqlite:///a.db", "s3cret"}


@pytest.mark.parametrize("name", [name for name in ALL if name not in NEEDED])
@pytest.mark.parametrize("blank", ["", "  ", "\n"])
def test_blank_means_not_set(load, name: str, blank: str) -> None:
    assert load(**{name: blank}) == load()


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("blank", ["", " \t"])
def test_what_is_needed_is_missing_if_blank(load, name: str, blank: str) -> None:
    assert complaint(load, **{name: blank}) == f"{name} is missing"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "mysql://h/db"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "postgresql://u:s3cret@h:port/db"),
        ("DATABASE_URL", "postgresql://u:half@of:s3cret@h/db"),
        ("SLACK_API_URL", "slack.com/api"),
        ("SLACK_API_URL", "file:///etc/passwd"),
        ("SLACK_POSTS_PER_SECOND", "0"),
        ("SLACK_POSTS_PER_SECOND", "inf"),
        ("SLACK_UPDATES_PER_MINUTE", "many"),
        ("SLACK_UPDATES_PER_MINUTE", "-1"),
        ("SENDERS", "@ana"),
        ("ADMINS", "@ana"),
        ("ADMINS", "S1"),
        ("ADMINS", "U0ANA,"),
        ("SENDERS", "C0MENTIONS"),
        ("SENDERS", "U0ANA;S1"),
        ("SENDERS", "U0ANA,"),
        ("SENDERS", "u0ana"),
        ("POLL_SECONDS", "0.5"),
        ("POLL_SECONDS", "nan"),
        ("POLL_SECONDS", "inf"),
        ("POLL_SECONDS", "1e12"),
        ("UNDO_SECONDS", "-1"),
        ("UNDO_SECONDS", "inf"),
        ("RECONCILE_SECONDS", "5,x"),
        ("RECONCILE_SECONDS", "5,,6"),
        ("RECONCILE_SECONDS", "15,5"),
        ("RECONCILE_SECONDS", "0,5"),
        ("RECONCILE_SECONDS", "5,nan"),
        ("RECONCILE_SECONDS", "5,inf"),
        ("FIRST_REPLY_MINUTES", "0"),
        ("CLAIM_MINUTES", "0"),
        ("CLAIM_MINUTES", "1441"),
        ("OFFICE_HOURS", "nine to five"),
        ("TIME_ZONE", "Middle/Earth"),
        ("HOLIDAYS", "Christmas"),
        ("BACKUP", "@ana"),
        ("BACKUP", "U0ANA,U0BEN"),
        ("DIGEST_AT", "25:00"),
        ("DIGEST_AT", "nine"),
        ("DIGEST_DAY", "someday"),
        ("MONTHLY_CAP_USD", "0"),
        ("MONTHLY_CAP_USD", "-5"),
        ("MONTHLY_CAP_USD", "fifty"),
        ("MONTHLY_CAP_USD", "NaN"),
        ("MONTHLY_CAP_USD", "Infinity"),
        ("MONTHLY_CAP_USD", "1e30"),
        ("PORT", "70000"),
        ("PORT", "http"),
        ("PORT", "3000.5"),
        ("LOG_LEVEL", "LOUD"),
        ("SLACK_CHANNEL", "#mentions"),
        ("SLACK_CHANNEL", "mentions"),
        ("CANARY_CHANNEL", "#mentions"),
        ("SLACK_BOT_TOKEN", "xapp-s3cret-1"),
        ("SLACK_APP_TOKEN", "xoxb-s3cret-1"),
        ("STREAMS", "maybe"),
        ("SIGN_OFFS", "perhaps"),
        ("NEAR_COPY_PERCENT", "101"),
        ("MONTHLY_CAP_USD", "1.23456789"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line_without_its_value(load, name: str, value: str) -> None:
    line = complaint(load, **{name: value})

    assert line.startswith(f"{name} is wrong: ")
    assert "s3cret" not in line
    assert not re.search(r"[Ii]nput|[Vv]alue error|should be|Decimal|valid", line), "a sentence of pydantic's"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "http", "use a whole number"),
        ("PORT", "70000", "use at most 65,535"),
        ("POLL_SECONDS", "0.5", "use at least 1"),
        ("FIRST_REPLY_MINUTES", "0", "use a number greater than 0"),
        ("STREAMS", "maybe", "use on or off"),
        ("SIGN_OFFS", "perhaps", "use true or false"),
        ("MONTHLY_CAP_USD", "1.23456789", "use at most 6 decimals"),
        (
            "SLACK_CHANNEL",
            "#mentions",
            "use the channel's id (C…), not its name: "  # noqa: ISC004
            "in Slack, open the channel's details and copy the id at the end",
        ),
        (
            "SLACK_BOT_TOKEN",
            "xapp-1",
            "that is the app-level token, for SLACK_APP_TOKEN; use the bot's token (xoxb-…)",
        ),
        (
            "SLACK_APP_TOKEN",
            "xoxb-1",
            "that is the bot's token, for SLACK_BOT_TOKEN; use the app-level token (xapp-…)",
        ),
    ],
)
def test_a_wrong_setting_is_explained(load, name: str, value: str, sentence: str) -> None:
    assert complaint(load, **{name: value}) == f"{name} is wrong: {sentence}"


def test_a_mistyped_name_in_the_env_file_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert settings.find_mistyped_names() == []
    Path(".env").write_text(
        "POLL_SECOND=30\nX_ACESS_TOKEN=s3cret\npoll_seconds=60\nUNDO_SECONDS=5\nAWS_REGION=eu\n"
    )

    assert settings.find_mistyped_names() == [
        "POLL_SECOND in .env is not one of Heard's settings: did you mean POLL_SECONDS?",
        "X_ACESS_TOKEN in .env is not one of Heard's settings: did you mean X_ACCESS_TOKEN?",
    ]


def test_the_start_says_which_settings_and_ledger_it_uses(
    load, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    there = tmp_path.resolve()

    assert settings.describe_source(load()) == (
        f"settings from the environment; ledger: SQLite file {there / 'heard.db'}"
    )
    Path(".env").touch()
    on_server = load(DATABASE_URL="postgres://u:s3cret@db.example:5433/brand?sslpassword=s3cret")
    assert settings.describe_source(on_server) == (
        f"settings from {there / '.env'} and the environment; "
        "ledger: PostgreSQL database brand at db.example:5433"
    )


def test_hours_zone_and_holidays_make_one_calendar(load) -> None:
    given = {"OFFICE_HOURS": "Mon-Fri 9:00-17:00", "TIME_ZONE": "Asia/Kolkata", "HOLIDAYS": "2026-12-24"}
    known = load(**given)

    assert known.office == OfficeHours.parse(*given.values())
    assert known.office is known.office


def test_a_wrong_zone_is_not_blamed_on_the_hours(load) -> None:
    line = complaint(load, OFFICE_HOURS="Mon-Fri 9:00-17:00", TIME_ZONE="Europe", HOLIDAYS="2026-12-24")

    assert line == "TIME_ZONE is wrong: use an IANA time zone, such as Europe/Berlin"


def test_all_that_is_wrong_is_said_at_once(load) -> None:
    line = complaint(load, SLACK_BOT_TOKEN="", PORT="x")

    assert "SLACK_BOT_TOKEN is missing; " in line
    assert "PORT is wrong" in line


def test_no_secret_shows_in_any_form_of_the_settings(load) -> None:
    known = load(
        DATABASE_URL="postgresql://u:s3cret-2@h/db",
        SLACK_SIGNING_SECRET="s3cret-3",
        SLACK_APP_TOKEN="xapp-s3cret-4",
    )

    for form in (repr(known), str(known), str(known.model_dump()), known.model_dump_json()):
        assert "s3cret" not in form


def test_no_secret_shows_in_the_traceback_of_a_mistake(load) -> None:
    wrong = {"DATABASE_URL": "postgresql://u:half@of:s3cret@h/db", "SLACK_SIGNING_SECRET": "s3cret-3"}
    try:
        load(**wrong, PORT="x")
    except settings.SettingsError:
        assert "s3cret" not in traceback.format_exc()
