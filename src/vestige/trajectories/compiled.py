"""Numba's decorators with types, so that compiled functions stay checked; those of one thread are in `statistics`."""

import os
from collections.abc import Callable
from types import FunctionType
from typing import Generic, ParamSpec, cast

import numba

from vestige.statistics.compiled import BoolArray, FloatArray, IndexArray, IntArray, compiled

__all__ = [
    "WORTH_THREADS",
    "BoolArray",
    "FloatArray",
    "IndexArray",
    "IntArray",
    "Pass",
    "compiled",
    "irange",
]

WORTH_THREADS = 4_000_000

# Read when the first threads start: between passes they sleep. OpenMP's habit is to spin, which costs as much as a
# short pass does, and more where others need the cores.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

P = ParamSpec("P")

irange = numba.prange


def _renamed(function: Callable[P, None], ending: str) -> Callable[P, None]:
    """A copy of a function under another name."""
    if not isinstance(function, FunctionType):
        raise TypeError("only plain functions can be compiled")
    copy = FunctionType(function.__code__, function.__globals__, f"{function.__name__}_{ending}")
    copy.__qualname__ = f"{function.__qualname__}_{ending}"
    copy.__module__ = function.__module__
    return cast("Callable[P, None]", copy)


class Pass(Generic[P]):
    """A compiled pass in two forms: with threads, and without, for work too small to be worth waking them.

    Both run the same chunks in the same order of sums, so they give the same numbers. Numba's cache on disk tells
    functions apart by name, not by options: without a name of its own the form with threads would be read from the
    other's file, and run on one core.
    """

    def __init__(self, function: Callable[P, None]) -> None:
        self._serial = numba.njit(cache=True, nogil=True)(function)
        self._parallel = numba.njit(cache=True, nogil=True, parallel=True)(_renamed(function, "parallel"))

    def run(self, work: int, *args: P.args, **kwargs: P.kwargs) -> None:
        """Run; `work` is about the number of innermost steps."""
        chosen = self._parallel if work >= WORTH_THREADS else self._serial
        chosen(*args, **kwargs)
