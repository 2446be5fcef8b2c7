"""The verb: a source in, a content-free dataset out."""

import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vestige.dataset.manifest import ForumEntry, Manifest, SourceCount, TimeResolution, lies_in_dataset
from vestige.dataset.schema import CODE_PATTERN, TABLES
from vestige.dataset.store import seal_manifest
from vestige.derive.assembling import Assembled, collect_raw, count_findings, find_window, keep_rows
from vestige.derive.contract import Reader, ReadReport, Source
from vestige.derive.daily_curve import daily_curve_findings
from vestige.derive.group_map import CustodianMap
from vestige.derive.keys import PseudonymKey
from vestige.derive.leaving_out import RegistrationResolution, cut_registration, leave_out
from vestige.derive.local_time import LocalTimes, zone_named
from vestige.derive.lookup import write_lookup
from vestige.derive.staging import SPILL_FOLDER, Staging
from vestige.derive.text_cells import bound_tables
from vestige.derive.traces import fine_times_finding, measure_traces
from vestige.derive.window import UNITS, Window
from vestige.derive.writing import Identity, section_kinds, write_tables
from vestige.errors import OutputError, SettingsError
from vestige.outputs import staged_file, staged_folder
from vestige.progress import Progress, Step, ignore_progress
from vestige.results import Finding, Provenance, Severity, most_severe_first, plain_settings
from vestige.statistics.unicity import Unicity

if TYPE_CHECKING:
    import altair as alt
    import pyarrow as pa

FINE: Final = {TimeResolution.SECOND, TimeResolution.MINUTE}
LEAST_MEMORY: Final = 128_000_000

NO_LINKS: Final = "linking of handles was not chosen"
NOT_GIVEN: Final = {
    "forum.access": "not in a forum's own records; the custodian knows it",
    "forum.online_from": "not in a forum's own records; the custodian knows it",
    "forum.online_to": "not in a forum's own records; the custodian knows it",
}


