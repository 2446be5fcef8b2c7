"""Validation finds every planted violation, all at once, and never repeats a value."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataset.generated import (
    CANARY,
    START,
    Corruption,
    a_manifest,
    corruptions,
    valid_tables,
    write_unchecked,
)
from vestige.cli import run
from vestige.dataset import FileEntry, Manifest, seal_manifest
from vestige.dataset.schema import TABLES, ColumnType
from vestige.dataset.store import file_digest
from vestige.dataset.validation import validate_dataset
from vestige.dataset.violations import MEANING, Rule, Violation
from vestige.errors import DatasetError, SettingsError
from vestige.results import Finding, Result, Severity

CORRUPTIONS = corruptions()
SIDE_BY_SIDE = [found for found in CORRUPTIONS if found.column and found.rule not in {Rule.MORE_THAN_ONE, Rule.NULL}]
SLOW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def broken(folder: Path) -> set[tuple[str, str, Rule]]:
    result = validate_dataset(folder)
    assert CANARY not in result.summary() + str(result.table("violations").to_pylist()) + str(result.findings)
    assert all(violation.count > 0 for violation in result.violations)
    return {(violation.table, violation.column, violation.rule) for violation in result.violations}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tables = valid_tables(4)
    return write_unchecked(tmp_path / "dataset", tables, a_manifest(tables))


def reseal(folder: Path) -> None:
    """A manifest that fits the files as they now are, so that only the planted rule is broken."""
    seal_manifest(folder, replace(Manifest.read(folder), absent={}))


@given(seed=st.integers(0, 10_000), forums=st.integers(1, 3))
@SLOW
def test_random_valid_datasets_are_clean(tmp_path_factory: pytest.TempPathFactory, seed: int, forums: int) -> None:
    tables = valid_tables(seed, forums=forums)
    folder = write_unchecked(tmp_path_factory.mktemp("valid") / "dataset", tables, a_manifest(tables))
    result = validate_dataset(folder)
    assert result.violations == ()
    assert result.rows == {name: len(rows) for name, rows in tables.items()}


@given(seed=st.integers(0, 10_000), corruption=st.sampled_from(CORRUPTIONS))
@SLOW
def test_one_random_corruption_is_always_found(
    tmp_path_factory: pytest.TempPathFactory, seed: int, corruption: Corruption
) -> None:
    tables = valid_tables(seed)
    manifest = a_manifest(tables)
    corruption.rows(tables[corruption.table])
    folder = write_unchecked(tmp_path_factory.mktemp("broken") / "dataset", tables, manifest)
    assert (corruption.table, corruption.column, corruption.rule) in broken(folder)


@pytest.mark.parametrize("corruption", [found for found in CORRUPTIONS if found not in SIDE_BY_SIDE], ids=str)
def test_each_corruption_of_whole_tables_is_found(tmp_path: Path, corruption: Corruption) -> None:
    tables = valid_tables(2)
    manifest = a_manifest(tables)
    corruption.rows(tables[corruption.table])
    folder = write_unchecked(tmp_path / "dataset", tables, manifest)
    assert (corruption.table, corruption.column, corruption.rule) in broken(folder)


def test_all_at_once(tmp_path: Path) -> None:
    """Every column's bad values in one dataset, each in a row of its own."""
    tables = valid_tables(2)
    manifest = a_manifest(tables)
    for corruption in SIDE_BY_SIDE:
        rows = tables[corruption.table]
        rows.append(dict(rows[0]))
        corruption.rows(rows)
    found = broken(write_unchecked(tmp_path / "dataset", tables, manifest))
    wanted = {(corruption.table, corruption.column, corruption.rule) for corruption in SIDE_BY_SIDE}
    assert wanted <= found
    assert {rule for _, _, rule in wanted} >= {Rule.DANGLING, Rule.NOT_DENSE, Rule.TOO_FINE, Rule.INTERVAL}


