"""The compiled reader of cells that hold several numbers, or names: bytes in, numbers out, nothing kept.

PHP's serialisation and JSON are walked, never built: no object of either comes to be, whatever a cell says. Every
loop takes at least one byte a turn, so that a hostile count or depth costs nothing.
"""

from typing import Final

from vestige.derive.dump.common_kernel import Array, helper
from vestige.derive.dump.vectors import bytes_at, integers_at, peek
from vestige.derive.packed_codes import (
    ABSENT,
    ARRAYS,
    AS_KEYS,
    AS_LIST,
    AS_NAME,
    AS_NAMES,
    AS_PREFIXED,
    AS_VALUES,
    COUNTS,
    DAMAGED,
    DEEPEST,
    FRAME,
    INHERITED,
    KEY,
    LEFT,
    MARKER,
    MOST_NUMBERS,
    NUMBERS,
    OFFSETS,
    STACK,
    TEXT,
    UNMARKED,
    WANTS,
    WORD_ENDS,
    WORD_NUMBERS,
    WORDS,
)

_BROKEN: Final = -1
_ZERO: Final = 48
_COMMA: Final = 44
_SPACE: Final = 32
_COLON: Final = 58
_SEMICOLON: Final = 59
_BAR: Final = 124
_QUOTE: Final = 34
_ESCAPE: Final = 92
_MINUS: Final = 45
_OPEN_LIST: Final = 91
_CLOSE_LIST: Final = 93
_OPEN: Final = 123
_CLOSE: Final = 125
_MOST_DIGITS: Final = 18
_SIGN: Final = -9_223_372_036_854_775_807 - 1

_WANTS_KEY: Final = 0
_WANTS_VALUE: Final = 1
_WANTS_COLON: Final = 2
_WANTS_COMMA: Final = 3
_WANTS_FIRST: Final = 4

_OTHER: Final = 0
_INTEGER: Final = 1
_STRING: Final = 2
_ARRAY: Final = 3
"""Kinds of token in PHP's serialisation."""


@helper
def _turned(word: int, count: int) -> int:
    """The bits of a word turned to the left."""
    return (word << count) | ((word >> (64 - count)) & ((1 << count) - 1))


@helper
def _round(v0: int, v1: int, v2: int, v3: int) -> tuple[int, int, int, int]:
    v0 += v1
    v1 = _turned(v1, 13) ^ v0
    v0 = _turned(v0, 32)
    v2 += v3
    v3 = _turned(v3, 16) ^ v2
    v0 += v3
    v3 = _turned(v3, 21) ^ v0
    v2 += v1
    v1 = _turned(v1, 17) ^ v2
    v2 = _turned(v2, 32)
    return v0, v1, v2, v3


@helper
def _digest(data: Array, start: int, stop: int, key: Array) -> int:
    """SipHash-2-4 (Aumasson and Bernstein, 2012) of some bytes."""
    v0 = key[0] ^ 0x736F6D6570736575
    v1 = key[1] ^ 0x646F72616E646F6D
    v2 = key[0] ^ 0x6C7967656E657261
    v3 = key[1] ^ 0x7465646279746573
    at = start
    while True:
        word = 0
        if stop - at >= 8:
            for index in range(8):
                word |= peek(data, at + index) << (8 * index)
        else:
            for index in range(stop - at):
                word |= peek(data, at + index) << (8 * index)
            word |= (stop - start) << 56
        v3 ^= word
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
        v0 ^= word
        if stop - at < 8:
            break
        at += 8
    v2 ^= 0xFF
    for _ in range(4):
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3


@helper
def _word(data: Array, start: int, stop: int, words: Array, ends: Array, numbers: Array) -> int:
    """The number of the word of a vocabulary that has exactly these bytes, or UNMARKED."""
    for index in range(numbers.size):
        begin = ends[index - 1] if index > 0 else 0
        if ends[index] - begin == stop - start:
            at = 0
            while at < stop - start and peek(data, start + at) == words[begin + at]:
                at += 1
            if at == stop - start:
                return numbers[index]  # type: ignore[no-any-return] # an array of int64
    return UNMARKED


@helper
def _prefix(data: Array, start: int, stop: int, words: Array, ends: Array, numbers: Array) -> tuple[int, int]:
    """The number of the word of a vocabulary that the bytes begin with, and where it ends; or UNMARKED."""
    for index in range(numbers.size):
        begin = ends[index - 1] if index > 0 else 0
        length = ends[index] - begin
        if length <= stop - start:
            at = 0
            while at < length and peek(data, start + at) == words[begin + at]:
                at += 1
            if at == length:
                return numbers[index], start + length
    return UNMARKED, start


