"""Compiled state machine over `<row a="..." />` files: declared attributes become integers, all else is skipped.

Import this module lazily: it loads Numba. Numba keeps its code beside it and looks at this file only: after a change
of a kernel it imports, remove `__pycache__`. The machine stops and goes on at any byte, so a row may span any number of
blocks. Of an undeclared attribute it looks at each byte only to find the value's end; nothing of it is kept.
"""

from typing import Any, Final

import numpy as np
from numba import types

from vestige.derive.cell_kernels import (
    BYTES,
    INTEGERS,
    KIND_INTEGER,
    KIND_MOMENT,
    KIND_SECONDS,
    MALFORMED,
    VALUE,
    Bytes,
    Integers,
    compiled,
    parse_integer,
    parse_moment,
    parse_seconds,
    parse_word,
)
from vestige.derive.xml_parts_kernel import (
    MUTABLE_BYTES,
    NAME_LIMIT,
    VALUE_LIMIT,
    append,
    code_point,
    find_name,
    is_name,
    is_space,
)

MORE: Final = 0
FULL: Final = 1
MISPLACED: Final = 2
BAD_ENTITY: Final = 3
BAD_VALUE: Final = 4
DUPLICATE: Final = 5
INCOMPLETE_ROW: Final = 6
DECLARATION: Final = 7
"""What a call ends with: block used up, batch full, or an error at the position."""

ENTITY_LIMIT: Final = 10
COLUMN_LIMIT: Final = 62

STATE: Final = 0
MATCHED: Final = 1
NAME_LENGTH: Final = 2
COLUMN: Final = 3
LENGTH: Final = 4
QUOTE: Final = 5
ENTITY_LENGTH: Final = 6
SEEN: Final = 7
ROWS: Final = 8
AT: Final = 9
EVER_SEEN: Final = 10
REGISTERS: Final = 11
"""Places in the machine's memory; AT is the position in the block, ROWS the rows of the batch so far."""

BETWEEN: Final = 0
TAG: Final = 1
ROW_NAME: Final = 2
IN_ROW: Final = 3
ATTRIBUTE: Final = 4
BEFORE_EQUALS: Final = 5
BEFORE_QUOTE: Final = 6
SKIPPED: Final = 7
KEPT: Final = 8
ENTITY: Final = 9
AFTER_VALUE: Final = 10
SLASH: Final = 11
CLOSING: Final = 12
CLOSED: Final = 13
DONE: Final = 14
"""States; a file may end in DONE only."""

_QUOTE: Final = 34
_AMPERSAND: Final = 38
_APOSTROPHE: Final = 39
_SLASH: Final = 47
_SEMICOLON: Final = 59
_LESS: Final = 60
_EQUALS: Final = 61
_GREATER: Final = 62
_BANG: Final = 33

PLAIN: Final = 0
SPECIAL: Final = 1
ILLEGAL: Final = 2


def byte_classes() -> Bytes:
    """For each byte inside a value: plain, special (quotes, ampersand), or illegal (`<`, control bytes)."""
    classes = np.zeros(256, dtype=np.uint8)
    classes[:32] = ILLEGAL
    classes[[9, 10, 13]] = PLAIN
    classes[_LESS] = ILLEGAL
    classes[[_QUOTE, _APOSTROPHE, _AMPERSAND]] = SPECIAL
    classes.flags.writeable = False
    return classes


_MUTABLE_INTEGERS: Final = types.Array(types.int64, 1, "C")
_ROW = b"row"


