"""`measure_positions`: what stands beside what, how firm it is, and that bad input is told."""

from dataclasses import replace

import numpy as np
import pytest

from tables import dataset_of
from vestige.dataset import open_dataset
from vestige.errors import SettingsError
from vestige.network import Network, NetworkKind, NetworkSettings, TwoModeNetwork
from vestige.network.measures import ACTIVITY, Measure
from vestige.network.observed import observe_network
from vestige.network.position_values import Effort
from vestige.network.positions import PositionSettings, measure_positions
from vestige.network.rank_stability import Missing, affordable
from vestige.network.resampled import drawn_anew, without_members, without_records
from vestige.results import Result
from vestige.simulate import ForumSettings, PostingSettings, StructureSettings, VisitSettings, simulate_forum
from vestige.simulate.store import write_simulated_dataset

FORUM = {
    "member": """
        member | kind    | registered_at
        0      | guest   |
        1      | member  | 2020-01-01
        2      | member  | 2020-01-31
        3      | member  | 2020-03-01
        4      | member  |
        5      | member  | 2020-01-05""",
    "thread": """
        thread | starter | created_at
        0      | 1       | 2020-01-02
        1      | 2       | 2020-02-02
        2      | 4       | 2020-02-03""",
    "post": """
        post | seq | thread | author | at
        0    | 0   | 0      | 1      | 2020-01-02T10:00:00
        1    | 1   | 0      | 1      | 2020-01-02T11:00:00
        2    | 2   | 0      | 2      | 2020-02-01T10:00:00
        3    | 3   | 0      | 0      | 2020-02-01T11:00:00
        4    | 4   | 1      | 2      | 2020-02-02T10:00:00
        5    | 5   | 1      | 3      | 2020-03-02T10:00:00
        6    | 6   | 2      | 4      | 2020-03-03T10:00:00""",
    "reaction": """
        giver | receiver | at                  | kind
        2     | 1        | 2020-02-02T00:00:00 | thanks
        3     | 1        | 2020-03-02T00:00:00 | like
        3     | 2        | 2020-03-02T00:00:00 | down
        4     | 4        | 2020-03-02T00:00:00 | thanks
        5     | 2        | 2020-03-04T00:00:00 | thanks
              | 3        | 2020-03-04T00:00:00 | up""",
}
FEW = Effort(partitions=2)
QUICK = PositionSettings(effort=FEW, replicates=4, missing=(0.1,), missing_replicates=1)
ONCE = PositionSettings(effort=FEW, replicates=0, missing_replicates=0)
SOME = (Measure.POSTS, Measure.THREADS, Measure.TENURE, Measure.STRENGTH, Measure.PAGERANK, Measure.BETWEENNESS)


@pytest.fixture(scope="module")
def forum(tmp_path_factory):
    return dataset_of(tmp_path_factory.mktemp("positions") / "dataset", FORUM)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("simulated") / "forum"
    settings = ForumSettings(
        members=150, months=12, visits=VisitSettings(log_days=0), posting=PostingSettings(),
        structure=StructureSettings(communities=3, key_members=6, busy_members=6),
    )  # fmt: skip
    write_simulated_dataset(folder, simulate_forum(settings=settings, seed=2))
    return folder / "dataset"


def test_activity_is_counted(forum, open_engine):
    """Member 5 never wrote and is nobody here; 31 March 2020 is day 90 after 1 January."""
    result = measure_positions(open_engine(forum), settings=QUICK)
    rows = {row["member"]: row for row in result.table("positions").to_pylist()}
    assert sorted(rows) == [1, 2, 3, 4]
    assert [rows[own]["posts"] for own in (1, 2, 3, 4)] == [2, 2, 1, 1]
    assert [rows[own]["threads"] for own in (1, 2, 3, 4)] == [1, 2, 1, 1]
    assert [rows[own]["active_days"] for own in (1, 2, 3, 4)] == [1, 2, 1, 1]
    assert [rows[own]["thanks_received"] for own in (1, 2, 3, 4)] == [2, 1, 1, 0]
    assert [rows[own]["tenure"] for own in (1, 2, 3)] == [90, 60, 30]
    assert rows[4]["tenure"] is None
    assert rows[4]["tenure_rank"] == 4
    assert [rows[own]["degree"] for own in (1, 2, 3, 4)] == [1, 2, 1, 0]
    assert rows[2]["betweenness"] == pytest.approx(1 / 3)
    assert rows[4]["constraint"] is None


