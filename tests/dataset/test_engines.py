"""Both engines give the same tables: types, nullability, times, and a look at the files before every execution."""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import ibis
import pyarrow as pa
import pytest

from dataset.datasets import write
from vestige.dataset import Dataset, Engine, open_dataset
from vestige.dataset.arrow import arrow_schema
from vestige.errors import DatasetError, EngineError, SettingsError

OPEN = Callable[[str | Path], Dataset]
BEFORE_THE_ORIGIN = datetime.fromisoformat("1969-12-31T23:59:59.999999")
LATE = datetime.fromisoformat("2500-03-01T12:00")
ROWS = [
    {"forum": 0, "member": 0, "at": BEFORE_THE_ORIGIN, "thread": None, "section": 7, "kind": "thread"},
    {"forum": 0, "member": 1, "at": None, "thread": 2**53 + 1, "section": None, "kind": "visit"},
    {"forum": 0, "member": 2, "at": LATE, "thread": None, "section": None, "kind": "visit"},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "dataset", {"view": ROWS})


def test_rows_come_back_in_the_schemas_types(open_engine: OPEN, folder: Path) -> None:
    view = open_engine(folder).table("view").order_by("member").to_pyarrow()
    assert (view.schema.names, view.schema.types) == (arrow_schema("view").names, arrow_schema("view").types)
    assert view.to_pylist() == ROWS


def test_ibis_schema_is_the_same_and_lets_nulls_arise(open_engine: OPEN, folder: Path) -> None:
    schema = open_engine(folder).table("view").schema()
    assert {name: str(kind) for name, kind in schema.items()} == {
        "forum": "int64",
        "member": "int64",
        "at": "timestamp(6)",
        "thread": "int64",
        "section": "int64",
        "kind": "string",
    }


def test_nulls_that_arise_in_required_columns_are_collected(open_engine: OPEN, folder: Path) -> None:
    view = open_engine(folder).table("view")
    window = ibis.window(order_by="member")
    shifted = view.select(before=view["member"].lag().over(window), after=view["kind"].lead().over(window))
    assert shifted.to_pyarrow()["before"].null_count == 1
    assert shifted.to_pyarrow()["after"].null_count == 1


def test_times_are_plain_utc_in_a_far_zone(open_engine: OPEN, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    view = open_engine(folder).table("view")
    times = view.filter(view.at < datetime.fromisoformat("1970-01-01")).select(month=view.at.truncate("M"), at=view.at)
    assert times.to_pyarrow().to_pylist() == [{"month": datetime.fromisoformat("1969-12-01"), "at": BEFORE_THE_ORIGIN}]
    assert view.at.max().to_pyarrow().as_py() == LATE


def test_batches_agree_with_the_whole(open_engine: OPEN, folder: Path) -> None:
    view = open_engine(folder).table("view").order_by("member")
    assert view.to_pyarrow_batches().read_all().to_pylist() == ROWS


@pytest.mark.parametrize("name", ["a b", "x=1", "a[b]c", "a*?{b,c}", "it's", "größe", "a#b%20+", "a:b"])
def test_folders_with_unusual_names(open_engine: OPEN, tmp_path: Path, name: str) -> None:
    write(tmp_path / "ab", {"view": ROWS[:1]})
    folder = write(tmp_path / name, {"view": ROWS})
    assert open_engine(folder).table("view").count().to_pyarrow().as_py() == len(ROWS)


def test_a_pattern_in_the_name_reads_no_other_folder(open_engine: OPEN, tmp_path: Path) -> None:
    write(tmp_path / "axb", {"view": ROWS})
    folder = write(tmp_path / "a?b", {"view": ROWS[:1]})
    assert open_engine(folder).table("view").count().to_pyarrow().as_py() == 1


def test_a_file_changed_after_it_was_verified_stops_the_expression(open_engine: OPEN, folder: Path) -> None:
    view = open_engine(folder).table("view")
    assert view.count().to_pyarrow().as_py() == len(ROWS)
    file = folder / "view.parquet"
    content = file.read_bytes()
    times = file.stat()
    file.write_bytes(content)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    for run in (view.to_pyarrow, view.execute, view.to_pyarrow_batches):
        with pytest.raises(DatasetError, match="changed while the dataset was open"):
            run()


def test_a_file_removed_after_it_was_verified_stops_the_expression(open_engine: OPEN, folder: Path) -> None:
    view = open_engine(folder).table("view")
    (folder / "view.parquet").unlink()
    with pytest.raises(DatasetError, match="gone"):
        view.to_pyarrow()


def test_two_datasets_are_never_mixed(open_engine: OPEN, tmp_path: Path) -> None:
    one = open_engine(write(tmp_path / "one", {"view": ROWS[:1]})).table("view")
    two = open_engine(write(tmp_path / "two", {"view": ROWS})).table("view")
    assert one.count().to_pyarrow().as_py() == 1
    assert two.count().to_pyarrow().as_py() == len(ROWS)
    with pytest.raises(ibis.IbisError, match="Multiple backends"):
        one.join(two, "member").to_pyarrow()


def test_the_same_dataset_opened_twice(open_engine: OPEN, folder: Path) -> None:
    first, second = open_engine(folder), open_engine(folder)
    view = first.table("view")
    second.table("view")
    second.close()
    second.close()
    assert view.count().to_pyarrow().as_py() == len(ROWS)


def test_memory_tables_join(open_engine: OPEN, folder: Path) -> None:
    view = open_engine(folder).table("view")
    chosen = ibis.memtable(pa.table({"member": [1, 2]}))
    assert view.semi_join(chosen, "member").count().to_pyarrow().as_py() == 2


def test_unknown_engine(folder: Path) -> None:
    with pytest.raises(SettingsError, match="duckdb, spark"):
        open_dataset(folder, engine="sqlite")


@pytest.mark.usefixtures("_spark")
@pytest.mark.spark
@pytest.mark.xdist_group("spark")
class TestSpark:
    def test_the_programs_own_session_keeps_its_settings(self, folder: Path) -> None:
        from pyspark.sql import SparkSession

        own = SparkSession.builder.getOrCreate()
        own.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
        try:
            with open_dataset(folder, engine=Engine.SPARK) as dataset:
                assert dataset.table("view").at.max().to_pyarrow().as_py() == LATE
            assert own.conf.get("spark.sql.session.timeZone") == "Asia/Tokyo"
            assert own.catalog.listTables() == []
            assert own.sql("SELECT 1").collect()[0][0] == 1
        finally:
            own.conf.unset("spark.sql.session.timeZone")

    def test_nothing_is_written_beside_the_program(self, folder: Path) -> None:
        with open_dataset(folder, engine=Engine.SPARK) as dataset:
            dataset.table("view").count().to_pyarrow()
        assert not {"spark-warehouse", "metastore_db", "derby.log"} & {file.name for file in Path.cwd().iterdir()}


@pytest.mark.parametrize(
    ("version", "what"),
    [("11.0.2", "this is Java 11"), ("1.8.0_402", "this is Java 8"), ("", "Java does not run")],
)
def test_java_that_is_too_old_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, what: str
) -> None:
    from vestige.dataset import spark_engine

    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(EngineError, match=rf"{what}.*install Java 17"):
        spark_engine._check_java()


@pytest.mark.parametrize("variable", ["JAVA_HOME", "PATH"])
def test_no_java_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    from vestige.dataset import spark_engine

    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv(variable, str(tmp_path))
    with pytest.raises(EngineError, match=r"no Java|there is none") as caught:
        spark_engine._check_java()
    assert "openjdk-17-jre-headless" in str(caught.value)
