"""A dataset large enough that figures survive the disclosure policy, and its report."""

import numpy as np
import pyarrow as pa
import pytest

from tables import arrow_of
from vestige import open_dataset
from vestige.dataset import ForumEntry, Manifest, TimeResolution, write_dataset
from vestige.dataset.arrow import arrow_schema
from vestige.dataset.schema import Software
from vestige.report import build_report

MEMBERS, POSTS, SECTIONS = 1_500, 12_000, 3


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """1,500 members, 12,000 posts over a year, downloads, three kinds of section."""
    generator = np.random.default_rng(7)
    path = tmp_path_factory.mktemp("report") / "dataset"
    start = np.datetime64("2020-01-01", "us")

    def times(rows):
        return start + (generator.random(rows) * 365 * 86_400).astype(np.int64) * np.timedelta64(1_000_000, "us")

    authors = (MEMBERS * 0.7 * generator.random(POSTS) ** 3).astype(np.int64)
    loaders = generator.integers(0, 1_200, 5_000)
    tables = {
        "forum": arrow_of("forum", "code | window_start | window_end\nforum-a | 2020-01-01 | 2020-12-31"),
        "member": _table(
            "member",
            MEMBERS,
            member=np.arange(MEMBERS),
            kind=["member"] * MEMBERS,
            registered_at=times(MEMBERS),
            pseudonym=[f"{place:032x}" for place in range(MEMBERS)],
        ),
        "section": _table("section", SECTIONS, section=np.arange(SECTIONS), kind=["talk", "trade", "rare"]),
        "post": _table(
            "post",
            POSTS,
            post=np.arange(POSTS),
            author=authors,
            at=times(POSTS),
            section=np.minimum(np.arange(POSTS) % 2, 1),
            state=["visible"] * POSTS,
        ),
        "download": _table("download", 5_000, member=loaders, at=times(5_000), outcome=["completed"] * 5_000),
    }
    manifest = Manifest(
        (ForumEntry(0, "forum-a", Software.SIMULATED),),
        TimeResolution.SECOND,
        absent={"message": "the source keeps no messages", "view": "no access log was given"},
        codes={"section.kind": ("rare", "talk", "trade")},
    )
    write_dataset(path, tables, manifest)
    return path


def _table(name, rows, **given):
    columns = {}
    for field in arrow_schema(name):
        if field.name in given:
            columns[field.name] = pa.array(given[field.name], field.type)
        elif field.nullable:
            columns[field.name] = pa.nulls(rows, field.type)
        else:
            columns[field.name] = pa.array(np.zeros(rows, np.int64), pa.int64()).cast(field.type)
    return pa.table(columns)


@pytest.fixture(scope="session")
def report(folder):
    """The report on it."""
    with open_dataset(folder) as dataset:
        return build_report(dataset, seed=3)
