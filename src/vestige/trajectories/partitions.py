"""Panels whose histories stay in Spark: patterns are made there, and passes run over them partition by partition.

What comes back from a pass is one row a partition: posterior mass by cell and kind, or blocks of the information.
The driver adds them up in the order of the partitions and does no more than the Newton step.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from vestige.errors import DatasetError, EngineError, SettingsError
from vestige.trajectories.assemble import Prepared
from vestige.trajectories.cells import Histories, OutcomeCells, chunk_bounds, count_cells, stack_histories
from vestige.trajectories.compiled import FloatArray, IndexArray, IntArray
from vestige.trajectories.families import family_model
from vestige.trajectories.histories import Panel, ShownTime, SparseCounts
from vestige.trajectories.panel import PanelSettings, reduced_panel, shown_months, spans_as_profiles
from vestige.trajectories.passes import MemoryPasses
from vestige.trajectories.settings import COUNT_FAMILIES, Family, PathSettings

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

    from vestige.dataset import Dataset

CODED: Final = "kind int, members double, cells array<int>"
SUMS: Final = "part int, loglik double, first binary, second binary"


@dataclass(frozen=True)
class PartitionedPanel:
    """One outcome of all members over time, held by Spark; close it, or use it in a `with`, to let Spark forget it.

    Attributes:
        coded: kind, members and cells of every distinct history, in `partitions` partitions.
        histories: begin, end, periods and counts of every member, from which random parts are drawn.
        cells: the cells of everybody, without lists.
        times: (times,) of the panel.
        spans: (kinds,) begin * (times + 1) + end of every kind, ascending.
        members: number of members.
        observations: number of observed cells.
        patterns: number of distinct histories.
        partitions: in which they lie.
        outcome: neutral name of the outcome.
        dataset_digest: of the dataset.
        shown: how charts show the times.
    """

    coded: "DataFrame"
    histories: "DataFrame"
    cells: OutcomeCells
    times: FloatArray
    spans: IntArray
    members: int
    observations: int
    patterns: int
    partitions: int
    outcome: str
    dataset_digest: str | None
    shown: ShownTime

    def random_part(self, size: int, seed: int) -> Panel:
        """At most `size` members as a panel in memory, every member with the same chance; same seed, same members."""
        from pyspark.sql import functions

        mixed = functions.sha2(functions.concat_ws("-", functions.lit(seed), "member"), 256)
        table = self.histories.orderBy(mixed, "member").limit(size).toArrow()
        start, period = _lists(table.column("periods"))
        count = _lists(table.column("counts"))[1]
        kind = _kind_of(table, self.spans, self.times.size)
        return Panel(
            SparseCounts(start, period, count, kind, self.cells.profiles > 0.0),
            self.times,
            identifiers=table.column("member").to_numpy(),
            outcome=self.outcome,
            dataset_digest=self.dataset_digest,
            shown=self.shown,
        )

    def close(self) -> None:
        """Let Spark forget the histories; closing twice is fine."""
        self.coded.unpersist()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def partition_panel(dataset: "Dataset", *, partitions: int, settings: PanelSettings | None = None) -> PartitionedPanel:
    """As `build_panel`, but the histories stay in Spark, collapsed to patterns, and so do the passes of a fit.

    Args:
        dataset: opened on Spark.
        partitions: in how many parts a pass runs; one fits into a worker's memory.
        settings: which events, on which clock.

    Raises:
        EngineError: the dataset is not opened on Spark.
        SettingsError: as `build_panel`, or no partition.
        DatasetError: as `build_panel`.
    """
    from pyspark.sql import functions

    wanted = settings or PanelSettings()
    if partitions < 1:
        raise SettingsError("passes need at least one partition", hint="give 1 or more")
    cells, spans, length = reduced_panel(dataset, wanted)
    frame_of = getattr(spans.get_backend(), "frame", None)
    if frame_of is None:
        raise EngineError("partitions need Spark", hint="open the dataset with engine='spark'")
    last = functions.lit(length - 1)
    listed = frame_of(cells).where(functions.col("period") <= last)
    members = frame_of(spans).withColumn("end", functions.least("end", last)).persist()
    codes, profiles = _profiles(members.select("begin", "end").distinct().toArrow(), length)
    members_total, observations = _totals(members)
    whole = _cells_of(listed.select("period", "count").distinct().toArrow(), profiles)
    histories = _histories(listed, members)
    keys = ["begin", "end", "periods", "counts"]
    patterns = histories.groupBy(*keys).agg(functions.count("*").alias("members")).repartition(partitions, *keys)
    _let_workers_import(patterns)
    coded = patterns.mapInArrow(_coder(_numbers(whole), codes, length), CODED).persist()
    found = coded.count()
    members.unpersist()
    return PartitionedPanel(
        coded, histories, whole, np.linspace(-1.0, 1.0, length), codes, members_total, observations, found, partitions,
        wanted.outcome, dataset.manifest.digest, shown_months(wanted, length),
    )  # fmt: skip


def prepare_part(panel: PartitionedPanel, part: Panel, settings: PathSettings) -> Prepared:
    """A random part made ready under the layout of everybody: with everybody's cells and kinds.

    Raises:
        SettingsError: a family that needs more than counts by time, or data that it cannot have.
    """
    if settings.family not in COUNT_FAMILIES | {Family.LOGIT} or settings.dropout_order is not None:
        raise SettingsError(
            "partitions take counts or yes and no, without drop-out", hint="fit a panel in memory instead"
        )
    fault = family_model(settings).fault(panel.cells.response)
    if fault:
        raise SettingsError(fault, hint=f"choose another family than {settings.family.value}")
    counts = part.values
    if not isinstance(counts, SparseCounts):
        raise SettingsError("a random part has counts", hint="draw it with random_part")
    own = replace(
        panel.cells,
        start=counts.start,
        cells=_numbers(panel.cells)[counts.period, counts.count],
        profile=counts.profile,
    )
    ones = np.ones(part.rows)
    lists = stack_histories([own], ones[:, None], ones, ones)
    return Prepared((part,), (settings,), (own,), ((),), (0,), lists, ("constant",), np.zeros(1), np.ones(1))


class PartitionPasses:
    """Passes over the partitions of a panel in Spark; see `Passes`."""

    def __init__(self, panel: PartitionedPanel) -> None:
        self._coded, self._kinds = panel.coded, panel.spans.size
        self.members = float(panel.members)

    def expectation(self, delta: FloatArray, base: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """See `Passes`."""
        cells, classes = delta.shape

        def own(passes: MemoryPasses) -> tuple[float, FloatArray, FloatArray]:
            return passes.expectation(delta, base)

        loglik, listed, kinds = self._summed(own, cells, classes)
        return loglik, listed.reshape(cells, classes), kinds.reshape(-1, classes)

    def covariance(
        self, delta: FloatArray, base: FloatArray, prior: FloatArray, slopes: FloatArray, base_slopes: FloatArray,
        *, robust: bool,
    ) -> tuple[FloatArray, FloatArray]:  # fmt: skip
        """See `Passes`."""
        classes, size = slopes.shape[1], slopes.shape[1] * (1 + slopes.shape[2])

        def own(passes: MemoryPasses) -> tuple[float, FloatArray, FloatArray]:
            return 0.0, *passes.covariance(delta, base, prior, slopes, base_slopes, robust=robust)

        _, covariance, meat = self._summed(own, len(delta), classes)
        return covariance.reshape(size, size), meat.reshape(size, size)

    def _summed(
        self, own: Callable[[MemoryPasses], tuple[float, FloatArray, FloatArray]], cells: int, classes: int
    ) -> tuple[float, FloatArray, FloatArray]:
        kinds = self._kinds

        def one_partition(batches: "Iterable[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
            import pyarrow as pa
            from pyspark import TaskContext

            held = [batch for batch in batches if batch.num_rows]
            if held:
                lists = _coded_histories(pa.Table.from_batches(held), kinds)
                loglik, first, second = own(MemoryPasses(lists, cells, classes, threads=False))
                context = TaskContext.get()
                part = 0 if context is None else context.partitionId()
                columns = [pa.array([part], pa.int32()), pa.array([loglik]), _binary(first), _binary(second)]
                yield pa.RecordBatch.from_arrays(columns, ["part", "loglik", "first", "second"])

        rows = self._coded.mapInArrow(one_partition, SUMS).toArrow().sort_by("part").to_pylist()
        first, second = (
            np.sum([np.frombuffer(row[name], dtype=np.float64) for row in rows], axis=0) for name in ("first", "second")
        )
        return float(sum(row["loglik"] for row in rows)), first, second


def _binary(values: FloatArray) -> "pa.Array":
    import pyarrow as pa

    return pa.array([np.ascontiguousarray(values, dtype=np.float64).tobytes()], pa.binary())


def _coded_histories(table: "pa.Table", kinds: int) -> Histories:
    """The histories of one partition, as the passes in memory take them."""
    start, cells = _lists(table.column("cells"))
    weight = table.column("members").to_numpy()
    return Histories(
        start=start, cells=cells, kind=table.column("kind").to_numpy(), weight=weight, meat_weight=weight,
        bases=np.zeros((kinds, 0)), base_cells=np.zeros(0, dtype=np.int32), risk=np.ones((kinds, 1)),
        pattern=np.arange(weight.size), bounds=chunk_bounds(start), direct_cells=False, direct_kinds=False,
    )  # fmt: skip


def _coder(
    number: IndexArray, codes: IntArray, length: int
) -> "Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]":
    """What turns begin, end, periods, counts and members into kind, members and cells."""

    def coded(batches: "Iterable[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        import pyarrow as pa

        for batch in batches:
            table = pa.Table.from_batches([batch])
            start, period = _lists(table.column("periods"))
            cells = number[period, _lists(table.column("counts"))[1]]
            listed = pa.ListArray.from_arrays(pa.array(start.astype(np.int32)), pa.array(cells))
            members = pa.array(table.column("members").to_numpy().astype(np.float64))
            kind = pa.array(_kind_of(table, codes, length))
            yield pa.RecordBatch.from_arrays([kind, members, listed], ["kind", "members", "cells"])

    return coded


def _histories(cells: "DataFrame", members: "DataFrame") -> "DataFrame":
    """member, begin, end, periods, counts: every member's positive counts in the order of their periods."""
    from pyspark.sql import functions

    pairs = functions.sort_array(functions.collect_list(functions.struct("period", "count")))
    listed = cells.groupBy("member").agg(pairs.alias("cells"))
    none = functions.array().cast("array<int>")
    columns = {"periods": "cells.period", "counts": "cells.count"}
    arrays = [
        functions.coalesce(functions.col(column).cast("array<int>"), none).alias(name)
        for name, column in columns.items()
    ]
    return members.join(listed, "member", "left").select("member", "begin", "end", *arrays)