@compiled(
    types.int64(
        BYTES,
        BYTES,
        _MUTABLE_INTEGERS,
        MUTABLE_BYTES,
        MUTABLE_BYTES,
        MUTABLE_BYTES,
        BYTES,
        BYTES,
        INTEGERS,
        INTEGERS,
        types.int64,
        BYTES,
        INTEGERS,
        INTEGERS,
        INTEGERS,
        types.Array(types.int64, 2, "C"),
        types.Array(types.uint8, 2, "C"),
    )
)
def scan_rows(
    block: Bytes,
    classes: Bytes,
    registers: Integers,
    name: Bytes,
    kept: Bytes,
    entity: Bytes,
    root: Bytes,
    names: Bytes,
    name_ends: Integers,
    kinds: Integers,
    required: int,
    words: Bytes,
    word_ends: Integers,
    word_numbers: Integers,
    word_firsts: Integers,
    values: Bytes,
    present: Bytes,
) -> int:
    """Go through a block from `registers[AT]` on, filling rows of `values` and `present` (columns x capacity).

    Args:
        block: bytes of the file.
        classes: `byte_classes()`.
        registers: the machine's memory, zero before a file's first block; ROWS and AT are the caller's to reset.
        name: room for an attribute's name (NAME_LIMIT bytes).
        kept: room for a declared value (VALUE_LIMIT bytes).
        entity: room for a reference (ENTITY_LIMIT bytes).
        root: name of the root element, whose opening tag was read already.
        names: declared attribute names, one after another.
        name_ends: end of each name.
        kinds: how each declared value becomes a number.
        required: bit mask of the attributes that every row must have.
        words: recognised words, as in `Vocabularies`.
        word_ends: end of each word.
        word_numbers: number of each word.
        word_firsts: first word of each column.
        values: numbers, one line a column.
        present: 1 where there is a number.

    Returns:
        MORE, FULL, or an error; then `registers[AT]` is the place and `registers[COLUMN]` the declared column.
    """
    at = registers[AT]
    state = registers[STATE]
    matched = registers[MATCHED]
    name_length = registers[NAME_LENGTH]
    column = registers[COLUMN]
    length = registers[LENGTH]
    quote = registers[QUOTE]
    entity_length = registers[ENTITY_LENGTH]
    seen = registers[SEEN]
    rows = registers[ROWS]
    capacity = values.shape[1]
    outcome = MORE
    size = len(block)
    byte: Any
    while at < size:
        if state == SKIPPED:
            while at < size and classes[block[at]] == PLAIN:
                at += 1
            if at == size:
                break
        elif state == KEPT:
            while at < size and classes[block[at]] == PLAIN:
                if length < VALUE_LIMIT:
                    kept[length] = block[at]
                    length += 1
                at += 1
            if at == size:
                break
        elif state == ATTRIBUTE:
            while at < size and is_name(block[at]):
                if name_length < NAME_LIMIT:
                    name[name_length] = block[at]
                name_length += 1
                at += 1
            if at == size:
                break
        elif state == ENTITY:
            while at < size and block[at] != _SEMICOLON and entity_length < ENTITY_LIMIT:
                entity[entity_length] = block[at]
                entity_length += 1
                at += 1
            if at == size:
                break
        byte = np.int64(block[at])
        if state in (SKIPPED, KEPT):
            if byte == quote:
                if state == KEPT:
                    if length >= VALUE_LIMIT and kinds[column] <= KIND_MOMENT:
                        outcome = BAD_VALUE
                        break
                    if kinds[column] == KIND_INTEGER:
                        verdict, number = parse_integer(kept, 0, length)
                    elif kinds[column] == KIND_SECONDS:
                        verdict, number = parse_seconds(kept, 0, length)
                    elif kinds[column] == KIND_MOMENT:
                        verdict, number = parse_moment(kept, 0, length)
                    else:
                        first, last = word_firsts[column], word_firsts[column + 1]
                        number = parse_word(kept, 0, length, words, word_ends, word_numbers, first, last)
                        verdict = VALUE
                    if verdict == MALFORMED:
                        outcome = BAD_VALUE
                        break
                    if verdict == VALUE:
                        values[column, rows] = number
                        present[column, rows] = 1
                state = AFTER_VALUE
            elif byte == _AMPERSAND:
                entity_length = 0
                matched = state
                state = ENTITY
            elif classes[byte] == ILLEGAL:
                outcome = MISPLACED
                break
            elif state == KEPT and length < VALUE_LIMIT:
                kept[length] = byte
                length += 1
        elif state == ENTITY:
            point = code_point(entity, entity_length) if byte == _SEMICOLON else -1
            if point < 0 or point > 0x10FFFF:
                outcome = BAD_ENTITY
                break
            state = matched
            if state == KEPT:
                length = append(kept, length, point)
        elif state == ATTRIBUTE:
            if byte != _EQUALS and not is_space(byte):
                outcome = MISPLACED
                break
            column = find_name(name, name_length, names, name_ends)
            if column >= 0:
                if (seen >> column) & 1:
                    outcome = DUPLICATE
                    break
                seen |= np.int64(1) << column
            state = BEFORE_QUOTE if byte == _EQUALS else BEFORE_EQUALS
        elif state == BEFORE_QUOTE:
            if byte in (_QUOTE, _APOSTROPHE):
                quote = byte
                length = 0
                state = KEPT if column >= 0 else SKIPPED
            elif not is_space(byte):
                outcome = MISPLACED
                break
        elif state == AFTER_VALUE:
            if byte == _SLASH:
                state = SLASH
            elif is_space(byte):
                state = IN_ROW
            else:
                outcome = MISPLACED
                break
        elif state == IN_ROW:
            if byte == _SLASH:
                state = SLASH
            elif is_name(byte) and not 45 <= byte <= 57:
                name[0] = byte
                name_length = 1
                state = ATTRIBUTE
            elif not is_space(byte):
                outcome = MISPLACED
                break
        elif state == BETWEEN:
            if byte == _LESS:
                state = TAG
            elif not is_space(byte):
                outcome = MISPLACED
                break
        elif state == TAG:
            matched = 0
            if byte == _SLASH:
                state = CLOSING
            elif byte == _ROW[0]:
                matched = 1
                seen = 0
                for each in range(values.shape[0]):
                    present[each, rows] = 0
                state = ROW_NAME
            else:
                outcome = DECLARATION if byte == _BANG else MISPLACED
                break
        elif state == ROW_NAME:
            if matched < 3 and byte == _ROW[matched]:
                matched += 1
            elif matched == 3 and is_space(byte):
                state = IN_ROW
            elif matched == 3 and byte == _SLASH:
                state = SLASH
            else:
                outcome = MISPLACED
                break
        elif state == SLASH:
            if byte != _GREATER:
                outcome = MISPLACED
                break
            for each in range(values.shape[0]):
                if (required >> each) & 1 and not present[each, rows]:
                    column = each
                    outcome = INCOMPLETE_ROW
            if outcome != MORE:
                break
            registers[EVER_SEEN] |= seen
            rows += 1
            state = BETWEEN
            if rows == capacity:
                at += 1
                outcome = FULL
                break
        elif state == BEFORE_EQUALS:
            if byte == _EQUALS:
                state = BEFORE_QUOTE
            elif not is_space(byte):
                outcome = MISPLACED
                break
        elif state == CLOSING:
            if matched < len(root) and byte == root[matched]:
                matched += 1
            elif matched == len(root) and byte == _GREATER:
                state = DONE
            elif matched == len(root) and is_space(byte):
                state = CLOSED
            else:
                outcome = MISPLACED
                break
        elif state == CLOSED:
            if byte == _GREATER:
                state = DONE
            elif not is_space(byte):
                outcome = MISPLACED
                break
        elif not is_space(byte):
            outcome = MISPLACED
            break
        at += 1
    registers[AT] = at
    registers[STATE] = state
    registers[MATCHED] = matched
    registers[NAME_LENGTH] = name_length
    registers[COLUMN] = column
    registers[LENGTH] = length
    registers[QUOTE] = quote
    registers[ENTITY_LENGTH] = entity_length
    registers[SEEN] = seen
    registers[ROWS] = rows
    return outcome
