"""Compiled conversion of one gathered cell: escapes, literals, and the number that its bytes stand for."""

from typing import Final

from vestige.derive.cell_codes import KIND_MOMENT, KIND_SECONDS, KIND_WORD, MALFORMED, NULL, VALUE
from vestige.derive.cell_kernels import parse_integer, parse_moment, parse_seconds, parse_word
from vestige.derive.contract import UNKNOWN_WORD
from vestige.derive.dump.common_kernel import MINUS, NINE, PLUS, POINT, SPACE, UNDERSCORE, ZERO, Array, helper
from vestige.derive.dump.state import BINARY, BROKEN, HEXADECIMAL, KIND_BITS, OVERLONG, QUOTED

COLON: Final = 58
_NO_OFFSET: Final = 86_400
_NULL: Final = 0x4E554C4C
_DEFAULT: Final = 0x44454641554C54
_TRUE: Final = 0x54525545
_FALSE: Final = 0x46414C5345
"""Words in capitals, as one number, first letter highest."""


@helper
def unescaped(byte: int) -> int:
    """What a backslash and this byte stand for (MySQL reference manual, string literals)."""
    if byte == 48:
        return 0
    if byte == 110:
        return 10
    if byte == 114:
        return 13
    if byte == 116:
        return 9
    if byte == 98:
        return 8
    if byte == 90:
        return 26
    return byte


@helper
def capitals(data: Array, length: int) -> int:
    """The gathered cell in capitals as one number; 0 when it is longer than the words that count."""
    word = 0
    if length <= 7:
        for at in range(length):
            word = word * 256 + (data[at] & 0xDF)
    return word


@helper
def _hexadecimal_digit(byte: int) -> int:
    if ZERO <= byte <= NINE:
        return byte - ZERO
    letter = byte | 0x20
    return letter - 87 if 97 <= letter <= 102 else -1


@helper
def decode_hexadecimal(data: Array, start: int, stop: int) -> int:
    """Replace hexadecimal digits by their bytes at the front of the array; their count, or -1."""
    count = 0
    at = start
    if (stop - start) % 2:
        digit = _hexadecimal_digit(data[at])
        if digit < 0:
            return -1
        data[0] = digit
        count, at = 1, at + 1
    while at < stop:
        high, low = _hexadecimal_digit(data[at]), _hexadecimal_digit(data[at + 1])
        if high < 0 or low < 0:
            return -1
        data[count] = high * 16 + low
        count, at = count + 1, at + 2
    return count


@helper
def _number_of(data: Array, length: int, base: int) -> tuple[int, int]:
    """Big-endian digits of base 256 (raw) or 2 (as `0` and `1`), at most 63 bits."""
    value = 0
    for at in range(length):
        digit = data[at] - (ZERO if base == 2 else 0)
        if digit < 0 or digit >= base or value > (9_223_372_036_854_775_807 - digit) // base:
            return MALFORMED, 0
        value = value * base + digit
    return VALUE, value


@helper
def _without_zero_decimals(data: Array, length: int) -> int:
    """Length up to the decimal point when only zeros follow it, else the length."""
    at = length
    while at > 0 and data[at - 1] == ZERO:
        at -= 1
    return at - 1 if at > 1 and data[at - 1] == POINT else length


@helper
def _offset(data: Array, at: int, stop: int) -> int:
    """Seconds east of UTC, from `+HH[:MM[:SS]]` or `-HH[:MM[:SS]]`; a day or more when it is none."""
    seconds = 0
    unit = 3_600
    place = at + 1
    while place < stop:
        if place + 2 > stop or not (ZERO <= data[place] <= NINE and ZERO <= data[place + 1] <= NINE):
            return _NO_OFFSET
        seconds += unit * ((data[place] - ZERO) * 10 + data[place + 1] - ZERO)
        place += 2
        unit //= 60
        if place < stop:
            if data[place] != COLON or unit == 0 or place + 1 == stop:
                return _NO_OFFSET
            place += 1
    return -seconds if data[at] == MINUS else seconds


