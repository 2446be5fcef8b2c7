"""The window's calendar months, and times within them, in whole seconds since the epoch."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from datetime import datetime

Integers = np.ndarray[Any, np.dtype[np.integer[Any]]]
Floats = np.ndarray[Any, np.dtype[np.floating[Any]]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]

UNKNOWN: Final = -1
"""Stands for null in every column of ids, times and enum codes held in memory."""

HOUR: Final = 3600
DAY: Final = 24 * HOUR

_HOUR_WEIGHTS: Final = np.array(
    [7, 5, 4, 3, 2, 2, 2, 3, 4, 5, 6, 7, 7, 8, 8, 8, 9, 10, 11, 12, 13, 13, 12, 10], dtype=np.float64
)
"""Activity by hour of the day: an invented evening peak."""


@dataclass(frozen=True)
class Window:
    """The window: `months` calendar months.

    Attributes:
        bounds: start of each month, and the first second after the window; `months + 1` values.
    """

    bounds: Integers

    @property
    def months(self) -> int:
        """Number of months."""
        return len(self.bounds) - 1

    @property
    def start(self) -> int:
        """First second."""
        return int(self.bounds[0])

    @property
    def end(self) -> int:
        """Last second."""
        return int(self.bounds[-1]) - 1

    def month_of(self, at: Integers) -> Integers:
        """Month number of each time, from 0."""
        return (np.searchsorted(self.bounds, at, side="right") - 1).astype(np.int16)


def make_window(start: "datetime", months: int) -> Window:
    """The window of `months` months from the month of `start`."""
    first = np.datetime64(f"{start.year:04d}-{start.month:02d}", "M")
    return Window((first + np.arange(months + 1)).astype("datetime64[s]").astype(np.int64))


def draw_times_of_month(
    generator: np.random.Generator, window: Window, month: Integers, earliest: Integers
) -> Integers:
    """A time in each given month, by the daily rhythm; in the month of `earliest`, evenly after it.

    Args:
        generator: source of randomness.
        window: the window.
        month: month number of each event.
        earliest: time before which the event cannot be.
    """
    low, high = window.bounds[month], window.bounds[month + 1]
    days = (high - low) // DAY
    at = low + (generator.random(len(month), dtype=np.float32) * days).astype(np.int64) * DAY
    at += draw_seconds_of_day(generator, len(month))
    cut = np.flatnonzero(earliest > low)
    room = high[cut] - earliest[cut]
    at[cut] = earliest[cut] + (generator.random(len(cut)) * room).astype(np.int64)
    return at


def draw_seconds_of_day(generator: np.random.Generator, count: int) -> Integers:
    """Seconds since midnight, by the daily rhythm."""
    table = np.repeat(np.arange(24, dtype=np.int32), _HOUR_WEIGHTS.astype(np.int64))
    hour = table[generator.integers(len(table), size=count, dtype=np.uint16)]
    return hour * np.int32(HOUR) + generator.integers(HOUR, size=count, dtype=np.int32)
