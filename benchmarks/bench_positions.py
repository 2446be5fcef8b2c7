"""Positions of 100,000 members, 2 million posts, 50,000 threads. Goal with the network: 60 s and 2 GB on 2 cores.

The goal is of `measure_positions` on a dataset, from opening it to every measure but exact betweenness; repetitions for
intervals and stability come on top. Measures of which NetworKit has a form of its own stand beside it.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TypeVar

from benchmarks.large_forum import large_forum
from vestige import open_dataset
from vestige.network import NetworkSettings, PositionSettings
from vestige.network.communities import networkit_graph, seeded_networkit
from vestige.network.measures import Measure
from vestige.network.observed import observe_dataset
from vestige.network.position_values import FAMILIES, Effort, Family, measure_values
from vestige.network.positions import measure_positions
from vestige.network.ties import Ties
from vestige.progress import ignore_progress

Made = TypeVar("Made")


def main() -> None:
    """The whole in a process of its own, then each family of measures and NetworKit's."""
    large_forum()
    subprocess.run([sys.executable, "-m", "benchmarks.bench_positions", "whole"], check=True)
    with open_dataset(large_forum()) as dataset:
        ties = observe_dataset(dataset, NetworkSettings(), progress=ignore_progress).ties
    spent = {}
    for family in Family:
        own = [measure for measure in FAMILIES[family] if measure in ties.measures]
        if own:
            _, spent[family] = _timed(family.value, lambda own=own: measure_values(ties, own, effort=Effort(), seed=1))
    for family, seconds in _peers(ties).items():
        print(f"{family.value:30}{seconds / spent[family]:9.1f} times the CPU with NetworKit")


def whole() -> None:
    """From the dataset to every position, after a small run that compiles."""
    small = large_forum(large_forum().with_name("network-small"), 20_000, 1_000, 500)
    with open_dataset(small) as dataset:
        measure_positions(dataset, settings=_SETTINGS, seed=1)
    print(f"{'':30}{'seconds':>9}{'CPU s':>9}", flush=True)
    with open_dataset(large_forum()) as dataset:
        found, _ = _timed("network and all positions", lambda: measure_positions(dataset, settings=_SETTINGS, seed=1))
    ties = found.observed.ties
    print(f"  peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")
    print(f"  {len(found.measures)} measures of {ties.size:,} members with {ties.joined.nnz // 2:,} ties")
    print(f"  betweenness: {found.measured.methods[Measure.BETWEENNESS]}", flush=True)


_SETTINGS = PositionSettings(replicates=0, missing_replicates=0)


def _peers(ties: Ties) -> dict[Family, float]:
    """CPU seconds of NetworKit on one thread, its graph being at hand."""
    graph = networkit_graph(ties.joined, directed=False)
    with seeded_networkit(1) as networkit:
        central = networkit.centrality
        makers = {
            Family.PAGERANK: lambda: central.PageRank(graph, 0.85, 1e-10),
            Family.CORE: lambda: central.CoreDecomposition(graph),
            Family.PATHS: lambda: central.EstimateBetweenness(graph, Effort().sources, True, False),
        }
        return {
            family: _timed(f"  NetworKit: {family}", lambda own=own: own().run())[1] for family, own in makers.items()
        }


def _timed(name: str, work: Callable[[], Made]) -> tuple[Made, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    made = work()
    spent = time.process_time() - cpu
    print(f"{name:30}{time.perf_counter() - wall:9.2f}{spent:9.2f}", flush=True)
    return made, spent


if __name__ == "__main__":
    whole()
