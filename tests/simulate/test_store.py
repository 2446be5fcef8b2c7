"""What is written: the same bytes for the same seed, the schema's columns, whole or not at all; and the command."""

import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vestige.cli import run
from vestige.dataset import Manifest, TimeResolution, open_dataset
from vestige.dataset.schema import PSEUDONYM_PATTERN, TABLES
from vestige.dataset.validation import validate_dataset
from vestige.errors import OutputError
from vestige.simulate import (
    ForumSettings,
    Preset,
    SimulatedForum,
    preset_settings,
    simulate_forum,
    store,
    write_simulated_dataset,
    write_simulated_dump,
)


@pytest.fixture(scope="module")
def forum() -> SimulatedForum:
    return simulate_forum(settings=preset_settings("posting-groups", members=300, months=12), seed=2)


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name != "manifest.json"
    }


def test_same_seed_same_bytes_whatever_the_threads(tmp_path: Path) -> None:
    threads = pa.cpu_count()
    settings = preset_settings("posting-groups", members=150, months=6)
    try:
        for name, wanted in (("one", 1), ("many", 4)):
            pa.set_cpu_count(wanted)
            made = simulate_forum(settings=settings, seed=8)
            write_simulated_dataset(tmp_path / f"{name}-dataset", made)
            write_simulated_dump(tmp_path / f"{name}-dump", made)
    finally:
        pa.set_cpu_count(threads)
    for kind in ("dataset", "dump"):
        one, many = files(tmp_path / f"one-{kind}"), files(tmp_path / f"many-{kind}")
        assert one.keys() == many.keys()
        assert [name for name in one if one[name] != many[name]] == []
    digests = {Manifest.read(tmp_path / f"{name}-dataset" / "dataset").digest for name in ("one", "many")}
    assert len(digests) == 1


def test_the_dataset_opens_and_every_table_is_there(tmp_path: Path, forum: SimulatedForum) -> None:
    write_simulated_dataset(tmp_path / "forum", forum, preset=Preset.POSTING_GROUPS)
    with open_dataset(tmp_path / "forum" / "dataset") as dataset:
        assert set(dataset.tables) == set(TABLES)
        for name in set(TABLES) - {"forum"}:
            assert dataset.arrow(name).num_rows == len(next(iter(forum.tables[name].values())))
        pseudonyms = dataset.arrow("member")["pseudonym"].to_pylist()
        row = dataset.arrow("forum").to_pylist()[0]
    assert len(set(pseudonyms)) == len(pseudonyms)
    assert all(re.fullmatch(PSEUDONYM_PATTERN, pseudonym) for pseudonym in pseudonyms)
    assert (str(row["window_start"]), str(row["window_end"])) == ("2015-01-01 00:00:00", "2015-12-31 23:59:59")


def test_the_truth_says_what_was_put_in(tmp_path: Path, forum: SimulatedForum) -> None:
    write_simulated_dump(tmp_path / "forum", forum, preset=Preset.POSTING_GROUPS)
    truth = json.loads((tmp_path / "forum" / "truth" / "truth.json").read_text())
    assert truth["preset"] == "posting-groups"
    assert truth["trajectories"]["clock"] == "registration"
    assert [group["mean_posts"] for group in truth["trajectories"]["groups"]] == [2, 10, 19, 20, 152, 1636]
    members = pq.read_table(tmp_path / "forum" / "truth" / "member.parquet").to_pylist()
    assert len(members) == 300
    assert {member["member"] for member in members if member["planted"] == "key"} == set(truth["key_members"])
    assert len({member["source_id"] for member in members}) == 300


def test_coarse_times_are_cut_and_the_order_is_kept(tmp_path: Path) -> None:
    settings = ForumSettings(members=100, months=2, time_resolution=TimeResolution.HOUR)
    write_simulated_dataset(tmp_path / "forum", simulate_forum(settings=settings, seed=1))
    posts = pq.read_table(tmp_path / "forum" / "dataset" / "post.parquet").to_pylist()
    assert all(post["at"].minute == post["at"].second == 0 for post in posts)
    in_order = sorted(posts, key=lambda post: post["seq"])
    assert [post["at"] for post in in_order] == sorted(post["at"] for post in posts)


def test_an_interrupted_write_leaves_nothing(
    tmp_path: Path, forum: SimulatedForum, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "write_truth", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_simulated_dataset(tmp_path / "forum", forum)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_kept_unless_told_otherwise(tmp_path: Path, forum: SimulatedForum) -> None:
    write_simulated_dataset(tmp_path / "forum", forum)
    with pytest.raises(OutputError, match="--replace"):
        write_simulated_dump(tmp_path / "forum", forum)
    assert (tmp_path / "forum" / "dataset").is_dir()
    write_simulated_dump(tmp_path / "forum", forum, replace=True)
    assert sorted(entry.name for entry in (tmp_path / "forum").iterdir()) == ["forum.sql", "truth"]


def test_command_writes_a_dataset(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "forum"
    assert run(["simulate", "--members", "50", "--months", "3", "--seed", "4", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "member" in printed
    assert (out / "dataset" / "manifest.json").exists()
    assert run(["simulate", "--members", "50", "--months", "3", "--out", str(out)]) == 2
    assert "--replace" in capsys.readouterr().err


def test_command_refuses_a_bad_place_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vestige.simulate.simulate_forum", lambda **_: pytest.fail("work was done for nothing"))
    assert run(["simulate", "--out", str(tmp_path / "missing" / "forum")]) == 2
    assert run(["simulate", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("Hint:") == 2


def test_command_writes_a_packed_dump(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "forum"
    options = ["--as", "phpbb-dump", "--compression", "zst", "--layout", "adminer", "--text-bytes", "50", "--quiet"]
    assert run(["simulate", "--members", "20", "--months", "2", "--out", str(out), *options]) == 0
    assert capsys.readouterr().out == ""
    assert (out / "forum.sql.zst").stat().st_size > 1000
    assert (out / "truth" / "canaries.json").exists()


@pytest.mark.parametrize(
    "options",
    [
        ["--members", "0"],
        ["--months", "601"],
        ["--preset", "unheard-of"],
        ["--layout", "unheard-of"],
        ["--compression", "unheard-of"],
        ["--text-bytes", "0"],
    ],
)
def test_command_refuses_with_a_hint(tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]) -> None:
    assert run(["simulate", "--out", str(tmp_path / "forum"), *options]) == 2
    error = capsys.readouterr().err
    assert "Hint:" in error
    assert "unheard-of" not in error
    assert not (tmp_path / "forum").exists()


@pytest.mark.parametrize(("preset", "members", "months"), [("posting-groups", 1, 1), ("silent-downloaders", 200, 12)])
def test_the_dataset_is_valid(tmp_path: Path, preset: str, members: int, months: int) -> None:
    made = simulate_forum(settings=preset_settings(preset, members=members, months=months), seed=1)
    write_simulated_dataset(tmp_path / "forum", made)
    validation = validate_dataset(tmp_path / "forum" / "dataset")
    assert validation.violations == (), validation.summary()
