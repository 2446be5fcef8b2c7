"""Structural holes: how much of a member's contacts know each other anyway."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
from scipy import sparse

from vestige.network.hole_kernels import holes_by_threads, holes_by_ties, reading_steps
from vestige.network.ties import Ties, joining_threads, pattern
from vestige.statistics.compiled import FloatArray

_PARTS: Final = 8
"""Members are dealt to this many parts in turn; sums are kept apart and added in order, on any number of processors."""
_THREADS: Final = 2


def structural_holes(ties: Ties) -> tuple[FloatArray, FloatArray]:
    """Burt's constraint and effective size over the symmetric weights.

    Returns:
        Shape (members,) each; NaN for members without ties.

    Source:
        Burt (1992), Structural Holes, chapter 2.
    """
    joined = ties.joined
    degree = np.diff(joined.indptr)
    strength = np.asarray(joined.sum(axis=1), dtype=np.float64).reshape(-1)
    begins, indices = pattern(joined)
    common = (begins, indices, joined.data, strength, _strongest(joined))
    form = _thread_form(ties)
    if form is not None and _steps_by_threads(joined, form[0]) < _steps_by_ties(joined):
        membership, worth = form
        member_begins, threads = pattern(membership)
        thread_begins, writers = pattern(sparse.csc_array(membership))
        through = (*common, member_begins, threads, thread_begins, writers, worth, membership @ worth)
        constraint, redundancy = _in_parts(
            ties.size, lambda part, first, second: holes_by_threads(*through, part, _PARTS, first, second)
        )
    else:
        constraint, redundancy = _in_parts(
            ties.size, lambda part, first, second: holes_by_ties(*common, part, _PARTS, first, second)
        )
    tied = degree > 0
    return np.where(tied, constraint, np.nan), np.where(tied, degree - redundancy, np.nan)


def hole_steps(ties: Ties) -> float:
    """About how many innermost steps `structural_holes` takes."""
    through = _thread_form(ties)
    by_ties = _steps_by_ties(ties.joined)
    return by_ties if through is None else min(by_ties, _steps_by_threads(ties.joined, through[0]))


def _in_parts(members: int, run: Callable[[int, FloatArray, FloatArray], None]) -> tuple[FloatArray, FloatArray]:
    sums = np.zeros((_PARTS, 2, members))
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(lambda part: run(part, sums[part, 0], sums[part, 1]), range(_PARTS)))
    constraint, redundancy = sums.sum(axis=0)
    return constraint, redundancy


def _strongest(joined: sparse.csr_array) -> FloatArray:
    """Largest weight of each member; 0 without ties. Shape (members,)."""
    tied = np.diff(joined.indptr) > 0
    largest = np.zeros(tied.size)
    if joined.nnz:
        largest[tied] = np.maximum.reduceat(joined.data, joined.indptr[:-1][tied])
    return largest


def _thread_form(ties: Ties) -> tuple[sparse.csr_array, FloatArray] | None:
    """Members and joining threads with what each thread adds to a tie; None where ties do not come from threads."""
    if ties.projection is None or ties.membership is None:
        return None
    sizes = np.bincount(ties.membership.indices, minlength=ties.membership.shape[1]).astype(np.int64)
    kept, worth = joining_threads(sizes, ties.projection)
    return sparse.csr_array(ties.membership[:, kept]), worth


def _steps_by_ties(joined: sparse.csr_array) -> float:
    return reading_steps(*pattern(joined), np.diff(joined.indptr).astype(np.int64))[0]


def _steps_by_threads(joined: sparse.csr_array, membership: sparse.csr_array) -> float:
    """At most: the threads of every contact, and those of the less busy member of each two."""
    return sum(reading_steps(*pattern(joined), np.diff(membership.indptr).astype(np.int64)))
