"""Layouts put together what is tied together; pictures name few, and nobody below density."""

import json

import numpy as np
import pytest

from vestige.errors import SettingsError
from vestige.network import Network
from vestige.network.layout import place_nodes, strongest_ties
from vestige.network.picture import PictureSettings, draw_network, short_names


def communities(count: int, size: int, seed: int = 1) -> Network:
    """Members tied to a fifth of their own group and to few outside."""
    generator = np.random.default_rng(seed)
    group = np.repeat(np.arange(count), size)
    inside = (group[:, None] == group[None, :]) & (generator.random((group.size, group.size)) < 0.2)
    outside = generator.random((group.size, group.size)) < 0.3 / group.size
    source, target = np.nonzero(inside | outside)
    names = tuple(f"{generator.integers(1 << 60):032x}"[::-1] for _ in group)
    return Network.from_edges(source, target, directed=False, nodes=group.size, pseudonyms=names)


def test_groups_lie_apart() -> None:
    network = communities(6, 50)
    places = place_nodes(network.adjacency, seed=3)
    group = np.repeat(np.arange(6), 50)
    centres = np.array([places[group == own].mean(axis=0) for own in range(6)])
    nearest = np.linalg.norm(places[:, None] - centres[None], axis=2).argmin(axis=1)
    assert (nearest == group).mean() > 0.95


def test_one_seed_one_picture() -> None:
    network = communities(3, 40)
    assert (place_nodes(network.adjacency, seed=3) == place_nodes(network.adjacency, seed=3)).all()
    assert (place_nodes(network.adjacency, seed=3) != place_nodes(network.adjacency, seed=4)).any()


def test_strongest_ties_are_kept_from_either_end() -> None:
    star = Network.from_edges(np.zeros(9, dtype=np.int64), np.arange(1, 10), np.arange(1.0, 10.0), directed=False)
    kept = strongest_ties(star.adjacency, 2)
    assert (kept != star.adjacency).nnz == 0
    complete = Network.from_edges(*np.nonzero(np.triu(np.ones((8, 8)), 1)), directed=False)
    assert np.diff(strongest_ties(complete.adjacency, 2).indptr).sum() < 56


def test_small_networks_show_nodes_and_ties() -> None:
    network = communities(2, 30)
    chart = json.loads(draw_network(network, settings=PictureSettings(names=3)).to_json())
    kinds = [layer["mark"]["type"] for layer in chart["layer"]]
    assert kinds == ["rule", "circle", "rule", "circle", "text", "text"]
    top = np.argsort(-network.degree, kind="stable")[:3]
    named = {row["name"] for row in chart["layer"][-1]["data"]["values"]} if "data" in chart["layer"][-1] else None
    drawn = json.dumps(chart)
    assert all(network.pseudonyms[node][:6] in drawn for node in top)
    assert named is None or len(named) == 3
    assert not any(name in drawn for name in network.pseudonyms)


def test_large_networks_show_density_alone() -> None:
    network = communities(4, 60)
    chart = draw_network(network, settings=PictureSettings(names=0, each_node=100, cells=40)).to_json()
    assert "rect" in chart
    assert not any(name[:6] in chart for name in network.pseudonyms)


def test_names_are_told_apart() -> None:
    assert short_names(("abcdefgh1", "abcdefgh2", "x")) == ("abcdefgh1", "abcdefgh2", "x")
    assert short_names(("abcdefgh", "bcdefghi")) == ("abcdef", "bcdefg")


def test_nothing_to_draw() -> None:
    empty = Network.from_edges(np.array([0]), np.array([1]), nodes=5)
    with pytest.raises(SettingsError, match="no component of three"):
        draw_network(empty)
    with pytest.raises(SettingsError, match="another number of rows"):
        draw_network(empty, rank=np.ones(3))
