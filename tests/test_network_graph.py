"""Networks as matrices: closed forms, projections and plain edge lists."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from vestige.errors import SettingsError, SourceError
from vestige.network import EdgeListSettings, Network, ProjectionSettings, TwoModeNetwork, read_edge_list
from vestige.network.reading import network_of_table

STAR = ([0, 0, 0, 0], [1, 2, 3, 4])


def two_mode(pairs: list[tuple[int, int]]) -> TwoModeNetwork:
    table = pa.table({"from": [member for member, _ in pairs], "to": [thread for _, thread in pairs]})
    network = network_of_table(table, EdgeListSettings(two_mode=True))
    assert isinstance(network, TwoModeNetwork)
    return network


def test_a_star_undirected() -> None:
    star = Network.from_edges(*map(np.array, STAR), directed=False)
    assert star.degree.tolist() == [4, 1, 1, 1, 1]
    assert (star.size, star.ties) == (5, 4)
    assert star.table("edges").to_pylist()[0] == {"from": 0, "to": 1, "weight": 1.0}
    assert star.table("edges").num_rows == 4


def test_directions_and_sums() -> None:
    network = Network.from_edges(np.array([0, 0, 1, 2, 2]), np.array([1, 1, 0, 2, 0]), np.array([1.0, 2, 4, 8, 16]))
    assert network.adjacency.toarray().tolist() == [[0, 3, 0], [4, 0, 0], [16, 0, 0]]
    assert network.out_strength.tolist() == [3, 4, 16]
    assert network.in_strength.tolist() == [20, 3, 0]
    assert network.undirected().adjacency.toarray().tolist() == [[0, 7, 16], [7, 0, 0], [16, 0, 0]]
    assert network.undirected().ties == 2
    assert network.part(np.array([2, 0])).adjacency.toarray().tolist() == [[0, 0], [16, 0]]


def test_projection_weights_and_limit() -> None:
    network = two_mode([(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (3, 2), (0, 2), (0, 2)])
    assert network.posts.tolist() == [4, 2, 1, 1]
    assert network.thread_sizes.tolist() == [3, 2, 2]
    everything = network.project(ProjectionSettings(largest_thread=None))
    assert everything.adjacency.toarray().tolist() == [[0, 2, 1, 1], [2, 0, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0]]
    limited = network.project(ProjectionSettings(largest_thread=2))
    assert limited.adjacency.toarray().tolist() == [[0, 1, 0, 1], [1, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]]
    assert [finding.code for finding in limited.findings] == ["large-threads-left-out"]
    assert "33 % of the threads that several wrote in" in limited.findings[0].text
    assert "60 % of their pairs; fewer than 10 members are joined to nobody" in limited.findings[0].text


def test_a_projection_that_would_blow_up_is_refused() -> None:
    network = two_mode([(member, 0) for member in range(50)])
    with pytest.raises(SettingsError, match="1,225 pairs"):
        network.project(ProjectionSettings(largest_thread=None, most_pairs=1_000))


@hypothesis_settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 8)), min_size=1, max_size=80))
def test_newman_strength_is_the_count_of_shared_threads(pairs: list[tuple[int, int]]) -> None:
    network = two_mode(pairs)
    projected = network.project(ProjectionSettings(weighting="newman", largest_thread=None))
    np.testing.assert_allclose(projected.out_strength, network.newman_strength, atol=1e-12)


@hypothesis_settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=60))
def test_strengths_sum_to_the_weights(pairs: list[tuple[int, int]]) -> None:
    source, target = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    network = Network.from_edges(source, target, nodes=10)
    apart = int((source != target).sum())
    assert network.out_strength.sum() == network.in_strength.sum() == apart
    assert (network.adjacency.diagonal() == 0).all()
    undirected = network.undirected().adjacency
    assert (undirected != undirected.T).nnz == 0


def test_labels_that_are_words_are_not_kept(tmp_path: Path) -> None:
    file = tmp_path / "ties.csv"
    file.write_text("a,b,w\nzed,amy,2\namy,zed,\nzed,zed,1\nbo,zed,-1\n")
    network = read_edge_list(file, settings=EdgeListSettings(source="a", target="b", weight="w"))
    assert isinstance(network, Network)
    assert network.pseudonyms == ("0", "1")
    assert network.adjacency.toarray().tolist() == [[0, 1], [2, 0]]
    assert {finding.code for finding in network.findings} == {
        "weights-not-positive", "weights-missing", "self-ties", "labels-replaced",
    }  # fmt: skip


def test_rows_and_times_are_chosen(tmp_path: Path) -> None:
    file = tmp_path / "ties.csv"
    file.write_text("key,from,to,time\nx,1,2,10\nx,2,3,20\nx,3,9,30\ny,5,6,10\n")
    wanted = EdgeListSettings(where=("key", "x"), time="time", start=10, end=30, directed=False)
    network = read_edge_list(file, settings=wanted)
    assert isinstance(network, Network)
    assert network.members.tolist() == [1, 2, 3]
    assert network.degree.tolist() == [1, 2, 1]


@pytest.mark.parametrize(
    ("text", "settings", "what"),
    [
        ("from,to\n", EdgeListSettings(), "no tie is left"),
        ("from,other\n1,2\n", EdgeListSettings(), "no column 'to'"),
        ("from,to,w\n1,2,x\n", EdgeListSettings(weight="w"), "'w' does not hold numbers"),
    ],
)
def test_files_that_are_no_edge_list(text: str, settings: EdgeListSettings, what: str, tmp_path: Path) -> None:
    file = tmp_path / "ties.csv"
    file.write_text(text)
    with pytest.raises(SettingsError, match=what):
        read_edge_list(file, settings=settings)


def test_a_file_that_is_no_table(tmp_path: Path) -> None:
    file = tmp_path / "ties.parquet"
    file.write_bytes(b"\x00\x01")
    with pytest.raises(SourceError) as caught:
        read_edge_list(file)
    assert caught.value.__context__ is None
    with pytest.raises(SourceError):
        read_edge_list(tmp_path / "absent.csv")


def test_the_two_mode_forum(shared: Path) -> None:
    """Opsahl's forum has 899 members, 522 topics and 7,089 pairs (README of the data set)."""
    settings = EdgeListSettings(two_mode=True, source="to", target="from", weight="weight")
    network = read_edge_list(shared / "data" / "networks" / "uc_forum" / "edges.csv.gz", settings=settings)
    assert isinstance(network, TwoModeNetwork)
    assert (network.size, len(network.threads), network.ties) == (899, 522, 7_089)
