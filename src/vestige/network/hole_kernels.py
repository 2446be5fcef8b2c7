"""Burt's constraint and effective size, compiled, in two forms that give the same numbers.

Both rest on two sums over the contacts q that two tied members i and j share, which are the same for i and for j: of
w_iq w_qj / s_q (s being strength), which constraint needs, and of w_iq w_qj, which effective size needs. So each pair
is looked at once, from the side of the busier member, and the other's list is the shorter one.

The plain form reads the ties of the less busy member. Where ties come from threads, the second form reads that
member's threads instead: somebody who wrote in twenty threads of eighty members has 1,600 ties but twenty threads.
With W = B diag(w) B' less its diagonal, sums over shared contacts are sums over threads.

Sums are added to what the caller gives, part by part: one call a thread, since a compiled function holds no lock.
"""

import numpy as np

from vestige.statistics.compiled import FloatArray, IndexArray, IntArray, compiled


@compiled
def holes_by_ties(
    indptr: IndexArray, indices: IndexArray, weight: FloatArray, strength: FloatArray, strongest: FloatArray,
    first: int, step: int, constraint: FloatArray, redundancy: FloatArray,
) -> None:  # fmt: skip
    """Constraint and redundancy that the pairs of members first, first + step, ... with less busy ones add.

    Args:
        indptr: of the symmetric matrix of ties. Shape (members + 1,).
        indices: shape (arcs,).
        weight: shape (arcs,).
        strength: sum of each member's weights, shape (members,).
        strongest: largest of each member's weights, shape (members,).
        first: first member looked at.
        step: distance to the next.
        constraint: gains, shape (members,).
        redundancy: gains what effective size takes off the number of contacts, shape (members,).

    Source:
        Burt (1992), Structural Holes, equations 2.4 (constraint) and 2.2 (effective size).
    """
    own = np.zeros((indptr.size - 1, 2), np.float64)
    for member in range(first, indptr.size - 1, step):
        low, high = indptr[member], indptr[member + 1]
        for arc in range(low, high):
            own[indices[arc], 0] = weight[arc] / strength[indices[arc]]
            own[indices[arc], 1] = weight[arc]
        for arc in range(low, high):
            contact = indices[arc]
            begin, end = indptr[contact], indptr[contact + 1]
            if end - begin > high - low or (end - begin == high - low and contact > member):
                continue
            through, shared = 0.0, 0.0
            for other in range(begin, end):
                through += weight[other] * own[indices[other], 0]
                shared += weight[other] * own[indices[other], 1]
            _add_pair(member, contact, weight[arc] + through, shared, strength, strongest, constraint, redundancy)
        for arc in range(low, high):
            own[indices[arc]] = 0.0


