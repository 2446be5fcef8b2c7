"""`evaluate_roles`: key members are told from busy ones, only the time before a role counts, real known roles."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from tables import dataset_of
from vestige.dataset import open_dataset
from vestige.errors import DatasetError, SettingsError
from vestige.network import Network, node_numbers, read_edge_list
from vestige.network.measures import Measure
from vestige.network.observed import observe_dataset
from vestige.network.position_values import Effort
from vestige.network.positions import PositionSettings
from vestige.network.role_accuracy import percentiles
from vestige.network.role_classes import find_classes, silhouette
from vestige.network.role_combined import fit_logistic
from vestige.network.role_records import Labels, LabelSettings, read_labels, role_records
from vestige.network.role_release import released_roles
from vestige.network.role_settings import Criterion, Null, RoleSettings, Timing
from vestige.network.role_transfer import transfer_roles
from vestige.network.roles import RoleResult, evaluate_roles
from vestige.network.settings import NetworkSettings
from vestige.network.ties import Ties
from vestige.progress import ignore_progress
from vestige.results import Result
from vestige.simulate import ForumSettings, StructureSettings, VisitSettings, simulate_forum
from vestige.simulate.store import write_simulated_dataset

FEW = Effort(partitions=2)
QUICK = RoleSettings(PositionSettings(effort=FEW), replicates=60, draws=39, rewirings=2)
SOME = (Measure.POSTS, Measure.THREADS, Measure.THANKS_RECEIVED, Measure.PAGERANK, Measure.PARTICIPATION)

FORUM = {
    "member": "\n".join(["member | kind | registered_at", *(f"{own} | member | 2020-01-01" for own in range(8))]),
    "thread": "thread | starter | created_at\n0 | 0 | 2020-01-02\n1 | 1 | 2020-01-03",
    "post": """
        post | seq | thread | author | at
        0    | 0   | 0      | 0      | 2020-01-02
        1    | 1   | 0      | 1      | 2020-01-03
        2    | 2   | 0      | 2      | 2020-01-04
        3    | 3   | 1      | 1      | 2020-01-05
        4    | 4   | 1      | 3      | 2020-01-06
        5    | 5   | 1      | 4      | 2020-02-03
        6    | 6   | 1      | 2      | 2020-02-04
        7    | 7   | 0      | 2      | 2020-02-05
        8    | 8   | 0      | 2      | 2020-02-06
        9    | 9   | 0      | 5      | 2020-02-07""",
}
DATED = """
    member | role          | start_at   | evidence
    2      | moderator     | 2020-02-01 | log
    4      | moderator     | 2020-02-08 | log
    0      | registered    |            | snapshot
    7      | administrator | 2020-02-01 | log"""


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """A simulated forum with its truth: dataset, pseudonyms and what was planted in each account."""
    folder = tmp_path_factory.mktemp("planted") / "forum"
    structure = StructureSettings(communities=4, key_members=16, busy_members=16)
    settings = ForumSettings(members=800, months=8, visits=VisitSettings(log_days=0), structure=structure)
    write_simulated_dataset(folder, simulate_forum(settings=settings, seed=5))
    truth = pq.read_table(folder / "truth" / "member.parquet")
    return folder / "dataset", np.array(truth["pseudonym"].to_pylist()), np.array(truth["planted"].to_pylist())


def values(result: RoleResult, criterion: Criterion) -> dict[Measure, float]:
    area = criterion is Criterion.AREA
    return {row.measure: (row.area if area else row.precision).value for row in result.accuracy}


class TestPlanted:
    """Key members draw thanks and link communities; busy ones post most of all, to each other or to nobody."""

    def test_key_members_are_told_from_busy_ones(self, planted):
        """Counting posts puts every busy member above every key member; thanks and participation turn that round."""
        dataset_path, names, kind = planted
        busy = frozenset(names[(kind == "chatter") | (kind == "soliloquy")])
        labels = Labels(frozenset(names[kind == "key"]), busy)
        settings = RoleSettings(PositionSettings(measures=SOME, effort=FEW), replicates=100, draws=39, rewirings=0)
        with open_dataset(dataset_path) as dataset:
            result = evaluate_roles(dataset, labels=labels, settings=settings)
        area = values(result, Criterion.AREA)
        assert area[Measure.POSTS] < 0.1
        assert area[Measure.THANKS_RECEIVED] > 0.9
        assert area[Measure.PARTICIPATION] > 0.9
        won = next(
            row for row in result.differences
            if (row.measure, row.baseline, row.criterion) == (Measure.PARTICIPATION, Measure.POSTS, Criterion.AREA)
        )  # fmt: skip
        assert won.difference.low > 0
        assert won.corrected < 0.01

    def test_a_high_area_hides_a_low_precision(self, planted):
        dataset_path, names, kind = planted
        labels = Labels(frozenset(names[kind == "key"]), frozenset(names[kind != "key"]))
        settings = RoleSettings(
            PositionSettings(measures=(Measure.POSTS, Measure.THREADS, Measure.PAGERANK)),
            replicates=60, draws=99, rewirings=0,
        )  # fmt: skip
        with open_dataset(dataset_path) as dataset:
            observed = observe_dataset(dataset, NetworkSettings(), progress=ignore_progress)
        result = evaluate_roles(observed, labels=labels, settings=settings)
        assert values(result, Criterion.AREA)[Measure.POSTS] > 0.9
        assert values(result, Criterion.PRECISION)[Measure.POSTS] < 0.3
        assert "area-hides-precision" in {finding.code for finding in result.findings}
        nulls = {(row.measure, row.null, row.criterion): row for row in result.nulls}
        anybody = nulls[Measure.PAGERANK, Null.LABELS, Criterion.AREA]
        alike = nulls[Measure.PAGERANK, Null.EQUALLY_ACTIVE, Criterion.AREA]
        assert anybody.mean == pytest.approx(0.5, abs=0.05)
        assert anybody.p_value == 1 / 100
        assert alike.mean > 0.85

    def test_dated_roles_are_looked_for_before_they_began(self, planted):
        settings = RoleSettings(PositionSettings(measures=SOME, effort=FEW), replicates=40, draws=0, rewirings=0)
        with open_dataset(planted[0]) as dataset:
            result = evaluate_roles(dataset, settings=settings)
        assert result.timing is Timing.BEFORE
        assert len(result.strata) == len({stratum.moment for stratum in result.strata}) > 1
        assert all(stratum.holders.sum() == 1 for stratum in result.strata)
        assert "role-times-ignored" not in {finding.code for finding in result.findings}


class TestTimes:
    """Member 2 becomes moderator on 1 February with one post; four more follow in the role."""

    def test_only_what_came_before_counts(self, tmp_path):
        path = dataset_of(tmp_path / "dated", {**FORUM, "role_spell": DATED})
        with open_dataset(path) as dataset:
            result = evaluate_roles(dataset, settings=QUICK)
        first, second = result.strata
        assert (first.moment, second.moment) == ("2020-02-01", "2020-02-08")
        assert first.members.tolist() == [0, 1, 2, 3]
        assert first.scores[Measure.POSTS].tolist() == [1, 2, 1, 1]
        assert first.members[first.holders].tolist() == [2]
        assert second.members.tolist() == [0, 1, 3, 4, 5], "who holds the role already is not compared"
        rows = [row for row in result.table("holders").to_pylist() if row["measure"] == "posts"]
        assert [(row["member"], row["rank"], row["among"]) for row in rows] == [(2, 3.0, 4), (4, 3.5, 5)]
        assert "holders-without-past" in {finding.code for finding in result.findings}, "member 7 never wrote"

    def test_without_times_a_problem_is_said(self, tmp_path):
        spells = "member | role | evidence\n2 | moderator | snapshot\n4 | moderator | snapshot"
        with open_dataset(dataset_of(tmp_path / "snapshot", {**FORUM, "role_spell": spells})) as dataset:
            result = evaluate_roles(dataset, settings=QUICK)
            with pytest.raises(SettingsError, match="no role has a known beginning"):
                evaluate_roles(dataset, settings=RoleSettings(timing=Timing.BEFORE))
        assert result.timing is Timing.WHOLE
        assert result.findings[0].code == "role-times-ignored"
        assert values(result, Criterion.AREA)[Measure.POSTS] == pytest.approx((4 + (0 + 3 / 2)) / 8)

    def test_the_earliest_beginning_counts_unless_one_is_unknown(self, tmp_path):
        spells = """
            member | role          | start_at   | evidence
            2      | moderator     | 2020-02-01 | log
            2      | administrator | 2020-01-15 | log
            4      | moderator     | 2020-02-01 | log
            4      | administrator |            | snapshot"""
        with open_dataset(dataset_of(tmp_path / "several", {**FORUM, "role_spell": spells})) as dataset:
            found = role_records(dataset, RoleSettings().roles, None)
        assert found.members.tolist() == [2, 4]
        assert str(found.start[0])[:10] == "2020-01-15"
        assert found.dated.tolist() == [True, False]

    @pytest.mark.parametrize("spells", [None, "member | role | evidence\n2 | vip | snapshot"])
    def test_unknown_roles(self, tmp_path, spells):
        tables = FORUM if spells is None else {**FORUM, "role_spell": spells}
        with (
            open_dataset(dataset_of(tmp_path / "none", tables)) as dataset,
            pytest.raises(DatasetError, match=r"roles are unknown|no member holds"),
        ):
            evaluate_roles(dataset, settings=QUICK)


class TestRealNetworks:
    """The figures of the data's own notes: managers about .68, partners about .93 by the best simple measure."""

    def test_managers_in_email(self, shared):
        folder = shared / "data" / "networks" / "manufacturing_email"
        machine = ("reports_to", "technical email account - not used by employees")
        labels = read_labels(folder / "roles.csv", LabelSettings("member_id", "is_manager", leave_out=machine))
        assert (len(labels.holders), len(labels.holders | (labels.others or frozenset()))) == (34, 160)
        result = evaluate_roles(read_edge_list(folder / "events.csv.gz"), labels=labels, settings=QUICK)
        assert values(result, Criterion.AREA)[Measure.PAGERANK] == pytest.approx(0.687, abs=0.001)
        assert not any(row.beats for row in result.combined if row.criterion is Criterion.AREA)

    def test_partners_in_a_law_firm(self, shared):
        folder = shared / "data" / "networks" / "lazega_law"
        labels = read_labels(folder / "nodes.csv", LabelSettings("id", "status"))
        result = evaluate_roles(read_edge_list(folder / "law_advice.csv"), labels=labels, settings=QUICK)
        assert result.best(Criterion.AREA) is Measure.PAGERANK
        assert values(result, Criterion.AREA)[Measure.PAGERANK] == pytest.approx(0.931, abs=0.001)
        assert result.best(Criterion.AREA, result.baselines) is Measure.IN_STRENGTH, (
            "being asked is counted, not derived"
        )
        others = evaluate_roles(read_edge_list(folder / "law_friends.csv"), labels=labels, settings=QUICK)
        rows = transfer_roles({"advice": result, "friends": others})
        assert {(row.chosen_on, row.judged_on) for row in rows} == {("advice", "friends"), ("friends", "advice")}
        judged = next(row for row in rows if (row.chosen_on, row.criterion) == ("advice", Criterion.AREA))
        assert judged.measure is Measure.PAGERANK
        assert judged.elsewhere == pytest.approx(values(others, Criterion.AREA)[Measure.PAGERANK])


