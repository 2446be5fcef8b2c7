"""`vestige casefile ...`: studies of coded case files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vestige.cli.app import app
from vestige.cli.casefile_tables import print_footnoted, print_table
from vestige.cli.console import print_line

if TYPE_CHECKING:
    from vestige.casefiles.claims import Judgement
    from vestige.casefiles.study import Row

casefile = typer.Typer(help="Coded case files: check, count, compare, report.", no_args_is_help=True)
app.add_typer(casefile, name="casefile")

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="folder of the study")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON instead of lines")]


@casefile.command()
def new(
    folder: Folder,
    template: Annotated[str, typer.Option(help="see `vestige casefile templates`")] = "organised-crime-monitor",
) -> None:
    """Start a study from a template."""
    from vestige.casefiles.templates import new_study

    for name in new_study(folder, template):
        print_line(name)


@casefile.command()
def templates() -> None:
    """List the templates and the publications behind them."""
    from vestige.casefiles.templates import TEMPLATES

    for template in TEMPLATES.values():
        print_line(f"{template.name}: {template.summary} [{template.source}]")


@casefile.command()
def check(folder: Folder, *, as_json: AsJson = False) -> None:
    """Check schema, ids, dates, sums and claims; exits 1 on an error or a contradicted claim."""
    from vestige.casefiles.check import check_study
    from vestige.cli.casefile_json import plain_check, print_json

    found = check_study(folder)
    if as_json:
        print_json(plain_check(found))
        raise typer.Exit(0 if found.is_sound else 1)
    for problem in found.problems:
        print_line(str(problem))
    for judged in (*found.judgements, *found.linked):
        _print_judgement(judged)
    notes = len(found.problems) - len(found.errors)
    print_line(f"errors: {len(found.errors)}, notes: {notes}, claims contradicted: {len(found.contradicted)}")
    raise typer.Exit(0 if found.is_sound else 1)


def _print_judgement(judged: "Judgement") -> None:
    from vestige.casefiles.claims import Verdict

    print_line(f"claim {judged.claim.code} (page {judged.claim.page}): {judged.verdict.value}")
    if judged.verdict is not Verdict.SUPPORTED:
        for row in judged.rows:
            print_line(f"  {_row_place(row)}")


def _row_place(row: "Row") -> str:
    key = row.text(row.table.removesuffix("s"))
    file = row.table if "." in row.table else f"{row.table}.csv"
    return f"{file} row {row.number}" + (f" ({key})" if key else "")


@casefile.command()
def agreement(
    folder: Folder,
    coding_round: Annotated[int, typer.Option("--round", help="coding round compared")] = 1,
    bootstrap: Annotated[int, typer.Option(help="samples of units; 0 for none")] = 1000,
    seed: Annotated[int, typer.Option(help="of the bootstrap")] = 0,
    table: Annotated[str, typer.Option(help="print one table: coefficients, codes, pairs, disagreements, drift")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """How far the coders agree, per item, per structure and overall."""
    from vestige.casefiles.agreement import AgreementSettings, measure_agreement
    from vestige.casefiles.check import open_study
    from vestige.cli.casefile_json import plain_agreement, print_json

    settings = AgreementSettings(bootstrap=bootstrap, round=coding_round)
    result = measure_agreement(open_study(folder), settings=settings, seed=seed)
    if as_json:
        print_json(plain_agreement(result, table))
        return
    if table:
        print_table(result.table(table))
        return
    print_line(result.summary())
    for finding in result.findings:
        print_line(f"{finding.severity.value}: {finding.text}")


@casefile.command()
def plan(
    prevalence: Annotated[str, typer.Option(help="share of each code, such as 0.2,0.8")],
    kappa: Annotated[float, typer.Option(help="agreement expected")] = 0.7,
    half_width: Annotated[float, typer.Option(help="wanted half width of the interval")] = 0.1,
    confidence: Annotated[float, typer.Option(help="of the interval")] = 0.95,
) -> None:
    """How many units two coders must both code for a wanted interval."""
    from vestige.casefiles.agreement import plan_double_coding
    from vestige.errors import SettingsError

    shares = prevalence.replace(" ", "").split(",")
    if not all(share.isascii() and share.replace(".", "", 1).isdigit() for share in shares):
        raise SettingsError("prevalence is not a list of shares", hint="for example --prevalence 0.2,0.8")
    planned = plan_double_coding(
        [float(share) for share in shares], kappa=kappa, half_width=half_width, confidence=confidence
    )
    print_line(f"{planned.units} units, both coders; standard error {planned.standard_error:.3f} at kappa {kappa:g}")


@casefile.command()
def tables(
    folder: Folder,
    name: Annotated[
        str, typer.Argument(help="overview, items, structures, counts, co-coding or similarity")
    ] = "overview",
    level: Annotated[str, typer.Option(help="case, suspect or forum, for items")] = "case",
    *,
    as_json: AsJson = False,
) -> None:
    """One table of a study, as plain text or JSON."""
    from vestige.casefiles import tables as made
    from vestige.casefiles.check import open_study
    from vestige.cli.casefile_json import plain_footnoted, plain_table, print_json
    from vestige.errors import SettingsError

    study = open_study(folder)
    footnoted = ("overview", "items")
    plain = {
        "structures": made.structure_matrix,
        "counts": made.item_counts,
        "co-coding": made.co_coding,
        "similarity": made.case_similarity,
    }
    if name in footnoted:
        shown = made.case_overview(study) if name == "overview" else made.item_matrix_table(study, level)
        print_json(plain_footnoted(shown)) if as_json else print_footnoted(shown)
    elif name in plain:
        table = plain[name](study)
        print_json(plain_table(table)) if as_json else print_table(table)
    else:
        raise SettingsError("there is no such table", hint=f"known: {', '.join([*footnoted, *plain])}")


@casefile.command()
def qca(
    folder: Folder,
    outcome: Annotated[str, typer.Option(help="item to be explained")],
    condition: Annotated[list[str], typer.Option(help="item that may explain it; several times")],
    *,
    expect: Annotated[list[str] | None, typer.Option(help="direction, such as hierarchy=1; several times")] = None,
    negate: Annotated[bool, typer.Option("--negate", help="explain the absence of the outcome")] = False,
    consistent: Annotated[float, typer.Option(help="consistency from which a configuration counts")] = 1.0,
    fewest_cases: Annotated[int, typer.Option(help="below so many cases a configuration is a remainder")] = 1,
) -> None:
    """Qualitative comparative analysis: truth table, solutions, necessity."""
    from vestige.casefiles.check import open_study
    from vestige.casefiles.qca import QcaSettings, compare_configurations, memberships_of

    study = open_study(folder)
    settings = QcaSettings(fewest_cases=fewest_cases, consistent=consistent, expected=_directions(expect or []))
    data = memberships_of(study, outcome, condition, negate_outcome=negate)
    result = compare_configurations(data, settings=settings, digest=study.digest)
    for name in result.table_names:
        print_table(result.table(name))
        print_line()
    print_line(result.summary())
    for finding in result.findings:
        print_line(f"{finding.severity.value}: {finding.text}")


def _directions(given: list[str]) -> dict[str, int]:
    from vestige.errors import SettingsError

    pairs = [each.partition("=") for each in given]
    if any(direction not in {"0", "1"} for _, _, direction in pairs):
        raise SettingsError("an expectation is not NAME=1 or NAME=0", hint="for example --expect hierarchy=1")
    return {name: int(direction) for name, _, direction in pairs}


@casefile.command()
def figure(
    folder: Folder,
    name: Annotated[str, typer.Argument(help="links, timeline, items or roles-FORUM; `list` lists them")],
    out: Annotated[Path | None, typer.Option(help="file to write, .svg or .png")] = None,
) -> None:
    """One figure of a study, as SVG or PNG."""
    from vestige.casefiles.check import open_study
    from vestige.casefiles.figures.study_figures import study_figures
    from vestige.casefiles.figures.svg import save_figure
    from vestige.errors import SettingsError

    figures = study_figures(open_study(folder))
    if name == "list":
        for known in figures:
            print_line(known)
        return
    if name not in figures or out is None:
        raise SettingsError("name a figure and --out FILE.svg or FILE.png", hint=f"known: {', '.join(figures)}")
    save_figure(figures[name](), out)


@casefile.command()
def codebook(
    source: Annotated[Path, typer.Argument(metavar="DIR|FILE.qdc", help="a study's folder, or a codebook to read")],
    out: Annotated[Path | None, typer.Option(help="write as REFI-QDA, .qdc")] = None,
) -> None:
    """Show a REFI-QDA codebook, or write a study's checklist as one."""
    from vestige.casefiles.check import open_study
    from vestige.casefiles.refi import codebook_of_checklist, read_codebook, write_codebook

    found = codebook_of_checklist(open_study(source).checklist) if source.is_dir() else read_codebook(source)
    if out is not None:
        write_codebook(found, out)
        return
    for code in found.codes:
        print_line(f"{'  ' * found.depth(code)}{code.label or code.code}{'' if code.is_codable else ' (group)'}")


