"""From files of an access log, in the order of their times, to batches of numbers."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.derive.contract import SourceColumn, SourceTable, Take
from vestige.derive.dump.unpack import PIPE, open_stream
from vestige.derive.dump.window import Window
from vestige.derive.log import state as places
from vestige.derive.log.job import KERNELS, Integers, LogJob
from vestige.derive.log.rules import LogRules
from vestige.derive.native import is_compiled
from vestige.errors import SourceError, raise_clean
from vestige.progress import COMPILING, Progress, Step

if TYPE_CHECKING:
    import pyarrow as pa

PAGE_TABLE: Final = "log_page"
TRANSFER_TABLE: Final = "log_transfer"
_PAGE_COLUMNS: Final = ("second", "kind", "thread", "section", "post", "member", "session")
_TRANSFER_COLUMNS: Final = ("second", "object", "member", "session", "status", "bytes")
TABLES: Final = tuple(
    SourceTable(table, tuple(SourceColumn(name) for name in columns))
    for table, columns in ((PAGE_TABLE, _PAGE_COLUMNS), (TRANSFER_TABLE, _TRANSFER_COLUMNS))
)
"""What the lines become; -1 where there is no number, times in seconds."""

_PROBED: Final = 1 << 16
_COMPARED: Final = 512
_MALFORMED: Final = {
    "no time": places.NO_TIME,
    "an impossible time": places.BAD_TIME,
    "no request": places.NO_REQUEST,
    "no status": places.NO_STATUS,
    "no number of bytes": places.NO_BYTES,
    "NUL bytes": places.WITH_NUL,
    "too long": places.TOO_LONG,
    "cut off at the file's end": places.TRUNCATED,
}


@dataclass
class LogReport:
    """What was found in the files.

    Attributes:
        files: files read.
        left_out: files of the folder that are no access log, or empty.
        cut_short: files whose compressed data end in the middle.
        size: bytes gone through, decompressed.
        lines: lines that are not blank.
        malformed: lines that cannot be read, by reason.
        other_methods: lines of methods other than GET, or without a method.
        unmatched: requests for nothing that the rules name: images, scripts, styles.
        refused: pages that were asked for and not served.
        redirected: pages and objects that were elsewhere; the line that follows counts.
        guests: pages and objects that name no member and no session.
        crawlers: the same, where the user agent calls itself a crawler.
        pages: pages served to a member or session.
        transfers: requests for objects by a member or session.
        backwards: places where the clock goes back by more than ten minutes.
        silences: places where a day and more passes without any line.
        silent_seconds: how long those are together.
        zones: changes of the time zone.
        earliest: first line's time, seconds since the epoch; -1 without any.
        latest: last line's time.
    """

    files: int = 0
    left_out: int = 0
    cut_short: int = 0
    size: int = 0
    lines: int = 0
    malformed: dict[str, int] = field(default_factory=dict)
    other_methods: int = 0
    unmatched: int = 0
    refused: int = 0
    redirected: int = 0
    guests: int = 0
    crawlers: int = 0
    pages: int = 0
    transfers: int = 0
    backwards: int = 0
    silences: int = 0
    silent_seconds: int = 0
    zones: int = 0
    earliest: int = -1
    latest: int = -1


@dataclass(frozen=True)
class _Probe:
    """The beginning of one file: its first bytes' digest, its first time, whether it holds lines of a log."""

    file: Path
    digest: bytes
    earliest: int
    is_log: bool


def read_logs(source: str | Path, rules: LogRules, take: Take, progress: Progress) -> LogReport:
    """Read every line once, file after file in the order of their first times.

    Args:
        source: a log file, plain or packed by gzip, Zstandard or xz; a folder of such files; or `-` for a pipe.
        rules: which lines matter.
        take: called with `TABLES`' names and batches of their columns.
        progress: stage "read", in bytes of the files as they lie there.

    Raises:
        SourceError: nothing there, no access log, the same log twice, damaged data.
    """
    if not is_compiled(KERNELS):
        progress(Step(COMPILING, 0, 1))
    report = LogReport()
    files: Sequence[tuple[str | Path, int]] = [(source, -1)]
    if str(source) != PIPE and Path(source).is_dir():
        files = [(probe.file, probe.earliest) for probe in _in_order(Path(source), rules, report)]
    total = sum(Path(file).stat().st_size for file, _ in files if Path(file).is_file()) or None
    job = LogJob(rules)
    done = 0
    for number, (file, earliest) in enumerate(files, 1):
        if earliest < job.state[places.PREVIOUS]:  # logs of several servers overlap; that is no clock going back
            job.state[places.PREVIOUS] = -1
        with _located(f"file {number} of {len(files)}"):
            for consumed in _read_file(file, job, take, report):
                progress(Step("read", done + consumed, total, "bytes"))
        done += consumed
    _hand_out(job, take)
    report.files = len(files)
    _count(job.state, report)
    if report.lines == sum(report.malformed.values()):
        raise SourceError(
            "no line of the source is one of an access log",
            hint="common or combined format of Apache or nginx; gz, zst and xz are unpacked, nothing else is",
        )
    return report


