"""The compiled reader of access logs: from lines to rows of numbers, a line at a time and never a string of it.

Import this module lazily: it loads Numba.
"""

from typing import Final

from vestige.derive.cell_kernels import days_since_epoch
from vestige.derive.dump.common_kernel import MINUS, NEWLINE, SLASH, SPACE, ZERO, Array, helper
from vestige.derive.dump.vectors import (
    WIDTH,
    bytes_at,
    integers_at,
    peek,
    until_either,
    word_at,
)
from vestige.derive.log.bearer_kernel import find_bearers, find_fields, is_crawler
from vestige.derive.log.state import (
    AFFIX_ENDS,
    ARRAYS,
    BACKWARDS,
    BAD_TIME,
    BASE_END,
    BASE_START,
    BEARERS,
    BOT,
    CAPACITY,
    CONDITIONS,
    DATA,
    EARLIEST,
    FIELDS,
    FULL,
    GUEST,
    JUMP,
    KIND,
    KIND_OBJECT,
    LATEST,
    LINES,
    MINUTE,
    MORE,
    NAME_ENDS,
    NO_BYTES,
    NO_REQUEST,
    NO_STATUS,
    NO_TIME,
    OTHER_METHOD,
    PAGES,
    POSITION,
    PREVIOUS,
    REDIRECTED,
    REFUSED,
    ROWS,
    ROWS_OUT,
    RULE_SIZE,
    RULES,
    SILENCE,
    SILENCES,
    SILENT_SECONDS,
    SKIPPING,
    STARTERS,
    STATE,
    STATES,
    TEXT,
    TRANSFERS,
    TRUNCATED,
    UNMATCHED,
    VALUES,
    WITH_NUL,
    WORD_0,
    WORD_1,
    WORD_2,
    ZONE,
    ZONES,
)
from vestige.derive.log.target_kernel import match_target

_QUOTE: Final = 34
_COLON: Final = 58
_QUESTION: Final = 63
_OPEN: Final = 91
_CLOSE: Final = 93
_BACKSLASH: Final = 92
_GET: Final = int.from_bytes(b"GET ", "little")
_FOUR_BYTES: Final = 0xFFFF_FFFF
_TWO_BYTES: Final = 0xFFFF
_NOT_SECONDS: Final = ~0xFFFF_0000
"""Of the bytes 16 to 23 of a time, all but the seconds."""
_TIME_LENGTH: Final = 26
"""Bytes of `10/Oct/2000:13:55:36 -0700`."""
_MONTHS: Final = b"janfebmaraprmayjunjulaugsepoctnovdec"
_JAN, _FEB, _MAR, _APR, _MAY, _JUN, _JUL, _AUG, _SEP, _OCT, _NOV, _DEC = (
    int.from_bytes(_MONTHS[start : start + 3], "little") for start in range(0, 36, 3)
)


@helper
def _two(data: Array, at: int) -> int:
    """Two digits as a number, or a number above 99."""
    tens: int = peek(data, at) - ZERO
    ones: int = peek(data, at + 1) - ZERO
    if tens < 0 or tens > 9 or ones < 0 or ones > 9:
        return 1000
    return tens * 10 + ones


@helper
def _month(data: Array, at: int) -> int:
    """1 to 12 by three letters of any case, or 0."""
    letters = peek(data, at) | peek(data, at + 1) << 8 | peek(data, at + 2) << 16 | 0x202020
    month = 0
    if letters == _JAN:
        month = 1
    elif letters == _FEB:
        month = 2
    elif letters == _MAR:
        month = 3
    elif letters == _APR:
        month = 4
    elif letters == _MAY:
        month = 5
    elif letters == _JUN:
        month = 6
    elif letters == _JUL:
        month = 7
    elif letters == _AUG:
        month = 8
    elif letters == _SEP:
        month = 9
    elif letters == _OCT:
        month = 10
    elif letters == _NOV:
        month = 11
    elif letters == _DEC:
        month = 12
    return month


