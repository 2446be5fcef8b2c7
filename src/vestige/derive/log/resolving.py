"""Numbers of the forum's own become ids of the dataset: members by their pseudonyms, the rest by the lookup."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from vestige.dataset.manifest import Manifest
from vestige.dataset.schema import MemberKind
from vestige.derive.keys import PseudonymKey
from vestige.derive.log.reader import PAGE_TABLE, TABLES, TRANSFER_TABLE
from vestige.derive.log.sessions import SESSION_TABLE
from vestige.derive.log.sessions import TABLE as SESSIONS
from vestige.derive.lookup import open_lookup_of
from vestige.derive.staging import Staging
from vestige.derive.writing import Identity, pseudonym_column

WHO: Final = "log_who"
"""(source, id, kind): every member's number that stands in the log, and who that is; no row for one unknown."""

_MAPPED: Final = ("thread", "section", "object", "post")


@dataclass(frozen=True)
class Known:
    """The dataset that the log is joined to, opened as files.

    Attributes:
        folder: where it lies.
        manifest: what it says of itself.
    """

    folder: Path
    manifest: Manifest

    def files(self, table: str) -> str:
        """The table as DuckDB reads it; a table that is absent has no files."""
        from vestige.dataset.duckdb_session import quoted_file

        files = ", ".join(quoted_file(self.folder / entry.path) for entry in self.manifest.files_of(table))
        return f"read_parquet([{files}], hive_partitioning = false)"

    def has(self, table: str) -> bool:
        """Whether the table is there."""
        return table in self.manifest.tables


def declare(staging: Staging) -> None:
    """Create what the readers fill."""
    staging.declare((*TABLES, SESSIONS))
    for entity in _MAPPED:
        staging.run(f"CREATE TABLE map_{entity} (source BIGINT, id BIGINT)")


def fill_lookup(staging: Staging, known: Known, lookup: Path | None, key: PseudonymKey) -> None:
    """Stage the lookup's numbers.

    Raises:
        LookupFileError: it cannot be used, or belongs to another dataset.
    """
    if lookup is None:
        return
    parts = open_lookup_of(known.folder, known.manifest, lookup, key)
    for entity, batch in parts:
        if entity in _MAPPED:
            import pyarrow as pa

            staging.insert(f"map_{entity}", pa.Table.from_batches([batch]))


def resolve_members(staging: Staging, known: Known, key: PseudonymKey) -> None:
    """Make `WHO`: numbers become pseudonyms under the key, and those are looked for in the dataset."""
    import pyarrow as pa

    (forum,) = known.manifest.forums
    identity = Identity(forum.software, forum.code, key)
    numbers = " UNION ".join(
        f"SELECT member FROM {table} WHERE member >= 0" for table in (PAGE_TABLE, TRANSFER_TABLE, SESSION_TABLE)
    )
    staging.run("CREATE TABLE log_pseudonym (source BIGINT, pseudonym VARCHAR)")
    for batch in list(staging.batches(f"SELECT member AS source FROM ({numbers}) ORDER BY 1")):
        tagged = batch.append_column("pseudonym", pseudonym_column(identity, batch["source"].to_pylist()))
        staging.insert("log_pseudonym", pa.Table.from_batches([tagged]))
    staging.run(
        f"CREATE TABLE {WHO} AS SELECT p.source, m.member AS id, m.kind "
        f"FROM log_pseudonym p JOIN {known.files('member')} m ON m.pseudonym = p.pseudonym"
    )
    staging.run("DROP TABLE log_pseudonym")


@dataclass
class Outcome:
    """Whose the rows with a member or session are.

    Attributes:
        pages: page views by kind of account, "unknown" for numbers that the dataset does not have, "no-session" for
            sessions that the table of sessions does not have.
        transfers: the same for transfers.
        lost: references of kept views that lead nowhere, by entity.
    """

    pages: Mapping[str, int] = field(default_factory=dict)
    transfers: Mapping[str, int] = field(default_factory=dict)
    lost: Mapping[str, int] = field(default_factory=dict)

    def of_members(self) -> int:
        """Rows that are kept."""
        return self.pages.get(MemberKind.MEMBER, 0) + self.transfers.get(MemberKind.MEMBER, 0)

    def by(self, what: str) -> int:
        """Rows of both tables of one kind."""
        return self.pages.get(what, 0) + self.transfers.get(what, 0)


