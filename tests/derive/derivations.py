"""Derive a dataset from written tables, and read it back as plain rows."""

from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq

from derive.readers import WrittenReader
from vestige.dataset.arrow import arrow_schema
from vestige.dataset.manifest import Manifest
from vestige.dataset.validation import validate_dataset
from vestige.derive.keys import PseudonymKey
from vestige.derive.pipeline import DeriveSettings, OpenSource, derive_dataset
from vestige.derive.sources.phpbb import PHPBB

KEY = PseudonymKey("00" * 8, bytes(32))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def derive(folder, tables, *, source=PHPBB, batch=1000, code="forum-a", custodian_map=None, **settings):
    """Derive and return the result."""
    folder.mkdir(exist_ok=True)
    return derive_dataset(
        OpenSource(source, WrittenReader(tables, batch=batch)),
        folder / "dataset",
        key=KEY,
        forum_code=code,
        settings=DeriveSettings(**settings),
        custodian_map=custodian_map,
        replace_existing=True,
    )


def rows(result, table, *columns, origin=0):
    """Rows of a derived table as tuples; times as hours after `origin` (microseconds since the epoch)."""
    read = pq.read_table(result.path / f"{table}.parquet").to_pylist()
    return [tuple(_plain(row[column], origin) for column in columns) for row in read]


def _plain(value, origin):
    if not isinstance(value, datetime):
        return value
    return (value.replace(tzinfo=UTC) - EPOCH - timedelta(microseconds=origin)) / timedelta(hours=1)


def findings(result):
    """Finding code to text."""
    return {finding.code: finding.text for finding in result.findings}


def assert_valid(result):
    """The dataset keeps every rule of the schema, and every file holds exactly its columns."""
    assert validate_dataset(result.path).violations == ()
    for entry in Manifest.read(result.path).files:
        assert pq.read_schema(result.path / entry.path).equals(arrow_schema(entry.table))


def written(result):
    """File name to bytes, of everything whose bytes must be reproducible."""
    assert Manifest.read(result.path).digest == result.manifest.digest
    return {file.name: file.read_bytes() for file in sorted(result.path.glob("*.parquet"))}
