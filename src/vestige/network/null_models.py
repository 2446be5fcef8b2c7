"""Networks with the same degrees and nothing else in common: what of a figure follows from degrees alone.

`curveball` keeps each member's number of threads and each thread's number of members; `rewired` keeps each node's
number of ties. Both start at the observed network and forget it step by step; both depend on the seed alone, not on
the machine or its threads.
"""

from typing import Final

import numpy as np
from scipy import sparse

from vestige.statistics.compiled import IndexArray, IntArray, compiled

ROUNDS: Final = 20
"""Global trades of curveball; each row then traded 20 times (Carstens et al. 2018 look at 10 to 20 of them)."""
SWAPS_PER_TIE: Final = 10
"""Attempted swaps for each tie: the custom for networks that are not dense (Milo et al. 2003 discuss more)."""

_EMPTY: Final = -1
_WORD: Final = 64
_SHIFT: Final = 6
_LAST: Final = 63
"""Bits of a table's word; a key shifted so is its word, its last bits are its place there."""


def curveball(membership: sparse.csr_array, *, seed: int, rounds: int = ROUNDS) -> sparse.csr_array:
    """A random two-mode matrix with the same row and column sums, every such matrix equally likely in the long run.

    In each round all rows are paired at random, and each pair redistributes the columns that only one of the two has
    (Strona et al. 2014; global trades after Carstens et al. 2018).

    Args:
        membership: 0/1 matrix, such as `TwoModeNetwork.membership()`; values are ignored. Shape (members, threads).
        seed: of all that is random.
        rounds: rounds of trades.

    Returns:
        A 0/1 matrix of the same shape, with sorted indices.
    """
    start = sparse.csr_array(membership, copy=True)
    start.sort_indices()
    indices = start.indices.astype(np.int32)
    generator = np.random.default_rng(seed)
    indptr = start.indptr.astype(np.int64)
    filled = np.flatnonzero(np.diff(indptr)).astype(np.int64)
    largest = 2 * int(np.diff(indptr).max(initial=0))
    for _ in range(rounds):
        _trade(indptr, indices, generator.permutation(filled), np.uint64(generator.integers(1 << 62)), largest)
    return sparse.csr_array((np.ones(indices.size), indices, start.indptr), shape=start.shape)


