"""Networks of a small dataset with the answer beside it, on both engines."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tables import dataset_of
from vestige import build_network
from vestige.dataset import Dataset, Engine, open_dataset
from vestige.errors import DatasetError, SettingsError
from vestige.network import Network, NetworkSettings, ProjectionSettings, TwoModeNetwork, edge_expression

MEMBERS = """
    member | kind
    0      | guest
    1      | member
    2      | member
    3      | member
    4      | deleted
    5      | member
    6      | bot
    7      | member
"""
THREADS = """
    thread
    0
    1
    2
    3
"""
POSTS = """
    post | seq | thread | author | at                  | is_opening | parent_post | state
    0    | 0   | 0      | 1      | 2020-01-01 10:00:00 | yes        |             | visible
    1    | 1   | 0      | 2      | 2020-01-01 11:00:00 | no         | 0           | visible
    2    | 2   | 0      | 0      | 2020-01-01 12:00:00 | no         | 1           | visible
    3    | 3   | 0      | 1      | 2020-01-02 10:00:00 | no         | 2           | visible
    4    | 4   | 0      | 2      | 2020-01-20 10:00:00 | no         | 3           | visible
    5    | 5   | 0      | 3      | 2020-02-01 10:00:00 | no         | 1           | visible
    6    | 6   | 1      | 3      | 2020-02-02 10:00:00 | yes        |             | visible
    7    | 7   | 1      | 3      | 2020-02-02 11:00:00 | no         | 6           | visible
    8    | 8   | 1      | 4      | 2020-02-02 12:00:00 | no         | 6           | visible
    9    | 9   | 1      | 1      | 2020-02-02 13:00:00 | no         | 7           | deleted
    10   | 10  | 2      | 5      | 2020-03-01 10:00:00 | yes        |             | visible
    11   | 11  | 3      | 6      | 2020-03-02 10:00:00 | yes        |             | visible
    12   | 12  | 3      | 2      |                     | no         | 11          | visible
"""
REACTIONS = """
    giver | receiver | post | kind   | at
    1     | 2        | 1    | thanks | 2020-01-03
    1     |          | 4    | like   | 2020-01-21
    3     | 3        | 5    | thanks | 2020-02-02
    0     | 1        | 0    | thanks | 2020-02-03
    2     | 1        | 3    | down   | 2020-02-03
    7     | 5        | 10   | up     |
          | 1        | 3    | up     | 2020-02-04
"""
MESSAGES = """
    message | sender | recipient | at
    0       | 1      | 2         | 2020-01-05
    0       | 1      | 3         | 2020-01-05
    1       | 2      | 1         | 2020-01-06
    2       | 0      | 1         | 2020-01-07
    3       | 7      | 7         | 2020-01-08
    4       | 1      | 2         | 2020-03-01
