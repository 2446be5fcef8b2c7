"""Measures of position against igraph, closed forms and brute force.

Reference numbers: R igraph on the graphs below, for example `constraint(g)`, `page_rank(g)$vector`,
`betweenness(g, weights = NA, normalized = TRUE)`, `harmonic_centrality(g, weights = NA, normalized = TRUE)`,
`eigen_centrality(g)$vector`, `coreness(g)`, `compare(one, two, method = "adjusted.rand")`.
"""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from vestige.network import Network, Projection, ProjectionSettings
from vestige.network.centrality import two_mode_hits
from vestige.network.communities import Communities, adjusted_rand, bridging, find_communities, networkit_graph
from vestige.network.measures import Measure
from vestige.network.paths import TopSearch, shortest_paths, top_betweenness
from vestige.network.position_values import Effort, measure_values
from vestige.network.projection import projected_matrix
from vestige.network.ties import Ties

KITE = [
    (0, 1), (0, 2), (0, 3), (0, 5), (1, 3), (1, 4), (1, 6), (2, 3), (2, 5), (3, 4), (3, 5), (3, 6), (4, 6), (5, 6),
    (5, 7), (6, 7), (7, 8), (8, 9),
]  # fmt: skip
WEIGHTED = [
    (0, 1, 3), (0, 2, 1), (1, 2, 2), (2, 3, 1), (3, 4, 4), (4, 5, 1), (3, 5, 2), (5, 6, 1), (0, 3, 1)
]  # fmt: skip
DIRECTED = [(0, 1, 2), (1, 0, 1), (1, 2, 1), (2, 3, 5), (3, 1, 1), (0, 3, 1), (4, 0, 3)]
EFFORT = Effort()
EDGES = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda pair: pair[0] != pair[1]), min_size=1)


def ties_of(edges: list[tuple[int, ...]], *, directed: bool = False, nodes: int | None = None) -> Ties:
    source, target, *rest = np.array(edges).T
    weight = rest[0].astype(float) if rest else None
    network = Network.from_edges(source, target, weight, directed=directed, nodes=nodes)
    return Ties(network.adjacency, directed)


def values(ties: Ties, *measures: Measure) -> list[np.ndarray]:
    found = measure_values(ties, measures, effort=EFFORT, seed=0).values
    return [found[measure] for measure in measures]


def test_krackhardts_kite():
    """Krackhardt (1990): the most tied, the most between and the closest are three different members."""
    ties = ties_of(KITE)
    degree, between, harmonic, core, rank, leading, constraint = values(
        ties, Measure.DEGREE, Measure.BETWEENNESS, Measure.HARMONIC, Measure.CORE, Measure.PAGERANK,
        Measure.EIGENVECTOR, Measure.CONSTRAINT,
    )  # fmt: skip
    assert (degree.argmax(), between.argmax()) == (3, 7)
    assert between * 36 == pytest.approx([5 / 6, 5 / 6, 0, 11 / 3, 0, 25 / 3, 25 / 3, 14, 8, 0])
    assert harmonic == pytest.approx(
        [0.6759259259, 0.6759259259, 0.6203703704, 0.787037037, 0.6203703704, 0.7592592593, 0.7592592593, 0.6666666667,
         0.5185185185, 0.3796296296]
    )  # fmt: skip
    assert core.tolist() == [3, 3, 3, 3, 3, 3, 3, 2, 1, 1]
    assert rank[[0, 3, 9]] == pytest.approx([0.101919913, 0.1471479163, 0.05141993143])
    assert leading[[0, 3, 7, 9]] == pytest.approx([0.7322123163, 1, 0.4071769023, 0.02320742462])
    assert constraint[[0, 3, 7, 8, 9]] == pytest.approx([0.5411979167, 0.4701697531, 0.4311111111, 0.5, 1])


