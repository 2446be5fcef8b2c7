"""The compiled readers of answers: rows as MySQL and PostgreSQL send them, their cells into numbers where they lie.

A row is taken only when all of it is there; otherwise the reader stops in front of it. Nothing that a server sends is
trusted: a length that does not fit its packet, or a packet out of turn, ends the reading (UNPLACED).
"""

from typing import Final

from vestige.derive.cell_codes import KIND_SECONDS, MALFORMED, NULL, VALUE
from vestige.derive.cell_kernels import parse_integer
from vestige.derive.dump.common_kernel import Array, helper
from vestige.derive.dump.state import (
    ARRAYS,
    CAPACITY,
    COLUMN,
    DATA,
    ENDED,
    FULL,
    GATHERED,
    KIND_TEXT,
    KINDS,
    MORE,
    NAMES,
    NO_MORE_RECORDS,
    OUT_OF_RANGE,
    POSITION,
    REFUSED,
    ROW,
    SEQUENCE,
    STATE,
    STATES,
    TEXT_END,
    TEXT_ROOM,
    TEXT_SHIFT,
    UNPLACED,
    VALID,
    VALUES,
)
from vestige.derive.dump.vectors import bytes_at, integers_at, peek

_SECOND: Final = 1_000_000
_LARGEST_SECONDS: Final = 9_223_372_036_854_775_807 // _SECOND

_PACKET_HEADER: Final = 4
_CONTINUED: Final = 0xFFFFFF
"""Length of a packet that goes on in the next one: no row that is asked for is so long."""
_NULL_CELL: Final = 0xFB
_TWO_BYTES: Final = 0xFC
_END_OF_ROWS: Final = 0xFE
_LONGEST_END: Final = 8
_ERROR: Final = 0xFF
"""First bytes of a cell or packet (MySQL Internals, text resultset)."""

_NULL_FIELD: Final = 0xFFFFFFFF
"""Length that says something else (PostgreSQL's source, `record_send`)."""


@helper
def _little_endian(data: Array, at: int, size: int) -> int:
    value = 0
    for index in range(size):
        value |= peek(data, at + index) << (8 * index)
    return value


@helper
def _big_endian(data: Array, at: int, size: int) -> int:
    """A number, highest byte first; eight bytes are a signed one."""
    value: int = peek(data, at)
    for index in range(1, size):
        value = (value << 8) | peek(data, at + index)
    return value


@helper
def _put_number(values: Array, valid: Array, place: int, kind: int, outcome: int, value: int) -> None:
    """Keep a number; seconds become microseconds, and unset or absurd ones null."""
    present = outcome == VALUE
    if kind == KIND_SECONDS:
        present = present and 0 < value <= _LARGEST_SECONDS
        value *= _SECOND
    values[place] = value if present else 0
    valid[place] = 1 if present else 0


@helper
def _put_text(
    data: Array, at: int, size: int, texts: Array, start: int, longest: int, values: Array, valid: Array, place: int
) -> int:
    """Keep the bytes of a text, none of one that is too long; returns how many."""
    kept = size if size <= longest else 0
    for index in range(kept):
        texts[start + index] = peek(data, at + index)
    where = start * TEXT_SHIFT + kept
    values[place] = where if size <= longest else -1 - where
    valid[place] = 1
    return kept


@helper
def _opened(job: int) -> tuple[Array, Array, Array, Array, Array, Array, int]:
    """Bytes, state, kinds of cells, values, which are valid, room for texts, and the length of the longest text."""
    arrays = integers_at(job, 2 * ARRAYS)
    return (
        bytes_at(arrays[2 * DATA], arrays[2 * DATA + 1]),
        integers_at(arrays[2 * STATE], STATES),
        integers_at(arrays[2 * KINDS], arrays[2 * KINDS + 1]),
        integers_at(arrays[2 * VALUES], arrays[2 * VALUES + 1]),
        bytes_at(arrays[2 * VALID], arrays[2 * VALID + 1]),
        bytes_at(arrays[2 * NAMES], arrays[2 * NAMES + 1]),
        arrays[2 * GATHERED + 1],
    )


@helper
def _cell(data: Array, at: int, stop: int) -> tuple[int, int]:
    """Where a cell's bytes begin and how many there are: -1 for NULL, more than the packet holds for nonsense."""
    size = peek(data, at)
    at += 1
    if size == _NULL_CELL and at <= stop:
        return at, -1
    if size > _NULL_CELL:
        wide = size - _TWO_BYTES + 2
        size = _little_endian(data, at, wide) if wide <= 3 else stop
        at += wide
    return at, size