def test_only_what_happened_before_the_end_counts(forum):
    from datetime import datetime

    before = NetworkSettings(end=datetime(2020, 2, 2))  # noqa: DTZ001 - a dataset's times carry no zone
    with open_dataset(forum) as dataset:
        result = measure_positions(
            dataset, settings=PositionSettings(before, effort=FEW, replicates=0, missing_replicates=0)
        )
    rows = {row["member"]: row for row in result.table("positions").to_pylist()}
    assert sorted(rows) == [1, 2]
    assert (rows[1]["posts"], rows[2]["posts"], rows[1]["thanks_received"]) == (2, 1, 0)
    assert rows[2]["tenure"] == 2


@pytest.mark.parametrize("kind", [NetworkKind.REPLY, NetworkKind.THANKS])
def test_ties_of_other_kinds_stand_beside_the_same_activity(forum, kind):
    with open_dataset(forum) as dataset:
        result = measure_positions(
            dataset, settings=PositionSettings(NetworkSettings(kind), replicates=0, missing_replicates=0)
        )
    rows = {row["member"]: row for row in result.table("positions").to_pylist()}
    assert set(rows) >= {1, 2, 3, 4}
    assert rows[2]["posts"] == 2
    assert result.baselines == ACTIVITY
    if kind is NetworkKind.THANKS:
        assert (rows[5]["out_degree"], rows[5]["posts"]) == (1, 0)


def test_a_result_is_a_result(forum):
    with open_dataset(forum) as dataset:
        result = measure_positions(dataset, settings=QUICK, seed=3)
    assert isinstance(result, Result)
    assert result.provenance.seed == 3
    for name in result.table_names:
        assert result.table(name) is not None
    assert "disconnected" in {finding.code for finding in result.findings}
    with pytest.raises(SettingsError, match="no such table"):
        result.table("nonsense")
    with pytest.raises(SettingsError, match="no such chart"):
        result.plot("nonsense")
    for name in ("stability", "activity"):
        assert result.plot(name).to_dict()["$schema"]


def test_the_same_seed_gives_the_same(simulated):
    with open_dataset(simulated) as dataset:
        one, two = (measure_positions(dataset, settings=QUICK, seed=7) for _ in range(2))
        other = measure_positions(dataset, settings=replace(QUICK, measures=SOME), seed=8)
    for name in one.table_names:
        assert one.table(name).equals(two.table(name)), name
    assert not one.table("stability").equals(other.table("stability"))


def test_intervals_hold_ranks_and_shrink_for_the_steady(simulated):
    with open_dataset(simulated) as dataset:
        result = measure_positions(
            dataset, settings=PositionSettings(measures=SOME, replicates=40, missing_replicates=0)
        )
    table = result.table("positions")
    rank, low, high = (np.array(table.column(f"threads_rank{end}")) for end in ("", "_low", "_high"))
    assert (low <= high).all()
    assert ((low <= rank) & (rank <= high)).mean() > 0.9
    assert Measure.TENURE not in result.intervals
    top = np.argsort(rank)[:5]
    assert (high - low)[top].mean() < (high - low).mean()


def test_more_missing_leaves_less(simulated):
    """Except that a member's own activity is the same whoever else is missing."""
    with open_dataset(simulated) as dataset:
        result = measure_positions(
            dataset, settings=PositionSettings(measures=SOME, replicates=0, missing=(0.05, 0.5), missing_replicates=3)
        )
    rows = result.stability
    assert {row.missing for row in rows} == set(Missing)
    for measure in (Measure.THREADS, Measure.PAGERANK, Measure.BETWEENNESS):
        for missing in Missing:
            kept = {row.share: row.correlation for row in rows if (row.measure, row.missing) == (measure, missing)}
            assert kept[0.05] > kept[0.5] or (measure is Measure.THREADS and missing is Missing.MEMBERS)
            assert kept[0.05] > 0.8


