"""Null models keep what they promise, reach every network they should, and depend on the seed alone."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from vestige.network.null_models import curveball, rewired

CELLS = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 9)), min_size=1, max_size=50)


def matrix_of(cells: list[tuple[int, int]], shape: tuple[int, int]) -> sparse.csr_array:
    dense = np.zeros(shape)
    for row, column in cells:
        dense[row, column] = 1
    return sparse.csr_array(dense)


@settings(deadline=None)
@given(CELLS, st.integers(0, 1000))
def test_curveball_keeps_rows_and_columns(cells: list[tuple[int, int]], seed: int) -> None:
    start = matrix_of(cells, (8, 10))
    found = curveball(start, seed=seed, rounds=5)
    assert (found.sum(axis=0) == start.sum(axis=0)).all()
    assert (found.sum(axis=1) == start.sum(axis=1)).all()
    assert found.max() == 1
    assert found.has_sorted_indices
    assert (found != curveball(start, seed=seed, rounds=5)).nnz == 0


def test_curveball_reaches_every_matrix_equally_often() -> None:
    """3 x 3 matrices with all sums 1 are the six permutations; chi-square on 5 degrees of freedom, 0.001 limit 20.5."""
    start = sparse.csr_array(np.eye(3))
    found = Counter(curveball(start, seed=seed, rounds=8).indices.tobytes() for seed in range(3_000))
    assert len(found) == 6
    assert sum((count - 500) ** 2 / 500 for count in found.values()) < 20.5


@pytest.mark.parametrize("directed", [False, True])
@settings(deadline=None)
@given(cells=st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=40), seed=st.integers(0, 1000))
def test_rewiring_keeps_degrees(directed: bool, cells: list[tuple[int, int]], seed: int) -> None:
    dense = matrix_of([cell for cell in cells if cell[0] != cell[1]], (9, 9)).toarray()
    start = sparse.csr_array(dense if directed else np.maximum(dense, dense.T))
    found = rewired(start, directed=directed, seed=seed)
    assert (found.sum(axis=0) == start.sum(axis=0)).all()
    assert (found.sum(axis=1) == start.sum(axis=1)).all()
    assert found.max() == start.max()
    assert (found.diagonal() == 0).all()
    if not directed:
        assert (found != found.T).nnz == 0


def test_rewiring_reaches_every_network_equally_often() -> None:
    """Two ties on four nodes of degree one make three perfect matchings; chi-square, 2 degrees, 0.001 limit 13.8."""
    start = sparse.csr_array(np.array([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]], dtype=float))
    found = Counter(
        rewired(start, directed=False, seed=seed, swaps_per_tie=30).toarray().tobytes() for seed in range(1_500)
    )
    assert len(found) == 3
    assert sum((count - 500) ** 2 / 500 for count in found.values()) < 13.8


def test_rewiring_breaks_clustering() -> None:
    """Separate triangles have transitivity 1; after rewiring 100 of them next to none is left."""
    dense = np.kron(np.eye(100), np.ones((3, 3)) - np.eye(3))
    found = rewired(sparse.csr_array(dense), directed=False, seed=1)
    triangles = (found @ found).multiply(found).sum() / 6
    assert triangles < 10