def read_packets(job: int, end: int, _unused: int) -> int:
    """Read the rows of a result set in MySQL's text protocol, as far as the bytes and the room go.

    Args:
        job: address of the job's arrays, see `dump/state.py`.
        end: index after the last byte present; padding follows.

    Returns:
        MORE, FULL, ENDED, UNPLACED, REFUSED (an error packet is next) or OUT_OF_RANGE (of the cell at COLUMN).
    """
    data, state, kinds, values, valid, texts, longest = _opened(job)
    capacity = state[CAPACITY]
    at = state[POSITION]
    sequence = state[SEQUENCE]
    row = state[ROW]
    text_end = state[TEXT_END]
    code = MORE
    while code == MORE:
        if row == capacity or text_end > state[TEXT_ROOM]:
            code = FULL
            break
        start = at + _PACKET_HEADER
        if start >= end:
            break
        length = _little_endian(data, at, 3)
        stop = start + length
        if length in (0, _CONTINUED) or peek(data, at + 3) != sequence:
            code = UNPLACED
            break
        if stop > end:
            break
        first = peek(data, start)
        if first == _ERROR:
            code = REFUSED
            break
        if first == _END_OF_ROWS:
            code = ENDED if length <= _LONGEST_END else UNPLACED
            at = stop
            break
        at = start
        for column in range(kinds.size):
            place = column * capacity + row
            at, size = _cell(data, at, stop)
            if size < 0:
                _put_number(values, valid, place, kinds[column], NULL, 0)
                continue
            if at + size > stop:
                code = UNPLACED
                break
            if kinds[column] == KIND_TEXT:
                text_end += _put_text(data, at, size, texts, text_end, longest, values, valid, place)
            else:
                outcome, value = parse_integer(data, at, at + size)
                if outcome == MALFORMED:
                    state[COLUMN] = column
                    code = OUT_OF_RANGE
                    break
                _put_number(values, valid, place, kinds[column], outcome, value)
            at += size
        if code == MORE:
            if at != stop:
                code = UNPLACED
                break
            row += 1
            sequence = (sequence + 1) & 0xFF
    state[POSITION] = at
    state[SEQUENCE] = sequence
    state[ROW] = row
    state[TEXT_END] = text_end
    return code


def read_records(job: int, end: int, _unused: int) -> int:
    """Read rows as PostgreSQL's `record_send` writes them, as far as the bytes and the room go.

    A row is the count of its fields, and for each the number of its type, its length and its bytes.

    Args:
        job: address of the job's arrays, see `dump/state.py`.
        end: index after the last byte present; padding follows.

    Returns:
        MORE, FULL, ENDED (at a count of NO_MORE_RECORDS) or UNPLACED.
    """
    data, state, kinds, values, valid, texts, longest = _opened(job)
    capacity = state[CAPACITY]
    row = state[ROW]
    code = MORE
    while code == MORE:
        if row == capacity or state[TEXT_END] > state[TEXT_ROOM]:
            code = FULL
            break
        at = state[POSITION]
        text_end = state[TEXT_END]
        if at + 4 > end:
            break
        count = _big_endian(data, at, 4)
        at += 4
        if count == NO_MORE_RECORDS:
            state[POSITION] = at
            code = ENDED
            break
        if count != kinds.size:
            code = UNPLACED
            break
        column = 0
        while column < count and at + 8 <= end:
            place = column * capacity + row
            size = _big_endian(data, at + 4, 4)
            at += 8
            text = kinds[column] == KIND_TEXT
            if size == _NULL_FIELD:
                _put_number(values, valid, place, kinds[column], NULL, 0)
                size = 0
            elif size >= TEXT_SHIFT or (size != 8 and not text):
                code = UNPLACED
                break
            elif at + size > end:
                break
            elif text:
                text_end += _put_text(data, at, size, texts, text_end, longest, values, valid, place)
            else:
                _put_number(values, valid, place, kinds[column], VALUE, _big_endian(data, at, 8))
            at += size
            column += 1
        if column < count:
            break
        state[POSITION] = at
        state[TEXT_END] = text_end
        row += 1
    state[ROW] = row
    return code
