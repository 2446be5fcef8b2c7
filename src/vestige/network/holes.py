"""Structural holes: how much of a member's contacts know each other anyway."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
from scipy import sparse

from vestige.network.hole_kernels import holes_by_threads, holes_by_ties
from vestige.network.ties import Ties, joining_threads, pattern
from vestige.statistics.compiled import FloatArray

_STEP: Final = 16
"""Members are dealt to this many parts in turn, so that neighbours in the list do not fall to one processor."""
_THREADS: Final = 2


def structural_holes(ties: Ties) -> tuple[FloatArray, FloatArray]:
    """Burt's constraint and effective size over the symmetric weights.

    Returns:
        Shape (members,) each; NaN for members without ties.

    Source:
        Burt (1992), Structural Holes, chapter 2.
    """
    joined = ties.joined
    begins, indices = pattern(joined)
    strength = np.asarray(joined.sum(axis=1), dtype=np.float64).reshape(-1)
    strongest = np.asarray(joined.max(axis=1).todense(), dtype=np.float64).reshape(-1)
    constraint, effective = np.full(ties.size, np.nan), np.full(ties.size, np.nan)
    common = (begins, indices, joined.data, strength, strongest)
    through = _thread_form(ties)
    if through is not None and _steps_by_threads(joined, through[0]) < _steps_by_ties(joined):
        membership, worth = through
        own_worth = np.asarray(membership @ worth)
        threads = (*pattern(membership), worth, own_worth)
        _in_parts(lambda part: holes_by_threads(*common, *threads, part, _STEP, constraint, effective))
    else:
        _in_parts(lambda part: holes_by_ties(*common, part, _STEP, constraint, effective))
    return constraint, effective


def hole_steps(ties: Ties) -> float:
    """About how many innermost steps `structural_holes` takes."""
    through = _thread_form(ties)
    by_ties = _steps_by_ties(ties.joined)
    return by_ties if through is None else min(by_ties, _steps_by_threads(ties.joined, through[0]))


def _in_parts(run: Callable[[int], None]) -> None:
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(run, range(_STEP)))


def _thread_form(ties: Ties) -> tuple[sparse.csr_array, FloatArray] | None:
    """Members and joining threads with what each thread adds to a tie; None where ties do not come from threads."""
    if ties.projection is None or ties.membership is None:
        return None
    sizes = np.bincount(ties.membership.indices, minlength=ties.membership.shape[1]).astype(np.int64)
    kept, worth = joining_threads(sizes, ties.projection)
    return sparse.csr_array(ties.membership[:, kept]), worth


def _steps_by_ties(joined: sparse.csr_array) -> float:
    degree = np.diff(joined.indptr).astype(np.float64)
    return float(degree @ degree)


def _steps_by_threads(joined: sparse.csr_array, membership: sparse.csr_array) -> float:
    """Three passes over the threads of every contact."""
    return 3.0 * float(np.diff(joined.indptr).astype(np.float64) @ np.diff(membership.indptr))
