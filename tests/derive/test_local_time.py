"""Local times against Python's own zones."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestige.derive.contract import Cell, SourceColumn, SourceTable
from vestige.derive.local_time import LocalTimes, in_utc, zone_named
from vestige.errors import SettingsError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo", "America/Sao_Paulo", "UTC")


def _wall(moment: datetime) -> int:
    return (moment.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


@settings(deadline=None)  # the first look at a zone goes through its whole history
@given(st.datetimes(datetime(1971, 1, 1), datetime(2099, 1, 1)), st.sampled_from(ZONES))  # noqa: DTZ001 - on the wall
def test_local_times_are_what_python_says_they_are(moment: datetime, zone: str) -> None:
    known = moment.replace(tzinfo=ZoneInfo(zone), fold=0)
    utc, twice, never = in_utc(np.array([_wall(moment)]), ZoneInfo(zone))
    expected = known.astimezone(UTC)
    assert utc[0] == (expected - EPOCH) // timedelta(microseconds=1)
    back = expected.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert never[0] == (back != moment)
    assert twice[0] == (known.utcoffset() > known.replace(fold=1).utcoffset())


@pytest.mark.parametrize(
    ("wall", "utc", "code"),
    [
        ("2013-10-27 02:30", "2013-10-27 00:30", "ambiguous-local-times"),
        ("2013-03-31 02:30", "2013-03-31 01:30", "skipped-local-times"),
        ("2013-07-01 12:00", "2013-07-01 10:00", None),
    ],
)
def test_the_hours_of_the_change_are_counted(wall: str, utc: str, code: str | None) -> None:
    table = SourceTable("t", (SourceColumn("id"), SourceColumn("at", Cell.LOCAL_MOMENT)))
    times = LocalTimes([table], ZoneInfo("Europe/Berlin"))
    taken = []
    batch = pa.record_batch({"id": [1, 2], "at": pa.array([_wall(datetime.fromisoformat(wall)), None], pa.int64())})
    times.through(lambda _, one: taken.append(one))("t", batch)
    assert taken[0].to_pylist() == [{"id": 1, "at": _wall(datetime.fromisoformat(utc))}, {"id": 2, "at": None}]
    assert [finding.code for finding in times.findings()] == ([code] if code else [])


def test_without_a_zone_local_times_are_taken_for_utc_and_that_is_said() -> None:
    table = SourceTable("t", (SourceColumn("at", Cell.LOCAL_MOMENT),))
    times = LocalTimes([table], None)
    times.through(lambda *_: None)("t", pa.record_batch({"at": [5]}))
    assert [finding.code for finding in times.findings()] == ["local-times"]


def test_zones_are_those_of_the_tz_database() -> None:
    for name in ("Nowhere/Else", "../../etc/passwd", "", "Europe"):
        with pytest.raises(SettingsError, match="no such time zone"):
            zone_named(name)
