"""Trajectory models: one start beside the Stata plug-in's 216 CPU-seconds, flexmix, and how cost grows with the data.

`python -m benchmarks.bench_trajectories [members ...]` runs the large fits for the given numbers of members alone, and
`python -m benchmarks.bench_trajectories select [members]` the search of 1 to 8 groups, `... covariates [members ...]`
fits with a time-varying covariate and a risk factor.
"""

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from vestige.trajectories import (
    Panel,
    SearchSettings,
    SelectionSettings,
    SparseCounts,
    TrajectorySettings,
    fit_trajectories,
    select_trajectories,
)
from vestige.trajectories.assemble import prepare
from vestige.trajectories.compiled import Pass, irange
from vestige.trajectories.histories import sparse_counts
from vestige.trajectories.likelihood import Evaluator

PLUGIN_SECONDS = 216.0
SHARES = (0.588, 0.091, 0.111, 0.158, 0.045, 0.008)
MEANS = (2.0, 10.0, 19.0, 20.0, 152.0, 1636.0)
SLOPES = (-1.0, 1.2, -1.5, 0.8, 0.2, 0.1)
MONTHS = 48
ZERO_SHARE = 0.2
LINEARITY = (100_000, 300_000, 1_000_000, 3_000_000)
COVARIATES = (20_000, 100_000)
LIMIT_A_CELL = 0.12 / 11.5e6
"""Seconds: a Numba pass over 11.5 million non-zero cells with six groups took 0.12 s on two cores."""
PLOT = Path(__file__).parents[1] / "docs" / "images" / "trajectory-cost.svg"


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


def with_covariates(members: int, times: int = 24, seed: int = 0) -> Panel:
    """Three zero-inflated groups, a covariate that differs at every cell and a risk factor that differs by member."""
    generator = np.random.default_rng(seed)
    scaled = np.linspace(-1.0, 1.0, times)
    group = generator.choice(3, members, p=(0.5, 0.3, 0.2))
    beta = np.array([[-0.6, -0.5, 0.0], [0.6, 0.8, -0.4], [1.8, -0.6, 0.3]])
    covariate = generator.normal(0.0, 1.0, (members, times))
    curve = beta[group] @ np.vander(scaled, 3, increasing=True).T
    counts = generator.poisson(np.exp(curve + np.array([0.3, -0.2, 0.1])[group][:, None] * covariate)).astype(float)
    counts[generator.random(counts.shape) < ZERO_SHARE] = 0.0
    risk = group[:, None] + generator.normal(0.0, 1.5, (members, 1))
    return Panel(
        counts, scaled, covariates=covariate[:, :, None], covariate_names=("x",), risk_factors=risk,
        risk_factor_names=("z",),
    )  # fmt: skip


def covariate_fit(members: int) -> None:
    """CPU, wall time and memory of a default fit with three groups, where no two cells are alike."""
    panel = with_covariates(members)
    begin, cpu = time.perf_counter(), time.process_time()
    fit = fit_trajectories(panel, settings=TrajectorySettings(groups=3, order=2))
    wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
    shares = ", ".join(f"{share:.3f}" for share in fit.shares)
    print(
        f"  {members:,} x {panel.periods}, a covariate and a risk factor: fit {wall:.1f} s, {cpu:.1f} CPU-s, peak "
        f"{_peak():.1f} GB; log-likelihood {fit.log_likelihood:,.1f}; shares {shares} of 0.5, 0.3 and 0.2; converged "
        f"{fit.converged}",
        flush=True,
    )


@Pass
def _stream(values: np.ndarray, bounds: np.ndarray, sums: np.ndarray) -> None:
    for chunk in irange(bounds.size - 1):
        total = 0.0
        for place in range(bounds[chunk], bounds[chunk + 1]):
            total += values[place]
        sums[chunk] = total


def one_start() -> None:
    """CPU of one start (quantiles, EM, Newton) and of the default search at 10,000 x 20, ZIP with six groups."""
    panel = simulated_file(10_000)
    single = SearchSettings(starts=1, polished=1, split_merge_rounds=0)
    models = [TrajectorySettings(groups=6, order=2, zero_order=1, search=own) for own in (single, SearchSettings())]
    fit_trajectories(panel, settings=models[0])
    print("10,000 x 20, ZIP quadratic, 6 groups (plug-in, one start: 216 CPU-s)")
    for name, model in zip(("smallest search", "default search"), models, strict=True):
        begin, wall = time.process_time(), time.perf_counter()
        fit = fit_trajectories(panel, settings=model)
        cpu, wall = time.process_time() - begin, time.perf_counter() - wall
        starts = fit.search.starts
        print(
            f"  {name}: {starts} starts, {fit.starts_at_best} of {fit.search.polished} followed ended at the best, "
            f"log-likelihood {fit.log_likelihood:,.3f}: {cpu:.2f} CPU-s, {wall:.2f} s; {cpu / starts:.3f} CPU-s a "
            f"start, {PLUGIN_SECONDS / (cpu / starts):,.0f} times less than the plug-in"
        )


