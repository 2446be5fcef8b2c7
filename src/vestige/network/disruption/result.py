"""The result of a simulated disruption: every replication, tables of them, charts, sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import numpy as np

from vestige.disclosure.result import ChartKind, FiguresResult
from vestige.network.disruption.measuring import Measured
from vestige.network.disruption.settings import DisruptionSettings
from vestige.network.graph import Network
from vestige.statistics.compiled import FloatArray, IntArray

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, eq=False)
class Replications:
    """One kind of removal over all replications.

    Attributes:
        removed: members removed. Shape (replications, points).
        outcomes: name to values of the same shape.
        area: area R of each replication; NaN where it is not defined.
        orders: members in the order of their removal, one array a replication.
    """

    removed: IntArray
    outcomes: Mapping[str, FloatArray]
    area: FloatArray
    orders: tuple[IntArray, ...]

    @classmethod
    def of(cls, measured: Sequence[Measured]) -> Self:
        """Replications put together."""
        return cls(
            removed=np.stack([own.removed for own in measured]),
            outcomes={name: np.stack([own.outcomes[name] for own in measured]) for name in measured[0].outcomes},
            area=np.array([own.area for own in measured]),
            orders=tuple(own.order for own in measured),
        )


@dataclass(frozen=True, eq=False)
class RemovalRuns:
    """A removal, and random members of like activity beside it.

    Attributes:
        label: what the removal is called.
        group: number of members, where only a group is removed; None where everybody may be.
        targeted: the removal.
        matched: as many random members of the same strata of activity; None where they were not asked for.
    """

    label: str
    group: int | None
    targeted: Replications
    matched: Replications | None

    @classmethod
    def of(cls, label: str, chosen: IntArray | None, runs: Sequence[tuple[Measured, Measured | None]]) -> Self:
        """Replications put together."""
        beside = [own for _, own in runs if own is not None]
        return cls(
            label,
            None if chosen is None else chosen.size,
            Replications.of([own for own, _ in runs]),
            Replications.of(beside) if beside else None,
        )


@dataclass(frozen=True)
class DisruptionResult(FiguresResult):
    """A simulated disruption.

    Attributes:
        settings: what was simulated.
        network: the network before any removal.
        runs: every removal, in the order of the settings.
    """

    settings: DisruptionSettings
    network: Network = field(repr=False)
    runs: tuple[RemovalRuns, ...] = field(repr=False)

    def charts(self) -> Mapping[str, ChartKind]:
        """Every chart, whether or not the data allow it."""
        from vestige.network.disruption.charts import disruption_charts

        return disruption_charts(self.settings, content="losses" in self.figures)

    def sentences(self, *, brief: bool = False) -> tuple[str, ...]:
        """One sentence a fact, from published figures only."""
        from vestige.network.disruption.disruption_words import disruption_sentences

        return disruption_sentences(self, brief=brief)

    def removed_members(self) -> "pa.Table":
        """Whom the first replication removed, up to the end of the curves: member-level, never for print.

        Columns removal, rank (from 1), member, pseudonym.
        """
        import pyarrow as pa

        rows = [
            (run.label, rank + 1, int(self.network.members[node]), self.network.pseudonyms[node])
            for run in self.runs
            for rank, node in enumerate(run.targeted.orders[0][: run.targeted.removed[0, -1]].tolist())
        ]
        names = ("removal", "rank", "member", "pseudonym")
        columns = list(zip(*rows, strict=True)) or [()] * len(names)
        return pa.table(dict(zip(names, columns, strict=True)))
