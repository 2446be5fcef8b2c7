"""The dump: every layout holds the same rows, every text column a canary, and a server would restore it."""

import gzip
import lzma
import re
from pathlib import Path

import numpy as np
import pytest
import zstandard

from servers import MariadbServer
from vestige.errors import SettingsError
from vestige.simulate import (
    Compression,
    DumpLayout,
    DumpSettings,
    InsertVerb,
    PhpbbVersion,
    SimulatedForum,
    TextForm,
    dump_canaries,
    preset_settings,
    row_canaries,
    simulate_forum,
    write_phpbb_dump,
)
from vestige.simulate.hostile_text import CANARY_LETTERS, HOSTILE
from vestige.simulate.phpbb_tables import phpbb_tables

LAYOUTS = {
    **{layout.value: DumpSettings(layout=layout) for layout in DumpLayout if layout is not DumpLayout.PG_DUMP},
    "crlf": DumpSettings(crlf=True),
    "hex": DumpSettings(text=TextForm.HEX),
    "binary": DumpSettings(text=TextForm.BINARY, verb=InsertVerb.INSERT_IGNORE),
    "no-backslash": DumpSettings(backslash_escapes=False, layout=DumpLayout.MARIADB_DUMP),
    "3.0": DumpSettings(version=PhpbbVersion.V30, column_lists=True, verb=InsertVerb.REPLACE),
    "short-statements": DumpSettings(statement_bytes=1, prefix="f2_"),
}
BACKSLASH = rb"'(?:[^'\\]|\\.|'')*'"
NO_BACKSLASH = rb"'(?:[^']|'')*'"


@pytest.fixture(scope="module")
def forum() -> SimulatedForum:
    return simulate_forum(settings=preset_settings("posting-groups", members=60, months=12), seed=7)


def write(folder: Path, forum: SimulatedForum, settings: DumpSettings) -> bytes:
    file = folder / "forum.sql"
    write_phpbb_dump(file, forum, settings=settings)
    return file.read_bytes()


def parse(dump: bytes, settings: DumpSettings) -> dict[str, list[list[bytes]]]:
    """A reader that shares no code with the writer: one pass of a regular expression over the whole file."""
    quoted = BACKSLASH if settings.backslash_escapes else NO_BACKSLASH
    parts = (quoted, rb"`[^`]*`", rb"--[^\n]*", rb"/\*.*?\*/", rb'"[^"]*"', rb"0x[0-9A-F]+", rb"-?\w+", rb"[(),;]")
    tables: dict[str, list[list[bytes]]] = {}
    rows: list[list[bytes]] | None = None
    statement, name = b"", ""
    for match in re.finditer(b"|".join(parts), dump, re.DOTALL):
        word = match[0]
        if word == b";":
            statement = b""
        elif statement == b"" and not word.startswith((b"--", b"/*")):
            statement, name, rows = word, "", None
        elif statement in {b"INSERT", b"REPLACE"}:
            if word.startswith(b"`") and not name:
                name = word.decode().strip("`").removeprefix(settings.prefix or "phpbb_")
            elif word == b"VALUES":
                rows = tables.setdefault(name, [])
            elif rows is not None and word == b"(":
                rows.append([])
            elif rows is not None and word not in {b")", b",", b"_binary"}:
                rows[-1].append(word)
    return tables


def place_of(settings: DumpSettings, table: str, *names: str) -> list[int]:
    columns = {known.name: known for known in phpbb_tables(settings.version)}[table].columns
    return [[column.name for column in columns].index(name) for name in names]


def numbers(tables: dict[str, list[list[bytes]]], settings: DumpSettings, table: str, *names: str) -> np.ndarray:
    place = place_of(settings, table, *names)
    width = {known.name: len(known.columns) for known in phpbb_tables(settings.version)}[table]
    assert {len(row) for row in tables[table]} == {width}
    return np.array([[int(row[index]) for index in place] for row in tables[table]])


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_holds_the_forum_and_a_canary_in_every_text_column(
    tmp_path: Path, forum: SimulatedForum, name: str
) -> None:
    settings = LAYOUTS[name]
    ids = write_phpbb_dump(tmp_path / "forum.sql", forum, settings=settings)
    dump = (tmp_path / "forum.sql").read_bytes()
    assert missing_canaries(dump, forum, settings) == []
    tables = parse(dump, settings)
    posts = forum.tables["post"]
    visible = "post_visibility" if settings.version is PhpbbVersion.V33 else "post_approved"
    found = numbers(tables, settings, "posts", "post_id", "topic_id", "forum_id", "poster_id", "post_time", visible)
    assert np.array_equal(found[:, 0], ids.post)
    assert np.array_equal(found[:, 1], ids.thread[posts["thread"]])
    assert np.array_equal(found[:, 2], ids.section[posts["section"]])
    assert np.array_equal(found[:, 3], ids.member[posts["author"]])
    assert np.array_equal(found[:, 4], posts["at"])
    states = np.array([1, 0, 2]) if settings.version is PhpbbVersion.V33 else np.array([1, 0, 1])
    assert np.array_equal(found[:, 5], states[posts["state"]])
    users = numbers(tables, settings, "users", "user_id", "user_regdate")
    assert np.array_equal(users[:, 0], np.unique(ids.member))
    assert np.array_equal(users[1:, 1], forum.tables["member"]["registered_at"][2:])
    held = numbers(tables, settings, "privmsgs_to", "msg_id", "user_id", "folder_id")
    received = held[held[:, 2] == 0]
    assert sorted(map(tuple, received[:, :2])) == sorted(
        zip(
            ids.message[forum.tables["message"]["message"]],
            ids.member[forum.tables["message"]["recipient"]],
            strict=True,
        )
    )


