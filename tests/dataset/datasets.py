"""Small datasets for tests of the dataset package."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from vestige.dataset import ForumEntry, Manifest, TimeResolution, write_dataset
from vestige.dataset.arrow import arrow_schema
from vestige.dataset.schema import Software

WINDOW = (datetime.fromisoformat("2020-01-01"), datetime.fromisoformat("2020-12-31T23:59:59"))


def table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as Arrow in the schema of a table; what is left out is null."""
    schema = arrow_schema(name)
    return pa.Table.from_pydict({field: [row.get(field) for row in rows] for field in schema.names}, schema=schema)


def forum_row(forum: int = 0, code: str = "forum-a") -> dict[str, Any]:
    return {
        "forum": forum,
        "code": code,
        "software": "simulated",
        "window_start": WINDOW[0],
        "window_end": WINDOW[1],
    }


def manifest(**changes: Any) -> Manifest:
    settings: dict[str, Any] = {
        "forums": (ForumEntry(0, "forum-a", Software.SIMULATED),),
        "time_resolution": TimeResolution.SECOND,
    }
    return Manifest(**{**settings, **changes})


def write(path: Path, tables: dict[str, list[dict[str, Any]]], **changes: Any) -> Path:
    """Write rows as a dataset; a `forum` table is added where none is given."""
    rows = {"forum": [forum_row()], **tables}
    write_dataset(path, {name: table(name, part) for name, part in rows.items()}, manifest(**changes))
    return path
