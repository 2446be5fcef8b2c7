"""What the chapter on posting paths shows of a search: three tables, each through the disclosure policy."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa

from vestige.disclosure import Additive, ColumnKind, ColumnRule, SafeTable, TableRule, check_table
from vestige.trajectories import SelectionResult, TrajectoryResult
from vestige.trajectories.adequacy import Classification, classification

_MONTHS_A_YEAR: Final = 12
TRAIT_WORDS: Final = {
    "role": "Role at the end",
    "registered": "Year of registration",
    "section": "Section with most posts",
    "reactions_given": "Reactions given",
    "reactions_received": "Reactions received",
}
"""Traits of the table of profiles; their columns are those of `member_traits`."""


@dataclass(frozen=True)
class _Sizes:
    """Members behind the groups of a fit.

    Attributes:
        assigned: (groups,) members whose most probable group it is.
        behind: (groups,) the smaller of those and of the members expected by posterior probability.
        total: all members.
    """

    assigned: list[int]
    behind: list[int]
    total: int


def _hidden(name: str) -> ColumnRule:
    """A column that only counts the members behind others."""
    return ColumnRule(name, name, ColumnKind.MEMBERS, additive=Additive.NO, shown=False)


def _sizes(fit: TrajectoryResult) -> _Sizes:
    weight, posterior = fit.search.evaluator.histories.weight, fit.pattern_posterior
    assigned = np.bincount(posterior.argmax(axis=1), weight, minlength=fit.classes).round().astype(np.int64)
    expected = np.floor(weight @ posterior).astype(np.int64)
    return _Sizes(assigned.tolist(), np.minimum(assigned, expected).tolist(), round(float(weight.sum())))


def _quality(fit: TrajectoryResult) -> Classification:
    return classification(fit.pattern_posterior, fit.search.evaluator.histories.weight, fit.shares)


def _labels(fit: TrajectoryResult) -> list[str]:
    return [str(group) for group in range(1, fit.classes + 1)]


def models_table(result: SelectionResult) -> SafeTable:
    """One row a number of groups. BICs are shown as distances from the best: three digits would blur their values."""
    best = [max(getattr(fit.criteria, name) for fit in result.fits) for name in ("bic_members", "bic_observations")]
    sizes = [_sizes(fit) for fit in result.fits]
    starts = [f"{fit.starts_at_best} of {fit.search.polished}" for fit in result.fits]
    groups = [str(fit.classes) for fit in result.fits]
    table = pa.table(
        {
            "groups": groups,
            "members": [own.total for own in sizes],
            "smallest": [min(own.behind) for own in sizes],
            "below_members": [best[0] - fit.criteria.bic_members for fit in result.fits],
            "below_observations": [best[1] - fit.criteria.bic_observations for fit in result.fits],
            "smallest_share": [float(fit.shares.min()) for fit in result.fits],
            "entropy": [None if fit.classes == 1 else _proportion(_quality(fit).relative_entropy)
                        for fit in result.fits],
            "starts": starts,
        }
    )  # fmt: skip
    columns = (
        ColumnRule("groups", "Groups", ColumnKind.LABEL, vocabulary=tuple(groups)),
        _hidden("members"),
        _hidden("smallest"),
        ColumnRule("below_members", "BIC (members) below the best", ColumnKind.ESTIMATE, behind=("members",)),
        ColumnRule("below_observations", "BIC (observations) below the best", ColumnKind.ESTIMATE, behind=("members",)),
        ColumnRule("smallest_share", "Smallest share", ColumnKind.PROPORTION, behind=("smallest",)),
        ColumnRule("entropy", "Relative entropy", ColumnKind.PROPORTION, behind=("members",)),
        ColumnRule("starts", "Starts at the best value", ColumnKind.LABEL, vocabulary=tuple(dict.fromkeys(starts))),
    )
    note = "BIC is on the scale of the log-likelihood: 0 is the best of the models tried, and 5 is a strong difference."
    return check_table(table, TableRule("trajectory_models", "Models by number of groups", columns, note))


def groups_table(fit: TrajectoryResult) -> SafeTable:
    """One row a group. With one small group no estimated share is shown, since the shares sum to one."""
    own, found, shares = _sizes(fit), _quality(fit), fit.table("groups")
    table = pa.table(
        {
            "group": _labels(fit),
            "members": [own.total] * fit.classes,
            "smallest": [min(own.behind)] * fit.classes,
            "behind": own.behind,
            "assigned": own.assigned,
            "share": [_proportion(value) for value in shares.column("share").to_pylist()],
            "low": [_proportion(value) for value in shares.column("low").to_pylist()],
            "high": [_proportion(value) for value in shares.column("high").to_pylist()],
            "posterior": [_proportion(value) for value in found.average_posterior],
            "odds": [float(value) if fit.classes > 1 and np.isfinite(value) else None for value in found.odds],
        }
    )
    columns = (
        ColumnRule("group", "Group", ColumnKind.LABEL, vocabulary=tuple(_labels(fit))),
        _hidden("members"),
        _hidden("smallest"),
        _hidden("behind"),
        ColumnRule("assigned", "Members nearest to it", ColumnKind.MEMBERS, behind=("behind",), within="members",
                   additive=Additive.DISJOINT, counts="grouped"),
        ColumnRule("share", "Estimated share", ColumnKind.PROPORTION, behind=("smallest",)),
        ColumnRule("low", "From", ColumnKind.PROPORTION, behind=("smallest",)),
        ColumnRule("high", "To", ColumnKind.PROPORTION, behind=("smallest",)),
        ColumnRule("posterior", "Average posterior probability", ColumnKind.PROPORTION, behind=("behind",)),
        ColumnRule("odds", "Odds of correct classification", ColumnKind.ESTIMATE, behind=("behind", "smallest")),
    )  # fmt: skip
    note = "From and To: 95 % interval of the share. Probabilities of 0.7 and odds of 5 are the field's least demands."
    return check_table(table, TableRule("trajectory_groups", "Groups of the model with the best BIC", columns, note))


def paths_table(fit: TrajectoryResult, first: date) -> SafeTable:
    """One row a group and month of the calendar: expected posts with the band that holds for the whole path.

    Args:
        fit: on the calendar's clock, one time a month.
        first: first day of the window's first month.
    """
    own, panel = _sizes(fit), fit.panels[0]
    mass = _observed_members(fit)
    columns: dict[str, list[object]] = {
        name: [] for name in ("group", "month", "behind", "observed", "expected", "low", "high")
    }
    for group, curve in enumerate(fit.curves(0, panel.times)):
        for place, time in enumerate(curve.times):
            values = (
                str(group + 1), _later(first, place), own.behind[group], mass.get((group + 1, float(time)), 0),
                _finite(curve.expected[place]), _finite(curve.band_low[place]), _finite(curve.band_high[place]),
            )  # fmt: skip
            for column, value in zip(columns.values(), values, strict=True):
                column.append(value)
    rules = (
        ColumnRule("group", "Group", ColumnKind.LABEL, vocabulary=tuple(_labels(fit))),
        ColumnRule("month", "Month", ColumnKind.MONTH),
        _hidden("behind"),
        _hidden("observed"),
        *(
            ColumnRule(name, title, ColumnKind.ESTIMATE, behind=("behind", "observed"))
            for name, title in (("expected", "Expected posts"), ("low", "From"), ("high", "To"))
        ),
    )
    note = "From and To: 95 % band for the whole path. Months with fewer than 10 observed members are not shown."
    return check_table(pa.table(columns), TableRule("trajectory_paths", "Paths by month", rules, note))


def _observed_members(fit: TrajectoryResult) -> dict[tuple[int, float], int]:
    """Members observed by group and time, in whole members by posterior probability."""
    table = fit.table("residuals")
    keys = zip(table.column("group").to_pylist(), table.column("time").to_pylist(), strict=True)
    return {key: int(size) for key, size in zip(keys, table.column("members").to_pylist(), strict=True)}


def _later(first: date, months: int) -> date:
    place = first.year * _MONTHS_A_YEAR + first.month - 1 + months
    return date(place // _MONTHS_A_YEAR, place % _MONTHS_A_YEAR + 1, 1)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _proportion(value: float) -> float | None:
    return float(np.clip(value, 0.0, 1.0)) if np.isfinite(value) else None


def profiles_tables(profile: pa.Table) -> tuple[SafeTable, ...]:
    """Shares of categories and means of numbers by group, each one row a trait (and category) and group.

    Args:
        profile: as from `profile_groups`, small cells held back there with what would give them away.

    Returns:
        The tables in which something is left to show.
    """
    rows = [row for row in profile.to_pylist() if row["trait"] in TRAIT_WORDS and row["value"] is not None]
    rows.sort(key=lambda row: (list(TRAIT_WORDS).index(row["trait"]), row["category"] or "", row["group"]))
    shares = [row for row in rows if row["category"] is not None]
    means = [row for row in rows if row["category"] is None]
    tables = []
    if shares:
        tables.append(_profile_table("trajectory_profiles", "Who is in the groups", shares, ColumnKind.PROPORTION))
    if means:
        tables.append(_profile_table("trajectory_means", "Means by group", means, ColumnKind.ESTIMATE))
    return tuple(tables)


def _profile_table(name: str, title: str, rows: list[dict[str, Any]], kind: ColumnKind) -> SafeTable:
    bounded = kind is ColumnKind.PROPORTION
    labels = {
        "trait": [TRAIT_WORDS[row["trait"]] for row in rows],
        "category": [str(row["category"]) for row in rows],
        "group": [str(row["group"]) for row in rows],
    }
    if not bounded:
        del labels["category"]
    figures = {
        column: [_proportion(row[column]) if bounded else row[column] for row in rows]
        for column in ("value", "low", "high")
    }
    table = pa.table({**labels, "behind": [int(row["members"]) for row in rows], **figures})
    titles = {"value": "Share of the group" if bounded else "Mean", "low": "From", "high": "To"}
    rules = (
        *(
            ColumnRule(column, column.capitalize(), ColumnKind.LABEL, vocabulary=tuple(dict.fromkeys(values)))
            for column, values in labels.items()
        ),
        _hidden("behind"),
        *(ColumnRule(column, heading, kind, behind=("behind",)) for column, heading in titles.items()),
    )
    note = (
        "Every member counts in every group by probability of belonging to it; From and To are a 95 % interval that "
        "takes these as known. What fewer than 10 members stand behind is left out, and what would give it away."
    )
    return check_table(table, TableRule(name, title, rules, note))