@compiled
def holes_by_threads(
    indptr: IndexArray, indices: IndexArray, weight: FloatArray, strength: FloatArray, strongest: FloatArray,
    begins: IndexArray, threads: IndexArray, starts: IndexArray, writers: IndexArray, worth: FloatArray,
    own_worth: FloatArray, first: int, step: int, constraint: FloatArray, redundancy: FloatArray,
) -> None:  # fmt: skip
    """The same through threads.

    What a member's contacts sum to in a thread is needed of the threads of less busy contacts only. It is taken from
    the writers of those threads, or from the threads of all contacts, whichever are fewer.

    Args:
        indptr: as in `holes_by_ties`, as are the other arguments with the same names.
        indices: as there.
        weight: as there.
        strength: as there.
        strongest: as there.
        begins: of the membership matrix, of threads that join only. Shape (members + 1,).
        threads: its indices.
        starts: of the same matrix by thread. Shape (threads + 1,).
        writers: its indices.
        worth: what each thread adds to a tie, shape (threads,).
        own_worth: sum of `worth` over each member's threads: the diagonal that ties leave out. Shape (members,).
        first: as there.
        step: as there.
        constraint: as there.
        redundancy: as there.
    """
    members = indptr.size - 1
    own = np.zeros((members, 2), np.float64)
    sums = np.zeros((worth.size, 2), np.float64)
    reached = np.full(worth.size, -1, np.int32)
    needed = np.empty(worth.size, np.int32)
    for member in range(first, members, step):
        low, high = indptr[member], indptr[member + 1]
        mine = begins[member + 1] - begins[member]
        count, by_writer, by_contact = 0, 0, 0
        for arc in range(low, high):
            contact = indices[arc]
            own[contact, 0], own[contact, 1] = weight[arc] / strength[contact], weight[arc]
            theirs = begins[contact + 1] - begins[contact]
            by_contact += theirs
            if theirs > mine or (theirs == mine and contact > member):
                continue
            for entry in range(begins[contact], begins[contact + 1]):
                thread = threads[entry]
                if reached[thread] != member:
                    reached[thread] = member
                    needed[count] = thread
                    count += 1
                    by_writer += starts[thread + 1] - starts[thread]
        if by_writer <= by_contact:
            _sum_writers(needed[:count], starts, writers, own, sums)
        else:
            _sum_contacts(member, indices[low:high], needed[:count], reached, begins, threads, own, sums)
        for arc in range(low, high):
            contact = indices[arc]
            theirs = begins[contact + 1] - begins[contact]
            if theirs > mine or (theirs == mine and contact > member):
                continue
            through, shared = -own_worth[contact] * own[contact, 0], -own_worth[contact] * own[contact, 1]
            for entry in range(begins[contact], begins[contact + 1]):
                thread = threads[entry]
                through += worth[thread] * sums[thread, 0]
                shared += worth[thread] * sums[thread, 1]
            _add_pair(member, contact, weight[arc] + through, shared, strength, strongest, constraint, redundancy)
        for arc in range(low, high):
            own[indices[arc]] = 0.0


@compiled
def _add_pair(
    member: int, contact: int, through: float, shared: float, strength: FloatArray, strongest: FloatArray,
    constraint: FloatArray, redundancy: FloatArray,
) -> None:  # fmt: skip
    constraint[member] += (through / strength[member]) ** 2
    constraint[contact] += (through / strength[contact]) ** 2
    redundancy[member] += shared / (strength[member] * strongest[contact])
    redundancy[contact] += shared / (strength[contact] * strongest[member])


@compiled
def _sum_writers(
    needed: IndexArray, starts: IndexArray, writers: IndexArray, own: FloatArray, sums: FloatArray
) -> None:
    for thread in needed:
        through, shared = 0.0, 0.0
        for place in range(starts[thread], starts[thread + 1]):
            through += own[writers[place], 0]
            shared += own[writers[place], 1]
        sums[thread, 0], sums[thread, 1] = through, shared


@compiled
def _sum_contacts(
    member: int, contacts: IndexArray, needed: IndexArray, reached: IndexArray, begins: IndexArray,
    threads: IndexArray, own: FloatArray, sums: FloatArray,
) -> None:  # fmt: skip
    for thread in needed:
        sums[thread] = 0.0
    for contact in contacts:
        for entry in range(begins[contact], begins[contact + 1]):
            thread = threads[entry]
            if reached[thread] == member:
                sums[thread, 0] += own[contact, 0]
                sums[thread, 1] += own[contact, 1]


@compiled
def reading_steps(indptr: IndexArray, indices: IndexArray, lengths: IntArray) -> tuple[float, float]:
    """Entries read when each tie reads the shorter of two lists, and when each arc reads that of its far end.

    Args:
        indptr: of a symmetric matrix, shape (members + 1,).
        indices: of the matrix.
        lengths: of each member's list, shape (members,).
    """
    shorter, every = 0, 0
    for member in range(indptr.size - 1):
        for arc in range(indptr[member], indptr[member + 1]):
            theirs = lengths[indices[arc]]
            every += theirs
            shorter += min(lengths[member], theirs)
    return shorter / 2.0, float(every)