@helper
def _name(data: Array, start: int, stop: int, words: Array, ends: Array, numbers: Array, key: Array) -> int:
    """A word's number, which is above 0, or a digest, which is below."""
    known = _word(data, start, stop, words, ends, numbers)
    return known if known != UNMARKED else _digest(data, start, stop, key) | _SIGN


@helper
def _digits(data: Array, start: int, stop: int) -> tuple[int, int]:
    """The digits from `start` on: (index behind them, their value), or (_BROKEN, 0) if none or too many."""
    value = 0
    at = start
    while at < stop and 0 <= peek(data, at) - _ZERO <= 9:
        if at - start == _MOST_DIGITS:
            return _BROKEN, 0
        value = value * 10 + peek(data, at) - _ZERO
        at += 1
    return (at if at > start else _BROKEN), value


@helper
def _whole(data: Array, start: int, stop: int) -> int:
    """The number that the bytes are, all of them digits; or _BROKEN."""
    at, value = _digits(data, start, stop)
    return value if at == stop else _BROKEN


@helper
def _separates(byte: int) -> bool:
    return byte in (_COMMA, _SEMICOLON, _SPACE, _BAR)


@helper
def _list(data: Array, start: int, stop: int, out: Array, made: int) -> int:
    """`4,5`: digits, and what separates them."""
    at = start
    while at < stop:
        if _separates(peek(data, at)):
            at += 1
            continue
        at, value = _digits(data, at, stop)
        if at < 0 or (at < stop and not _separates(peek(data, at))):
            return _BROKEN
        out[made] = value
        made += 1
    return made


@helper
def _prefixed(
    data: Array, start: int, stop: int, out: Array, made: int, words: Array, ends: Array, numbers: Array
) -> int:
    """`u_2:g_4`: each item that begins with a known word and goes on in digits; others are passed over."""
    at = start
    while at < stop:
        end = at
        while end < stop and peek(data, end) not in (_COLON, _COMMA, _SEMICOLON, _SPACE):
            end += 1
        marker, behind = _prefix(data, at, end, words, ends, numbers)
        if marker != UNMARKED:
            value = _whole(data, behind, end)
            if value < 0:
                return _BROKEN
            out[made] = marker
            out[made + 1] = value
            made += 2
        at = end + 1
    return made


@helper
def _put_number(out: Array, made: int, value: int, marker: int, marked: bool) -> int:
    """A number, after its key's where keys count; one under no known key is passed over."""
    if value < 0 or (marked and marker == UNMARKED):
        return made
    if marked:
        out[made] = marker
        made += 1
    out[made] = value
    return made + 1


@helper
def _put_names(
    data: Array, start: int, stop: int, out: Array, made: int, words: Array, ends: Array, numbers: Array, key: Array
) -> int:
    """A 0, a string as a name, and, where it lists several with `, ` between, each of those."""
    out[made] = 0
    out[made + 1] = _name(data, start, stop, words, ends, numbers, key)
    made += 2
    begin = start
    for at in range(start, stop):
        if peek(data, at) == _COMMA and at + 1 < stop and peek(data, at + 1) == _SPACE:
            out[made] = _name(data, begin, at, words, ends, numbers, key)
            made += 1
            begin = at + 2
    if begin > start:
        out[made] = _name(data, begin, stop, words, ends, numbers, key)
        made += 1
    return made


@helper
def _php_token(data: Array, at: int, stop: int) -> tuple[int, int, int, int]:
    """A token: its kind, the index behind it, and: the integer and 0; first byte and end of a string; entries, 0."""
    if at + 1 >= stop:
        return _BROKEN, at, 0, 0
    letter = peek(data, at)
    if letter == 78:  # N
        return (_OTHER if peek(data, at + 1) == _SEMICOLON else _BROKEN), at + 2, 0, 0
    if peek(data, at + 1) != _COLON:
        return _BROKEN, at, 0, 0
    at += 2
    if letter in (98, 100):  # b, d
        while at < stop and peek(data, at) != _SEMICOLON:
            at += 1
        return (_OTHER if at < stop else _BROKEN), at + 1, 0, 0
    negative = letter == 105 and at < stop and peek(data, at) == _MINUS
    at, number = _digits(data, at + 1 if negative else at, stop)
    if at < 0 or at >= stop:
        return _BROKEN, at, 0, 0
    if letter == 105:  # i
        kind = _INTEGER if peek(data, at) == _SEMICOLON else _BROKEN
        return kind, at + 1, -number if negative else number, 0
    if at + 1 >= stop or peek(data, at) != _COLON:
        return _BROKEN, at, 0, 0
    if letter == 97:  # a
        return (_ARRAY if peek(data, at + 1) == _OPEN else _BROKEN), at + 2, number, 0
    at += 2
    end = at + number
    if letter != 115 or peek(data, at - 1) != _QUOTE or number > stop or end + 1 >= stop:  # s
        return _BROKEN, at, 0, 0
    if peek(data, end) != _QUOTE or peek(data, end + 1) != _SEMICOLON:
        return _BROKEN, at, 0, 0
    return _STRING, end + 2, at, end


