"""Folders: written whole, verified before they are read, opened as tables."""

import gc
import hashlib
import os
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dataset.datasets import manifest, table, write
from vestige.dataset import Dataset, Manifest, empty_tables, open_dataset, seal_manifest, write_dataset
from vestige.dataset.arrow import ROW_GROUP, arrow_schema, write_parquet
from vestige.dataset.schema import TABLES
from vestige.errors import DatasetError, OutputError

OPEN = Callable[[str | Path], Dataset]
CANARY = "secret-handle"
ROWS = [{"forum": 0, "section": number, "parent": None, "kind": f"section-{number + 1}"} for number in range(3)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "dataset", {"section": ROWS}, codes={"section.kind": tuple(row["kind"] for row in ROWS)})


def test_manifest_describes_the_files(folder: Path) -> None:
    entry = Manifest.read(folder).files_of("section")[0]
    content = (folder / entry.path).read_bytes()
    assert (entry.rows, entry.size, entry.sha256) == (3, len(content), hashlib.sha256(content).hexdigest())


def test_empty_tables_read_on_both_engines(open_engine: OPEN, tmp_path: Path) -> None:
    write_dataset(tmp_path / "empty", empty_tables(), manifest())
    dataset = open_engine(tmp_path / "empty")
    assert dataset.tables == tuple(TABLES)
    for name in TABLES:
        found = dataset.table(name).to_pyarrow()
        assert (found.num_rows, found.schema.names, found.schema.types) == (
            0,
            arrow_schema(name).names,
            arrow_schema(name).types,
        )
        assert dataset.arrow(name).equals(arrow_schema(name).empty_table())


def test_a_table_of_several_files(open_engine: OPEN, tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    for number in (1, 2, 10):
        rows = [{"forum": 0, "section": number, "parent": None, "kind": "market"}]
        write_parquet(folder / f"section-{number}.parquet", "section", table("section", rows))
    sealed = seal_manifest(folder, manifest())
    assert [entry.path for entry in sealed.files] == ["section-1.parquet", "section-2.parquet", "section-10.parquet"]
    dataset = open_engine(folder)
    assert dataset.table("section").section.sum().to_pyarrow().as_py() == 13
    assert dataset.arrow("section")["section"].to_pylist() == [1, 2, 10]


def test_rows_of_several_forums_stay_apart(open_engine: OPEN, tmp_path: Path) -> None:
    rows = [{"forum": forum, "section": 0, "parent": None, "kind": "market"} for forum in (0, 1)]
    sections = open_engine(write(tmp_path / "two", {"section": rows})).table("section")
    assert sections.group_by("forum").agg(n=sections.count()).to_pyarrow().num_rows == 2


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-9] + b"x" + b[-8:], lambda b: b + b" ", lambda b: b"", lambda b: b[:-1]]
)
def test_a_changed_file_is_never_read(open_engine: OPEN, folder: Path, damage: Callable[[bytes], bytes]) -> None:
    file = folder / "section.parquet"
    file.write_bytes(damage(file.read_bytes()))
    dataset = open_engine(folder)
    for read in (dataset.table, dataset.arrow):
        with pytest.raises(DatasetError, match="does not match its checksum"):
            read("section")
    assert dataset.arrow("forum").num_rows == 1


def test_a_missing_file_and_a_link_in_its_place(folder: Path, tmp_path: Path) -> None:
    file = folder / "section.parquet"
    file.rename(tmp_path / "elsewhere.parquet")
    with open_dataset(folder) as dataset, pytest.raises(DatasetError, match="missing"):
        dataset.table("section")
    file.symlink_to(tmp_path / "elsewhere.parquet")
    with open_dataset(folder) as dataset, pytest.raises(DatasetError, match="missing"):
        dataset.arrow("section")


def test_a_file_that_matches_its_checksum_but_not_the_schema(tmp_path: Path) -> None:
    folder = tmp_path / "foreign"
    folder.mkdir()
    columns = {name: pa.nulls(1, pa.string()) for name in TABLES["section"].names}
    pq.write_table(pa.table(columns), folder / "section.parquet")
    seal_manifest(folder, manifest())
    with open_dataset(folder) as dataset:
        for read in (dataset.table, dataset.arrow):
            with pytest.raises(DatasetError, match="does not fit the schema"):
                read("section")


def test_nulls_where_none_may_stand_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "nulls"
    folder.mkdir()
    schema = pa.schema([field.with_nullable(True) for field in arrow_schema("section")])
    pq.write_table(pa.Table.from_pylist([{"forum": 0}], schema), folder / "section.parquet")
    seal_manifest(folder, manifest())
    with open_dataset(folder) as dataset, pytest.raises(DatasetError, match="nulls where none may stand"):
        dataset.arrow("section")


def test_absent_and_unknown_tables(folder: Path) -> None:
    with open_dataset(folder) as dataset:
        with pytest.raises(DatasetError, match="absent: the source does not supply it"):
            dataset.table("message")
        with pytest.raises(DatasetError, match="there is no table"):
            dataset.arrow("messages")


