"""Iterated expressions give what the matrix gives, on both engines."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from tables import dataset_of
from vestige import build_network
from vestige.dataset import Dataset
from vestige.errors import SettingsError
from vestige.network import Network, NetworkSettings, edge_expression
from vestige.network.iterated import PageRankSettings, tie_components, tie_degrees, tie_pagerank

Opener = Callable[[str | Path], Dataset]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sparse random messages: several components, chains among them."""
    generator = np.random.default_rng(2)
    pairs = np.vstack(
        [generator.integers(0, 40, (26, 2)), [[50, 51], [51, 52], [52, 53], [53, 54], [54, 55], [51, 50]]]
    )
    rows = "\n".join(f"{place} | {one} | {other}" for place, (one, other) in enumerate(pairs))
    members = "\n".join(f"{member} | member" for member in range(56))
    tables = {"member": f"member | kind\n{members}", "message": f"message | sender | recipient\n{rows}"}
    return dataset_of(tmp_path_factory.mktemp("iterated") / "dataset", tables)


def pagerank(network: Network, damping: float) -> np.ndarray:
    """By solving the linear system, Page et al. (1999) with idle nodes giving to all."""
    weights = network.adjacency.toarray()
    given = weights.sum(axis=1, keepdims=True)
    shares = np.where(given > 0, weights / np.where(given > 0, given, 1), 1 / network.size)
    rank = np.linalg.solve(
        np.eye(network.size) - damping * shares.T, np.full(network.size, (1 - damping) / network.size)
    )
    return rank / rank.sum()


def test_the_same_figures_as_the_matrix(folder: Path, open_engine: Opener) -> None:
    dataset = open_engine(folder)
    settings = NetworkSettings(kind="messages")
    network = build_network(dataset, settings=settings)
    assert isinstance(network, Network)
    ties = edge_expression(dataset, settings)
    degrees = {
        row["node"]: (row["degree"], row["strength"])
        for row in tie_degrees(ties, directed=True).to_pyarrow().to_pylist()
    }
    strength = network.out_strength + network.in_strength
    assert degrees == {
        member: (degree, total)
        for member, degree, total in zip(network.members.tolist(), network.degree, strength, strict=True)
    }
    found = {row["node"]: row["component"] for row in tie_components(ties).to_pyarrow().to_pylist()}
    _, label = connected_components(network.joined(), directed=False)
    assert found == {
        member: int(network.members[label == own].min())
        for member, own in zip(network.members.tolist(), label, strict=True)
    }
    assert len(set(found.values())) > 3
    wanted = PageRankSettings(damping=0.5, tolerance=1e-4)
    ranks = {row["node"]: row["rank"] for row in tie_pagerank(ties, settings=wanted).to_pyarrow().to_pylist()}
    np.testing.assert_allclose([ranks[member] for member in network.members], pagerank(network, 0.5), atol=1e-4)


def test_settings_of_pagerank() -> None:
    with pytest.raises(SettingsError, match="damping"):
        PageRankSettings(damping=1.0)
