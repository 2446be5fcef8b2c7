"""Trajectory models: one start beside the Stata plug-in's 216 CPU-seconds, and fits of a million members.

`python -m benchmarks.bench_trajectories [members ...]` runs the large fits for the given numbers of members.
"""

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from vestige.trajectories import Panel, SearchSettings, SparseCounts, TrajectorySettings, fit_trajectories
from vestige.trajectories.assemble import prepare
from vestige.trajectories.compiled import compiled_parallel, irange
from vestige.trajectories.histories import sparse_counts

PLUGIN_SECONDS = 216.0
SHARES = (0.588, 0.091, 0.111, 0.158, 0.045, 0.008)
MEANS = (2.0, 10.0, 19.0, 20.0, 152.0, 1636.0)
SLOPES = (-1.0, 1.2, -1.5, 0.8, 0.2, 0.1)
MONTHS = 48
ZERO_SHARE = 0.2


def simulated_file(members: int, seed: int = 1) -> Panel:
    """Six zero-inflated Poisson groups over 20 times, as in the reference files."""
    generator = np.random.default_rng(seed)
    time_scaled = (np.arange(1, 21) - 10.5) / 9.5
    beta = np.array(
        [[-0.9, 0, 0], [-0.2, -1.6, -0.4], [-0.6, 1.7, 0.2], [1.3, 0.1, -1.9], [1.1, 0, 0.1], [2.1, -0.4, -0.3]]
    )
    gamma = np.array([[-1.2, 0.3], [-1.5, 0.8], [-1.0, -0.8], [-2.0, 0.0], [-0.8, 0.2], [-2.5, 0.5]])
    group = generator.choice(6, size=members, p=(0.34, 0.2, 0.16, 0.12, 0.1, 0.08))
    rate = np.exp(beta @ np.vander(time_scaled, 3, increasing=True).T)[group]
    zero = 1 / (1 + np.exp(-(gamma @ np.vander(time_scaled, 2, increasing=True).T)))[group]
    counts = np.where(generator.random(rate.shape) < zero, 0, generator.poisson(rate))
    return Panel(counts.astype(float), time_scaled)


def simulated_forum(members: int, seed: int = 1) -> Panel:
    """Six posting groups over 48 months with the shares and mean posts of one published forum, zero-inflated."""
    generator = np.random.default_rng(seed)
    scaled = np.linspace(-1.0, 1.0, MONTHS)
    shape = np.exp(np.outer(SLOPES, scaled))
    rate = shape / shape.sum(axis=1, keepdims=True) * np.array(MEANS)[:, None] / (1.0 - ZERO_SHARE)
    parts = []
    for begin in range(0, members, 250_000):
        size = min(250_000, members - begin)
        group = generator.choice(6, size=size, p=np.array(SHARES) / sum(SHARES))
        counts = generator.poisson(rate[group]).astype(np.int32)
        counts[generator.random(counts.shape) < ZERO_SHARE] = 0
        parts.append(sparse_counts(counts))
    start = np.concatenate([[0], *(np.diff(part.start) for part in parts)]).cumsum()
    period = np.concatenate([part.period for part in parts])
    count = np.concatenate([part.count for part in parts])
    profile = np.zeros(members, dtype=np.int32)
    return Panel(SparseCounts(start, period, count, profile, np.ones((1, MONTHS), dtype=np.bool_)), scaled)


@compiled_parallel
def _stream(values: np.ndarray, bounds: np.ndarray, sums: np.ndarray) -> None:
    for chunk in irange(bounds.size - 1):
        total = 0.0
        for place in range(bounds[chunk], bounds[chunk + 1]):
            total += values[place]
        sums[chunk] = total


def one_start() -> None:
    """CPU of one start (quantiles, EM, Newton) at 10,000 x 20, ZIP with six groups."""
    panel = simulated_file(10_000)
    settings = SearchSettings(starts=1, polished=1, split_merge_rounds=0)
    model = TrajectorySettings(groups=6, order=2, zero_order=1, search=settings)
    fit_trajectories(panel, settings=model)
    begin = time.process_time()
    fits = [fit_trajectories(panel, settings=model, seed=seed) for seed in range(3)]
    per_fit = (time.process_time() - begin) / 3
    starts = fits[0].search.starts
    begin, wall = time.process_time(), time.perf_counter()
    full = fit_trajectories(panel, settings=TrajectorySettings(groups=6, order=2, zero_order=1))
    cpu, wall = time.process_time() - begin, time.perf_counter() - wall
    print("10,000 x 20, ZIP quadratic, 6 groups (plug-in, one start: 216 CPU-s)")
    print(
        f"  smallest search, {starts} starts: {per_fit:.2f} CPU-s a fit, {per_fit / starts:.3f} a start, "
        f"{PLUGIN_SECONDS / (per_fit / starts):,.0f} times less than the plug-in"
    )
    print(
        f"  default search: {full.search.starts} starts, {full.search.polished} polished, {full.starts_at_best} at the "
        f"best: {cpu:.2f} CPU-s, {wall:.2f} s; {cpu / full.search.starts:.3f} CPU-s a start, "
        f"{PLUGIN_SECONDS / (cpu / full.search.starts):,.0f} times less"
    )


