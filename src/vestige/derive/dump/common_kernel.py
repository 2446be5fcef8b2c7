"""What the compiled parts of the tokenizer share: bytes by name, strings, repeated beginnings.

Import this module lazily: it loads Numba.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import numpy.typing as npt
from numba import njit

from vestige.derive.dump.vectors import WIDTH, peek, until_either

Array = npt.NDArray[Any]

NEWLINE: Final = 10
SPACE: Final = 32
DOUBLE: Final = 34
HASH: Final = 35
SINGLE: Final = 39
OPEN: Final = 40
CLOSE: Final = 41
STAR: Final = 42
PLUS: Final = 43
COMMA: Final = 44
MINUS: Final = 45
POINT: Final = 46
SLASH: Final = 47
ZERO: Final = 48
NINE: Final = 57
SEMICOLON: Final = 59
ESCAPE: Final = 92
UNDERSCORE: Final = 95
BACKTICK: Final = 96
LOOK_AHEAD: Final = 32
"""The longest thing that is decided at once: a delimiter, the opening of a comment, a plain integer."""

Function = TypeVar("Function", bound=Callable[..., Any])


def helper(function: Function) -> Function:
    """Have a function compiled into the kernels that call it."""
    decorate: Any = njit(forceinline=True)
    return cast("Function", decorate(function))


@helper
def blank(byte: int) -> bool:
    """Whether a byte is white space."""
    return byte == SPACE or 9 <= byte <= 13


@helper
def string_end(
    data: Array, at: int, end: int, quote: int, escape: int, multibyte: int, lead: Array, trail: Array
) -> int:
    """Index of the byte that closes the string or may close it, or of the first byte that cannot be decided yet.

    A closing quote is found when the byte at the result is `quote` and another byte follows it.
    """
    while at < end:
        if multibyte and lead[peek(data, at)]:
            if at + 1 >= end:
                return at
            at += 2 if trail[peek(data, at + 1)] else 1
            continue
        span = 0 if multibyte else until_either(data, at, quote, escape)
        at += span
        if span == WIDTH:
            continue
        if at + 1 >= end:
            if at < end and multibyte and peek(data, at) != quote and peek(data, at) != escape:
                return at + 1
            return min(at, end)
        byte = peek(data, at)
        if byte == quote:
            if peek(data, at + 1) != quote:
                return at
            at += 2
        elif byte == escape:
            at += 2
        else:
            at += 1
    return end


@helper
def repeats(data: Array, at: int, end: int, header: Array) -> bool:
    """Whether the bytes at `at` are the header, whole."""
    size = header.size
    if size == 0 or at + size > end:
        return False
    index = 0
    while index < size and peek(data, at + index) == header[index]:
        index += 1
    return index == size