def rewired(
    adjacency: sparse.csr_array, *, directed: bool, seed: int, swaps_per_tie: int = SWAPS_PER_TIE
) -> sparse.csr_array:
    """A random network with the same degrees: the configuration model without loops and repeated ties, by tie swaps.

    Two ties a-b and c-d become a-d and c-b unless that makes a loop or a tie that exists. A tie keeps its weight, so
    that the weights' distribution stays, but not the strength of a node.

    Args:
        adjacency: a network's matrix, symmetric when undirected. Shape (nodes, nodes).
        directed: whether in- and out-degrees are kept apart.
        seed: of all that is random.
        swaps_per_tie: attempts for each tie.

    Returns:
        A matrix of the same shape, symmetric when undirected.
    """
    nodes = adjacency.shape[0]
    rows = np.repeat(np.arange(nodes, dtype=np.int64), np.diff(adjacency.indptr))
    columns, weights = adjacency.indices.astype(np.int64), np.asarray(adjacency.data, dtype=np.float64)
    if not directed:
        once = rows < columns
        rows, columns, weights = rows[once], columns[once], weights[once]
    ties = np.column_stack([rows, columns]).astype(np.int32)
    if rows.size > 1:
        slots = 1 << (2 * rows.size).bit_length()
        mapped = nodes**2 <= _WORD * slots
        table = np.zeros(nodes**2 // _WORD + 1, np.int64) if mapped else np.full(slots, _EMPTY, np.int64)
        start = np.uint64(np.random.default_rng(seed).integers(1 << 62))
        _swap(ties, nodes, table, mapped, directed, swaps_per_tie * rows.size, start)
    source, target = ties.T
    if not directed:
        source, target = np.concatenate([source, target]), np.concatenate([target, source])
        weights = np.concatenate([weights, weights])
    matrix = sparse.csr_array(sparse.coo_array((weights, (source, target)), shape=adjacency.shape))
    matrix.sort_indices()
    return matrix


@compiled
def next_state(state: np.uint64) -> np.uint64:
    """Next state of a splitmix64 generator (Steele, Lea and Flood 2014)."""
    return state + np.uint64(0x9E3779B97F4A7C15)


@compiled
def _mixed(state: np.uint64) -> np.uint64:
    """The number of a splitmix64 state: 64 random bits."""
    mixed = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


@compiled
def below(state: np.uint64, limit: int) -> np.int64:
    """A random whole number from 0 to limit - 1, from the upper 53 bits; the bias is below limit / 2**53."""
    return np.int64(np.float64(_mixed(state) >> np.uint64(11)) * (1.0 / 9007199254740992.0) * limit)


@compiled
def _trade(indptr: IntArray, indices: IndexArray, order: IntArray, seed: np.uint64, largest: int) -> None:
    """Let rows order[0] and order[1], order[2] and order[3], ... trade; rows stay sorted and keep their lengths.

    Columns that one row alone has are dealt out again in their order by selection sampling (Knuth, algorithm S), so
    that nothing needs sorting.
    """
    merged = np.empty(largest, dtype=np.int32)
    in_both = np.empty(largest, dtype=np.bool_)
    state = seed
    for place in range(0, order.size - 1, 2):
        one, other = order[place], order[place + 1]
        first, first_end = indptr[one], indptr[one + 1]
        second, second_end = indptr[other], indptr[other + 1]
        left, right, count, alone = first, second, 0, 0
        while left < first_end or right < second_end:
            if right == second_end or (left < first_end and indices[left] < indices[right]):
                merged[count], in_both[count] = indices[left], False
                left, alone = left + 1, alone + 1
            elif left == first_end or indices[right] < indices[left]:
                merged[count], in_both[count] = indices[right], False
                right, alone = right + 1, alone + 1
            else:
                merged[count], in_both[count] = indices[left], True
                left, right = left + 1, right + 1
            count += 1
        wanted = (first_end - first) - (count - alone)
        for item in range(count):
            if in_both[item]:
                indices[first], indices[second] = merged[item], merged[item]
                first, second = first + 1, second + 1
                continue
            state = next_state(state)
            if below(state, alone) < wanted:
                indices[first] = merged[item]
                first, wanted = first + 1, wanted - 1
            else:
                indices[second] = merged[item]
                second += 1
            alone -= 1


@compiled
def _slot(table: IntArray, key: np.int64) -> np.int64:
    """Where a key stands in an open-addressed table, or the empty slot where it would."""
    mask = table.size - 1
    place = np.int64(_mixed(np.uint64(key)) & np.uint64(mask))
    while table[place] not in (_EMPTY, key):
        place = (place + 1) & mask
    return place


@compiled
def _forget(table: IntArray, place: np.int64) -> None:
    """Empty a slot, and move those behind it up, so that searches never stop early."""
    mask = table.size - 1
    hole, probe = place, (place + 1) & mask
    while table[probe] != _EMPTY:
        home = np.int64(_mixed(np.uint64(table[probe])) & np.uint64(mask))
        if ((probe - home) & mask) >= ((probe - hole) & mask):
            table[hole] = table[probe]
            hole = probe
        probe = (probe + 1) & mask
    table[hole] = _EMPTY


@compiled
def _holds(table: IntArray, key: np.int64, mapped: bool) -> bool:
    """Whether a tie exists; a table has a bit for each possible tie (mapped) or slots for those that exist."""
    if mapped:
        return bool((table[key >> _SHIFT] >> (key & _LAST)) & 1)
    return bool(table[_slot(table, key)] == key)


@compiled
def _note(table: IntArray, key: np.int64, mapped: bool) -> None:
    if mapped:
        table[key >> _SHIFT] |= np.int64(1) << (key & _LAST)
    else:
        table[_slot(table, key)] = key


@compiled
def _drop(table: IntArray, key: np.int64, mapped: bool) -> None:
    if mapped:
        table[key >> _SHIFT] &= ~(np.int64(1) << (key & _LAST))
    else:
        _forget(table, _slot(table, key))


@compiled
def _key(one: np.int32, other: np.int32, nodes: int, directed: bool) -> np.int64:
    if directed or one < other:
        return np.int64(one) * nodes + other
    return np.int64(other) * nodes + one


@compiled
def _swap(
    ties: IndexArray, nodes: int, table: IntArray, mapped: bool, directed: bool, attempts: int, seed: np.uint64
) -> None:
    """Attempt swaps of two random ties (rows) in place; `table` is filled with the ties that exist."""
    count = ties.shape[0]
    for tie in range(count):
        _note(table, _key(ties[tie, 0], ties[tie, 1], nodes, directed), mapped)
    state = seed
    for _ in range(attempts):
        state = next_state(state)
        one = below(state, count)
        state = next_state(state)
        other = below(state, count)
        if not directed:
            state = next_state(state)
            if below(state, 2):
                ties[other, 0], ties[other, 1] = ties[other, 1], ties[other, 0]
        a, b, c, d = ties[one, 0], ties[one, 1], ties[other, 0], ties[other, 1]
        if a in (c, d) or b in (c, d):
            continue
        new_one, new_other = _key(a, d, nodes, directed), _key(c, b, nodes, directed)
        if _holds(table, new_one, mapped) or _holds(table, new_other, mapped):
            continue
        _drop(table, _key(a, b, nodes, directed), mapped)
        _drop(table, _key(c, d, nodes, directed), mapped)
        _note(table, new_one, mapped)
        _note(table, new_other, mapped)
        ties[one, 1], ties[other, 1] = d, b