def missing_canaries(dump: bytes, forum: SimulatedForum, settings: DumpSettings) -> list[str]:
    canaries = dump_canaries(forum.seed, settings)
    assert len(set(canaries.values())) == len(canaries)
    return [name for name, token in canaries.items() if written(token.encode(), settings) not in dump]


def written(text: bytes, settings: DumpSettings) -> bytes:
    return text.hex().upper().encode() if settings.text is TextForm.HEX else text


def test_single_rows_hold_canaries_of_their_own(tmp_path: Path, forum: SimulatedForum) -> None:
    dump = write(tmp_path, forum, DumpSettings())
    tokens = row_canaries(forum.seed, DumpSettings())["posts.post_text"]
    assert [dump.count(token.encode()) for token in tokens] == [1] * len(tokens)


def test_every_wide_text_column_has_a_canary() -> None:
    settings = DumpSettings()
    canaries = dump_canaries(1, settings)
    for table in phpbb_tables(settings.version):
        for column in table.columns:
            assert (f"{table.name}.{column.name}" in canaries) == (column.room >= 6)
    assert not set("".join(canaries.values())) - set(CANARY_LETTERS)


def test_hostile_texts_are_in_the_posts(tmp_path: Path, forum: SimulatedForum) -> None:
    dump = write(tmp_path, forum, DumpSettings(text=TextForm.HEX, text_bytes=200))
    assert [text for text in HOSTILE if text.hex().upper().encode() not in dump] == []
    longest = max(len(match) for match in re.findall(rb"0x[0-9A-F]+", dump))
    assert longest > 400_000


def test_posts_have_the_length_asked_for(tmp_path: Path) -> None:
    made = simulate_forum(settings=preset_settings("posting-groups", members=400, months=12), seed=1)
    settings = DumpSettings(text_bytes=700, text=TextForm.HEX)
    rows = parse(write(tmp_path, made, settings), settings)["posts"]
    (place,) = place_of(settings, "posts", "post_text")
    lengths = np.array([(len(row[place]) - 2) / 2 for row in rows])
    assert 600 < np.median(lengths[lengths < 10_000]) + 100 < 900
    assert 650 < lengths[lengths < 10_000].mean() < 800


@pytest.mark.parametrize(
    ("compression", "unpack"),
    [
        (Compression.GZIP, gzip.decompress),
        (Compression.XZ, lzma.decompress),
        (Compression.ZSTANDARD, lambda packed: zstandard.ZstdDecompressor().decompressobj().decompress(packed)),
    ],
)
def test_packing_keeps_every_byte(tmp_path: Path, forum: SimulatedForum, compression: Compression, unpack) -> None:
    plain = write(tmp_path, forum, DumpSettings())
    packed = write(tmp_path, forum, DumpSettings(compression=compression))
    assert unpack(packed) == plain
    assert write(tmp_path, forum, DumpSettings(compression=compression)) == packed


@pytest.mark.mariadb
@pytest.mark.xdist_group("mariadb")
@pytest.mark.parametrize("name", ["mysqldump", "phpmyadmin", "hex"])
def test_a_server_restores_it(mariadb: MariadbServer, tmp_path: Path, forum: SimulatedForum, name: str) -> None:
    database = f"simulated_{name.replace('-', '_')}"
    mariadb.run(f"CREATE DATABASE {database}")
    mariadb.run(write(tmp_path, forum, LAYOUTS[name]), database)
    posts = forum.tables["post"]
    counted = mariadb.run("SELECT count(*), sum(post_time), sum(post_visibility = 1) FROM phpbb_posts", database)
    assert [int(value) for value in counted.split()] == [
        len(posts["at"]),
        posts["at"].sum(),
        (posts["state"] == 0).sum(),
    ]
    names = mariadb.run("SELECT count(*), count(DISTINCT username_clean) FROM phpbb_users", database).split()
    assert names == [str(len(forum.tables["member"]["member"]) - 1).encode()] * 2


def test_an_empty_forum_has_a_whole_dump(tmp_path: Path) -> None:
    made = simulate_forum(settings=preset_settings("posting-groups", members=1, months=1), seed=0)
    dump = write(tmp_path, made, DumpSettings())
    assert dump.count(b"CREATE TABLE") == len(phpbb_tables(PhpbbVersion.V33))
    assert dump.endswith(b"-- Dump completed on 2020-01-01  0:00:00\n")


def test_prefix_with_sql_in_it_is_refused() -> None:
    with pytest.raises(SettingsError, match="prefix"):
        DumpSettings(prefix="x`; DROP")
