"""Compiled passes: the form with threads is a form of its own, and both give the same numbers."""

import numpy as np

from vestige.trajectories.cells import chunk_bounds
from vestige.trajectories.compiled import WORTH_THREADS, Pass
from vestige.trajectories.kernels import member_sums


def test_both_forms_give_the_same_sums():
    generator = np.random.default_rng(4)
    start = np.concatenate([[0], generator.integers(0, 9, 5_000).cumsum()])
    cells = generator.integers(0, 50, start[-1]).astype(np.int32)
    values = generator.normal(size=(50, 3))
    sums = []
    for work in (0, WORTH_THREADS):
        own = np.zeros((start.size - 1, 3))
        member_sums.run(work, start, cells, values, chunk_bounds(start), own)
        sums.append(own)
    assert np.array_equal(*sums)
    whole = np.zeros((start.size - 1, 3))
    np.add.at(whole, np.repeat(np.arange(start.size - 1), np.diff(start)), values[cells])
    np.testing.assert_allclose(sums[0], whole, rtol=1e-12, atol=1e-12)


def test_the_forms_are_cached_apart():
    """Numba's cache on disk knows functions by name alone: under one name one form would be read as the other."""

    def nothing(values):
        values[0] = 0.0

    made = Pass(nothing)
    names = {made._serial.py_func.__qualname__, made._parallel.py_func.__qualname__}
    assert len(names) == 2