@casefile.command()
def project(file: Annotated[Path, typer.Argument(metavar="FILE.qdpx", help="a REFI-QDA project")]) -> None:
    """Count a REFI-QDA project's codings by code and coder; its sources are never unpacked."""
    from collections import Counter

    from vestige.casefiles.refi import read_project

    found = read_project(file)
    labels = {code.code: code.label or code.code for code in found.codebook.codes}
    for (code, coder), count in sorted(Counter((c.code, c.coder) for c in found.codings).items()):
        print_line(f"{labels[code]}, {coder or 'coder not named'}: {count}")
    print_line(
        f"{len(found.source_guids)} sources, {len(found.coders)} coders, {len(found.codings)} codings, "
        f"{found.dangling} left out"
    )


@casefile.command()
def overlap(
    one: Annotated[Path, typer.Argument(metavar="ONE.qdpx", help="one coder's project")],
    other: Annotated[Path, typer.Argument(metavar="OTHER.qdpx", help="the other coder's project")],
) -> None:
    """Whether two coders marked the same stretches of the same sources, per code."""
    from vestige.casefiles.refi import measure_overlap_of_coders, read_project
    from vestige.casefiles.refi.unitising import overlap_table

    print_table(overlap_table(measure_overlap_of_coders(read_project(one), read_project(other))))