def test_a_weighted_network_as_in_igraph():
    ties = ties_of(WEIGHTED)
    constraint, rank, leading, core, between, harmonic = values(
        ties, Measure.CONSTRAINT, Measure.PAGERANK, Measure.EIGENVECTOR, Measure.CORE, Measure.BETWEENNESS,
        Measure.HARMONIC,
    )  # fmt: skip
    assert constraint == pytest.approx([0.768725, 0.7604, 0.8503515625, 0.4858203125, 0.97, 0.8025, 1])
    assert rank == pytest.approx(
        [0.1486446957, 0.1493005499, 0.1225016087, 0.2356823716, 0.1515446899, 0.1409464023, 0.05137968192]
    )
    assert leading == pytest.approx(
        [0.5188847835, 0.4532841531, 0.4481882039, 1, 0.839526535, 0.5432526122, 0.1003851254]
    )
    assert core.tolist() == [2, 2, 2, 2, 2, 2, 1]
    assert between == pytest.approx([2 / 15, 0, 2 / 15, 0.6, 0, 1 / 3, 0])
    assert harmonic[[0, 1, 3, 6]] == pytest.approx([0.7222222222, 0.5694444444, 0.8333333333, 0.4861111111])


def test_a_directed_network_as_in_igraph():
    ties = ties_of(DIRECTED, directed=True)
    rank, between, constraint, back, received = values(
        ties, Measure.PAGERANK, Measure.BETWEENNESS, Measure.CONSTRAINT, Measure.RECIPROCITY, Measure.IN_STRENGTH
    )
    assert rank == pytest.approx([0.2037381165, 0.3487955683, 0.1782381165, 0.2392281987, 0.03])
    assert between == pytest.approx([0.2916666667, 0.4166666667, 0.04166666667, 0.1666666667, 0])
    assert constraint == pytest.approx([0.4375010412, 0.7173015873, 0.8327437642, 0.708494146, 1])
    assert back.tolist() == [0.5, 0.5, 0, 0, 0]
    assert received.tolist() == [4, 3, 1, 6, 0]


def test_effective_size_of_unweighted_ties_is_borgattis():
    """Borgatti (1997): n - 2 t / n with t ties among n contacts; the hub of a star has n, a clique's member 1."""
    star = ties_of([(0, node) for node in range(1, 6)])
    clique = ties_of(list(itertools.combinations(range(5), 2)))
    assert values(star, Measure.EFFECTIVE_SIZE)[0].tolist() == [5, 1, 1, 1, 1, 1]
    assert values(clique, Measure.EFFECTIVE_SIZE)[0] == pytest.approx(np.ones(5))
    (kite,) = values(ties_of(KITE), Measure.EFFECTIVE_SIZE)
    assert kite[3] == pytest.approx(6 - 2 * 8 / 6)


def test_closed_forms_of_a_path_and_a_ring():
    """On a path of n, node i lies between i (n - 1 - i) pairs; on a ring everybody is alike."""
    chain = ties_of([(node, node + 1) for node in range(9)])
    (between,) = values(chain, Measure.BETWEENNESS)
    assert between * 36 == pytest.approx([node * (9 - node) for node in range(10)])
    ring = ties_of([(node, (node + 1) % 8) for node in range(8)])
    for measure in (Measure.BETWEENNESS, Measure.PAGERANK, Measure.EIGENVECTOR, Measure.HARMONIC, Measure.CORE):
        assert np.ptp(values(ring, measure)[0]) < 1e-7


def test_members_without_ties_are_nobody():
    ties = ties_of(KITE, nodes=12)
    constraint, participation, between = values(ties, Measure.CONSTRAINT, Measure.PARTICIPATION, Measure.BETWEENNESS)
    assert np.isnan(constraint[10:]).all()
    assert np.isnan(participation[10:]).all()
    assert between[:10] * 110 == pytest.approx(values(ties_of(KITE), Measure.BETWEENNESS)[0] * 72)


@settings(max_examples=60, deadline=None)
@given(EDGES, st.booleans())
def test_paths_against_all_shortest_paths(edges, directed):
    """Every shortest path listed by breadth-first search over whole paths."""
    ties = ties_of(edges, directed=directed, nodes=7)
    matrix = ties.adjacency.toarray() > 0
    between = np.zeros(7)
    for start in range(7):
        paths, ended = [[start]], {start}
        while paths:
            longer = [[*path, node] for path in paths for node in np.flatnonzero(matrix[path[-1]]) if node not in ended]
            for end in {path[-1] for path in longer}:
                own = [path for path in longer if path[-1] == end]
                for path in own:
                    between[path[1:-1]] += 1 / len(own)
            ended |= {path[-1] for path in longer}
            paths = longer
    assert shortest_paths(ties.adjacency, sources=None, seed=0).betweenness == pytest.approx(between / 30)