def resolve_rows(staging: Staging, known: Known) -> Outcome:
    """Make `log_view (member, second, thread, section, kind)` and `log_use (member, second, object, status, bytes)`.

    Times are still seconds; objects still the forum's own numbers; only rows of members are in `log_view`, while
    `log_use` has everybody's (null for who is no member), since sizes are learned from all.
    """
    _unsession(staging)
    counts = {}
    for table, name in ((PAGE_TABLE, "pages"), (TRANSFER_TABLE, "transfers")):
        query = (
            "SELECT CASE WHEN p.member < 0 THEN 'no-session' ELSE coalesce(w.kind, 'unknown') END, count(*) "
            f"FROM {table} p LEFT JOIN {WHO} w ON w.source = p.member WHERE p.member >= 0 OR p.session >= 0 GROUP BY 1"
        )
        counts[name] = dict(staging.rows(query))
    kinds = " ".join(
        f"WHEN {code} THEN '{kind}'" for code, kind in ((0, "thread"), (1, "section"), (3, "visit"), (4, "other"))
    )
    threads = (
        known.files("thread") if known.has("thread") else "(SELECT NULL::BIGINT AS thread, NULL::BIGINT AS section)"
    )
    staging.run(
        "CREATE TABLE log_view AS SELECT w.id AS member, p.second, coalesce(t.id, o.id) AS thread, "
        f"coalesce(d.section, s.id) AS section, CASE p.kind {kinds} END AS kind, "
        "(p.thread >= 0 OR p.post >= 0) AS names_thread, p.section >= 0 AS names_section "
        f"FROM {PAGE_TABLE} p JOIN {WHO} w ON w.source = p.member AND w.kind = 'member' "
        "LEFT JOIN map_thread t ON t.source = p.thread LEFT JOIN map_post o ON o.source = p.post "
        f"LEFT JOIN {threads} d ON d.thread = coalesce(t.id, o.id) LEFT JOIN map_section s ON s.source = p.section"
    )
    staging.run(
        "CREATE TABLE log_use AS SELECT w.id AS member, p.second, p.object, p.status, p.bytes "
        f"FROM {TRANSFER_TABLE} p LEFT JOIN {WHO} w ON w.source = p.member AND w.kind = 'member'"
    )
    lost = dict(
        zip(
            ("thread", "section"),
            staging.row(
                "SELECT count(*) FILTER (names_thread AND thread IS NULL), "
                "count(*) FILTER (names_section AND section IS NULL) FROM log_view"
            ),
            strict=True,
        )
    )
    for table in (PAGE_TABLE, TRANSFER_TABLE):
        staging.run(f"DROP TABLE {table}")
    return Outcome(counts["pages"], counts["transfers"], lost)


def _unsession(staging: Staging) -> None:
    """Give rows that carry a session the member it belongs to."""
    staging.run(
        f"CREATE TABLE session_of AS SELECT session, min(member) AS member FROM {SESSION_TABLE} "
        "GROUP BY session HAVING min(member) = max(member)"
    )
    if staging.row("SELECT count(*) FROM session_of")[0]:
        for table in (PAGE_TABLE, TRANSFER_TABLE):
            staging.run(
                f"UPDATE {table} SET member = s.member FROM session_of s "
                f"WHERE {table}.member < 0 AND s.session = {table}.session"
            )
    staging.run(f"DROP TABLE {SESSION_TABLE}")


def log_times(staging: Staging, period: int) -> Iterator[tuple[int, int]]:
    """Rows of members by period of the log's times, in seconds."""
    yield from staging.rows(
        f"SELECT second // {period}, count(*) FROM (SELECT second FROM log_view UNION ALL "
        "SELECT second FROM log_use WHERE member IS NOT NULL) GROUP BY 1"
    )
