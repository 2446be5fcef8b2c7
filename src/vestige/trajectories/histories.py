"""Members' responses over time, as arrays: what the models take. Knows no engine and no dataset."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from vestige.errors import SettingsError
from vestige.trajectories.compiled import BoolArray, FloatArray, IndexArray, IntArray, compiled

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class SparseCounts:
    """Counts of which only the positive ones are stored.

    Attributes:
        start: (members + 1,) where each member's entries begin.
        period: (entries,) index of the time, ascending within a member.
        count: (entries,) the positive count.
        profile: (members,) which row of `profiles` says when the member was observed.
        profiles: (profiles, times) whether a member of that profile was observed at that time.
    """

    start: IntArray
    period: IndexArray
    count: IndexArray
    profile: IndexArray
    profiles: BoolArray

    @property
    def members(self) -> int:
        """Number of members (or patterns)."""
        return int(self.start.size - 1)

    @property
    def times(self) -> int:
        """Number of times."""
        return int(self.profiles.shape[1])

    def dense(self) -> FloatArray:
        """(members, times), NaN where not observed."""
        values = np.where(self.profiles[self.profile], 0.0, np.nan)
        rows = np.repeat(np.arange(self.members), np.diff(self.start))
        values[rows, self.period] = self.count
        return values

    def take(self, rows: IntArray) -> "SparseCounts":
        """The chosen members, in the given order."""
        start, period = taken_lists(self.start, self.period, rows)
        count = taken_lists(self.start, self.count, rows)[1]
        return SparseCounts(start, period, count, self.profile[rows], self.profiles)


@dataclass(frozen=True)
class ShownTime:
    """How charts show a panel's times: as `origin` + `unit` x time, under a name.

    Attributes:
        name: title of the axis.
        origin: what time 0 is shown as.
        unit: what a step of 1 is shown as.
    """

    name: str = "Time"
    origin: float = 0.0
    unit: float = 1.0

    def at(self, time: FloatArray | float) -> FloatArray:
        """The times as shown."""
        return np.asarray(self.origin + self.unit * np.asarray(time), dtype=np.float64)


@dataclass(frozen=True)
class Panel:
    """One outcome of all members over time.

    Attributes:
        values: (members, times) responses, NaN where missing; or sparse counts.
        times: (times,) or, when every member has times of their own, (members, times).
        identifiers: (members,) unique labels, carried through to the assignments; None numbers them from 0.
        exposure: (members, times) positive factor of a count's rate; None for 1.
        covariates: (members, times, covariates) time-varying covariates of the curve.
        covariate_names: their names.
        risk_factors: (members, risk factors) time-stable covariates of membership.
        risk_factor_names: their names.
        weights: (members,) sampling weights; rescaled to sum to the number of members.
        frequencies: (members,) how many members share this row (collapsed patterns).
        outcome: neutral name of the outcome.
        dataset_digest: of the dataset the panel was made from, or None.
        shown: how charts show the times.
    """

    values: FloatArray | SparseCounts
    times: FloatArray
    identifiers: npt.NDArray[Any] | None = None
    exposure: FloatArray | None = None
    covariates: FloatArray | None = None
    covariate_names: tuple[str, ...] = ()
    risk_factors: FloatArray | None = None
    risk_factor_names: tuple[str, ...] = ()
    weights: FloatArray | None = None
    frequencies: FloatArray | None = None
    outcome: str = "outcome"
    dataset_digest: str | None = field(default=None, repr=False)
    shown: ShownTime = field(default=ShownTime(), repr=False)

    def __post_init__(self) -> None:
        _check_shapes(self)
        _check_numbers(self)

    @classmethod
    def of(cls, values: object) -> Self:
        """A panel from a plain (members, times) array with times 1, 2, ...; a panel is returned as it is."""
        if isinstance(values, cls):
            return values
        array = np.asarray(values)
        if array.ndim != 2 or array.dtype.kind not in "biuf":  # noqa: PLR2004 - members x times
            raise SettingsError(
                "a panel needs a members x times table of numbers", hint="use wide_panel or long_panel for a table"
            )
        return cls(array.astype(np.float64), np.arange(1.0, array.shape[1] + 1.0))

    @property
    def rows(self) -> int:
        """Rows of the panel: members, or patterns when collapsed."""
        return self.values.members if isinstance(self.values, SparseCounts) else int(self.values.shape[0])

    @property
    def periods(self) -> int:
        """Times of the panel."""
        return int(self.times.shape[-1])

    @property
    def members(self) -> int:
        """Number of members, patterns counted as often as they occur."""
        return self.rows if self.frequencies is None else round(float(self.frequencies.sum()))

    @property
    def observations(self) -> int:
        """Number of observed cells."""
        if isinstance(self.values, SparseCounts):
            observed = self.values.profiles.sum(axis=1)[self.values.profile]
        else:
            observed = np.isfinite(self.values).sum(axis=1)
        counts = observed if self.frequencies is None else observed * self.frequencies
        return round(float(counts.sum()))

    def row_times(self) -> FloatArray:
        """(members, times) or (1, times): the times of each cell, ready to broadcast."""
        return self.times if self.times.ndim > 1 else self.times[None, :]

    def dense(self) -> FloatArray:
        """(members, times) responses, NaN where missing."""
        return self.values.dense() if isinstance(self.values, SparseCounts) else self.values

    def take(self, rows: IntArray) -> "Panel":
        """The chosen rows, in the given order (repeats allowed, as in a bootstrap)."""
        values = self.values.take(rows) if isinstance(self.values, SparseCounts) else self.values[rows]
        return replace(
            self,
            values=values,
            times=self.times[rows] if self.times.ndim > 1 else self.times,
            identifiers=None if self.identifiers is None or _repeats(rows) else self.identifiers[rows],
            exposure=_rows_of(self.exposure, rows),
            covariates=_rows_of(self.covariates, rows),
            risk_factors=_rows_of(self.risk_factors, rows),
            weights=_rows_of(self.weights, rows),
            frequencies=_rows_of(self.frequencies, rows),
        )


def sparse_counts(values: FloatArray) -> SparseCounts:
    """Counts without their zeros; NaN is missing.

    Args:
        values: (members, times) whole numbers or NaN, of any numeric type.
    """
    start = np.zeros(values.shape[0] + 1, dtype=np.int64)
    _count_positive(values, start)
    np.cumsum(start, out=start)
    period = np.empty(start[-1], dtype=np.int32)
    count = np.empty(start[-1], dtype=np.int32)
    _fill_positive(values, start, period, count)
    profile, profiles = _profiles(values)
    return SparseCounts(start, period, count, profile, profiles)


def taken_lists(start: IntArray, entries: IndexArray, rows: IntArray) -> tuple[IntArray, IndexArray]:
    """Where the chosen rows' lists begin, and their entries, one list after the other."""
    taken = np.zeros(rows.size + 1, dtype=np.int64)
    np.cumsum(start[rows + 1] - start[rows], out=taken[1:])
    chosen = np.empty(taken[-1], dtype=entries.dtype)
    _take_lists(start, entries, rows, taken, chosen)
    return taken, chosen