@dataclass(frozen=True)
class DeriveSettings:
    """Choices of a derivation.

    Attributes:
        time_resolution: to which times are cut; `second` and `minute` single members out and must be accepted.
        accept_fine_times: whether that is accepted.
        registration_resolution: to which times of registration are cut, where coarser than other times; None for not.
        window_end: last day of the window, or None for the latest event.
        link_handles: whether members get a pseudonym of their normalised handle, which is the same on every forum
            derived under the same key.
        timezone: where the server of software that stores local times stood, in the names of the tz database.
        release: name of the release that the dataset is for; its pseudonyms fit no other release. None for those that
            fit every dataset of the key.
        least_section_members: sections in which fewer members wrote are left out, with their posts; 0 for none.
        least_posts: members with fewer posts are left out; their posts stay, without an author. 0 for none.
        memory: bytes that the embedded engine may hold before it spills to the output's disk.
        seed: of the draws behind the table that fine times are judged by.
    """

    time_resolution: TimeResolution = TimeResolution.HOUR
    accept_fine_times: bool = False
    registration_resolution: RegistrationResolution | None = None
    window_end: date | None = None
    link_handles: bool = False
    timezone: str | None = None
    release: str | None = None
    least_section_members: int = 0
    least_posts: int = 0
    memory: int = 384_000_000
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the ranges."""
        if self.memory < LEAST_MEMORY:
            raise SettingsError("too little memory for derivation", hint=f"allow at least {LEAST_MEMORY:,} bytes")
        if self.timezone is not None:
            zone_named(self.timezone)
        if self.release is not None and not re.fullmatch(CODE_PATTERN, self.release):
            raise SettingsError(
                "the release's name is not neutral", hint="use a-z, 0-9 and hyphens, at most 40 of them"
            )
        if min(self.least_section_members, self.least_posts) < 0:
            raise SettingsError("fewest members and posts are counts", hint="0 leaves nobody out")
        tomorrow = datetime.now(UTC).date() + timedelta(days=1)  # somewhere it is tomorrow already
        if self.window_end is not None and self.window_end > tomorrow:
            raise SettingsError("the window would end in the future", hint="--window-end is the last day observed")


class FineTimesError(SettingsError):
    """Fine times were asked for and not accepted; carries the table that says why that matters.

    Attributes:
        unicity: members singled out by their own activity times.
    """

    def __init__(self, unicity: tuple[Unicity, ...]) -> None:
        self.unicity = unicity
        super().__init__(
            "times finer than an hour single members out",
            hint="keep --time-resolution hour, or pass --accept-fine-times",
        )


@dataclass(frozen=True)
class OpenSource:
    """A source ready to be read.

    Attributes:
        source: what its package supplies.
        reader: how it is read.
    """

    source: Source
    reader: Reader


@dataclass(frozen=True)
class DeriveResult:
    """What a derivation did; the dataset itself lies in `path`.

    Attributes:
        path: the dataset's folder.
        manifest: as written.
        report: what the reader found.
        seconds: wall time.
        looked_up: source tables that only help to assemble others; no row of the dataset comes from them.
        unicity: members singled out by their activity times; empty unless fine times were asked for.
        settings: as given.
    """

    path: Path
    manifest: Manifest
    report: ReadReport
    seconds: float
    looked_up: tuple[str, ...] = ()
    unicity: tuple[Unicity, ...] = ()
    settings: DeriveSettings = field(default_factory=DeriveSettings)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings, most severe first."""
        return self.manifest.findings

    @property
    def provenance(self) -> Provenance:
        """How to get this result again, given the source and the key."""
        settings = plain_settings(self.settings)
        return Provenance("derive_dataset", settings, self.settings.seed, self.manifest.digest)

    @property
    def table_names(self) -> tuple[str, ...]:
        """Names that `table` takes."""
        return ("source", "dataset", "absent", "findings", "unicity")

    def table(self, name: str) -> "pa.Table":
        """A table by name, as Arrow.

        Raises:
            SettingsError: there is no such table.
        """
        import pyarrow as pa

        if name not in self.table_names:
            raise SettingsError("there is no such table", hint=f"tables are {', '.join(self.table_names)}")
        return pa.Table.from_pylist(list(self._rows(name)))

    def _rows(self, name: str) -> Iterator[dict[str, Any]]:
        if name == "source":
            for count in self.manifest.source_counts:
                yield {"table": count.table, "read": count.read, "kept": count.kept}
        elif name == "dataset":
            for entry in self.manifest.files:
                yield {"table": entry.table, "rows": entry.rows, "bytes": entry.size}
        elif name == "absent":
            for what, reason in self.manifest.absent.items():
                yield {"what": what, "reason": reason}
        elif name == "findings":
            for finding in self.findings:
                yield {"severity": finding.severity.value, "code": finding.code, "text": finding.text}
        else:
            for figure in self.unicity:
                yield {
                    "resolution": figure.resolution,
                    "known_points": figure.known_points,
                    "members": figure.members,
                    "singled_out": figure.singled_out,
                }

    def summary(self) -> str:
        """Rows and time in one line of words."""
        read = sum(count.read for count in self.manifest.source_counts)
        written = sum(entry.rows for entry in self.manifest.files)
        text = f"{read:,} rows read, {written:,} rows written in {self.seconds:.1f} s"
        size = self.report.size
        return text if not size else f"{text}, {size / 1e6:,.1f} MB at {size / 1e6 / max(self.seconds, 1e-9):,.0f} MB/s"

    def plot(self, name: str) -> "alt.TopLevelMixin":
        """Derivation draws nothing.

        Raises:
            SettingsError: always.
        """
        raise SettingsError(
            f"a derivation has no chart (asked for one of {len(name)} letters)", hint="use vestige report"
        )


