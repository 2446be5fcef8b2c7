"""A forecast for groups, and how it held, as tables with the rule by which they may leave."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.disclosure import Additive, ColumnKind, ColumnRule, TableRule
from vestige.disclosure.figures import Figures, members_column, rows_table
from vestige.statistics.proportions import wilson_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vestige.careers.forecast import Band, Sample, Scores
    from vestige.careers.settings import ForecastSettings

FORECASTS: Final = ("like beginning", "no change", "cohort")
LEVELS: Final = (0.1, 0.5, 0.9)
"""Quantiles foretold; between the first and the last lie 80 % if the forecast is right."""


def forecast_figures(
    bands: "tuple[Band, ...]", judged: "Sample", place: "NDArray[np.int64]", scores: "tuple[Scores, ...]",
    standing: "tuple[Scores, ...]", settings: "ForecastSettings", seed: int,
) -> Iterator[Figures]:  # fmt: skip
    """Every table of a forecast.

    Args:
        bands: what was learnt.
        judged: those judged on.
        place: band of each of them.
        scores: of later activity.
        standing: of the role; empty for none.
        settings: the choices.
        seed: of the bootstrap of observed means.
    """
    yield _bands(bands, judged, place, settings, seed)
    yield _spread(bands, judged, place)
    yield _scores("scores", "How far forecasts were from what happened", scores, judged.early.size)
    if standing:
        yield _roles(bands, judged, place)
        yield _scores("standing_scores", "The same for the role (Brier scores)", standing, judged.early.size)


def band_names(bands: "tuple[Band, ...]") -> list[str]:
    """Bands of early events as labels."""
    ends = [band.start - 1 for band in bands[1:]]
    names = [
        str(band.start) if band.start == end else f"{band.start} to {end}"
        for band, end in zip(bands, ends, strict=False)
    ]
    return [*names, f"{bands[-1].start} or more"]


def _bands(
    bands: "tuple[Band, ...]", judged: "Sample", place: "NDArray[np.int64]", settings: "ForecastSettings", seed: int
) -> Figures:
    names = band_names(bands)
    observed = (("observed", "Observed mean"), ("low", f"{settings.confidence:.0%} from"), ("high", "to"))
    rule = TableRule(
        "bands",
        f"Events in {settings.later} months, foretold from those in the first {settings.early}",
        (
            ColumnRule("early", "Early events", ColumnKind.LABEL, vocabulary=tuple(names)),
            members_column("learnt", "Learnt from", additive=Additive.DISJOINT, counts="learnt-from"),
            ColumnRule("mean", "Foretold mean", ColumnKind.ESTIMATE, behind=("learnt",)),
            members_column("judged", "Judged on", additive=Additive.DISJOINT, counts="judged-on"),
            *(ColumnRule(name, title, ColumnKind.ESTIMATE, behind=("judged",)) for name, title in observed),
        ),
        "Learnt from members whose months all ended before the split; judged on members who registered after it.",
    )
    generator = np.random.default_rng(seed)
    rows = []
    for number, (name, band) in enumerate(zip(names, bands, strict=True)):
        own = judged.later[place == number]
        figures = _observed(own, settings, generator)
        rows.append((name, band.learnt.size, float(band.learnt.mean()), own.size, *figures))
    return Figures(rule, rows_table(rule, rows))


def _spread(bands: "tuple[Band, ...]", judged: "Sample", place: "NDArray[np.int64]") -> Figures:
    names = band_names(bands)
    foretold = (("p10", "10 % below", "tail"), ("p50", "Half below", "learnt"), ("p90", "90 % below", "tail"))
    rule = TableRule(
        "spread",
        "How widely members who began alike differ later",
        (
            ColumnRule("early", "Early events", ColumnKind.LABEL, vocabulary=tuple(names)),
            members_column("learnt", "Learnt from", additive=Additive.DISJOINT, counts="learnt-from"),
            members_column("tail", "", additive=Additive.NO, shown=False),
            *(ColumnRule(name, title, ColumnKind.ESTIMATE, behind=(behind,)) for name, title, behind in foretold),
            members_column("judged", "Judged on", additive=Additive.DISJOINT, counts="judged-on"),
            ColumnRule("inside", "Of these between the 10 and 90 %", ColumnKind.PROPORTION, behind=("judged",)),
        ),
        "If the forecast held, at least 80 % of those judged lie between the two.",
    )
    rows = []
    for number, (name, band) in enumerate(zip(names, bands, strict=True)):
        own = judged.later[place == number]
        low, middle, high = map(float, np.quantile(band.learnt, LEVELS))
        inside = float(((own >= low) & (own <= high)).mean()) if own.size else None
        rows.append((name, band.learnt.size, band.learnt.size // 10, low, middle, high, own.size, inside))
    return Figures(rule, rows_table(rule, rows))


def _observed(
    own: "NDArray[np.int64]", settings: "ForecastSettings", generator: np.random.Generator
) -> tuple[float | None, ...]:
    """Mean with its bootstrap interval."""
    if not own.size:
        return (None, None, None)
    tail = (1 - settings.confidence) / 2
    drawn = [own[generator.integers(0, own.size, own.size)].mean() for _ in range(settings.replicates)]
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return float(own.mean()), float(low), float(high)


def _roles(bands: "tuple[Band, ...]", judged: "Sample", place: "NDArray[np.int64]") -> Figures:
    names = band_names(bands)
    rule = TableRule(
        "standing",
        "Share who attained the role in the later months",
        (
            ColumnRule("early", "Early events", ColumnKind.LABEL, vocabulary=tuple(names)),
            members_column("learnt", "Learnt from", additive=Additive.DISJOINT, counts="learnt-from"),
            members_column("learnt_attained", "", additive=Additive.NO, within="learnt", shown=False),
            ColumnRule("foretold", "Foretold share", ColumnKind.PROPORTION, behind=("learnt_attained",)),
            members_column("judged", "Judged on", additive=Additive.DISJOINT, counts="judged-on"),
            members_column("attained", "", additive=Additive.NO, within="judged", shown=False),
            *(
                ColumnRule(name, title, ColumnKind.PROPORTION, behind=("attained",))
                for name, title in (("observed", "Observed share"), ("low", "95 % from"), ("high", "to"))
            ),
        ),
        "Intervals (Wilson) are for the members judged on.",
    )
    rows = []
    for number, (name, band) in enumerate(zip(names, bands, strict=True)):
        own = judged.attained[place == number]
        seen, size = int(own.sum()), own.size
        interval = wilson_interval(seen, size) if size else (None, None)
        learnt = round(band.attained * band.learnt.size)
        rows.append((name, band.learnt.size, learnt, band.attained, size, seen, seen / max(size, 1), *interval))
    return Figures(rule, rows_table(rule, rows))


def _scores(name: str, title: str, scores: "tuple[Scores, ...]", judged: int) -> Figures:
    shown = (("score", "Mean score"), ("low", "95 % from"), ("high", "to"), ("gain", "Better than the cohort by"),
             ("gain_low", "95 % from"), ("gain_high", "to"))  # fmt: skip
    rule = TableRule(
        name,
        title,
        (
            ColumnRule("forecast", "Forecast", ColumnKind.LABEL, vocabulary=FORECASTS),
            members_column("judged", "Judged on", additive=Additive.NO),
            *(ColumnRule(column, heading, ColumnKind.ESTIMATE, behind=("judged",)) for column, heading in shown),
        ),
        "Lower scores are better; the gain is a share of the cohort's score. Like beginning: members with as many "
        "early events. No change: the early rate goes on. Cohort: all members alike.",
    )
    rows = [(own.name, judged, *(getattr(own, column) for column, _ in shown)) for own in scores]
    return Figures(rule, rows_table(rule, rows))
