"""The compiled core of the projection: members joined through threads, in two passes and without an extra copy.

SciPy's product of two sparse matrices holds a diagonal and unsorted rows that must be cleaned up afterwards; this one
visits each pair of a thread once and writes both halves of the symmetric matrix in order.
"""

import numpy as np
from scipy import sparse

from vestige.statistics.compiled import FloatArray, IndexArray, IntArray, compiled


def joined_matrix(inside: sparse.csr_array, weights: FloatArray) -> sparse.csr_array:
    """Sum over threads of a weight for every two members of the thread; symmetric, no diagonal, sorted indices.

    Args:
        inside: 0/1 matrix, shape (members, threads); values are ignored.
        weights: what each thread adds to each of its pairs, shape (threads,).
    """
    members = inside.shape[0]
    by_thread = sparse.csc_array(inside)
    by_thread.sort_indices()
    start, row = by_thread.indptr.astype(np.int64), by_thread.indices.astype(np.int32)
    own_start, own = inside.indptr.astype(np.int64), inside.indices.astype(np.int32)
    after = np.zeros(members, dtype=np.int64)
    before = np.zeros(members, dtype=np.int64)
    _count(own_start, own, start, row, after, before)
    indptr = np.concatenate([[0], np.cumsum(after + before)]).astype(np.int64)
    indices = np.empty(int(indptr[-1]), dtype=np.int32)
    data = np.empty(int(indptr[-1]), dtype=np.float64)
    _fill(own_start, own, start, row, weights, indptr, before, indices, data)
    return sparse.csr_array((data, indices, narrow(indptr)), shape=(members, members))


def narrow(indptr: IntArray) -> IndexArray | IntArray:
    """Begins in 32 bits where they fit: SciPy would widen the indices, and every copy of them, to 64."""
    return indptr.astype(np.int32) if indptr[-1] <= np.iinfo(np.int32).max else indptr


@compiled
def _count(
    own_start: IntArray, own: IndexArray, start: IntArray, row: IndexArray, after: IntArray, before: IntArray
) -> None:
    """For each member, the joined members of a higher (`after`) and of a lower number (`before`).

    Members are visited in order, so that `cursor` of a thread stands right behind the member at hand.
    """
    members = own_start.size - 1
    cursor = start[:-1].copy()
    seen = np.full(members, -1, dtype=np.int32)
    for member in range(members):
        for place in range(own_start[member], own_start[member + 1]):
            thread = own[place]
            cursor[thread] += 1
            for other in row[cursor[thread] : start[thread + 1]]:
                if seen[other] != member:
                    seen[other] = member
                    after[member] += 1
                    before[other] += 1


@compiled
def _fill(
    own_start: IntArray,
    own: IndexArray,
    start: IntArray,
    row: IndexArray,
    weights: FloatArray,
    indptr: IntArray,
    before: IntArray,
    indices: IndexArray,
    data: FloatArray,
) -> None:
    """Write the lower half as members are visited, then copy it across; both come out in order."""
    members = own_start.size - 1
    cursor = start[:-1].copy()
    total = np.zeros(members)
    touched = np.empty(members, dtype=np.int32)
    lower = indptr[:-1].copy()
    for member in range(members):
        count = 0
        for place in range(own_start[member], own_start[member + 1]):
            thread = own[place]
            cursor[thread] += 1
            for other in row[cursor[thread] : start[thread + 1]]:
                if total[other] == 0.0:
                    touched[count] = other
                    count += 1
                total[other] += weights[thread]
        for other in touched[:count]:
            indices[lower[other]], data[lower[other]] = member, total[other]
            lower[other] += 1
            total[other] = 0.0
    upper = indptr[:-1] + before
    for member in range(members):
        for place in range(indptr[member], indptr[member] + before[member]):
            other = indices[place]
            indices[upper[other]], data[upper[other]] = member, data[place]
            upper[other] += 1
