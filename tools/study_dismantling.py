"""Area R of every strategy on the benchmark graphs; writes docs/validation/dismantling.md.

The graphs lie beside the repository, in ../shared/data/dismantling; its README gives the definition of R and the areas
that straightforward implementations of known methods reach, which stand here as the peer.
"""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from scipy import sparse

from vestige import __version__
from vestige.network import EdgeListSettings, read_edge_list
from vestige.network.disruption.orders import (
    CANDIDATES,
    Neighbours,
    Strategy,
    dismantling_area,
    largest_component,
    reinserted,
    removal_order,
)

FOLDER = Path(__file__).parents[2] / "shared" / "data" / "dismantling"
PAGE = Path(__file__).parents[1] / "docs" / "validation" / "dismantling.md"
PEERS = ("deg", "hda", "pr", "corehd", "ci2")
PLAIN = (
    Strategy.ADAPTIVE_DEGREE,
    Strategy.COREHD,
    Strategy.COLLECTIVE_INFLUENCE,
    Strategy.NETWORK_DISMANTLING,
    Strategy.ADAPTIVE_BETWEENNESS,
)
LARGE, MEAN_TIES, SEED = 50_000, 6, 1


def main() -> None:
    """Every graph of the README's table, then the time at 50,000 nodes."""
    if not FOLDER.is_dir():
        sys.exit("needs ../shared/data/dismantling beside the repository")
    lines = [_row(*row) for row in _published()]
    lines += ["", _large()]
    PAGE.write_text("\n".join([*_head(), *lines, ""]), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))


def _published() -> list[tuple[str, float, float | None]]:
    """Graph, the smallest area of a quick method, and that of adaptive betweenness, from the README's table."""
    rows = [line.strip("| \n").split("|") for line in (FOLDER / "README.md").read_text().splitlines() if "|" in line]
    names = [cell.strip() for cell in rows[0]]
    found = []
    for row in rows[2:]:
        cells = dict(zip(names, (cell.strip() for cell in row), strict=False))
        quick = min(float(cells[name]) for name in PEERS if cells.get(name))
        slow = cells.get("betw_adapt")
        found.append((cells["graph"], quick, float(slow) if slow else None))
    return found


def _row(name: str, quick: float, slow: float | None) -> str:
    network = read_edge_list(FOLDER / f"{name}.csv.gz", settings=EdgeListSettings(directed=False))
    whole = Neighbours.of(network.joined())
    kept = largest_component(whole)
    neighbours = Neighbours.of(sparse.csr_array(whole.matrix()[kept][:, kept]))
    begun = time.process_time()
    areas, bettered = {}, {}
    for strategy in PLAIN:
        generator = np.random.default_rng(SEED)
        order = removal_order(neighbours, strategy, generator=generator)
        areas[strategy] = dismantling_area(neighbours, order)
        if strategy in CANDIDATES:
            bettered[strategy] = dismantling_area(neighbours, reinserted(neighbours, order, generator=generator))
    spent = time.process_time() - begun
    winner = min(bettered, key=bettered.__getitem__)
    best = bettered[winner]
    cells = [
        name, f"{neighbours.size:,}", *(f"{areas[own]:.4f}" for own in PLAIN), f"{best:.4f}", winner.value,
        f"{quick:.4f}", "" if slow is None else f"{slow:.4f}", "yes" if best <= quick else "NO", f"{spent:.1f}",
    ]  # fmt: skip
    print(*cells, flush=True)
    return f"| {' | '.join(cells)} |"


def _large() -> str:
    """A random network with a heavy tail of degrees: ties between ends drawn with weights (rank + 10) ** -0.5."""
    generator = np.random.default_rng(SEED)
    weight = (np.arange(LARGE) + 10.0) ** -0.5
    first, second = generator.choice(LARGE, size=(2, LARGE * MEAN_TIES // 2), p=weight / weight.sum())
    neighbours = Neighbours.from_pairs(first, second, LARGE)
    begun = time.process_time()
    order = removal_order(neighbours, Strategy.BEST_OF, generator=generator)
    spent = time.process_time() - begun
    area = dismantling_area(neighbours, order)
    plain = dismantling_area(
        neighbours, removal_order(neighbours, Strategy.ADAPTIVE_DEGREE, generator=np.random.default_rng(SEED))
    )
    return (
        f"A random network of {LARGE:,} nodes and {neighbours.others.size // 2:,} ties with a heavy tail of degrees: "
        f"best-of takes {spent:.0f} CPU-seconds on one core (area {area:.4f}; adaptive degree alone {plain:.4f})."
    )


def _head() -> list[str]:
    heads = ("graph", "nodes", *(own.value for own in PLAIN), "best-of", "by", "quick peer", "slow peer",
             "at or below quick", "CPU s")  # fmt: skip
    return [
        "# Dismantling of benchmark graphs",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, Vestige {__version__}, seed {SEED}; made by `make study-dismantling`.",
        "",
        "Area R: mean relative size of the largest component over the n + 1 points from nobody to everybody removed;",
        "lower is faster. The middle columns are plain, without reinsertion; `best-of` is the best of the same five",
        "with reinsertion, `by` which one it was. The quick peer is the smallest area that static or adaptive degree,",
        "PageRank, CoreHD or collective influence reach in the straightforward implementations whose areas come with",
        "the graphs; the slow peer is exact adaptive betweenness, where it was run. Largest components only.",
        "",
        f"| {' | '.join(heads)} |",
        f"|{'---|' * len(heads)}",
    ]


if __name__ == "__main__":
    main()
