"""Between arrays of edges and sparse matrices, and the tables of a network."""

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from vestige.errors import SettingsError
from vestige.statistics.compiled import FloatArray, IntArray

if TYPE_CHECKING:
    import pyarrow as pa

    from vestige.network.graph import Network, TwoModeNetwork


def checked_arrays(
    source: IntArray, target: IntArray, weight: FloatArray | None
) -> tuple[IntArray, IntArray, FloatArray]:
    """The arrays of an edge list in their types; raises SettingsError for what cannot be one."""
    starts, ends = np.asarray(source, dtype=np.int64).reshape(-1), np.asarray(target, dtype=np.int64).reshape(-1)
    given = np.ones(starts.size) if weight is None else np.asarray(weight, dtype=np.float64).reshape(-1)
    if not starts.size == ends.size == given.size:
        raise SettingsError("the columns of an edge list differ in length", hint="give one of each a tie")
    if starts.size and min(starts.min(), ends.min()) < 0:
        raise SettingsError("an edge names a negative node", hint="number nodes from 0")
    if not (np.isfinite(given).all() and (given > 0).all()):
        raise SettingsError("a weight is not above 0", hint="leave such ties out, or build a network of each sign")
    return starts, ends, given


def adjacency_of(
    source: IntArray, target: IntArray, weight: FloatArray, nodes: int, *, directed: bool
) -> sparse.csr_array:
    """A network's matrix: repeated ties summed, ties of a node to itself left out. Shape (nodes, nodes)."""
    apart = source != target
    source, target, weight = source[apart], target[apart], weight[apart]
    if not directed:
        source, target = np.concatenate([source, target]), np.concatenate([target, source])
        weight = np.concatenate([weight, weight])
    return summed_matrix(source, target, weight, (nodes, nodes))


def summed_matrix(rows: IntArray, columns: IntArray, values: FloatArray, shape: tuple[int, int]) -> sparse.csr_array:
    """A compressed matrix with sorted indices; values of the same cell are summed."""
    matrix = sparse.csr_array(sparse.coo_array((values, (rows, columns)), shape=shape))
    matrix.sum_duplicates()
    matrix.sort_indices()
    return matrix


def joined_matrix(adjacency: sparse.csr_array, *, directed: bool) -> sparse.csr_array:
    """The symmetric matrix: the adjacency where undirected, else both directions' weights summed."""
    if not directed:
        return adjacency
    both = sparse.csr_array(adjacency + adjacency.T)
    both.sort_indices()
    return both


def edge_arrays(network: "Network") -> tuple[IntArray, IntArray, FloatArray]:
    """Nodes of giver and receiver, and weight, of every tie; each pair once, lower node first, when undirected."""
    matrix = network.adjacency
    rows = np.repeat(np.arange(network.size, dtype=np.int64), np.diff(matrix.indptr))
    columns = matrix.indices.astype(np.int64)
    if network.directed:
        return rows, columns, matrix.data
    once = rows < columns
    return rows[once], columns[once], matrix.data[once]


def edge_table(network: "Network") -> "pa.Table":
    """from, to (member ids) and weight of every tie."""
    import pyarrow as pa

    source, target, weight = edge_arrays(network)
    return pa.table({"from": network.members[source], "to": network.members[target], "weight": weight})


def node_table(network: "Network") -> "pa.Table":
    """One row a node, with its degrees and strengths."""
    import pyarrow as pa

    return pa.table(
        {
            "node": np.arange(network.size, dtype=np.int64),
            "member": network.members,
            "pseudonym": pa.array(network.pseudonyms, pa.string()),
            "degree": network.degree,
            "in_degree": network.in_degree,
            "out_degree": network.out_degree,
            "in_strength": network.in_strength,
            "out_strength": network.out_strength,
        }
    )


def writer_table(network: "TwoModeNetwork") -> "pa.Table":
    """One row a member of a two-mode network."""
    import pyarrow as pa

    return pa.table(
        {
            "node": np.arange(network.size, dtype=np.int64),
            "member": network.members,
            "pseudonym": pa.array(network.pseudonyms, pa.string()),
            "posts": network.posts,
            "threads": network.threads_joined,
            "newman_strength": network.newman_strength,
        }
    )


def thread_table(network: "TwoModeNetwork") -> "pa.Table":
    """One row a thread of a two-mode network."""
    import pyarrow as pa

    posts = np.bincount(network.incidence.indices, network.incidence.data, minlength=len(network.threads))
    return pa.table({"thread": network.threads, "members": network.thread_sizes, "posts": posts})


def incidence_table(network: "TwoModeNetwork") -> "pa.Table":
    """One row a member and thread of a two-mode network."""
    import pyarrow as pa

    rows = np.repeat(np.arange(network.size), np.diff(network.incidence.indptr))
    return pa.table(
        {
            "member": network.members[rows],
            "thread": network.threads[network.incidence.indices],
            "posts": network.incidence.data,
        }
    )
