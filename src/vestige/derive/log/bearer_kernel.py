"""Compiled search for whose line it is: the fields behind the bytes, cookies, a member's number or a session.

A session's id leaves as 63 bits of a hash. Import this module lazily: it loads Numba.
"""

from typing import Final

from vestige.derive.dump.common_kernel import NINE, SEMICOLON, SPACE, ZERO, Array, helper
from vestige.derive.dump.vectors import WIDTH, peek, until_either
from vestige.derive.log.state import (
    AFFIX_FIRST,
    AFFIX_LAST,
    ANY_BEGINNING,
    BEARER_SIZE,
    FIELD,
    IN_COOKIE,
    IN_QUERY,
    IS_SESSION,
    MOST_FIELDS,
    NAME,
    NAME_END,
    NAME_START,
    WHERE,
)
from vestige.derive.log.target_kernel import digits_end, number_of

_QUOTE: Final = 34
_PERCENT: Final = 37
_COMMA: Final = 44
_EQUALS: Final = 61
_BACKSLASH: Final = 92
_LETTER_X: Final = 120
_HASH_START: Final = -3750763034362895579
_HASH_STEP: Final = 1099511628211
"""FNV-1a, 64 bits (Fowler, Noll and Vo, 1991)."""
_LARGEST: Final = 0x7FFF_FFFF_FFFF_FFFF
_BOT, _CRAWL, _SPIDER, _SLURP = (int.from_bytes(word, "little") for word in (b"bot", b"crawl", b"spider", b"slurp"))
_AFTER_AGENT: Final = 2
"""Fields behind the bytes in the combined format: referrer and user agent."""


@helper
def find_fields(data: Array, at: int, stop: int, fields: Array) -> int:
    """Note start, end and quoting of the fields behind the bytes; returns how many there are, the last ones kept."""
    count = 0
    while at < stop:
        if peek(data, at) in (SPACE, 9, 13):
            at += 1
            continue
        quoted = 1 if peek(data, at) == _QUOTE else 0
        start = at + quoted
        at = start
        if quoted:
            while at < stop:
                span = until_either(data, at, _QUOTE, _BACKSLASH)
                at += span
                if span < WIDTH and at < stop:
                    if peek(data, at) == _QUOTE:
                        break
                    at += 2
        else:
            while at < stop and peek(data, at) not in (SPACE, 13):
                at += 1
        at = min(at, stop)
        place = 3 * min(count, MOST_FIELDS - 1)
        fields[place] = start
        fields[place + 1] = at
        fields[place + 2] = quoted
        count = min(count + 1, MOST_FIELDS)
        at += quoted
    return count


@helper
def _hex(byte: int) -> int:
    """Value of a hexadecimal digit, or -1."""
    if ZERO <= byte <= NINE:
        return byte - ZERO
    low = byte | 32
    return low - 87 if 97 <= low <= 102 else -1


@helper
def _decoded(data: Array, at: int, stop: int) -> int:
    """The character at `at` and, above it, its width: percent-encoded, escaped by the server, or plain."""
    byte: int = peek(data, at)
    if byte == _PERCENT and at + 2 < stop:
        high = _hex(peek(data, at + 1))
        low = _hex(peek(data, at + 2))
        if high >= 0 and low >= 0:
            return (high * 16 + low) | 3 << 8
    elif byte == _BACKSLASH and at + 1 < stop:
        escaped: int = peek(data, at + 1)
        if escaped == _LETTER_X and at + 3 < stop:
            high = _hex(peek(data, at + 2))
            low = _hex(peek(data, at + 3))
            if high >= 0 and low >= 0:
                return (high * 16 + low) | 4 << 8
        return escaped | 2 << 8
    return byte | 1 << 8


