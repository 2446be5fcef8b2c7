"""Coded values: exact, banded, bounded on one side, and three ways to be missing, each kept distinct.

A comparison of two values answers yes, no or "the data cannot tell" (None): Kleene's strong three-valued logic
(Kleene 1952, par. 64), so that a band never silently counts as its middle and a missing value never as no.
"""

import math
import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

UNKNOWN_CELLS: Final = frozenset({"?", "unknown"})
NOT_APPLICABLE_CELLS: Final = frozenset({"na", "n/a", "not applicable", "not-applicable"})
_NUMBER: Final = r"(?:\d{1,3}(?:,\d{3}){1,4}|\d{1,15})(?:\.\d{1,15})?"
_BAND: Final = re.compile(rf"({_NUMBER})\s*[-\u2013]\s*({_NUMBER})")
_BOUND: Final = re.compile(rf"(>=|<=|>|<|\u2265|\u2264)\s*({_NUMBER})")
_EXACT: Final = re.compile(_NUMBER)
_DAY: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_SPREADSHEET_DATES: Final = (
    re.compile(r"\d{1,2}[-/. ](?:[A-Za-z]{3,9})\.?(?:[-/. ]\d{2,4})?"),
    re.compile(r"[A-Za-z]{3,9}\.?[-/. ]\d{1,4}"),
    re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}"),
    re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?"),
    re.compile(r"\d{1,2}[/]\d{1,4}"),
)
_DAY_NUMBERS: Final = range(20_000, 60_000)
"""Spreadsheet day numbers of 1954 to 2064: a date column that lost its format shows them."""


class Missing(StrEnum):
    """Why there is no value; the three are never merged."""

    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"
    NOT_CODED = "not-coded"


@dataclass(frozen=True)
class Quantity:
    """A number known exactly, to a band, or to one side.

    Attributes:
        low: smallest possible value (minus infinity when unbounded).
        high: largest possible value (infinity when unbounded).
        low_open: whether `low` itself is excluded (">1,000").
        high_open: whether `high` itself is excluded ("<5").
    """

    low: float
    high: float
    low_open: bool = False
    high_open: bool = False

    @property
    def is_exact(self) -> bool:
        """Whether a single value is meant."""
        return self.low == self.high


@dataclass(frozen=True)
class Day:
    """A date known to the day, the month or the year: from `first` to `last`, both included."""

    first: date
    last: date

    @property
    def is_exact(self) -> bool:
        """Whether the day is known."""
        return self.first == self.last

    def as_quantity(self) -> Quantity:
        """The same span as day numbers, for arithmetic."""
        return Quantity(float(self.first.toordinal()), float(self.last.toordinal()))


Value = Quantity | Day | str | tuple[str, ...] | Missing
"""A coded value; `str` is one code, a tuple several codes in the checklist's order."""


class Mangled(StrEnum):
    """Why a cell could not be read as the kind its column declares; the text never quotes the cell."""

    NOT_A_NUMBER = "not a number, a band (10-20) or a bound (>1000)"
    SPREADSHEET_DATE = "looks like a number or band that a spreadsheet turned into a date"
    AMBIGUOUS_THOUSANDS = "has a mark that can mean thousands or decimals"
    REVERSED_BAND = "is a band whose first number is the larger"
    NEGATIVE = "is negative"
    NOT_WHOLE = "is not a whole number"
    NOT_A_SHARE = "is not a share between 0 and 1"
    NOT_A_DATE = "not a date (YYYY-MM-DD, YYYY-MM or YYYY)"
    SPREADSHEET_FORMAT = "a date in a spreadsheet's own format, whose day and month cannot be told apart"
    DAY_NUMBER = "a spreadsheet's day number instead of a date"


def parse_missing(cell: str) -> Missing | None:
    """The kind of missing value a cell states, or None when it holds a value. An empty cell is not coded."""
    lowered = cell.strip().lower()
    if not lowered:
        return Missing.NOT_CODED
    if lowered in UNKNOWN_CELLS:
        return Missing.UNKNOWN
    return Missing.NOT_APPLICABLE if lowered in NOT_APPLICABLE_CELLS else None


def parse_quantity(cell: str, *, whole: bool, decimal_comma: bool = False) -> Quantity | Mangled:
    """Read "12", "1,000", "10-20", ">1,000", ">=5", "<3".

    Args:
        cell: the cell, not empty and not a missing value.
        whole: whether only whole numbers are allowed (counts).
        decimal_comma: the file separates its cells by semicolons, so that a comma inside a number is a decimal mark
            in some countries and a thousands mark in others; such numbers are refused when whole ones are wanted.
    """
    text = cell.strip()
    if text.startswith("-"):
        return Mangled.NEGATIVE
    if re.search(r"\d[.,]\d{3}(?!\d)" if decimal_comma else r"^\D*\d{1,3}(?:\.\d{3})+$", text) and (
        whole or decimal_comma
    ):
        return Mangled.AMBIGUOUS_THOUSANDS
    quantity = _quantity(re.sub(r"(\d),(\d)", r"\1.\2", text) if decimal_comma else text)
    if quantity is None:
        return Mangled.SPREADSHEET_DATE if _looks_like_a_date(text) else Mangled.NOT_A_NUMBER
    if quantity.low > quantity.high:
        return Mangled.REVERSED_BAND
    fraction = any(math.isfinite(end) and not end.is_integer() for end in (quantity.low, quantity.high))
    return Mangled.NOT_WHOLE if whole and fraction else quantity