@helper
def _php(
    data: Array,
    start: int,
    stop: int,
    out: Array,
    made: int,
    words: Array,
    ends: Array,
    numbers: Array,
    key: Array,
    stack: Array,
    mode: int,
) -> int:
    """PHP's serialisation: numbers or names as the mode says, or _BROKEN."""
    at = start
    depth = 0
    marked = mode == AS_VALUES and numbers.size > 0
    while True:
        top = FRAME * (depth - 1)
        complete = False
        if depth > 0 and stack[top + WANTS] == _WANTS_KEY and stack[top + LEFT] == 0:
            if at >= stop or peek(data, at) != _CLOSE:
                return _BROKEN
            at += 1
            depth -= 1
            complete = True
        else:
            kind, at, first, last = _php_token(data, at, stop)
            if kind < 0:
                return _BROKEN
            if depth > 0 and stack[top + WANTS] == _WANTS_KEY:
                if kind == _INTEGER:
                    number = first
                elif kind == _STRING:
                    number = _whole(data, first, last)
                else:
                    return _BROKEN
                known = _word(data, first, last, words, ends, numbers) if marked and kind == _STRING else UNMARKED
                stack[top + MARKER] = known if known != UNMARKED else stack[top + INHERITED]
                stack[top + WANTS] = _WANTS_VALUE
                if mode == AS_KEYS:
                    made = _put_number(out, made, number, UNMARKED, False)
            elif kind == _ARRAY:
                if depth == DEEPEST:
                    return _BROKEN
                marker = stack[top + MARKER] if depth > 0 else UNMARKED
                top = FRAME * depth
                stack[top + LEFT] = first
                stack[top + WANTS] = _WANTS_KEY
                stack[top + INHERITED] = marker
                stack[top + MARKER] = marker
                depth += 1
            else:
                complete = True
                marker = stack[top + MARKER] if depth > 0 else UNMARKED
                if mode == AS_VALUES and kind == _INTEGER:
                    made = _put_number(out, made, first, marker, marked)
                elif mode == AS_VALUES and kind == _STRING:
                    made = _put_number(out, made, _whole(data, first, last), marker, marked)
                elif mode == AS_NAMES and kind == _STRING:
                    made = _put_names(data, first, last, out, made, words, ends, numbers, key)
        if complete:
            if depth == 0:
                return made if at == stop else _BROKEN
            top = FRAME * (depth - 1)
            stack[top + WANTS] = _WANTS_KEY
            stack[top + LEFT] -= 1


@helper
def _json_string(data: Array, at: int, stop: int) -> int:
    """The index of the quote that closes a string whose first byte is at `at`, or _BROKEN."""
    while at < stop:
        byte = peek(data, at)
        if byte == _QUOTE:
            return at
        at += 2 if byte == _ESCAPE else 1
    return _BROKEN


@helper
def _json_scalar(data: Array, at: int, stop: int) -> int:
    """The index behind a number, `true`, `false` or `null`; `at` if there is none."""
    while at < stop:
        byte = peek(data, at)
        letter = byte | 0x20
        if not (0 <= byte - _ZERO <= 9 or 97 <= letter <= 122 or byte in (_MINUS, 43, 46)):
            break
        at += 1
    return at


