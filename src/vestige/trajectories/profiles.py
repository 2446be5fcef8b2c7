"""Who is in which group: group profiles against members' traits, weighted by posterior probability."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.disclosure.policy import MINIMUM_MEMBERS
from vestige.errors import SettingsError
from vestige.trajectories.compiled import BoolArray, FloatArray, IntArray
from vestige.trajectories.readers import arrow_table
from vestige.trajectories.result import TrajectoryResult

if TYPE_CHECKING:
    import pyarrow as pa

MOST_CATEGORIES: Final = 50


@dataclass(frozen=True)
class ProfileSettings:
    """How groups are profiled.

    Attributes:
        confidence: level of the intervals.
        suppress: whether a category with fewer than the disclosure policy's minimum of members (by posterior weight)
            in a group loses its figures there, with those that would give it away; False only for data that never was
            a dataset.
    """

    confidence: float = 0.95
    suppress: bool = True


def profile_groups(
    result: TrajectoryResult, traits: object, *, member: str = "member", settings: ProfileSettings | None = None
) -> "pa.Table":
    """Profile the groups of a fit by roles, sections, reactions, registration or any other trait of members.

    A text or yes-no trait gives the share of each of its categories in each group, a numeric one its mean. Every
    member counts in every group by posterior probability; a member whose trait is missing does not count for it.
    Intervals are Wilson's for shares and normal for means, with Kish's effective number of members, and take the
    posterior weights as known: they describe, they do not test.

    Args:
        result: a fit whose panel has identifiers, one row a member.
        traits: table with a row a member: its identifier and its traits.
        member: column of the identifier.
        settings: level of the intervals, suppression.

    Returns:
        group, trait, category (null for a mean), members (posterior weight), value, low, high; figures of small cells
        are null.

    Raises:
        SettingsError: no identifiers, collapsed patterns, a member twice, or a trait with very many categories.
    """
    import pyarrow as pa

    chosen = settings or ProfileSettings()
    source = arrow_table(traits)
    posterior, rows = _aligned(result, source, member)
    columns: dict[str, list[object]] = {
        name: [] for name in ("group", "trait", "category", "members", "value", "low", "high")
    }
    for trait in source.schema.names:
        if trait == member:
            continue
        for record in _trait_records(source.column(trait).take(pa.array(rows)), trait, posterior, chosen):
            for column, value in zip(columns.values(), record, strict=True):
                column.append(value)
    return pa.table({**columns, "category": pa.array(columns["category"], pa.string())})


Record = tuple[int, str, str | None, float | None, float | None, float | None, float | None]


def _aligned(result: TrajectoryResult, source: "pa.Table", member: str) -> tuple[FloatArray, IntArray]:
    panel = result.panels[0]
    if panel.identifiers is None or panel.frequencies is not None:
        raise SettingsError("profiles need a panel with an identifier and a row a member", hint="build it uncollapsed")
    if member not in source.schema.names:
        raise SettingsError(f"the table has no column {member!r}", hint="name the column of the member")
    labels = source.column(member).to_numpy(zero_copy_only=False)
    if np.unique(labels).size < labels.size:
        raise SettingsError("a member stands in the traits twice", hint="one row a member")
    known, of_panel, of_traits = np.intersect1d(panel.identifiers, labels, return_indices=True)
    if known.size == 0:
        raise SettingsError("no member of the panel stands in the traits", hint="check the identifiers")
    return result.posterior[of_panel], np.asarray(of_traits, dtype=np.int64)


def _trait_records(
    column: "pa.ChunkedArray", trait: str, posterior: FloatArray, settings: ProfileSettings
) -> list[Record]:
    import pyarrow as pa

    seen = ~np.asarray(column.is_null())
    numeric = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    if numeric:
        values = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
        seen &= np.isfinite(values)
        return [
            _mean_record(group, trait, values[seen], posterior[seen, group], settings)
            for group in range(posterior.shape[1])
        ]
    labels = np.asarray([str(value) for value in column.to_pylist()], dtype=object)[seen]
    categories = sorted(set(labels))
    if len(categories) > MOST_CATEGORIES:
        raise SettingsError(f"trait {trait!r} has more than {MOST_CATEGORIES} categories", hint="group them first")
    has = np.array([labels == category for category in categories], dtype=np.float64).reshape(len(categories), -1)
    members = (has @ posterior[seen]).T
    hidden = _small_cells(members) if settings.suppress else np.zeros(members.shape, dtype=np.bool_)
    return [
        (group + 1, trait, category, None, None, None, None)
        if hidden[group, place]
        else _share_record(group, trait, category, float(members[group, place]), posterior[seen, group], settings)
        for group in range(members.shape[0])
        for place, category in enumerate(categories)
    ]


def _small_cells(members: FloatArray) -> BoolArray:
    """(groups, categories) what to hide: too few members in the cell or beside it, and what would give these away.

    A group's shares sum to one and a category's members to those of all groups, so a lone hidden cell of a row or a
    column follows from the others: the smallest cell beside it is hidden too.
    """
    rest = members.sum(axis=1, keepdims=True) - members
    hidden: BoolArray = np.minimum(members, rest) < MINIMUM_MEMBERS
    lone = True
    while lone:
        lone = False
        for sizes, marks in ((members, hidden), (members.T, hidden.T)):
            for size, mark in zip(sizes, marks, strict=True):
                if mark.sum() == 1 and mark.size > 1:
                    mark[np.where(mark, np.inf, size).argmin()] = lone = True
    return hidden


def _share_record(
    group: int, trait: str, category: str, members: float, weight: FloatArray, settings: ProfileSettings
) -> Record:
    from scipy.stats import norm

    share = min(members / float(weight.sum()), 1.0)
    size = float(weight.sum() ** 2 / (weight**2).sum())
    quantile = float(norm.ppf(0.5 + settings.confidence / 2.0))
    center = (share + quantile**2 / (2.0 * size)) / (1.0 + quantile**2 / size)
    half = quantile / (1.0 + quantile**2 / size) * np.sqrt(share * (1 - share) / size + (quantile / (2 * size)) ** 2)
    return group + 1, trait, category, members, share, center - half, center + half


def _mean_record(group: int, trait: str, values: FloatArray, weight: FloatArray, settings: ProfileSettings) -> Record:
    from scipy.stats import norm

    members = float(weight.sum())
    if members <= 1.0 or (settings.suppress and members < MINIMUM_MEMBERS):
        return group + 1, trait, None, None, None, None, None
    mean = float(weight @ values / members)
    size = members**2 / float((weight**2).sum())
    error = float(np.sqrt(weight @ (values - mean) ** 2 / members / size))
    half = float(norm.ppf(0.5 + settings.confidence / 2.0)) * error
    return group + 1, trait, None, members, mean, mean - half, mean + half
