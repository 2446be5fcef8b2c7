"""Networks as sparse matrices: members joined to members, or to the threads they wrote in.

Node i is `members[i]`. A matrix holds no zero, no tie of a member to itself, and weights above 0.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, Self

import numpy as np
from scipy import sparse

from vestige.errors import SettingsError
from vestige.network.edges import (
    adjacency_of,
    checked_arrays,
    edge_table,
    incidence_table,
    joined_matrix,
    node_table,
    thread_table,
    writer_table,
)
from vestige.network.settings import EdgeListSettings, NetworkKind, NetworkSettings, ProjectionSettings, Source
from vestige.results import Finding, Provenance
from vestige.statistics.compiled import FloatArray, IntArray

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pyarrow as pa

AnySettings = NetworkSettings | EdgeListSettings
Window = tuple[datetime | None, datetime | None]

_NO_WINDOW: Final[Window] = (None, None)


@dataclass(frozen=True, eq=False)
class Network:
    """Members joined to members.

    Attributes:
        kind: what a tie is.
        directed: whether ties run from one to the other; the matrix is symmetric when they do not.
        members: the dataset's member ids, ascending; the ids of an edge list. Shape (nodes,).
        pseudonyms: of each node, in the same order.
        adjacency: row gives to column; weights above 0, no diagonal. Shape (nodes, nodes).
        settings: how it was made.
        findings: what to know before trusting it, most severe first.
        provenance: how to get it again.
        forum: code of the forum; None for an edge list.
        window: first moment that counts, and the first that no longer does; None where there is no limit.
        source: whether the events are a dataset's or an edge list's.
    """

    kind: NetworkKind
    directed: bool
    members: IntArray
    pseudonyms: tuple[str, ...] = field(repr=False)
    adjacency: sparse.csr_array = field(repr=False)
    settings: AnySettings = field(repr=False)
    findings: tuple[Finding, ...] = field(repr=False)
    provenance: Provenance = field(repr=False)
    forum: str | None = None
    window: Window = _NO_WINDOW
    source: Source = Source.DATASET

    def __post_init__(self) -> None:
        """Refuse parts that do not belong together."""
        nodes = len(self.members)
        if self.adjacency.shape != (nodes, nodes) or len(self.pseudonyms) != nodes:
            raise SettingsError("members, pseudonyms and matrix differ in size", hint="give one of each a node")

    @classmethod
    def from_edges(
        cls,
        source: IntArray,
        target: IntArray,
        weight: FloatArray | None = None,
        *,
        directed: bool = True,
        nodes: int | None = None,
        pseudonyms: tuple[str, ...] | None = None,
    ) -> Self:
        """A network from plain arrays: for tests, for simulation, and for other programs' data.

        Args:
            source: node of each tie's giver, from 0. Shape (ties,).
            target: node of its receiver.
            weight: above 0; None for 1. Repeated ties are summed, ties of a node to itself left out.
            directed: whether direction counts; if not, a tie may be given either way.
            nodes: number of nodes; None for the highest named.
            pseudonyms: of the nodes; None for their numbers.

        Raises:
            SettingsError: arrays of different lengths, a negative node, a node beyond `nodes`, a weight not above 0.
        """
        source, target, given = checked_arrays(source, target, weight)
        count = int(max(source.max(initial=-1), target.max(initial=-1)) + 1)
        if nodes is not None and nodes < count:
            raise SettingsError("an edge names a node beyond the number of nodes", hint="raise nodes")
        size = count if nodes is None else nodes
        settings = EdgeListSettings(directed=directed)
        return cls(
            kind=NetworkKind.EDGE_LIST,
            directed=directed,
            members=np.arange(size, dtype=np.int64),
            pseudonyms=pseudonyms or tuple(map(str, range(size))),
            adjacency=adjacency_of(source, target, given, size, directed=directed),
            settings=settings,
            findings=(),
            provenance=Provenance("Network.from_edges", {"directed": directed}, None, None),
            source=Source.EDGE_LIST,
        )

    @property
    def size(self) -> int:
        """Number of nodes."""
        return len(self.members)

    @property
    def ties(self) -> int:
        """Number of ties: ordered pairs when directed, else pairs."""
        stored = int(self.adjacency.nnz)
        return stored if self.directed else stored // 2

    @property
    def degree(self) -> IntArray:
        """Number of other nodes each node has a tie with, in either direction. Shape (nodes,)."""
        return np.asarray(np.diff(self.joined().indptr), dtype=np.int64)

    @property
    def out_degree(self) -> IntArray:
        """Number of nodes each node gives to."""
        return np.asarray(np.diff(self.adjacency.indptr), dtype=np.int64)

    @property
    def in_degree(self) -> IntArray:
        """Number of nodes each node receives from."""
        return np.bincount(self.adjacency.indices, minlength=self.size).astype(np.int64)

    @property
    def out_strength(self) -> FloatArray:
        """Sum of the weights each node gives."""
        return np.asarray(self.adjacency.sum(axis=1), dtype=np.float64).reshape(-1)

    @property
    def in_strength(self) -> FloatArray:
        """Sum of the weights each node receives."""
        return np.asarray(self.adjacency.sum(axis=0), dtype=np.float64).reshape(-1)

    def joined(self) -> sparse.csr_array:
        """The symmetric matrix: the adjacency where undirected, else both directions' weights summed."""
        return joined_matrix(self.adjacency, directed=self.directed)

    def undirected(self) -> "Network":
        """The same network without directions: both directions' weights summed."""
        return replace(self, directed=False, adjacency=self.joined())

    def part(self, nodes: IntArray) -> "Network":
        """The network of some nodes and the ties among them.

        Args:
            nodes: their numbers, each once; kept in ascending order.
        """
        kept = np.unique(np.asarray(nodes, dtype=np.int64))
        inside = sparse.csr_array(self.adjacency[kept][:, kept])
        names = tuple(self.pseudonyms[node] for node in kept)
        return replace(self, members=self.members[kept], pseudonyms=names, adjacency=inside)

    @property
    def table_names(self) -> tuple[str, ...]:
        """Names that `table` takes."""
        return ("nodes", "edges")

    def table(self, name: str) -> "pa.Table":
        """A table by name: member-level, for the researcher and never for print.

        nodes: node, member, pseudonym, degree, in_degree, out_degree, in_strength, out_strength.
        edges: from, to (member ids), weight; each pair once when undirected.

        Raises:
            SettingsError: there is no such table.
        """
        return _table(name, {"nodes": lambda: node_table(self), "edges": lambda: edge_table(self)})

    def summary(self) -> str:
        """The network in words and numbers."""
        from vestige.network.words import network_words

        return network_words(self)