@helper
def parse_any_moment(data: Array, start: int, stop: int) -> tuple[int, int]:
    """A moment as any server writes it: with an offset from UTC too; endless, before Christ or after 9999 is null."""
    outcome, value = parse_moment(data, start, stop)
    if outcome != MALFORMED:
        return outcome, value
    at = start + 1 if data[start] == MINUS else start
    if stop - at == 8 and data[at] == 105 and data[at + 1] == 110 and data[at + 2] == 102 and data[at + 3] == 105:
        return NULL, 0
    if stop - start > 13 and data[stop - 3] == SPACE and data[stop - 2] == 66 and data[stop - 1] == 67:
        return NULL, 0
    year = start
    while year < stop and ZERO <= data[year] <= NINE:
        year += 1
    if 4 < year - start < 7 and stop - year > 5 and data[year] == MINUS:
        return NULL, 0
    sign = stop - 1
    while sign > start + 18 and data[sign] != PLUS and data[sign] != MINUS:
        sign -= 1
    if sign < start + 19 or stop - sign < 3:
        return MALFORMED, 0
    seconds = _offset(data, sign, stop)
    outcome, value = parse_moment(data, start, sign)
    if abs(seconds) >= _NO_OFFSET:
        return MALFORMED, 0
    return outcome, value - 1_000_000 * seconds if outcome == VALUE else 0


@helper
def convert(
    data: Array,
    length: int,
    flavour: int,
    kind: int,
    text: Array,
    ends: Array,
    numbers: Array,
    first: int,
    last: int,
) -> tuple[int, int]:
    """Outcome and value of a gathered cell."""
    if flavour & BROKEN:
        return MALFORMED, 0
    if flavour & OVERLONG:
        return (VALUE, UNKNOWN_WORD) if kind == KIND_WORD else (MALFORMED, 0)
    raw = (flavour & QUOTED) != 0
    if flavour & BINARY:
        return _number_of(data, length, 2)
    if flavour & HEXADECIMAL:
        length = decode_hexadecimal(data, 0, length)
    elif not raw:
        word = capitals(data, length)
        if word in (_NULL, _DEFAULT):
            return NULL, 0
        if word in (_TRUE, _FALSE):
            return VALUE, 1 if word == _TRUE else 0
        if length > 2 and data[0] == ZERO and data[1] == 120:
            length = decode_hexadecimal(data, 2, length)
            raw = True
    if length < 0:
        return MALFORMED, 0
    if kind == KIND_BITS and raw:
        return _number_of(data, length, 256)
    if kind == KIND_WORD:
        return VALUE, parse_word(data, 0, length, text, ends, numbers, first, last)
    if kind == KIND_MOMENT:
        return parse_any_moment(data, 0, length)
    length = _without_zero_decimals(data, length)
    return parse_seconds(data, 0, length) if kind == KIND_SECONDS else parse_integer(data, 0, length)


@helper
def introduce(data: Array, length: int, flavour: int) -> int:
    """The flavour of a cell whose first token turns out to stand in front of a second one."""
    if flavour & QUOTED:
        return flavour
    if length == 1 and (data[0] | 0x20) == 120:
        return HEXADECIMAL
    if length == 1 and (data[0] | 0x20) == 98:
        return BINARY
    if length > 0 and (data[0] == UNDERSCORE or (length == 1 and (data[0] | 0x20) == 110)):
        return 0
    return BROKEN


@helper
def name_length(data: Array, length: int, flavour: int) -> int:
    """Length of a name, after its hexadecimal digits, if it comes so, are decoded in place; NULL is empty."""
    quoted = (flavour & QUOTED) != 0
    if flavour & HEXADECIMAL:
        return max(0, decode_hexadecimal(data, 0, length))
    if not quoted and length > 2 and data[0] == ZERO and data[1] == 120:
        return max(0, decode_hexadecimal(data, 2, length))
    return 0 if not quoted and capitals(data, length) == _NULL else length
