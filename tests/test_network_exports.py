"""Exported networks are read back: the same nodes, ties and weights in every format."""

import csv
from pathlib import Path

import networkit as nk
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from lxml import etree

from vestige.errors import OutputError, SettingsError
from vestige.network import EdgeListSettings, Network
from vestige.network.exports import export_network
from vestige.network.reading import network_of_table

NAMES = tuple(f"{node:032x}" for node in (7, 123, 0xABCDEF, 0x1E5))
SOURCE, TARGET = np.array([0, 0, 1, 2]), np.array([1, 2, 2, 0])
WEIGHT = np.array([1.0, 2.5, 1 / 3, 4.0])
COLUMNS = pa.table(
    {"rank_of": [0.5, None, float("nan"), 2.0], "part": ["a<b", 'c"d', "e&f", ""], "posts": [1, 2, 3, 4]}
)


@pytest.fixture(params=[True, False], ids=["directed", "undirected"])
def network(request: pytest.FixtureRequest) -> Network:
    return Network.from_edges(SOURCE, TARGET, WEIGHT, directed=request.param, nodes=4, pseudonyms=NAMES)


def expected(network: Network) -> dict[tuple[str, str], float]:
    found = {}
    for row in network.table("edges").to_pylist():
        one, other = (f"m-{NAMES[row[end]]}" for end in ("from", "to"))
        found[one, other] = row["weight"]
    return found


def test_graphml(network: Network, tmp_path: Path) -> None:
    file = tmp_path / "network.graphml"
    export_network(network, file, "graphml", columns=COLUMNS)
    root = etree.parse(file).getroot()
    space = "{http://graphml.graphdrawing.org/xmlns}"
    assert [node.get("id") for node in root.iter(f"{space}node")] == [f"m-{name}" for name in NAMES]
    edges = {(edge.get("source"), edge.get("target")): float(edge[0].text) for edge in root.iter(f"{space}edge")}
    assert edges == expected(network)
    assert root[-1].get("edgedefault") == ("directed" if network.directed else "undirected")
    first = {data.get("key"): data.text for data in next(root.iter(f"{space}node"))}
    assert first == {"kind": "member", "rank_of": "0.5", "part": "a<b", "posts": "1"}
    third = {data.get("key"): data.text for data in list(root.iter(f"{space}node"))[2]}
    assert "rank_of" not in third


def test_graphml_opens_in_networkit(network: Network, tmp_path: Path) -> None:
    export_network(network, tmp_path / "network.graphml", "graphml")
    read = nk.graphio.GraphMLReader().read(str(tmp_path / "network.graphml"))
    assert (read.numberOfNodes(), read.numberOfEdges()) == (4, network.ties)
    assert read.isDirected() == network.directed


def test_gexf(network: Network, tmp_path: Path) -> None:
    file = tmp_path / "network.gexf"
    export_network(network, file, "gexf", columns=COLUMNS)
    root = etree.parse(file).getroot()
    space = "{http://gexf.net/1.3}"
    nodes = list(root.iter(f"{space}node"))
    assert [node.get("label") for node in nodes] == [f"m-{name}" for name in NAMES]
    assert [value.get("value") for value in nodes[1].iter(f"{space}attvalue")] == ["member", 'c"d', "2"]
    edges = {(edge.get("source"), edge.get("target")): float(edge.get("weight")) for edge in root.iter(f"{space}edge")}
    assert edges == expected(network)


def test_pajek(network: Network, tmp_path: Path) -> None:
    file = tmp_path / "network.net"
    export_network(network, file, "pajek")
    lines = file.read_text().splitlines()
    assert lines[0] == "*Vertices 4"
    labels = [line.split('"')[1] for line in lines[1:5]]
    assert lines[5] == ("*Arcs" if network.directed else "*Edges")
    edges = {}
    for line in lines[6:]:
        one, other, weight = line.split()
        edges[labels[int(one) - 1], labels[int(other) - 1]] = float(weight)
    assert edges == pytest.approx(expected(network), rel=1e-11)


def test_links_for_a_chart_are_safe_in_a_spreadsheet(network: Network, tmp_path: Path) -> None:
    file = tmp_path / "links.csv"
    export_network(network, file, "analyst")
    rows = list(csv.DictReader(file.read_text().splitlines()))
    edges = {(row["entity_1"], row["entity_2"]): float(row["link_weight"]) for row in rows}
    assert edges == pytest.approx(expected(network), rel=1e-11)
    assert {row["link_direction"] for row in rows} == {"1 to 2" if network.directed else "none"}
    assert all(cell[0].isalnum() for row in rows for cell in row.values())
    assert all(row["entity_1"].startswith("m-") for row in rows)


def test_parquet(network: Network, tmp_path: Path) -> None:
    export_network(network, tmp_path / "tables", "parquet", columns=COLUMNS)
    assert pq.read_table(tmp_path / "tables" / "edges.parquet").equals(network.table("edges"))
    nodes = pq.read_table(tmp_path / "tables" / "nodes.parquet")
    assert nodes.column("pseudonym").to_pylist() == list(NAMES)
    assert nodes.column("posts").to_pylist() == [1, 2, 3, 4]


def test_two_modes_have_two_kinds_of_node(tmp_path: Path) -> None:
    table = pa.table({"from": [1, 1, 2], "to": [1, 5, 5]})
    network = network_of_table(table, EdgeListSettings(two_mode=True))
    export_network(network, tmp_path / "network.net", "pajek")
    lines = (tmp_path / "network.net").read_text().splitlines()
    assert lines == ["*Vertices 4 2", '1 "m-1"', '2 "m-2"', '3 "t-1"', '4 "t-5"', "*Edges", "1 3 1", "1 4 1", "2 4 1"]
    export_network(network, tmp_path / "links.csv", "analyst")
    assert "m-1,member,t-5,thread,none,1" in (tmp_path / "links.csv").read_text()
    export_network(network, tmp_path / "network.graphml", "graphml", columns=pa.table({"posts": [2, 1]}))
    kinds = etree.parse(tmp_path / "network.graphml").getroot().xpath("//*[@key='kind']/text()")
    assert kinds == ["member", "member", "thread", "thread"]


def test_what_cannot_be_exported(network: Network, tmp_path: Path) -> None:
    file = tmp_path / "x"
    with pytest.raises(SettingsError, match="format has no such choice"):
        export_network(network, file, "xlsx")
    with pytest.raises(SettingsError, match="another number of rows"):
        export_network(network, file, "gexf", columns=pa.table({"a": [1]}))
    with pytest.raises(SettingsError, match="does not fit every format"):
        export_network(network, file, "gexf", columns=pa.table({'a"': [1, 2, 3, 4]}))
    with pytest.raises(SettingsError, match="neither number nor text"):
        export_network(network, file, "gexf", columns=pa.table({"a": [[1], [2], [3], [4]]}))
    file.touch()
    with pytest.raises(OutputError):
        export_network(network, file, "gexf")
