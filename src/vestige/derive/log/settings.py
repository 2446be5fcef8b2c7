"""Choices of a derivation from access logs, and what it did."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from vestige.dataset.manifest import Manifest
from vestige.derive.log.reader import LogReport
from vestige.derive.log.resolving import Outcome
from vestige.derive.pipeline import LEAST_MEMORY
from vestige.errors import SettingsError
from vestige.results import Finding, Provenance, plain_settings

if TYPE_CHECKING:
    import pyarrow as pa

_LONGEST_PAUSE: Final = 24 * 60


@dataclass(frozen=True)
class LogSettings:
    """Choices.

    Attributes:
        completed_share: share of an object's size that must have been sent for a completed download: 0.95, since a
            server counts what it hands over, and compression and resumed transfers leave a little out.
        parts_minutes: longest pause between partial answers (206) that are one transfer; 0 joins none.
        memory: bytes that the embedded engine may hold before it spills to the output's disk.
        seed: of the draws behind the finding on fine times.
    """

    completed_share: float = 0.95
    parts_minutes: int = 10
    memory: int = 384_000_000
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not 0 < self.completed_share <= 1:
            raise SettingsError("completed_share is no share", hint="choose more than 0 and at most 1")
        if not 0 <= self.parts_minutes <= _LONGEST_PAUSE:
            raise SettingsError("parts_minutes is out of range", hint="choose 0 to 1440 minutes")
        if self.memory < LEAST_MEMORY:
            raise SettingsError("too little memory for derivation", hint=f"allow at least {LEAST_MEMORY:,} bytes")


@dataclass(frozen=True)
class LogResult:
    """What a derivation from access logs did; the new dataset lies in `path`.

    Attributes:
        path: the dataset's folder.
        manifest: as written.
        report: what was found in the files.
        outcome: whose the lines were.
        seconds: wall time.
        settings: as given.
    """

    path: Path
    manifest: Manifest
    report: LogReport
    outcome: Outcome
    seconds: float
    settings: LogSettings = field(default_factory=LogSettings)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings of the dataset, most severe first."""
        return self.manifest.findings

    @property
    def provenance(self) -> Provenance:
        """How to get this result again, given the dataset, the logs, the rules, the lookup and the key."""
        settings = {**plain_settings(self.settings), **self.manifest.options["access_log"]}
        return Provenance("derive_log", settings, self.settings.seed, self.manifest.digest)

    @property
    def table_names(self) -> tuple[str, ...]:
        """Names that `table` takes."""
        return ("lines", "dataset", "findings")

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
        if name == "lines":
            for what, count in self.lines():
                yield {"what": what, "lines": count}
        elif name == "dataset":
            for entry in self.manifest.files:
                yield {"table": entry.table, "file": entry.path, "rows": entry.rows, "bytes": entry.size}
        else:
            for finding in self.findings:
                yield {"severity": finding.severity.value, "code": finding.code, "text": finding.text}

    def lines(self) -> Iterator[tuple[str, int]]:
        """What became of the lines: words, and how many."""
        report, outcome = self.report, self.outcome
        yield "lines", report.lines
        for reason, count in report.malformed.items():
            yield f"unreadable: {reason}", count
        yield "other methods than GET", report.other_methods
        yield "no page of the rules", report.unmatched
        yield "pages not served", report.refused
        yield "redirected", report.redirected
        yield "guests", report.guests + outcome.by("guest")
        yield "crawlers", report.crawlers + outcome.by("bot")
        yield "sessions of nobody known", outcome.by("no-session")
        yield "members unknown to the dataset", outcome.by("unknown")
        yield "deleted or system accounts", outcome.by("deleted") + outcome.by("system")
        yield "pages of members", outcome.pages.get("member", 0)
        yield "requests for objects by members", outcome.transfers.get("member", 0)

    def summary(self) -> str:
        """Lines, rows and time in one line of words."""
        size = self.report.size / 1e6
        return (
            f"{self.report.lines:,} lines read, {self.outcome.of_members():,} of them by members, in "
            f"{self.seconds:.1f} s, {size:,.1f} MB at {size / max(self.seconds, 1e-9):,.0f} MB/s"
        )

    def plot(self, name: str) -> NoReturn:
        """Derivation draws nothing.

        Raises:
            SettingsError: always.
        """
        raise SettingsError(
            f"a derivation has no chart (asked for one of {len(name)} letters)", hint="use vestige report"
        )
