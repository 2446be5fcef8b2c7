"""The compiled reader of rows: cells of declared columns into numbers, every other byte skipped where it lies.

It stops in front of whatever needs bytes that are not there yet and goes on from `state` when called again.
"""

from typing import Final

from vestige.derive.cell_codes import (
    KIND_INTEGER,
    KIND_SECONDS,
    MALFORMED,
    VALUE,
)
from vestige.derive.dump.common_kernel import (
    BACKTICK,
    CLOSE,
    COMMA,
    DOUBLE,
    ESCAPE,
    LOOK_AHEAD,
    MINUS,
    NINE,
    OPEN,
    PLUS,
    POINT,
    SEMICOLON,
    SINGLE,
    ZERO,
    Array,
    blank,
    helper,
    repeats,
    string_end,
)
from vestige.derive.dump.gathered_kernel import (
    convert,
    introduce,
    name_length,
    unescaped,
)
from vestige.derive.dump.state import (
    AFTER_ROW,
    AFTER_TOKEN,
    ARRAYS,
    BACKSLASH,
    BEFORE_ROW,
    BROKEN,
    BYTES,
    CAPACITY,
    CELL,
    COLUMN,
    DATA,
    DEPTH,
    ENDED,
    ERRORS,
    FLAVOUR,
    FULL,
    GATHERED,
    HEADER,
    HEXADECIMAL,
    KIND_TEXT,
    KINDS,
    LEAD,
    LENGTH,
    MORE,
    MULTIBYTE,
    NAMES,
    NESTED,
    ODD,
    OVERLONG,
    PHASE,
    POSITION,
    QUOTE,
    QUOTED,
    REPEATS,
    ROW,
    SIGN,
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
    TRAIL,
    UNPLACED,
    VALID,
    VALUES,
    WORD,
    WORD_ENDS,
    WORD_FIRSTS,
    WORD_NUMBERS,
    WORDS,
)
from vestige.derive.dump.vectors import (
    WIDTH,
    bytes_at,
    integers_at,
    peek,
    until_either,
    word_length,
)

_MOST_DIGITS: Final = 18
_LARGEST_SECONDS: Final = 9_223_372_036_854


@helper
def _skip_string(data: Array, at: int, end: int, escape: int) -> int:
    """Index of the quote that closes a string, or of a byte close to the end that cannot be decided."""
    while True:
        span = until_either(data, at, SINGLE, escape)
        at += span
        if at + 1 >= end:
            return min(at, end)
        if span == WIDTH:
            continue
        if peek(data, at) == SINGLE and peek(data, at + 1) != SINGLE:
            return at
        at += 2


@helper
def _plain_integer(data: Array, at: int) -> tuple[int, int]:
    """An unquoted integer that a comma or parenthesis follows: (index of that, value); else (`at`, 0)."""
    negative = peek(data, at) == MINUS
    digit_at = at + 1 if negative else at
    value = 0
    stop = digit_at
    while stop - digit_at < _MOST_DIGITS:
        digit = peek(data, stop) - ZERO
        if digit < 0 or digit > 9:
            break
        value = value * 10 + digit
        stop += 1
    after = peek(data, stop)
    if stop == digit_at or (after not in (COMMA, CLOSE)):
        return at, 0
    return stop, -value if negative else value


