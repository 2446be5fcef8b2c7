"""Compiled parts of the XML machine: characters, attribute names, references.

Import this module lazily: it loads Numba.
"""

from typing import Final

from numba import types

from vestige.derive.cell_kernels import BYTES, INTEGERS, Bytes, Integers, compiled

NAME_LIMIT: Final = 64
VALUE_LIMIT: Final = 256

MUTABLE_BYTES: Final = types.Array(types.uint8, 1, "C")

_HASH: Final = 35
_LETTER_X: Final = 120


@compiled(types.boolean(types.int64))
def is_space(byte: int) -> bool:
    """Whether a byte is one of XML's four blanks."""
    return byte in (32, 10, 13, 9)


@compiled(types.boolean(types.int64))
def is_name(byte: int) -> bool:
    """Whether a byte may stand in a name; of letters beyond ASCII every byte may."""
    letter = 97 <= (byte | 32) <= 122
    return letter or 48 <= byte <= 58 or byte in (95, 45, 46) or byte >= 128


@compiled(types.int64(MUTABLE_BYTES, types.int64, BYTES, INTEGERS))
def find_name(name: Bytes, length: int, names: Bytes, name_ends: Integers) -> int:
    """Index of the declared attribute with this name, or -1."""
    if length > NAME_LIMIT:
        return -1
    for column in range(len(name_ends)):
        begin = name_ends[column - 1] if column > 0 else 0
        if name_ends[column] - begin != length:
            continue
        same = True
        for at in range(length):
            if name[at] != names[begin + at]:
                same = False
                break
        if same:
            return column
    return -1


@compiled(types.int64(MUTABLE_BYTES, types.int64))
def code_point(entity: Bytes, length: int) -> int:
    """The character that `&...;` stands for: one of the five predefined names or a reference by number, or -1."""
    if length < 2:
        return -1
    if entity[0] != _HASH:
        first, second = entity[0], entity[1]
        if length == 2 and second == 116:
            return 60 if first == 108 else (62 if first == 103 else -1)
        if length == 3 and first == 97 and second == 109 and entity[2] == 112:
            return 38
        if length == 4 and first == 113 and second == 117 and entity[2] == 111 and entity[3] == 116:
            return 34
        if length == 4 and first == 97 and second == 112 and entity[2] == 111 and entity[3] == 115:
            return 39
        return -1
    hexadecimal = entity[1] == _LETTER_X
    start = 2 if hexadecimal else 1
    if start == length:
        return -1
    point = 0
    for at in range(start, length):
        byte = entity[at]
        if 48 <= byte <= 57:
            digit = byte - 48
        elif hexadecimal and 97 <= (byte | 32) <= 102:
            digit = (byte | 32) - 87
        else:
            return -1
        point = point * (16 if hexadecimal else 10) + digit
    return point


@compiled(types.int64(MUTABLE_BYTES, types.int64, types.int64))
def append(kept: Bytes, length: int, point: int) -> int:
    """Append a character in UTF-8; returns the new length. What is too long to be a declared value is cut."""
    if length + 4 > VALUE_LIMIT:
        return VALUE_LIMIT
    if point < 0x80:
        kept[length] = point
        return length + 1
    if point < 0x800:
        kept[length] = 0xC0 | (point >> 6)
        kept[length + 1] = 0x80 | (point & 0x3F)
        return length + 2
    if point < 0x10000:
        kept[length] = 0xE0 | (point >> 12)
        kept[length + 1] = 0x80 | ((point >> 6) & 0x3F)
        kept[length + 2] = 0x80 | (point & 0x3F)
        return length + 3
    kept[length] = 0xF0 | ((point >> 18) & 0x07)
    kept[length + 1] = 0x80 | ((point >> 12) & 0x3F)
    kept[length + 2] = 0x80 | ((point >> 6) & 0x3F)
    kept[length + 3] = 0x80 | (point & 0x3F)
    return length + 4
