"""What a log says of its own limits, as findings that travel with the dataset. Numbers only."""

from collections.abc import Iterator
from typing import Final

from vestige.derive.log.reader import LogReport
from vestige.derive.log.resolving import Known, Outcome
from vestige.results import Finding, Severity

_FEW: Final = 0.01
"""Share of lines that cannot be read from which on that is more than the noise every log has."""

_HOUR: Final = 3600


def log_findings(report: LogReport, outcome: Outcome, known: Known, *, has_lookup: bool) -> Iterator[Finding]:
    """Findings about the files, the lines and whose they are.

    Args:
        report: what was found in the files.
        outcome: whose the lines were.
        known: the dataset.
        has_lookup: whether the custodian's lookup was given.
    """
    yield from _file_findings(report)
    yield from _clock_findings(report)
    yield from _people_findings(report, outcome)
    yield from _place_findings(outcome, known, has_lookup=has_lookup)


def _file_findings(report: LogReport) -> Iterator[Finding]:
    bad = sum(report.malformed.values())
    if bad:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in report.malformed.items())
        severity = Severity.CAUTION if bad > _FEW * report.lines else Severity.NOTE
        text = f"{bad:,} of {report.lines:,} lines of the access log could not be read: {reasons}"
        yield Finding("log-lines-unreadable", severity, text)
    if report.cut_short:
        text = f"{report.cut_short:,} packed files of the access log end in the middle: what came before was read"
        yield Finding("log-cut-short", Severity.CAUTION, text)
    if report.left_out:
        text = f"{report.left_out:,} files of the folder are empty or no access log and were left out"
        yield Finding("log-files-left-out", Severity.NOTE, text)


def _clock_findings(report: LogReport) -> Iterator[Finding]:
    if report.backwards:
        text = f"the access log's clock goes back by more than ten minutes at {report.backwards:,} places"
        yield Finding("log-clock-jumps", Severity.CAUTION, text)
    if report.silences:
        hours = report.silent_seconds // _HOUR
        text = f"the access log is silent for a day or longer at {report.silences:,} places, {hours:,} hours together"
        yield Finding("log-silences", Severity.CAUTION, text)
    if report.zones:
        text = f"the access log's time zone changes {report.zones:,} times; times are UTC by each line's own offset"
        yield Finding("log-zones", Severity.NOTE, text)


def _people_findings(report: LogReport, outcome: Outcome) -> Iterator[Finding]:
    guests = report.guests + outcome.by("guest")
    if guests:
        text = f"{guests:,} requests for pages and objects name no member: guests, or members whose cookie was not kept"
        yield Finding("log-guests", Severity.NOTE, text)
    crawlers = report.crawlers + outcome.by("bot")
    if crawlers:
        yield Finding("log-crawlers", Severity.NOTE, f"{crawlers:,} requests for pages and objects are by crawlers")
    unknown = outcome.by("unknown")
    if unknown:
        text = f"{unknown:,} requests name members that the database does not have: removed accounts, or forged cookies"
        yield Finding("log-members-unknown", Severity.CAUTION, text)
    sessions = outcome.by("no-session")
    if sessions:
        text = f"{sessions:,} requests carry a session that is not in its table: guests, or sessions long over"
        yield Finding("log-sessions-unknown", Severity.CAUTION, text)


def _place_findings(outcome: Outcome, known: Known, *, has_lookup: bool) -> Iterator[Finding]:
    if not has_lookup:
        text = "the access log was read without the lookup: its threads and sections are unknown, its objects all new"
        yield Finding("log-without-lookup", Severity.CAUTION, text)
        return
    for what, count in outcome.lost.items():
        if count:
            text = f"{count:,} page views name a {what} that the database does not have"
            yield Finding(f"log-{what}s-unknown", Severity.NOTE, text)
    if known.has("view") and outcome.pages.get("member", 0):
        text = "views come from the database (last visits, read-marks) and from the access log: some are counted twice"
        yield Finding("views-from-two-sources", Severity.CAUTION, text)
