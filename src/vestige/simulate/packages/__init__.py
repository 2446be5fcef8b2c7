"""Synthetic forums as dumps of forum packages: one mapping a package, one engine for all.

To add a package, write `<package>.py` with one `Package` and name it in `_PACKAGES` below; nothing else.

1. **Tables.** For every table that the source file reads, and for a few that it must skip (sessions, drafts, logs),
   a `PackageTable`: its columns as the software creates them, in the short form that `dump_tables.py` describes, text
   columns above all. A text column that the SELECT leaves alone is filled by itself with hostile texts that begin with
   the column's canary; a number is left at its default.
2. **Rows.** Its second half is a DuckDB SELECT over the truth (tables and macros are listed in `truth_views.py`), with
   the package's column names: `SELECT post AS pid, thread AS tid, at AS dateline FROM post`. Ids are the dump's
   already; times are seconds, `moment(at)` makes a DATETIME; a name is `text_of('users.username') || member`, so that
   it holds a canary and is unique. Give a package what real ones hold: shadows of moved threads, the sender's own copy
   of a message, bans that name nobody, columns of other rows that hold names.
3. **What it can hold.** `held` says how the derived dataset differs from the truth (`HELD` in `package.py` where it
   does not): a SELECT in the dataset's columns, `NULL` for what the package lacks, "" for a table it cannot hold.
4. `tests/simulate/test_packages.py` then writes, derives, compares and searches for canaries, without a line added.

`vestige simulate --as <package>-dump` works from then on.
"""

from importlib import import_module
from typing import Final

from vestige.errors import SettingsError
from vestige.simulate.packages.package import Package
from vestige.simulate.packages.writing import held_tables, package_canaries, package_settings, write_package_dump

_PACKAGES: Final = {
    "mybb": ("mybb", "MYBB"),
    "phpbb2": ("phpbb2", "PHPBB2"),
    "vbulletin": ("vbulletin", "VBULLETIN"),
    "vbulletin5": ("vbulletin5", "VBULLETIN5"),
    "xenforo": ("xenforo", "XENFORO"),
    "xenforo1": ("xenforo", "XENFORO_1"),
    "discourse": ("discourse", "DISCOURSE"),
    "flarum": ("flarum", "FLARUM"),
    "vanilla": ("vanilla", "VANILLA"),
    "smf": ("smf", "SMF"),
}
"""Module here and name of the mapping, by the package's name on the command line."""


def known_packages() -> tuple[str, ...]:
    """The packages whose dumps can be written from a mapping."""
    return tuple(_PACKAGES)


def package_of(name: str) -> Package:
    """A package's mapping.

    Raises:
        SettingsError: there is none of that name.
    """
    if name not in _PACKAGES:
        raise SettingsError("no dump of that package can be written", hint=f"choose one of {', '.join(_PACKAGES)}")
    module, attribute = _PACKAGES[name]
    package: Package = getattr(import_module(f"vestige.simulate.packages.{module}"), attribute)
    return package


__all__ = [
    "Package",
    "held_tables",
    "known_packages",
    "package_canaries",
    "package_of",
    "package_settings",
    "write_package_dump",
]
