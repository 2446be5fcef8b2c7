"""`vestige describe` and `vestige report` as a user types them."""

import json

import pyarrow as pa
import pytest
from rich.console import Console

from tables import dataset_of
from vestige.cli import run
from vestige.cli.tables import print_table


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    members = "\n".join(["member | registered_at", *(f"{place} | 2020-01-15" for place in range(60))])
    posts = "\n".join(["post | author | at", *(f"{place} | {place % 45} | 2020-02-10" for place in range(400))])
    return dataset_of(tmp_path_factory.mktemp("cli") / "dataset", {"member": members, "post": posts})


def test_tables_fit_eighty_columns(folder, capsys):
    assert run(["describe", str(folder)]) == 0
    shown = capsys.readouterr()
    assert "Growth by month" in shown.out
    assert "[c]" in shown.out
    assert max(len(line) for line in shown.out.splitlines()) <= 80
    assert shown.err == ""


def test_json_is_the_same_through_disclosure(folder, capsys):
    assert run(["describe", str(folder), "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert plain["tables"]["volume"]["rows"] == [{"trace": "Posts", "events": 400, "members": 45, "per_member": 8.89}]
    assert plain["tables"]["months"]["suppressed"]["posts"] == [0, 2]
    assert plain["provenance"]["dataset_digest"]


def test_a_report_is_written_once(folder, tmp_path, capsys):
    out = tmp_path / "report.html"
    assert run(["report", str(folder), "--out", str(out)]) == 0
    first = out.read_bytes()
    assert first.startswith(b"<!DOCTYPE html>")
    assert run(["report", str(folder), "--out", str(out)]) == 2
    assert "--replace" in capsys.readouterr().err
    assert run(["report", str(folder), "--out", str(out), "--replace", "--quiet"]) == 0
    assert out.read_bytes() == first
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize("command", [["describe"], ["report", "--out", "report.html"]])
def test_what_is_no_dataset_is_refused_in_one_line(command, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run([command[0], str(tmp_path), *command[1:]]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "Hint:" in error
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_forum_names_the_known_ones(folder, capsys):
    assert run(["describe", str(folder), "--forum", "forum-z"]) == 2
    assert "it has forum-a" in capsys.readouterr().err


def test_the_terminal_takes_checked_tables_only():
    with pytest.raises(TypeError, match="disclosure policy"):
        print_table(Console(), pa.table({"members": [3]}))
