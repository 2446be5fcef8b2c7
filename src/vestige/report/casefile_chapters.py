"""A study of case files as chapters: overview, figures, agreement, scripts, claims, ledger, provenance."""

import platform
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from vestige.casefiles import tables
from vestige.casefiles.agreement import AgreementResult, AgreementSettings, measure_agreement
from vestige.casefiles.check import StudyCheck
from vestige.casefiles.claims import Judgement, Verdict
from vestige.casefiles.crime_scripts import Script, open_scripts, scene_support
from vestige.casefiles.figures.study_figures import item_matrix_plot, link_map, role_chart, timeline
from vestige.casefiles.ledger import prisma_counts, prisma_diagram, read_ledger
from vestige.casefiles.problems import ProblemList
from vestige.casefiles.script_diagram import script_diagram
from vestige.casefiles.script_lint import lint_script
from vestige.casefiles.study import Study
from vestige.casefiles.triangulation import read_triangulation, triangulate
from vestige.report.chapters import CaseTable, Chapter, Chart, Diagram, Facts, Part, Points, Words
from vestige.report.prose import paragraphs
from vestige.results import Finding, Severity
from vestige.version import __version__

if TYPE_CHECKING:
    import pyarrow as pa

    from vestige.casefiles.tables import FootnotedTable

ABOUT: Final = paragraphs("""
This chapter and the next ones describe coded case files. Coders read closed files with a checklist and wrote down
codes, numbers and pages; no sentence of a file was kept, and none can appear here.

Figures count cases, codings and sources, not members of a forum. Cases are few by nature, so that their counts are
shown as they are, with exact intervals where they stand for more than the files at hand.
""")
AGREEMENT: Final = paragraphs("""
How far independent coders gave the same answers, corrected for what chance alone would give. Krippendorff's alpha is 1
when they never differ and 0 when they agree no more than by chance. Where every answer is the same, agreement beyond
chance cannot be measured, and is said to be undefined.

Intervals come from drawing the cases anew with replacement. Averages over items weight each item by the cases that
two coders coded.
""")
MATRIX: Final = paragraphs("""
A value counts once all coders gave it, or once a disagreement was settled; an open disagreement is unknown. Shares
leave out what is unknown, not applicable or not coded. Their intervals are exact (Clopper and Pearson 1934) and say
how far six or ten files can carry a general statement: not far.
""")
CLAIMS: Final = paragraphs("""
Claims are sentences of the study's text, written as rules. A claim is contradicted when at least one row surely speaks
against it, and cannot be told when bands, missing values or withheld figures leave it open.
""")
_PLACES: Final = 2
_MOST_COMPARED: Final = 40
"""Cases beyond which the page leaves out the table of every pair; `vestige casefile tables` still has it."""
_LAST_KEY: Final = "study-provenance"


def study_chapters(check: StudyCheck, *, seed: int = 0, suspects: bool = False) -> tuple[Chapter, ...]:
    """Every chapter a checked study has data for.

    Args:
        check: of a study without errors.
        seed: of the bootstrap.
        suspects: whether rows about single suspects are shown (under their neutral ids).
    """
    study = check.study
    return (
        _cases(study, suspects=suspects),
        *_items(study, suspects=suspects),
        *_agreement(study, seed, suspects=suspects),
        *_roles(study),
        *_scripts(study),
        _claims(check),
        *_ledger(study),
        _provenance(check, seed),
    )


def case_table(title: str, table: "pa.Table", note: str = "") -> CaseTable:
    """An Arrow table about cases or codings as a part: numbers rounded, null as a dash."""
    rows = tuple(tuple(_cell(value) for value in row.values()) for row in table.to_pylist())
    numeric = tuple(str(field.type) in {"int64", "double"} for field in table.schema)
    columns = tuple(name.replace("_", " ") for name in table.column_names)
    return CaseTable(title, columns, rows, numeric, (note,) if note else ())


def _cell(value: object) -> str:
    if value is None or value == "":
        return "\u2013"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.{_PLACES}f}" if isinstance(value, float) else str(value)


