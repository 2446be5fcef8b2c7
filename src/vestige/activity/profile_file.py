"""A profile as a content-free file: quantiles and correlations that may leave, for use where the dataset may not go."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from vestige.activity.member_distance import distance_kinds, scores_of_all
from vestige.activity.profile_measures import MARK_KINDS
from vestige.activity.profile_tables import distribution_of, sides
from vestige.disclosure import MINIMUM_MEMBERS, Additive, ColumnKind, ColumnRule, SafeTable, TableRule, check_table
from vestige.disclosure.figures import members_column, rows_table
from vestige.errors import SettingsError
from vestige.outputs import staged_file
from vestige.statistics.quantiles import quantiles
from vestige.statistics.rank_distance import contributions, rank_space
from vestige.statistics.ranks import Rank

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vestige.activity.profile import ProfileResult, ProfileSettings

FORMAT: Final = "vestige-profile"
FORMAT_VERSION: Final = 1
SQUARED: Final = "squared_distance"
SHRINKAGE: Final = 0.05
"""As in `ComparisonSettings`; a saved correlation is shrunk already."""
PARTS: Final = (0.001, 0.005, *(step / 100 for step in range(1, 100)), 0.995, 0.999)
_NAMES: Final = (*(kind.name for kind in MARK_KINDS), SQUARED)


@dataclass(frozen=True)
class SavedMark:
    """Quantiles of one measure.

    Attributes:
        members: how many members they are of.
        parts: quantiles, ascending, shape (quantiles,).
        values: their values, shape (quantiles,).
    """

    members: int
    parts: "NDArray[np.float64]" = field(repr=False)
    values: "NDArray[np.float64]" = field(repr=False)

    def rank(self, value: float) -> Rank:
        """Rank of a value among the members, as near as the quantiles tell; ties count where quantiles are alike."""
        rounded = float(f"{value:.3g}")
        below = self._part(rounded, lower=True)
        equal = max(0.0, self._part(rounded, lower=False) - below)
        counts = round(below * self.members), round(equal * self.members)
        return Rank(*counts, max(0, self.members - sum(counts)))

    def _part(self, value: float, *, lower: bool) -> float:
        """Part of the members below a value, or at or below it."""
        same = np.flatnonzero(self.values == value)
        step = float(self.parts[0]) if self.parts.size == 1 else float(np.diff(self.parts).max())
        if same.size:
            first, last = float(self.parts[same[0]]), float(self.parts[same[-1]])
            if lower:
                return 0.0 if same[0] == 0 else (first + float(self.parts[same[0] - 1])) / 2
            return min(1.0, last + step / 2)
        if value > self.values[-1]:
            return float((1 + self.parts[-1]) / 2)
        if value < self.values[0]:
            return float(self.parts[0] / 2)
        return float(np.interp(value, self.values, self.parts))


@dataclass(frozen=True)
class SavedDistance:
    """What a distance is measured by: names of the measures, their correlation, and the members' squared distances."""

    names: tuple[str, ...]
    members: int
    correlation: "NDArray[np.float64]" = field(repr=False)
    squared: SavedMark = field(repr=False)


@dataclass(frozen=True)
class SavedProfile:
    """A profile read from a file.

    Attributes:
        per_days: days that rates are stated for.
        visit_gap_minutes: inactivity that ends a visit.
        marks: measure to its quantiles.
        distance: what a distance is measured by; None where it was not saved.
        dataset_digest: of the dataset it was made of.
    """

    per_days: int
    visit_gap_minutes: float
    marks: dict[str, SavedMark] = field(repr=False)
    distance: SavedDistance | None
    dataset_digest: str

    def check_fits(self, settings: "ProfileSettings") -> None:
        """Raise SettingsError unless a profile with these settings counts the same things in the same units."""
        if (settings.per_days, settings.visit_gap_minutes) != (self.per_days, self.visit_gap_minutes):
            raise SettingsError(
                "the saved profile counts in other units",
                hint=f"use per_days={self.per_days} and visit_gap_minutes={self.visit_gap_minutes:g}",
            )


