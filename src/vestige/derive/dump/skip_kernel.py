"""The compiled way over a statement that is not read, to behind its delimiter, minding quotes and comments."""

from typing import Final

from vestige.derive.dump.common_kernel import (
    BACKTICK,
    DOUBLE,
    ESCAPE,
    HASH,
    LOOK_AHEAD,
    MINUS,
    NEWLINE,
    NINE,
    SINGLE,
    SLASH,
    SPACE,
    STAR,
    ZERO,
    Array,
    blank,
    helper,
    repeats,
    string_end,
)
from vestige.derive.dump.state import (
    ANSI,
    ARRAYS,
    BACKSLASH,
    BLOCK_COMMENT,
    BYTES,
    CONDITIONAL,
    DATA,
    DELIMITER,
    ENDED,
    HEADER,
    LEAD,
    LINE_COMMENT,
    MORE,
    MULTIBYTE,
    PHASE,
    PLAIN,
    POSITION,
    QUOTE,
    REPEATS,
    STATE,
    STATES,
    STRING,
    TRAIL,
)
from vestige.derive.dump.vectors import (
    WIDTH,
    bytes_at,
    integers_at,
    peek,
    until_either,
    until_special,
)

_NEVER_RUN: Final = 99_999
_NEVER_RUN_LONG: Final = 990_000
"""Versions from which on a `/*!` comment is nobody's: the sandbox line has 999999."""


@helper
def _comment_opening(data: Array, at: int, end: int) -> int:
    """Length of the `/*!VERSION` or `/*M!VERSION` at `at` when its content counts, 0 for a plain comment."""
    start = at + 2
    if start < end and peek(data, start) == 77:
        start += 1
    if start >= end or peek(data, start) != 33:
        return 0
    start += 1
    version = 0
    digits = 0
    while start < end and digits < 6 and ZERO <= peek(data, start) <= NINE:
        version = version * 10 + peek(data, start) - ZERO
        start += 1
        digits += 1
    never = _NEVER_RUN if digits < 6 else _NEVER_RUN_LONG
    return 0 if version >= never else start - at


def skip_statement(job: int, end: int, finished: int) -> int:
    """Go over a statement to behind its delimiter, minding quotes and comments.

    Args:
        job: address of the job's arrays, see `state.py`; its state is taken up and left behind.
        end: index after the last byte present; padding follows.
        finished: 1 when the stream ends there.

    Returns:
        MORE or ENDED.
    """
    arrays = integers_at(job, 2 * ARRAYS)
    data = bytes_at(arrays[2 * DATA], arrays[2 * DATA + 1])
    state = integers_at(arrays[2 * STATE], STATES)
    header = bytes_at(arrays[2 * HEADER], arrays[2 * HEADER + 1])
    delimiter = bytes_at(arrays[2 * DELIMITER], arrays[2 * DELIMITER + 1])
    lead = bytes_at(arrays[2 * LEAD], BYTES)
    trail = bytes_at(arrays[2 * TRAIL], BYTES)
    at = state[POSITION]
    phase = state[PHASE]
    quote = state[QUOTE]
    size = delimiter.size
    stop_byte = delimiter[0]
    code = MORE
    while at < end:
        if phase == STRING:
            escaped = state[BACKSLASH] and quote != BACKTICK and not (quote == DOUBLE and state[ANSI])
            escape = ESCAPE if escaped else quote
            at = string_end(data, at, end, quote, escape, state[MULTIBYTE], lead, trail)
            if at + 1 >= end and not (finished and at < end and peek(data, at) == quote):
                break
            at += 1
            phase = PLAIN
            continue
        if phase == LINE_COMMENT:
            span = until_either(data, at, NEWLINE, NEWLINE)
            at = min(at + span, end)
            if span < WIDTH and at < end:
                phase = PLAIN
            continue
        if phase == BLOCK_COMMENT:
            span = until_either(data, at, STAR, STAR)
            at = min(at + span, end)
            if span == WIDTH:
                continue
            if at + 1 >= end:
                break
            if peek(data, at + 1) == SLASH:
                at += 1
                phase = PLAIN
            at += 1
            continue
        span = until_special(data, at, stop_byte)
        at += span
        if span == WIDTH:
            continue
        if at >= end:
            break
        if at + LOOK_AHEAD > end and not finished:
            break
        byte = peek(data, at)
        if byte == stop_byte and repeats(data, at, end, delimiter):
            at += size
            start = at
            while start < end and blank(peek(data, start)):
                start += 1
            if not repeats(data, start, end, header):
                code = ENDED
                break
            at = start + header.size
            state[REPEATS] += 1
            continue
        following = peek(data, at + 1) if at + 1 < end else NEWLINE
        if byte in (SINGLE, DOUBLE, BACKTICK):
            quote = byte
            phase = STRING
        elif byte == HASH or (byte == MINUS and following == MINUS and (at + 2 >= end or peek(data, at + 2) <= SPACE)):
            phase = LINE_COMMENT
        elif byte == SLASH and following == STAR:
            opening = _comment_opening(data, at, end)
            if opening:
                state[CONDITIONAL] += 1
                at += opening - 1
            else:
                phase = BLOCK_COMMENT
                at += 1
        elif byte == STAR and following == SLASH and state[CONDITIONAL] > 0:
            state[CONDITIONAL] -= 1
            at += 1
        at += 1
    at = min(at, end)
    state[POSITION] = at
    state[PHASE] = phase
    state[QUOTE] = quote
    return code