class TestParts:
    """The pieces by themselves."""

    @pytest.fixture(scope="class")
    @staticmethod
    def result():
        generator = np.random.default_rng(4)
        network = Network.from_edges(*generator.integers(40, size=(2, 250)))
        labels = Labels(frozenset(map(str, range(12))), frozenset(map(str, range(12, 40))))
        return evaluate_roles(network, labels=labels, settings=QUICK, seed=2)

    def test_a_result_is_a_result(self, result):
        assert isinstance(result, Result)
        for name in result.table_names:
            assert result.table(name) is not None
        assert "the best activity is strength" in result.summary()
        for name in ("accuracy", "activity"):
            assert result.plot(name).to_dict()["$schema"]
        with pytest.raises(SettingsError, match="no such table"):
            result.table("nonsense")

    def test_combined_rankings_stand_beside_a_baseline(self, result):
        for row in result.combined:
            assert row.baseline in result.baselines
            assert row.value - row.baseline_value == pytest.approx(row.difference.value)
            assert row.corrected >= row.p_value
        assert len(result.coefficients) == len(result.measures)

    def test_printed_tables_hold_back_few_holders(self, result, tmp_path):
        tables = released_roles(result)
        assert tables["first"].rows()[0]["recall"] is not None, "12 holders"
        path = dataset_of(tmp_path / "dated", {**FORUM, "role_spell": DATED})
        with open_dataset(path) as dataset:
            few = released_roles(evaluate_roles(dataset, settings=QUICK))
        assert all(row["recall"] is None for row in few["first"].rows())
        assert all(row["auc"] is None for row in few["accuracy"].rows()), "fewer than 10 members"

    def test_logistic_regression_recovers_its_coefficients(self):
        """10,000 rows with log-odds -1 + 1.5 x - 1 y of standard normal x, y; almost no penalty."""
        generator = np.random.default_rng(8)
        columns = generator.normal(size=(10_000, 2))
        chance = 1 / (1 + np.exp(1 - 1.5 * columns[:, 0] + columns[:, 1]))
        found, _, spread = fit_logistic(columns, generator.random(10_000) < chance, 1e-6)
        assert found[1:] / spread == pytest.approx([1.5, -1.0], abs=0.1)
        separated, _, _ = fit_logistic(np.arange(10.0)[:, np.newaxis], np.arange(10) > 4, 1.0)
        assert np.isfinite(separated).all(), "the penalty keeps separated groups finite"

    def test_percentiles(self):
        assert percentiles(np.array([3.0, 1, 2])).tolist() == [1, 0, 0.5]

    def test_classes_are_places_in_the_network(self):
        """Two hubs on the same ten members and two on ten others: hubs are alike without a tie between them."""
        edges = [(hub, leaf) for hub in (0, 1) for leaf in range(4, 14)]
        edges += [(hub, leaf) for hub in (2, 3) for leaf in range(14, 24)]
        network = Network.from_edges(*np.array(edges).T, directed=False)
        sections = {"a": np.r_[9.0, 9, 0, 0, np.zeros(20)], "b": np.r_[1.0, 1, 30, 30, np.ones(20)]}
        found = find_classes(Ties(network.adjacency, False), np.arange(4), sections)
        assert found.labels.tolist() == [0, 0, 1, 1]
        assert found.words == ("a", "general")
        assert found.separation == pytest.approx(1)
        assert find_classes(Ties(network.adjacency, False), np.arange(3), {}) is None

    def test_silhouette(self):
        """R: cluster::silhouette(c(1, 1, 2), dmatrix = d)[, 3] is .5, .6, 0 for distances 1, 2 and 2.5."""
        distance = np.array([[0, 1, 2], [1, 0, 2.5], [2, 2.5, 0]])
        assert silhouette(distance, np.array([0, 0, 1])) == pytest.approx((0.5 + 0.6 + 0) / 3)


