"""Check a dataset against its schema and its manifest: every violation at once, and never a value."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from vestige.dataset.manifest import FILE_NAME, FileEntry, Manifest
from vestige.dataset.manifest_text import foreign_strings
from vestige.dataset.schema import TABLES
from vestige.dataset.store import file_digest
from vestige.dataset.violations import MEANING, Rule, Violation
from vestige.errors import SettingsError
from vestige.progress import Progress, Step, ignore_progress
from vestige.results import Finding, Provenance, Severity

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from vestige.dataset.file_rules import FileFacts
    from vestige.dataset.row_rules import RowContext

_MEMORY: Final = "2GB"
"""Enough for 20 million posts; what does not fit spills to the temporary folder."""


@dataclass(frozen=True)
class ValidationResult:
    """What was checked and what was found.

    Attributes:
        violations: every rule that is broken, by table, column and rule; empty when the dataset is valid.
        rows: rows of each table that could be read.
        provenance: the dataset's digest and the version that checked it.
    """

    violations: tuple[Violation, ...]
    rows: Mapping[str, int]
    provenance: Provenance

    @property
    def passed(self) -> bool:
        """Whether no rule is broken."""
        return not self.violations

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Each violation as a problem."""
        return tuple(Finding(found.rule.value, Severity.PROBLEM, str(found)) for found in self.violations)

    @property
    def table_names(self) -> tuple[str, ...]:
        """Names that `table` takes."""
        return ("violations", "tables")

    def table(self, name: str) -> "pa.Table":
        """`violations` (table, column, rule, count, meaning) or `tables` (table, rows, violations)."""
        import pyarrow as pa

        if name == "violations":
            return pa.table(
                {
                    "table": pa.array([found.table for found in self.violations], pa.string()),
                    "column": pa.array([found.column for found in self.violations], pa.string()),
                    "rule": pa.array([found.rule.value for found in self.violations], pa.string()),
                    "count": pa.array([found.count for found in self.violations], pa.int64()),
                    "meaning": pa.array([MEANING[found.rule] for found in self.violations], pa.string()),
                }
            )
        if name == "tables":
            broken = [sum(found.table == table for found in self.violations) for table in self.rows]
            return pa.table(
                {
                    "table": pa.array(list(self.rows), pa.string()),
                    "rows": pa.array(list(self.rows.values()), pa.int64()),
                    "violations": pa.array(broken, pa.int64()),
                }
            )
        raise SettingsError("validation has no such table", hint=f"choose one of {', '.join(self.table_names)}")

    def summary(self) -> str:
        """The outcome in words, one line a violation."""
        checked = f"{len(self.rows)} tables, {sum(self.rows.values()):,} rows"
        if self.passed:
            return f"Valid: {checked}; every rule of the schema holds."
        broken = len(self.violations)
        rules = "rule" if broken == 1 else "rules"
        lines = [f"Not valid: {checked}; {broken} {rules} broken.", *map(str, self.violations)]
        return "\n".join(lines)

    def plot(self, name: str) -> NoReturn:
        """Validation draws nothing."""
        raise SettingsError(f"validation has no plot {name!r}", hint="see .table('violations')")


def validate_dataset(path: str | Path, *, progress: Progress = ignore_progress) -> ValidationResult:
    """Check every rule of the schema and the manifest.

    Args:
        path: the dataset's folder.
        progress: told how many bytes are hashed and looked through.

    Raises:
        DatasetError: the folder holds no manifest that can be read.
    """
    folder = Path(path).absolute()
    manifest = Manifest.read(folder)
    inspection = _Inspection(folder, manifest, progress)
    found = [*_folder_violations(folder, manifest), *_manifest_violations(folder, manifest), *inspection.violations]
    found += inspection.row_violations()
    return ValidationResult(
        violations=_merged(found),
        rows=inspection.rows,
        provenance=Provenance("validate_dataset", {}, None, manifest.digest),
    )


def _merged(found: list[Violation]) -> tuple[Violation, ...]:
    """One violation a place and rule, in the schema's order."""
    counts: dict[tuple[str, str, Rule], int] = {}
    for violation in found:
        key = (violation.table, violation.column, violation.rule)
        counts[key] = counts.get(key, 0) + violation.count
    order = {name: place for place, name in enumerate(["", "manifest", *TABLES])}
    merged = (Violation(table, column, rule, count) for (table, column, rule), count in counts.items())
    return tuple(sorted(merged, key=lambda violation: (order[violation.table], violation)))


