"""Coverage of the reference profile's intervals: `python tools/study_profile.py [replications]`.

Draws populations whose quantiles, percentiles and likelihood ratios are known, and counts how often 95 % intervals hold
them; then looks whether the published figures of the silent-downloaders preset are found in simulated forums.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
from scipy.stats import lognorm, nbinom

from vestige import open_dataset
from vestige.activity import (
    LikelihoodRatioSettings,
    ProfileResult,
    ProfileSettings,
    fit_profile,
    labelled_populations,
    measure_likelihood_ratio,
)
from vestige.activity.cohorts import make_cohorts
from vestige.activity.profile_reduce import Marks
from vestige.results import Provenance
from vestige.simulate import preset_settings, simulate_forum, write_simulated_dataset
from vestige.statistics.distribution import Distribution
from vestige.statistics.quantiles import quantiles
from vestige.statistics.ranks import Rank, RankInterval, rank_interval

SIZES = (100, 300, 1_000, 3_000)
PARTS = (0.1, 0.25, 0.5, 0.75, 0.9)
PLACES = (0.5, 0.9, 0.97, 0.99)
RATES = lognorm(1.5, scale=5)
COUNTS = nbinom(0.5, 0.5 / (0.5 + 6))
"""Counts as on a forum: mean 6, a third of the members with none."""


def quantile_coverage(replications: int) -> None:
    """Quantiles of log-normal rates, by Harrell-Davis and by ranks."""
    print("quantiles, log-normal rates: coverage by Harrell-Davis / by ranks, per cent")
    print("members   " + "  ".join(f"{part:>11.0%}" for part in PARTS))
    generator = np.random.default_rng(1)
    truth = RATES.ppf(PARTS)
    for size in SIZES:
        hits = np.zeros((len(PARTS), 2))
        for _ in range(replications):
            drawn = Distribution(np.sort(RATES.rvs(size, random_state=generator)), np.ones(size, np.int64))
            for place, own in enumerate(quantiles(drawn, PARTS)):
                hits[place] += (own.low <= truth[place] <= own.high, own.order_low <= truth[place] <= own.order_high)
        print(
            f"{size:>7}   " + "  ".join(f"{a * 100 / replications:5.1f}/{b * 100 / replications:5.1f}" for a, b in hits)
        )


def percentile_coverage(replications: int) -> None:
    """Percentiles of a member at known places, without ties and with those of counts."""
    print("percentiles without ties: coverage by Wilson / Clopper-Pearson, per cent")
    print("others    " + "  ".join(f"{place:>11.0%}" for place in PLACES))
    _percentiles(replications, lambda place: (place, 0.0, 1 - place), PLACES)
    values = (0, 1, 10, 40)
    print("percentiles of counts with ties (mean 6, a third zero): the member has so many")
    print("others    " + "  ".join(f"{value:>11}" for value in values))
    _percentiles(replications, _tied, values)


def _tied(value: float) -> tuple[float, float, float]:
    below, equal = float(COUNTS.cdf(value - 1)), float(COUNTS.pmf(value))
    return below, equal, 1 - below - equal


def _percentiles(
    replications: int, chances: Callable[[float], tuple[float, float, float]], places: tuple[float, ...]
) -> None:
    generator = np.random.default_rng(2)
    for size in SIZES:
        cells = []
        for place in places:
            below, equal, above = chances(place)
            truth, hits = below + equal / 2, np.zeros(2)
            for row in generator.multinomial(size, (below, equal, above), size=replications).tolist():
                for number, kind in enumerate(RankInterval):
                    low, high = rank_interval(Rank(*row), kind=kind)
                    hits[number] += low <= truth <= high
            cells.append(f"{hits[0] * 100 / replications:5.1f}/{hits[1] * 100 / replications:5.1f}")
        print(f"{size:>7}   " + "  ".join(cells))


def ratio_coverage(replications: int, size: int = 60) -> None:
    """Two populations whose log activity is normal, a standard deviation apart on one of two measures."""
    truth = 1.0
    hits, errors, costs = 0, [], []
    for stream in np.random.SeedSequence(3).spawn(replications):
        generator = np.random.default_rng(stream)
        first = np.arange(2 * size) < size
        logs = generator.normal(4, 1, (2 * size, 2))
        logs[:, 0] += np.where(first, 0.5, -0.5)
        logs = np.vstack((logs, [4 + truth, 4.0])).clip(0)
        profile = _profile(np.expm1(logs))
        labels = {f"{row:032x}": "group-a" if first[row] else "group-b" for row in range(2 * size)}
        two = labelled_populations(profile, labels, measures=("posts", "views"))
        settings = LikelihoodRatioSettings(replicates=200)
        found = measure_likelihood_ratio(profile, f"{2 * size:032x}", two, settings=settings)
        hits += found.low <= np.exp(truth) <= found.high
        errors.append(np.log(found.ratio) - truth)
        costs.append(found.cost)
    print(f"likelihood ratio of e, {size} members of each population, {replications} replications:")
    print(f"  coverage of its bootstrap interval {hits / replications:.1%}; mean error of its logarithm "
          f"{np.mean(errors):+.3f}; mean Cllr {np.mean(costs):.3f}")  # fmt: skip


def _profile(values: np.ndarray) -> ProfileResult:
    size, nothing = len(values), np.full(len(values), np.nan)
    marks = Marks(
        pseudonym=pa.array([f"{row:032x}" for row in range(size)]), registered=nothing,
        values={"posts": values[:, 0], "views": values[:, 1]}, unavailable={}, window=None, reaches={},
        exposure_days={}, undated={}, early=0, window_known=False,
    )  # fmt: skip
    cohorts = make_cohorts(nothing, months=None, smallest=1)
    provenance = Provenance("fit_profile", {}, 0, None)
    return ProfileResult({}, (), provenance, ProfileSettings(), marks, cohorts)


def preset_recovery(forums: int) -> None:
    """The published figures: 3.4 % of the members ever wrote, 93.6 % downloaded, 77 files a fortnight on average."""
    found = []
    for seed in range(forums):
        with tempfile.TemporaryDirectory() as folder:
            forum = simulate_forum(settings=preset_settings("silent-downloaders", members=10_000), seed=seed)
            write_simulated_dataset(Path(folder) / "f", forum)
            with open_dataset(Path(folder) / "f" / "dataset") as dataset:
                marks = fit_profile(dataset, settings=ProfileSettings(per_days=14)).marks
        downloads, exposure = marks.values["downloads"], marks.exposure_days["downloads_rate"]
        downloading = downloads > 0
        there = np.isfinite(marks.values["downloads_rate"])
        found.append(
            (
                (marks.values["posts"] > 0).mean(),
                downloading[there].mean(),
                downloads[downloading].sum() / exposure[downloading].sum() * 14,
            )
        )
    posted, downloaded, files = np.mean(found, axis=0)
    print(f"silent-downloaders, 10,000 members, {forums} forums: posted {posted:.2%} (put in 3.4 %), downloaded "
          f"{downloaded:.1%} (93.6 %), {files:.1f} files a fortnight per downloading member (77)")  # fmt: skip


def main() -> None:
    """Run the studies."""
    replications = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    begin = time.process_time()
    quantile_coverage(replications)
    percentile_coverage(2 * replications)
    ratio_coverage(max(20, replications // 5))
    preset_recovery(5)
    print(f"{time.process_time() - begin:.0f} CPU-seconds")


if __name__ == "__main__":
    main()
