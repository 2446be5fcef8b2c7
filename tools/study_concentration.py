"""How often the intervals of inequality measures cover the truth: `python tools/study_concentration.py [SAMPLES]`.

Every sample is drawn from a distribution whose Gini coefficient, Theil index, top shares and coverage are known in
closed form. Beside Vestige's intervals stand bootstrap percentile intervals of the Gini coefficient.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from vestige.statistics.concentration import measure_spread
from vestige.statistics.distribution import Distribution
from vestige.statistics.inequality import Sums, gini

SIZES = (200, 1_000)
REPLICATES = 400
MEASURES = ("gini", "theil", "top 1 %", "top 10 %", "half of everything")


@dataclass(frozen=True)
class Known:
    """A distribution of activity: how to draw it, its Gini coefficient, Theil index and Lorenz curve."""

    name: str
    draw: Callable[[np.random.Generator, int], np.ndarray]
    gini: float
    theil: float
    lorenz: Callable[[float], float]

    def truth(self) -> dict[str, float]:
        half = 1 - brentq(lambda part: self.lorenz(part) - 0.5, 1e-9, 1 - 1e-15)
        tops = (1 - self.lorenz(0.99), 1 - self.lorenz(0.9))
        return dict(zip(MEASURES, (self.gini, self.theil, *tops, half), strict=True))


def lognormal(sigma: float) -> Known:
    return Known(
        f"log-normal, sigma {sigma:g}",
        lambda generator, size: generator.lognormal(0, sigma, size),
        2 * norm.cdf(sigma / np.sqrt(2)) - 1,
        sigma**2 / 2,
        lambda part: float(norm.cdf(norm.ppf(part) - sigma)),
    )


def pareto(shape: float) -> Known:
    return Known(
        f"Pareto, shape {shape:g}",
        lambda generator, size: (1 - generator.random(size)) ** (-1 / shape),
        1 / (2 * shape - 1),
        1 / (shape - 1) - np.log(shape / (shape - 1)),
        lambda part: 1 - (1 - part) ** (1 - 1 / shape),
    )


EXPONENTIAL = Known(
    "exponential",
    lambda generator, size: generator.exponential(size=size),
    0.5,
    1 - np.euler_gamma,
    lambda part: part + (1 - part) * np.log(1 - part) if part < 1 else 1.0,
)


def silent(known: Known, active: float) -> Known:
    """The same with members who did nothing: Gini and Theil follow, the Lorenz curve starts later."""
    return Known(
        f"{known.name}; {1 - active:.0%} zeros",
        lambda generator, size: known.draw(generator, size) * (generator.random(size) < active),
        1 - active * (1 - known.gini),
        known.theil - np.log(active),
        lambda part: known.lorenz(max(0.0, 1 - (1 - part) / active)),
    )


CASES = (
    EXPONENTIAL, lognormal(1.0), lognormal(1.5), lognormal(2.0), pareto(3.0), pareto(2.0), pareto(1.5), pareto(1.2),
    silent(lognormal(1.5), 0.3),
)  # fmt: skip


def main() -> None:
    samples = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    print(f"{samples} samples of each kind, {REPLICATES} bootstrap samples, 95 % intervals: share that covers\n")
    print(f"| distribution | members | percentile Gini | {' | '.join(MEASURES)} |")
    print(f"|---|---:|---:|{'---:|' * len(MEASURES)}")
    for size in SIZES:
        for known in CASES:
            print(row(known, size, samples), flush=True)


def row(known: Known, size: int, samples: int) -> str:
    truth = known.truth()
    generator = np.random.default_rng(np.random.SeedSequence(entropy=size, spawn_key=(CASES.index(known),)))
    covered = dict.fromkeys(("percentile", *MEASURES), 0)
    for seed in range(samples):
        values, counts = np.unique(known.draw(generator, size), return_counts=True)
        distribution = Distribution.of(values, counts)
        spread = measure_spread(
            distribution, top=(0.01, 0.1), grid=(), cover=(0.5,), replicates=REPLICATES, confidence=0.95, seed=seed
        )
        assert spread is not None
        found = (spread.gini, spread.theil, *spread.top.values(), *spread.coverage.values())
        for name, estimate in zip(MEASURES, found, strict=True):
            covered[name] += estimate.low is not None and estimate.low <= truth[name] <= estimate.high
        low, high = percentile(distribution, generator)
        covered["percentile"] += low <= truth["gini"] <= high
    shares = " | ".join(f"{100 * count / samples:.1f}" for count in covered.values())
    return f"| {known.name} | {size:,} | {shares} |"


def percentile(distribution: Distribution, generator: np.random.Generator) -> tuple[float, float]:
    """The plain bootstrap percentile interval of the Gini coefficient (Efron and Tibshirani 1993, chapter 13)."""
    drawn = []
    chunk = max(1, 1_000_000 // distribution.values.size)
    for start in range(0, REPLICATES, chunk):
        count = min(chunk, REPLICATES - start)
        weights = generator.multinomial(distribution.size, distribution.members / distribution.size, size=count)
        sums = Sums.of(np.broadcast_to(distribution.values, weights.shape), weights.astype(np.float64))
        drawn.append(gini(sums).estimates)
    low, high = np.quantile(np.concatenate(drawn), (0.025, 0.975))
    return float(low), float(high)


if __name__ == "__main__":
    main()