def _footnoted(title: str, table: "FootnotedTable") -> CaseTable:
    rows = tuple(
        tuple(f"{cell} ({mark})" if mark else cell for cell, mark in zip(row, marks, strict=True))
        for row, marks in zip(table.rows, table.marks, strict=True)
    )
    notes = tuple(f"({letter}) {note}." for letter, note in table.notes)
    return CaseTable(title, table.columns, rows, tuple(False for _ in table.columns), notes)


def _cases(study: Study, *, suspects: bool) -> Chapter:
    parts: list[Part] = [Words(ABOUT), _footnoted("The analysed case files", tables.case_overview(study))]
    if study.tables.get("links"):
        words = "Boxes are investigations with their dates and suspects; arrows lead to what followed from them."
        parts.append(Diagram("Linked investigations", words, link_map(study)))
    ran = "cases, suspects and forums" if suspects else "cases and forums"
    words = f"Bars are the spans of {ran}; the light part is known to the month or year only."
    parts.append(Chart(f"When {ran} ran", words, timeline(study, suspects=suspects)))
    if not suspects and study.tables.get("suspects"):
        parts.append(Words(("Rows about single suspects are left out of this page.",)))
    return Chapter("cases", "The cases", tuple(parts))


def _items(study: Study, *, suspects: bool) -> Iterator[Chapter]:
    if not study.codings:
        return
    words = "Rows are items, columns cases; filled where a sign was coded, empty where not, ? where it cannot be told."
    parts: list[Part] = [Words(MATRIX), Chart("Items by case", words, item_matrix_plot(study))]
    parts += [
        _footnoted(f"Settled answers, by {level}", tables.item_matrix_table(study, level))
        for level in ("case", "suspect", "forum")
        if (suspects or level != "suspect") and any(True for _ in study.items(level))
    ]
    if study.checklist.structures:
        title = "Structures by case: items with a sign, without one, and that cannot tell"
        parts.append(case_table(title, tables.structure_matrix(study)))
    parts.append(case_table("Answers to each item, with exact 95 % intervals", tables.item_counts(study)))
    parts.append(case_table("Items found together", tables.co_coding(study), "Jaccard: both over either."))
    if len(study.units("case")) <= _MOST_COMPARED:
        note = "Gower's coefficient over the items known for both cases: 1 is alike in all."
        parts.append(case_table("Similarity of cases", tables.case_similarity(study), note))
    yield Chapter("items", "What the cases have in common", tuple(parts))


def _agreement(study: Study, seed: int, *, suspects: bool) -> Iterator[Chapter]:
    if len(study.coders) < 2:  # noqa: PLR2004 - agreement is between two
        return
    settings = AgreementSettings()
    result = measure_agreement(study, settings=settings, seed=seed)
    words = "A dot for each item and structure, with a line for its interval; further right is better agreement."
    parts: list[Part] = [
        Words(AGREEMENT),
        Chart("Agreement beyond chance", words, result.plot("coefficients")),
        case_table("Agreement by item, structure and overall", _coefficients(result)),
        case_table(
            "Disagreements and how they were settled", _shown(study, result.table("disagreements"), suspects=suspects)
        ),
    ]
    if len({coding.round for coding in study.codings}) > 1:
        parts.append(case_table("Between and within rounds", result.table("drift")))
    yield Chapter("agreement", "How far the coders agree", tuple(parts), result.findings, result.provenance)


def _shown(study: Study, table: "pa.Table", *, suspects: bool) -> "pa.Table":
    """Disagreements without those about single suspects."""
    levels = {item.code: item.level for item in study.checklist.items}
    kept = [suspects or levels.get(item) != "suspect" for item in table.column("item").to_pylist()]
    return table.filter(kept)


def _coefficients(result: AgreementResult) -> "pa.Table":
    import pyarrow as pa

    rows = []
    for scope in result.scopes:
        values = {estimate.coefficient: estimate for estimate in scope.estimates}
        alpha = scope.estimates[-1]
        row = {"scope": scope.scope, "name": scope.name or "all items", "units": alpha.units}
        for name in ("percent", "fleiss", "gwet-ac1"):
            row[name.replace("-", "_")] = values[name].value if name in values else None
        row |= {"alpha": alpha.value, "low": alpha.low, "high": alpha.high, "why_undefined": alpha.undefined}
        rows.append(row)
    text = ("scope", "name", "why_undefined")
    kinds = {"units": pa.int64(), **dict.fromkeys(text, pa.string())}
    return pa.Table.from_pylist(rows, schema=pa.schema([(key, kinds.get(key, pa.float64())) for key in rows[0]]))


