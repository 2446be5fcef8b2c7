"""How far one case lies from the middle of many measures at once, by ranks, and which measures make it so.

Activity has long tails and many zeros: most members may never have posted. Estimators that look for the tightest half
of the cases (minimum covariance determinant, median and MAD) collapse there, since that half does not vary at all.
Ranks do not: each value becomes the normal score of its mid-rank, and the scores' correlation is robust by itself,
since no case can move it by more than its rank does.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class RankSpace:
    """What a distance is measured by.

    Attributes:
        correlation: shape (measures, measures), of the normal scores, shrunk towards independence.
        root: shape (measures, measures), symmetric inverse square root of the correlation.
    """

    correlation: "NDArray[np.float64]"
    root: "NDArray[np.float64]"


def normal_scores(values: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Normal quantile of each value's mid-rank among all.

    Args:
        values: shape (cases,), finite.

    Returns:
        Shape (cases,); ties share a score.

    Source:
        van der Waerden (1952); mid-ranks keep the mean of the probabilities at one half.
    """
    from scipy.special import ndtri

    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    middle = (np.cumsum(count) - count / 2) / values.size
    return np.asarray(ndtri(middle)[place])


def score_among(value: float, values: "NDArray[np.float64]") -> float:
    """Normal score of a value that is added to the others: never infinite, also beyond all of them."""
    from scipy.special import ndtri

    below, equal = int((values < value).sum()), int((values == value).sum())
    return float(ndtri((below + equal / 2 + 0.5) / (values.size + 1)))


def rank_space(scores: "NDArray[np.float64]", *, shrinkage: float) -> RankSpace:
    """The space in which correlated measures count once.

    Args:
        scores: shape (cases, measures), from `normal_scores`; no column may be constant.
        shrinkage: 0 keeps the correlation, 1 treats the measures as independent; above 0, since two measures that are
            nearly the same would otherwise make any difference between them look extreme.

    Source:
        Boudt, Cornelissen and Croux (2012), The Gaussian rank correlation estimator, Statistics and Computing 22,
        471-483.
    """
    return space_of(np.atleast_2d(np.corrcoef(scores, rowvar=False)), shrinkage=shrinkage)


def space_of(correlation: "NDArray[np.float64]", *, shrinkage: float) -> RankSpace:
    """The space of a known correlation matrix."""
    shrunk = (1 - shrinkage) * correlation + shrinkage * np.eye(len(correlation))
    length, direction = np.linalg.eigh(shrunk)
    root = (direction / np.sqrt(np.maximum(length, np.finfo(float).eps))) @ direction.T
    return RankSpace(shrunk, root)


def contributions(scores: "NDArray[np.float64]", space: RankSpace) -> "NDArray[np.float64]":
    """Squared distance from the middle, split over the measures.

    Args:
        scores: shape (cases, measures).
        space: of the same measures.

    Returns:
        Shape (cases, measures), not negative; a row sums to the squared Mahalanobis distance.

    Source:
        Garthwaite and Koch (2016), Evaluating the contributions of individual variables to a quadratic form,
        Australian and New Zealand Journal of Statistics 58, 99-119.
    """
    return np.asarray((scores @ space.root) ** 2)


def score_of_percentile(percentile: float, members: int) -> float:
    """Normal score of a percentile by mid-rank among so many members; never infinite."""
    from scipy.special import ndtri

    return float(ndtri((percentile * members + 0.5) / (members + 1)))
