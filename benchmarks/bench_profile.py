"""The reference profile of a million members, beside a bare count of the same rows by member."""

import resource
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from benchmarks.bench_describe import FOLDER, make_dataset
from vestige.activity import compare_member, fit_profile
from vestige.dataset import open_dataset

MILLION = Path("/tmp/big/million/dataset")
"""A simulated forum with views and downloads, where somebody has made one; else posts alone."""


def main() -> None:
    """Time the profile and one comparison."""
    folder = MILLION if MILLION.exists() else FOLDER
    if not folder.exists():
        make_dataset(folder)
    print(f"{'':34}{'seconds':>9}{'CPU s':>9}")
    bare = _timed("DuckDB alone, rows by member", lambda: _count_alone(folder))
    with open_dataset(folder) as dataset:
        made = []
        ours = _timed("fit_profile", lambda: made.append(fit_profile(dataset)))
    profile = made[0]
    member = profile.marks.pseudonym[profile.marks.members // 2].as_py()
    _timed("compare_member", lambda: compare_member(profile, member))
    print(f"{profile.marks.members:,} members; fit_profile / DuckDB alone {ours / bare:.1f} in CPU seconds")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB")


def _timed(name: str, work: Callable[[], object]) -> float:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{name:34}{wall:9.2f}{cpu:9.2f}", flush=True)
    return cpu


def _count_alone(folder: Path) -> None:
    """One pass over each table of events, grouped by member: the least that any profile must do."""
    for table, actor in (("post", "author"), ("view", "member"), ("download", "member"), ("thread", "starter")):
        file = folder / f"{table}.parquet"
        if file.exists():
            counts = f"SELECT {actor}, count(*) AS n FROM read_parquet(?) GROUP BY ALL"
            duckdb.connect().execute(f"SELECT count(*), sum(n) FROM ({counts})", [str(file)]).fetchall()


if __name__ == "__main__":
    main()
