"""Volume, participation and visits at 1 and 10 million page views; 100 million with VESTIGE_BENCH_LARGE=1.

Goal: 100 million views and 20 million posts in under 180 s and 8 GB on 2 cores. Each size runs in a process of its own,
so that peak memory is its own; the slope is that of the log of the time over the log of the rows.
"""

import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.activity_dataset import make_dataset

SIZES = (1_000_000, 10_000_000)
LARGE = 100_000_000
VERBS = ("measure_volume", "measure_participation", "measure_sessions")


def main() -> None:
    """Make each dataset in a temporary folder, measure it, and throw it away."""
    sizes = (*SIZES, LARGE) if os.environ.get("VESTIGE_BENCH_LARGE") else SIZES
    print(f"{'views':>12}{'posts':>12}{'verb':>24}{'seconds':>10}{'CPU s':>10}{'peak GB':>10}")
    seconds = {}
    for views in sizes:
        with tempfile.TemporaryDirectory(prefix="vestige-bench-") as scratch:
            make_dataset(Path(scratch) / "dataset", views)
            seconds[views] = _report(Path(scratch) / "dataset", views)
    first, last = min(sizes), max(sizes)
    slope = math.log(seconds[last] / seconds[first]) / math.log(last / first)
    print(f"slope of CPU seconds over rows, {first:,} to {last:,}: {slope:.2f} (1: in proportion)")


def _report(folder: Path, views: int) -> float:
    """Print the figures of one size; the CPU seconds of all verbs."""
    command = [sys.executable, "-m", "benchmarks.bench_activity", str(folder)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    for verb, wall, cpu, peak in [
        *found,
        ["together", *(sum(row[place] for row in found) for place in (1, 2)), found[-1][3]],
    ]:
        print(f"{views:>12,}{views // 5:>12,}{verb:>24}{wall:>10.1f}{cpu:>10.1f}{peak:>10.2f}", flush=True)
    return float(sum(row[2] for row in found))


def measure(folder: Path) -> list[list[object]]:
    """Verb, wall seconds, CPU seconds and peak memory so far, of each verb on one opened dataset."""
    import vestige

    rows: list[list[object]] = []
    with vestige.open_dataset(folder) as dataset:
        for verb in VERBS:
            wall, cpu = time.perf_counter(), time.process_time()
            getattr(vestige, verb)(dataset)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
            rows.append([verb, time.perf_counter() - wall, time.process_time() - cpu, peak])
    return rows


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(Path(sys.argv[1]))))
    else:
        main()