class TestBadInput:
    """A clear error."""

    def test_labels_are_needed(self):
        network = Network.from_edges(np.array([0]), np.array([1]))
        with pytest.raises(SettingsError, match="does not tell who holds"):
            evaluate_roles(network, settings=QUICK)

    @pytest.mark.parametrize("holders", [(), ("0", "1", "2")])
    def test_nobody_or_everybody(self, holders):
        network = Network.from_edges(np.array([0, 1]), np.array([1, 2]))
        others = {"0", "1", "2"} - set(holders)
        with pytest.raises(DatasetError, match=r"nobody who holds|everybody in the network"):
            evaluate_roles(network, labels=Labels(frozenset(holders), frozenset(others)), settings=QUICK)

    def test_labels_that_were_replaced_are_matched_by_their_numbers_only(self, tmp_path):
        """Names become numbers in their sorted order: cat is 2, and the label 2 of a file is nobody."""
        file = tmp_path / "ties.csv"
        file.write_text("from,to\ncat,ant\nbee,cat\ndog,cat\n")
        network = read_edge_list(file)
        with pytest.raises(SettingsError, match="go by the old labels"):
            evaluate_roles(network, labels=Labels(frozenset({"2"}), None), settings=QUICK)
        labels = Labels(frozenset({"cat", "nobody"}), frozenset({"ant", "dog"}), frozenset({"bee"}))
        renamed = labels.renamed(node_numbers(file))
        assert renamed == Labels(frozenset({"2"}), frozenset({"0", "3"}), frozenset({"1"}), numbered=True)
        result = evaluate_roles(network, labels=renamed, settings=QUICK)
        assert values(result, Criterion.AREA)[Measure.DEGREE] == 1
        with pytest.raises(SettingsError, match="no holder is among"):
            Labels(frozenset({"2"}), None).renamed(node_numbers(file))

    def test_negative_ids_are_kept(self, tmp_path):
        """Some sources give -1 to an account of their own."""
        file = tmp_path / "ties.csv"
        file.write_text("from,to\n-1,2\n2,3\n3,4\n")
        result = evaluate_roles(read_edge_list(file), labels=Labels(frozenset({"2", "3"}), None), settings=QUICK)
        assert result.observed.pseudonyms == ("-1", "2", "3", "4")
        assert values(result, Criterion.AREA)[Measure.DEGREE] == 1

    def test_labels_without_a_column(self, tmp_path):
        file = tmp_path / "labels.csv"
        file.write_text("id,status\n1,1\n2,0\n")
        assert read_labels(file, LabelSettings("id", "status")) == Labels(frozenset({"1"}), frozenset({"2"}))
        file.write_text("id,status\n1,moderator\n")
        assert read_labels(file, LabelSettings("id", "status", ("moderator",))) == Labels(frozenset({"1"}), None)
        with pytest.raises(SettingsError, match="no column"):
            read_labels(file, LabelSettings("id", "role"))
        with pytest.raises(SettingsError, match="nobody"):
            read_labels(file, LabelSettings("id", "status", holds=("7",)))

    @pytest.mark.parametrize(
        "wrong", [{"roles": ()}, {"roles": ("x",)}, {"timing": "x"}, {"folds": 1}, {"ridge": 0}, {"confidence": 2}]
    )
    def test_settings_out_of_range(self, wrong):
        with pytest.raises(SettingsError):
            RoleSettings(**wrong)