class TestResampling:
    """Replicates keep what they must."""

    @pytest.fixture
    def ties(self, simulated):
        with open_dataset(simulated) as dataset:
            return measure_positions(
                dataset, settings=PositionSettings(replicates=0, missing_replicates=0)
            ).observed.ties

    def test_threads_are_drawn_with_replacement(self, ties):
        again = drawn_anew(ties, np.random.default_rng(1))
        assert again.incidence.shape == ties.incidence.shape
        assert again.activity[Measure.POSTS].sum() == pytest.approx(again.incidence.sum())
        assert again.activity[Measure.THANKS_RECEIVED].sum() == ties.activity[Measure.THANKS_RECEIVED].sum()
        assert abs(again.activity[Measure.POSTS].sum() / ties.activity[Measure.POSTS].sum() - 1) < 0.5
        assert (again.activity[Measure.TENURE] == ties.activity[Measure.TENURE]).all()

    def test_a_share_is_missing(self, ties):
        left = without_records(ties, 0.3, np.random.default_rng(1))
        assert left.incidence.nnz / ties.incidence.nnz == pytest.approx(0.7, abs=0.05)
        assert (left.activity[Measure.THREADS] <= ties.activity[Measure.THREADS]).all()

    def test_who_is_missing_has_nothing(self, ties):
        kept = np.arange(ties.size) % 3 > 0
        left = without_members(ties, kept)
        assert left.joined[~kept].nnz == 0
        assert not left.activity[Measure.POSTS][~kept].any()
        assert (left.activity[Measure.POSTS][kept] == ties.activity[Measure.POSTS][kept]).all()


def test_what_takes_too_long_is_computed_once_and_said():
    generator = np.random.default_rng(0)
    network = Network.from_edges(*generator.integers(60, size=(2, 300)), directed=False)
    settings = PositionSettings(effort=FEW, replicates=4, missing=(0.1,), missing_replicates=2, repeat_steps=2e5)
    result = measure_positions(network, settings=settings)
    assert Measure.BETWEENNESS in result.measures
    assert Measure.BETWEENNESS not in result.intervals
    assert Measure.DEGREE in result.intervals
    assert "no-intervals" in {finding.code for finding in result.findings}
    ties, every = result.observed.ties, result.measures
    assert set(affordable(ties, every, FEW, 10, 1e12)) == set(every)


def test_sampled_betweenness_comes_with_a_guaranteed_top():
    generator = np.random.default_rng(0)
    network = Network.from_edges(*generator.integers(80, size=(2, 300)), directed=False)
    settings = PositionSettings(
        effort=Effort(exact_steps=1, sources=20), replicates=0, missing_replicates=0, top=5, top_error=0.05
    )
    result = measure_positions(network, settings=settings, seed=4)
    rows = result.table("highest_betweenness").to_pylist()
    assert [row["place"] for row in rows] == [1, 2, 3, 4, 5]
    assert "betweenness-estimated" in {finding.code for finding in result.findings}
    assert "seed 4" in result.measured.methods[Measure.BETWEENNESS]


class TestBadInput:
    """A finding or a clear error."""

    def test_no_ties(self):
        network = Network.from_edges(np.array([], int), np.array([], int), nodes=4)
        result = measure_positions(network, settings=QUICK)
        assert result.findings[0].code == "no-ties"
        assert result.table("positions").num_rows == 4

    def test_one_thread(self):
        from scipy import sparse

        base = Network.from_edges(np.array([0]), np.array([1]))
        network = TwoModeNetwork(
            members=np.arange(3), pseudonyms=("a", "b", "c"), threads=np.arange(1),
            incidence=sparse.csr_array(np.array([[2.0], [1.0], [1.0]])), settings=base.settings, findings=(),
            provenance=base.provenance,
        )  # fmt: skip
        result = measure_positions(network, settings=QUICK)
        assert "one-thread" in {finding.code for finding in result.findings}
        assert observe_network(network).ties.activity[Measure.POSTS].tolist() == [2, 1, 1]

    @pytest.mark.parametrize(
        "wrong", [{"replicates": -1}, {"missing": (1.5,)}, {"confidence": 0.2}, {"top": 0}, {"measures": ("x",)}]
    )
    def test_settings_out_of_range(self, wrong):
        with pytest.raises(SettingsError):
            PositionSettings(**wrong)
