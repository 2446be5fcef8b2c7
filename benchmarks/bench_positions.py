"""Positions of 100,000 members, 2 million posts, 50,000 threads. Goal with the network: 60 s and 2 GB on 2 cores."""

import resource
import time
from collections.abc import Callable
from typing import TypeVar

from benchmarks.large_forum import large_forum
from vestige import open_dataset
from vestige.network import NetworkSettings, PositionSettings
from vestige.network.measures import Measure
from vestige.network.observed import Observed, observe_dataset
from vestige.network.position_values import FAMILIES, Effort, Family, measure_values
from vestige.network.positions import measure_positions
from vestige.progress import ignore_progress

Made = TypeVar("Made")


def main() -> None:
    """Build the network once, then time each family of measures, then all of them as the verb runs them."""
    folder = large_forum()
    print(f"{'':30}{'seconds':>9}{'CPU s':>9}")
    with open_dataset(folder) as dataset:
        settings = NetworkSettings()
        observed = _timed("network and activity", lambda: observe_dataset(dataset, settings, progress=ignore_progress))
    ties = observed.ties
    print(f"{ties.size:,} members, {ties.joined.nnz // 2:,} ties")
    for family in Family:
        own = [measure for measure in FAMILIES[family] if measure in ties.measures]
        if own:
            _timed(family.value, lambda own=own: measure_values(ties, own, effort=Effort(), seed=1))
    _timed("all positions", lambda: _positions(observed))
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


def _positions(observed: Observed) -> None:
    found = measure_positions(observed, settings=PositionSettings(replicates=0, missing_replicates=0), seed=1)
    print(f"  betweenness: {found.measured.methods[Measure.BETWEENNESS]}")


def _timed(name: str, work: Callable[[], Made]) -> Made:
    wall, cpu = time.perf_counter(), time.process_time()
    made = work()
    print(f"{name:30}{time.perf_counter() - wall:9.2f}{time.process_time() - cpu:9.2f}", flush=True)
    return made


if __name__ == "__main__":
    main()