@compiled
def _take_lists(start: IntArray, entries: IndexArray, rows: IntArray, taken: IntArray, chosen: IndexArray) -> None:
    for place in range(rows.size):
        shift = start[rows[place]] - taken[place]
        for entry in range(taken[place], taken[place + 1]):
            chosen[entry] = entries[entry + shift]


@compiled
def _count_positive(values: FloatArray, start: IntArray) -> None:
    for row in range(values.shape[0]):
        positive = 0
        for time in range(values.shape[1]):
            if values[row, time] > 0:
                positive += 1
        start[row + 1] = positive


@compiled
def _fill_positive(values: FloatArray, start: IntArray, period: IndexArray, count: IndexArray) -> None:
    for row in range(values.shape[0]):
        entry = start[row]
        for time in range(values.shape[1]):
            if values[row, time] > 0:
                period[entry] = time
                count[entry] = values[row, time]
                entry += 1


def _profiles(values: FloatArray) -> tuple[IndexArray, BoolArray]:
    if values.dtype.kind != "f" or not np.isnan(values).any():
        return np.zeros(values.shape[0], dtype=np.int32), np.ones((1, values.shape[1]), dtype=np.bool_)
    observed = ~np.isnan(values)
    packed = np.packbits(observed, axis=1)
    _, first, inverse = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    return inverse.reshape(-1).astype(np.int32), observed[first]


