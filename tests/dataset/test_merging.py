"""Merging: the same rows under new forums, nothing of one dataset's account of itself lost."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataset.datasets import WINDOW, forum_row, manifest, table, write
from vestige.dataset import (
    ForumEntry,
    Manifest,
    TimeResolution,
    merge_datasets,
    open_dataset,
    validate_dataset,
    write_dataset,
)
from vestige.dataset.schema import TABLES, Software
from vestige.errors import DatasetError, OutputError, SettingsError
from vestige.results import Finding, Severity

KEY = "0123456789abcdef"


def forum(path: Path, code: str, members: int = 2, *, extra: dict[str, Any] | None = None, **changes: Any) -> Path:
    """A dataset of one forum whose members have as many pseudonyms, posts and a section."""
    people = [
        {"forum": 0, "member": number, "pseudonym": f"{hash((code, number)) % 16**8:032x}", "kind": "member"}
        for number in range(members)
    ]
    posts = [
        {"forum": 0, "post": number, "seq": number, "thread": 0, "author": number, "at": WINDOW[0].replace(hour=number),
         "is_opening": number == 0, "state": "visible", "attachments": 0}
        for number in range(members)
    ]  # fmt: skip
    threads = [{"forum": 0, "thread": 0, "starter": 0, "state": "visible"}]
    tables = {"forum": [forum_row(0, code)], "member": people, "thread": threads, "post": posts, **(extra or {})}
    defaults = {"forums": (ForumEntry(0, code, Software.PHPBB),), "key_fingerprint": KEY}
    for row in tables["forum"]:
        row["software"] = "phpbb"
    return write(path, tables, **{**defaults, **changes})


def rows(folder: Path, name: str, number: int) -> list[dict[str, Any]]:
    """Rows of one forum, without its number."""
    with open_dataset(folder) as dataset:
        found = dataset.arrow(name).to_pylist()
    return [{key: value for key, value in row.items() if key != "forum"} for row in found if row["forum"] == number]


@settings(max_examples=8, deadline=None)
@given(sizes=st.lists(st.integers(1, 5), min_size=2, max_size=4))
def test_each_forum_keeps_its_rows(sizes: list[int], tmp_path_factory: pytest.TempPathFactory) -> None:
    base = tmp_path_factory.mktemp("merge")
    parts = [forum(base / f"part-{n}", f"forum-{n}", size) for n, size in enumerate(sizes)]
    result = merge_datasets(parts, base / "merged")
    assert validate_dataset(base / "merged").passed
    assert [entry.code for entry in result.manifest.forums] == [f"forum-{n}" for n in range(len(sizes))]
    for number, part in enumerate(parts):
        for name in ("forum", "member", "thread", "post"):
            assert rows(base / "merged", name, number) == rows(part, name, 0)


def test_merging_a_merged_dataset_is_merging_all(tmp_path: Path) -> None:
    parts = [forum(tmp_path / name, f"forum-{name}", size) for name, size in (("a", 1), ("b", 3), ("c", 2))]
    merge_datasets(parts, tmp_path / "at-once")
    merge_datasets(parts[:2], tmp_path / "two")
    merge_datasets([tmp_path / "two", parts[2]], tmp_path / "stepwise")
    once, stepwise = Manifest.read(tmp_path / "at-once"), Manifest.read(tmp_path / "stepwise")
    assert once.digest == stepwise.digest
    assert once.parts == stepwise.parts
    assert once.forums == stepwise.forums


def test_the_manifest_keeps_what_each_dataset_said(tmp_path: Path) -> None:
    section = {"section": [{"forum": 0, "section": 0, "kind": "market"}]}
    finding = Finding("deleted-authors", Severity.CAUTION, "3 posts have no author")
    one = forum(
        tmp_path / "a", "forum-a", extra=section, codes={"section.kind": ("market",)}, findings=(finding,),
        options={"linking": "none", "groups_mapped": 1}, absent={"view": "no log is kept"},
    )  # fmt: skip
    other = forum(
        tmp_path / "b", "forum-b", options={"linking": "handles", "groups_mapped": 1},
        absent={"section": "this package has no sections", "view": "no log is kept"},
    )  # fmt: skip
    merged = merge_datasets([one, other], tmp_path / "merged").manifest
    assert merged.absent["view"] == "no log is kept"
    assert "section" not in merged.absent
    assert merged.codes["section.kind"] == ("market",)
    assert merged.options == {"groups_mapped": 1}
    assert merged.key_fingerprint == KEY
    texts = {found.code: found.text for found in merged.findings}
    assert texts["deleted-authors"] == "forum-a: 3 posts have no author"
    assert texts["table-missing-in-forum"] == "forum-b: no table section (this package has no sections)"
    assert "linking-differs" in texts
    assert [(part.forums, part.digest, part.options["linking"]) for part in merged.parts] == [
        (("forum-a",), Manifest.read(one).digest, "none"),
        (("forum-b",), Manifest.read(other).digest, "handles"),
    ]
    assert Manifest.read(tmp_path / "merged") == merged
    assert validate_dataset(tmp_path / "merged").passed


def test_linked_pseudonyms_survive(tmp_path: Path) -> None:
    linked = [
        {"forum": 0, "member": 0, "pseudonym": "a" * 32, "linked_pseudonym": "c" * 32, "kind": "member"},
        {"forum": 0, "member": 1, "pseudonym": "b" * 32, "kind": "member"},
    ]
    parts = [forum(tmp_path / name, f"forum-{name}", extra={"member": linked}) for name in "ab"]
    merge_datasets(parts, tmp_path / "merged")
    with open_dataset(tmp_path / "merged") as dataset:
        assert dataset.arrow("member")["linked_pseudonym"].to_pylist() == ["c" * 32, None] * 2


def test_times_are_cut_to_the_coarsest(tmp_path: Path) -> None:
    day = forum_row(0, "forum-b") | {"window_end": WINDOW[1].replace(hour=0, minute=0, second=0)}
    coarse = forum(
        tmp_path / "b", "forum-b", 1, extra={"forum": [day]}, time_resolution=TimeResolution.DAY
    )  # fmt: skip
    fine = forum(tmp_path / "a", "forum-a", 3)
    merged = merge_datasets([fine, coarse], tmp_path / "merged").manifest
    assert merged.time_resolution is TimeResolution.DAY
    assert {row["at"] for row in rows(tmp_path / "merged", "post", 0)} == {WINDOW[0]}
    assert [row["seq"] for row in rows(tmp_path / "merged", "post", 0)] == [0, 1, 2]
    assert validate_dataset(tmp_path / "merged").passed


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"key_fingerprint": "f" * 16}, "different keys"),
        ({"key_fingerprint": None}, "different keys"),
        ({"options": {"release": "spring"}}, "different releases"),
    ],
)
def test_strangers_are_refused(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    parts = [forum(tmp_path / "a", "forum-a"), forum(tmp_path / "b", "forum-b", **changes)]
    with pytest.raises(DatasetError, match=words):
        merge_datasets(parts, tmp_path / "merged")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a", "b"]


def test_two_datasets_without_a_key_are_refused(tmp_path: Path) -> None:
    parts = [forum(tmp_path / name, f"forum-{name}", key_fingerprint=None) for name in "ab"]
    with pytest.raises(DatasetError, match="different keys"):
        merge_datasets(parts, tmp_path / "merged")


def test_one_forum_twice_is_refused(tmp_path: Path) -> None:
    parts = [forum(tmp_path / name, "forum-a", size) for name, size in (("a", 1), ("b", 2))]
    with pytest.raises(DatasetError, match="two datasets hold one forum"):
        merge_datasets(parts, tmp_path / "merged")


def test_a_changed_file_stops_it_and_leaves_nothing(tmp_path: Path) -> None:
    parts = [forum(tmp_path / name, f"forum-{name}") for name in "ab"]
    with (parts[1] / "post.parquet").open("ab") as stream:
        stream.write(b"more")
    with pytest.raises(DatasetError, match="checksum"):
        merge_datasets(parts, tmp_path / "merged")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a", "b"]


def test_rows_of_an_unlisted_forum_are_refused(tmp_path: Path) -> None:
    good = forum(tmp_path / "a", "forum-a")
    stray = {"sanction": [{"forum": 7, "member": 0, "kind": "ban"}]}
    bad = forum(tmp_path / "b", "forum-b", extra=stray)
    with pytest.raises(DatasetError, match="does not list"):
        merge_datasets([good, bad], tmp_path / "merged")


def test_outputs_that_cannot_be(tmp_path: Path) -> None:
    parts = [forum(tmp_path / name, f"forum-{name}") for name in "ab"]
    with pytest.raises(SettingsError, match="two datasets or more"):
        merge_datasets(parts[:1], tmp_path / "merged")
    with pytest.raises(OutputError, match="nothing but itself"):
        merge_datasets(parts, parts[0] / "merged")
    with pytest.raises(OutputError, match="nothing but itself"):
        merge_datasets(parts, parts[0], replace_existing=True)


def test_another_schema_version_is_refused(tmp_path: Path) -> None:
    parts = [forum(tmp_path / name, f"forum-{name}") for name in "ab"]
    later = replace(Manifest.read(parts[1]), schema_version=2)
    (parts[1] / "manifest.json").write_text(later.to_json())
    with pytest.raises(DatasetError, match="schema version"):
        merge_datasets(parts, tmp_path / "merged")


def test_memory_is_bounded_by_batches(tmp_path: Path) -> None:
    """A table of many row groups passes through in batches; no table of the whole is ever made."""
    many = 300_000
    base = table("view", [{"forum": 0, "member": 0, "at": WINDOW[0], "kind": "visit"}])
    views = pa.concat_tables([base] * 1).take(pa.array([0] * many))
    parts = []
    for code in ("forum-a", "forum-b"):
        entries = {
            "forum": table("forum", [forum_row(0, code)]),
            "member": table("member", [{"forum": 0, "member": 0, "pseudonym": "a" * 32, "kind": "member"}]),
            "view": views,
        }
        listed = manifest(forums=(ForumEntry(0, code, Software.SIMULATED),))
        write_dataset(tmp_path / code, entries, listed)
        parts.append(tmp_path / code)
    steps: list[int] = []
    merge_datasets(parts, tmp_path / "merged", progress=lambda step: steps.append(step.done))
    assert max(after - before for before, after in zip([0, *steps], steps, strict=False)) < many
    assert steps[-1] == 2 * (many + 2)


def test_every_table_has_a_forum_column() -> None:
    assert all(entry.columns[0].name == "forum" for entry in TABLES.values())