@helper
def _json(
    data: Array,
    start: int,
    stop: int,
    out: Array,
    made: int,
    words: Array,
    ends: Array,
    numbers: Array,
    key: Array,
    stack: Array,
    mode: int,
) -> int:
    """JSON: numbers or names as the mode says, or _BROKEN. A string with an escape is no name that is known."""
    at = start
    depth = 0
    marked = mode == AS_VALUES and numbers.size > 0
    while True:
        while at < stop and peek(data, at) in (_SPACE, 9, 10, 13):
            at += 1
        if depth == 0 and at > start:
            return made if at == stop else _BROKEN
        if at >= stop:
            return _BROKEN
        byte = peek(data, at)
        top = FRAME * (depth - 1)
        wants = stack[top + WANTS] if depth > 0 else _WANTS_VALUE
        keyed = depth > 0 and stack[top + LEFT] == 1
        marker = stack[top + MARKER] if depth > 0 else UNMARKED
        if byte in (_CLOSE, _CLOSE_LIST):
            if depth == 0 or wants not in (_WANTS_FIRST, _WANTS_COMMA) or keyed != (byte == _CLOSE):
                return _BROKEN
            at += 1
            depth -= 1
            if depth > 0:
                stack[top - FRAME + WANTS] = _WANTS_COMMA
        elif wants == _WANTS_COMMA:
            if byte != _COMMA:
                return _BROKEN
            at += 1
            stack[top + WANTS] = _WANTS_KEY if keyed else _WANTS_VALUE
        elif wants == _WANTS_COLON:
            if byte != _COLON:
                return _BROKEN
            at += 1
            stack[top + WANTS] = _WANTS_VALUE
        elif keyed and wants in (_WANTS_FIRST, _WANTS_KEY):
            end = _json_string(data, at + 1, stop) if byte == _QUOTE else _BROKEN
            if end < 0:
                return _BROKEN
            known = _word(data, at + 1, end, words, ends, numbers) if marked else UNMARKED
            stack[top + MARKER] = known if known != UNMARKED else stack[top + INHERITED]
            stack[top + WANTS] = _WANTS_COLON
            if mode == AS_KEYS:
                made = _put_number(out, made, _whole(data, at + 1, end), UNMARKED, False)
            at = end + 1
        elif byte in (_OPEN, _OPEN_LIST):
            if depth == DEEPEST:
                return _BROKEN
            if depth > 0:
                stack[top + WANTS] = _WANTS_COMMA
            top += FRAME
            stack[top + LEFT] = 1 if byte == _OPEN else 0
            stack[top + WANTS] = _WANTS_FIRST
            stack[top + INHERITED] = marker
            stack[top + MARKER] = marker
            depth += 1
            at += 1
        else:
            end = _json_string(data, at + 1, stop) if byte == _QUOTE else _json_scalar(data, at, stop)
            if end <= at:
                return _BROKEN
            first = at + 1 if byte == _QUOTE else at
            if mode == AS_VALUES:
                made = _put_number(out, made, _whole(data, first, end), marker, marked)
            elif mode == AS_NAMES and byte == _QUOTE:
                made = _put_names(data, first, end, out, made, words, ends, numbers, key)
            at = end + 1 if byte == _QUOTE else end
            if depth > 0:
                stack[top + WANTS] = _WANTS_COMMA


def read_cells(job: int, mode: int) -> int:
    """Read every cell of a column.

    Args:
        job: address of the job's arrays, see `packed_codes.py`.
        mode: how, one of its AS_ numbers.

    Returns:
        How many numbers the cells gave altogether.
    """
    arrays = integers_at(job, 2 * ARRAYS)
    data = bytes_at(arrays[2 * TEXT], arrays[2 * TEXT + 1])
    offsets = integers_at(arrays[2 * OFFSETS], arrays[2 * OFFSETS + 1])
    counts = integers_at(arrays[2 * COUNTS], arrays[2 * COUNTS + 1])
    out = integers_at(arrays[2 * NUMBERS], arrays[2 * NUMBERS + 1])
    words = bytes_at(arrays[2 * WORDS], arrays[2 * WORDS + 1])
    ends = integers_at(arrays[2 * WORD_ENDS], arrays[2 * WORD_ENDS + 1])
    numbers = integers_at(arrays[2 * WORD_NUMBERS], arrays[2 * WORD_NUMBERS + 1])
    key = integers_at(arrays[2 * KEY], 2)
    stack = integers_at(arrays[2 * STACK], FRAME * DEEPEST)
    made = 0
    for cell in range(counts.size):
        if counts[cell] in (ABSENT, DAMAGED):
            continue
        start, stop = offsets[cell], offsets[cell + 1]
        before = made
        if start == stop:
            made = before
        elif mode == AS_NAME:
            out[made] = _name(data, start, stop, words, ends, numbers, key)
            made += 1
        elif mode == AS_LIST:
            made = _list(data, start, stop, out, before)
        elif mode == AS_PREFIXED:
            made = _prefixed(data, start, stop, out, before, words, ends, numbers)
        elif peek(data, start) in (_OPEN, _OPEN_LIST):
            made = _json(data, start, stop, out, before, words, ends, numbers, key, stack, mode)
        else:
            made = _php(data, start, stop, out, before, words, ends, numbers, key, stack, mode)
        if made < 0 or made - before > MOST_NUMBERS:
            counts[cell] = DAMAGED
            made = before
        else:
            counts[cell] = made - before
    return made
