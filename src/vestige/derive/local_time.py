"""Times on the wall where a server stood, into UTC: every zone's history, without a guess."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from vestige.derive.contract import Cell, SourceTable, Take
from vestige.errors import SettingsError
from vestige.results import Finding, Severity

if TYPE_CHECKING:
    import pyarrow as pa

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STEP: Final = timedelta(days=1)
_YEARS: Final = (1970, 2100)
_SECOND: Final = 1_000_000


def zone_named(name: str) -> ZoneInfo:
    """A zone of the tz database.

    Raises:
        SettingsError: there is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        failure = SettingsError("there is no such time zone", hint="name it as the tz database does: Europe/Berlin")
    raise failure


class LocalTimes:
    """Turns the LOCAL_MOMENT columns of a source's batches into UTC, and counts what the clock left open.

    Args:
        tables: the source's tables.
        zone: where the server stood; None when that is not known: times then stay as they are.
    """

    def __init__(self, tables: Iterable[SourceTable], zone: ZoneInfo | None) -> None:
        self._columns = {
            table.name: frozenset(column.name for column in table.columns if column.cell is Cell.LOCAL_MOMENT)
            for table in tables
        }
        self._zone = zone
        self._seen = 0
        self._doubtful: Counter[str] = Counter()

    @property
    def has_any(self) -> bool:
        """Whether the source has columns of local times at all."""
        return any(self._columns.values())

    def through(self, take: Take) -> Take:
        """What takes the batches in place of `take`, and hands them on."""

        def taken(table: str, batch: "pa.RecordBatch") -> None:
            take(table, self._in_utc(table, batch))

        return taken if self.has_any else take

    def findings(self) -> Iterator[Finding]:
        """What must be known about these times."""
        if self._seen and self._zone is None:
            text = f"{self._seen:,} times are of the server's own clock and were taken for UTC: give --timezone"
            yield Finding("local-times", Severity.CAUTION, text)
        if self._doubtful["twice"]:
            text = f"{self._doubtful['twice']:,} local times came twice, when clocks went back: the first was taken"
            yield Finding("ambiguous-local-times", Severity.NOTE, text)
        if self._doubtful["never"]:
            text = f"{self._doubtful['never']:,} local times never were, as clocks went forward: read an hour on"
            yield Finding("skipped-local-times", Severity.CAUTION, f"{text}; is --timezone right?")

    def _in_utc(self, table: str, batch: "pa.RecordBatch") -> "pa.RecordBatch":
        import pyarrow as pa

        for name in self._columns.get(table, ()):
            index = batch.schema.get_field_index(name)
            if index < 0:
                continue
            array = batch.column(index)
            self._seen += len(array) - array.null_count
            if self._zone is None:
                continue
            present = array.is_valid().to_numpy(zero_copy_only=False)
            utc, twice, never = in_utc(array.fill_null(0).to_numpy(), self._zone)
            self._doubtful["twice"] += int((twice & present).sum())
            self._doubtful["never"] += int((never & present).sum())
            batch = batch.set_column(index, name, pa.array(utc, pa.int64(), mask=~present))
        return batch


def in_utc(
    local: npt.NDArray[np.int64], zone: ZoneInfo
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Local times in UTC, which of them came twice, and which never were; microseconds since the epoch.

    A time that came twice is the first (fold 0 of PEP 495); one that never was is read with the offset in force before
    the clocks went forward, which puts it as much later. Before 1970 and after 2100 the offset at that end holds.
    """
    changes, offsets = _history(zone)
    if not len(changes):
        nothing = np.zeros(len(local), dtype=np.bool_)
        return local - offsets[0], nothing, nothing
    changed = changes + np.maximum(offsets[:-1], offsets[1:])
    utc = local - offsets[np.searchsorted(changed, local, side="right")]
    return utc, *_doubtful(local, changes, offsets)


def _doubtful(
    local: npt.NDArray[np.int64], changes: npt.NDArray[np.int64], offsets: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    old, new = changes + offsets[:-1], changes + offsets[1:]
    low, high = np.minimum(old, new), np.maximum(old, new)
    at = np.searchsorted(low, local, side="right") - 1
    inside = (at >= 0) & (local < high[at])
    return inside & (new[at] < old[at]), inside & (new[at] > old[at])


@cache
def _history(zone: ZoneInfo) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The moments at which a zone's offset changed, and the offset before, between and after them; microseconds."""
    at, end = (datetime(year, 1, 1, tzinfo=UTC) for year in _YEARS)
    offsets = [_offset(zone, at)]
    changes = []
    while at < end:
        if _offset(zone, at + _STEP) != offsets[-1]:
            low, high = 0, int(_STEP.total_seconds())
            while high - low > 1:
                middle = (low + high) // 2
                unchanged = _offset(zone, at + timedelta(seconds=middle)) == offsets[-1]
                low, high = (middle, high) if unchanged else (low, middle)
            changes.append((at - _EPOCH) // timedelta(microseconds=1) + high * _SECOND)
            offsets.append(_offset(zone, at + _STEP))
        at += _STEP
    return np.array(changes, dtype=np.int64), np.array(offsets, dtype=np.int64)


def _offset(zone: ZoneInfo, moment: datetime) -> int:
    offset = moment.astimezone(zone).utcoffset() or timedelta()
    return offset // timedelta(microseconds=1)
