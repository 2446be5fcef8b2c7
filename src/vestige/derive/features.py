"""What each package can supply, as a table, from the source files alone."""

from collections.abc import Iterator
from typing import Final

from vestige.dataset.schema import TABLES
from vestige.derive.contract import Source
from vestige.derive.opening import known_software, source_of

FEATURES: Final = tuple(name for name in TABLES if name not in {"forum", "external_event"})
"""Tables of the dataset; the rest is never in a forum's own records."""

SUPPLIED: Final = "yes"
DATED: Final = "dated"
LACKING: Final = "-"


def feature_rows() -> Iterator[tuple[str, ...]]:
    """A row a package: its name, then for each of FEATURES whether it supplies it.

    `dated` roles come, at least in part, from a log with dates; others are the state at the end alone.
    """
    for software in known_software():
        source = source_of(software)
        yield software.value, *(_feature(source, name) for name in FEATURES)


def _feature(source: Source, name: str) -> str:
    parts = source.assembly.get(name)
    if not parts:
        return LACKING
    dated = name == "role_spell" and any("'log'" in select for select in parts.values())
    return DATED if dated else SUPPLIED
