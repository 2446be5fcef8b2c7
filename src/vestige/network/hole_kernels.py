"""Burt's constraint and effective size, compiled, in two forms that give the same numbers.

The plain form looks, for each two tied members, for the ties of one among those of the other. Where ties come from
threads, the second form walks through the threads instead: somebody who wrote in twenty threads of eighty members has
1,600 ties but twenty threads. With W = B diag(w) B' less its diagonal, sums over shared contacts are sums over threads.

Both take the symmetric matrix of ties and, per member, its strength and the weight of its strongest tie.
"""

import numpy as np

from vestige.statistics.compiled import FloatArray, IndexArray, compiled

_BISECTION_PAYS = 8
"""One list is searched for each entry of the other when it is this many times as long."""


@compiled
def holes_by_ties(
    indptr: IndexArray, indices: IndexArray, weight: FloatArray, strength: FloatArray, strongest: FloatArray,
    first: int, step: int, constraint: FloatArray, effective: FloatArray,
) -> None:  # fmt: skip
    """Constraint and effective size of members first, first + step, ...

    Args:
        indptr: of the symmetric matrix of ties, indices sorted. Shape (members + 1,).
        indices: shape (arcs,).
        weight: shape (arcs,).
        strength: sum of each member's weights, shape (members,).
        strongest: largest of each member's weights, shape (members,).
        first: first member looked at.
        step: distance to the next.
        constraint: filled; members without ties are left as they are.
        effective: likewise.

    Source:
        Burt (1992), Structural Holes, equations 2.4 (constraint) and 2.2 (effective size).
    """
    members = indptr.size - 1
    own = np.zeros(members, np.float64)
    for member in range(first, members, step):
        low, high = indptr[member], indptr[member + 1]
        if low == high:
            continue
        for arc in range(low, high):
            own[indices[arc]] = weight[arc] / strength[member]
        total, redundant = 0.0, 0.0
        for arc in range(low, high):
            contact = indices[arc]
            begin, end = indptr[contact], indptr[contact + 1]
            through, shared = 0.0, 0.0
            if end - begin <= _BISECTION_PAYS * (high - low):
                for other in range(begin, end):
                    share = own[indices[other]]
                    if share > 0.0:
                        through += share * weight[other] / strength[indices[other]]
                        shared += share * weight[other]
            else:
                for mine in range(low, high):
                    wanted = indices[mine]
                    left, right = begin, end
                    while left < right:
                        middle = (left + right) // 2
                        if indices[middle] < wanted:
                            left = middle + 1
                        else:
                            right = middle
                    begin = left
                    if left < end and indices[left] == wanted:
                        through += own[wanted] * weight[left] / strength[wanted]
                        shared += own[wanted] * weight[left]
            total += (own[contact] + through) ** 2
            redundant += shared / strongest[contact]
        constraint[member] = total
        effective[member] = high - low - redundant
        for arc in range(low, high):
            own[indices[arc]] = 0.0


@compiled
def holes_by_threads(
    indptr: IndexArray, indices: IndexArray, weight: FloatArray, strength: FloatArray, strongest: FloatArray,
    begins: IndexArray, threads: IndexArray, worth: FloatArray, own_worth: FloatArray,
    first: int, step: int, constraint: FloatArray, effective: FloatArray,
) -> None:  # fmt: skip
    """The same through threads.

    Args:
        indptr: as in `holes_by_ties`, as are the other arguments with the same names.
        indices: as there.
        weight: as there.
        strength: as there.
        strongest: as there.
        begins: of the membership matrix, of threads that join only. Shape (members + 1,).
        threads: its indices.
        worth: what each thread adds to a tie, shape (threads,).
        own_worth: sum of `worth` over each member's threads: the diagonal that ties leave out. Shape (members,).
        first: as there.
        step: as there.
        constraint: as there.
        effective: as there.
    """
    members = indptr.size - 1
    sums = np.zeros((worth.size, 2), np.float64)
    for member in range(first, members, step):
        low, high = indptr[member], indptr[member + 1]
        if low == high:
            continue
        for arc in range(low, high):
            contact = indices[arc]
            share = weight[arc] / strength[member]
            through, shared = share / strength[contact], share
            for entry in range(begins[contact], begins[contact + 1]):
                sums[threads[entry], 0] += through
                sums[threads[entry], 1] += shared
        total, redundant = 0.0, 0.0
        for arc in range(low, high):
            contact = indices[arc]
            share = weight[arc] / strength[member]
            through = -own_worth[contact] * share / strength[contact]
            shared = -own_worth[contact] * share
            for entry in range(begins[contact], begins[contact + 1]):
                thread = threads[entry]
                through += worth[thread] * sums[thread, 0]
                shared += worth[thread] * sums[thread, 1]
            total += (share + through) ** 2
            redundant += shared / strongest[contact]
        constraint[member] = total
        effective[member] = high - low - redundant
        for arc in range(low, high):
            contact = indices[arc]
            for entry in range(begins[contact], begins[contact + 1]):
                sums[threads[entry], 0] = 0.0
                sums[threads[entry], 1] = 0.0