@casefile.command()
def script(
    folder: Folder,
    code: Annotated[str, typer.Argument(help="code of the script")],
    *,
    compare: Annotated[str, typer.Option(help="code of another script to compare with")] = "",
    out: Annotated[Path | None, typer.Option(help="write the diagram, .svg or .png")] = None,
) -> None:
    """A crime script: support of each scene, remarks by Borrion's criteria, comparison, diagram."""
    from vestige.casefiles.check import open_study
    from vestige.casefiles.crime_scripts import compare_scripts, open_scripts, scene_support
    from vestige.casefiles.figures.svg import save_figure
    from vestige.casefiles.script_diagram import script_diagram
    from vestige.casefiles.script_lint import lint_script
    from vestige.errors import SettingsError

    scripts = open_scripts(open_study(folder))
    if code not in scripts or (compare and compare not in scripts):
        raise SettingsError("the study has no such script", hint=f"known: {', '.join(scripts) or 'none'}")
    if compare:
        print_table(compare_scripts(scripts[code], scripts[compare]))
    elif out is not None:
        save_figure(script_diagram(scripts[code]), out)
    else:
        print_table(scene_support(scripts[code]))
        for remark in lint_script(scripts[code]):
            print_line(f"{remark.criterion}: {f'{remark.scene}: ' if remark.scene else ''}{remark.text}")


@casefile.command()
def claims(
    folder: Folder,
    dataset: Annotated[Path | None, typer.Option(help="dataset the linked figures should come from")] = None,
) -> None:
    """Claims over the study's rows and over figures of a dataset, and what each kind of source says about them."""
    from vestige.casefiles.check import check_study
    from vestige.casefiles.linked_claims import judge_linked_claims
    from vestige.casefiles.problems import ProblemList
    from vestige.casefiles.triangulation import read_triangulation, triangulate
    from vestige.dataset.manifest import Manifest

    check = check_study(folder)
    digest = Manifest.read(dataset).digest if dataset is not None else None
    for judged in (*check.judgements, *check.linked):
        _print_judgement(judged)
    for name in judge_linked_claims(check.study, ProblemList(), dataset_digest=digest).other_datasets:
        print_line(f"caution: the figures named {name} come from another dataset")
    stated = {judged.claim.code for judged in (*check.judgements, *check.linked)}
    rows = read_triangulation(check.study, stated, ProblemList())
    if rows:
        print_line()
        print_table(triangulate(rows))


@casefile.command()
def ledger(
    folder: Folder, out: Annotated[Path | None, typer.Option(help="write the flow diagram, .svg or .png")] = None
) -> None:
    """The counts of a systematic review's ledger by PRISMA 2020, and its flow diagram."""
    from vestige.casefiles.check import open_study
    from vestige.casefiles.figures.svg import save_figure
    from vestige.casefiles.ledger import prisma_counts, prisma_diagram, read_ledger
    from vestige.casefiles.problems import ProblemList
    from vestige.errors import SettingsError

    found = read_ledger(open_study(folder), ProblemList())
    if found is None:
        raise SettingsError("the study keeps no ledger", hint="see ledger/searches.csv and ledger/records.csv")
    counts = prisma_counts(found)
    if out is not None:
        save_figure(prisma_diagram(counts), out)
        return
    for title, stream in (("databases and registers", counts.main), ("other methods", counts.other)):
        if stream is not None:
            print_line(f"{title}:")
            for line in stream.lines():
                print_line(f"  {line}")
    print_line(f"included: {counts.studies} studies in {counts.reports} reports")


@casefile.command()
def report(
    folder: Folder,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="page to write, such as study.html")],
    replace: Annotated[bool, typer.Option("--replace", help="replace an existing page")] = False,
    with_suspects: Annotated[bool, typer.Option("--with-suspects", help="show rows about single suspects")] = False,
    seed: Annotated[int, typer.Option(min=0, help="of the bootstrap")] = 0,
) -> None:
    """One self-contained page on a study: no script, nothing loaded from anywhere, fit to print."""
    from vestige.outputs import staged_file
    from vestige.report.study import build_study_report

    with staged_file(out, replace=replace) as target:
        made = build_study_report(folder, seed=seed, suspects=with_suspects)
        target.write_text(made.html, encoding="utf-8")
    print_line(f"{made.title}: {len(made.chapters)} chapters, {len(made.html.encode()) / 1000:,.0f} kB")