def one_pass(panel: Panel) -> float:
    """Seconds of one E-pass with six groups, beside a plain read of as many numbers."""
    evaluator = prepare([panel], [TrajectorySettings(groups=6, zero_order=0)]).shared(6)
    parameters = np.zeros(evaluator.layout.size)
    evaluator.expectation(parameters)
    seconds = _best(lambda: evaluator.expectation(parameters))
    entries = evaluator.histories.entries
    values = np.ones(entries * 6)
    bounds = np.linspace(0, values.size, 33).astype(np.int64)
    sums = np.zeros(32)
    _stream(values, bounds, sums)
    stream = _best(lambda: _stream(values, bounds, sums))
    print(
        f"  {panel.rows:,} members, {evaluator.histories.patterns:,} patterns, {entries:,} listed cells: "
        f"E-pass {seconds:.3f} s, {1e9 * seconds / entries:.1f} ns a cell; reading 6 doubles a cell {stream:.3f} s, "
        f"ratio {seconds / stream:.1f}"
    )
    return seconds


def _best(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(3):
        begin = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begin)
    return min(seconds)


def large_fit(members: int) -> None:
    """Wall time and memory of a whole default fit of the simulated forum, six groups."""
    panel = simulated_forum(members)
    one_pass(panel)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    begin, cpu = time.perf_counter(), time.process_time()
    fit = fit_trajectories(panel, settings=TrajectorySettings(groups=6, order=2, zero_order=0))
    wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    shares = ", ".join(f"{share:.3f}" for share in fit.shares)
    print(
        f"  fit: {wall:.1f} s, {cpu:.1f} CPU-s, peak {after:.1f} GB ({before:.1f} before); log-likelihood "
        f"{fit.log_likelihood:,.1f}; shares {shares}; converged {fit.converged}; "
        f"{fit.search.best.optimum.passes} passes over everybody for the winner"
    )


def flexmix() -> None:
    """R's flexmix (Poisson) beside ours on one file, where R is installed."""
    if shutil.which("Rscript") is None:
        print("flexmix: Rscript is not installed (Debian: r-base r-cran-flexmix); skipped")
        return
    panel = simulated_file(2_000)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "long.csv"
        member, column = np.indices(panel.dense().shape)
        rows = np.column_stack([member.ravel(), panel.times[column.ravel()], panel.dense().ravel()])
        np.savetxt(file, rows, delimiter=",", header="id,t,y", comments="")
        script = (
            f'suppressMessages(library(flexmix)); d <- read.csv("{file}"); set.seed(1); t0 <- proc.time();'
            "m <- flexmix(y ~ t + I(t^2) | id, data=d, k=6, model=FLXMRglm(family='poisson'));"
            "cat(sprintf('%.3f %.3f', sum((proc.time()-t0)[1:2]), logLik(m)))"
        )
        done = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print("flexmix: not installed in R (Debian: r-cran-flexmix); skipped")
        return
    seconds, loglik = (float(word) for word in done.stdout.split())
    begin = time.process_time()
    fit = fit_trajectories(panel, settings=TrajectorySettings(family="poisson", groups=6, order=2))
    cpu = time.process_time() - begin
    print(
        f"flexmix, Poisson, 2,000 x 20, 6 groups: {seconds:.1f} CPU-s, log-likelihood {loglik:,.1f}; ours, "
        f"{fit.search.starts} starts: {cpu:.2f} CPU-s, {fit.log_likelihood:,.1f}; ratio {seconds / cpu:.1f}"
    )


def main() -> None:
    sizes = [int(word) for word in sys.argv[1:] if word.isdigit()] or [250_000]
    one_start()
    print("Simulated forum, 48 months, ZIP quadratic, 6 groups")
    for members in sizes:
        large_fit(members)
    flexmix()


if __name__ == "__main__":
    main()