"""
TABLES = {"member": MEMBERS, "thread": THREADS, "post": POSTS, "reaction": REACTIONS, "message": MESSAGES}


def day(year: int, month: int, day_of_month: int) -> datetime:
    return datetime(year, month, day_of_month, tzinfo=UTC).replace(tzinfo=None)


Opener = Callable[[str | Path], Dataset]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dataset_of(tmp_path_factory.mktemp("network") / "dataset", TABLES)


def ties(network: Network) -> set[tuple[int, int, float]]:
    return {tuple(row.values()) for row in network.table("edges").to_pylist()}


def one_mode(dataset: Dataset, **settings: object) -> Network:
    network = build_network(dataset, settings=NetworkSettings(**settings))
    assert isinstance(network, Network)
    return network


def codes(network: Network | TwoModeNetwork) -> set[str]:
    return {finding.code for finding in network.findings}


def test_members_and_threads(folder: Path, open_engine: Opener) -> None:
    network = build_network(open_engine(folder), settings=NetworkSettings(kind="two-mode"))
    assert isinstance(network, TwoModeNetwork)
    assert network.members.tolist() == [1, 2, 3, 5]
    assert network.pseudonyms == tuple(f"{member:032x}" for member in (1, 2, 3, 5))
    assert network.threads.tolist() == [0, 1, 2, 3]
    assert network.incidence.toarray().tolist() == [[2, 1, 0, 0], [2, 0, 0, 1], [1, 2, 0, 0], [0, 0, 1, 0]]
    assert codes(network) == {"posts-by-others", "few-members"}


JOINED: list[tuple[dict[str, object], set[tuple[int, int, float]]]] = [
    ({}, {(1, 2, 1.0), (1, 3, 2.0), (2, 3, 1.0)}),
    ({"projection": ProjectionSettings("newman")}, {(1, 2, 0.5), (1, 3, 1.5), (2, 3, 0.5)}),
    ({"projection": ProjectionSettings(largest_thread=2)}, {(1, 3, 1.0)}),
    ({"projection": ProjectionSettings(days=2)}, {(1, 2, 1.0), (1, 3, 1.0)}),
    ({"projection": ProjectionSettings("newman", days=13)}, {(1, 2, 0.5), (1, 3, 1.0), (2, 3, 0.5)}),
    ({"states": ("visible",)}, {(1, 2, 1.0), (1, 3, 1.0), (2, 3, 1.0)}),
    ({"end": day(2020, 1, 31)}, {(1, 2, 1.0)}),
]
ANSWERED: list[tuple[dict[str, object], set[tuple[int, int, float]]]] = [
    ({"reply": "parent"}, {(2, 1, 2.0), (3, 2, 1.0), (1, 3, 1.0)}),
    ({"reply": "auto"}, {(2, 1, 2.0), (3, 2, 1.0), (1, 3, 1.0)}),
    ({"reply": "previous"}, {(2, 1, 2.0), (3, 2, 1.0)}),
    ({"reply": "within", "within": 3}, {(2, 1, 2.0), (1, 2, 1.0), (3, 2, 1.0), (3, 1, 1.0), (1, 3, 1.0)}),
    ({"reply": "previous", "start": day(2020, 1, 10)}, {(2, 1, 1.0), (3, 2, 1.0)}),
]
GIVEN = {(1, 2, 2.0), (7, 5, 1.0)}
WROTE = {(1, 2, 2.0), (1, 3, 1.0), (2, 1, 1.0)}
CASES = [
    *(({"kind": "co-participation", **settings}, answer) for settings, answer in JOINED),
    *(({"kind": "reply", **settings}, answer) for settings, answer in ANSWERED),
    ({"kind": "thanks"}, GIVEN),
    ({"kind": "messages"}, WROTE),
]
ON_SPARK = [CASES[place] for place in (1, 4, 7, 10, 12, 13)]
"""One of each shape of expression: a query takes seconds there."""


def test_ties_of_every_kind_in_the_engine(folder: Path, open_engine: Opener) -> None:
    dataset = open_engine(folder)
    for settings, answer in CASES if dataset.engine is Engine.DUCKDB else ON_SPARK:
        found = edge_expression(dataset, NetworkSettings(**settings)).to_pyarrow()
        assert {(row["from"], row["to"], row["weight"]) for row in found.to_pylist()} == answer, settings


@pytest.mark.parametrize(("settings", "answer"), CASES)
def test_ties_of_every_kind_in_memory(
    settings: dict[str, object], answer: set[tuple[int, int, float]], folder: Path
) -> None:
    with open_dataset(folder) as dataset:
        network = one_mode(dataset, **settings)
    assert ties(network) == answer
    assert network.directed == (settings["kind"] != "co-participation")


def test_thanks(folder: Path, open_engine: Opener) -> None:
    network = one_mode(open_engine(folder), kind="thanks")
    assert ties(network) == GIVEN
    assert network.members.tolist() == [1, 2, 5, 7]
    assert codes(network) == {"anonymous-reactions", "ends-not-members", "self-ties"}


def test_messages(folder: Path) -> None:
    with open_dataset(folder) as dataset:
        network = one_mode(dataset, kind="messages")
        early = one_mode(dataset, kind="messages", end=day(2020, 2, 1))
    assert codes(network) == {"ends-not-members", "self-ties"}
    assert ties(early) == {(1, 2, 1.0), (1, 3, 1.0), (2, 1, 1.0)}


def test_undated_events_lie_outside_any_window(folder: Path) -> None:
    with open_dataset(folder) as dataset:
        network = one_mode(dataset, kind="thanks", start=day(2020, 1, 1))
    assert ties(network) == {(1, 2, 2.0)}
    assert "undated" in codes(network)


def test_no_member_id_or_count_of_few_in_a_finding(folder: Path) -> None:
    with open_dataset(folder) as dataset:
        for kind in ("two-mode", "co-participation", "reply", "thanks", "messages"):
            network = build_network(dataset, settings=NetworkSettings(kind=kind))
            assert all(finding.text.isprintable() for finding in network.findings)
            assert network.provenance.dataset_digest == dataset.manifest.digest
            assert network.table_names


def test_all_guests(tmp_path: Path) -> None:
    posts = "post | seq | thread | author | is_opening\n0 | 0 | 0 | 0 | yes\n1 | 1 | 0 | 0 | no\n"
    tables = {"member": "member | kind\n0 | guest\n", "thread": "thread\n0\n", "post": posts}
    with open_dataset(dataset_of(tmp_path / "guests", tables)) as dataset:
        for kind in ("two-mode", "co-participation", "reply"):
            with pytest.raises(DatasetError, match="no member"):
                build_network(dataset, settings=NetworkSettings(kind=kind))
        with pytest.raises(DatasetError, match="no messages network without table 'message'"):
            build_network(dataset, settings=NetworkSettings(kind="messages"))


def test_only_oneself(tmp_path: Path) -> None:
    posts = "post | seq | thread | author | is_opening\n0 | 0 | 0 | 0 | yes\n1 | 1 | 0 | 0 | no\n"
    tables = {"member": "member | kind\n0 | member\n", "thread": "thread\n0\n", "post": posts}
    with open_dataset(dataset_of(tmp_path / "alone", tables)) as dataset:
        network = one_mode(dataset, kind="reply", reply="previous")
    assert (network.size, network.ties) == (1, 0)
    assert {"self-ties", "no-ties", "few-members"} <= codes(network)
    assert network.findings[0].code == "no-ties"


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"kind": "friends"}, "kind has no such choice"),
        ({"kind": "edge-list"}, "read from a file"),
        ({"start": day(2020, 2, 1), "end": day(2020, 1, 1)}, "window is empty"),
        ({"within": 0}, "within must lie"),
        ({"states": ()}, "nothing would count"),
    ],
)
def test_settings_that_make_no_network(settings: dict[str, object], what: str) -> None:
    with pytest.raises(SettingsError, match=what):
        NetworkSettings(**settings)


def test_an_unknown_forum(folder: Path) -> None:
    with open_dataset(folder) as dataset, pytest.raises(SettingsError, match="no such forum"):
        build_network(dataset, settings=NetworkSettings(forum="other"))


def test_the_same_network_from_memory_and_engine(folder: Path) -> None:
    """The in-memory projection and the engine's join are two roads to the same matrix."""
    with open_dataset(folder) as dataset:
        network = one_mode(dataset, kind="co-participation", projection=ProjectionSettings("newman", None))
        settings = NetworkSettings(projection=ProjectionSettings("newman", None))
        found = edge_expression(dataset, settings).order_by(["from", "to"]).to_pyarrow()
    np.testing.assert_allclose(found.column("weight"), network.table("edges").column("weight"), atol=1e-12)