def _read_file(file: str | Path, job: LogJob, take: Take, report: LogReport) -> Iterator[int]:
    """Read one file; gives the bytes taken from it so far, again and again."""
    with open_stream(file, _accept_any) as stream:
        window = Window(stream)
        while True:
            window.refill()
            while job.read(window) == places.FULL:
                _hand_out(job, take)
            if window.finished:
                break
            if window.end - window.position == window.capacity:
                _skip_long_line(job, window)
            yield stream.consumed
        report.cut_short += int(stream.cut_short)
        report.size += window.base + window.end
        yield stream.consumed


def _skip_long_line(job: LogJob, window: Window) -> None:
    """The line at hand fills the window: drop what is there of it, and the rest as it comes."""
    if not job.state[places.SKIPPING]:
        job.state[places.TOO_LONG] += 1
        job.state[places.LINES] += 1
    job.state[places.SKIPPING] = 1
    window.position = window.end


def _hand_out(job: LogJob, take: Take) -> None:
    rows = job.rows()
    of_object = rows[places.COLUMNS.index("kind")] == places.KIND_OBJECT
    for table, columns, chosen in (
        (PAGE_TABLE, _PAGE_COLUMNS, ~of_object),
        (TRANSFER_TABLE, _TRANSFER_COLUMNS, of_object),
    ):
        part = np.flatnonzero(chosen)
        if len(part):
            take(table, _batch(rows, columns, part))


def _batch(rows: Integers, columns: tuple[str, ...], part: Integers) -> "pa.RecordBatch":
    import pyarrow as pa

    arrays = [
        pa.Array.from_buffers(pa.int64(), len(part), [None, pa.py_buffer(rows[places.COLUMNS.index(name)][part])])
        for name in columns
    ]
    return pa.RecordBatch.from_arrays(arrays, list(columns))


def _count(state: Integers, report: LogReport) -> None:
    report.lines = int(state[places.LINES])
    report.malformed = {reason: int(state[place]) for reason, place in _MALFORMED.items() if state[place]}
    for name, place in (
        ("other_methods", places.OTHER_METHOD),
        ("unmatched", places.UNMATCHED),
        ("refused", places.REFUSED),
        ("redirected", places.REDIRECTED),
        ("guests", places.GUEST),
        ("crawlers", places.BOT),
        ("pages", places.PAGES),
        ("transfers", places.TRANSFERS),
        ("backwards", places.BACKWARDS),
        ("silences", places.SILENCES),
        ("silent_seconds", places.SILENT_SECONDS),
        ("zones", places.ZONES),
        ("earliest", places.EARLIEST),
        ("latest", places.LATEST),
    ):
        setattr(report, name, int(state[place]))


def _in_order(folder: Path, rules: LogRules, report: LogReport) -> list[_Probe]:
    """The folder's access logs by their first times.

    Raises:
        SourceError: no access log there, or one that lies there twice.
    """
    entries: list[Path] | None = None
    with suppress(OSError):
        entries = sorted(entry for entry in folder.iterdir() if entry.is_file() and not entry.name.startswith("."))
    if entries is None:
        raise SourceError("that folder cannot be read", hint="check its path and permissions")
    probes = []
    for number, entry in enumerate(entries, 1):
        with _located(f"file {number} of {len(entries)}"):
            probes.append(_probe(entry, rules))
    logs = sorted((probe for probe in probes if probe.is_log), key=lambda probe: (probe.earliest, probe.file.name))
    report.left_out = len(probes) - len(logs)
    if not logs:
        raise SourceError(
            "the folder holds no access log", hint="common or combined format of Apache or nginx, plain, gz, zst or xz"
        )
    if len({probe.digest for probe in logs}) < len(logs):
        raise SourceError(
            "two files of the folder begin alike: the same log lies there twice",
            hint="leave one of them, plain or packed",
        )
    return logs


def _probe(file: Path, rules: LogRules) -> _Probe:
    if not file.stat().st_size:
        return _Probe(file, b"", -1, is_log=False)
    with open_stream(file, _accept_any) as stream:
        window = Window(stream, _PROBED)
        while window.refill():
            pass
    job = LogJob(rules)
    while job.read(window) == places.FULL:
        job.rows()
    digest = hashlib.sha256(window.data[: min(_COMPARED, window.end)]).digest()
    return _Probe(file, digest, int(job.state[places.EARLIEST]), is_log=bool(job.state[places.EARLIEST] >= 0))


def _accept_any(head: bytes) -> None:
    """What is no log shows by its lines."""


@contextmanager
def _located(place: str) -> Iterator[None]:
    """Errors about a file say which by its number, never by its name."""
    failure: SourceError | None = None
    try:
        yield
    except SourceError as error:
        failure = SourceError(error.what, where=f"{place}, {error.where}" if error.where else place, hint=error.hint)
    if failure is not None:
        raise_clean(failure)
