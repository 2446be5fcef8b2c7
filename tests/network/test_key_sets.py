"""Key sets: closed forms, brute force, the R package keyplayer, bounds, bad input.

Reference: keyplayer 1.0.4 (An and Liu 2016, R Journal 8(1), 257-268) run under R 4.2 with igraph; its data set Friends,
the friendships of 21 managers of a high-tech company (Krackhardt 1987), taken as undirected without values:

    fragment(S, binary = TRUE)
    kpcent(S, c(2, 19), type = "mreach.degree", M = 1, binary = TRUE, cmode = "outdegree")
    kpset(S, size = 2, type = "fragment", binary = TRUE)

keyplayer counts members outside the set only, and divides closeness by their number; Vestige counts the set as well, as
reached. The figures printed in Borgatti (2006) are of networks that are not at hand here and are not checked.
"""

import itertools
import math

import networkit
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestige.errors import SettingsError
from vestige.network import Network
from vestige.network.disruption.orders import Neighbours
from vestige.network.key_sets import KeySetMeasure, KeySetSettings, find_key_set
from vestige.network.key_sets.fragmentation_kernels import pairs_without_each
from vestige.network.key_sets.objectives import objective_of

FRIENDS = (
    (1, 2), (1, 4), (3, 5), (1, 8), (4, 8), (3, 9), (5, 9), (6, 9), (3, 11), (4, 11), (5, 11), (6, 11), (1, 12),
    (4, 12), (6, 12), (8, 12), (5, 13), (9, 13), (5, 15), (9, 15), (1, 16), (2, 16), (2, 17), (8, 17), (12, 17),
    (2, 18), (3, 19), (4, 19), (5, 19), (9, 19), (11, 19), (13, 19), (15, 19), (2, 21), (17, 21), (18, 21),
)  # fmt: skip
FRAGMENT = {1: 0.6747368, 2: 0.6661404, 4: 0.6812281, 9: 0.6639474, 19: 0.6735088, 20: 0.6124561}
FRAGMENT_SETS = {(1, 2): 0.7038011696, (2, 19): 0.6936647173, (11, 12, 21): 0.6921568627}
REACHED = {(1, 2): (7, 10, 0.5350877193), (2, 19): (12, 15, 0.7105263158), (11, 12, 21): (10, 14, 0.6666666667)}
"""Set to mreach.degree with M = 1 and M = 2, and mreach.closeness."""
KPSET = {
    (KeySetMeasure.DISTANCE_FRAGMENTATION, 2): 0.751462,
    (KeySetMeasure.DISTANCE_FRAGMENTATION, 3): 0.7821351,
    (KeySetMeasure.REACH, 2): (11 + 2) / 21,
    (KeySetMeasure.REACH, 3): (14 + 3) / 21,
    (KeySetMeasure.DISTANCE_REACH, 2): (0.6842105 * 19 + 2) / 21,
}
"""What kpset finds, in Vestige's terms."""


def network(nodes: int, *pairs: tuple[int, int]) -> Network:
    first, second = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return Network.from_edges(first, second, directed=False, nodes=nodes)


def friends() -> Network:
    return network(21, *((one - 1, other - 1) for one, other in FRIENDS))


def value(net: Network, chosen: tuple[int, ...], measure: KeySetMeasure, steps: int = 2) -> float:
    return objective_of(net, KeySetSettings(measure, steps=steps)).value(np.array(chosen, dtype=np.int64))


@st.composite
def networks(draw: st.DrawFn) -> Network:
    nodes = draw(st.integers(3, 8))
    pairs = [(one, other) for one in range(nodes) for other in range(one)]
    return network(nodes, *draw(st.lists(st.sampled_from(pairs), unique=True)))


@pytest.mark.parametrize(("node", "expected"), FRAGMENT.items())
def test_distance_fragmentation_of_one_is_keyplayers(node: int, expected: float) -> None:
    assert value(friends(), (node - 1,), KeySetMeasure.DISTANCE_FRAGMENTATION) == pytest.approx(expected, abs=5e-8)


@pytest.mark.parametrize("chosen", FRAGMENT_SETS)
def test_sets_have_keyplayers_values(chosen: tuple[int, ...]) -> None:
    own = tuple(node - 1 for node in chosen)
    net, size = friends(), len(chosen)
    assert value(net, own, KeySetMeasure.DISTANCE_FRAGMENTATION) == pytest.approx(FRAGMENT_SETS[chosen], abs=1e-9)
    one, two, closeness = REACHED[chosen]
    assert value(net, own, KeySetMeasure.REACH, 1) == pytest.approx((one + size) / 21)
    assert value(net, own, KeySetMeasure.REACH, 2) == pytest.approx((two + size) / 21)
    expected = (closeness * (21 - size) + size) / 21
    assert value(net, own, KeySetMeasure.DISTANCE_REACH) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize(("measure", "size"), KPSET)