def _profiles(table: "pa.Table", length: int) -> tuple[IntArray, FloatArray]:
    if table.num_rows == 0:
        raise DatasetError("the forum has no member", hint="choose another forum")
    codes, profiles = spans_as_profiles(table.column("begin").to_numpy(), table.column("end").to_numpy(), length)[1:]
    if not profiles.any(axis=1).all():
        raise SettingsError("a member has no observed response", hint="raise periods")
    return codes, profiles.astype(np.float64)


def _totals(members: "DataFrame") -> tuple[int, int]:
    from pyspark.sql import functions

    observed = functions.sum(functions.col("end") - functions.col("begin") + 1)
    found = members.agg(functions.count("*").alias("members"), observed.alias("observed")).toArrow().to_pylist()[0]
    return int(found["members"]), int(found["observed"])


def _cells_of(distinct: "pa.Table", profiles: FloatArray) -> OutcomeCells:
    """The cells that occur anywhere, numbered as those of a panel in memory, without lists."""
    period = distinct.column("period").to_numpy().astype(np.int32)
    count = distinct.column("count").to_numpy().astype(np.int32)
    counts = SparseCounts(np.array([0, period.size]), period, count, np.zeros(1, dtype=np.int32), profiles > 0.0)
    cells = count_cells(counts, np.linspace(-1.0, 1.0, profiles.shape[1]))
    return replace(cells, start=np.zeros(1, dtype=np.int64), cells=cells.cells[:0], profile=np.zeros(0, dtype=np.int32))