@helper
def _days_in(year: int, month: int) -> int:
    """Days of a month."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


@helper
def _has_shape_of_time(data: Array, at: int) -> bool:
    """Whether a time and `] "` stand at `at`, by their punctuation."""
    fits: bool = (
        peek(data, at + 2) == SLASH
        and peek(data, at + 6) == SLASH
        and peek(data, at + 11) == _COLON
        and peek(data, at + 14) == _COLON
        and peek(data, at + 17) == _COLON
        and peek(data, at + 20) == SPACE
        and peek(data, at + 26) == _CLOSE
    )
    return fits


@helper
def _read_minute(data: Array, at: int, state: Array) -> bool:
    """Put the seconds since the epoch of a time's minute, and what it follows from, into the state; False if none."""
    day = _two(data, at)
    month = _month(data, at + 3)
    year = _two(data, at + 7) * 100 + _two(data, at + 9)
    hour = _two(data, at + 12)
    minute = _two(data, at + 15)
    zone_hour = _two(data, at + 22)
    zone_minute = _two(data, at + 24)
    sign = peek(data, at + 21)
    if month == 0 or year < 1970 or year > 9999 or hour > 23 or minute > 59 or day < 1 or day > _days_in(year, month):
        return False
    if zone_hour > 15 or zone_minute > 59 or (sign not in (MINUS, 43)):
        return False
    offset = zone_hour * 3600 + zone_minute * 60
    if sign == MINUS:
        offset = -offset
    state[MINUTE] = days_since_epoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 - offset
    if state[ZONE] != -1 and (
        state[ZONE] != (word_at(data, at + 24) & _TWO_BYTES) or state[WORD_2] >> 40 != word_at(data, at + 16) >> 40
    ):
        state[ZONES] += 1
    state[WORD_0] = word_at(data, at)
    state[WORD_1] = word_at(data, at + 8)
    state[WORD_2] = word_at(data, at + 16) & _NOT_SECONDS
    state[ZONE] = word_at(data, at + 24) & _TWO_BYTES
    return True


@helper
def _seconds(data: Array, at: int, state: Array) -> int:
    """The time at `at` as seconds since the epoch, or -1."""
    second = _two(data, at + 18)
    if second > 60:
        return -1
    known = (
        word_at(data, at) == state[WORD_0]
        and word_at(data, at + 8) == state[WORD_1]
        and (word_at(data, at + 16) & _NOT_SECONDS) == state[WORD_2]
        and (word_at(data, at + 24) & _TWO_BYTES) == state[ZONE]
    )
    if not known and not _read_minute(data, at, state):
        return -1
    minute: int = state[MINUTE]
    return minute + min(second, 59)


@helper
def _note_time(at: int, state: Array) -> None:
    """Follow the clock from line to line."""
    if state[PREVIOUS] >= 0:
        step = at - state[PREVIOUS]
        if step < -JUMP:
            state[BACKWARDS] += 1
        elif step > SILENCE:
            state[SILENCES] += 1
            state[SILENT_SECONDS] += step
    state[PREVIOUS] = at
    if state[EARLIEST] < 0 or at < state[EARLIEST]:
        state[EARLIEST] = at
    state[LATEST] = max(at, state[LATEST])


@helper
def _target_end(data: Array, at: int, stop: int) -> int:
    """Index of the blank or quote that ends the target, or `stop`."""
    while at < stop:
        span = until_either(data, at, SPACE, _QUOTE)
        at += span
        if span < WIDTH:
            if at < stop and peek(data, at) == _QUOTE and peek(data, at - 1) == _BACKSLASH:
                at += 1
                continue
            break
    return min(at, stop)


@helper
def _request_end(data: Array, at: int, stop: int) -> int:
    """Index of the quote that ends the request, or `stop`: the first quote that no backslash escapes."""
    while at < stop:
        span = until_either(data, at, _QUOTE, _BACKSLASH)
        at += span
        if span < WIDTH and at < stop:
            if peek(data, at) == _QUOTE:
                return at
            at += 2
    return stop


@helper
def _status(data: Array, at: int, stop: int) -> int:
    """The status behind a request's closing quote, or -1."""
    if at + 5 > stop or peek(data, at + 1) != SPACE or (at + 5 < stop and peek(data, at + 5) != SPACE):
        return -1
    first = peek(data, at + 2) - ZERO
    rest = _two(data, at + 3)
    return first * 100 + rest if 1 <= first <= 9 and rest <= 99 else -1


@helper
def _has_nul(data: Array, at: int, stop: int) -> bool:
    while at < stop:
        span = until_either(data, at, 0, 0)
        at += span
        if span < WIDTH:
            return at < stop
    return False


@helper
def _find_time(data: Array, at: int, stop: int) -> int:
    """Index behind the bracket that opens a time, or -1; a name in front may hold brackets of its own."""
    while at < stop:
        span = until_either(data, at, _OPEN, NEWLINE)
        at += span
        if span == WIDTH:
            continue
        if at + _TIME_LENGTH + 4 > stop:
            return -1
        at += 1
        if _has_shape_of_time(data, at):
            return at
    return -1


@helper
def _malformed(data: Array, start: int, stop: int, state: Array, reason: int) -> None:
    """Count a line that cannot be read, once, by its reason."""
    state[WITH_NUL if _has_nul(data, start, stop) else reason] += 1