def derive_dataset(
    source: OpenSource,
    out: str | Path,
    *,
    key: PseudonymKey,
    forum_code: str,
    settings: DeriveSettings | None = None,
    custodian_map: CustodianMap | None = None,
    lookup: Path | None = None,
    replace_existing: bool = False,
    progress: Progress = ignore_progress,
) -> DeriveResult:
    """Derive a content-free, pseudonymised dataset from a forum's own records.

    Args:
        source: an opened source, see `open_source`.
        out: the dataset's new folder; written beside its place and moved into it whole.
        key: the custodian's key.
        forum_code: neutral label, the forum's lasting identity; part of every pseudonym.
        settings: choices.
        custodian_map: roles of the forum's own groups and kinds of its sections.
        lookup: new file for the custodian's lookup, which `derive_log` needs; None for none.
        replace_existing: whether what stands at `out` and `lookup` may be replaced.
        progress: takes reports of stages "read" and "assemble".

    Returns:
        What was read, kept, left out and found.

    Raises:
        SettingsError: bad code or window; `FineTimesError` when fine times were not accepted.
        SourceError: the source cannot be read or does not fit its package.
        OutputError: `out` or `lookup` exists or cannot be written, or the lookup would lie in a dataset.
    """
    settings = settings or DeriveSettings()
    custodian_map = custodian_map or CustodianMap()
    if not re.fullmatch(CODE_PATTERN, forum_code):
        raise SettingsError("the forum's code is not neutral", hint="use a-z, 0-9 and hyphens, at most 40 of them")
    if lookup is not None and (lies_in_dataset(lookup) or Path(out).absolute() in lookup.absolute().parents):
        raise OutputError("a lookup must not lie in a dataset", hint="keep it with the key file")
    began = time.perf_counter()
    identity = Identity(source.source.software, forum_code, key.for_release(settings.release))
    aside = staged_file(lookup, replace=replace_existing, mode=0o600) if lookup else nullcontext()
    with aside as unfinished, staged_folder(Path(out), replace=replace_existing) as folder:
        spill = folder / SPILL_FOLDER
        spill.mkdir()
        with Staging(spill, memory=settings.memory) as staging:
            run = _Run(source, staging, folder, identity, settings, custodian_map, unfinished, progress)
            manifest, report, unicity = run.derive()
        shutil.rmtree(spill)
        manifest = seal_manifest(folder, manifest)
    used = {origin for parts in source.source.assembly.values() for origin in parts}
    looked_up = tuple(read.table for read in report.tables if read.present and read.table not in used)
    return DeriveResult(Path(out), manifest, report, time.perf_counter() - began, looked_up, unicity, settings)