def test_a_closed_dataset_says_so(folder: Path) -> None:
    dataset = open_dataset(folder)
    dataset.close()
    dataset.close()
    with pytest.raises(DatasetError, match="closed"):
        dataset.table("section")


def test_connections_need_no_closing(folder: Path) -> None:
    for _ in range(3):
        open_dataset(folder).table("section").count().to_pyarrow()
    gc.collect()


def test_a_relative_path_survives_a_change_of_folder(
    open_engine: OPEN, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    dataset = open_engine(folder.name)
    monkeypatch.chdir("/")
    assert dataset.table("section").count().to_pyarrow().as_py() == 3
    assert dataset.arrow("section").num_rows == 3


def test_a_folder_that_can_only_be_read(open_engine: OPEN, folder: Path) -> None:
    for place in (*folder.iterdir(), folder):
        place.chmod(0o555 if place.is_dir() else 0o444)
    before = sorted(folder.iterdir())
    assert open_engine(folder).table("section").count().to_pyarrow().as_py() == 3
    assert sorted(folder.iterdir()) == before
    folder.chmod(0o755)


def test_replacing_stops_those_who_have_it_open(open_engine: OPEN, folder: Path) -> None:
    sections = open_engine(folder).table("section")
    data = {"section": table("section", ROWS[:1])}
    with pytest.raises(OutputError, match="exists already"):
        write_dataset(folder, data, manifest())
    write_dataset(folder, data, manifest(), replace_existing=True)
    with pytest.raises(DatasetError, match="changed while the dataset was open"):
        sections.count().to_pyarrow()
    assert open_engine(folder).table("section").count().to_pyarrow().as_py() == 1


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    data = {"section": table("section", ROWS), "member": pa.table({"member": [1]})}
    with pytest.raises(DatasetError, match="columns that do not fit"):
        write_dataset(tmp_path / "new", data, manifest())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("section", [CANARY]),
        ("section", [1.5]),
        ("section", [None]),
        ("kind", [None]),
        ("parent", pa.array([CANARY.encode()])),
    ],
)
def test_values_that_do_not_fit_are_refused_without_a_quotation(
    tmp_path: Path, column: str, values: list[object]
) -> None:
    data = pa.table({"forum": [0], "section": [0], "parent": [None], "kind": ["market"], column: values})
    with pytest.raises(DatasetError, match=re.escape(f"do not fit the schema ({column})")) as caught:
        write_parquet(tmp_path / "section.parquet", "section", data)
    assert CANARY not in str(caught.value)
    assert caught.value.__context__ is None


def test_files_hold_nothing_but_the_columns(tmp_path: Path) -> None:
    kinds = pa.DictionaryArray.from_arrays(pa.array([1], pa.int32()), pa.array([CANARY, "market"]))
    data = pa.table({"kind": kinds, "section": [0], "parent": [None], "forum": pa.array([0], pa.uint8())})
    data = data.replace_schema_metadata({"note": CANARY})
    file = tmp_path / "section.parquet"
    write_parquet(file, "section", data)
    assert CANARY.encode() not in file.read_bytes()
    assert pq.read_metadata(file).metadata is None
    assert pq.read_schema(file).equals(arrow_schema("section"))


def test_small_batches_share_a_row_group(tmp_path: Path) -> None:
    schema = arrow_schema("section")
    small = table("section", ROWS).to_batches() * 4
    assert write_parquet(tmp_path / "section.parquet", "section", iter(small)) == 12
    assert pq.read_metadata(tmp_path / "section.parquet").num_row_groups == 1
    large = pa.RecordBatch.from_pydict(
        {
            "forum": pa.repeat(0, ROW_GROUP + 1),
            "section": pa.array(range(ROW_GROUP + 1)),
            "parent": pa.nulls(ROW_GROUP + 1, pa.int64()),
            "kind": pa.repeat("market", ROW_GROUP + 1),
        },
        schema=schema,
    )
    write_parquet(tmp_path / "section.parquet", "section", [large])
    assert pq.read_metadata(tmp_path / "section.parquet").num_row_groups == 2


def test_times_with_a_zone_become_plain_utc(tmp_path: Path) -> None:
    moment = datetime.fromisoformat("2020-06-01T12:00:00+02:00")
    columns = {name: [None] for name in TABLES["external_event"].names}
    data = pa.table({**columns, "forum": [0], "event": [0], "at": [moment], "kind": ["outage"]})
    write_parquet(tmp_path / "external_event.parquet", "external_event", data)
    found = pq.read_table(tmp_path / "external_event.parquet")["at"][0].as_py()
    assert found == datetime.fromisoformat("2020-06-01T10:00:00")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything: run as another user")
def test_a_file_without_permission(folder: Path) -> None:
    (folder / "section.parquet").chmod(0)
    with open_dataset(folder) as dataset, pytest.raises(DatasetError, match="permissions"):
        dataset.table("section")
