"""Figures of shape against closed forms, and the structure of small networks."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from vestige.cli import run
from vestige.dataset import open_dataset
from vestige.network import EdgeListSettings, Network, StructureSettings, TwoModeNetwork, measure_structure, shape
from vestige.network.overlap import compare_networks, overlap_figures, top_members
from vestige.network.reading import network_of_table
from vestige.progress import ignore_progress
from vestige.report.chapters import Chart
from vestige.report.network_chapters import network_chapters
from vestige.simulate import preset_settings, simulate_forum, write_simulated_dataset

KITE = [
    (0, 1), (0, 2), (0, 3), (0, 5), (1, 3), (1, 4), (1, 6), (2, 3), (2, 5), (3, 4), (3, 5), (3, 6), (4, 6), (5, 6),
    (5, 7), (6, 7), (7, 8), (8, 9),
]  # fmt: skip
"""Krackhardt (1990): ten members."""


def network_of(pairs: list[tuple[int, int]], *, directed: bool = False) -> Network:
    source, target = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    return Network.from_edges(source, target, directed=directed)


def complete(nodes: int) -> Network:
    return network_of([(one, other) for one in range(nodes) for other in range(one)])


def star(leaves: int) -> Network:
    return network_of([(0, leaf) for leaf in range(1, leaves + 1)])


def test_the_kite() -> None:
    """By hand: 11 triangles and 57 pairs of ties at a node, 3 * 11 / 57; degrees 4 4 3 6 3 5 5 3 2 1, 18 of 45 ties."""
    kite = network_of(KITE)
    degree = kite.degree
    assert sorted(degree.tolist(), reverse=True) == [6, 5, 5, 4, 4, 3, 3, 3, 2, 1]
    wedges = (degree * (degree - 1) // 2).sum()
    triangles = (kite.adjacency @ kite.adjacency).multiply(kite.adjacency).sum() / 6
    assert shape.transitivity(kite.adjacency, seed=0) == pytest.approx(3 * triangles / wedges)
    assert (triangles, wedges) == (11, 57)
    assert shape.density(kite.ties, kite.size, directed=False) == pytest.approx(0.4)
    assert shape.centralisation(kite.adjacency) == pytest.approx((60 - 36) / 72)


def test_closed_forms() -> None:
    assert shape.transitivity(complete(6).adjacency, seed=0) == 1
    assert shape.centralisation(complete(6).adjacency) == 0
    assert shape.degree_assortativity(complete(6).adjacency) is None
    assert shape.transitivity(star(5).adjacency, seed=0) == 0
    assert shape.centralisation(star(5).adjacency) == 1
    assert shape.degree_assortativity(star(5).adjacency) == pytest.approx(-1)
    assert shape.reciprocity(network_of([(0, 1), (1, 0), (1, 2)], directed=True).adjacency) == pytest.approx(2 / 3)
    assert shape.component_sizes(network_of([(0, 1), (2, 3), (3, 4)]).adjacency).tolist() == [3, 2]
    pair = network_of([(0, 1)])
    assert shape.transitivity(pair.adjacency, seed=0) is None
    assert shape.centralisation(pair.adjacency) is None


def test_drawn_clustering_is_near_the_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(5)
    source, target = generator.integers(0, 200, (2, 4_000))
    network = Network.from_edges(source, target, directed=False, nodes=200)
    counted = shape.transitivity(network.adjacency, seed=0)
    monkeypatch.setattr(shape, "EXACT_WEDGES", 10)
    drawn = shape.transitivity(network.adjacency, seed=0)
    assert counted is not None
    assert drawn is not None
    assert drawn != counted
    assert abs(drawn - counted) < 5 * 0.0011


def test_clustering_beyond_degrees_is_seen() -> None:
    """Forty cliques of five cluster fully; random networks of the same degrees do not."""
    pairs = [(5 * clique + one, 5 * clique + other) for clique in range(40) for one in range(5) for other in range(one)]
    result = measure_structure(network_of(pairs), settings=StructureSettings(replicates=10), seed=1)
    clustering = result.shapes["clustering"]
    assert clustering.value == 1
    assert clustering.beyond
    assert clustering.random_high is not None
    assert clustering.random_high < 0.2
    assert result.shapes["density"].beyond is None
    again = measure_structure(network_of(pairs), settings=StructureSettings(replicates=10), seed=1)
    assert again.shapes == result.shapes


def test_returned_ties_do_not_pass_for_clustering() -> None:
    """Every tie returned or none: the same pairs are tied, and clustering stands beside the same random networks."""
    pairs = [(one, (one + step) % 60) for one in range(60) for step in (1, 2, 3)]
    settings = StructureSettings(replicates=5)
    returned = network_of([*pairs, *((other, one) for one, other in pairs)], directed=True)
    both = measure_structure(returned, settings=settings, seed=2).shapes
    plain = measure_structure(network_of(pairs), settings=settings, seed=2).shapes
    assert both["clustering"] == plain["clustering"]
    assert both["reciprocity"].value == 1
    assert both["reciprocity"].beyond


def test_large_threads_of_the_less_active_are_seen() -> None:
    """A thread of 60 newcomers beside 30 threads of the same three regulars."""
    members = [*range(60), *(60 + regular for _ in range(30) for regular in range(3))]
    threads = [0] * 60 + [1 + place // 3 for place in range(90)]
    table = pa.table({"from": members, "to": threads})
    network = network_of_table(table, EdgeListSettings(two_mode=True))
    assert isinstance(network, TwoModeNetwork)
    result = measure_structure(network, settings=StructureSettings(replicates=10), seed=1)
    value = result.shapes["thread size and activity"].value
    assert value is not None
    assert value < 0
    sizes = result.table("thread_size").to_pylist()
    assert [row["threads"] for row in sizes] == [30, 1]
    assert [row["mean"] for row in sizes] == [30, 1]


def test_few_members_are_held_back() -> None:
    result = measure_structure(star(4), settings=StructureSettings(replicates=2))
    assert "[c]" in result.summary()
    assert all(row["count"] is None for row in result.safe("size").rows())
    assert {row["what"]: row["count"] for row in result.table("size").to_pylist()}["ties"] == 4


def test_many_ties_are_not_compared_for_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vestige.network.structure._MOST_SWAPS", 50)
    result = measure_structure(complete(8), settings=StructureSettings(replicates=5))
    assert "few-random-networks" in {finding.code for finding in result.findings}
    assert result.shapes["clustering"].random_mean is None


def test_the_command_on_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "ties.csv"
    pairs = [(one, one + step) for one in range(60) for step in (1, 2, 5)]
    file.write_text("from,to,weight\n" + "\n".join(f"{one},{other},2" for one, other in pairs))
    out = tmp_path / "out"
    options = ["--undirected", "--weight", "weight", "--replicates", "3", "--out", str(out), "--export", "graphml"]
    assert run(["network", str(file), *options, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {row["what"]: row["count"] for row in found["tables"]["size"]}["ties"] == 180
    assert {path.name for path in out.iterdir()} >= {
        "nodes.parquet", "edges.parquet", "structure-shape.parquet", "summary.txt", "picture.svg", "picture.png",
        "network.graphml",
    }  # fmt: skip
    assert run(["network", str(file), "--out", str(out)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert run(["network", str(file), "--kind", "thanks"]) == 2
    assert "no such kind of network" in capsys.readouterr().err
    assert run(["network", str(file), "--export", "gexf"]) == 2
    assert "--out" in capsys.readouterr().err


def test_overlap_of_public_and_private() -> None:
    """Twenty members; the same ring in both, and a hub of its own in each."""
    ring = [(one, (one + 1) % 20) for one in range(20)]
    public = network_of([*ring, *((0, other) for other in range(2, 10))])
    private = network_of([*ring, *((10, other) for other in range(12, 19))])
    found = compare_networks(public, private)
    assert (found.first, found.second, found.both) == (20, 20, 20)
    assert (found.ties_first, found.ties_second, found.ties_both) == (28, 27, 20)
    assert found.top == 2
    assert 0 in found.top_first
    assert 10 in found.top_second
    assert found.chance == pytest.approx(0.1)
    same = compare_networks(public, public)
    assert (same.correlation, same.top_both, same.ties_both) == (pytest.approx(1), 2, 28)
    who = {row["member"]: row["key_in"] for row in top_members(public, private, found).to_pylist()}
    assert (who[0], who[10]) == ("first", "second")
    assert len(who) == 2 * found.top - found.top_both
    assert set(top_members(public, public, same).column("key_in").to_pylist()) == {"both"}
    table = overlap_figures(found, "replies", "messages")
    assert "First: replies; second: messages." in table.note
    rows = {row["figure"]: row for row in table.rows()}
    assert rows["pairs tied in both"]["count"] == 20
    assert rows["top members of both"]["count"] is None


def test_the_chapter_of_a_report(tmp_path: Path) -> None:
    """It names nobody, and compares replies with messages."""
    forum = simulate_forum(settings=preset_settings("posting-groups", members=150), seed=4)
    write_simulated_dataset(tmp_path / "forum", forum)
    with open_dataset(tmp_path / "forum" / "dataset") as dataset:
        (chapter,) = network_chapters(dataset, forum=None, seed=1, progress=ignore_progress)
        pseudonyms = dataset.arrow("member").column("pseudonym").to_pylist()
    names = [table.name for table in chapter.tables]
    assert names.count("shape") == 2
    assert names[-3:] == ["windows", "growth", "overlap"]
    said = repr(chapter.parts) + repr(chapter.findings) + str([table.rows() for table in chapter.tables])
    drawn = next(part for part in chapter.parts if isinstance(part, Chart)).drawing.to_json()
    assert not any(name[:6] in drawn or name in said for name in pseudonyms)
