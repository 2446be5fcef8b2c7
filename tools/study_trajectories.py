"""Recovery and coverage of trajectory models on simulated forums: `python tools/study_trajectories.py [forums]`.

Draws three zero-inflated Poisson groups again and again, fits them with default settings, and reports how often 95 %
intervals cover the truth, the bias of the shares, and which number of groups BIC prefers; then the same for a null of
one group and for six groups.
"""

import sys
import time
from dataclasses import dataclass

import numpy as np

from vestige.trajectories import (
    Panel,
    SearchSettings,
    SelectionSettings,
    TrajectorySettings,
    fit_trajectories,
    select_trajectories,
)

TIMES = np.linspace(-1.0, 1.0, 12)
SIX_TIMES = (np.arange(1, 21) - 10.5) / 9.5
QUICK = SearchSettings(starts=10, polished=5, split_merge_rounds=2)


@dataclass(frozen=True)
class Truth:
    """Zero-inflated Poisson groups: shares, log-rate coefficients, log-odds of structural zeros."""

    shares: tuple[float, ...]
    curves: tuple[tuple[float, ...], ...]
    zeros: tuple[float, ...]
    times: np.ndarray

    def draw(self, members: int, generator: np.random.Generator) -> Panel:
        """A panel of this truth."""
        group = generator.choice(len(self.shares), size=members, p=self.shares)
        width = len(self.curves[0])
        rate = np.exp(np.array(self.curves) @ np.vander(self.times, width, increasing=True).T)[group]
        chance = 1.0 / (1.0 + np.exp(-np.array(self.zeros)))[group, None]
        counts = np.where(generator.random(rate.shape) < chance, 0, generator.poisson(rate))
        return Panel(counts.astype(float), self.times)

    def model(self) -> TrajectorySettings:
        """The model that generated it."""
        order = len(self.curves[0]) - 1
        return TrajectorySettings(family="zip", groups=len(self.shares), order=order, zero_order=0, search=QUICK)

    def values(self) -> list[float]:
        """Parameters in the order of table("parameters")."""
        flat = [value for curve in self.curves for value in curve] + list(self.zeros)
        return flat + [float(np.log(share / self.shares[0])) for share in self.shares[1:]]


THREE = Truth((0.5, 0.3, 0.2), ((-0.3, 0.4), (0.8, -0.6), (1.8, 0.2)), (-1.0, -1.5, -2.0), TIMES)
ONE = Truth((1.0,), ((0.5, 0.2),), (-1.0,), TIMES)
SIX = Truth(
    (0.34, 0.2, 0.16, 0.12, 0.1, 0.08),
    ((-0.9, 0.0, 0.0), (-0.2, -1.6, -0.4), (-0.6, 1.7, 0.2), (1.3, 0.1, -1.9), (1.1, 0.0, 0.1), (2.1, -0.4, -0.3)),
    (-1.2, -1.5, -1.0, -2.0, -0.8, -2.5),
    SIX_TIMES,
)


def coverage(truth: Truth, forums: int, members: int, seed: int = 0) -> tuple[float, np.ndarray]:
    """Share of 95 % intervals over all parameters and forums that cover the truth, and the mean error of the shares."""
    covered, total, errors = 0, 0, []
    expected = np.array(truth.values())
    for stream in np.random.SeedSequence(seed).spawn(forums):
        fit = fit_trajectories(truth.draw(members, np.random.default_rng(stream)), settings=truth.model())
        gap = np.abs(fit.estimates.values - expected)
        known = fit.estimates.identified
        covered += int((gap <= 1.959964 * fit.estimates.errors)[known].sum())
        total += int(known.sum())
        errors.append(fit.shares - np.array(truth.shares))
    return covered / total, np.mean(errors, axis=0)


def preferred(truth: Truth, groups: tuple[int, ...], forums: int, members: int, seed: int = 1) -> dict[int, int]:
    """How often BIC (members) prefers each number of groups."""
    wins = dict.fromkeys(groups, 0)
    settings = SelectionSettings(model=truth.model(), groups=groups, split_halves=False)
    for stream in np.random.SeedSequence(seed).spawn(forums):
        panel = truth.draw(members, np.random.default_rng(stream))
        wins[select_trajectories(panel, settings=settings).best().classes] += 1
    return wins


def main() -> None:
    """Run the studies and print one line each."""
    forums = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    begin = time.process_time()
    share, errors = coverage(THREE, forums, 600)
    print(f"coverage of 95 % intervals, 3 groups, 600 members, {forums} forums: {share:.1%}")
    print(f"mean error of the shares: {', '.join(f'{error:+.4f}' for error in errors)}", flush=True)
    print(f"BIC's choice, truth 3 groups: {preferred(THREE, (2, 3, 4), forums // 4, 600)}", flush=True)
    print(f"BIC's choice, truth 1 group: {preferred(ONE, (1, 2, 3), forums // 4, 600)}", flush=True)
    print(f"BIC's choice, truth 6 groups, 2,000 members: {preferred(SIX, (5, 6, 7), forums // 8, 2000)}", flush=True)
    print(f"{time.process_time() - begin:.0f} CPU-seconds")


if __name__ == "__main__":
    main()
