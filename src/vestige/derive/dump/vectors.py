"""Steps over 32 bytes at once, for compiled code: how far until a byte that matters.

Each function is written in LLVM's vector instructions (AVX2, SSE2 or NEON, whatever the machine has). It may load up
to 32 bytes from `index` on, so that every array needs that much padding behind its last byte.
"""

from collections.abc import Callable
from typing import Any, Final, cast

import numpy as np
from llvmlite import ir
from numba import carray, njit, types  # type: ignore[attr-defined] # exported, but not in its stubs
from numba.extending import intrinsic

WIDTH: Final = 32

_BYTE: Final = ir.IntType(8)
_LANES: Final = ir.VectorType(_BYTE, WIDTH)
_SPREAD: Final = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)

Codegen = Callable[[Any, Any, Any, Any], Any]


def _lowered(function: Callable[..., Any]) -> Callable[..., Any]:
    """Have a function's LLVM code put where it is called; for the type checker it takes what it takes there."""
    return cast("Callable[..., Any]", intrinsic(function))


def _load(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401 - Numba's own objects
    data = context.make_array(signature.args[0])(context, builder, args[0]).data
    lanes = builder.load(builder.bitcast(builder.gep(data, [args[1]]), _LANES.as_pointer()))
    lanes.align = 1
    return lanes


def _spread(builder: Any, byte: Any) -> Any:  # noqa: ANN401 - Numba's own objects
    empty = ir.Constant(_LANES, ir.Undefined)
    return builder.shuffle_vector(
        builder.insert_element(empty, builder.trunc(byte, _BYTE), ir.Constant(ir.IntType(32), 0)), empty, _SPREAD
    )


def _constant(byte: int) -> Any:  # noqa: ANN401 - Numba's own objects
    return ir.Constant(_LANES, [byte] * WIDTH)


def _first(builder: Any, hits: Any) -> Any:  # noqa: ANN401 - Numba's own objects
    """Index of the first lane that is set, or WIDTH."""
    mask = builder.bitcast(hits, ir.IntType(WIDTH))
    return builder.zext(builder.cttz(mask, ir.Constant(ir.IntType(1), 0)), ir.IntType(64))


def _any_of(builder: Any, lanes: Any, wanted: list[Any]) -> Any:  # noqa: ANN401 - Numba's own objects
    hits = builder.icmp_unsigned("==", lanes, wanted[0])
    for one in wanted[1:]:
        hits = builder.or_(hits, builder.icmp_unsigned("==", lanes, one))
    return hits


def _within(builder: Any, lanes: Any, low: bytes, high: bytes) -> Any:  # noqa: ANN401 - Numba's own objects
    shifted = builder.sub(lanes, _constant(low[0]))
    return builder.icmp_unsigned("<=", shifted, _constant(high[0] - low[0]))


def _helper(function: Callable[..., Any]) -> Callable[..., Any]:
    """Have a function compiled into those that call it."""
    return cast("Callable[..., Any]", njit(function))


@_lowered
def peek(_typing: Any, array: Any, index: Any) -> Any:  # noqa: ANN401 - Numba's own objects
    """The byte at an index, without a check of bounds or sign, as int64."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401 - as above
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.zext(builder.load(builder.gep(data, [args[1]])), ir.IntType(64))

    return types.int64(array, index), cast("Codegen", generate)


@_lowered
def until_either(_typing: Any, array: Any, index: Any, one: Any, other: Any) -> Any:  # noqa: ANN401 - Numba's objects
    """Bytes from `index` to the first that equals `one` or `other`, or WIDTH."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401 - as above
        lanes = _load(context, builder, signature, args)
        return _first(builder, _any_of(builder, lanes, [_spread(builder, args[2]), _spread(builder, args[3])]))

    return types.int64(array, index, one, other), cast("Codegen", generate)


@_lowered
def word_length(_typing: Any, array: Any, index: Any) -> Any:  # noqa: ANN401 - Numba's own objects
    """How many of the bytes from `index` on are letters, digits, points or underscores, at most WIDTH."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401 - as above
        lanes = _load(context, builder, signature, args)
        lower = builder.or_(lanes, _constant(0x20))
        inside = builder.or_(_within(builder, lower, b"a", b"z"), _within(builder, lanes, b"0", b"9"))
        inside = builder.or_(inside, _any_of(builder, lanes, [_constant(ord(".")), _constant(ord("_"))]))
        return _first(builder, builder.not_(inside))

    return types.int64(array, index), cast("Codegen", generate)


@_lowered
def until_special(_typing: Any, array: Any, index: Any, delimiter: Any) -> Any:  # noqa: ANN401 - Numba's own objects
    """Bytes from `index` to the first that may end a statement or open a quote or comment, or WIDTH."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401 - as above
        lanes = _load(context, builder, signature, args)
        wanted = [_constant(byte) for byte in b"'\"`#-/*"]
        return _first(builder, _any_of(builder, lanes, [*wanted, _spread(builder, args[2])]))

    return types.int64(array, index, delimiter), cast("Codegen", generate)


@_lowered
def until_cell_stop(_typing: Any, array: Any, index: Any) -> Any:  # noqa: ANN401 - Numba's own objects
    """Bytes from `index` to the first tab, newline or backslash, or WIDTH."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401 - as above
        lanes = _load(context, builder, signature, args)
        return _first(builder, _any_of(builder, lanes, [_constant(byte) for byte in b"\t\n\\"]))

    return types.int64(array, index), cast("Codegen", generate)


@_lowered
def until_path_stop(_typing: Any, array: Any, index: Any) -> Any:  # noqa: ANN401 - Numba's own objects
    """Bytes from `index` to the first slash, question mark, blank, quote or line end, or WIDTH."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401 - as above
        lanes = _load(context, builder, signature, args)
        return _first(builder, _any_of(builder, lanes, [_constant(byte) for byte in b'/? "\n']))

    return types.int64(array, index), cast("Codegen", generate)


@_lowered
def word_at(_typing: Any, array: Any, index: Any) -> Any:  # noqa: ANN401 - Numba's own objects
    """The eight bytes from an index on, as one int64, without a check of bounds."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401 - as above
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        word = builder.load(builder.bitcast(builder.gep(data, [args[1]]), ir.IntType(64).as_pointer()))
        word.align = 1
        return word

    return types.int64(array, index), cast("Codegen", generate)


@_lowered
def _pointer(_typing: Any, address: Any, kind: Any) -> Any:  # noqa: ANN401 - Numba's own objects
    """An address as a pointer that `carray` takes."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:  # noqa: ANN401 - as above
        return builder.inttoptr(args[0], _BYTE.as_pointer())

    return types.voidptr(address, kind), cast("Codegen", generate)


@_helper
def bytes_at(address: int, size: int) -> Any:  # noqa: ANN401 - an array in Numba's own type
    """An array of bytes over memory that the caller keeps."""
    return carray(_pointer(address, 0), size, np.uint8)


@_helper
def integers_at(address: int, size: int) -> Any:  # noqa: ANN401 - an array in Numba's own type
    """An array of int64 over memory that the caller keeps."""
    return carray(_pointer(address, 0), size, np.int64)