def test_no_set_is_worse_than_the_one_that_keyplayer_finds(measure: KeySetMeasure, size: int) -> None:
    """Two of keyplayer's are not the best: {2, 19} reaches 12 others in one step, its {1, 5} reaches 11."""
    settings = KeySetSettings(measure, size, steps=1)
    exact = find_key_set(friends(), settings=settings)
    searched = find_key_set(friends(), settings=KeySetSettings(measure, size, steps=1, exhaustive=0))
    assert exact.exact
    assert exact.value >= KPSET[measure, size] - 1e-7
    assert searched.value == pytest.approx(exact.value)


@settings(max_examples=60, deadline=None)
@given(networks(), st.sampled_from(list(KeySetMeasure)), st.integers(1, 2))
def test_search_and_bound_against_all_sets(net: Network, measure: KeySetMeasure, size: int) -> None:
    found = find_key_set(net, settings=KeySetSettings(measure, size, exhaustive=0, restarts=2), seed=1)
    objective = objective_of(net, found.settings)
    best = max(objective.value(np.array(own)) for own in itertools.combinations(range(net.size), size))
    assert found.value == pytest.approx(objective.value(np.array(found.nodes)))
    assert found.value <= best + 1e-9
    assert size > 1 or found.value == pytest.approx(best)
    if measure.submodular:
        assert found.bound is not None
        assert best <= found.bound + 1e-6
        assert found.path[-1] >= (1 - 1 / math.e) * best - 1e-6
    assert find_key_set(net, settings=KeySetSettings(measure, size)).value == pytest.approx(best)


@settings(max_examples=60, deadline=None)
@given(networks(), st.integers(0, 255))
def test_one_walk_knows_the_pairs_left_without_each(net: Network, mask: int) -> None:
    """Against NetworKit's components of the network without the node, counted for each anew."""
    neighbours = Neighbours.of(net.joined())
    gone = np.array([bool(mask >> node & 1) for node in range(net.size)])
    found = pairs_without_each(neighbours.starts, neighbours.others, gone)
    first, second = neighbours.pairs()
    for node in range(net.size):
        if gone[node]:
            assert found[node] == -1
            continue
        graph = networkit.Graph(net.size)
        for one, other in zip(first.tolist(), second.tolist(), strict=True):
            if not ({one, other} & ({node} | set(np.flatnonzero(gone).tolist()))):
                graph.addEdge(one, other)
        components = networkit.components.ConnectedComponents(graph).run().getComponentSizes().values()
        assert found[node] == sum(size * (size - 1) // 2 for size in components)


def test_a_star_a_path_and_two_cliques() -> None:
    star = network(10, *((0, leaf) for leaf in range(1, 10)))
    one = find_key_set(star, settings=KeySetSettings(KeySetMeasure.FRAGMENTATION, 1))
    assert (one.nodes, one.value, one.before, one.gap) == ((0,), 1.0, 0.0, 0.0)
    path = network(7, *((node, node + 1) for node in range(6)))
    middle = find_key_set(path, settings=KeySetSettings(KeySetMeasure.FRAGMENTATION, 1))
    assert (middle.nodes, middle.value) == ((3,), pytest.approx(1 - 12 / 30))
    assert value(path, (3,), KeySetMeasure.DISTANCE_REACH) == pytest.approx((1 + 2 * (1 + 1 / 2 + 1 / 3)) / 7)
    cliques = [(one, other) for own in (range(5), range(5, 10)) for one in own for other in own if one < other]
    two = find_key_set(network(10, *cliques, (4, 5)), settings=KeySetSettings(KeySetMeasure.REACH, 2, steps=1))
    assert two.value == 1.0
    assert len({node < 5 for node in two.nodes}) == 2


def test_reach_follows_directions() -> None:
    chain = Network.from_edges(np.array([0, 1, 2]), np.array([1, 2, 3]))
    result = find_key_set(chain, settings=KeySetSettings(KeySetMeasure.REACH, 1, steps=3))
    assert (result.nodes, result.value) == ((0,), 1.0)


def test_a_set_beats_those_with_most_ties_where_they_are_redundant() -> None:
    """Two hubs share all their neighbours; a third has its own. Ties choose the two, reach does not."""
    pairs = [(hub, leaf) for hub in (0, 1) for leaf in range(3, 12)] + [(2, leaf) for leaf in range(12, 19)]
    result = find_key_set(network(19, *pairs), settings=KeySetSettings(KeySetMeasure.REACH, 2, steps=1))
    assert set(result.nodes) & {0, 1}
    assert 2 in result.nodes
    assert result.value > result.with_most_ties
    assert result.table("set").column_names == ["member", "pseudonym", "degree", "contribution"]
    assert "18" not in result.summary().split("members")[0]
    assert result.plot().to_dict()


@pytest.mark.parametrize(
    "changes", [{"size": 0}, {"steps": 0}, {"measure": "magic"}, {"restarts": -1}, {"candidates": 0}]
)
def test_settings_outside_their_range_are_refused(changes: dict) -> None:
    with pytest.raises(SettingsError):
        KeySetSettings(**changes)


def test_a_network_without_ties_is_told() -> None:
    found = find_key_set(network(5))
    assert found.findings[0].code == "no-ties"
    assert found.value == found.before == 1


def test_a_set_as_large_as_the_network_is_refused() -> None:
    for nodes in (0, 3):
        with pytest.raises(SettingsError, match="smaller than the network"):
            find_key_set(network(nodes))
