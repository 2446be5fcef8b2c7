"""The span of time a dataset observes, found without letting a few bogus clocks stretch it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from vestige.dataset.manifest import TimeResolution
from vestige.errors import SettingsError

SECOND: Final = 1_000_000
UNITS: Final = {
    TimeResolution.SECOND: SECOND,
    TimeResolution.MINUTE: 60 * SECOND,
    TimeResolution.HOUR: 3600 * SECOND,
    TimeResolution.DAY: 86400 * SECOND,
}
"""Microseconds in a unit of each resolution."""

PERIOD: Final = 30 * 86400 * SECOND
"""Times are counted by periods of 30 days, in microseconds."""

SILENCE: Final = 24
"""Periods without any event that set a group of times apart from the rest."""

STRAY_SHARE: Final = 0.01
"""Largest share of all events that such a group may hold and still be taken for bogus clocks."""


@dataclass(frozen=True)
class Window:
    """From the earliest plausible event to the end; microseconds since the epoch, both included.

    Attributes:
        start: earliest plausible event.
        end: latest plausible event, or the end that was chosen.
        latest: latest plausible event; what lies between `end` and here is left out, what lies beyond is no time.
    """

    start: int
    end: int
    latest: int


def plausible_periods(counts: Mapping[int, int]) -> tuple[int, int] | None:
    """First and last period that belong to a forum's life; None without any event.

    Groups of times at either end that a silence of two years sets apart, and that hold at most 1 % of all events
    (or a single event of at least three), come from clocks that were never set, overflowed, or were set by hand.

    Args:
        counts: period number to events in it.
    """
    groups: list[list[int]] = []
    for period in sorted(counts):
        if not groups or period - groups[-1][-1] > SILENCE:
            groups.append([])
        groups[-1].append(period)
    if not groups:
        return None
    total = sum(counts.values())
    most = max(int(STRAY_SHARE * total), int(total >= 3))  # noqa: PLR2004 - one of three can be told apart, one of two cannot
    while len(groups) > 1 and sum(counts[period] for period in groups[0]) <= most:
        groups.pop(0)
    while len(groups) > 1 and sum(counts[period] for period in groups[-1]) <= most:
        groups.pop()
    return groups[0][0], groups[-1][-1]


def chosen_end(start: int, latest: int, last_day: date | None) -> int:
    """The window's end: the last moment of the chosen day, or the latest event.

    Raises:
        SettingsError: the chosen day lies before the first event.
    """
    if last_day is None:
        return latest
    midnight = datetime(last_day.year, last_day.month, last_day.day, tzinfo=UTC) + timedelta(days=1)
    end = (midnight - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) - 1
    if end < start:
        raise SettingsError("the window would end before the first event", hint="choose a later --window-end")
    return end
