"""What is no dump, or no whole one, or of something else: a clean one-line error that names no value."""

import bz2
import gzip
import io
import lzma
import re
import subprocess
import sys
import tarfile
import zipfile

import numpy as np
import pytest
import zstandard

from derive.dump.reading import CREATE_POSTS, CREATE_TOPICS, CREATES, SOURCE
from vestige.derive.dump import DumpReader, detect_software
from vestige.errors import DumpError, SourceError

SECRET = b"zqsecretqz"
INSERT = b"INSERT INTO `f_posts` VALUES (1,2,'" + SECRET + b"',3,NULL,'5'),(4,5,'x',6,NULL,'');\n"
DUMP = CREATES + INSERT
TAIL = b"-- Dump completed on 2020-01-01\n"


def _chain(error: BaseException | None) -> list[BaseException]:
    seen: list[BaseException] = []
    while error is not None:
        seen.append(error)
        assert error.__cause__ is None or error.__cause__ is not error
        error = error.__cause__ or error.__context__
    return seen


def _error(reading, dump: bytes, **options) -> str:
    with pytest.raises(SourceError) as caught:
        reading(dump, **options)
    assert len(_chain(caught.value)) == 1
    text = str(caught.value)
    assert "\n" not in text
    assert "Hint: " in text
    assert SECRET.decode() not in text
    return text


def _archive(kind: str) -> bytes:
    out = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("dump.sql", DUMP)
    else:
        with tarfile.open(fileobj=out, mode="w") as archive:
            member = tarfile.TarInfo("dump.sql")
            member.size = len(DUMP)
            archive.addfile(member, io.BytesIO(DUMP))
    return out.getvalue()