def save_profile(profile: "ProfileResult", path: Path, *, replace: bool) -> None:
    """Write a profile; every figure in it has passed the disclosure policy.

    Raises:
        OutputError: the file exists, or cannot be written.
    """
    kinds = distance_kinds(profile)
    squared, correlation, members = None, np.zeros((0, 0)), 0
    if len(kinds) > 1:
        scores, rows = scores_of_all(profile, kinds)
        if rows.size >= MINIMUM_MEMBERS and (np.ptp(scores, axis=0) > 0).all():
            space = rank_space(scores, shrinkage=SHRINKAGE)
            squared, correlation, members = contributions(scores, space).sum(axis=1), space.correlation, int(rows.size)
    document = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "version": profile.provenance.version,
        "dataset_digest": profile.provenance.dataset_digest,
        "per_days": profile.settings.per_days,
        "visit_gap_minutes": profile.settings.visit_gap_minutes,
        "shortest_exposure_days": profile.settings.shortest_exposure_days,
        "quantiles": _quantile_table(profile, squared).rows(),
        "correlation": [] if squared is None else _correlation_table(kinds, correlation, members).rows(),
        "findings": [finding.text for finding in profile.findings],
    }
    with staged_file(path, replace=replace) as target:
        target.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def read_profile(path: str | Path) -> SavedProfile:
    """Read a saved profile.

    Raises:
        SettingsError: the file cannot be read, or is no saved profile.
    """
    document: Any = None
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        document = None
    saved = None
    if isinstance(document, dict) and document.get("format") == FORMAT:
        try:
            saved = _parsed(document)
        except (KeyError, TypeError, ValueError):
            saved = None
    if saved is None:
        raise SettingsError("that file is no saved profile", hint="make one with `vestige profile DIR --save FILE`")
    return saved


def _parsed(document: dict[str, Any]) -> SavedProfile:
    if document["format_version"] != FORMAT_VERSION:
        raise ValueError
    marks: dict[str, list[tuple[float, float, int]]] = {}
    for row in document["quantiles"]:
        if row["mark"] not in _NAMES:
            raise ValueError
        if row["value"] is not None:
            marks.setdefault(row["mark"], []).append((row["quantile"], float(row["value"]), int(row["members"])))
    read = {name: _mark(rows) for name, rows in marks.items()}
    squared = read.pop(SQUARED, None)
    pairs = {(row["first"], row["second"]): row["correlation"] for row in document["correlation"]}
    names = tuple(dict.fromkeys(first for first, _ in pairs))
    distance = None
    if squared is not None and names and None not in pairs.values() and set(names) <= read.keys():
        correlation = np.array([[float(pairs[first, second]) for second in names] for first in names])
        distance = SavedDistance(names, squared.members, correlation, squared)
    return SavedProfile(
        int(document["per_days"]), float(document["visit_gap_minutes"]), read, distance, str(document["dataset_digest"])
    )


def _mark(rows: list[tuple[float, float, int]]) -> SavedMark:
    parts, values, members = zip(*sorted(rows), strict=True)
    return SavedMark(members[0], np.array(parts), np.maximum.accumulate(np.array(values)))


def _quantile_table(profile: "ProfileResult", squared: "NDArray[np.float64] | None") -> SafeTable:
    rule = TableRule(
        "saved_quantiles",
        "Quantiles",
        (
            ColumnRule("mark", "Measure", ColumnKind.LABEL, vocabulary=_NAMES),
            ColumnRule("quantile", "Quantile", ColumnKind.LABEL, vocabulary=PARTS),
            members_column("members", "Members", additive=Additive.NO),
            members_column("below", "At or below", additive=Additive.NO, shown=False),
            members_column("above", "Above", additive=Additive.NO, shown=False),
            ColumnRule("value", "Value", ColumnKind.QUANTITY, behind=("below", "above")),
        ),
    )
    values = {kind.name: profile.marks.values[kind.name] for kind in profile.kinds}
    rows = []
    for name, own in (*values.items(), *(() if squared is None else ((SQUARED, squared),))):
        found = distribution_of(own)
        if found.size:
            rows += [
                (name, each.probability, found.size, *sides(found.size, each.probability), each.observed)
                for each in quantiles(found, PARTS)
            ]
    return check_table(rows_table(rule, rows), rule)


def _correlation_table(kinds: tuple[Any, ...], correlation: "NDArray[np.float64]", members: int) -> SafeTable:
    names = tuple(kind.name for kind in kinds)
    rule = TableRule(
        "saved_correlation",
        "Correlation of normal scores",
        (
            ColumnRule("first", "Measure", ColumnKind.LABEL, vocabulary=names),
            ColumnRule("second", "Measure", ColumnKind.LABEL, vocabulary=names),
            members_column("members", "Members", additive=Additive.NO),
            ColumnRule("correlation", "Correlation", ColumnKind.ESTIMATE, behind=("members",)),
        ),
    )
    rows = [
        (first, second, members, float(correlation[row, column]))
        for row, first in enumerate(names)
        for column, second in enumerate(names)
    ]
    return check_table(rows_table(rule, rows), rule)
