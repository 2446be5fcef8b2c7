"""Networks of 2 million posts: CPU seconds and peak memory of `build_network`, beside SciPy's product and the engine.

Goal, with all positions but exact betweenness: under 60 s and 2 GB on 2 cores. Each row runs in a process of its own.
"""

import resource
import subprocess
import sys
import time
from typing import Final

import numpy as np
from scipy import sparse

from benchmarks.large_forum import large_forum
from vestige.dataset import open_dataset
from vestige.network import Network, NetworkSettings, TwoModeNetwork, build_network, edge_expression, measure_structure
from vestige.network.picture import draw_network

LARGEST: Final = 200
ROWS: Final = {
    "two-mode": "two-mode network",
    "co-participation": "co-participation, threads up to 200 members",
    "scipy": "  the same by SciPy's product (projection alone)",
    "projection": "  the same by Vestige (projection alone)",
    "engine": "  the same by DuckDB's self-join",
    "reply": "replies to parents",
    "previous": "replies to the previous author",
    "structure": "structure of the two-mode network, 20 random ones",
    "picture": "picture of 100,000 members",
}


def main() -> None:
    large_forum()
    print(f"{'':52}{'CPU s':>8}{'peak MB':>9}  what came out")
    for name, title in ROWS.items():
        found = subprocess.run(
            [sys.executable, "-m", "benchmarks.bench_network", name], check=True, capture_output=True, text=True
        )
        seconds, memory, words = found.stdout.strip().split("|")
        print(f"{title:52}{float(seconds):8.1f}{float(memory):9.0f}  {words}")


def measured(name: str) -> None:
    """One row, after a first run on a small part that compiles."""
    _run(name, small=True)
    start = time.process_time()
    words, own = _run(name, small=False)
    seconds = time.process_time() - start if own is None else own
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000
    print(f"{seconds}|{memory}|{words}")


def _run(name: str, *, small: bool) -> tuple[str, float | None]:
    folder = large_forum()
    if small:
        folder = large_forum(folder.with_name("network-small"), 20_000, 1_000, 500)
    with open_dataset(folder) as dataset:
        if name == "engine":
            return f"{edge_expression(dataset, NetworkSettings()).to_pyarrow().num_rows:,} ties", None
        kind = {"previous": "reply", "reply": "reply", "picture": "reply", "co-participation": "co-participation"}
        rule = "parent" if name == "reply" else "previous"
        found = build_network(dataset, settings=NetworkSettings(kind=kind.get(name, "two-mode"), reply=rule))
    start = time.process_time()
    if name == "picture" and isinstance(found, Network):
        draw_network(found)
        return f"{found.size:,} members", time.process_time() - start
    if isinstance(found, TwoModeNetwork) and name != "two-mode":
        words = _of_two_mode(name, found)
        return words, time.process_time() - start
    return f"{found.size:,} members, {found.ties:,} ties", None


def _of_two_mode(name: str, found: TwoModeNetwork) -> str:
    if name == "structure":
        return f"{len(measure_structure(found).shapes)} figures"
    if name == "projection":
        return f"{found.project().ties:,} ties"
    membership = found.membership()
    inside = sparse.csr_array(membership[:, np.flatnonzero(found.thread_sizes <= LARGEST)])
    joined = sparse.csr_array(inside @ inside.T)
    joined.setdiag(0.0)
    joined.eliminate_zeros()
    joined.sort_indices()
    return f"{joined.nnz // 2:,} ties"


if __name__ == "__main__":
    measured(sys.argv[1])
