"""Compiled parsers that turn the bytes of one cell into a 64-bit integer; shared by every reader of bytes.

Import this module lazily: it loads Numba. Every parser takes `data[start:stop]` and returns (outcome, value).
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import numpy.typing as npt
from numba import njit, types

from vestige.derive.cell_codes import (
    KIND_INTEGER,
    KIND_MOMENT,
    KIND_SECONDS,
    KIND_WORD,
    KINDS,
    MALFORMED,
    NULL,
    VALUE,
    Vocabularies,
)
from vestige.derive.contract import UNKNOWN_WORD

__all__ = [
    "KINDS",
    "KIND_INTEGER",
    "KIND_MOMENT",
    "KIND_SECONDS",
    "KIND_WORD",
    "MALFORMED",
    "NULL",
    "VALUE",
    "Vocabularies",
    "compiled",
    "days_since_epoch",
    "parse_integer",
    "parse_moment",
    "parse_seconds",
    "parse_word",
]

Bytes = npt.NDArray[Any]
Integers = npt.NDArray[Any]
"""What compiled code takes; for the type checker an element is Any, since Numba gives it its own type."""

BYTES: Final = types.Array(types.uint8, 1, "C", readonly=True)
INTEGERS: Final = types.Array(types.int64, 1, "C", readonly=True)
OUTCOME: Final = types.UniTuple(types.int64, 2)  # type: ignore[no-untyped-call] # Numba is untyped here

Function = TypeVar("Function", bound=Callable[..., Any])

SPACE: Final = 32
PLUS: Final = 43
MINUS: Final = 45
POINT: Final = 46
ZERO: Final = 48
COLON: Final = 58
LETTER_T: Final = 84

_LARGEST: Final = 9_223_372_036_854_775_807
_SECOND: Final = 1_000_000
_LARGEST_SECONDS: Final = _LARGEST // _SECOND


def compiled(signature: object) -> Callable[[Function], Function]:
    """Compile a function for one signature, once for the machine (Numba keeps it beside the module)."""
    decorate: Any = njit(signature, cache=True, nogil=True)
    return cast("Callable[[Function], Function]", decorate)


@compiled(OUTCOME(BYTES, types.int64, types.int64))
def parse_integer(data: Bytes, start: int, stop: int) -> tuple[int, int]:
    """Decimal digits with an optional sign; no bytes at all are null; out of 64 bits is malformed."""
    if start == stop:
        return NULL, 0
    negative = data[start] == MINUS
    if negative or data[start] == PLUS:
        start += 1
    if start == stop:
        return MALFORMED, 0
    value = 0
    for at in range(start, stop):
        digit = data[at] - ZERO
        if digit < 0 or digit > 9 or value > (_LARGEST - digit) // 10:
            return MALFORMED, 0
        value = value * 10 + digit
    return VALUE, -value if negative else value


@compiled(OUTCOME(BYTES, types.int64, types.int64))
def parse_seconds(data: Bytes, start: int, stop: int) -> tuple[int, int]:
    """Seconds since the epoch, as microseconds; zero, negative and absurdly large ones are null."""
    outcome, value = parse_integer(data, start, stop)
    if outcome != VALUE:
        return outcome, 0
    if value <= 0 or value > _LARGEST_SECONDS:
        return NULL, 0
    return VALUE, value * _SECOND


@compiled(types.int64(BYTES, types.int64, types.int64))
def _digits(data: Bytes, start: int, count: int) -> int:
    """A fixed number of digits, or -1."""
    value = 0
    for at in range(start, start + count):
        digit = data[at] - ZERO
        if digit < 0 or digit > 9:
            return -1
        value = value * 10 + digit
    return value


@compiled(types.int64(types.int64, types.int64, types.int64))
def days_since_epoch(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 in the proleptic Gregorian calendar (Hinnant, 2013, days_from_civil)."""
    shifted = year - (1 if month <= 2 else 0)
    era = shifted // 400
    of_era = shifted - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


@compiled(types.int64(types.int64, types.int64))
def _month_length(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


@compiled(OUTCOME(BYTES, types.int64, types.int64))
def parse_moment(data: Bytes, start: int, stop: int) -> tuple[int, int]:
    """`YYYY-MM-DD[( |T)HH:MM:SS[.f]]` with one to six decimals, as microseconds; a zero date is null."""
    length = stop - start
    if length == 0:
        return NULL, 0
    if length != 10 and (length < 19 or length == 20 or length > 26):
        return MALFORMED, 0
    year, month, day = _digits(data, start, 4), _digits(data, start + 5, 2), _digits(data, start + 8, 2)
    if year < 0 or month < 0 or day < 0 or data[start + 4] != MINUS or data[start + 7] != MINUS:
        return MALFORMED, 0
    hour, minute, second, fraction = 0, 0, 0, 0
    if length > 10:
        hour, minute, second = _digits(data, start + 11, 2), _digits(data, start + 14, 2), _digits(data, start + 17, 2)
        between = data[start + 10]
        if (between not in (SPACE, LETTER_T)) or data[start + 13] != COLON or data[start + 16] != COLON:
            return MALFORMED, 0
        if hour < 0 or minute < 0 or second < 0 or hour > 23 or minute > 59 or second > 59:
            return MALFORMED, 0
    if length > 19:
        fraction = _digits(data, start + 20, length - 20)
        if fraction < 0 or data[start + 19] != POINT:
            return MALFORMED, 0
        for _ in range(26 - length):
            fraction *= 10
    if year == 0 or month == 0 or day == 0:
        return NULL, 0
    if month > 12 or day > _month_length(year, month):
        return MALFORMED, 0
    seconds = days_since_epoch(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second
    return VALUE, seconds * _SECOND + fraction


@compiled(types.int64(BYTES, types.int64, types.int64, BYTES, INTEGERS, INTEGERS, types.int64, types.int64))
def parse_word(
    data: Bytes,
    start: int,
    stop: int,
    text: Bytes,
    ends: Integers,
    numbers: Integers,
    first: int,
    last: int,
) -> int:
    """The number of the word, among words `first` to `last - 1`, that has exactly these bytes; or UNKNOWN_WORD."""
    for word in range(first, last):
        begin = ends[word - 1] if word > 0 else 0
        if ends[word] - begin != stop - start:
            continue
        same = True
        for at in range(stop - start):
            if data[start + at] != text[begin + at]:
                same = False
                break
        if same:
            number: int = numbers[word]
            return number
    return UNKNOWN_WORD