def _quantity(text: str) -> Quantity | None:
    if band := _BAND.fullmatch(text):
        return Quantity(_number(band[1]), _number(band[2]))
    if bound := _BOUND.fullmatch(text):
        edge = _number(bound[2])
        if bound[1] in {">", ">=", "\u2265"}:
            return Quantity(edge, math.inf, low_open=bound[1] == ">")
        return Quantity(0.0, edge, high_open=bound[1] == "<")
    return Quantity(_number(text), _number(text)) if _EXACT.fullmatch(text) else None


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def _looks_like_a_date(text: str) -> bool:
    return any(pattern.fullmatch(text) for pattern in _SPREADSHEET_DATES)


def parse_share(cell: str, *, decimal_comma: bool = False) -> Quantity | Mangled:
    """Read a share between 0 and 1, exact, banded or bounded; a bound is closed by the other end of the scale."""
    quantity = parse_quantity(cell, whole=False, decimal_comma=decimal_comma)
    if isinstance(quantity, Mangled):
        return quantity
    high = 1.0 if math.isinf(quantity.high) else quantity.high
    if quantity.low > 1 or high > 1:
        return Mangled.NOT_A_SHARE
    return Quantity(quantity.low, high, quantity.low_open, quantity.high_open)


def parse_day(cell: str) -> Day | Mangled:
    """Read an ISO date known to the day, the month or the year."""
    text = cell.strip()
    if text.isascii() and text.isdigit() and len(text) == len("44197") and int(text) in _DAY_NUMBERS:
        return Mangled.DAY_NUMBER
    parts = _DAY.fullmatch(text)
    if parts is None:
        return Mangled.SPREADSHEET_FORMAT if _looks_like_a_date(text) else Mangled.NOT_A_DATE
    year, month, day = int(parts[1]), int(parts[2] or 0), int(parts[3] or 0)
    try:
        if day:
            return Day(date(year, month, day), date(year, month, day))
        if month:
            after = date(year + month // 12, month % 12 + 1, 1)
            return Day(date(year, month, 1), after - timedelta(days=1))
        return Day(date(year, 1, 1), date(year, 12, 31))
    except ValueError:
        return Mangled.NOT_A_DATE


def format_value(value: Value) -> str:
    """A value as readers see it; a band gets an en dash, and a value that is not coded is the empty string."""
    if isinstance(value, Missing):
        return {Missing.UNKNOWN: "unknown", Missing.NOT_APPLICABLE: "n/a", Missing.NOT_CODED: ""}[value]
    if isinstance(value, Quantity):
        return _format_quantity(value)
    if isinstance(value, Day):
        return _format_day(value)
    return value if isinstance(value, str) else ", ".join(value)


def _format_quantity(value: Quantity) -> str:
    if value.is_exact:
        return _format_number(value.low)
    if math.isinf(value.high):
        return (">" if value.low_open else "\u2265") + _format_number(value.low)
    if value.high_open or (value.low == 0 and not value.low_open):
        return ("<" if value.high_open else "\u2264") + _format_number(value.high)
    return f"{_format_number(value.low)}\u2013{_format_number(value.high)}"


def _format_number(number: float) -> str:
    return f"{int(number):,}" if float(number).is_integer() else f"{number:,g}"


def _format_day(value: Day) -> str:
    if value.is_exact:
        return value.first.isoformat()
    return value.first.strftime("%Y-%m") if value.first.month == value.last.month else value.first.strftime("%Y")


def is_less(one: Quantity, other: Quantity) -> bool | None:
    """Whether `one` is below `other`: surely, surely not, or None when both are possible."""
    if one.high < other.low or (one.high == other.low and (one.high_open or other.low_open)):
        return True
    return False if one.low >= other.high else None


def is_equal(one: Quantity, other: Quantity) -> bool | None:
    """Whether two quantities are the same number: two bands may be, but surely are only when exact."""
    if one.is_exact and other.is_exact:
        return one.low == other.low
    apart = is_less(one, other) or is_less(other, one)
    return False if apart else None


def add(one: Quantity, other: Quantity) -> Quantity:
    """The sum's range."""
    return Quantity(
        one.low + other.low, one.high + other.high, one.low_open or other.low_open, one.high_open or other.high_open
    )


def negate(value: Quantity) -> Quantity:
    """The range of the number with its sign turned."""
    return Quantity(-value.high, -value.low, value.high_open, value.low_open)


def multiply(one: Quantity, other: Quantity) -> Quantity:
    """The product's range; an excluded end stays excluded only when both factors are not negative."""
    ends = [0.0 if 0 in {a, b} else a * b for a in (one.low, one.high) for b in (other.low, other.high)]
    positive = one.low >= 0 and other.low >= 0
    return Quantity(
        min(ends),
        max(ends),
        positive and (one.low_open or other.low_open) and one.low > 0 and other.low > 0,
        positive and (one.high_open or other.high_open),
    )
