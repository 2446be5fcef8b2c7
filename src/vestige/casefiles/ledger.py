"""A systematic review's ledger: searches, records, decisions, and the counts of PRISMA 2020.

Source: Page et al. (2021), "The PRISMA 2020 statement"; its flow diagram for new reviews, with databases and registers
in one stream and other methods in another.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from vestige.casefiles.figures.svg import Box, Canvas
from vestige.casefiles.problems import ProblemList
from vestige.casefiles.reading import read_table
from vestige.casefiles.schema import Column, Kind, TableSchema
from vestige.casefiles.study import Row, Study
from vestige.casefiles.values import Missing, Quantity

FOLDER: Final = "ledger"
STREAMS: Final = {
    "database": "databases",
    "register": "registers",
    "website": "websites",
    "organisation": "organisations",
    "citation": "citation searching",
}
MAIN: Final = frozenset({"database", "register"})
SEARCHES: Final = TableSchema(
    "searches",
    "search",
    (
        Column("search", Kind.IDENTIFIER, "neutral id of the search", required=True),
        Column("stream", Kind.CODE, "where was searched", required=True, codes=tuple(STREAMS)),
        Column("searched_on", Kind.DATE, "day of the search", required=True),
        Column("hits", Kind.COUNT, "hits the source reported", required=True),
    ),
    key="search",
)
RECORDS: Final = TableSchema(
    "records",
    "record",
    (
        Column("record", Kind.IDENTIFIER, "neutral id of the record", required=True),
        Column("search", Kind.REFERENCE, "search that found it", required=True, refers_to="searches"),
        Column("duplicate_of", Kind.REFERENCE, "the record it repeats", refers_to="records"),
        Column("removed", Kind.CODE, "removed before screening", codes=("automation", "other")),
        Column("screening", Kind.CODE, "decision on title and abstract", codes=("include", "exclude")),
        Column("retrieved", Kind.YES_NO, "whether the report could be had"),
        Column("eligibility", Kind.CODE, "decision on the report", codes=("include", "exclude")),
        Column("reason", Kind.IDENTIFIER, "neutral code of the reason for exclusion"),
        Column("study", Kind.IDENTIFIER, "neutral id of the study it reports; its own id when empty"),
        Column("decided_by", Kind.IDENTIFIER, "who decided last"),
        Column("decided_on", Kind.DATE, "when"),
    ),
    key="record",
)


@dataclass(frozen=True)
class Stream:
    """Counts of one column of the flow diagram; `pending` records have no decision yet."""

    identified: Mapping[str, int]
    duplicates: int
    removed_automation: int
    removed_other: int
    screened: int
    excluded: int
    sought: int
    not_retrieved: int
    assessed: int
    reasons: Mapping[str, int]
    reports_included: int
    pending: int

    def lines(self) -> tuple[str, ...]:
        """The flow in words, one line a box."""
        found = ", ".join(f"{name} {count:,}" for name, count in self.identified.items())
        removed = self.duplicates + self.removed_automation + self.removed_other
        parts = (
            f"duplicates {self.duplicates:,}, by automation {self.removed_automation:,}, other {self.removed_other:,}"
        )
        why = ", ".join(f"{reason} {count:,}" for reason, count in self.reasons.items())
        return (
            f"records identified: {sum(self.identified.values()):,} ({found})",
            f"removed before screening: {removed:,} ({parts})",
            f"screened: {self.screened:,}, excluded: {self.excluded:,}",
            f"reports sought: {self.sought:,}, not retrieved: {self.not_retrieved:,}",
            f"assessed: {self.assessed:,}, excluded: {sum(self.reasons.values()):,}" + (f" ({why})" if why else ""),
            f"reports included: {self.reports_included:,}, still undecided: {self.pending:,}",
        )


@dataclass(frozen=True)
class PrismaCounts:
    """The flow: databases and registers, other methods (None without any), and what was included in all."""

    main: Stream
    other: Stream | None
    studies: int
    reports: int


@dataclass(frozen=True)
class Ledger:
    """Searches and records of a review."""

    searches: tuple[Row, ...]
    records: tuple[Row, ...]


def read_ledger(study: Study, problems: ProblemList) -> Ledger | None:
    """The ledger of a study, or None when it keeps none; faults go to `problems`."""
    folder = study.folder / FOLDER
    if not (folder / "records.csv").exists():
        return None
    searches = read_table(folder, SEARCHES, problems)
    records = read_table(folder, RECORDS, problems)
    known = {row.text("search") for row in searches}
    first = _unique(records, "record", problems)
    _unique(searches, "search", problems)
    for row in records:
        _check_record(row, known, first, problems)
    listed = Counter(row.text("search") for row in records)
    for row in searches:
        hits = row.value("hits")
        if isinstance(hits, Quantity) and hits.is_exact and hits.low != listed[row.text("search")]:
            problems.error(
                "searches.csv", row.number, "hits", "does not equal the rows of records.csv", "list every record found"
            )
    return Ledger(searches, records)


def _unique(rows: Iterable[Row], key: str, problems: ProblemList) -> dict[str, Row]:
    first: dict[str, Row] = {}
    for row in rows:
        name = row.text(key)
        if name and name in first:
            where = f"the id stands in row {first[name].number} already"
            problems.error(f"{row.table}.csv", row.number, key, where, "one row an id")
        first.setdefault(name, row)
    return first


def _check_record(row: Row, searches: set[str], records: Mapping[str, Row], problems: ProblemList) -> None:
    def fault(column: str, what: str, hint: str) -> None:
        problems.error("records.csv", row.number, column, what, hint)

    if row.text("search") not in searches:
        fault("search", "no row of searches.csv has that id", "add the search, or correct the id")
    original = row.text("duplicate_of")
    if original and (original not in records or original == row.text("record")):
        fault("duplicate_of", "no other record has that id", "correct the id")
    elif original and records[original].text("duplicate_of"):
        fault("duplicate_of", "names a record that is a duplicate itself", "name the one that is kept")
    left = bool(original) or bool(row.text("removed"))
    later = [c for c in ("screening", "retrieved", "eligibility") if row.value(c) is not Missing.NOT_CODED]
    if left and later:
        fault(later[0], "decided although the record left before screening", "empty it, or keep the record")
    elif later and row.text("screening") != "include" and later != ["screening"]:
        fault(later[-1], "decided although the record did not pass screening", "empty it, or correct the screening")
    elif row.text("eligibility") and row.text("retrieved") != "yes":
        fault("eligibility", "decided although the report was not retrieved", "correct one of the two")
    if row.text("eligibility") == "exclude" and not row.text("reason"):
        fault("reason", "an excluded report needs a reason", "write a neutral code, such as no-data")


def prisma_counts(ledger: Ledger) -> PrismaCounts:
    """Counts of the flow diagram; records still undecided are counted as pending."""
    stream_of = {row.text("search"): row.text("stream") for row in ledger.searches}
    main = [row for row in ledger.records if stream_of.get(row.text("search")) in MAIN]
    other = [row for row in ledger.records if stream_of.get(row.text("search")) not in MAIN]
    included = [row for row in ledger.records if row.text("eligibility") == "include"]
    return PrismaCounts(
        _stream(main, stream_of),
        _stream(other, stream_of) if other else None,
        len({row.text("study") or row.text("record") for row in included}),
        len(included),
    )


def _stream(rows: list[Row], stream_of: Mapping[str, str]) -> Stream:
    identified = Counter(stream_of.get(row.text("search"), "") for row in rows)
    kept = [row for row in rows if not row.text("duplicate_of") and not row.text("removed")]
    sought = [row for row in kept if row.text("screening") == "include"]
    assessed = [row for row in sought if row.text("retrieved") == "yes"]
    out = [row for row in assessed if row.text("eligibility") == "exclude"]
    undecided = [
        row
        for row in kept
        if not row.text("screening")
        or (row.text("screening") == "include" and not row.text("retrieved"))
        or (row.text("retrieved") == "yes" and not row.text("eligibility"))
    ]
    return Stream(
        {STREAMS[code]: identified[code] for code in STREAMS if identified[code]},
        sum(bool(row.text("duplicate_of")) for row in rows),
        sum(row.text("removed") == "automation" and not row.text("duplicate_of") for row in rows),
        sum(row.text("removed") == "other" and not row.text("duplicate_of") for row in rows),
        sum(bool(row.text("screening")) for row in kept),
        sum(row.text("screening") == "exclude" for row in kept),
        len(sought),
        sum(row.text("retrieved") == "no" for row in sought),
        len(assessed),
        dict(sorted(Counter(row.text("reason") for row in out).items())),
        sum(row.text("eligibility") == "include" for row in assessed),
        len(undecided),
    )


WIDE: Final = 250.0
APART: Final = 56.0


def prisma_diagram(counts: PrismaCounts) -> str:
    """The PRISMA 2020 flow diagram as SVG."""
    canvas = Canvas()
    streams = [(counts.main, "Databases and registers")]
    if counts.other is not None:
        streams.append((counts.other, "Other methods"))
    ends = [
        _draw_stream(canvas, stream, title, number * 2 * (WIDE + APART / 2 + 20))
        for number, (stream, title) in enumerate(streams)
    ]
    box = Box(("Included", f"studies: {counts.studies:,}", f"reports: {counts.reports:,}"), width=WIDE)
    y = max(bottom for _, bottom in ends) + APART + box.size[1] / 2
    top = y - box.size[1] / 2
    canvas.arrow([(ends[0][0], ends[0][1]), (ends[0][0], top)])
    for x, bottom in ends[1:]:
        canvas.arrow([(x, bottom), (x, y), (ends[0][0] + WIDE / 2, y)])
    canvas.box(ends[0][0], y, box)
    return canvas.render("PRISMA 2020 flow diagram")


def _draw_stream(canvas: Canvas, stream: Stream, title: str, left: float) -> tuple[float, float]:
    """One stream's boxes from the top down with what left beside each; returns where its last box ends."""
    x = left + WIDE / 2
    canvas.text(x, 12, title, bold=True, anchor="middle")
    removed = [f"duplicates: {stream.duplicates:,}"]
    removed += [f"by automation: {stream.removed_automation:,}"] if stream.removed_automation else []
    removed += [f"for other reasons: {stream.removed_other:,}"] if stream.removed_other else []
    identified = [f"{name}: {count:,}" for name, count in stream.identified.items()]
    reasons = [f"{reason}: {count:,}" for reason, count in stream.reasons.items()]
    rows = [
        (("Records identified", *identified), ("Removed before screening", *removed)),
        (("Records screened", f"{stream.screened:,}"), ("Records excluded", f"{stream.excluded:,}")),
        (("Reports sought", f"{stream.sought:,}"), ("Reports not retrieved", f"{stream.not_retrieved:,}")),
        (("Reports assessed", f"{stream.assessed:,}"), ("Reports excluded", *(reasons or ["0"]))),
    ]
    y, before = 30.0, None
    for lines, aside in rows:
        box, side = Box(lines, width=WIDE), Box(aside, width=WIDE - 40)
        height = max(box.size[1], side.size[1])
        middle = y + height / 2
        if before is not None:
            canvas.arrow([(x, before), (x, middle - box.size[1] / 2)])
        canvas.arrow([(x + WIDE / 2, middle), (x + WIDE / 2 + APART / 2, middle)])
        canvas.box(x, middle, box)
        canvas.box(x + WIDE / 2 + APART / 2 + (WIDE - 40) / 2, middle, side)
        before = middle + box.size[1] / 2
        y += height + APART * 0.7
    if stream.pending:
        canvas.text(x + WIDE / 2 + APART / 2, y, f"still undecided: {stream.pending:,}", size=12)
    return x, before or y