@settings(max_examples=60, deadline=None)
@given(EDGES)
def test_cores_against_peeling(edges):
    ties = ties_of(edges, nodes=7)
    matrix, expected = ties.adjacency.toarray() > 0, np.zeros(7)
    for k in range(1, 7):
        left = np.full(7, True)
        while (drop := left & ((matrix & left).sum(axis=1) < k)).any():
            left &= ~drop
        expected[left] = k
    assert values(ties, Measure.CORE)[0].tolist() == expected.tolist()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4)), min_size=1), st.sampled_from(list(Projection)))
def test_holes_through_threads_are_holes_through_ties(rows, weighting):
    """Both compiled forms, on a projection that knows its threads and on the same ties without them."""
    member, thread = np.array(rows).T
    incidence = sparse.csr_array(sparse.coo_array((np.ones(len(rows)), (member, thread)), shape=(7, 5)))
    incidence.sum_duplicates()
    projection = ProjectionSettings(weighting=weighting)
    known = Ties(sparse.csr_array((7, 7)), False, incidence, projection)
    adjacency = projected_matrix(known.membership, projection)
    from vestige.network import holes

    plain = holes.structural_holes(Ties(adjacency, False))
    by_threads = _forced(Ties(adjacency, False, incidence, projection))
    for one, two in zip(plain, by_threads, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 4)), min_size=1), st.booleans())
def test_holes_against_burts_formulas(edges, directed):
    """Burt (1992), 2.4 and 2.2, written out over all pairs, with both directions' weights summed."""
    source, target, weight = np.array(edges).T
    network = Network.from_edges(source, target, weight.astype(float), directed=directed, nodes=7)
    weights = network.joined().toarray()
    constraint, effective = np.full((2, 7), np.nan)
    share = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1)
    for one in range(7):
        contacts = np.flatnonzero(weights[one])
        if contacts.size:
            constraint[one] = sum((share[one, own] + share[one] @ share[:, own]) ** 2 for own in contacts)
            effective[one] = sum(1 - share[one] @ weights[own] / weights[own].max() for own in contacts)
    found = values(Ties(network.adjacency, directed), Measure.CONSTRAINT, Measure.EFFECTIVE_SIZE)
    np.testing.assert_allclose(found, [constraint, effective], atol=1e-12)


def _forced(ties: Ties) -> tuple[np.ndarray, np.ndarray]:
    """The form through threads, whichever the estimate of steps would choose."""
    from unittest.mock import patch

    with patch("vestige.network.holes._steps_by_ties", return_value=float("inf")):
        from vestige.network.holes import structural_holes

        return structural_holes(ties)


def test_hits_on_threads():
    """R: s <- svd(B)$u[, 1]; abs(s) / max(abs(s))."""
    rows = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 0], [0, 0, 1, 1], [0, 0, 0, 1.0]])
    expected = [0.6506824019, 1, 0.7338241127, 0.4324593088, 0.08314171079]
    assert two_mode_hits(sparse.csr_array(rows)) == pytest.approx(expected)


def test_an_eigenvector_beyond_the_dense_size():
    """Two cliques of 60 and 40 with one tie between: the large one leads, and Lanczos equals a dense solution."""
    edges = [*itertools.combinations(range(60), 2), *itertools.combinations(range(60, 100), 2), (0, 60)]
    ties = ties_of(edges)
    (found,) = values(ties, Measure.EIGENVECTOR)
    dense = np.abs(np.linalg.eigh(ties.adjacency.toarray())[1][:, -1])
    assert found == pytest.approx(dense / dense.max(), abs=1e-5)


@pytest.fixture(scope="module")
def skewed() -> Ties:
    """400 members, some with many ties."""
    generator = np.random.default_rng(5)
    pull = generator.pareto(1.5, 400) + 0.2
    drawn = generator.choice(400, (1600, 2), p=pull / pull.sum())
    return ties_of([(int(one), int(two)) for one, two in drawn if one != two], nodes=400)