def _folder_violations(folder: Path, manifest: Manifest) -> Iterator[Violation]:
    listed = {FILE_NAME, *(entry.path for entry in manifest.files)}
    unlisted = sum(place.name not in listed for place in folder.iterdir())
    if unlisted:
        yield Violation("", "", Rule.UNLISTED_FILE, unlisted)
    if "forum" not in manifest.tables:
        yield Violation("forum", "", Rule.MISSING_TABLE, 1)


def _manifest_violations(folder: Path, manifest: Manifest) -> Iterator[Violation]:
    for field, count in foreign_strings(manifest).items():
        yield Violation("manifest", field, Rule.MANIFEST_TEXT, count)
    if (folder / FILE_NAME).read_bytes() != manifest.to_json().encode():
        yield Violation("manifest", "", Rule.MANIFEST_FORM, 1)
    present = set(manifest.tables)
    wrong = sum((table in present) == (table in manifest.absent) for table in TABLES)
    if wrong:
        yield Violation("manifest", "absent", Rule.MANIFEST_ABSENT, wrong)


class _Inspection:
    """One look at every file, and what the rules of rows need from it."""

    def __init__(self, folder: Path, manifest: Manifest, progress: Progress) -> None:
        self._folder = folder
        self._manifest = manifest
        self._codes = {**manifest.codes, "forum.code": tuple(forum.code for forum in manifest.forums)}
        self.violations: list[Violation] = []
        self._facts: dict[FileEntry, FileFacts] = {}
        total, done = sum(entry.size for entry in manifest.files), 0
        for entry in manifest.files:
            progress(Step("files", done, total, "bytes"))
            self._inspect(entry)
            done += entry.size
        progress(Step("files", total, total, "bytes"))

    @cached_property
    def rows(self) -> dict[str, int]:
        """Rows of every table that can be read."""
        counts: dict[str, int] = {}
        for entry, facts in self._facts.items():
            if facts.rows is not None:
                counts[entry.table] = counts.get(entry.table, 0) + facts.rows
        return counts

    def row_violations(self) -> list[Violation]:
        """The rules of rows, and of forums that stand both in the manifest and in their table."""
        from vestige.dataset.duckdb_session import duckdb_session
        from vestige.dataset.row_rules import RowContext, row_violations

        with duckdb_session(memory_limit=_MEMORY) as session:
            usable = self._views(session)
            context = RowContext(self._manifest.tables, usable, self._manifest.time_resolution, self._codes)
            return [*row_violations(session, context), *self._forum_violations(session, context)]

    def _inspect(self, entry: FileEntry) -> None:
        from vestige.dataset.file_rules import inspect_file

        file = self._folder / entry.path
        if file.is_symlink() or not file.is_file():
            self.violations.append(Violation(entry.table, "", Rule.MISSING_FILE, 1))
            return
        try:
            intact = file.stat().st_size == entry.size and file_digest(file) == entry.sha256
        except OSError:
            self.violations.append(Violation(entry.table, "", Rule.UNREADABLE, 1))
            return
        if not intact:
            self.violations.append(Violation(entry.table, "", Rule.CHECKSUM, 1))
        facts = inspect_file(file, entry.table, self._codes)
        self._facts[entry] = facts
        self.violations += facts.violations
        if facts.rows is not None and facts.rows != entry.rows:
            self.violations.append(Violation(entry.table, "", Rule.ROW_COUNT, 1))

    def _views(self, session: "duckdb.DuckDBPyConnection") -> dict[str, frozenset[str]]:
        """A view of each table's columns that every readable file has in the right type."""
        from vestige.dataset.duckdb_session import quoted_file, quoted_name

        usable = {}
        for table in self.rows:
            readable = {
                entry: facts for entry, facts in self._facts.items() if entry.table == table and facts.rows is not None
            }
            columns = frozenset.intersection(*(facts.usable for facts in readable.values()))
            if not columns:
                continue
            usable[table] = columns
            files = ", ".join(quoted_file(self._folder / entry.path) for entry in readable)
            names = ", ".join(quoted_name(name) for name in TABLES[table].names if name in columns)
            session.execute(
                f"CREATE TEMP VIEW {quoted_name(table)} AS SELECT {names} "
                f"FROM read_parquet([{files}], hive_partitioning = false, union_by_name = true)"
            )
        return usable

    def _forum_violations(self, session: "duckdb.DuckDBPyConnection", context: "RowContext") -> Iterator[Violation]:
        if not context.has("forum", "forum", "code", "software"):
            return
        wanted = {(forum.forum, forum.code, forum.software.value) for forum in self._manifest.forums}
        stored = set(session.execute("SELECT forum, code, software FROM forum LIMIT 100000").fetchall())
        if stored != wanted:
            differing = len({row[0] for row in stored ^ wanted})
            yield Violation("manifest", "forums", Rule.MANIFEST_FORUMS, differing)
