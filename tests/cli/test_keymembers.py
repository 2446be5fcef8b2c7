"""`vestige keymembers`: what it prints, what it writes, and that nothing with a row a member is printed."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from vestige.cli import run
from vestige.dataset import open_dataset
from vestige.report import ReportSettings, build_report
from vestige.simulate import ForumSettings, StandingSettings, StructureSettings, VisitSettings, simulate_forum
from vestige.simulate.store import write_simulated_dataset

QUICK = ["--replicates", "4", "--losses", "1", "--rewirings", "1", "-q"]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keymembers") / "forum"
    settings = ForumSettings(
        members=100, months=4, visits=VisitSettings(log_days=0), standing=StandingSettings(moderators=3),
        structure=StructureSettings(communities=2, key_members=4, busy_members=4),
    )  # fmt: skip
    write_simulated_dataset(folder, simulate_forum(settings=settings, seed=3))
    return folder / "dataset"


def test_a_dataset(dataset, tmp_path, capsys):
    """Judged on itself, what is best is as good elsewhere as here, and both directions are shown."""
    asked = ["--judge-on", str(dataset), "--out", str(tmp_path / "out"), "--json"]
    assert run(["keymembers", str(dataset), *QUICK, *asked]) == 0
    printed = capsys.readouterr().out
    document = json.loads(printed)
    assert {"accuracy", "differences", "combined", "stability"} <= set(document["tables"])
    assert all(row["recall"] is None for row in document["tables"]["first"]["rows"]), "fewer than 10 hold the role"
    judged = document["tables"]["transfer"]["rows"]
    assert [row["chosen_on"] for row in judged] == ["this forum"] * 2 + ["other forum 1"] * 2
    assert all(row["there"] == row["elsewhere"] for row in judged)
    positions = pq.read_table(tmp_path / "out" / "positions" / "positions.parquet")
    assert positions.num_rows > 30
    assert not any(name in printed for name in positions["pseudonym"].to_pylist())
    assert (tmp_path / "out" / "roles" / "accuracy.svg").read_text().startswith("<svg")


def test_a_list_of_ties_with_labels(tmp_path, capsys):
    generator = np.random.default_rng(1)
    rows = [f"{one},{two}" for one, two in generator.integers(30, size=(150, 2))]
    (tmp_path / "ties.csv").write_text("\n".join(["from,to", *rows]))
    (tmp_path / "people.csv").write_text("\n".join(["id,role", *(f"{own},{int(own < 12)}" for own in range(30))]))
    arguments = ["keymembers", str(tmp_path / "ties.csv"), "--labels", str(tmp_path / "people.csv"), *QUICK]
    assert run(arguments) == 0
    assert "the best activity is strength" in capsys.readouterr().out
    assert run([*arguments, "--holds", "7"]) == 2
    assert "labels name nobody" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--timing", "never"], "no such choice"),
        (["--role", "king"], "no such choice"),
        (["--undirected"], "belongs"),
        (["--no-roles", "--judge-on", "x"], "nothing to judge"),
    ],
)
def test_wrong_options(dataset, capsys, wrong, said):
    assert run(["keymembers", str(dataset), *wrong]) == 2
    assert said in capsys.readouterr().err


def test_the_chapter(dataset, monkeypatch):
    for name in ("_REPLICATES", "_LOSSES", "_REWIRINGS"):
        monkeypatch.setattr(f"vestige.report.key_member_chapters.{name}", 1)
    with open_dataset(dataset) as opened:
        report = build_report(opened, settings=ReportSettings(chapters=("key-members",)), seed=1)
    chapter = next(own for own in report.chapters if own.key == "key-members")
    assert {table.name for table in chapter.tables} >= {"accuracy", "stability"}
    assert "Average precision" in report.html
    assert not any(name in report.html for name in opened.arrow("member")["pseudonym"].to_pylist())