def test_every_rule_of_rows_is_planted() -> None:
    kinds = {column.kind for table in TABLES.values() for column in table.columns}
    unplanted = {rule for rule in Rule if not any(found.rule is rule for found in CORRUPTIONS)}
    assert ColumnType.FLOAT not in kinds, "a float column has come: NOT_FINITE is planted now"
    files = {
        Rule.UNLISTED_FILE, Rule.MISSING_FILE, Rule.MISSING_TABLE, Rule.CHECKSUM, Rule.ROW_COUNT, Rule.UNREADABLE,
        Rule.FILE_METADATA, Rule.UNUSED_TEXT, Rule.UNACCOUNTED_BYTES, Rule.UNKNOWN_COLUMN, Rule.MISSING_COLUMN,
        Rule.WRONG_TYPE, Rule.MANIFEST_TEXT, Rule.MANIFEST_FORM, Rule.MANIFEST_FORUMS, Rule.MANIFEST_ABSENT,
    }  # fmt: skip
    assert unplanted == files | {Rule.NOT_FINITE}
    assert set(MEANING) == set(Rule)


def test_counts_are_rows(tmp_path: Path) -> None:
    tables = valid_tables(2)
    manifest = a_manifest(tables)
    for row in tables["post"][:3]:
        row["state"] = CANARY
    tables["thread"] += [{**tables["thread"][0]} for _ in range(4)]
    result = validate_dataset(write_unchecked(tmp_path / "dataset", tables, manifest))
    assert Violation("post", "state", Rule.NOT_IN_ENUM, 3) in result.violations
    assert Violation("thread", "", Rule.DUPLICATE_KEY, 4) in result.violations


def test_an_id_of_another_forum_dangles(tmp_path: Path) -> None:
    tables = valid_tables(2)
    manifest = a_manifest(tables)
    members = sum(row["forum"] == 0 for row in tables["member"])
    tables["member"] += [{**tables["member"][0], "forum": 1, "member": number} for number in range(50)]
    known = {row["member"]: row for row in tables["member"] if row["forum"] == 1}
    tables["member"] = [row for row in tables["member"] if row["forum"] == 0] + list(known.values())
    assert broken(write_unchecked(tmp_path / "valid", tables, manifest)) == set()
    tables["thread"][0].update(forum=0, starter=members)
    assert broken(write_unchecked(tmp_path / "broken", tables, manifest)) == {("thread", "starter", Rule.DANGLING)}


@pytest.mark.parametrize("table", TABLES)
def test_wrong_types_missing_and_unknown_columns(tmp_path: Path, table: str) -> None:
    tables = valid_tables(2)
    folder = write_unchecked(tmp_path / "dataset", tables, a_manifest(tables))
    file = folder / f"{table}.parquet"
    data = pq.read_table(file)
    names = data.schema.names
    texts, numbers = pa.array([CANARY] * data.num_rows), pa.nulls(data.num_rows, pa.int32())
    other = pa.table({name: numbers if data[name].type == pa.string() else texts for name in names})
    for damaged, wanted in (
        (other, {(table, name, Rule.WRONG_TYPE) for name in names}),
        (data.drop_columns(names[1:]), {(table, name, Rule.MISSING_COLUMN) for name in names[1:]}),
        (data.drop_columns(names[:1]), {(table, names[0], Rule.MISSING_COLUMN)}),
        (data.append_column(CANARY, texts), {(table, "", Rule.UNKNOWN_COLUMN)}),
        (data.select(names[::-1]), {(table, "", Rule.MISSING_COLUMN)}),
    ):
        pq.write_table(damaged, file, store_schema=False)
        reseal(folder)
        found = broken(folder)
        assert {violation for violation in found if violation[0] == table} == wanted


def _metadata(data: pa.Table, file: Path) -> None:
    pq.write_table(data.replace_schema_metadata({"note": CANARY}), file)


def _unused(data: pa.Table, file: Path) -> None:
    kinds = data["kind"].combine_chunks().dictionary_encode()
    spare = pa.DictionaryArray.from_arrays(kinds.indices, pa.concat_arrays([kinds.dictionary, pa.array([CANARY])]))
    pq.write_table(data.set_column(data.schema.names.index("kind"), "kind", spare), file, store_schema=False)
    assert CANARY.encode() in file.read_bytes()


