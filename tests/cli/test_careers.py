"""`vestige careers` as a user runs it."""

import json

import pyarrow.parquet as pq
import pytest

from vestige.cli import run
from vestige.simulate import preset_settings, simulate_forum, write_simulated_dataset


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("forum") / "f"
    write_simulated_dataset(folder, simulate_forum(settings=preset_settings("posting-groups", members=3_000), seed=2))
    return folder / "dataset"


def test_tables_on_the_terminal_and_files_in_a_folder(folder, tmp_path, capsys):
    assert run(["careers", str(folder), "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    for words in ("Careers of members", "What became of members", "What goes with attaining", "foretold from those",
                  "Few attained the role moderator"):  # fmt: skip
        assert words in printed
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert {"results.json", "careers-quantities.csv", "careers-onset.svg", "attained-vip-incidence.svg",
            "careers-members.parquet", "attained-vip-members.parquet", "forecast-held.svg"} <= names  # fmt: skip
    rows = pq.read_table(tmp_path / "out" / "careers-members.parquet")
    assert rows.num_rows == 3_000
    assert rows.column("pseudonym")[0].as_py() not in printed


def test_json_holds_published_tables_only(folder, capsys):
    assert run(["careers", str(folder), "--json", "--later", "0", "--role", "vip", "--covariates", "posts"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["careers", "attained-vip"]
    assert [row["covariate"] for row in found["attained-vip"]["tables"]["effects"]["rows"]] == ["posts"]
    assert "pseudonym" not in json.dumps(found)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--role", "queen"], "role has no such choice"),
        (["--covariates", "luck"], "covariate has no such choice"),
        (["--family", "normal"], "family has no such choice"),
        (["--outcome", "smile"], "outcome must be one of"),
        (["--external", "nowhere.csv"], "neither a readable CSV nor Parquet"),
        (["--leaving-after", "0"], "leaving_after"),
    ],
)
def test_bad_options_are_refused_in_one_line(folder, options, words, capsys):
    assert run(["careers", str(folder), *options]) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.err.count("\n") == 1


def test_a_role_asked_for_must_be_dated(folder, capsys):
    assert run(["careers", str(folder), "--role", "full"]) == 2
    assert "no spell of the role full has a known beginning" in capsys.readouterr().err
