"""A forum of 2 million posts, 100,000 members and 50,000 threads with heavy tails, for benchmarks of networks.

Activity and thread length are lognormal, and writers come back to a thread. The three figures below were chosen so that
the network has the size for which the goal of a minute was set (352 million pairs in all threads, 9.4 million ties with
threads over 200 members left out): here 348 million pairs, a pair counting once a thread, and 9.35 million ties between
different members. Made once into `.bench/`.
"""

from hashlib import blake2b
from pathlib import Path

import numpy as np
import pyarrow as pa

from vestige.dataset import ForumEntry, Manifest, TimeResolution, write_dataset
from vestige.dataset.arrow import arrow_schema
from vestige.dataset.schema import TABLES, Software

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".bench" / "network-2m-posts"
POSTS, MEMBERS, THREADS = 2_000_000, 100_000, 50_000
ACTIVITY_SPREAD, LENGTH_SPREAD = 2.25, 2.43
RETURNS = 0.62
"""Share of posts by somebody who wrote shortly before in the same thread."""
WINDOW = (np.datetime64("2018-01-01", "us"), np.datetime64("2021-12-31", "us"))
PARENT_WITHIN = 20


def large_forum(folder: Path = FOLDER, posts: int = POSTS, members: int = MEMBERS, threads: int = THREADS) -> Path:
    """The dataset's folder; made if it is not there."""
    if not folder.exists():
        folder.parent.mkdir(exist_ok=True)
        write_dataset(folder, _tables(posts, members, threads), _manifest())
    return folder


def _tables(posts: int, members: int, threads: int) -> dict[str, pa.Table]:
    generator = np.random.default_rng(7)
    author, must = _drawn(generator, members, posts, ACTIVITY_SPREAD)
    thread, _ = _drawn(generator, threads, posts, LENGTH_SPREAD)
    start, end = (moment.astype(np.int64) for moment in WINDOW)
    opened = generator.integers(start, end - 30 * 86_400_000_000, threads)
    at = opened[thread] + (generator.exponential(6.0, posts) * 86_400_000_000).astype(np.int64)
    order = np.lexsort((at, thread))
    thread, at, author, must = thread[order], np.minimum(at[order], end), author[order], must[order]
    opening = np.concatenate([[True], thread[1:] != thread[:-1]])
    first = np.maximum.accumulate(np.where(opening, np.arange(posts), 0))
    parent = np.maximum(first, np.arange(posts) - generator.integers(1, PARENT_WITHIN, posts))
    number = np.arange(posts)
    back = np.maximum(first, number - generator.integers(1, PARENT_WITHIN, posts))
    writer = np.where((generator.random(posts) < RETURNS) & ~must, back, number)
    for _ in range(12):
        writer = writer[writer]
    author = author[writer]
    sequence = np.empty(posts, dtype=np.int64)
    sequence[np.argsort(at, kind="stable")] = number
    starters = np.zeros(threads, dtype=np.int64)
    starters[thread[opening]] = author[opening]
    return {
        "forum": _filled("forum", 1, {"code": ["forum-a"], "software": [Software.SIMULATED.value],
                                      "window_start": WINDOW[:1], "window_end": WINDOW[1:]}),
        "member": _filled("member", members, {
            "member": np.arange(members), "pseudonym": [_pseudonym(member) for member in range(members)],
            "kind": np.repeat("member", members),
        }),
        "thread": _filled("thread", threads, {
            "thread": np.arange(threads), "starter": starters, "created_at": opened.astype("datetime64[us]"),
            "state": np.repeat("visible", threads),
        }),
        "post": _filled("post", posts, {
            "post": number, "seq": sequence, "thread": thread, "author": author, "at": at.astype("datetime64[us]"),
            "is_opening": opening, "parent_post": pa.array(parent, mask=opening), "state": np.repeat("visible", posts),
        }),
    }  # fmt: skip


def _drawn(generator: np.random.Generator, count: int, size: int, spread: float) -> tuple[np.ndarray, np.ndarray]:
    """Numbers below `count` drawn with lognormal weights, each at least once; and which draws see to that."""
    weights = generator.lognormal(0.0, spread, count)
    drawn = np.concatenate([np.arange(count), generator.choice(count, size - count, p=weights / weights.sum())])
    order = generator.permutation(size)
    return drawn[order], (np.arange(size) < count)[order]


def _pseudonym(member: int) -> str:
    return blake2b(b"%d" % member, digest_size=16).hexdigest()


def _filled(name: str, rows: int, columns: dict[str, object]) -> pa.Table:
    """A table with what is given, null or 0 elsewhere."""
    schema = arrow_schema(name)
    arrays = []
    for column in TABLES[name].columns:
        kind = schema.field(column.name).type
        if column.name in columns:
            arrays.append(pa.array(columns[column.name], kind))
        elif column.nullable:
            arrays.append(pa.nulls(rows, kind))
        else:
            arrays.append(pa.array(np.zeros(rows, dtype=np.int64)).cast(kind))
    return pa.Table.from_arrays(arrays, schema=schema)


def _manifest() -> Manifest:
    return Manifest((ForumEntry(0, "forum-a", Software.SIMULATED),), TimeResolution.SECOND, codes={"section.kind": ()})
