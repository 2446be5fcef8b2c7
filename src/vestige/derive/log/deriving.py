"""The verb: a dataset and its forum's access logs in, a dataset with views and downloads out."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import Final

from vestige.dataset.manifest import Manifest, SourceCount
from vestige.dataset.schema import TABLES
from vestige.dataset.store import file_digest, seal_manifest
from vestige.derive.keys import PseudonymKey
from vestige.derive.log.findings import log_findings
from vestige.derive.log.reader import LogReport, read_logs
from vestige.derive.log.resolving import Known, Outcome, declare, fill_lookup, log_times, resolve_members, resolve_rows
from vestige.derive.log.rules import LogRules
from vestige.derive.log.sessions import stage_sessions
from vestige.derive.log.settings import LogResult, LogSettings
from vestige.derive.log.transfers import join_parts, judge_transfers, new_objects_query
from vestige.derive.pipeline import FINE
from vestige.derive.staging import SPILL_FOLDER, Staging
from vestige.derive.traces import ACTORS, fine_times_finding, measure_traces
from vestige.derive.window import PERIOD, SECOND, SILENCE, UNITS, plausible_periods
from vestige.errors import DatasetError, KeyFileError, SettingsError, SourceError
from vestige.outputs import staged_folder
from vestige.progress import Progress, Step, ignore_progress
from vestige.results import Finding, most_severe_first, plain_settings

OPTION: Final = "access_log"
"""Entry of the manifest's options that says that a log is in the dataset, and from which rules."""

_FILLED: Final = ("view", "download", "object")
_NOTHING: Final = "null in every row of the database and of the access log"


@dataclass(frozen=True)
class LogSource:
    """What the rows come from.

    Attributes:
        logs: a log file, a folder of them, or `-` for a pipe.
        rules: which lines matter.
        lookup: the custodian's lookup of the dataset; without it, threads, sections and known objects stay unknown.
        sessions: a dump with the forum's table of sessions, or None.
        prefix: prefix of that dump's tables; found when None.
    """

    logs: str
    rules: LogRules
    lookup: Path | None = None
    sessions: str | None = None
    prefix: str | None = None


def derive_log(
    dataset: str | Path,
    source: LogSource,
    out: str | Path,
    *,
    key: PseudonymKey,
    settings: LogSettings | None = None,
    replace_existing: bool = False,
    progress: Progress = ignore_progress,
) -> LogResult:
    """Add what members viewed and downloaded, by their forum's access logs, to a dataset.

    The dataset itself is not touched: a new version is written, its views and downloads beside those it had.

    Args:
        dataset: the dataset's folder, as derived from the forum's database under the same key.
        source: the logs, and how they are read.
        out: the new version's folder; written beside its place and moved into it whole. It may be `dataset` itself.
        key: the custodian's key.
        settings: choices.
        replace_existing: whether a folder at `out` may be replaced.
        progress: takes reports of stages "read" and "assemble".

    Raises:
        DatasetError: not a dataset, damaged, of several forums, or one that has a log already.
        KeyFileError: the dataset was made with another key.
        LookupFileError: the lookup is of another dataset or key, or damaged.
        SourceError: no access log, damaged, twice the same, or of another time than the dataset.
        OutputError: `out` exists or cannot be written.
    """
    settings = settings or LogSettings()
    began = time.perf_counter()
    known = _known(Path(dataset).absolute(), key, source)
    key = key.for_release(known.manifest.options.get("release"))
    with staged_folder(Path(out), replace=replace_existing) as folder:
        spill = folder / SPILL_FOLDER
        spill.mkdir()
        with Staging(spill, memory=settings.memory) as staging:
            run = _Run(known, source, staging, folder, key, settings, progress)
            manifest, report, outcome = run.derive()
        shutil.rmtree(spill)
        manifest = seal_manifest(folder, manifest)
    return LogResult(Path(out), manifest, report, outcome, time.perf_counter() - began, settings)


def _known(folder: Path, key: PseudonymKey, source: LogSource) -> Known:
    known = Known(folder, Manifest.read(folder))
    manifest = known.manifest
    if OPTION in manifest.options:
        raise DatasetError(
            "the dataset has an access log already",
            hint="give the dataset as it was derived from the database, and all logs together in one folder",
        )
    if len(manifest.forums) != 1 or not known.has("member") or not known.has("forum"):
        raise DatasetError("a log belongs to a dataset of one forum with members", hint="derive the forum by itself")
    if manifest.key_fingerprint != key.fingerprint:
        raise KeyFileError(
            "the dataset was made with another key", hint=f"give the key with fingerprint {manifest.key_fingerprint}"
        )
    if source.sessions is not None and source.rules.sessions is None:
        raise SettingsError("the rules name no table of sessions", hint="add [sessions] to them, or leave the dump out")
    return known