def read_rows(job: int, end: int, base: int) -> int:
    """Read the rows that follow VALUES, as far as the bytes and the room go.

    Args:
        job: address of the job's arrays, see `state.py`; its state is taken up and left behind.
        end: index after the last byte present; padding follows.
        base: offset in the stream of the first byte of the data, for errors.

    Returns:
        Why it came back: MORE, FULL, ENDED, ODD, UNPLACED, TOO_MANY_CELLS or TOO_FEW_CELLS.
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
    header = bytes_at(arrays[2 * HEADER], arrays[2 * HEADER + 1])
    lead = bytes_at(arrays[2 * LEAD], BYTES)
    trail = bytes_at(arrays[2 * TRAIL], BYTES)
    names = bytes_at(arrays[2 * NAMES], arrays[2 * NAMES + 1])
    at = state[POSITION]
    phase = state[PHASE]
    quote = state[QUOTE]
    column = state[COLUMN]
    row = state[ROW]
    length = state[LENGTH]
    flavour = state[FLAVOUR]
    depth = state[DEPTH]
    backslash = state[BACKSLASH]
    multibyte = state[MULTIBYTE]
    capacity = state[CAPACITY]
    width = kinds.size
    stored = False
    code = MORE
    kind = kinds[column]
    while at < end:
        byte = peek(data, at)
        if phase == CELL:
            while at + LOOK_AHEAD <= end:
                if kind == SKIP:
                    byte = peek(data, at)
                    if byte == SINGLE and not multibyte:
                        flavour = QUOTED
                        phase = STRING
                        at = _skip_string(data, at + 1, end, ESCAPE if backslash else SINGLE)
                        if at + LOOK_AHEAD > end:
                            quote = SINGLE
                            break
                        at += 1
                        phase = AFTER_TOKEN
                    else:
                        span = word_length(data, at)
                        if span in (0, WIDTH):
                            break
                        at += span
                        phase = AFTER_TOKEN
                        if at == end:
                            phase = WORD
                            break
                elif kind in (KIND_INTEGER, KIND_SECONDS):
                    stop, value = _plain_integer(data, at)
                    if stop == at:
                        break
                    at = stop
                    present = 1
                    if kind == KIND_SECONDS:
                        present = 1 if 0 < value <= _LARGEST_SECONDS else 0
                        value = value * 1_000_000 if present else 0
                    values[slots[column] * capacity + row] = value
                    valid[slots[column] * capacity + row] = present
                    stored = True
                    phase = AFTER_TOKEN
                else:
                    break
                if peek(data, at) != COMMA or column + 1 == width:
                    break
                at += 1
                column += 1
                kind = kinds[column]
                phase = CELL
                stored = False
                flavour = 0
            if phase != CELL or at == end:
                continue
            byte = peek(data, at)
            if byte in (SINGLE, DOUBLE):
                quote = byte
                flavour = QUOTED
                phase = STRING
                at += 1
            elif word_length(data, at) > 0:
                phase = WORD
            elif byte in (MINUS, PLUS):
                phase = SIGN
            elif blank(byte):
                at += 1
            elif byte == OPEN and kind == SKIP:
                phase = NESTED
                depth = 1
                at += 1
            else:
                code = UNPLACED
                break
        elif phase == STRING:
            escape = ESCAPE if backslash else quote
            if kind == SKIP:
                stop = string_end(data, at, end, quote, escape, multibyte, lead, trail)
                at = stop
                if stop + 1 >= end:
                    break
                at += 1
                phase = NESTED if depth > 0 else AFTER_TOKEN
            else:
                closed = False
                while at + 1 < end:
                    byte = peek(data, at)
                    step = 1
                    if multibyte and lead[byte] and trail[peek(data, at + 1)]:
                        if length + 1 < cell.size:
                            cell[length] = byte
                            length += 1
                        byte = peek(data, at + 1)
                        step = 2
                    elif byte == quote:
                        if peek(data, at + 1) != quote:
                            closed = True
                            break
                        step = 2
                    elif byte == escape:
                        byte = unescaped(peek(data, at + 1))
                        step = 2
                    if length < cell.size:
                        cell[length] = byte
                        length += 1
                    else:
                        flavour |= OVERLONG
                    at += step
                if not closed:
                    break
                at += 1
                phase = AFTER_TOKEN
        elif phase == AFTER_TOKEN:
            if byte in (COMMA, CLOSE):
                if kind != SKIP and not stored:
                    slot = slots[column]
                    if kind == KIND_TEXT:
                        start = state[TEXT_END]
                        length = name_length(cell, length, flavour)
                        for index in range(length):
                            names[start + index] = cell[index]
                        state[TEXT_END] = start + length
                        place = start * TEXT_SHIFT + length
                        values[slot * capacity + row] = -1 - place if flavour & (OVERLONG | BROKEN) else place
                        valid[slot * capacity + row] = 1 if length > 0 or flavour & (QUOTED | HEXADECIMAL) else 0
                    else:
                        outcome, value = convert(
                            cell,
                            length,
                            flavour,
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
                stored = False
                length = 0
                flavour = 0
                if byte == COMMA:
                    column += 1
                    if column == width:
                        code = TOO_MANY_CELLS
                        break
                    phase = CELL
                    kind = kinds[column]
                    at += 1
                    continue
                if column + 1 != width:
                    code = TOO_FEW_CELLS
                    break
                column = 0
                kind = kinds[0]
                row += 1
                at += 1
                phase = AFTER_ROW
                if row == capacity or state[TEXT_END] > state[TEXT_ROOM]:
                    code = FULL
                    break
            elif blank(byte):
                at += 1
            elif byte in (SINGLE, DOUBLE):
                if kind != SKIP:
                    flavour = introduce(cell, length, flavour)
                    if flavour & QUOTED == 0:
                        length = 0
                flavour |= QUOTED
                quote = byte
                phase = STRING
                at += 1
            elif byte in (MINUS, PLUS):
                phase = SIGN
            elif flavour & QUOTED == 0 and word_length(data, at) > 0:
                if kind != SKIP:
                    flavour = introduce(cell, length, flavour)
                    length = 0
                phase = WORD
            elif byte == OPEN and kind == SKIP:
                phase = NESTED
                depth = 1
                at += 1
            else:
                code = UNPLACED
                break
        elif phase == WORD:
            span = min(word_length(data, at), end - at)
            if kind != SKIP:
                for index in range(span):
                    if length < cell.size:
                        cell[length] = peek(data, at + index)
                        length += 1
                    else:
                        flavour |= OVERLONG
            at += span
            if span < WIDTH and at < end:
                phase = AFTER_TOKEN
        elif phase == SIGN:
            if at + 1 >= end:
                break
            following = peek(data, at + 1)
            if following != POINT and not (ZERO <= following <= NINE):
                code = UNPLACED
                break
            if kind != SKIP:
                if length < cell.size:
                    cell[length] = byte
                    length += 1
                else:
                    flavour |= OVERLONG
                if flavour & QUOTED:
                    flavour |= BROKEN
            at += 1
            phase = WORD
        elif phase == AFTER_ROW:
            if byte == COMMA:
                phase = BEFORE_ROW
                at += 1
            elif byte == SEMICOLON:
                at += 1
                start = at
                while start < end and blank(peek(data, start)):
                    start += 1
                if not repeats(data, start, end, header):
                    code = ENDED
                    break
                at = start + header.size
                state[REPEATS] += 1
                phase = BEFORE_ROW
            elif blank(byte):
                at += 1
            else:
                code = ODD
                break
        elif phase == BEFORE_ROW:
            if byte == OPEN:
                phase = CELL
                at += 1
            elif blank(byte):
                at += 1
            else:
                code = ODD
                break
        elif byte == OPEN:
            depth += 1
            at += 1
        elif byte == CLOSE:
            depth -= 1
            at += 1
            if depth == 0:
                phase = AFTER_TOKEN
        elif byte in (SINGLE, DOUBLE):
            quote = byte
            phase = STRING
            at += 1
        elif byte in (SEMICOLON, BACKTICK):
            code = UNPLACED
            break
        else:
            at += 1
    state[POSITION] = at
    state[PHASE] = phase
    state[QUOTE] = quote
    state[COLUMN] = column
    state[ROW] = row
    state[LENGTH] = length
    state[FLAVOUR] = flavour
    state[DEPTH] = depth
    return code
