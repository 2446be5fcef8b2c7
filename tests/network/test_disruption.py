"""Simulated disruption: closed forms, matching, knowledge, recovery, content on both engines, bad input."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tables import dataset_of
from vestige.dataset import Dataset, open_dataset
from vestige.errors import SettingsError
from vestige.network import Network, NetworkKind, NetworkSettings, build_network
from vestige.network.disruption import (
    ArrestSettings,
    DisruptionResult,
    DisruptionSettings,
    KnowledgeSettings,
    RecoverySettings,
    Rewiring,
    Strategy,
    simulate_disruption,
)
from vestige.network.disruption.content import read_content, read_roles
from vestige.network.disruption.matching import activity_strata, matched_order, seen_network
from vestige.network.disruption.measuring import EFFICIENCY, LARGEST, PAIRS
from vestige.network.disruption.orders import Neighbours
from vestige.network.disruption.recovery import LivingNetwork

QUICK = DisruptionSettings(strategies=(Strategy.DEGREE,), replications=3, points=6, up_to=0.5)


def network(nodes: int, *pairs: tuple[int, int]) -> Network:
    first, second = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return Network.from_edges(first, second, directed=False, nodes=nodes)


def ring(nodes: int) -> Network:
    return network(nodes, *((node, (node + 1) % nodes) for node in range(nodes)))


def star(leaves: int) -> Network:
    return network(leaves + 1, *((0, leaf) for leaf in range(1, leaves + 1)))


def random_network(nodes: int, ties: int, seed: int) -> Network:
    first, second = np.random.default_rng(seed).integers(0, nodes, size=(2, ties))
    return Network.from_edges(first, second, directed=False, nodes=nodes)


def simulated(net: Network, **changes: object) -> DisruptionResult:
    wanted = {"strategies": (Strategy.DEGREE,), "replications": 3, "points": 6, "up_to": 0.5} | changes
    return simulate_disruption(net, settings=DisruptionSettings(**wanted), seed=1)


def test_a_star_of_fifty() -> None:
    run = simulated(star(49), points=3, up_to=0.04).runs[0].targeted
    assert run.removed.tolist() == [[0, 1, 2]] * 3
    assert run.outcomes[LARGEST][0].tolist() == [1.0, 1 / 50, 1 / 50]
    assert run.outcomes[PAIRS][0].tolist() == [1.0, 0.0, 0.0]
    everybody = (49 * 2 * 1.0 + 49 * 48 * 0.5) / (50 * 49)
    assert run.outcomes[EFFICIENCY][0].tolist() == pytest.approx([everybody, 0, 0])
    assert run.area == pytest.approx((50 + 49) / 50 / 51)


def test_a_complete_network_loses_what_is_removed_and_matching_finds_no_difference() -> None:
    whole = network(30, *((one, other) for one in range(30) for other in range(one)))
    result = simulated(whole, up_to=1.0, points=4)
    run = result.runs[0]
    assert run.targeted.outcomes[LARGEST][0].tolist() == pytest.approx([1, 2 / 3, 1 / 3, 0])
    assert run.matched is not None
    assert (run.matched.area == run.targeted.area).all()
    assert "no clear difference" in result.sentences()[0]


def test_the_same_seed_gives_the_same_result() -> None:
    net = random_network(60, 90, 3)
    changes = {
        "strategies": tuple(Strategy), "knowledge": KnowledgeSettings(0.6, 0.2),
        "recovery": RecoverySettings(Rewiring.DEGREE, 0.5, 0.3), "arrests": ArrestSettings(4, 3.0, 0.8),
    }  # fmt: skip
    one, other = (simulated(net, replications=2, **changes) for _ in range(2))
    assert one.table("curves").equals(other.table("curves"))
    assert one.removed_members().equals(other.removed_members())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=80), st.integers(0, 99))
def test_matched_members_are_as_active_at_every_length(activity: list[int], seed: int) -> None:
    generator = np.random.default_rng(seed)
    strata = activity_strata(np.array(activity, dtype=np.float64), generator)
    order = generator.permutation(len(activity))
    matched = matched_order(order, strata, generator)
    assert sorted(matched.tolist()) == list(range(len(activity)))
    assert strata[order].tolist() == strata[matched].tolist()
    for stratum in range(strata.max()):
        here, below = (np.array(activity)[strata == own] for own in (stratum, stratum + 1))
        assert here.min() >= below.max()
    assert np.bincount(strata)[0] <= 10


def test_what_is_seen_is_a_share_of_the_ties_and_false_ones() -> None:
    whole = Neighbours.of(random_network(400, 3000, 5).joined())
    seen = seen_network(whole, KnowledgeSettings(0.5, 0.0), np.random.default_rng(1))
    pairs = set(zip(*(end.tolist() for end in whole.pairs()), strict=True))
    kept = set(zip(*(end.tolist() for end in seen.pairs()), strict=True))
    assert kept < pairs
    assert abs(len(kept) - 0.5 * len(pairs)) < 4 * np.sqrt(len(pairs) / 4)
    decoyed = seen_network(whole, KnowledgeSettings(1.0, 0.5), np.random.default_rng(1))
    assert decoyed.others.size > 1.4 * whole.others.size


def test_who_sees_less_chooses_worse() -> None:
    hubs = random_network(300, 150, 6)
    spokes = [(hub, 10 + 25 * hub + leaf) for hub in range(10) for leaf in range(25)]
    first, second = np.array(spokes).T
    net = Network.from_edges(first, second, directed=False, nodes=hubs.size)
    areas = [
        simulated(net, replications=10, knowledge=KnowledgeSettings(seen, decoys)).runs[0].targeted.area.mean()
        for seen, decoys in ((1.0, 0.0), (0.1, 5.0))
    ]
    assert areas[0] < areas[1]


def test_rewiring_keeps_a_ring_together_that_breaks_without_it() -> None:
    plain, rewired = (
        simulated(ring(40), recovery=RecoverySettings(rule)).runs[0].targeted.outcomes[LARGEST][:, -1].mean()
        for rule in (Rewiring.NONE, Rewiring.DISTANCE)
    )
    assert plain < 0.2
    assert rewired > plain


@pytest.mark.parametrize("rule", [own for own in Rewiring if own is not Rewiring.NONE])
def test_recovery_ties_nobody_to_the_removed_and_stays_symmetric(rule: Rewiring) -> None:
    whole = Neighbours.of(random_network(60, 120, 7).joined())
    living = LivingNetwork(whole, RecoverySettings(rule, 1.0), np.random.default_rng(2))
    living.remove(np.arange(10))
    left = living.neighbours().matrix()
    assert (left != left.T).nnz == 0
    assert left.diagonal().sum() == 0
    assert left[:10].nnz == 0
    assert left.nnz > whole.matrix()[10:][:, 10:].nnz


def test_full_replacement_with_all_ties_undoes_every_removal() -> None:
    """One at a time: ties between members who are removed together are lost with both."""
    recovery = RecoverySettings(replaced=1.0, inherited=1.0)
    run = simulated(star(20), recovery=recovery, up_to=5 / 21).runs[0].targeted
    assert (run.outcomes[LARGEST] == 1).all()


def test_arrests_arrive_at_their_rate_and_may_miss() -> None:
    result = simulated(
        random_network(500, 900, 8), arrests=ArrestSettings(10, 5.0, 0.5), replications=40, matched=False
    )
    removed = result.runs[0].targeted.removed
    assert removed.shape == (40, 11)
    assert abs(removed[:, -1].mean() - 25) < 4 * np.sqrt(25 / 40)
    assert "period" not in result.table("curves").column_names
    assert result.table("curves").column("point").to_pylist()[:11] == [float(own) for own in range(11)]


def test_groups_and_numbers_of_a_table_and_costs() -> None:
    net = random_network(80, 160, 9)
    table = pa.table(
        {
            "member": list(range(80)),
            "group": ["group-1"] * 30 + ["group-2"] * 50,
            "score": [float(own) for own in range(80)],
            "cost": [1.0] * 40 + [3.0] * 40,
        }
    )
    wanted = DisruptionSettings(strategies=(), by=("group", "score"), cost="cost", replications=2, points=5)
    result = simulate_disruption(net, attributes=table, settings=wanted, seed=3)
    first, second, score = result.runs
    assert (first.label, first.group, second.group, score.group) == ("group group-1", 30, 50, None)
    assert first.targeted.removed[:, -1].tolist() == [30, 30]
    assert set(first.targeted.orders[0].tolist()) == set(range(30))
    by_hand = sorted(range(80), key=lambda node: -node / (1 if node < 40 else 3))
    assert [net.members[node] for node in score.targeted.orders[0][:5]] == by_hand[:5]
    for order, removed in zip(score.targeted.orders, score.targeted.removed, strict=True):
        spent = np.where(order < 40, 1.0, 3.0).cumsum()
        assert spent[removed[-1] - 1] <= 0.3 * 160 < spent[removed[-1]]
    assert result.table("groups").num_rows == 2 * 3


FORUM = {
    "member": """
        member | kind
        0      | guest
        1      | member
        2      | member
        3      | member
        4      | member
    """,
    "role_spell": """
        member | role
        1      | moderator
        1      | registered
        2      | registered
    """,
    "thread": """
        thread | starter
        0      | 1
        1      | 2
        2      |
    """,
    "post": """
        post | seq | thread | author | is_opening
        0    | 0   | 0      | 1      | yes
        1    | 1   | 0      | 2      | no
        2    | 2   | 1      | 2      | yes
        3    | 3   | 1      | 3      | no
        4    | 4   | 1      | 0      | no
        5    | 5   | 2      |        | yes
        6    | 6   | 0      | 1      | no
    """,
    "view": """
        member | thread | kind
        1      | 1      | thread
        3      | 1      | thread
        4      | 0      | thread
        4      | 2      | thread
        2      |        | index
    """,
    "object": """
        object | uploader
        0      | 1
        1      | 3
        2      |
    """,
    "download": """
        member | object | outcome
        2      | 0      | completed
        3      | 0      | completed
        3      | 0      | attempted
        4      | 1      | completed
        4      | 2      | completed
        4      |        | completed
    """,
}
ANSWER = {
    "posts": ([2, 2, 1], 7),
    "threads": ([1, 1, 0], 3),
    "uploads": ([1, 0, 1], 3),
    "views received": ([1, 2, 0], 4),
    "downloads served": ([2, 0, 1], 4),
    "views made": ([1, 1, 1], 5),
    "downloads made": ([0, 1, 1], 5),
}
"""Of members 1, 2 and 3, and of everybody; counted by hand from the tables above."""


def test_content_is_counted_alike_on_both_engines(tmp_path: Path, open_engine: Callable[[str | Path], Dataset]) -> None:
    dataset = open_engine(dataset_of(tmp_path / "forum", FORUM))
    found = {own.name: (own.counts.tolist(), own.total) for own in read_content(dataset, 0, np.array([1, 2, 3]))}
    assert found == ANSWER
    assert read_roles(dataset, 0, np.array([1, 2, 3])) == ("moderator", "registered", None)


def test_what_is_lost_is_the_removed_members_share(tmp_path: Path) -> None:
    with open_dataset(dataset_of(tmp_path / "forum", FORUM)) as dataset:
        net = build_network(dataset, settings=NetworkSettings(kind=NetworkKind.CO_PARTICIPATION))
        wanted = DisruptionSettings(
            strategies=(), by=("posts", "role", "downloads served"), replications=1, up_to=1.0, points=4
        )
        result = simulate_disruption(net, dataset=dataset, settings=wanted)
    runs = {run.label: run.targeted for run in result.runs}
    assert runs["posts, highest first"].outcomes["posts lost"][0].tolist() == pytest.approx([0, 2 / 7, 4 / 7, 5 / 7])
    assert runs["role moderator"].outcomes["downloads served lost"][0, -1] == 0.5
    assert runs["downloads served, highest first"].outcomes["downloads served lost"][0, 1] == 0.5
    assert all(row["value"] is None for row in result.safe("groups").rows())
    assert "not-all-can-be-lost" in {finding.code for finding in result.findings}


def test_the_published_tables_name_nobody_and_give_no_small_figure() -> None:
    result = simulated(random_network(200, 400, 10), by=(), points=11)
    assert "pseudonym" in result.removed_members().column_names
    assert not {"pseudonym", "member"} & {name for table in result.safe_tables for name in table.data.column_names}
    assert set(result.plot_names) == {"dismantling", "matched"}
    for name in result.plot_names:
        assert result.plot(name).to_dict()


@pytest.mark.parametrize(
    ("net", "changes", "table", "words"),
    [
        (network(5), {}, None, "no tie"),
        (network(0), {}, None, "no tie"),
        (ring(12), {"by": ("group",)}, None, "not known"),
        (ring(12), {"cost": "cost"}, None, "needs a table"),
        (ring(12), {"cost": "cost"}, {"member": list(range(11)), "cost": [1.0] * 11}, "costs are missing"),
        (ring(12), {"cost": "cost"}, {"member": list(range(12)), "cost": [-1.0] * 12}, "above 0"),
        (ring(12), {"cost": "cost"}, {"member": list(range(12)), "cost": ["x"] * 12}, "number"),
        (ring(12), {"cost": "price"}, {"member": list(range(12)), "cost": [1.0] * 12}, "no such column"),
        (ring(12), {"by": ("cost",)}, {"name": list(range(12)), "cost": [1.0] * 12}, "who it is"),
        (ring(12), {"by": ("cost",)}, {"member": [0] * 12, "cost": [1.0] * 12}, "two rows"),
        (ring(12), {"by": ("cost",)}, {"member": [99], "cost": [1.0]}, "no value"),
        (ring(12), {"by": ("text",)}, {"member": list(range(12)), "text": ["Secret Name"] * 12}, "code"),
    ],
)
def test_bad_input_is_told_without_a_value(net: Network, changes: dict, table: dict | None, words: str) -> None:
    wanted = DisruptionSettings(**({"strategies": (Strategy.DEGREE,), "replications": 1} | changes))
    with pytest.raises(SettingsError, match=words) as caught:
        simulate_disruption(net, attributes=None if table is None else pa.table(table), settings=wanted)
    assert "Secret" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "bad",
    [
        {"strategies": ("magic",)}, {"strategies": ()}, {"up_to": 0}, {"points": 1}, {"replications": 0},
        {"confidence": 1.0}, {"lost": 0}, {"component": 1},
    ],
)  # fmt: skip
def test_settings_outside_their_range_are_refused(bad: dict) -> None:
    with pytest.raises(SettingsError):
        DisruptionSettings(**bad)


def test_a_network_in_pieces_is_a_finding() -> None:
    pieces = network(20, *((2 * pair, 2 * pair + 1) for pair in range(10)))
    codes = {finding.code for finding in simulated(pieces).findings}
    assert {"disconnected", "little-to-match", "few-replications", "network-taken-as-known"} <= codes
