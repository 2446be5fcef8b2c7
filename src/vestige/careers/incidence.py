"""Cumulative incidence with competing causes (Aalen-Johansen); with one cause it is 1 - Kaplan-Meier."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from vestige.errors import SettingsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Number = TypeVar("Number", np.float64, np.int64)

CENSORED = 0
"""Cause of a history that ends without an event; causes count from 1."""
_ROUNDING = 1e-12


@dataclass(frozen=True)
class EventHistories:
    """Times to the first of several causes.

    Attributes:
        entry: when each member came under observation, shape (members,), in the unit of `end`.
        end: when the first cause happened or observation ended, after `entry`.
        cause: 0 where observation ended first, else the number of the cause from 1.
        causes: number of causes.
    """

    entry: "NDArray[np.float64]"
    end: "NDArray[np.float64]"
    cause: "NDArray[np.int64]"
    causes: int

    def __post_init__(self) -> None:
        """Refuse histories that no member can have."""
        if not self.entry.shape == self.end.shape == self.cause.shape:
            raise SettingsError("entry, end and cause must have one value a member", hint="check their lengths")
        if not (np.isfinite(self.entry).all() and np.isfinite(self.end).all()):
            raise SettingsError("times must be finite", hint="leave out members without a known time")
        if (self.end <= self.entry).any():
            raise SettingsError("every history must end after it begins", hint="leave out members never observed")
        if self.cause.size and not 0 <= self.cause.min() <= self.cause.max() <= self.causes:
            raise SettingsError("a cause is out of range", hint="0 for censored, then 1 to the number of causes")

    def select(self, chosen: "NDArray[np.bool_]") -> "EventHistories":
        """The histories of the chosen members."""
        return EventHistories(self.entry[chosen], self.end[chosen], self.cause[chosen], self.causes)


@dataclass(frozen=True)
class Incidence:
    """Cumulative incidence at chosen times; arrays of shape (times,), or (times, causes).

    Attributes:
        times: the chosen times.
        at_risk: members under observation without any cause just before each time.
        events: events of each cause up to and at each time.
        incidence: probability of each cause by each time.
        error: its standard error.
        low: lower end of its pointwise interval.
        high: upper end.
    """

    times: "NDArray[np.float64]"
    at_risk: "NDArray[np.int64]"
    events: "NDArray[np.int64]"
    incidence: "NDArray[np.float64]"
    error: "NDArray[np.float64]"
    low: "NDArray[np.float64]"
    high: "NDArray[np.float64]"


def cumulative_incidence(
    histories: EventHistories, times: "NDArray[np.float64]", *, confidence: float = 0.95
) -> Incidence:
    """The Aalen-Johansen estimate with delayed entry, exact under ties, with pointwise intervals.

    The variance is the delta method's (for one cause Greenwood's); intervals are on the complementary log-log scale,
    so that they stay within 0 and 1. Where nothing happened yet the interval is the point 0.

    Args:
        histories: the event histories.
        times: at which to estimate, shape (times,).
        confidence: of each interval.

    Sources:
        Aalen and Johansen (1978), Scandinavian Journal of Statistics 5, 141-150. Gaynor et al. (1993), JASA 88,
        400-409 (variance). Kalbfleisch and Prentice (2002), section 1.4 (scale of the interval).
    """
    moments, risk, events = _counts(histories)
    hazard = events / risk[:, None]
    total = events.sum(axis=1)
    survival = np.cumprod(1 - total / risk)
    before = np.concatenate([[1.0], survival[:-1]])
    incidence = np.minimum(np.cumsum(before[:, None] * hazard, axis=0), 1.0)
    variance = _variance(risk, events, incidence, before)
    place = np.searchsorted(moments, times, side="right")
    point, error = _at(place, incidence), np.sqrt(np.maximum(_at(place, variance), 0))
    low, high = _interval(point, error, confidence)
    return Incidence(
        times, _at_risk(histories, times), _at(place, np.cumsum(events, axis=0)), point, error, low, high
    )  # fmt: skip


def _counts(histories: EventHistories) -> tuple["NDArray[np.float64]", "NDArray[np.int64]", "NDArray[np.int64]"]:
    """Distinct event times, members at risk at each, events of each cause at each."""
    happened = histories.cause > CENSORED
    moments, place = np.unique(histories.end[happened], return_inverse=True)
    cells = place * histories.causes + histories.cause[happened] - 1
    events = np.bincount(cells, minlength=moments.size * histories.causes).reshape(moments.size, histories.causes)
    return moments, _at_risk(histories, moments), events


def _at_risk(histories: EventHistories, times: "NDArray[np.float64]") -> "NDArray[np.int64]":
    """Members who entered before each time and whose history ends at or after it."""
    entered = np.searchsorted(np.sort(histories.entry), times, side="left")
    left = np.searchsorted(np.sort(histories.end), times, side="left")
    return (entered - left).astype(np.int64)


def _variance(
    risk: "NDArray[np.int64]", events: "NDArray[np.int64]", incidence: "NDArray[np.float64]",
    before: "NDArray[np.float64]",
) -> "NDArray[np.float64]":  # fmt: skip
    """Delta-method variance after each event time, by expanding the squares so that one pass suffices."""
    n, total = risk[:, None].astype(float), events.sum(axis=1)[:, None]
    left = n - total
    any_cause = np.divide(total, n * left, out=np.zeros_like(n), where=left > 0)
    cross = before[:, None] * events / n**2
    own = before[:, None] ** 2 * events * (n - events) / n**3
    variance: NDArray[np.float64] = (
        incidence**2 * np.cumsum(any_cause, axis=0)
        - 2 * incidence * np.cumsum(any_cause * incidence + cross, axis=0)
        + np.cumsum(any_cause * incidence**2 + own + 2 * incidence * cross, axis=0)
    )
    return variance


def _at(place: "NDArray[np.intp]", values: "NDArray[Number]") -> "NDArray[Number]":
    """Step functions after `place` event times; zero before the first."""
    return np.concatenate([np.zeros_like(values, shape=(1, values.shape[1])), values])[place]


def _interval(
    point: "NDArray[np.float64]", error: "NDArray[np.float64]", confidence: float
) -> tuple["NDArray[np.float64]", "NDArray[np.float64]"]:
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    inside = (point > 0) & (point < 1 - _ROUNDING)
    stay = np.where(inside, 1 - point, 0.5)
    scale = np.where(inside, error / (stay * -np.log(stay)), 0.0)
    low = np.where(inside, 1 - stay ** np.exp(-z * scale), point)
    high = np.where(inside, 1 - stay ** np.exp(z * scale), point)
    return low, high