def _unread(data: pa.Table, file: Path) -> None:
    """Arrow writes plain data beside a dictionary page that nothing refers to when the dictionary repeats itself."""
    kinds = data["kind"].combine_chunks()
    spare = pa.DictionaryArray.from_arrays(
        pa.array(range(1, len(kinds) + 1)), pa.concat_arrays([pa.array([CANARY]), kinds])
    )
    pq.write_table(data.set_column(data.schema.names.index("kind"), "kind", spare), file, store_schema=False)
    assert CANARY.encode() in file.read_bytes()


def _padded(data: pa.Table, file: Path) -> None:
    content = file.read_bytes()
    footer = int.from_bytes(content[-8:-4], "little") + 8
    file.write_bytes(content[:-footer] + CANARY.encode() + content[-footer:])


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (_metadata, Rule.FILE_METADATA),
        (_unused, Rule.UNUSED_TEXT),
        (_unread, Rule.UNUSED_TEXT),
        (_padded, Rule.UNACCOUNTED_BYTES),
        (lambda _, file: file.write_bytes(b"PAR1 no Parquet PAR1"), Rule.UNREADABLE),
        (lambda _, file: file.write_bytes(b""), Rule.UNREADABLE),
    ],
)
def test_what_hides_in_a_file(folder: Path, change: Callable[[pa.Table, Path], None], rule: Rule) -> None:
    file = folder / "section.parquet"
    change(pq.read_table(file), file)
    entries = tuple(
        FileEntry(entry.table, entry.path, file_digest(file), file.stat().st_size, entry.rows)
        if entry.table == "section"
        else entry
        for entry in Manifest.read(folder).files
    )
    manifest = replace(Manifest.read(folder), files=entries)
    (folder / "manifest.json").write_text(manifest.to_json())
    found = broken(folder)
    assert ("section", rule) in {(table, found_rule) for table, _, found_rule in found}


def test_data_that_cannot_be_decoded(folder: Path) -> None:
    file = folder / "post.parquet"
    content = bytearray(file.read_bytes())
    footer = int.from_bytes(content[-8:-4], "little") + 8
    content[4 : len(content) - footer] = bytes(len(content) - footer - 4)
    file.write_bytes(bytes(content))
    found = broken(folder)
    assert {("post", "", Rule.CHECKSUM), ("post", "", Rule.UNREADABLE)} <= found


def test_files_and_manifest(folder: Path) -> None:
    (folder / CANARY).write_text(CANARY)
    (folder / "view.parquet").unlink()
    (folder / "thread.parquet").write_bytes((folder / "section.parquet").read_bytes())
    raw = json.loads((folder / "manifest.json").read_text())
    raw["findings"] = [{"code": "note", "severity": "note", "text": CANARY}]
    raw["absent"] = {"post": "not supplied"}
    raw["forums"][0]["software"] = "phpbb"
    for entry in raw["files"]:
        entry["rows"] += entry["table"] == "member"
    (folder / "manifest.json").write_text(json.dumps(raw))
    assert {
        ("", "", Rule.UNLISTED_FILE),
        ("view", "", Rule.MISSING_FILE),
        ("thread", "", Rule.CHECKSUM),
        ("thread", "thread", Rule.MISSING_COLUMN),
        ("member", "", Rule.ROW_COUNT),
        ("manifest", "findings", Rule.MANIFEST_TEXT),
        ("manifest", "absent", Rule.MANIFEST_ABSENT),
        ("manifest", "forums", Rule.MANIFEST_FORUMS),
        ("manifest", "", Rule.MANIFEST_FORM),
    } <= broken(folder)


def test_a_dataset_without_forums(folder: Path) -> None:
    (folder / "forum.parquet").unlink()
    reseal(folder)
    found = broken(folder)
    assert ("forum", "", Rule.MISSING_TABLE) in found
    assert ("post", "forum", Rule.DANGLING) in found


