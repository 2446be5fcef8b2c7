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
COUNTED: Final = "counted"
LEGEND: Final = "dated: at least in part from a log with dates; counted: how often, not by whom."
"""What those words say to a reader."""
LACKING: Final = "-"


def feature_rows() -> Iterator[tuple[str, ...]]:
    """A row a package: its name, then for each of FEATURES whether it supplies it.

    `dated` roles come, at least in part, from a log with dates; others are the state at the end alone. `counted`
    downloads are a number beside each object, without who and when.
    """
    for software in known_software():
        source = source_of(software)
        yield software.value, *(_feature(source, name) for name in FEATURES)


def _feature(source: Source, name: str) -> str:
    parts = source.assembly.get(name)
    if not parts:
        objects = source.assembly.get("object", {}).values() if name == "download" else ()
        return COUNTED if any("downloads" in select for select in objects) else LACKING
    dated = name == "role_spell" and any("'log'" in select for select in parts.values())
    return DATED if dated else SUPPLIED
