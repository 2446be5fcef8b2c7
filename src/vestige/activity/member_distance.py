"""How far one member lies from the middle of all measures at once, and which measures make it so."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from vestige.activity.profile_measures import MARK_KINDS, TENURE, MarkKind, Scale
from vestige.disclosure import MINIMUM_MEMBERS
from vestige.statistics.rank_distance import (
    contributions,
    normal_scores,
    rank_space,
    score_of_percentile,
    space_of,
)

if TYPE_CHECKING:
    from vestige.activity.profile import ProfileResult
    from vestige.activity.profile_file import SavedProfile

_LEAST_MEASURES = 2


@dataclass(frozen=True)
class Distance:
    """A member's distance.

    Attributes:
        kinds: measures that it is made of.
        value: the distance, in standard deviations of normal scores.
        percentile: part of the others who lie nearer to the middle.
        others: how many there are.
        scores: normal score of the member on each measure; above 0 for more than the middle.
        shares: part of the squared distance that each measure makes; they sum to 1.
    """

    kinds: tuple[MarkKind, ...]
    value: float
    percentile: float
    others: int
    scores: tuple[float, ...] = field(repr=False)
    shares: tuple[float, ...] = field(repr=False)


def distance_kinds(profile: "ProfileResult", row: int | None = None) -> tuple[MarkKind, ...]:
    """What a distance is made of: rates where the member has them, so that time on the forum is no difference.

    Different sections have no rate and are taken as they are; time on the forum itself is left out.
    """
    values = profile.marks.values

    def present(kind: MarkKind) -> bool:
        own = values.get(kind.name)
        return own is not None and _varies(own) and (row is None or bool(np.isfinite(own[row])))

    rates = tuple(kind for kind in MARK_KINDS if kind.scale is Scale.RATE and present(kind))
    rated = {kind.measure for kind in rates}
    totals = [
        kind
        for kind in MARK_KINDS
        if kind.scale is Scale.TOTAL
        and kind.measure not in rated
        and kind.measure is not TENURE
        and not (rates and kind.measure.rated)
        and present(kind)
    ]
    return (*totals, *rates)


def scores_of_all(profile: "ProfileResult", kinds: tuple[MarkKind, ...]) -> tuple["np.ndarray", "np.ndarray"]:
    """Normal scores of the members who have every measure, shape (members, measures), and their rows."""
    columns = np.column_stack([profile.marks.values[kind.name] for kind in kinds])
    rows = np.flatnonzero(np.isfinite(columns).all(axis=1))
    return np.column_stack([normal_scores(column) for column in columns[rows].T]), rows


def distance_among(profile: "ProfileResult", row: int, shrinkage: float) -> Distance | None:
    """Distance among the members of one forum; None where fewer than two measures vary or too few members have them.

    The member counts among those whose correlation it is: one of many, by ranks, it moves nothing.
    """
    kinds = distance_kinds(profile, row)
    if len(kinds) < _LEAST_MEASURES:
        return None
    scores, rows = scores_of_all(profile, kinds)
    own = np.searchsorted(rows, row)
    if rows.size <= MINIMUM_MEMBERS or own == rows.size or rows[own] != row or (np.ptp(scores, axis=0) == 0).any():
        return None
    parts = contributions(scores, rank_space(scores, shrinkage=shrinkage))
    squared = parts.sum(axis=1)
    others = np.delete(squared, own)
    nearer = float(((others < squared[own]).sum() + (others == squared[own]).sum() / 2) / others.size)
    return _distance(kinds, scores[own], parts[own], nearer, others.size)


def distance_from(reference: "SavedProfile", values: Mapping[str, float]) -> Distance | None:
    """Distance of a member of another forum by a saved profile; None where it lacks a measure that the profile has."""
    saved = reference.distance
    if saved is None or not set(saved.names) <= values.keys():
        return None
    scores = np.array(
        [
            score_of_percentile(reference.marks[name].rank(values[name]).percentile, saved.members)
            for name in saved.names
        ]
    )
    parts = contributions(scores[None, :], space_of(saved.correlation, shrinkage=0.0))[0]
    rank = saved.squared.rank(float(parts.sum()))
    kinds = tuple(kind for name in saved.names for kind in MARK_KINDS if kind.name == name)
    return _distance(kinds, scores, parts, rank.percentile, rank.others)


def _varies(values: "np.ndarray") -> bool:
    known = values[np.isfinite(values)]
    return known.size > 0 and bool(known.max() > known.min())


def _distance(
    kinds: tuple[MarkKind, ...], scores: "np.ndarray", parts: "np.ndarray", nearer: float, others: int
) -> Distance:
    total = float(parts.sum())
    shares = parts / total if total > 0 else np.full(parts.size, 1 / parts.size)
    return Distance(kinds, float(np.sqrt(total)), nearer, int(others), tuple(scores.tolist()), tuple(shares.tolist()))