def _roles(study: Study) -> Iterator[Chapter]:
    forums = list(dict.fromkeys(row.text("forum") for row in study.tables.get("roles", ())))
    if forums:
        words = (
            "Roles from the top down; a filled square is an area the role may enter, an empty one an area it may not."
        )
        parts = tuple(Diagram(f"Roles of {forum}", words, role_chart(study, forum)) for forum in forums)
        yield Chapter("roles", "Roles and the areas they may enter", parts)


def _scripts(study: Study) -> Iterator[Chapter]:
    for script in open_scripts(study).values():
        if script.scenes:
            yield _script(script)


def _script(script: Script) -> Chapter:
    words = "Stages from the top down, key members left, general members right; triangles are intervention points."
    remarks = tuple(
        f"{remark.criterion.capitalize()}: {f'{remark.scene}: ' if remark.scene else ''}{remark.text}."
        for remark in lint_script(script)
    )
    parts: list[Part] = [
        Diagram(script.title, words, script_diagram(script)),
        case_table("Scenes and the sources that support them", scene_support(script)),
    ]
    if remarks:
        parts += [Words(("Questions by the quality criteria of Borrion (2013):",)), Points(remarks)]
    return Chapter(f"script-{script.code}", f"Script: {script.title}", tuple(parts))


def _claims(check: StudyCheck) -> Chapter:
    study = check.study
    parts: list[Part] = [Words(CLAIMS)]
    for title, judged in (("Claims over the cases", check.judgements), ("Claims over dataset figures", check.linked)):
        if judged:
            rows = tuple(_judgement(each) for each in judged)
            columns = ("claim", "page", "the data say", "rows")
            parts.append(CaseTable(title, columns, rows, (False, True, False, False), ()))
    stated = {each.claim.code for each in (*check.judgements, *check.linked)}
    logged = read_triangulation(study, stated, ProblemList())
    if logged:
        parts.append(case_table("What each kind of source says", triangulate(logged)))
    findings = tuple(
        Finding(
            "contradicted-claim", Severity.PROBLEM, f"claim {each.claim.code} on page {each.claim.page} is contradicted"
        )
        for each in check.contradicted
    )
    return Chapter("claims", "Do the data bear the text?", tuple(parts), findings)


def _judgement(judged: Judgement) -> tuple[str, ...]:
    rows = "" if judged.verdict is Verdict.SUPPORTED else ", ".join(f"{row.table} {row.number}" for row in judged.rows)
    return judged.claim.code, str(judged.claim.page), judged.verdict.value, rows or "\u2013"


def _ledger(study: Study) -> Iterator[Chapter]:
    found = read_ledger(study, ProblemList())
    if found is not None:
        counts = prisma_counts(found)
        words = "Records from the top down: identified, screened, sought, assessed, included; beside each what left."
        lines = (*counts.main.lines(), f"included in all: {counts.studies} studies in {counts.reports} reports")
        diagram = Diagram("PRISMA 2020 flow diagram", words, prisma_diagram(counts))
        yield Chapter("ledger", "The literature searched", (diagram, Points(lines)))


def _provenance(check: StudyCheck, seed: int) -> Chapter:
    study = check.study
    facts = {
        "Study": study.head.code,
        "Digest of its files": study.digest,
        "Checklist": study.checklist.title,
        "Built from": study.checklist.source or "not stated",
        "Cases": str(len(study.units("case"))),
        "Coders": str(len(study.coders)),
        "Reported with": f"Vestige {__version__}, Python {platform.python_version()}",
        "Command": f"vestige casefile report DIR --out study.html --seed {seed}",
    }
    parts: list[Part] = [Facts(facts)]
    if check.problems:
        parts += [Words(("Notes of the check:",)), Points(tuple(str(problem) for problem in check.problems))]
    return Chapter(_LAST_KEY, "Where the study comes from", tuple(parts))