@pytest.fixture(scope="module")
def cliques() -> Ties:
    """Four cliques of five in a ring."""
    parts = [itertools.combinations(range(5 * own, 5 * own + 5), 2) for own in range(4)]
    return ties_of([*itertools.chain(*parts), (0, 5), (6, 10), (11, 15), (16, 1)])


class TestSampledPaths:
    """Estimates of a random network of 400 members, all of whose paths can be counted too."""

    def test_estimates_are_near_and_say_so(self, skewed):
        exact = shortest_paths(skewed.adjacency, sources=None, seed=0)
        sampled = shortest_paths(skewed.adjacency, sources=150, seed=1)
        assert exact.exact
        assert not sampled.exact
        assert sampled.sources == 150
        assert np.corrcoef(exact.betweenness, sampled.betweenness)[0, 1] > 0.98
        assert np.corrcoef(exact.harmonic, sampled.harmonic)[0, 1] > 0.98
        assert sampled.agreement is not None
        assert 0.5 < sampled.agreement < 1

    def test_estimates_have_no_bias(self, skewed):
        """The mean over 30 draws of 20 sources is within three standard errors of the truth, for the top member."""
        exact = shortest_paths(skewed.adjacency, sources=None, seed=0)
        top = int(exact.betweenness.argmax())
        draws = [shortest_paths(skewed.adjacency, sources=20, seed=seed) for seed in range(30)]
        for name in ("betweenness", "harmonic"):
            own = np.array([getattr(draw, name)[top] for draw in draws])
            assert abs(own.mean() - getattr(exact, name)[top]) < 3 * own.std() / np.sqrt(30) + 1e-12

    def test_the_top_by_kadabra_keeps_its_bound_and_its_seed(self, skewed):
        exact = shortest_paths(skewed.adjacency, sources=None, seed=0).betweenness
        graph = networkit_graph(skewed.adjacency, directed=False)
        found, again = (top_betweenness(graph, TopSearch(0.02, 0.05, 10), seed=3) for _ in range(2))
        assert np.abs(found.scores - exact[found.members]).max() < found.error
        assert found.members.tolist() == again.members.tolist()
        assert found.members[0] == exact.argmax()

    def test_the_effort_decides(self, skewed):
        little = Effort(exact_steps=1, sources=30, hole_steps=1)
        measured = measure_values(skewed, list(Measure), effort=little, seed=2)
        assert "30 members drawn with seed 2" in measured.methods[Measure.BETWEENNESS]
        assert measured.left_out == (Measure.CONSTRAINT, Measure.EFFECTIVE_SIZE)
        assert Measure.CONSTRAINT not in measured.values


class TestCommunities:
    """Found from every seed where they are plain."""

    def test_cliques_are_found_from_every_seed(self, cliques):
        found = find_communities(cliques.joined, partitions=4, seed=9)
        for labels in found.labels:
            assert adjusted_rand(labels, np.repeat(np.arange(4), 5)) == 1
        assert found.agreement == 1
        total, inside = 44, 10
        assert found.modularity == pytest.approx(np.full(4, 4 * (inside / total - (22 / 88) ** 2)))

    def test_a_seed_gives_the_same_again(self, cliques):
        one, two = (find_communities(cliques.joined, partitions=3, seed=4).labels for _ in range(2))
        assert one.tolist() == two.tolist()

    def test_bridges(self, cliques):
        labels = np.repeat(np.arange(4), 5)[np.newaxis]
        outside, participation = bridging(cliques.joined, Communities(labels, np.zeros(1), None))
        assert outside.tolist() == [1, 1, 0, 0, 0] * 4
        assert participation[[0, 2]] == pytest.approx([1 - (4 / 5) ** 2 - (1 / 5) ** 2, 0])

    def test_without_ties_everybody_is_alone(self):
        found = find_communities(sparse.csr_array((3, 3)), partitions=2, seed=0)
        assert found.labels.tolist() == [[0, 1, 2]] * 2


def test_adjusted_rand_as_in_igraph():
    one, two = np.array([0, 0, 0, 1, 1, 1, 1]), np.array([0, 0, 1, 1, 1, 2, 2])
    assert adjusted_rand(one, two) == pytest.approx(0.1764705882)
    assert adjusted_rand(one, one) == 1