@dataclass(frozen=True)
class _Run:
    """One derivation under way."""

    opened: OpenSource
    staging: Staging
    folder: Path
    identity: Identity
    settings: DeriveSettings
    custodian_map: CustodianMap
    lookup: Path | None
    progress: Progress

    def derive(self) -> tuple[Manifest, ReadReport, tuple[Unicity, ...]]:
        """Read, assemble and write; the manifest still lacks its files."""
        source, staging = self.opened.source, self.staging
        staging.declare(source.tables)
        self._put_map()
        times = self._local_times()
        key = self.identity.key
        handle_key = key.handle_key() if self.settings.link_handles else None
        tables = bound_tables(source.tables, handle_key, key.account_key(self.identity.code))
        report = self.opened.reader.read(tables, times.through(staging.take), self.progress)
        staging.settle()
        present = {read.table: read for read in report.tables}
        self.progress(Step("assemble", 0, 3))
        prepared = source.prepare(staging) if source.prepare else ()
        known = count_findings(staging, source)
        supplied = collect_raw(staging, source, present)
        for table in (*(table.name for table in source.tables), *prepared):
            staging.drop(table)
        self.progress(Step("assemble", 1, 3))
        left_out = list(
            leave_out(
                staging,
                supplied,
                least_section_members=self.settings.least_section_members,
                least_posts=self.settings.least_posts,
            )
        )
        window = find_window(staging, supplied, self.settings.window_end)
        unicity = self._judge_fine_times(supplied)
        assembled = keep_rows(staging, source, supplied, window, self._member_order())
        posts = assembled.rows.get("post", 0)
        curve = list(daily_curve_findings(staging, posts)) if posts else []
        if (resolution := self.settings.registration_resolution) is not None and "member" in assembled.rows:
            left_out.append(cut_registration(staging, assembled.rows, resolution, window))
        self.progress(Step("assemble", 2, 3))
        write_tables(
            staging,
            assembled,
            self.folder,
            identity=self.identity,
            unit=UNITS[self.settings.time_resolution],
        )
        if self.lookup is not None:
            software, code = self.identity.software.value, self.identity.code
            write_lookup(
                self.lookup, staging, assembled.rows, self.folder, key=self.identity.key, software=software, code=code
            )
        self.progress(Step("assemble", 3, 3))
        findings = [*report.findings, *times.findings(), *known, *left_out, *assembled.findings, *curve]
        findings += self._own_findings(window, unicity)
        return self._manifest(report, assembled, findings), report, unicity

    def _member_order(self) -> Callable[[list[int]], list[bytes]] | None:
        """Members in the order of their pseudonyms, where account numbers would join two releases or date accounts."""
        identity = self.identity
        if self.settings.release is None and self.settings.registration_resolution is None:
            return None
        return lambda ids: identity.key.pseudonyms(identity.software, identity.code, "member", ids)

    def _local_times(self) -> LocalTimes:
        zone = self.settings.timezone
        times = LocalTimes(self.opened.source.tables, zone_named(zone) if zone is not None else None)
        if zone is not None and not times.has_any:
            raise SettingsError("this package stores universal time", hint="leave --timezone out")
        return times

    def _put_map(self) -> None:
        groups = [
            f"({number}, '{group.role.value}', {group.rank if group.rank is not None else 'NULL'})"
            for number, group in self.custodian_map.groups.items()
        ]
        sections = [f"({number}, '{kind}')" for number, kind in self.custodian_map.sections.items()]
        self.staging.create("custodian_group", "id BIGINT, role VARCHAR, rank BIGINT", groups)
        self.staging.create("custodian_section", "id BIGINT, kind VARCHAR", sections)

    def _judge_fine_times(self, supplied: tuple[str, ...]) -> tuple[Unicity, ...]:
        if self.settings.time_resolution not in FINE:
            return ()
        unicity = measure_traces(self.staging, supplied, self.settings.time_resolution, seed=self.settings.seed)
        if not self.settings.accept_fine_times:
            raise FineTimesError(unicity)
        return unicity

    def _own_findings(self, window: Window | None, unicity: tuple[Unicity, ...]) -> Iterator[Finding]:
        if window is None:
            yield Finding("no-dated-events", Severity.PROBLEM, "no event carries a time: the window is unknown")
        elif window.end < window.latest:
            text = "the window ends before the last event: states and roles are still those of the export"
            yield Finding("states-of-the-export", Severity.CAUTION, text)
        if unicity:
            yield fine_times_finding(unicity, self.settings.time_resolution)

    def _manifest(self, report: ReadReport, assembled: Assembled, findings: list[Finding]) -> Manifest:
        source, identity = self.opened.source, self.identity
        return Manifest(
            forums=(ForumEntry(0, identity.code, identity.software),),
            time_resolution=self.settings.time_resolution,
            absent=_absent(source, assembled, report, linked=self.settings.link_handles),
            codes={"forum.code": (identity.code,), "section.kind": section_kinds(self.staging, assembled)},
            findings=most_severe_first(findings),
            source_counts=tuple(
                SourceCount(read.table, read.rows, assembled.kept.get(read.table, 0))
                for read in report.tables
                if read.present
            ),
            key_fingerprint=identity.key.fingerprint,
            options=self._options(report),
        )

    def _options(self, report: ReadReport) -> dict[str, Any]:
        settings = plain_settings(replace(self.settings, window_end=None))
        settings["window_end"] = self.settings.window_end and self.settings.window_end.isoformat()
        return {
            **settings,
            "linking": "handles" if self.settings.link_handles else "none",
            "groups_mapped": len(self.custodian_map.groups),
            "sections_mapped": len(self.custodian_map.sections),
            "source_columns_missing": {
                read.table: list(read.missing) for read in report.tables if read.present and read.missing
            },
        }


def _absent(source: Source, assembled: Assembled, report: ReadReport, *, linked: bool) -> dict[str, str]:
    """Every table and column that holds nothing, with the reason."""
    missing = {read.table for read in report.tables if not read.present}
    absent: dict[str, str] = {}
    for name in TABLES:
        if name == "forum" or name in assembled.rows:
            continue
        reason = "this package does not supply it"
        if name in source.assembly:
            reason = f"the source has no table {' or '.join(sorted(set(source.assembly[name]) & missing))}"
        absent[name] = source.absent.get(name, reason)
    for column in assembled.empty:
        absent[column] = source.absent.get(column, "null in every row of this source")
    if "member.linked_pseudonym" in absent and not linked:
        absent["member.linked_pseudonym"] = NO_LINKS
    return absent | {what: why for what, why in NOT_GIVEN.items() if what.split(".")[0] in {"forum", *assembled.rows}}
