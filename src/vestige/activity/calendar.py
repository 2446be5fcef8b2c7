"""Months as numbers, year * 12 + month - 1, and the complete calendar of a window."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final

LONGEST_CALENDAR: Final = 1_200
"""Months; a window of more than a hundred years is a mistake in the source's times."""


def month_number(moment: datetime) -> int:
    """Number of the month that a time lies in."""
    return moment.year * 12 + moment.month - 1


def month_date(number: int) -> date:
    """First day of a month."""
    return date(number // 12, number % 12 + 1, 1)


def complete_calendar(windows: Sequence[tuple[datetime | None, datetime | None]], seen: Iterable[int]) -> range:
    """Every month from the first to the last of the windows, and of the months in which something happened.

    Returns:
        Month numbers; empty when nothing is dated, or when the calendar would be absurdly long.
    """
    numbers = [month_number(moment) for window in windows for moment in window if moment is not None]
    numbers += seen
    if not numbers or max(numbers) - min(numbers) >= LONGEST_CALENDAR:
        return range(0)
    return range(min(numbers), max(numbers) + 1)


def starts_month(moment: datetime) -> bool:
    """Whether a window that starts here covers its first month whole (to the day)."""
    return moment.day == 1


def ends_month(moment: datetime) -> bool:
    """Whether a window that ends here covers its last month whole (to the day)."""
    return (moment + timedelta(days=1)).day == 1
