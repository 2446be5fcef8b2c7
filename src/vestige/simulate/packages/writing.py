"""A synthetic forum as a dump of any package that has a mapping."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from vestige.errors import SettingsError
from vestige.progress import Progress, ignore_progress
from vestige.simulate.dump_file import TableRows, column_canaries, dump_chunks, single_canaries, write_chunks
from vestige.simulate.dump_layout import DumpSettings
from vestige.simulate.dump_tables import DumpTable
from vestige.simulate.forum import SimulatedForum
from vestige.simulate.packages.package import HELD, Package
from vestige.simulate.packages.truth_views import number_entities, open_truth
from vestige.simulate.phpbb_accounts import SourceIds
from vestige.simulate.sql_rows import Queried, Value

_FILLER = "SELECT n FROM filler"


def package_canaries(seed: int, package: Package) -> dict[str, set[str]]:
    """Every canary of every text column of a package's dump, by "table.column"."""
    tables = package.dump_tables()
    found = {name: {word} for name, word in column_canaries(seed, tables).items()}
    for name, words in single_canaries(seed, tables).items():
        found[name] |= set(words)
    return found


def write_package_dump(
    file: str | Path,
    forum: SimulatedForum,
    package: Package,
    *,
    settings: DumpSettings | None = None,
    progress: Progress = ignore_progress,
) -> SourceIds:
    """Write a dump of a package's database that holds as much of the forum as the package can hold.

    Args:
        file: where to write; an existing file is replaced.
        forum: the forum.
        package: the package's mapping.
        settings: layout, quoting, length of texts; the package's usual ones if None.
        progress: called with the bytes written.

    Returns:
        The ids in the dump, by dense id of the forum.

    Raises:
        SettingsError: no program dumps that package's database in that layout.
    """
    settings = package_settings(package, settings)
    tables = package.dump_tables()
    ids = number_entities(forum, package)
    rows = _rows(forum, package, tables, ids)
    chunks = dump_chunks(forum.seed, tables, rows, settings, bodies=package.bodies, seldom_filled=package.seldom_filled)
    write_chunks(Path(file), chunks, settings, progress)
    return ids


def package_settings(package: Package, settings: DumpSettings | None = None) -> DumpSettings:
    """What the dump looks like, with the package's own layout and prefix where none were chosen.

    Raises:
        SettingsError: no program dumps that package's database in that layout.
    """
    settings = settings or DumpSettings(layout=package.layout)
    if settings.layout not in package.layouts:
        known = ", ".join(sorted(package.layouts))
        raise SettingsError(f"no dump of {package.software} has that layout", hint=f"choose one of {known}")
    return settings if settings.prefix is not None else replace(settings, prefix=package.prefix)


def held_tables(forum: SimulatedForum, package: Package) -> dict[str, pa.Table]:
    """The dataset's tables as far as the package can hold them, with the dump's ids and seconds since the epoch."""
    ids = number_entities(forum, package)
    canaries = column_canaries(forum.seed, package.dump_tables())
    selects = {name: package.held.get(name, select) for name, select in HELD.items()}
    with closing(open_truth(forum, ids, canaries)) as truth:
        return {name: truth.sql(select).to_arrow_table() for name, select in selects.items() if select}


def _rows(
    forum: SimulatedForum, package: Package, tables: tuple[DumpTable, ...], ids: SourceIds
) -> Mapping[str, TableRows]:
    canaries = column_canaries(forum.seed, tables)
    rows = {}
    with closing(open_truth(forum, ids, canaries)) as truth:
        for table in tables:
            select = package.tables[table.name].rows
            found = truth.sql(select or _FILLER).to_arrow_table()
            key = next(
                (column.name for column in table.columns if column.default is None and not column.nullable), None
            )
            values: dict[str, Value] = {}
            if select is not None:
                unknown = set(found.column_names) - {column.name for column in table.columns}
                if unknown:
                    raise KeyError(f"{table.name} has no column {', '.join(sorted(unknown))}")
                values = {name: Queried(found[name].combine_chunks()) for name in found.column_names}
            if key is not None and key not in values and not _has_room(table, key):
                values[key] = np.arange(1, found.num_rows + 1)
            rows[table.name] = TableRows(found.num_rows, values)
    return rows


def _has_room(table: DumpTable, name: str) -> bool:
    return any(column.name == name and column.room for column in table.columns)