@dataclass(frozen=True)
class _Window:
    """Seconds since the epoch, both included.

    Attributes:
        start: of the dataset's window, widened by the log.
        end: likewise.
        low: first plausible second of the log.
        high: last plausible second of the log.
        late: rows after it are left out; None when the log may widen the window.
        widened: whether the log widens the window.
    """

    start: int
    end: int
    low: int
    high: int
    late: int | None
    widened: bool


@dataclass(frozen=True)
class _Run:
    """One derivation under way."""

    known: Known
    source: LogSource
    staging: Staging
    folder: Path
    key: PseudonymKey
    settings: LogSettings
    progress: Progress

    def derive(self) -> tuple[Manifest, LogReport, Outcome]:
        """Read, resolve and write; the manifest still lacks its files."""
        staging, known = self.staging, self.known
        self._copy()
        declare(staging)
        fill_lookup(staging, known, self.source.lookup, self.key)
        if self.source.sessions is not None and self.source.rules.sessions is not None:
            stage_sessions(staging, self.source.sessions, self.source.rules.sessions, prefix=self.source.prefix)
        rules = self.source.rules
        if self.source.sessions is None:  # nobody could be found by a session: such lines are guests'
            rules = replace(rules, bearers=tuple(bearer for bearer in rules.bearers if not bearer.is_session))
        report = read_logs(self.source.logs, rules, staging.take, self.progress)
        staging.flush()
        self.progress(Step("assemble", 0, 3))
        resolve_members(staging, known, self.key)
        outcome = resolve_rows(staging, known)
        self.progress(Step("assemble", 1, 3))
        join_parts(staging, self.settings.parts_minutes)
        new_objects, unsure = judge_transfers(staging, known, self.settings.completed_share)
        window = self._window()
        self.progress(Step("assemble", 2, 3))
        rows, late = self._write(window, new_objects)
        findings = [
            *log_findings(report, outcome, known, has_lookup=self.source.lookup is not None),
            *_row_findings(rows, late, new_objects, unsure, window),
        ]
        manifest = self._manifest(report, sum(rows.values()), [*findings, *self._fine_times(rows)])
        self.progress(Step("assemble", 3, 3))
        return manifest, report, outcome

    def _copy(self) -> None:
        """Every file of the dataset, verified as it is copied."""
        for entry in self.known.manifest.files:
            copied = self.folder / entry.path
            source = self.known.folder / entry.path
            if source.is_symlink() or not source.is_file():
                raise DatasetError("a file of the dataset is missing", where=entry.table, hint="derive it again")
            shutil.copyfile(source, copied)
            if file_digest(copied) != entry.sha256:
                raise DatasetError(
                    "a file does not match its checksum in the manifest", where=entry.table, hint="derive it again"
                )

    def _window(self) -> _Window | None:
        """What the log observes, and with it the dataset; None when no line is a member's."""
        periods = plausible_periods(dict(log_times(self.staging, PERIOD // SECOND)))
        if periods is None:
            return None
        span = PERIOD // SECOND
        low, high = periods[0] * span, (periods[1] + 1) * span - 1
        low, high = self.staging.row(
            "SELECT min(second), max(second) "
            "FROM (SELECT second FROM log_view UNION ALL SELECT second FROM log_download) "
            f"WHERE second BETWEEN {low} AND {high}"
        )
        start, end = self.staging.row(
            f"SELECT epoch_us(window_start) // {SECOND}, epoch_us(window_end) // {SECOND} "
            f"FROM {self.known.files('forum')}"
        )
        start, end = (low if start is None else start), (high if end is None else end)
        if low > end + SILENCE * span or high < start - SILENCE * span:
            raise SourceError(
                "the log and the dataset are of different times",
                hint="is it this forum's log? More than two years lie between the two",
            )
        chosen = self.known.manifest.options.get("window_end") is not None
        last = end + UNITS[self.known.manifest.time_resolution] // SECOND - 1
        return _Window(
            min(start, low),
            end if chosen else max(end, high),
            low,
            high,
            last if chosen else None,
            low < start or (high > last and not chosen),
        )

    def _write(self, window: _Window | None, new_objects: int) -> tuple[dict[str, int], int]:
        """Write the new files; returns rows by table, and rows left out as too late."""
        from vestige.dataset.arrow import write_parquet

        if window is None:
            return {}, 0
        (forum,) = self.known.manifest.forums
        unit = UNITS[self.known.manifest.time_resolution] // SECOND
        at = (
            f"CASE WHEN second BETWEEN {window.low} AND {window.high} "
            f'THEN make_timestamp((second - second % {unit}) * {SECOND}) END AS "at"'
        )
        kept = "TRUE" if window.late is None else f"NOT (second > {window.late} AND second <= {window.high})"
        queries = {
            "view": f"SELECT {forum.forum}::BIGINT AS forum, member, {at}, thread, section, kind "
            f"FROM log_view WHERE {kept} ORDER BY ALL",
            "download": f"SELECT {forum.forum}::BIGINT AS forum, member, {at}, object, outcome "
            f"FROM log_download WHERE {kept} ORDER BY ALL",
        }
        if new_objects:
            queries["object"] = new_objects_query(forum.forum)
        rows = {}
        for table, query in queries.items():
            file = self.folder / _next_name(self.folder, table)
            rows[table] = write_parquet(file, table, self.staging.batches(query))
            if not rows[table]:
                file.unlink()
        late = self.staging.row(
            "SELECT count(*) FROM (SELECT second FROM log_view UNION ALL SELECT second FROM log_download) "
            f"WHERE NOT coalesce({kept}, TRUE)"
        )[0]
        if window.widened:
            self._write_forum(window, unit)
        return rows, late

    def _write_forum(self, window: _Window, unit: int) -> None:
        from vestige.dataset.arrow import write_parquet

        start, end = (f"make_timestamp({moment // unit * unit * SECOND})" for moment in (window.start, window.end))
        query = f"SELECT * REPLACE ({start} AS window_start, {end} AS window_end) FROM {self.known.files('forum')}"
        (entry,) = self.known.manifest.files_of("forum")
        write_parquet(self.folder / entry.path, "forum", self.staging.batches(query))

    def _files(self, table: str) -> str:
        from vestige.dataset.duckdb_session import quoted_file

        files = sorted(self.folder.glob(f"{table}.parquet")) + sorted(self.folder.glob(f"{table}-*.parquet"))
        return f"read_parquet([{', '.join(map(quoted_file, files))}], hive_partitioning = false)" if files else ""

    def _fine_times(self, rows: dict[str, int]) -> Iterator[Finding]:
        """What fine times give away now that views and downloads count too."""
        chosen = self.known.manifest.time_resolution
        if chosen not in FINE or not rows:
            return
        supplied = tuple(name for name in ACTORS if self._files(name))
        for name in supplied:
            self.staging.run(
                f'CREATE VIEW "_raw_{name}" AS SELECT "{ACTORS[name]}", epoch_us("at") AS "at" FROM {self._files(name)}'
            )
        self.staging.run(f"CREATE VIEW _raw_member AS SELECT member, kind FROM {self._files('member')}")
        unicity = measure_traces(self.staging, supplied, chosen, seed=self.settings.seed)
        yield fine_times_finding(unicity, chosen)

    def _manifest(self, report: LogReport, rows: int, findings: list[Finding]) -> Manifest:
        manifest = self.known.manifest
        replaced = {finding.code for finding in findings}
        earlier = [finding for finding in manifest.findings if finding.code not in replaced]
        option = {
            **plain_settings(self.settings),
            "rules": self.source.rules.digest,
            "lookup": self.source.lookup is not None,
            "sessions": self.source.sessions is not None,
            "files": report.files,
            "before": manifest.digest,
        }
        return replace(
            manifest,
            files=(),
            created_at=None,
            absent=self._absent(),
            findings=most_severe_first([*earlier, *findings]),
            source_counts=(*manifest.source_counts, SourceCount(OPTION, report.lines, rows)),
            options={**manifest.options, OPTION: option},
        )

    def _absent(self) -> dict[str, str]:
        """The reasons that still hold, and those for columns that nothing has filled."""
        absent = dict(self.known.manifest.absent)
        for table in _FILLED:
            if not self._files(table):
                continue
            absent.pop(table, None)
            names = [column.name for column in TABLES[table].columns if column.nullable]
            counted = ", ".join(f'count("{name}")' for name in names)
            filled = self.staging.row(f"SELECT {counted} FROM {self._files(table)}")
            for name, rows in zip(names, filled, strict=True):
                if rows:
                    absent.pop(f"{table}.{name}", None)
                else:
                    absent.setdefault(f"{table}.{name}", _NOTHING)
        return absent


def _next_name(folder: Path, table: str) -> str:
    """The first file name of a table that is free."""
    further = (f"{table}-{number}.parquet" for number in count(1))
    return next(name for name in chain((f"{table}.parquet",), further) if not (folder / name).exists())


def _row_findings(
    rows: dict[str, int], late: int, new_objects: int, unsure: int, window: _Window | None
) -> Iterator[Finding]:
    from vestige.results import Severity

    if window is None:
        text = "no line of the access log is a member's: either it has no cookies, or the rules look in the wrong place"
        yield Finding("log-without-members", Severity.PROBLEM, text)
        return
    if late:
        text = f"{late:,} views and downloads lie after the window's end and were left out"
        yield Finding("log-after-window", Severity.NOTE, text)
    if window.widened:
        text = "the access log begins before or ends after the database's events: the window covers both"
        yield Finding("window-widened", Severity.NOTE, text)
    if new_objects:
        text = f"{new_objects:,} objects stand in the access log and not in the database, or could not be looked up"
        yield Finding("objects-of-the-log", Severity.NOTE, text)
    if unsure and rows.get("download"):
        text = f"{unsure:,} objects were never sent whole in one answer: what counts as completed there is a guess"
        yield Finding("objects-never-whole", Severity.CAUTION, text)
