"""The demo's story is data, and a mistake in it is named when it is read."""

import shutil
from pathlib import Path

import pytest
from pydantic import ValidationError

import sandbox.page
from sandbox.demo.story import DATA, load_story

PICTURES = Path(sandbox.page.__file__).parent / "static/media"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the story's files, to change."""
    return shutil.copytree(DATA, tmp_path / "data")


def change(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_names_of_the_team_become_slack_ids() -> None:
    first = load_story().two_weeks.mentions[0]

    assert (first.author, first.by, first.ending) == ("nans_garden", "U0ANA", "answered")


def test_the_page_has_each_picture_that_a_customer_posts() -> None:
    told = load_story().two_weeks
    named = [media.url for one in (*told.mentions, *told.fresh) for media in one.media]

    assert named
    for url in named:
        assert (PICTURES / url.rpartition("/")[2].replace(".jpg", ".svg")).is_file()


@pytest.mark.parametrize(
    ("name", "old", "new", "complaint"),
    [
        ("two_weeks.toml", 'by = "ana"', 'by = "anna"', "'anna' is not one of the team: ana, ben, cleo, gus"),
        ("two_weeks.toml", '"nans_garden"', '"nan"', "'nan' is no customer of people.toml"),
        ("two_weeks.toml", "minutes = 6\n", "", "'answered' needs `by` and `minutes`"),
        ("two_weeks.toml", "reply = ", "reason = ", "'answered' needs a `reply`"),
        ("two_weeks.toml", 'reason = "thanks"', "", "'no reply needed' needs a `reason`"),
        ("two_weeks.toml", 'claimed_by = "ben"\n', "", "an `issue` needs the teammate who added it"),
        ("two_weeks.toml", "P1DT25M", "a day", "Input should be a valid timedelta"),
        (
            "two_weeks.toml",
            'issue = "Dark mode flickers white"',
            'issue = "Dark mode flickers"',
            "fixed, but reported by nobody: ['Dark mode flickers white']",
        ),
        ("people.toml", "followers = 1_840", "followers = -1", "greater than or equal to 0"),
        ("people.toml", '"maria_writes"', '"maria writes"', "String should match pattern"),
        ("new_customers.toml", "text = ", "txet = ", "Extra inputs are not permitted"),
        ("suggestions.toml", "hint = ", "hints = ", "Extra inputs are not permitted"),
    ],
)
def test_a_mistake_is_named(folder: Path, name: str, old: str, new: str, complaint: str) -> None:
    change(folder, name, old, new)

    with pytest.raises(ValidationError) as refused:
        load_story(folder)

    assert complaint in str(refused.value)
