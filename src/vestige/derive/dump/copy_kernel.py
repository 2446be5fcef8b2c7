r"""The compiled reader of PostgreSQL's COPY text: cells of declared columns into numbers, all else skipped in place.

Cells are parted by tabs, rows by newlines; a backslash escapes; `\N` alone is null; `\.` alone ends the rows
(PostgreSQL manual, COPY, text format). Like `rows_kernel.read_rows`, it stops in front of whatever needs bytes that
are not there yet and goes on from `state` when called again.
"""

from typing import Final

from vestige.derive.cell_codes import KIND_INTEGER, KIND_MOMENT, KIND_SECONDS, MALFORMED, NULL, VALUE
from vestige.derive.cell_kernels import parse_integer, parse_seconds
from vestige.derive.dump.common_kernel import ESCAPE, NEWLINE, POINT, Array, helper
from vestige.derive.dump.gathered_kernel import convert, parse_any_moment
from vestige.derive.dump.state import (
    ARRAYS,
    BEFORE_ROW,
    BROKEN,
    BYTES,
    CAPACITY,
    CELL,
    COLUMN,
    DATA,
    ENDED,
    ERRORS,
    FLAVOUR,
    FULL,
    GATHERED,
    KIND_TEXT,
    KINDS,
    LEAD,
    LENGTH,
    MORE,
    MULTIBYTE,
    NAMES,
    NULLED,
    OVERLONG,
    PHASE,
    POSITION,
    QUOTED,
    ROW,
    SKIP,
    SLOTS,
    STATE,
    STATES,
    STRING,
    TEXT_END,
    TEXT_ROOM,
    TEXT_SHIFT,
    TOO_FEW_CELLS,
    TOO_MANY_CELLS,
    UNPLACED,
    VALID,
    VALUES,
    WORD_ENDS,
    WORD_FIRSTS,
    WORD_NUMBERS,
    WORDS,
)
from vestige.derive.dump.vectors import WIDTH, bytes_at, integers_at, peek, until_cell_stop, until_either

_TAB: Final = 9
_RETURN: Final = 13
_LETTER_N: Final = 78
_LOWER_T: Final = 116
_LOWER_F: Final = 102


@helper
def _unescaped(byte: int) -> int:
    """What a backslash and this byte stand for."""
    if byte == 98:
        return 8
    if byte == 102:
        return 12
    if byte == 110:
        return 10
    if byte == 114:
        return 13
    if byte == 116:
        return 9
    if byte == 118:
        return 11
    return byte


@helper
def _skipped(data: Array, at: int, end: int, multibyte: int) -> tuple[int, bool]:
    """Index of the tab or newline that ends a skipped cell, and True; or where to go on with more bytes, and False.

    An odd number of backslashes in front takes a tab or newline into the cell. PostgreSQL never writes that, and in a
    character set whose second bytes may be backslashes it cannot be told apart, so that it is not looked for there.
    """
    start = at
    while True:
        span = until_either(data, at, _TAB, NEWLINE)
        at += span
        if at < end and span == WIDTH:
            continue
        stop = min(at, end)
        before = stop
        while before > start and peek(data, before - 1) == ESCAPE:
            before -= 1
        odd = multibyte == 0 and (stop - before) % 2 == 1
        if at >= end:
            return stop - 1 if odd else stop, False
        if not odd:
            return at, True
        at += 1
        start = at


@helper
def _value(data: Array, start: int, stop: int, kind: int) -> tuple[int, int]:
    """Outcome and value of a number's or moment's cell that holds no backslash."""
    if kind == KIND_MOMENT:
        return parse_any_moment(data, start, stop)
    if kind == KIND_SECONDS:
        return parse_seconds(data, start, stop)
    if stop - start == 1 and data[start] in (_LOWER_T, _LOWER_F):
        return VALUE, 1 if data[start] == _LOWER_T else 0
    return parse_integer(data, start, stop)


