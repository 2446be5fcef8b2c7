"""The same members with other records: drawn anew, or with a part of them missing."""

from dataclasses import replace

import numpy as np
from scipy import sparse

from vestige.network.edges import adjacency_of
from vestige.network.measures import Measure
from vestige.network.projection import projected_matrix
from vestige.network.ties import Ties
from vestige.statistics.compiled import BoolArray, FloatArray, IntArray


def drawn_anew(ties: Ties, generator: np.random.Generator) -> Ties:
    """One bootstrap replicate: threads (or ties), days and thanks drawn with replacement.

    Args:
        ties: the records.
        generator: source of randomness.
    """
    made = ties
    if ties.incidence is not None:
        drawn = generator.integers(ties.incidence.shape[1], size=ties.incidence.shape[1])
        made = _with_incidence(made, sparse.csr_array(ties.incidence.tocsc()[:, drawn]))
    if ties.projection is None:
        made = replace(made, adjacency=_reweighted(ties, generator, None))
    if ties.days is not None:
        chosen = _times_drawn(ties.days.shape[1], generator)
        made = _with_activity(made, Measure.ACTIVE_DAYS, np.asarray(ties.days @ chosen.astype(np.float64)))
    thanks = ties.activity.get(Measure.THANKS_RECEIVED)
    if thanks is not None and thanks.sum() > 0:
        again = generator.multinomial(int(thanks.sum()), thanks / thanks.sum()).astype(np.float64)
        made = _with_activity(made, Measure.THANKS_RECEIVED, again)
    return made


def without_records(ties: Ties, share: float, generator: np.random.Generator) -> Ties:
    """A share of the records missing at random: a member's whole part in a thread, or ties; days and thanks alike.

    Args:
        ties: the records.
        share: chance of each record to be missing.
        generator: source of randomness.
    """
    made = ties
    if ties.incidence is not None:
        made = _with_incidence(made, _thinned(ties.incidence, share, generator))
    if ties.projection is None:
        made = replace(made, adjacency=_reweighted(ties, generator, share))
    if ties.days is not None:
        seen = _thinned(ties.days, share, generator)
        made = _with_activity(made, Measure.ACTIVE_DAYS, np.diff(seen.indptr).astype(np.float64))
    thanks = ties.activity.get(Measure.THANKS_RECEIVED)
    if thanks is not None:
        left = generator.binomial(thanks.astype(np.int64), 1 - share).astype(np.float64)
        made = _with_activity(made, Measure.THANKS_RECEIVED, left)
    return made


def without_members(ties: Ties, kept: BoolArray) -> Ties:
    """The records of some members and of their ties among each other; all members keep their place.

    Args:
        ties: the records.
        kept: which members are seen. Shape (members,).
    """
    seen = sparse.diags_array(kept.astype(np.float64), format="csr")
    incidence = None if ties.incidence is None else _nonzero(seen @ ties.incidence)
    made = replace(ties, activity={own: np.where(kept, values, 0.0) for own, values in ties.activity.items()})
    if incidence is not None:
        made = _with_incidence(made, incidence)
    if ties.projection is None:
        made = replace(made, adjacency=_nonzero(seen @ ties.adjacency @ seen))
    return made


def _with_incidence(ties: Ties, incidence: sparse.csr_array) -> Ties:
    made = replace(ties, incidence=incidence)
    if Measure.POSTS in ties.activity:
        made = _with_activity(made, Measure.POSTS, np.asarray(incidence.sum(axis=1)).reshape(-1))
    if Measure.THREADS in ties.activity:
        made = _with_activity(made, Measure.THREADS, np.diff(incidence.indptr).astype(np.float64))
    if ties.projection is not None and made.membership is not None:
        made = replace(made, adjacency=projected_matrix(made.membership, ties.projection))
    return made


def _with_activity(ties: Ties, measure: Measure, values: FloatArray) -> Ties:
    return replace(ties, activity={**ties.activity, measure: values})


def _reweighted(ties: Ties, generator: np.random.Generator, missing: float | None) -> sparse.csr_array:
    """The adjacency with ties drawn anew, or with a share of them missing."""
    source, target, weight = _tie_arrays(ties)
    if missing is None:
        times = _times_drawn(weight.size, generator)
    else:
        times = (generator.random(weight.size) >= missing).astype(np.int64)
    kept = times > 0
    again = weight[kept] * times[kept]
    return adjacency_of(source[kept], target[kept], again, ties.size, directed=ties.directed)


def _times_drawn(size: int, generator: np.random.Generator) -> IntArray:
    """How often each of some things is drawn when as many are drawn with replacement. Shape (size,)."""
    drawn = generator.integers(size, size=size) if size else np.zeros(0, np.int64)
    return np.bincount(drawn, minlength=size).astype(np.int64)


def _tie_arrays(ties: Ties) -> tuple[IntArray, IntArray, FloatArray]:
    rows = np.repeat(np.arange(ties.size, dtype=np.int64), np.diff(ties.adjacency.indptr))
    columns = ties.adjacency.indices.astype(np.int64)
    once = np.full(rows.size, True) if ties.directed else rows < columns
    return rows[once], columns[once], ties.adjacency.data[once]


def _thinned(matrix: sparse.csr_array, share: float, generator: np.random.Generator) -> sparse.csr_array:
    made = matrix.copy()
    made.data = np.where(generator.random(matrix.nnz) < share, 0.0, matrix.data)
    made.eliminate_zeros()
    return made


def _nonzero(matrix: sparse.sparray) -> sparse.csr_array:
    made = sparse.csr_array(matrix)
    made.eliminate_zeros()
    made.sort_indices()
    return made