def one_pass(evaluator: Evaluator) -> float:
    """CPU-seconds of one E-pass, beside the limit of 0.12 s for 11.5 million cells and a plain read of as much."""
    parameters = np.zeros(evaluator.layout.size)
    seconds, wall = _best(lambda: evaluator.expectation(parameters))
    entries, classes = evaluator.histories.entries, evaluator.layout.classes
    values, sums = np.ones(entries * classes), np.zeros(32)
    bounds = np.linspace(0, values.size, 33).astype(np.int64)
    _, stream = _best(lambda: _stream.run(values.size, values, bounds, sums))
    print(
        f"  E-pass over {evaluator.histories.patterns:,} patterns, {entries:,} listed cells: {seconds:.3f} CPU-s, "
        f"{wall:.3f} s, {1e9 * wall / entries:.1f} ns a cell, {wall / entries / LIMIT_A_CELL:.1f} times the limit of "
        f"{1e9 * LIMIT_A_CELL:.1f} ns; reading {classes} doubles a cell {stream:.3f} s"
    )
    return seconds


def _best(work: Callable[[], object]) -> tuple[float, float]:
    """Least CPU-seconds and least seconds of four runs, the first not counted."""
    work()
    cpu, wall = [], []
    for _ in range(3):
        began, begin = time.process_time(), time.perf_counter()
        work()
        cpu.append(time.process_time() - began)
        wall.append(time.perf_counter() - begin)
    return min(cpu), min(wall)


def large_fit(members: int) -> dict[str, float]:
    """CPU, wall time and memory of a whole default fit of the simulated forum, six groups."""
    panel = simulated_forum(members)
    before = _peak()
    model = TrajectorySettings(groups=6, order=2, zero_order=0)
    begin, cpu = time.perf_counter(), time.process_time()
    fit = fit_trajectories(panel, settings=model)
    wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
    shares = ", ".join(f"{share:.3f}" for share in fit.shares)
    cells = panel.values.period.size if isinstance(panel.values, SparseCounts) else 0
    print(
        f"  {members:,} members, {cells:,} non-zero cells: fit {wall:.1f} s, {cpu:.1f} CPU-s, peak {_peak():.1f} GB "
        f"({before:.1f} before); log-likelihood {fit.log_likelihood:,.1f}; shares {shares}; converged {fit.converged}; "
        f"{fit.search.best.optimum.passes} passes over everybody for the winner",
        flush=True,
    )
    each = one_pass(fit.search.evaluator)
    began = time.process_time()
    prepare([panel], [model])
    return {"members": members, "cells": cells, "fit": cpu, "prepare": time.process_time() - began, "pass": each}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def linearity(sizes: Sequence[int]) -> None:
    """Cost against non-zero cells, its slope on logarithmic axes, and the plot that the docs show."""
    rows = [large_fit(members) for members in sizes]
    if len(rows) < 2:  # noqa: PLR2004 - no slope through one point
        return
    logs = {name: np.log([row[name] for row in rows]) for name in ("cells", "fit", "prepare", "pass")}
    slopes = {name: float(np.polyfit(logs["cells"], logs[name], 1)[0]) for name in ("fit", "prepare", "pass")}
    print(
        f"  log-log slope in non-zero cells: making ready {slopes['prepare']:.2f}, one pass {slopes['pass']:.2f}, "
        f"whole fit {slopes['fit']:.2f} (its search runs on random parts of fixed size)"
    )
    write_plot(rows)


def write_plot(rows: Sequence[dict[str, float]]) -> None:
    """docs/images/trajectory-cost.svg."""
    import altair as alt
    import vl_convert

    names = {"fit": "whole fit", "prepare": "cells and patterns", "pass": "one pass"}
    points = [
        {"cells": row["cells"] / 1e6, "seconds": row[key], "work": name} for row in rows for key, name in names.items()
    ]
    axes = {"scale": alt.Scale(type="log")}
    chart = (
        alt.Chart(alt.Data(values=points), width=420, height=280)
        .mark_line(point=True)
        .encode(
            alt.X("cells:Q", title="non-zero cells (millions)", **axes),
            alt.Y("seconds:Q", title="CPU-seconds", **axes),
            alt.Color("work:N", title=None, sort=list(names.values())),
        )
    )
    PLOT.parent.mkdir(exist_ok=True)
    PLOT.write_text(vl_convert.vegalite_to_svg(chart.to_json()), encoding="utf-8")
    print(f"  wrote {PLOT.relative_to(PLOT.parents[2])}")


def selection(members: int) -> None:
    """The search of 1 to 8 groups with 10 starts each, and its memory."""
    panel = simulated_forum(members)
    model = TrajectorySettings(groups=1, order=2, zero_order=0, search=SearchSettings(starts=10))
    wanted = SelectionSettings(model=model, groups=tuple(range(1, 9)), split_halves=False)
    begin, cpu = time.perf_counter(), time.process_time()
    found = select_trajectories(panel, settings=wanted)
    wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
    bics = ", ".join(f"{fit.classes}: {fit.criteria.bic_members:,.0f}" for fit in found.fits)
    print(
        f"  search of K = 1..8, {members:,} members, 10 starts each: {wall:.0f} s, {cpu:.0f} CPU-s, peak {_peak():.1f} "
        f"GB; BIC (members) {bics}; BIC prefers {found.best().classes}"
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
    """Everything, or with numbers and words: fits of so many members, `select` or `covariates` for those on them."""
    words = sys.argv[1:] if __name__ == "__main__" else []
    sizes = [int(word) for word in words if word.isdigit()]
    if "select" in words:
        for members in sizes or [1_000_000]:
            selection(members)
        return
    if "covariates" in words:
        for members in sizes or COVARIATES:
            covariate_fit(members)
        return
    if not sizes:
        one_start()
        flexmix()
        covariate_fit(COVARIATES[0])
    print("Simulated forum, 48 months, ZIP quadratic, 6 groups")
    linearity(sizes or LINEARITY)


if __name__ == "__main__":
    main()