@helper
def _member_at(data: Array, at: int, stop: int, text: Array, affix_ends: Array, first: int, last: int) -> int:
    """The number behind the first text that fits, or -1; without any text, the number that stands there."""
    if first == last:
        return number_of(data, at, digits_end(data, at, stop))
    while first < last:
        wanted = affix_ends[2 * first]
        behind = affix_ends[2 * first + 1]
        place = at
        while wanted < behind and place < stop:
            character = _decoded(data, place, stop)
            if character & 255 != peek(text, wanted):
                break
            place += character >> 8
            wanted += 1
        if wanted == behind:
            number = number_of(data, place, digits_end(data, place, stop))
            if number >= 0:
                return number
        first += 1
    return -1


@helper
def _session_at(data: Array, at: int, stop: int) -> int:
    """A hash of the letters and digits that stand there, or -1 if there are none."""
    start = at
    code = _HASH_START
    while at < stop:
        byte = peek(data, at)
        if not (ZERO <= byte <= NINE or 97 <= byte | 32 <= 122 or byte in (45, _COMMA)):
            break
        code = (code ^ byte) * _HASH_STEP
        at += 1
    return code & _LARGEST if at > start else -1


@helper
def _cookie(data: Array, at: int, stop: int, text: Array, name: int, name_end: int, any_beginning: int) -> int:
    """Index of the value of the first cookie of that name, or -1."""
    length = name_end - name
    while at < stop:
        while at < stop and peek(data, at) in (SPACE, SEMICOLON):
            at += 1
        start = at
        while at < stop and peek(data, at) not in (_EQUALS, SEMICOLON):
            at += 1
        size = at - start
        if at < stop and peek(data, at) == _EQUALS and (size == length or (any_beginning and size > length)):
            same = 0
            while same < length and peek(data, at - length + same) == peek(text, name + same):
                same += 1
            if same == length:
                return at + 1
        while at < stop and peek(data, at) != SEMICOLON:
            at += 1
    return -1


@helper
def find_bearers(
    data: Array, count: int, fields: Array, text: Array, bearers: Array, affix_ends: Array, values: Array,
    out: Array, row: int, capacity: int, target_end: int,
) -> bool:  # fmt: skip
    """Put the member's number or the session's hash into the row, from the first place that has one."""
    out[6 * capacity + row] = -1
    out[7 * capacity + row] = -1
    quoted = count - 1
    while quoted >= 0 and not fields[3 * quoted + 2]:
        quoted -= 1
    bearer = 0
    while bearer < bearers.size:
        where = bearers[bearer + WHERE]
        at = -1
        stop = target_end
        if where == IN_QUERY:
            at = values[bearers[bearer + NAME]]
        elif where == IN_COOKIE:
            if quoted >= 0:
                stop = fields[3 * quoted + 1]
                at = _cookie(
                    data, fields[3 * quoted], stop, text, bearers[bearer + NAME_START], bearers[bearer + NAME_END],
                    bearers[bearer + ANY_BEGINNING],
                )  # fmt: skip
        else:
            wanted = bearers[bearer + FIELD]
            field = _AFTER_AGENT + wanted - 1 if wanted > 0 else count + wanted
            if _AFTER_AGENT <= field < count:
                at = fields[3 * field]
                stop = fields[3 * field + 1]
        if at >= 0:
            if bearers[bearer + IS_SESSION]:
                found = _session_at(data, at, stop)
                out[7 * capacity + row] = found
            else:
                found = _member_at(
                    data, at, stop, text, affix_ends, bearers[bearer + AFFIX_FIRST], bearers[bearer + AFFIX_LAST]
                )
                out[6 * capacity + row] = found
            if found >= 0:
                return True
        bearer += BEARER_SIZE
    return False


@helper
def is_crawler(data: Array, count: int, fields: Array) -> bool:
    """Whether the user agent calls itself a bot, crawler, spider or slurp."""
    if count < _AFTER_AGENT:
        return False
    at = fields[3]
    stop = fields[4]
    letters = 0
    while at < stop:
        letters = (letters >> 8) | ((peek(data, at) | 32) << 40)
        at += 1
        if letters >> 24 == _BOT or letters >> 8 == _CRAWL or letters == _SPIDER or letters >> 8 == _SLURP:
            return True
    return False
