"""`describe` on 20 million posts beside DuckDB alone counting them by member and month. Goal: under 8 s on 2 cores."""

import resource
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from vestige import open_dataset
from vestige.activity import describe_dataset
from vestige.dataset import ForumEntry, Manifest, TimeResolution, write_dataset
from vestige.dataset.arrow import arrow_schema
from vestige.dataset.schema import MemberKind, Software, State

FOLDER = Path(".bench") / "describe-20m"
MEMBERS, POSTS, THREADS, SECTIONS = 1_000_000, 20_000_000, 500_000, 40
FIRST, MONTHS = np.datetime64("2016-01-01", "us"), 60
BATCH = 1_000_000


def main() -> None:
    """Make the dataset once, then time both."""
    if not FOLDER.exists():
        make_dataset(FOLDER)
    size = (FOLDER / "post.parquet").stat().st_size / 1e6
    print(f"{POSTS:,} posts of {MEMBERS:,} members, {size:,.0f} MB of Parquet")
    print(f"{'':34}{'seconds':>9}{'CPU s':>9}{'ratio':>9}")
    bare = _timed("DuckDB alone, by member and month", _count_alone)
    ours = _timed("describe_dataset", _describe)
    print(f"{'describe / DuckDB alone':34}{'':18}{ours / bare:9.1f}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB")


def _timed(name: str, work: object) -> float:
    assert callable(work)
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{name:34}{wall:9.2f}{cpu:9.2f}", flush=True)
    return wall


def _count_alone() -> None:
    file = str(FOLDER / "post.parquet")
    counts = "SELECT author, date_trunc('month', \"at\") AS month, count(*) AS n FROM read_parquet(?) GROUP BY ALL"
    duckdb.connect().execute(f"SELECT count(*), sum(n) FROM ({counts})", [file]).fetchall()


def _describe() -> None:
    with open_dataset(FOLDER) as dataset:
        print(len(describe_dataset(dataset, seed=1).summary().splitlines()), "sentences", end="; ")


def make_dataset(folder: Path) -> None:
    """A forum whose activity is heavy-tailed and grows, written in batches."""
    folder.parent.mkdir(exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    generator = np.random.default_rng(1)
    window = (FIRST, np.datetime64("2020-12-31T23:59:59", "us"))
    tables = {
        "forum": _table(
            "forum",
            1,
            forum=[0],
            code=["bench"],
            software=["simulated"],
            window_start=[window[0]],
            window_end=[window[1]],
        ),
        "member": _members(generator),
        "section": _table(
            "section", SECTIONS, section=np.arange(SECTIONS), kind=[f"section-{place + 1}" for place in range(SECTIONS)]
        ),
        "thread": _threads(generator),
        "post": _posts(generator),
    }
    codes = {"section.kind": tuple(f"section-{place + 1}" for place in range(SECTIONS))}
    manifest = Manifest((ForumEntry(0, "bench", Software.SIMULATED),), TimeResolution.HOUR, codes=codes)
    write_dataset(folder, tables, manifest)


def _table(name: str, rows: int, **given: object) -> pa.Table:
    """A table whose columns that are not given are null, or zero where null is not allowed."""
    columns = {}
    for field in arrow_schema(name):
        if field.name in given:
            columns[field.name] = pa.array(given[field.name], field.type)
        elif field.nullable:
            columns[field.name] = pa.nulls(rows, field.type)
        else:
            columns[field.name] = pa.array(np.zeros(rows, np.int64), pa.int64()).cast(field.type)
    return pa.table(columns)


def _times(generator: np.random.Generator, rows: int) -> np.ndarray:
    hours = np.sqrt(generator.random(rows)) * MONTHS * 30.4 * 24
    return FIRST + hours.astype(np.int64) * np.timedelta64(3_600_000_000, "us")


def _members(generator: np.random.Generator) -> pa.Table:
    ids = np.arange(MEMBERS)
    kinds = np.full(MEMBERS, MemberKind.MEMBER.value, object)
    kinds[0] = MemberKind.GUEST.value
    pseudonyms = [f"{place:032x}" for place in range(MEMBERS)]
    return _table(
        "member", MEMBERS, member=ids, pseudonym=pseudonyms, registered_at=_times(generator, MEMBERS), kind=kinds
    )


def _threads(generator: np.random.Generator) -> pa.Table:
    return _table(
        "thread",
        THREADS,
        thread=np.arange(THREADS),
        section=generator.integers(0, SECTIONS, THREADS),
        starter=_authors(generator, THREADS),
        created_at=_times(generator, THREADS),
        state=[State.VISIBLE.value] * THREADS,
    )


def _authors(generator: np.random.Generator, rows: int) -> np.ndarray:
    """Heavy-tailed: a third of the members ever write, the busiest write most."""
    return (MEMBERS / 3 * generator.random(rows) ** 4).astype(np.int64)


def _posts(generator: np.random.Generator) -> Iterator[pa.RecordBatch]:
    for start in range(0, POSTS, BATCH):
        table = _table(
            "post",
            BATCH,
            post=np.arange(start, start + BATCH),
            seq=np.arange(start, start + BATCH),
            thread=generator.integers(0, THREADS, BATCH),
            section=generator.integers(0, SECTIONS, BATCH),
            author=_authors(generator, BATCH),
            at=_times(generator, BATCH),
            is_opening=np.zeros(BATCH, bool),
            state=[State.VISIBLE.value] * BATCH,
        )
        yield from table.to_batches()


if __name__ == "__main__":
    main()