@dataclass(frozen=True, eq=False)
class TwoModeNetwork:
    """Members and the threads they wrote in.

    Attributes:
        members: the dataset's member ids of those who wrote, ascending. Shape (members,).
        pseudonyms: of each member, in the same order.
        threads: thread ids, ascending. Shape (threads,).
        incidence: number of posts of each member in each thread; above 0. Shape (members, threads).
        settings: how it was made.
        findings: what to know before trusting it, most severe first.
        provenance: how to get it again.
        forum: code of the forum; None for an edge list.
        window: first moment that counts, and the first that no longer does; None where there is no limit.
        source: whether the events are a dataset's or an edge list's.
    """

    members: IntArray
    pseudonyms: tuple[str, ...] = field(repr=False)
    threads: IntArray
    incidence: sparse.csr_array = field(repr=False)
    settings: AnySettings = field(repr=False)
    findings: tuple[Finding, ...] = field(repr=False)
    provenance: Provenance = field(repr=False)
    forum: str | None = None
    window: Window = _NO_WINDOW
    source: Source = Source.DATASET
    kind: NetworkKind = NetworkKind.TWO_MODE
    directed: bool = False

    def __post_init__(self) -> None:
        """Refuse parts that do not belong together."""
        if self.incidence.shape != (len(self.members), len(self.threads)) or len(self.pseudonyms) != len(self.members):
            raise SettingsError("members, threads and matrix differ in size", hint="give one of each a row or column")

    @property
    def size(self) -> int:
        """Number of members."""
        return len(self.members)

    @property
    def ties(self) -> int:
        """Number of pairs of a member and a thread."""
        return int(self.incidence.nnz)

    @property
    def thread_sizes(self) -> IntArray:
        """Members who wrote in each thread. Shape (threads,)."""
        return np.bincount(self.incidence.indices, minlength=len(self.threads)).astype(np.int64)

    @property
    def threads_joined(self) -> IntArray:
        """Threads each member wrote in. Shape (members,)."""
        return np.asarray(np.diff(self.incidence.indptr), dtype=np.int64)

    @property
    def posts(self) -> FloatArray:
        """Posts of each member. Shape (members,)."""
        return np.asarray(self.incidence.sum(axis=1), dtype=np.float64).reshape(-1)

    @property
    def newman_strength(self) -> IntArray:
        """Strength of each member under Newman's weights: the threads joined that others joined too.

        A thread of n members adds n - 1 ties of 1 / (n - 1) each, hence 1; no projection is needed (Newman 2001).
        """
        shared = (self.thread_sizes > 1).astype(np.int64)
        membership = self.membership()
        return np.asarray(membership @ shared).astype(np.int64)

    def membership(self) -> sparse.csr_array:
        """The incidence with 1 for every pair: who wrote where. Shape (members, threads)."""
        ones = np.ones(self.incidence.nnz)
        return sparse.csr_array((ones, self.incidence.indices, self.incidence.indptr), shape=self.incidence.shape)

    def project(self, settings: ProjectionSettings | None = None) -> Network:
        """Members joined through the threads they share; `days` needs `build_network`, which knows times.

        Raises:
            SettingsError: more pairs than `most_pairs`, or a window in time.
        """
        from vestige.network.projection import project_two_mode

        return project_two_mode(self, settings or ProjectionSettings())

    @property
    def table_names(self) -> tuple[str, ...]:
        """Names that `table` takes."""
        return ("nodes", "threads", "edges")

    def table(self, name: str) -> "pa.Table":
        """A table by name: member-level, for the researcher and never for print.

        nodes: node, member, pseudonym, posts, threads, newman_strength.
        threads: thread, members, posts.
        edges: member, thread, posts.

        Raises:
            SettingsError: there is no such table.
        """
        return _table(
            name,
            {
                "nodes": lambda: writer_table(self),
                "threads": lambda: thread_table(self),
                "edges": lambda: incidence_table(self),
            },
        )

    def summary(self) -> str:
        """The network in words and numbers."""
        from vestige.network.words import two_mode_words

        return two_mode_words(self)


AnyNetwork = Network | TwoModeNetwork


def _table(name: str, makers: "Mapping[str, Callable[[], pa.Table]]") -> "pa.Table":
    if name not in makers:
        raise SettingsError("there is no such table", hint=f"choose one of {', '.join(makers)}")
    return makers[name]()
