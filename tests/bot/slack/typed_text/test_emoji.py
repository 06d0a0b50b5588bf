"""Slack's emoji names, held against npm emoji-datasource 16.0.0 (see sandbox/slack/text/make_emoji.py)."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.slack.typed_text import emoji, read_slack_text

ROWS = [
    line.split("\t")
    for line in (Path(__file__).parents[4] / "sandbox/slack/text/emoji.tsv")
    .read_text(encoding="utf-8")
    .splitlines()
]
TABLE = {name: (points, toned) for names, points, *toned in ROWS for name in names.split()}


def characters(points: str) -> str:
    return "".join(chr(int(point, 16)) for point in points.split("-"))


def test_each_of_slacks_names_is_its_very_emoji() -> None:
    wrong = [
        name for name, (points, _) in TABLE.items() if read_slack_text(f":{name}:").text != characters(points)
    ]

    assert wrong == []
    assert len(TABLE) == 1_972


def test_each_skin_tone_is_its_very_emoji_however_two_of_them_are_spelled() -> None:
    wrong, seen = [], 0
    for name, (_, toned) in TABLE.items():
        for tones, points in (one.split() for one in toned):
            seen += 1
            spelled = {
                f"::skin-tone-{tones}:",
                "".join(f"::skin-tone-{tone}" for tone in tones.split("-")) + ":",
            }
            wrong += [
                (name, form)
                for form in spelled
                if read_slack_text(f":{name}{form}").text != characters(points)
            ]

    assert wrong == []
    assert seen == 2_020


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("egg", "🥚"),  # a pan in other tables
        ("email", "✉️"),
        ("umbrella", "☂️"),
        ("ok_woman", "🙆"),
        ("flag-de", "🇩🇪"),
        ("de", "🇩🇪"),
        ("flag-scotland", "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"),
        ("fingerprint", "\U0001fac6"),  # Emoji 16
        ("thumbsup", "👍"),
        ("male-farmer", "👨‍🌾"),
    ],
)
def test_names_that_other_tables_get_wrong(name: str, sign: str) -> None:
    assert emoji.characters(name) == sign


def test_a_tone_that_an_emoji_does_not_take_stands_behind_it() -> None:
    assert read_slack_text(":tada::skin-tone-3:").text == "🎉🏼"


def test_the_table_is_not_read_before_somebody_types_an_emoji() -> None:
    code = (
        "import handlers; from bot.slack.typed_text import emoji, read_slack_text; read_slack_text('10:30 :)');"
        "print(emoji._load_table.cache_info().currsize)"
    )

    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "0\n"
    )
