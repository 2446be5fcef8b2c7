"""`vestige trajectories` on a file and on a simulated dataset, as a user runs it."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from vestige.cli import run
from vestige.simulate import preset_settings, simulate_forum, write_simulated_dataset


@pytest.fixture
def table(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)
    rate = np.where(generator.random(150) < 0.6, 0.5, 4.0)[:, None]
    rows = np.column_stack([np.arange(150), generator.poisson(rate, (150, 6))])
    file = tmp_path / "wide.csv"
    np.savetxt(file, rows, fmt="%d", delimiter=",", header="id,y1,y2,y3,y4,y5,y6", comments="")
    return file


def test_json_has_one_record_a_model(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--columns", "y1:y6", "--id", "id", "--family", "poisson", "--groups", "1:2", "--order", "1", "--json"]
    assert run(["trajectories", str(table), *options]) == 0
    models = json.loads(capsys.readouterr().out)
    assert [model["groups"] for model in models] == [1, 2]
    assert models[1]["log_likelihood"] > models[0]["log_likelihood"]
    assert sorted(models[1]["shares"]) == pytest.approx([0.4, 0.6], abs=0.1)
    for name in ("bic_members", "bic_observations", "starts_at_best"):
        assert models[1][name]


def test_an_output_folder_holds_tables_charts_and_code(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ["--columns", "y1:y6", "--times", "0,1,2,3,4,5", "--groups", "2", "--family", "poisson", "--order", "0"]
    assert run(["trajectories", str(table), *options, "--out", str(out)]) == 0
    assert pq.read_table(out / "01-groups-2" / "assignments.parquet").num_rows == 150
    assert (out / "01-groups-2" / "trajectories.svg").read_text(encoding="utf-8").startswith("<svg")
    code = (out / "01-groups-2" / "model.do").read_text(encoding="utf-8")
    assert "order(0 0)" in code
    assert 'import delimited using "../data.csv"' in code
    assert (out / "data.csv").read_text(encoding="utf-8").startswith('"id","y1","y2"')
    assert run(["trajectories", str(table), *options, "--out", str(out)]) == 2


def test_a_dataset_gives_no_row_a_member(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    forum = simulate_forum(settings=preset_settings("posting-groups", members=300, months=12), seed=1)
    write_simulated_dataset(tmp_path / "forum", forum)
    out = tmp_path / "out"
    options = ["--groups", "1:2", "--order", "1", "--out", str(out), "--quiet"]
    assert run(["trajectories", str(tmp_path / "forum" / "dataset"), *options]) == 0
    assert "BIC (members)" in capsys.readouterr().out
    assert (out / "02-groups-2" / "groups.parquet").exists()
    assert not list(out.rglob("assignments.parquet"))
    assert not list(out.rglob("data.csv"))
    items = {row["item"]: row["report"] for row in pq.read_table(out / "grolts.parquet").to_pylist()}
    assert items["12"] == "See table groups."
    assert items["11"] == "2 models, with 1, 2 groups."


def test_orders_are_searched_and_every_model_is_a_record(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The truth is constant: from order 1 both groups lose their slopes."""
    options = [
        "--columns",
        "y1:y6",
        "--family",
        "poisson",
        "--groups",
        "2",
        "--order",
        "1",
        "--search-orders",
        "--json",
    ]
    assert run(["trajectories", str(table), *options]) == 0
    models = json.loads(capsys.readouterr().out)
    assert len(models) > 2
    assert max(models, key=lambda model: model["bic_members"])["order"] == [0, 0]


def test_groups_of_a_file_are_profiled_without_suppression(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    options = ["--columns", "y1:y6", "--id", "id", "--family", "poisson", "--groups", "2", "--order", "0"]
    assert run(["trajectories", str(table), *options, "--traits", "y1", "--out", str(out)]) == 0
    assert "Who is in the groups" in capsys.readouterr().out
    rows = pq.read_table(out / "01-groups-2" / "profiles.parquet").to_pylist()
    assert [row["group"] for row in rows] == [1, 2]
    assert [row["value"] for row in rows] == pytest.approx([0.5, 4.0], abs=0.6)
    assert run(["trajectories", str(table), *options, "--traits", "height"]) == 2


def test_groups_of_a_dataset_are_profiled_with_suppression(tmp_path: Path) -> None:
    forum = simulate_forum(settings=preset_settings("posting-groups", members=400, months=12), seed=1)
    write_simulated_dataset(tmp_path / "forum", forum)
    dataset, out = str(tmp_path / "forum" / "dataset"), tmp_path / "out"
    options = ["--groups", "2", "--order", "1", "--starts", "4", "--after-ban", "zero", "--removed", "counted"]
    options += ["--out", str(out), "--quiet"]
    assert run(["trajectories", dataset, *options, "--traits", "role,registered,reactions_received"]) == 0
    rows = pq.read_table(out / "01-groups-2" / "profiles.parquet").to_pylist()
    assert {row["trait"] for row in rows} == {"role", "registered", "reactions_received"}
    shown = [row["members"] for row in rows if row["members"] is not None]
    assert shown
    assert min(shown) >= 10
    assert any(row["value"] is None for row in rows if row["category"] == "administrator")
    assert run(["trajectories", dataset, "--traits", "height"]) == 2


@pytest.mark.parametrize(
    "options",
    [
        [], ["--columns", "y1:y9"], ["--columns", "y1:y6", "--family", "gamma"],
        ["--columns", "y1:y6", "--groups", "9:1"], ["--columns", "y1:y6", "--order", "two"],
        ["--columns", "y1:y6", "--groups", "1:2", "--order", "1,3,2"],
        ["--columns", "y1:y6", "--traits", "y1"], ["--columns", "y1:y6", "--search-orders", "--spline"],
        ["--columns", "y1:y6", "--covariate", "c1:c6"], ["--columns", "y1:y6", "--times", "1,2"],
        ["--columns", "y1:y6", "--partitions", "2"],
    ],
)  # fmt: skip
def test_mistakes_are_one_line_with_a_hint(table: Path, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["trajectories", str(table), *options]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "Hint:" in error