FOREIGN = {
    "empty": (b"", "empty"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + bytes(50), "7z x -so FILE"),
    "zip": (_archive("zip"), "unzip -p FILE"),
    "tar": (_archive("tar"), "tar -xOf FILE"),
    "tar.gz": (gzip.compress(_archive("tar")), "tar -xOf FILE"),
    "rar": (b"Rar!\x1a\x07\x01\x00" + bytes(50), "unrar"),
    "bzip2": (bz2.compress(DUMP), "bzip2 -dc"),
    "pg_dump directory": (b"PGDMP\x01\x0e\x00\x04\x08\x05" + bytes(99), "pg_restore -f - FILE"),
    "pg_dump of nothing": (b"--\n-- PostgreSQL database dump\n--\n", "no SQL statement"),
    "binary": (bytes(range(256)) * 20, "binary"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(99), "binary"),
    "UTF-16": (DUMP.decode().encode("utf-16"), "UTF-16"),
    "UTF-16 without BOM": (DUMP.decode().encode("utf-16-le"), "UTF-16"),
    "UTF-16 big-endian": (DUMP.decode().encode("utf-16-be"), "UTF-16"),
    "prose": (b"Dear all, it's attached.\n" * 9, "not an SQL dump"),
    "only comments": (b"-- nothing here\n", "no SQL statement"),
    "SQLite": (b"SQLite format 3\x00" + bytes(99), "SQLite"),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_foreign_files_are_refused_with_the_way_out(reading, kind) -> None:
    data, expected = FOREIGN[kind]
    assert expected in _error(reading, data)


def test_a_directory_and_a_missing_file(tmp_path) -> None:
    for path, words in ((tmp_path, "directory"), (tmp_path / "nothing", "does not exist")):
        with pytest.raises(SourceError, match=words) as caught:
            DumpReader(path, SOURCE).read(SOURCE.tables, lambda *_: None)
        assert len(_chain(caught.value)) == 1
        assert str(tmp_path) not in str(caught.value)


PACK = {
    "gzip": gzip.compress,
    "zstandard": lambda data: zstandard.ZstdCompressor().compress(data),
    "xz": lzma.compress,
}


@pytest.mark.parametrize("kind", PACK)
def test_compressed(reading, kind) -> None:
    whole = PACK[kind](DUMP)
    parts = PACK[kind](DUMP[:100]) + PACK[kind](DUMP[100:])
    for packed in (whole, parts, whole + bytes(1024) if kind != "zstandard" else whole):
        assert reading(packed).column("posts", "id") == [1, 4]


@pytest.mark.parametrize("kind", PACK)
def test_half_a_compressed_file(reading, kind) -> None:
    noise = np.random.default_rng(0).bytes(300_000).hex().encode()
    dump = DUMP + b"INSERT INTO `f_posts` VALUES (9,9,'" + noise + b"',6,NULL,'');\n"
    packed = PACK[kind](dump)
    half = packed[: len(packed) * 2 // 3]
    assert "ends in" in _error(reading, half)
    found = reading(half, allow_truncated=True)
    assert found.column("posts", "id") == [1, 4]
    assert [finding.code for finding in found.report.findings] == ["dump-truncated"]


@pytest.mark.parametrize("kind", ["gzip", "xz"])
def test_damaged_compressed_data(reading, kind) -> None:
    packed = bytearray(PACK[kind](DUMP))
    packed[len(packed) // 2] ^= 0xFF
    assert re.search("damaged|ends", _error(reading, bytes(packed)))


ERRORS = {
    "unknown statement": (DUMP + b"INSRT INTO `f_posts` VALUES (1);", "unknown kind"),
    "too few cells": (CREATES + b"INSERT INTO `f_posts` VALUES (1,2,'x',3,NULL);", "fewer cells.*posts, row 1, byte"),
    "too many cells": (DUMP + b"INSERT INTO `f_posts` VALUES (1,2,'x',3,NULL,'',7);", "more cells.*posts, row 3, byte"),
    "no comma between rows": (CREATES + INSERT.replace(b"),(", b")("), "no row"),
    "byte after a string": (CREATES + INSERT.replace(b"'x',", b"'x'y,"), "cannot be placed"),
    "empty cell": (CREATES + INSERT.replace(b"'x'", b""), "cannot be placed"),
    "identifier in a row": (CREATES + INSERT.replace(b"'x'", b"`x`"), "cannot be placed"),
    "comment in a row": (CREATES + INSERT.replace(b"'x'", b"--'x'"), "cannot be placed"),
    "update of duplicates": (CREATES + INSERT.replace(b";", b" ON DUPLICATE KEY UPDATE id=1;"), "no row"),
    "letters": (CREATES + INSERT.replace(b"(4,5", b"(4,'" + SECRET + b"'"), "table posts, column author, row 2, byte"),
    "word": (CREATES + INSERT.replace(b"(4,5", b"(4,abc"), "column author"),
    "too large": (CREATES + INSERT.replace(b"(4,", b"(9223372036854775808,"), "column id, row 2"),
    "fraction": (CREATES + INSERT.replace(b"(4,", b"(4.5,"), "column id, row 2"),
    "expression": (CREATES + INSERT.replace(b"(4,", b"(4-1,"), "column id, row 2"),
    "bad date": (CREATES + INSERT.replace(b"6,NULL", b"6,'2021-02-30 00:00:00'"), "column moment, row 2"),
    "odd hexadecimal": (CREATES + INSERT.replace(b"(4,", b"(x'zz',"), "column id, row 2"),
    "no columns": (CREATE_TOPICS + INSERT, "neither CREATE TABLE nor a column list"),
    "column twice": (CREATES + b"INSERT INTO f_posts (id,author,id) VALUES (1,2,3);", "a column twice"),
    "insert select": (CREATES + b"INSERT INTO f_posts SELECT * FROM other;", "another way than by VALUES"),
    "insert set": (CREATES + b"INSERT INTO f_posts SET id=1;", "another way than by VALUES"),
    "load data": (CREATES + b"LOAD DATA INFILE '/etc/passwd' INTO TABLE f_posts;", "outside it"),
    "source": (CREATES + b"SOURCE other.sql\n", "outside it"),
    "system": (CREATES + b"system rm -rf x\n", "outside it"),
    "shell": (CREATES + rb"\! touch x" + b"\n", "outside it"),
    "handler": (CREATES + b"HANDLER posts OPEN;\n", "unknown kind"),
    "two dumps": (DUMP + DUMP, "two dumps in one"),
    "rows removed": (DUMP + b"DELETE FROM `f_posts` WHERE id=1;", "two dumps in one"),
    "truncated table": (DUMP + b"TRUNCATE TABLE f_posts;", "two dumps in one"),
    "wrong software": (b"CREATE TABLE wp_options (a int);INSERT INTO wp_options VALUES (1);", "no forum of phpBB"),
    "part of a forum": (CREATE_POSTS, "only part of a forum of phpBB .it lacks topics"),
    "two forums": (CREATES + CREATES.replace(b"`f_", b"`g_"), "more than one forum"),
    "missing column": (b"CREATE TABLE f_posts (a int);" + CREATE_TOPICS, "table posts, column id"),
    "ends in a row": (DUMP[:-9], "ends inside a statement"),
    "ends in a head": (DUMP + b"INSERT INTO `f_po", "ends inside a statement"),
    "ends in a definition": (DUMP + b"CREATE TABLE `x` (`a` int", "ends inside a statement"),
    "ends in a setting": (DUMP + b"SET a=", "ends inside a statement"),
    "ends in a skipped statement": (DUMP + b"LOCK TABLES x", "ends inside a statement"),
    "ends in a comment": (DUMP + b"/* abc", "ends inside a comment"),
    "ends in a conditional comment": (DUMP + b"/*!40101 SET a=1;", "ends inside a comment"),
    "lacks its last line": (b"-- MySQL dump 10.13\n" + DUMP, "lacks the lines"),
    "lacks its date": (b"-- Adminer 4.8.1 MySQL 5.7 dump\n" + DUMP, "lacks the lines"),
    "lacks its settings": (b"/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE */;\n" + DUMP, "lacks the lines"),
    "stray end of comment": (DUMP + b"*/;", "unknown kind"),
    "delimiter without one": (DUMP + b"DELIMITER \n", "DELIMITER"),
    "use without a database": (DUMP + b"USE ;", "USE"),
    "renamed column": (CREATES + b"ALTER TABLE f_posts CHANGE author x int;" + INSERT, "neither CREATE TABLE"),
}  # fmt: skip


@pytest.mark.parametrize("kind", ERRORS)
def test_errors_say_where(reading, kind) -> None:
    dump, expected = ERRORS[kind]
    text = _error(reading, dump)
    assert re.search(expected, text), text


def test_the_offset_is_that_of_the_byte(reading) -> None:
    for padding in (0, 10, 5000, 2_000_000):
        dump = b"-- " + b"x" * padding + b"\n" + CREATES + INSERT.replace(b"'x',", b"'x'!,")
        assert f"byte {dump.index(b'!,'):,})" in _error(reading, dump)
        packed = zstandard.ZstdCompressor().compress(dump)
        assert f"byte {dump.index(b'!,'):,})" in _error(reading, packed)


TRUNCATIONS = ["ends in a row", "ends in a head", "ends in a definition", "ends in a comment", "lacks its last line"]


@pytest.mark.parametrize("kind", TRUNCATIONS)
def test_truncated_dumps_keep_complete_rows_if_allowed(reading, kind) -> None:
    found = reading(ERRORS[kind][0], allow_truncated=True)
    assert found.column("posts", "id") == ([1] if kind == "ends in a row" else [1, 4])
    assert [finding.code for finding in found.report.findings] == ["dump-truncated"]


def test_every_truncation_is_noticed_and_keeps_complete_rows(reading) -> None:
    dump = b"-- MySQL dump 10.13\n" + DUMP + TAIL
    assert reading(dump).report.findings == ()
    last = dump.index(b"-- Dump completed") + len(b"-- Dump completed")
    for length in range(len(CREATES) + 21, last):
        _error(reading, dump[:length])
        found = reading(dump[:length], allow_truncated=True)
        assert found.count("posts") == dump[:length].count(b"NULL,'5')") + dump[:length].count(b"NULL,'')")


def test_prefix_and_database_choose_among_forums(reading) -> None:
    other = DUMP.replace(b"f_", b"g_").replace(b"(1,2", b"(7,2")
    both = DUMP + other
    assert reading(both, prefix="g_").column("posts", "id") == [7, 4]
    assert reading(both, prefix="F_").column("posts", "id") == [1, 4]
    assert "check --prefix" in _error(reading, both, prefix="h_")
    twins = b"USE one;" + DUMP + b"USE `two`;" + DUMP.replace(b"(1,2", b"(7,2")
    assert "DATABASE.PREFIX" in _error(reading, twins)
    assert "DATABASE.PREFIX" in _error(reading, twins, prefix="f_")
    assert reading(twins, prefix="two.f_").column("posts", "id") == [7, 4]


def test_look_alikes_do_not_disturb(reading) -> None:
    """A table that only ends like a declared one is read, found malformed, and forgotten."""
    foreign = b"CREATE TABLE a_f_posts (id text, at text);INSERT INTO a_f_posts VALUES ('" + SECRET + b"','x');"
    bare = b"INSERT INTO `zz_topics` VALUES (1);"
    assert reading(foreign + bare + DUMP + bare).column("posts", "id") == [1, 4]
    extended = DUMP + CREATES.replace(b"`f_", b"`f_user")
    assert reading(extended).column("posts", "id") == [1, 4]


def test_software_is_detected_by_tables(reading, tmp_path) -> None:
    from dataclasses import replace

    other = replace(SOURCE, title="other", detect=("threads", "posts"))
    file = tmp_path / "other.sql"
    file.write_bytes(DUMP)
    assert detect_software(file, [other, SOURCE]) is SOURCE
    file.write_bytes(DUMP.replace(b"f_topics", b"f_threads"))
    assert detect_software(file, [other, SOURCE]) is other
    with pytest.raises(SourceError, match="--software"):
        detect_software("-", [SOURCE])
    with pytest.raises(SourceError, match="no forum"):
        detect_software(file, [SOURCE])


def test_a_pipe_is_read_once(tmp_path) -> None:
    code = (
        "import sys; from derive.dump.reading import SOURCE; from vestige.derive.dump import DumpReader\n"
        "reader = DumpReader('-', SOURCE); got = []\n"
        "reader.read(SOURCE.tables, lambda t, b: got.extend(b.column(0).to_pylist()))\n"
        "print(got)\n"
        "try: reader.read(SOURCE.tables, lambda t, b: None)\n"
        "except Exception as error: print(type(error).__name__)\n"
    )
    for data in (DUMP, *(pack(DUMP) for pack in PACK.values())):
        done = subprocess.run(
            [sys.executable, "-c", code], input=data, capture_output=True, check=True, env=_paths(), timeout=100
        )
        assert done.stdout.decode().splitlines() == ["[1, 4]", "SourceError"]


def _paths() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def test_interruption_passes_through_and_closes_the_file(reading) -> None:
    def stop(_step) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reading.reader(DUMP).read(SOURCE.tables, lambda *_: None, stop)


def test_progress_counts_bytes_and_rows(reading) -> None:
    steps = []
    reader = reading.reader(gzip.compress(DUMP))
    reader.read(SOURCE.tables, lambda *_: None, steps.append)
    assert steps[-1].done == steps[-1].total == len(gzip.compress(DUMP))
    assert (steps[-1].rows, steps[-1].unit, steps[-1].stage) == (2, "bytes", "read")


def test_dump_errors_are_dump_errors(reading) -> None:
    with pytest.raises(DumpError):
        reading(DUMP + b"x")
