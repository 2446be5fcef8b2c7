"""Tables of an evaluation. "holders" and "classes" have a row a member; the others are about groups."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from vestige.network.measures import TRAITS
from vestige.network.role_accuracy import Interval, percentiles
from vestige.network.role_findings import base_rate
from vestige.network.role_settings import Criterion, Timing
from vestige.statistics.ranking import ranks

if TYPE_CHECKING:
    from vestige.network.roles import RoleResult

_NUMBER: Final = pa.float64()
_TEXT: Final = pa.string()


def _ends(name: str, interval: Interval) -> dict[str, float | None]:
    return {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}


def _schema(**fields: "pa.DataType") -> "pa.Schema":
    return pa.schema(list(fields.items()))


def _interval_fields(name: str) -> dict[str, "pa.DataType"]:
    return {name: _NUMBER, f"{name}_low": _NUMBER, f"{name}_high": _NUMBER}


def accuracy_table(result: "RoleResult") -> "pa.Table":
    """measure, title, activity, auc and average_precision with intervals, base_rate, holders, members."""
    holders, members = result.counted
    rows = [
        {
            "measure": row.measure.value, "title": TRAITS[row.measure].title,
            "activity": row.measure in result.baselines,
            **_ends("auc", row.area), **_ends("average_precision", row.precision),
            "base_rate": base_rate(result.strata), "holders": holders, "members": members,
        }
        for row in result.accuracy
    ]  # fmt: skip
    return pa.Table.from_pylist(rows)


def first_table(result: "RoleResult") -> "pa.Table":
    """measure, first (k), precision and recall among the first k with intervals.

    With several moments, precision is over all first k of all moments, where most have no holder to be found.
    """
    rows = [
        {
            "measure": row.measure.value, "first": first,
            **_ends("precision", row.precision_at[first]), **_ends("recall", row.recall_at[first]),
        }
        for row in result.accuracy
        for first in result.settings.first
    ]  # fmt: skip
    fields = _interval_fields("precision") | _interval_fields("recall")
    return pa.Table.from_pylist(rows, _schema(measure=_TEXT, first=pa.int64(), **fields))


def difference_table(result: "RoleResult") -> "pa.Table":
    """measure, baseline, criterion, difference with interval, p_value, corrected (Holm)."""
    rows = [
        {
            "measure": row.measure.value, "baseline": row.baseline.value, "criterion": row.criterion.value,
            **_ends("difference", row.difference), "p_value": row.p_value, "corrected": row.corrected,
        }
        for row in result.differences
    ]  # fmt: skip
    fields = {"measure": _TEXT, "baseline": _TEXT, "criterion": _TEXT, **_interval_fields("difference")}
    return pa.Table.from_pylist(rows, _schema(**fields, p_value=_NUMBER, corrected=_NUMBER))


def null_table(result: "RoleResult") -> "pa.Table":
    """measure, null, criterion, observed, mean, low, high, p_value, draws; see `NullRow`."""
    rows = [
        {
            "measure": row.measure.value, "null": row.null.value, "criterion": row.criterion.value,
            "observed": row.observed, "mean": row.mean, "low": row.low, "high": row.high, "p_value": row.p_value,
            "draws": row.draws,
        }
        for row in result.nulls
    ]  # fmt: skip
    numbers = dict.fromkeys(("observed", "mean", "low", "high", "p_value"), _NUMBER)
    return pa.Table.from_pylist(rows, _schema(measure=_TEXT, null=_TEXT, criterion=_TEXT, **numbers, draws=pa.int64()))


def combined_table(result: "RoleResult") -> "pa.Table":
    """ranking, criterion, value, baseline, baseline_value, difference with interval, p_value, corrected, beats."""
    rows = [
        {
            "ranking": row.ranking, "criterion": row.criterion.value, "value": row.value,
            "baseline": row.baseline.value, "baseline_value": row.baseline_value,
            **_ends("difference", row.difference), "p_value": row.p_value, "corrected": row.corrected,
            "beats": row.beats,
        }
        for row in result.combined
    ]  # fmt: skip
    return pa.Table.from_pylist(rows)


def coefficient_table(result: "RoleResult") -> "pa.Table":
    """measure, coefficient: change of the log-odds per standard deviation of the measure's percentile."""
    rows = [{"measure": own.measure.value, "coefficient": own.value} for own in result.coefficients]
    return pa.Table.from_pylist(rows, _schema(measure=_TEXT, coefficient=_NUMBER))


