"""A dump of every package that has a mapping, derived, is the forum as far as the package can hold it, without a word.

Nothing here knows a package: a mapping says what its dump holds (`vestige.simulate.packages`).
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from derive.commands import run, run_here
from derive.leaks import disclosed
from servers import MariadbServer, PostgresqlServer
from vestige.dataset.schema import TABLES
from vestige.derive.opening import source_of
from vestige.errors import SettingsError
from vestige.simulate import DumpLayout, DumpSettings, SimulatedForum, TextForm, preset_settings, simulate_forum
from vestige.simulate.calendar import UNKNOWN
from vestige.simulate.packages import (
    Package,
    held_tables,
    known_packages,
    package_canaries,
    package_of,
    package_settings,
    write_package_dump,
)

OF_MYSQL = tuple(name for name in known_packages() if package_of(name).layout is not DumpLayout.PG_DUMP)
OF_POSTGRESQL = tuple(name for name in known_packages() if name not in OF_MYSQL)
APART = frozenset({"vbulletin", "discourse"})
"""One of each reader is derived in a process apart, whose temporary files are searched as well."""
SHORTEST = 12
"""Shorter canaries could stand in a file by chance."""


@pytest.fixture(scope="module")
def forum() -> SimulatedForum:
    """Small, with more of what is rare than forums have."""
    settings = preset_settings("posting-groups", members=90, months=10)
    standing = replace(
        settings.standing, ban_hazard=0.06, promotion_hazard=0.2, warnings_per_post=0.01, acts_per_thread=0.8
    )
    posting = replace(settings.posting, deleted_share=0.04, unapproved_share=0.02)
    structure = replace(settings.structure, anonymous_votes_per_post=0.1)
    made = simulate_forum(settings=replace(settings, standing=standing, posting=posting, structure=structure), seed=7)
    spells = made.tables["role_spell"]
    ended = spells["role"][spells["end_at"] != UNKNOWN]
    assert len(set(ended.tolist())) > 1, "some role above registered ends"
    return made


def settings_of(package: Package, **changed: object) -> DumpSettings:
    return package_settings(package, DumpSettings(**{"layout": package.layout, "text_bytes": 40, **changed}))


@pytest.mark.parametrize("name", known_packages())
def test_derived_dump_is_what_the_package_holds_and_no_word_of_it(
    tmp_path: Path, forum: SimulatedForum, name: str
) -> None:
    package = package_of(name)
    dump = write(tmp_path / "dump", forum, package)
    assert_every_text_column_holds_its_canary(dump, forum, package)
    said = derive(tmp_path / "usual", dump, package, apart=name in APART)
    assert_no_word_is_disclosed(tmp_path, forum, package, said)
    held = held_tables(forum, package)
    derived = {file.stem: pq.read_table(file) for file in (tmp_path / "usual" / "derived").glob("*.parquet")}
    assert set(held) - set(derived) == set()
    for table, expected in held.items():
        assert rows_of(derived[table], expected, held, table) == rows_of(expected, expected, held, table), table
    if name in OF_MYSQL:
        changed = {"layout": DumpLayout.PHPMYADMIN, "text": TextForm.HEX, "crlf": True}
        derive(tmp_path / "other", write(tmp_path / "hex", forum, package, **changed), package)
        assert files(tmp_path / "other" / "derived") == files(tmp_path / "usual" / "derived")


def assert_no_word_is_disclosed(
    folder: Path, forum: SimulatedForum, package: Package, said: tuple[bytes, bytes]
) -> None:
    """None in the dataset, in what was said and in temporary files; in a map those of groups and sections only."""
    command = ("map", folder / "dump" / "forum.sql", "--software", package.software, "--out", folder / "names.toml")
    status, *mapped = run_here(*command)
    assert status == 0, mapped
    source, canaries = source_of(package.software), package_canaries(forum.seed, package)
    listed = [table for table in (source.group_table, source.section_table) if table is not None]
    named = {word for table, _, column in listed for word in canaries[f"{table}.{column}"]}
    others = {word for words in canaries.values() for word in words if len(word) >= SHORTEST} - named
    left = (folder / "usual" / "derived", folder / "usual" / "temporary", *said, *mapped)
    assert disclosed(others, folder / "names.toml", *left) == set()
    assert disclosed(named, *left) == set()
    entries = (folder / "names.toml").read_text(encoding="utf-8").count("[[section]]")
    sections = len(forum.tables["section"]["section"])
    assert entries == 0 if source.section_table is None else sections <= entries <= sections + 3


def write(place: Path, forum: SimulatedForum, package: Package, **changed: object) -> Path:
    """The dump, in a new folder."""
    place.mkdir()
    write_package_dump(place / "forum.sql", forum, package, settings=settings_of(package, **changed))
    return place / "forum.sql"


def derive(place: Path, source: Path | str, package: Package, *, apart: bool = False) -> tuple[bytes, bytes]:
    """Derive as a custodian would, here or in a process apart; what the command said."""
    (place / "temporary").mkdir(parents=True)
    entries = [f'[[group]]\nid = {number}\nrole = "{role}"\n' for number, role in package.own_groups.items()]
    (place / "map.toml").write_text("".join(entries), encoding="utf-8")
    key = place.parent / "key"
    if not key.exists():
        assert run_here("new-key", key)[0] == 0
    options = ("--software", package.software, "--map", place / "map.toml", "--time-resolution", "second")
    command = ("derive", source, "--out", place / "derived", "--key", key, "--forum", "simulated", *options)
    command = (*command, "--accept-fine-times", "--link-handles")
    status, output, error = run(place / "temporary", *command) if apart else run_here(*command)
    assert status == 0, error
    return output, error


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.glob("*.parquet")}


def rows_of(table: pa.Table, like: pa.Table, held: Mapping[str, pa.Table], name: str) -> list[tuple[object, ...]]:
    """Rows in a fixed order: ids as ranks, times as seconds; of roles those that are not `registered`."""
    columns = []
    for column in like.schema.names:
        values = table[column].to_pylist()
        declared = TABLES[name].column(column)
        entity = declared.references or (column if column == name else None)
        if table is like and entity is not None:
            rank = ranks(held, entity)
            values = [None if value is None else rank[value] for value in values]
        elif isinstance(next((value for value in values if value is not None), None), datetime):
            values = [None if value is None else int(value.replace(tzinfo=UTC).timestamp()) for value in values]
        columns.append(values)
    rows = sorted(zip(*columns, strict=True), key=repr)
    return [row for row in rows if name != "role_spell" or "registered" not in row]


def ranks(held: Mapping[str, pa.Table], entity: str) -> dict[int, int]:
    ids = sorted(set(held[entity][entity].to_pylist()))
    return {number: rank for rank, number in enumerate(ids)}


def assert_every_text_column_holds_its_canary(dump: Path, forum: SimulatedForum, package: Package) -> None:
    canaries, written = package_canaries(forum.seed, package), dump.read_bytes()
    missing = [column for column, words in canaries.items() if not any(word.encode() in written for word in words)]
    assert [column for column in missing if not is_given(package, *column.split("."))] == []
    assert len(missing) < len(canaries) / 4


def is_given(package: Package, table: str, column: str) -> bool:
    """Whether the mapping says what stands in a column: codes and lists of numbers hold no words."""
    return re.search(rf"\b{column}\b", package.tables[table].rows or "") is not None


@pytest.mark.mariadb
@pytest.mark.xdist_group("mariadb")
@pytest.mark.parametrize("name", OF_MYSQL)
def test_a_server_restores_it_and_the_live_database_gives_the_same_dataset(
    mariadb: MariadbServer, tmp_path: Path, forum: SimulatedForum, name: str
) -> None:
    package = package_of(name)
    dump = write(tmp_path / "dump", forum, package)
    database = f"simulated_{name.replace('-', '_')}"
    mariadb.run(f"CREATE DATABASE {database}")
    mariadb.run(dump.read_bytes(), database)
    tables = mariadb.run(f"SELECT count(*) FROM information_schema.tables WHERE table_schema = '{database}'", database)
    assert int(tables) == len(package.tables)
    address = f"mysql://{mariadb.account}@/{database}?socket={mariadb.socket}"
    assert_live_gives_the_same_dataset(tmp_path, dump, address, package)


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
@pytest.mark.parametrize("name", OF_POSTGRESQL)
def test_postgresql_restores_it_and_the_live_database_gives_the_same_dataset(
    postgresql: PostgresqlServer, tmp_path: Path, forum: SimulatedForum, name: str
) -> None:
    package = package_of(name)
    dump = write(tmp_path / "dump", forum, package)
    postgresql.run(f"CREATE DATABASE simulated_{name}")
    postgresql.run(dump.read_text(encoding="utf-8"), f"simulated_{name}")
    address = f"postgresql://{postgresql.account}@/simulated_{name}?socket={postgresql.socket}"
    assert_live_gives_the_same_dataset(tmp_path, dump, address, package)


def assert_live_gives_the_same_dataset(folder: Path, dump: Path, address: str, package: Package) -> None:
    derive(folder / "usual", dump, package)
    derive(folder / "live", address, package)
    assert files(folder / "live" / "derived") == files(folder / "usual" / "derived")


def test_a_program_that_does_not_dump_the_package_is_refused() -> None:
    with pytest.raises(SettingsError, match="layout"):
        package_settings(package_of("vbulletin"), DumpSettings(layout=DumpLayout.PG_DUMP))


def test_same_seed_same_bytes(tmp_path: Path, forum: SimulatedForum) -> None:
    package = package_of("vbulletin")
    for name in ("first", "second"):
        write_package_dump(tmp_path / name, forum, package, settings=settings_of(package))
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    ids = write_package_dump(tmp_path / "third", forum, package, settings=settings_of(package))
    assert (np.diff(ids.post) > 0).all()
    assert ids.post[-1] > len(ids.post)