def _rows_of(array: FloatArray | None, rows: IntArray) -> FloatArray | None:
    return None if array is None else array[rows]


def _repeats(rows: IntArray) -> bool:
    return bool(np.unique(rows).size < rows.size)


def _check_shapes(panel: Panel) -> None:
    rows, periods = panel.rows, panel.periods
    shape = (rows, periods)
    expected: Sequence[tuple[str, Any, tuple[int, ...]]] = (
        ("exposure", panel.exposure, shape),
        ("covariates", panel.covariates, (*shape, len(panel.covariate_names))),
        ("risk_factors", panel.risk_factors, (rows, len(panel.risk_factor_names))),
        ("weights", panel.weights, (rows,)),
        ("frequencies", panel.frequencies, (rows,)),
        ("identifiers", panel.identifiers, (rows,)),
    )
    for name, array, wanted in expected:
        if array is not None and array.shape != wanted:
            raise SettingsError(f"{name} does not have the panel's shape", hint=f"it needs {wanted}")
    width = panel.values.times if isinstance(panel.values, SparseCounts) else panel.values.shape[1]
    if width != periods or panel.times.ndim not in {1, 2} or (panel.times.ndim == 2 and len(panel.times) != rows):  # noqa: PLR2004
        raise SettingsError("the times do not fit the responses", hint="give one time a column")
    if rows == 0:
        raise SettingsError("the panel has no member", hint="check the filter that made it")


def _check_numbers(panel: Panel) -> None:
    _check_responses(panel.values)
    for name, array in (("times", panel.times), ("risk_factors", panel.risk_factors)):
        if array is not None and not np.isfinite(array).all():
            raise SettingsError(f"{name} holds missing or infinite numbers", hint="drop or fill those members first")
    for name, array in (("weights", panel.weights), ("frequencies", panel.frequencies)):
        if array is not None and not (np.isfinite(array).all() and (array > 0).all()):
            raise SettingsError(f"{name} must be positive numbers", hint="drop members of weight zero first")
    if panel.exposure is not None:
        exposure = panel.exposure[np.isfinite(panel.dense())]
        if not ((exposure > 0) & (exposure < np.inf)).all():
            raise SettingsError("the exposure of an observed cell is not positive", hint="make that cell missing")
    if panel.identifiers is not None and np.unique(panel.identifiers).size < panel.rows:
        raise SettingsError("an identifier occurs twice", hint="one row a member; use long_panel for long tables")
    if panel.times.ndim == 1 and np.unique(panel.times).size < panel.periods:
        raise SettingsError("two columns have the same time", hint="give every column its own time")


def _check_responses(values: FloatArray | SparseCounts) -> None:
    if isinstance(values, SparseCounts):
        if not values.profiles.any(axis=1).all():
            raise SettingsError("a member has no observed response", hint="drop members without data first")
        return
    if values.dtype.kind == "f":
        if np.isinf(values).any():
            raise SettingsError("the responses hold infinite numbers", hint="use NaN for missing")
        if np.isnan(values).all(axis=1).any():
            raise SettingsError("a member has no observed response", hint="drop members without data first")
