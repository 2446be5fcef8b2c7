"""Days, weeks and months: the complete calendar of a window, and the period that a time lies in."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from vestige.activity.calendar import LONGEST_CALENDAR, complete_calendar, month_date

if TYPE_CHECKING:
    import ibis.expr.types as ir

_UNITS: Final = {"day": "D", "week": "W", "month": "M"}
_DAYS_OF_LONGEST: Final = LONGEST_CALENDAR * 366 // 12


class Period(StrEnum):
    """How time is cut. A week begins on Monday; its name is that day."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    @property
    def adjective(self) -> str:
        """As in a heading."""
        return {"day": "daily", "week": "weekly", "month": "monthly"}[self.value]


def period_of(time: "ir.TimestampValue", period: Period) -> "ir.DateValue":
    """First day of the period that a time lies in; null for null."""
    return time.truncate(_UNITS[period.value]).date()


def period_start(day: date, period: Period) -> date:
    """First day of the period that a day lies in."""
    if period is Period.MONTH:
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if period is Period.WEEK else day


def calendar_of(
    windows: Sequence[tuple[datetime | None, datetime | None]], seen: Iterable[date], period: Period
) -> tuple[date, ...]:
    """First day of every period from the first to the last moment of the windows, whether or not anything happened.

    Where no window is known, the calendar runs over the periods in which something happened.

    Returns:
        Empty when nothing is dated, or when the calendar would be longer than a century.
    """
    known = [moment.date() for window in windows for moment in window if moment is not None]
    days = known if len(known) > 1 else [*known, *seen]
    if not days:
        return ()
    first, last = period_start(min(days), period), max(days)
    if period is Period.MONTH:
        months = complete_calendar((), (first.year * 12 + first.month - 1, last.year * 12 + last.month - 1))
        return tuple(month_date(month) for month in months)
    if (last - first).days > _DAYS_OF_LONGEST:
        return ()
    step = 7 if period is Period.WEEK else 1
    return tuple(first + timedelta(days=place) for place in range(0, (last - first).days + 1, step))