def _numbers(cells: OutcomeCells) -> IndexArray:
    """(times, counts) the cell of each."""
    if cells.zero_of is None:
        raise SettingsError("these are no cells of counts", hint="use a family of counts, or logit")
    number = np.zeros((cells.zero_cells.size, int(cells.response.max(initial=0.0)) + 1), dtype=np.int32)
    number[cells.zero_of, cells.response.astype(np.int64)] = np.arange(cells.response.size, dtype=np.int32)
    return number


def _kind_of(table: "pa.Table", codes: IntArray, length: int) -> IndexArray:
    begin, end = (table.column(name).to_numpy().astype(np.int64) for name in ("begin", "end"))
    return np.asarray(np.searchsorted(codes, begin * (length + 1) + end), dtype=np.int32)


def _lists(column: "pa.ChunkedArray") -> tuple[IntArray, IndexArray]:
    """Where each row's list begins, and all entries one after the other."""
    array = column.combine_chunks()
    offsets = array.offsets.to_numpy().astype(np.int64)
    values = array.values.to_numpy().astype(np.int32)
    return offsets - offsets[0], values[offsets[0] : offsets[-1]]


def _let_workers_import(frame: "DataFrame") -> None:
    """Workers on this machine find this package where the driver does; elsewhere it must be installed."""
    environment = frame.sparkSession.sparkContext.environment
    folder = str(Path(__file__).parents[2])
    known = environment.get("PYTHONPATH", "")
    if folder not in known.split(":"):
        environment["PYTHONPATH"] = f"{folder}:{known}" if known else folder
