"""Transfers: lines of one download joined, whole or not decided, and the objects that only the log knows."""

from itertools import pairwise
from typing import Final

from vestige.dataset.schema import SizeBand
from vestige.derive.log.resolving import Known
from vestige.derive.staging import Staging

_SMALLEST: Final = {
    SizeBand.UNDER_100KB: 0,
    SizeBand.UNDER_1MB: 100_000,
    SizeBand.UNDER_10MB: 1_000_000,
    SizeBand.UNDER_100MB: 10_000_000,
    SizeBand.LARGER: 100_000_000,
}
"""Bytes of the smallest object of each band."""

_PART: Final = 206
_SERVED: Final = f"(200, {_PART})"


def join_parts(staging: Staging, minutes: int) -> None:
    """Make `log_transfer_of (member, second, object, served, bytes)`: one row a transfer.

    Partial answers (206) of one object to one member, each within some minutes of the one before, are one transfer.

    Args:
        staging: holds `log_use`.
        minutes: longest pause between two parts; 0 joins none.
    """
    whole = f"WHERE status <> {_PART} OR member IS NULL" if minutes else ""
    staging.run(
        f"CREATE TABLE log_transfer_of AS SELECT member, second, object, status IN {_SERVED} AS served, bytes, "
        f"status = {_PART} AS in_parts FROM log_use {whole}"
    )
    if not minutes:
        return
    pairs = "PARTITION BY member, object ORDER BY second, bytes"
    begins = f"CASE WHEN second - lag(second) OVER ({pairs}) <= {60 * minutes} THEN 0 ELSE 1 END AS begins"
    parts = f"SELECT member, object, second, bytes, {begins} FROM log_use WHERE status = {_PART} AND member IS NOT NULL"
    staging.run(
        "INSERT INTO log_transfer_of SELECT member, min(second), object, TRUE, sum(bytes), TRUE "
        f"FROM (SELECT *, sum(begins) OVER ({pairs} ROWS UNBOUNDED PRECEDING) AS number FROM ({parts})) "
        "GROUP BY member, object, number"
    )


def judge_transfers(staging: Staging, known: Known, share: float) -> tuple[int, int]:
    """Make `log_object (object, id, size)` and `log_download (member, second, object, outcome)`.

    The size of an object is the largest number of bytes that a whole answer (200) sent, else a joined transfer, and
    at least the smallest of its band in the dataset. Objects that the dataset does not have follow those it has.

    Args:
        staging: holds `log_transfer_of` and `map_object`.
        known: the dataset.
        share: of the size that counts as whole.

    Returns:
        Objects that are new, and objects that were transferred but never whole in one answer.
    """
    objects = (
        known.files("object") if known.has("object") else "(SELECT 0::BIGINT AS object, NULL AS size_band LIMIT 0)"
    )
    bands = " ".join(f"WHEN '{band}' THEN {size}" for band, size in _SMALLEST.items())
    count = staging.row(f"SELECT count(*) FROM {objects}")[0]
    staging.run(
        "CREATE TABLE log_object AS SELECT s.object AS source, "
        f"coalesce(m.id, {count} - 1 + row_number() OVER (PARTITION BY m.id IS NULL ORDER BY s.object)) AS id, "
        f"m.id IS NULL AS is_new, s.size AS seen, s.whole, "
        f"greatest(s.size, coalesce(CASE o.size_band {bands} END, 0)) AS size "
        "FROM (SELECT object, coalesce(max(bytes) FILTER (served AND NOT in_parts), "
        "      max(bytes) FILTER (served), 0) AS size, "
        "      coalesce(bool_or(served AND NOT in_parts), FALSE) AS whole "
        "      FROM log_transfer_of WHERE object >= 0 GROUP BY object "
        "      HAVING count(member) > 0) s "
        f"LEFT JOIN map_object m ON m.source = s.object LEFT JOIN {objects} o ON o.object = m.id"
    )
    staging.run(
        "CREATE TABLE log_download AS SELECT t.member, t.second, o.id AS object, "
        f"CASE WHEN t.served AND o.size > 0 AND t.bytes >= {share} * o.size THEN 'completed' ELSE 'attempted' END "
        "AS outcome FROM log_transfer_of t JOIN log_object o ON o.source = t.object WHERE t.member IS NOT NULL"
    )
    new, unsure = staging.row("SELECT count(*) FILTER (is_new), count(*) FILTER (NOT whole) FROM log_object")
    return new, unsure


def new_objects_query(forum: int) -> str:
    """Rows of `object` for what only the log knows: a size, where one was seen, and nothing else."""
    bands = list(_SMALLEST.items())
    limits = pairwise(bands)
    cases = " ".join(f"WHEN seen < {limit} THEN '{band}'" for (band, _), (_, limit) in limits)
    return (
        f"SELECT {forum}::BIGINT AS forum, id AS object, NULL::VARCHAR AS class, "
        f"CASE WHEN seen = 0 THEN NULL {cases} ELSE '{bands[-1][0]}' END AS size_band, "
        'NULL::BIGINT AS uploader, NULL::TIMESTAMP AS "at", NULL::BIGINT AS downloads FROM log_object WHERE is_new '
        "ORDER BY id"
    )
