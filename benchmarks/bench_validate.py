"""Validation of 20 million posts beside DuckDB only counting them by member and month in the same run."""

import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from vestige.dataset import ForumEntry, Manifest, TimeResolution, validate_dataset, write_dataset
from vestige.dataset.arrow import arrow_schema
from vestige.dataset.duckdb_session import duckdb_session, quoted_file
from vestige.dataset.schema import Software

POSTS, MEMBERS, THREADS = 20_000_000, 200_000, 1_500_000
HOUR = 3_600_000_000
START = 400_000 * HOUR


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        dataset = Path(folder) / "dataset"
        write_dataset(dataset, tables(), manifest())
        count = (
            "SELECT count(*) FROM (SELECT author, date_trunc('month', \"at\"), count(*) "
            f"FROM read_parquet({quoted_file(dataset / 'post.parquet')}) GROUP BY ALL)"
        )
        result, wall, processor = timed(lambda: validate_dataset(dataset))
        print(result.summary())
        _, count_wall, count_processor = timed(lambda: duckdb_session().execute(count).fetchall())
        size = sum(file.stat().st_size for file in dataset.iterdir()) / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{'':24}{'wall s':>8}{'CPU s':>8}")
    print(f"{'validate':24}{wall:8.1f}{processor:8.1f}")
    print(f"{'count by member, month':24}{count_wall:8.1f}{count_processor:8.1f}")
    print(f"ratio {processor / count_processor:.1f} in CPU time; {size:.0f} MB of Parquet; peak memory {peak:.1f} GB")


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    wall, processor = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - wall, time.process_time() - processor


def manifest() -> Manifest:
    return Manifest((ForumEntry(0, "bench", Software.SIMULATED),), TimeResolution.HOUR, codes={"section.kind": ("a",)})


def tables() -> dict[str, pa.Table]:
    rng = np.random.default_rng(1)
    ids = np.arange(POSTS)
    forum = {
        "code": ["bench"],
        "software": ["simulated"],
        "window_start": [START],
        "window_end": [START + 50_000 * HOUR],
    }
    member = {
        "member": np.arange(MEMBERS),
        "pseudonym": [f"{number:032x}" for number in range(MEMBERS)],
        "kind": pa.repeat("member", MEMBERS),
    }
    thread = {
        "thread": np.arange(THREADS),
        "section": np.zeros(THREADS, np.int64),
        "starter": rng.integers(0, MEMBERS, THREADS),
        "state": pa.repeat("visible", THREADS),
    }
    post = {
        "post": ids,
        "seq": ids,
        "thread": rng.integers(0, THREADS, POSTS),
        "author": rng.integers(0, MEMBERS, POSTS),
        "at": START + (ids // 400) * HOUR,
        "is_opening": np.zeros(POSTS, bool),
        "parent_post": pa.array(np.maximum(ids - 7, 0), mask=ids % 3 > 0),
        "state": pa.repeat("visible", POSTS),
        "attachments": np.zeros(POSTS, np.int64),
    }
    section = {"section": [0], "kind": ["a"]}
    given = {"forum": forum, "member": member, "section": section, "thread": thread, "post": post}
    return {name: table(name, columns) for name, columns in given.items()}


def table(name: str, columns: dict[str, object]) -> pa.Table:
    """Columns in the schema's types; what is not given is null, and the forum is 0."""
    rows = len(next(iter(columns.values())))
    arrays = []
    for field in arrow_schema(name):
        values = np.zeros(rows, np.int64) if field.name == "forum" else columns.get(field.name)
        plain = pa.nulls(rows, field.type) if values is None else pa.array(values)
        arrays.append(plain.cast(field.type))
    return pa.Table.from_arrays(arrays, schema=arrow_schema(name))


if __name__ == "__main__":
    main()