def read_lines(job: int, end: int, finished: int) -> int:
    """Read whole lines until the bytes or the rows' room end.

    Args:
        job: address of the job's arrays, see `state.py`; its state is taken up and left behind.
        end: index after the last byte present; padding follows.
        finished: 1 when the stream ends there.

    Returns:
        MORE or FULL.
    """
    arrays = integers_at(job, 2 * ARRAYS)
    data = bytes_at(arrays[2 * DATA], arrays[2 * DATA + 1])
    state = integers_at(arrays[2 * STATE], STATES)
    rules = integers_at(arrays[2 * RULES], arrays[2 * RULES + 1])
    text = bytes_at(arrays[2 * TEXT], arrays[2 * TEXT + 1])
    starters = integers_at(arrays[2 * STARTERS], 256)
    name_ends = integers_at(arrays[2 * NAME_ENDS], arrays[2 * NAME_ENDS + 1])
    conditions = integers_at(arrays[2 * CONDITIONS], arrays[2 * CONDITIONS + 1])
    bearers = integers_at(arrays[2 * BEARERS], arrays[2 * BEARERS + 1])
    affix_ends = integers_at(arrays[2 * AFFIX_ENDS], arrays[2 * AFFIX_ENDS + 1])
    values = integers_at(arrays[2 * VALUES], arrays[2 * VALUES + 1])
    fields = integers_at(arrays[2 * FIELDS], arrays[2 * FIELDS + 1])
    out = integers_at(arrays[2 * ROWS_OUT], arrays[2 * ROWS_OUT + 1])
    capacity = state[CAPACITY]
    code = MORE
    start = state[POSITION]
    while start < end:
        stop = start
        while stop < end:
            span = until_either(data, stop, NEWLINE, NEWLINE)
            stop += span
            if span < WIDTH:
                break
        if stop >= end:  # no whole line
            if finished:
                if not state[SKIPPING]:
                    state[TRUNCATED] += 1
                    state[LINES] += 1
                state[SKIPPING] = 0
                start = end
            break
        line = start
        start = stop + 1
        if state[SKIPPING]:
            state[SKIPPING] = 0
            continue
        if stop == line or (stop == line + 1 and peek(data, line) == 13):
            continue
        state[LINES] += 1
        at = _find_time(data, line, stop)
        if at < 0:
            _malformed(data, line, stop, state, NO_TIME)
            continue
        moment = _seconds(data, at, state)
        if moment < 0:
            _malformed(data, line, stop, state, BAD_TIME)
            continue
        at += _TIME_LENGTH + 1
        if peek(data, at) != SPACE or peek(data, at + 1) != _QUOTE:
            _malformed(data, line, stop, state, NO_REQUEST)
            continue
        at += 2
        _note_time(moment, state)
        target = at + 4
        is_get = (word_at(data, at) & _FOUR_BYTES) == _GET
        after = _target_end(data, target, stop) if is_get else at
        if after + 14 < stop and peek(data, after) == SPACE and peek(data, after + 9) == _QUOTE:
            quote = after + 9
        else:
            quote = _request_end(data, after, stop)
        status = _status(data, quote, stop)
        if status < 0:
            _malformed(data, line, stop, state, NO_STATUS if quote < stop else NO_REQUEST)
            continue
        size = 0
        at = min(quote + 6, stop)
        if peek(data, at) == MINUS:
            at += 1
        else:
            first = at
            while at < stop and ZERO <= peek(data, at) <= 57 and at - first < 18:
                size = size * 10 + peek(data, at) - ZERO
                at += 1
            if at == first:
                at = -1
        if at < 0 or (at < stop and peek(data, at) not in (SPACE, 13)):
            _malformed(data, line, stop, state, NO_BYTES)
            continue
        if not is_get:
            state[OTHER_METHOD] += 1
            continue
        row = state[ROWS]
        rule = match_target(
            data, target, min(after, quote), text, rules, starters, name_ends, conditions, values, out, row, capacity,
            state[BASE_START], state[BASE_END],
        )  # fmt: skip
        if rule < 0:
            state[UNMATCHED] += 1
            continue
        kind = rules[rule * RULE_SIZE + KIND]
        if 300 <= status <= 399 and status != 304:
            state[REDIRECTED] += 1
            continue
        if kind != KIND_OBJECT and status != 304 and not 200 <= status <= 299:
            state[REFUSED] += 1
            continue
        count = find_fields(data, at, stop, fields)
        found = find_bearers(
            data, count, fields, text, bearers, affix_ends, values, out, row, capacity, min(after, quote)
        )
        if not found:
            if is_crawler(data, count, fields):
                state[BOT] += 1
            else:
                state[GUEST] += 1
            if kind != KIND_OBJECT or status not in (200, 206):
                continue
        elif kind == KIND_OBJECT:
            state[TRANSFERS] += 1
        else:
            state[PAGES] += 1
        out[row] = moment
        out[capacity + row] = kind
        out[8 * capacity + row] = status
        out[9 * capacity + row] = size
        state[ROWS] = row + 1
        if row + 1 == capacity:
            code = FULL
            break
    state[POSITION] = min(start, end)
    return code
