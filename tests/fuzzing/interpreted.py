"""Compiled kernels run as plain Python, so that a fuzzer sees their branches and every access is checked.

Machine code does not say which branch it took, and reads beyond an array without a word. Here the kernels' own source
runs in Python: `vectors` is replaced by a twin of the same functions, arrays are wrapped, and an index outside one of
them raises. Call `interpret` before anything of Vestige is imported.
"""

import ctypes
import importlib
import os
import sys
from types import ModuleType

import numpy as np

WIDTH = 32


class Memory:
    """An array whose elements are int64 as in compiled code, and whose bounds are kept."""

    def __init__(self, array):
        self.array = array
        self.size = array.size
        self.shape = array.shape

    def __len__(self):
        return len(self.array)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return Memory(self.array[index])
        self._check(index)
        found = self.array[index]
        return Memory(found) if isinstance(found, np.ndarray) else np.int64(found)

    def __setitem__(self, index, value):
        if isinstance(index, slice):
            self.array[index] = value.array if isinstance(value, Memory) else value
            return
        self._check(index)
        self.array[index] = np.asarray(value).astype(self.array.dtype)

    def _check(self, index):
        places = index if isinstance(index, tuple) else (index,)
        if any(not 0 <= place < size for place, size in zip(places, self.shape, strict=False)):
            raise IndexError("a kernel reads or writes outside an array")


def interpret():
    """Have every kernel that is loaded from now on run in Python."""
    os.environ["NUMBA_DISABLE_JIT"] = "1"
    np.seterr(all="ignore")  # compiled integers wrap around
    sys.modules["vestige.derive.dump.vectors"] = _vectors()
    native = importlib.import_module("vestige.derive.native")
    native.load_kernels = _load_kernels
    native.is_compiled = lambda _kernels: True
    kernel = importlib.import_module("vestige.derive.xml_kernel")
    kernel.scan_rows = _wrapped(kernel.scan_rows)


def _load_kernels(kernels):
    return {name: _plain(name) for name in kernels.functions}


def _plain(name):
    module, _, function = name.rpartition(".")
    found = getattr(importlib.import_module(module), function)
    return lambda *numbers: int(found(*map(np.int64, numbers)))


def _wrapped(function):
    return lambda *given: function(*(Memory(one) if isinstance(one, np.ndarray) else one for one in given))


def _vectors():
    """The twin of `vestige.derive.dump.vectors`."""
    twin = ModuleType("vestige.derive.dump.vectors")
    twin.WIDTH = WIDTH
    twin.peek = lambda array, index: array[index]
    twin.until_either = lambda array, index, one, other: _until(array, index, bytes([one & 255, other & 255]))
    twin.until_special = lambda array, index, delimiter: _until(array, index, b"'\"`#-/*" + bytes([delimiter & 255]))
    twin.until_cell_stop = lambda array, index: _until(array, index, b"\t\n\\")
    twin.until_path_stop = lambda array, index: _until(array, index, b'/? "\n')
    twin.word_length = _word_length
    twin.word_at = lambda array, index: np.frombuffer(_loaded(array, index, 8), dtype=np.int64)[0]
    twin.bytes_at = lambda address, size: Memory(_at(address, size, ctypes.c_uint8))
    twin.integers_at = lambda address, size: Memory(_at(address, size, ctypes.c_int64))
    return twin


def _loaded(array, index, size):
    if not 0 <= index <= array.size - size:
        raise IndexError("a kernel loads bytes from outside an array")
    return array.array[index : index + size].tobytes()


def _until(array, index, wanted):
    lanes = _loaded(array, index, WIDTH)
    return np.int64(next((place for place, byte in enumerate(lanes) if byte in wanted), WIDTH))


def _word_length(array, index):
    lanes = _loaded(array, index, WIDTH)
    inside = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._"
    return np.int64(next((place for place, byte in enumerate(lanes) if byte not in inside), WIDTH))


def _at(address, size, kind):
    return np.ctypeslib.as_array((kind * int(size)).from_address(int(address))) if size else np.zeros(0, dtype=kind)
