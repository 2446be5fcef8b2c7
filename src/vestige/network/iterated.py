"""Degree, strength, components and PageRank as Ibis expressions, for networks that one machine's memory does not hold.

Ties are a table from, to, weight, as `edge_expression` gives it. On Spark every round is written to Parquet and read
back (on DuckDB it becomes a temporary table), since a plan that grows with each round would soon take longer to compile
than to run; a round reads the ties once. On a
cluster the folder must be one that all its machines reach.
"""

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import ibis

from vestige.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ibis.expr.types as ir

MOST_ROUNDS: Final = 200


@dataclass(frozen=True)
class PageRankSettings:
    """How PageRank is iterated.

    Attributes:
        damping: chance to follow a tie (Page et al. 1999 use 0.85).
        tolerance: stop when ranks change by less than this in sum.
        most_rounds: stop then in any case, with an error.
    """

    damping: float = 0.85
    tolerance: float = 1e-10
    most_rounds: int = MOST_ROUNDS

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        if not 0 < self.damping < 1 or not self.tolerance > 0 or self.most_rounds < 1:
            raise SettingsError("damping lies between 0 and 1, the tolerance above 0", hint="use 0.85 and 1e-10")


def tie_degrees(ties: "ir.Table", *, directed: bool) -> "ir.Table":
    """node, degree, strength, in either direction; a pair that is tied both ways counts once in the degree."""
    both = _both_ways(ties) if directed else ibis.union(*_turned(ties), distinct=False)
    return both.group_by(node="from").aggregate(degree=both.count(), strength=both.weight.sum())


def tie_components(ties: "ir.Table", folder: str | Path | None = None) -> "ir.Table":
    """node, component (the lowest node of it), whatever the direction of ties; isolated nodes do not appear.

    Each round takes over the lowest number among the neighbours and then that number's own number (hooking and
    jumping), so that rounds grow with the logarithm of a component's diameter.

    Args:
        ties: from, to, weight.
        folder: where rounds are written; a temporary one when None.

    Raises:
        SettingsError: not done within 200 rounds.
    """
    with _Rounds.begun(folder, ties) as rounds:
        both = rounds.store(_both_ways(ties).select("from", "to"))
        labels = rounds.store(both.select(node="from", component="from").distinct())
        for _ in range(MOST_ROUNDS):
            after = rounds.store(_jumped(rounds.store(_hooked(both, labels))))
            same = after.inner_join(labels, "node")
            moved = int(same.filter(same.component != same.component_right).count().to_pyarrow().as_py())
            labels = after
            if not moved:
                return rounds.kept(labels)
    raise _not_done()


def tie_pagerank(
    ties: "ir.Table", *, settings: PageRankSettings | None = None, folder: str | Path | None = None
) -> "ir.Table":
    """node, rank of a directed network by weights; ranks sum to 1, and who gives to nobody gives to all alike.

    Args:
        ties: from, to, weight; an undirected network is given both ways.
        settings: damping and when to stop.
        folder: where rounds are written; a temporary one when None.

    Raises:
        SettingsError: not done within the rounds allowed.
    """
    wanted = settings or PageRankSettings()
    with _Rounds.begun(folder, ties) as rounds:
        given = ties.group_by("from").aggregate(total=ties.weight.sum())
        joined = ties.inner_join(given, "from")
        shares = rounds.store(joined.select("from", "to", share=joined.weight / joined.total))
        nodes = ibis.union(shares.select(node="from"), shares.select(node="to"), distinct=True)
        count = int(nodes.count().to_pyarrow().as_py())
        ranks = rounds.store(nodes.mutate(rank=ibis.literal(1.0) / max(count, 1)))
        for _ in range(wanted.most_rounds):
            after = rounds.store(_ranked(shares, ranks, count, wanted.damping))
            same = after.inner_join(ranks, "node")
            change = (same["rank"] - same.rank_right).abs().sum().to_pyarrow().as_py() or 0.0
            ranks = after
            if change < wanted.tolerance:
                return rounds.kept(ranks)
    raise _not_done()


def _not_done() -> SettingsError:
    return SettingsError("the rounds allowed were not enough", hint="raise the tolerance or the number of rounds")


def _turned(ties: "ir.Table") -> tuple["ir.Table", "ir.Table"]:
    turned = ties.select(**{"from": "to", "to": "from", "weight": "weight"})
    return ties.select("from", "to", "weight"), turned


def _both_ways(ties: "ir.Table") -> "ir.Table":
    """Every tie in both directions, weights of a pair summed."""
    both = ibis.union(*_turned(ties), distinct=False)
    return both.group_by("from", "to").aggregate(weight=both.weight.sum())


def _hooked(both: "ir.Table", labels: "ir.Table") -> "ir.Table":
    """The lowest component among a node and its neighbours: node, component."""
    beside = both.inner_join(labels, [("to", "node")])
    lowest = beside.group_by(node="from").aggregate(lowest=beside.component.min())
    joined = labels.inner_join(lowest, "node")
    return joined.select("node", component=ibis.least(joined.component, joined.lowest))


def _jumped(labels: "ir.Table") -> "ir.Table":
    """Each node takes over the component of the node that its own is named after."""
    named = labels.view().select(named="node", further="component")
    joined = labels.inner_join(named, [("component", "named")])
    return joined.select("node", component="further")


def _ranked(shares: "ir.Table", ranks: "ir.Table", count: int, damping: float) -> "ir.Table":
    """One round of PageRank: node, rank."""
    flowing = shares.inner_join(ranks, [("from", "node")])
    received = flowing.group_by(node="to").aggregate(received=(flowing.share * flowing["rank"]).sum())
    givers = shares.select(node="from").distinct()
    idle = ranks.anti_join(givers, "node")
    lost = idle.aggregate(lost=idle["rank"].sum().fill_null(0.0))
    joined = ranks.left_join(received, "node").cross_join(lost)
    base = (1.0 - damping) / count
    rank = base + damping * (joined.received.fill_null(0.0) + joined.lost / count)
    return joined.select("node", rank=rank)


class _Rounds:
    """Tables of rounds as Parquet in a folder."""

    def __init__(self, folder: Path, backend: Any, *, temporary: bool) -> None:  # noqa: ANN401 - Ibis is not typed
        self._folder, self._backend, self._number, self._temporary = folder, backend, 0, temporary
        self._held: list[ir.Table] = []

    @classmethod
    @contextmanager
    def begun(cls, folder: str | Path | None, ties: "ir.Table") -> "Iterator[_Rounds]":
        backend = ties.get_backend()
        if folder is not None:
            yield cls(Path(folder), backend, temporary=False)
            return
        with TemporaryDirectory(prefix="vestige-rounds-") as own:
            yield cls(Path(own), backend, temporary=True)

    def store(self, rows: "ir.Table") -> "ir.Table":
        if self._backend.name == "duckdb":
            held = rows.cache()  # a temporary table of its own, which lies on disk once memory is short
            self._held.append(held)
            return held
        path = self._folder / f"round-{self._number}.parquet"
        self._number += 1
        self._backend.to_parquet(rows, path)
        return self._backend.read_parquet(path)

    def kept(self, rows: "ir.Table") -> "ir.Table":
        """The last round's rows, in memory if what they lie in is about to go."""
        return ibis.memtable(rows.to_pyarrow()) if self._temporary or self._held else rows
