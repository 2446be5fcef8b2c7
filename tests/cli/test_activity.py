"""`vestige activity`: tables, JSON, a folder of results, and its chapters in a report."""

import json

import pytest

from public_sites import site_dataset
from tables import dataset_of
from vestige.cli import run


@pytest.fixture(scope="module")
def forum(tmp_path_factory):
    members = "\n".join(f"{place} | 2020-01-{place % 28 + 1:02d}" for place in range(60))
    posts = "\n".join(f"{place} | {place % 7} | {place % 45} | 2020-02-{place % 28 + 1:02d}" for place in range(300))
    views = "\n".join(f"{place % 50} | 2020-02-{place % 28 + 1:02d} 10:{place % 60:02d}:00" for place in range(600))
    threads = "\n".join(f"{place} | {place} | 2020-01-31" for place in range(7))
    tables = {
        "member": f"member | registered_at\n{members}",
        "thread": f"thread | starter | created_at\n{threads}",
        "post": f"post | thread | author | at\n{posts}",
        "view": f"member | at\n{views}",
    }
    return dataset_of(tmp_path_factory.mktemp("activity") / "dataset", tables)


def test_prints_published_tables(forum, capsys):
    assert run(["activity", str(forum), "--by", "week"]) == 0
    printed = capsys.readouterr().out
    for heading in ("Members, weekly", "Who takes part", "Lurkers", "Gini coefficient", "[c]: suppressed"):
        assert heading in printed


def test_json_and_folder_hold_the_same(forum, tmp_path, capsys):
    assert run(["activity", str(forum), "--json", "--out", str(tmp_path / "out")]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert list(plain) == ["volume", "participation", "visits", "concentration"]
    assert json.loads((tmp_path / "out" / "results.json").read_text()) == plain
    assert (tmp_path / "out" / "volume-members_over_time.csv").read_text().startswith('"period"')
    assert (tmp_path / "out" / "participation-participation.svg").read_text().startswith("<svg")
    assert run(["activity", str(forum), "--out", str(tmp_path / "out")]) == 2
    assert "exists already" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options", [["--by", "year"], ["--quiet-days", "0"], ["--few-posts", "0"], ["--gap", "0"], ["--forum", "none"]]
)
def test_wrong_options_are_one_line(forum, options, capsys):
    assert run(["activity", str(forum), *options]) == 2
    error = capsys.readouterr().err
    assert error.startswith("Error: ")
    assert error.count("\n") == 1


def test_chapters_of_the_report(shared, tmp_path):
    folder = site_dataset(shared / "data" / "stackexchange" / "alcohol-2020", tmp_path / "site")
    assert run(["report", str(folder), "--out", str(tmp_path / "report.html"), "--with", "activity"]) == 0
    page = (tmp_path / "report.html").read_text()
    for words in (
        "Activity over time, and threads",
        "How long threads live",
        "Lurkers by definition",
        "The tail: posts",
    ):
        assert words in page