def holder_table(result: "RoleResult") -> "pa.Table":
    """One row a holder, moment and measure: member, moment, measure, rank, among (members), percentile."""
    rows: list[dict[str, Any]] = []
    for stratum in result.strata:
        for measure, scores in stratum.scores.items():
            rank, standing = ranks(scores), percentiles(scores)
            rows += [
                {
                    "member": int(stratum.members[row]), "moment": stratum.moment, "measure": measure.value,
                    "rank": float(rank[row]), "among": stratum.members.size, "percentile": float(standing[row]),
                }
                for row in np.flatnonzero(stratum.holders).tolist()
            ]  # fmt: skip
    return pa.Table.from_pylist(rows)


def class_table(result: "RoleResult") -> "pa.Table":
    """One row a key member: member, pseudonym, class (from 1, the largest first), holds (the role)."""
    found = result.classes
    rows = [] if found is None else [
        {
            "member": int(result.observed.members[row]), "pseudonym": result.observed.pseudonyms[row],
            "class": int(label) + 1, "holds": bool(result.holders[row]),
        }
        for row, label in zip(found.rows.tolist(), found.labels.tolist(), strict=True)
    ]  # fmt: skip
    fields = {"member": pa.int64(), "pseudonym": _TEXT, "class": pa.int64(), "holds": pa.bool_()}
    return pa.Table.from_pylist(rows, _schema(**fields))


def class_summary_table(result: "RoleResult") -> "pa.Table":
    """class, members, holders, word (general or a section kind), times (its usual share), separation."""
    found = result.classes
    rows = [] if found is None else [
        {
            "class": own + 1, "members": int(found.sizes[own]),
            "holders": int(result.holders[found.rows[found.labels == own]].sum()),
            "word": found.words[own], "times": found.special[own], "separation": found.separation,
        }
        for own in range(found.sizes.size)
    ]  # fmt: skip
    fields = {"class": pa.int64(), "members": pa.int64(), "holders": pa.int64(), "word": _TEXT}
    return pa.Table.from_pylist(rows, _schema(**fields, times=_NUMBER, separation=_NUMBER))


TABLES: Final[Mapping[str, Callable[["RoleResult"], "pa.Table"]]] = {
    "accuracy": accuracy_table,
    "first": first_table,
    "differences": difference_table,
    "nulls": null_table,
    "combined": combined_table,
    "coefficients": coefficient_table,
    "holders": holder_table,
    "classes": class_table,
    "class_summary": class_summary_table,
}


def role_words(result: "RoleResult") -> str:
    """The best measure, the best baseline and their difference by each criterion, then combined rankings."""
    when = "events before each role began" if result.timing is Timing.BEFORE else "all events"
    lines = [f"Those who hold the role are looked for among all members, by {when}."]
    lines += [_best_words(result, criterion) for criterion in Criterion]
    for row in result.combined:
        verdict = "beats" if row.beats else "does not beat"
        lines.append(
            f"{row.ranking[0].upper()}{row.ranking[1:]}: {row.criterion.value} {row.value:.3f}; it {verdict} "
            f"{TRAITS[row.baseline].title.lower()} alone ({row.baseline_value:.3f}, corrected p = {row.corrected:.3f})."
        )
    return "\n".join([*lines, *(f"{finding.severity.value}: {finding.text}" for finding in result.findings)])


def _best_words(result: "RoleResult", criterion: Criterion) -> str:
    values = {
        row.measure: (row.area if criterion is Criterion.AREA else row.precision).value for row in result.accuracy
    }
    plain = result.best(criterion, result.baselines)
    line = f"{criterion.value}: the best activity is {TRAITS[plain].title.lower()} ({values[plain]:.3f})"
    positions = [measure for measure in result.measures if measure not in result.baselines]
    if not positions:
        return f"{line}."
    best = result.best(criterion, positions)
    row = next(
        row for row in result.differences if (row.measure, row.baseline, row.criterion) == (best, plain, criterion)
    )
    return (
        f"{line}, the best position {TRAITS[best].title} ({values[best]:.3f}); difference "
        f"{row.difference.value:+.3f}, p = {row.p_value:.3f}, corrected for all comparisons {row.corrected:.3f}."
    )
