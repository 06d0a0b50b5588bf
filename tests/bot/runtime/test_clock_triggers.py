"""What the clock starts comes at the same moments wherever the machine stands."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

ZONES = ("UTC", "America/New_York", "Asia/Kathmandu")  # west with summer time; east by 5 h 45 min
PLANNED = """
import json, sys
from datetime import UTC, datetime, timedelta
from bot.scheduler import Scheduler
from tests.bot.room import Clock, Counting, room

clock = Clock()
with room("sqlite:///" + sys.argv[1], clock, Counting(clock), canary_channel="C0CANARY") as here:
    schedule = Scheduler(here.ctx)
    schedule.plan()
    moments = {}
    for name, trigger in schedule.jobs.items():
        if "sweep" in name:
            at, found = datetime(2026, 3, 7, 12, tzinfo=UTC), []
            while at < datetime(2026, 3, 9, 12, tzinfo=UTC):  # New York's clocks go forward on the 8th
                at = trigger.get_next_fire_time(None, at + timedelta(seconds=1))
                found.append(at.timestamp())
            moments[name] = found
    zones = sorted({str(trigger.timezone) for trigger in schedule.jobs.values()})
print(json.dumps([moments, zones]))
"""


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[dict[str, list[float]], list[str]]]:
    """By the machine's zone: when each sweep comes, and the zones that the triggers name."""
    return {zone: _planned(zone, str(tmp_path_factory.mktemp("ledger") / "heard.db")) for zone in ZONES}


def _planned(zone: str, ledger: str) -> tuple[dict[str, list[float]], list[str]]:
    command = [sys.executable, "-c", PLANNED, ledger]
    done = subprocess.run(
        command, env=os.environ | {"TZ": zone}, capture_output=True, text=True, check=True, timeout=120
    )
    moments, zones = json.loads(done.stdout)
    return moments, zones


def test_the_schedule_is_the_same_in_every_zone(planned) -> None:
    moments = [planned[zone][0] for zone in ZONES]

    assert moments[0] == moments[1] == moments[2]
    assert len(moments[0]["sweep memory"]) == 49


def test_the_sweep_before_the_day_of_x_ends_comes_at_ten_to_midnight_utc(planned) -> None:
    for zone in ZONES:
        last = [datetime.fromtimestamp(one, UTC) for one in planned[zone][0]["last sweep memory"]]
        assert [f"{one:%d %H:%M}" for one in last] == ["07 23:50", "08 23:50", "09 23:50"]
        assert last[1] - last[0] == timedelta(days=1)


def test_every_trigger_names_its_zone(planned) -> None:
    for zone in ZONES:
        assert planned[zone][1] == ["UTC"]
