"""`vestige network` on a dataset: windows, growth, and who is key in public or in private only."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from vestige.cli import run
from vestige.dataset import open_dataset
from vestige.network import NetworkSettings, build_network, compare_networks
from vestige.simulate import preset_settings, simulate_forum
from vestige.simulate.store import write_simulated_dataset

QUICK = ["--replicates", "0", "-q"]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("network") / "forum"
    write_simulated_dataset(folder, simulate_forum(settings=preset_settings("posting-groups", members=150), seed=4))
    return folder / "dataset"


def test_windows_and_public_beside_private(dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    asked = ["--kind", "reply", "--months", "6", "--step", "3", "--beside", "messages", "--out", str(out)]
    assert run(["network", str(dataset), *QUICK, *asked, "--json"]) == 0
    printed = capsys.readouterr().out
    tables = json.loads(printed)["tables"]
    assert len(tables["windows"]) == len(tables["growth"]) > 2
    assert {path.name for path in out.iterdir()} >= {"windows.csv", "growth.csv", "growth.svg", "overlap.csv"}
    with open_dataset(dataset) as opened:
        public, private = (build_network(opened, settings=NetworkSettings(kind=kind)) for kind in ("reply", "messages"))
    found = compare_networks(public, private)
    who = pq.read_table(out / "top-members.parquet").to_pylist()
    assert sorted(row["member"] for row in who if row["key_in"] == "second") == sorted(found.top_second.tolist())
    assert not any(row["pseudonym"] in printed for row in who)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--step", "3"], "--step needs windows"),
        (["--beside", "two-mode"], "no ties between members"),
        (["--beside", "dance"], "no such choice"),
    ],
)
def test_wrong_options(dataset: Path, capsys: pytest.CaptureFixture[str], wrong: list[str], said: str) -> None:
    assert run(["network", str(dataset), *QUICK, *wrong]) == 2
    assert said in capsys.readouterr().err


def test_a_file_has_no_windows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ties.csv").write_text("from,to\n1,2\n")
    assert run(["network", str(tmp_path / "ties.csv"), *QUICK, "--months", "6"]) == 2
    assert "belong to a dataset" in capsys.readouterr().err