def test_a_table_that_others_point_to_is_absent(folder: Path) -> None:
    (folder / "object.parquet").unlink()
    reseal(folder)
    tables = valid_tables(4)
    pointing = sum(row["object"] is not None for row in tables["download"])
    wanted = {("download", "object", Rule.DANGLING)} if pointing else set()
    assert broken(folder) == wanted


def test_parts_are_checked_together(folder: Path) -> None:
    data = pq.read_table(folder / "post.parquet")
    (folder / "post.parquet").unlink()
    for number, part in enumerate((data.slice(0, 3), data.slice(3)), start=1):
        pq.write_table(part, folder / f"post-{number}.parquet", store_schema=False)
    reseal(folder)
    assert broken(folder) == set()
    pq.write_table(data.slice(2), folder / "post-2.parquet", store_schema=False)
    reseal(folder)
    assert ("post", "", Rule.DUPLICATE_KEY) in broken(folder)


@pytest.mark.parametrize("extreme", [2**63 - 1, -(2**63) + 1, 2**62])
def test_times_at_the_ends_of_the_range(tmp_path: Path, extreme: int) -> None:
    tables = valid_tables(2)
    folder = write_unchecked(tmp_path / "dataset", tables, a_manifest(tables))
    data = pq.read_table(folder / "message.parquet")
    times = pa.array([extreme] * data.num_rows, pa.int64()).cast(pa.timestamp("us"))
    pq.write_table(
        data.set_column(data.schema.names.index("at"), "at", times), folder / "message.parquet", store_schema=False
    )
    reseal(folder)
    assert {("message", "at", Rule.OUTSIDE_WINDOW), ("message", "", Rule.UNREADABLE)} & broken(folder)


def test_the_result_is_a_result(folder: Path) -> None:
    result = validate_dataset(folder)
    assert isinstance(result, Result)
    assert result.passed
    assert result.findings == ()
    assert {row["table"] for row in result.table("tables").to_pylist()} == set(TABLES)
    for ask in (result.table, result.plot):
        with pytest.raises(SettingsError):
            ask("histogram")
    (folder / "post.parquet").unlink()
    failed = validate_dataset(folder)
    assert failed.findings[0] == Finding(
        "missing-file",
        Severity.PROBLEM,
        "post: missing-file: 1 files that the manifest lists and that are not there, or are no plain files",
    )


def test_progress_reaches_its_end(folder: Path) -> None:
    steps = []
    validate_dataset(folder, progress=steps.append)
    assert (steps[0].done, steps[-1].done) == (0, steps[-1].total)


def test_command_says_what_is_broken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables = valid_tables(2)
    manifest = a_manifest(tables)
    tables["member"][0]["pseudonym"] = CANARY
    tables["post"][0]["at"] = START + timedelta(seconds=1)
    folder = write_unchecked(tmp_path / "dataset", tables, manifest)
    assert run(["validate", str(folder)]) == 1
    shown = capsys.readouterr()
    assert "member.pseudonym: not-a-pseudonym: 1 rows with a string" in shown.out
    assert "post.at: too-fine: 1 rows" in shown.out
    assert run(["validate", str(folder), "--json"]) == 1
    as_json = capsys.readouterr()
    assert {entry["rule"] for entry in json.loads(as_json.out)["violations"]} >= {"not-a-pseudonym", "too-fine"}
    for text in (shown.out, shown.err, as_json.out, as_json.err):
        assert "Secret" not in text


def test_command_on_a_valid_dataset(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", str(folder)]) == 0
    assert capsys.readouterr().out.startswith("Valid: 14 tables")
    assert run(["validate", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["violations"] == []


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: path.write_text("x"), lambda path: None])
def test_command_on_what_is_no_dataset(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], make: Callable[[Path], None]
) -> None:
    make(tmp_path / "nothing")
    assert run(["validate", str(tmp_path / "nothing")]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("Error: no readable manifest")
    assert shown.err.count("\n") == 1
    with pytest.raises(DatasetError):
        validate_dataset(tmp_path / "nothing")
