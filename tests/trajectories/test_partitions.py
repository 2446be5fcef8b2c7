"""Fits whose passes run over partitions in Spark, against the same fits in memory."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tables import dataset_of
from vestige.cli import run
from vestige.dataset import Dataset, Engine, open_dataset
from vestige.errors import EngineError, SettingsError
from vestige.trajectories import (
    PanelSettings,
    PartitionedPanel,
    SearchSettings,
    SelectionSettings,
    TrajectorySettings,
    build_panel,
    fit_trajectories,
    partition_panel,
    select_trajectories,
)
from vestige.trajectories.assemble import prepare
from vestige.trajectories.partitions import PartitionPasses, prepare_part

pytestmark = [pytest.mark.spark, pytest.mark.xdist_group("spark")]

MEMBERS, MONTHS = 160, 6
MODEL = TrajectorySettings(groups=2, order=1, search=SearchSettings(starts=4, polished=2, split_merge_rounds=1))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two groups of posters, half of whom registered within the window; some never post."""
    generator = np.random.default_rng(5)
    members = ["forum | member | kind | registered_at"]
    posts = ["forum | post | thread | section | author | at | is_opening | state"]
    for member in range(MEMBERS):
        entered = int(generator.integers(0, MONTHS - 2)) if member % 2 else 0
        members.append(f"0 | {member} | member | 2020-{entered + 1:02d}-01")
        rates = np.exp(np.linspace(-1.0, 1.2, MONTHS) if member % 3 else np.linspace(0.5, -3.0, MONTHS))
        for month in range(entered, MONTHS):
            for day in range(min(int(generator.poisson(rates[month])), 25)):
                at = f"2020-{month + 1:02d}-{day + 2:02d}"
                posts.append(f"0 | {len(posts) - 1} | 0 | 0 | {member} | {at} | no | visible")
    tables = {
        "member": "\n".join(members),
        "post": "\n".join(posts),
        "thread": "forum | thread | section | starter | created_at | state\n0 | 0 | 0 | 0 | 2020-01-01 | visible",
        "section": "forum | section | kind\n0 | 0 | talk",
    }
    return dataset_of(tmp_path_factory.mktemp("partitions") / "dataset", tables)


@pytest.fixture(scope="module")
def spark(folder: Path, _spark: None) -> Iterator[Dataset]:
    with open_dataset(folder, engine=Engine.SPARK) as dataset:
        yield dataset


@pytest.fixture(scope="module")
def parted(spark: Dataset) -> Iterator[PartitionedPanel]:
    with partition_panel(spark, partitions=2) as panel:
        yield panel


@pytest.mark.parametrize("settings", [PanelSettings(), PanelSettings(clock="registration", periods=4)])
def test_passes_over_partitions_give_the_numbers_of_those_in_memory(spark: Dataset, settings: PanelSettings) -> None:
    """Log-likelihood, score, information and sandwich to 1e-8, and the same patterns counted."""
    panel = build_panel(spark, settings=settings)
    memory = prepare([panel], [MODEL]).shared(2)
    parameters = np.random.default_rng(1).normal(0.0, 0.4, memory.layout.size)
    with partition_panel(spark, partitions=3, settings=settings) as parted:
        assert (parted.members, parted.observations) == (panel.members, panel.observations)
        assert parted.patterns == memory.histories.patterns
        own = prepare_part(parted, parted.random_part(50, 0), MODEL).shared(2).running(PartitionPasses(parted))
        found, expected = own.information(parameters, robust=True), memory.information(parameters, robust=True)
        sums = own.expectation(parameters)
    assert found.loglik == pytest.approx(expected.loglik, rel=1e-12)
    for name in ("score", "observed", "meat"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(sums.cell_weights, memory.expectation(parameters).cell_weights, rtol=1e-8, atol=1e-8)


def test_a_partitioned_fit_is_the_fit_in_memory(spark: Dataset, parted: PartitionedPanel) -> None:
    """The search sees 110 of 160 members; the optimum, its errors and criteria are those of all 160."""
    search = SearchSettings(starts=4, polished=2, split_merge_rounds=1, search_members=100, check_members=110)
    model = TrajectorySettings(family="poisson", groups=2, order=1, search=search)
    panel = build_panel(spark)
    whole = fit_trajectories(panel, settings=replace(model, search=MODEL.search))
    fit = fit_trajectories(parted, settings=model)
    assert fit.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-10)
    np.testing.assert_allclose(fit.parameters, whole.parameters, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(fit.inner_covariance, whole.inner_covariance, rtol=1e-5, atol=1e-7)
    assert fit.criteria.bic_members == pytest.approx(whole.criteria.bic_members, rel=1e-10)
    assert fit.criteria.bic_observations == pytest.approx(whole.criteria.bic_observations, rel=1e-10)
    assert fit.converged
    assert fit.assignments.size == 110
    finding = next(finding for finding in fit.findings if finding.code == "ran-in-partitions")
    assert "2 partitions" in finding.text


def test_random_parts_are_the_same_for_the_same_seed(spark: Dataset, parted: PartitionedPanel) -> None:
    one, again, other = (parted.random_part(40, seed) for seed in (1, 1, 2))
    assert one.identifiers.tolist() == again.identifiers.tolist() != other.identifiers.tolist()
    whole = build_panel(spark)
    rows = np.searchsorted(whole.identifiers, one.identifiers)
    np.testing.assert_array_equal(one.dense(), whole.dense()[rows])


def test_what_partitions_cannot_do_is_said(spark: Dataset, parted: PartitionedPanel, folder: Path) -> None:
    with open_dataset(folder) as dataset, pytest.raises(EngineError, match="Spark"):
        partition_panel(dataset, partitions=2)
    with pytest.raises(SettingsError, match="partition"):
        partition_panel(spark, partitions=0)
    with pytest.raises(SettingsError, match="counts or yes and no"):
        fit_trajectories(parted, settings=TrajectorySettings(family="cnorm", groups=2))


@pytest.mark.usefixtures("_spark")
def test_the_command_line_fits_over_partitions_what_it_fits_in_memory(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every model's log-likelihood and criteria, and no row a member in what is written."""
    options = ["--family", "poisson", "--groups", "1:2", "--order", "1", "--starts", "4", "--json"]
    records = []
    for engine in (["--engine", "spark", "--partitions", "2", "--out", str(tmp_path / "out")], []):
        assert run(["trajectories", str(folder), *options, *engine]) == 0
        records.append(json.loads(capsys.readouterr().out))
    for parted, whole in zip(*records, strict=True):
        for name in ("log_likelihood", "bic_members", "bic_observations", "members", "observations"):
            assert parted[name] == pytest.approx(whole[name], rel=1e-9)
        assert parted["shares"] == pytest.approx(whole["shares"], abs=1e-6)
        assert "ran-in-partitions" in parted["findings"]
    assert (tmp_path / "out" / "02-groups-2" / "groups.parquet").exists()
    assert not list((tmp_path / "out").rglob("assignments.parquet"))
    assert run(["trajectories", str(folder), "--partitions", "2"]) == 2
    assert "Spark" in capsys.readouterr().err


def test_orders_are_not_searched_over_partitions(parted: PartitionedPanel) -> None:
    with pytest.raises(SettingsError, match="orders"):
        select_trajectories(parted, settings=SelectionSettings(search_orders=True))
