"""Numba's decorators with types, so that compiled functions stay checked."""

from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
IndexArray = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]

WORTH_THREADS = 2_000_000

P = ParamSpec("P")
F = TypeVar("F", bound=Callable[..., object])

irange = numba.prange


def compiled(function: F) -> F:
    """Compile for one thread; the machine code is cached beside the module."""
    return cast("F", numba.njit(cache=True, nogil=True)(function))


def compiled_parallel(function: F) -> F:
    """Compile with parallel loops over `irange`; the machine code is cached beside the module."""
    return cast("F", numba.njit(cache=True, nogil=True, parallel=True)(function))


class Pass(Generic[P]):
    """A compiled pass in two forms: with threads, and without, for work too small to be worth waking them.

    Both run the same chunks in the same order of sums, so they give the same numbers.
    """

    def __init__(self, function: Callable[P, None]) -> None:
        self._serial = numba.njit(cache=True, nogil=True)(function)
        self._parallel = numba.njit(cache=True, nogil=True, parallel=True)(function)

    def run(self, work: int, *args: P.args, **kwargs: P.kwargs) -> None:
        """Run; `work` is about the number of innermost steps."""
        chosen = self._parallel if work >= WORTH_THREADS else self._serial
        chosen(*args, **kwargs)