def read_copy(job: int, end: int, base: int) -> int:
    """Read the rows that follow a COPY statement, as far as the bytes and the room go.

    Args:
        job: address of the job's arrays, see `state.py`; its state is taken up and left behind.
        end: index after the last byte present; padding follows.
        base: offset in the stream of the first byte of the data, for errors.

    Returns:
        Why it came back: MORE, FULL, ENDED, UNPLACED, TOO_MANY_CELLS or TOO_FEW_CELLS.
    """
    arrays = integers_at(job, 2 * ARRAYS)
    data = bytes_at(arrays[2 * DATA], arrays[2 * DATA + 1])
    state = integers_at(arrays[2 * STATE], STATES)
    kinds = integers_at(arrays[2 * KINDS], arrays[2 * KINDS + 1])
    slots = integers_at(arrays[2 * SLOTS], arrays[2 * SLOTS + 1])
    values = integers_at(arrays[2 * VALUES], arrays[2 * VALUES + 1])
    valid = bytes_at(arrays[2 * VALID], arrays[2 * VALID + 1])
    errors = integers_at(arrays[2 * ERRORS], arrays[2 * ERRORS + 1])
    cell = bytes_at(arrays[2 * GATHERED], arrays[2 * GATHERED + 1])
    words = bytes_at(arrays[2 * WORDS], arrays[2 * WORDS + 1])
    word_ends = integers_at(arrays[2 * WORD_ENDS], arrays[2 * WORD_ENDS + 1])
    word_numbers = integers_at(arrays[2 * WORD_NUMBERS], arrays[2 * WORD_NUMBERS + 1])
    word_firsts = integers_at(arrays[2 * WORD_FIRSTS], arrays[2 * WORD_FIRSTS + 1])
    names = bytes_at(arrays[2 * NAMES], arrays[2 * NAMES + 1])
    lead = bytes_at(arrays[2 * LEAD], BYTES)
    at = state[POSITION]
    phase = state[PHASE]
    column = state[COLUMN]
    row = state[ROW]
    length = state[LENGTH]
    flavour = state[FLAVOUR]
    multibyte = state[MULTIBYTE]
    capacity = state[CAPACITY]
    width = kinds.size
    code = MORE
    while at < end:
        if phase == BEFORE_ROW:
            if peek(data, at) == ESCAPE:
                if at + 3 >= end:
                    break
                if peek(data, at + 1) == POINT:
                    after = at + 3 if peek(data, at + 2) == _RETURN else at + 2
                    if peek(data, after) != NEWLINE:
                        code = UNPLACED
                        break
                    at = after + 1
                    code = ENDED
                    break
            phase = CELL
        kind = kinds[column]
        if kind == SKIP:
            stop, ended = _skipped(data, at, end, multibyte)
            at = stop
            if not ended:
                break
        else:
            slot = slots[column]
            if phase == CELL and kind in (KIND_INTEGER, KIND_SECONDS, KIND_MOMENT):
                span = until_cell_stop(data, at)
                stop = at + span
                if span < WIDTH and stop < end and peek(data, stop) != ESCAPE:
                    outcome, value = _value(data, at, stop, kind)
                    if outcome != MALFORMED:
                        values[slot * capacity + row] = value
                        valid[slot * capacity + row] = 1 if outcome == VALUE else 0
                        at = stop
                        phase = BEFORE_ROW
            if phase != BEFORE_ROW:
                phase = STRING
                closed = False
                while at < end:
                    byte = peek(data, at)
                    step = 1
                    if byte in (_TAB, NEWLINE):
                        closed = True
                        break
                    if byte == _RETURN:
                        if at + 1 >= end:
                            break
                        if peek(data, at + 1) == NEWLINE:
                            at += 1
                            continue
                    if flavour & NULLED:
                        flavour |= BROKEN
                    if multibyte and lead[byte]:
                        if at + 1 >= end:
                            break
                        if length + 1 < cell.size:
                            cell[length] = byte
                            length += 1
                        byte = peek(data, at + 1)
                        step = 2
                    elif byte == ESCAPE:
                        if at + 1 >= end:
                            break
                        following = peek(data, at + 1)
                        if length == 0 and flavour == 0 and following == _LETTER_N:
                            flavour |= NULLED
                            at += 2
                            continue
                        byte = _unescaped(following)
                        step = 2
                    if length < cell.size:
                        cell[length] = byte
                        length += 1
                    else:
                        flavour |= OVERLONG
                    at += step
                if not closed:
                    break
                outcome, value = NULL, 0
                if kind == KIND_TEXT:
                    start = state[TEXT_END]
                    length = 0 if flavour & NULLED else length
                    for index in range(length):
                        names[start + index] = cell[index]
                    state[TEXT_END] = start + length
                    place = start * TEXT_SHIFT + length
                    value = -1 - place if flavour & (OVERLONG | BROKEN) else place
                    outcome = NULL if flavour & NULLED and not flavour & BROKEN else VALUE
                elif flavour & BROKEN:
                    outcome = MALFORMED
                elif flavour & NULLED == 0:
                    if kind == KIND_INTEGER and length == 1 and cell[0] in (_LOWER_T, _LOWER_F):
                        outcome, value = VALUE, 1 if cell[0] == _LOWER_T else 0
                    else:
                        outcome, value = convert(
                            cell,
                            length,
                            flavour | QUOTED,
                            kind,
                            words,
                            word_ends,
                            word_numbers,
                            word_firsts[slot],
                            word_firsts[slot + 1],
                        )
                values[slot * capacity + row] = value
                valid[slot * capacity + row] = 1 if outcome == VALUE else 0
                if outcome == MALFORMED and errors[3 * slot] == 0:
                    errors[3 * slot] = MALFORMED
                    errors[3 * slot + 1] = row
                    errors[3 * slot + 2] = base + at
                length = 0
                flavour = 0
        if peek(data, at) == _TAB:
            column += 1
            if column == width:
                column = width - 1
                code = TOO_MANY_CELLS
                break
            phase = CELL
            at += 1
            continue
        if column + 1 != width:
            code = TOO_FEW_CELLS
            break
        column = 0
        row += 1
        at += 1
        phase = BEFORE_ROW
        if row == capacity or state[TEXT_END] > state[TEXT_ROOM]:
            code = FULL
            break
    state[POSITION] = at
    state[PHASE] = phase
    state[COLUMN] = column
    state[ROW] = row
    state[LENGTH] = length
    state[FLAVOUR] = flavour
    return code
