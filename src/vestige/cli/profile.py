"""`vestige profile DIR`: the reference profile of all members, and where one member lies in it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vestige.cli.app import app
from vestige.cli.console import print_line, progress_bar
from vestige.cli.figures import LEGEND, print_json, write_results
from vestige.dataset.engine import Engine
from vestige.errors import SettingsError
from vestige.outputs import check_folder_output

if TYPE_CHECKING:
    from vestige.activity import ComparisonResult, LikelihoodRatioResult, LikelihoodRatioSettings, ProfileResult
    from vestige.disclosure.result import FiguresResult

_ROWS_SHOWN = 20
_NOT_PRINTED = {"quantiles", "cohort_quantiles", "comparison", "tippett"}
"""Tables too wide or too long for a terminal; --json and --out hold them."""
_LARGEST_LABELS = 50_000_000
"""Bytes; a table of labels is a list of members, not a dataset."""


@app.command()
def profile(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="folder of the dataset")],
    member: Annotated[str | None, typer.Option(metavar="PSEUDONYM", help="where this member lies among all")] = None,
    against: Annotated[
        Path | None, typer.Option(metavar="FILE", help="compare the member with this saved profile instead")
    ] = None,
    populations: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="likelihood ratio: CSV with the columns pseudonym and population, two codes"),
    ] = None,
    measures: Annotated[
        str | None, typer.Option(help="likelihood ratio: marks to use, such as posts_rate,visits_rate")
    ] = None,
    scale: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="likelihood ratio: TOML with your own words for it",
            show_default="ENFSI guideline, 2015",
        ),
    ] = None,
    population: Annotated[
        str, typer.Option(help="the members seen are a sample of their like (like), or all that is meant (seen)")
    ] = "like",
    interval: Annotated[str, typer.Option(help="of a percentile: wilson or clopper-pearson")] = "wilson",
    groups: Annotated[bool, typer.Option("--groups", help="count members picked out for review by rules")] = False,
    visit_gap: Annotated[float, typer.Option(help="minutes of inactivity that end a visit")] = 30,
    per_days: Annotated[int, typer.Option(help="days that rates are stated for")] = 30,
    cohort_months: Annotated[
        int | None, typer.Option(help="months of registration that make a cohort; else chosen by the span")
    ] = None,
    save: Annotated[
        Path | None, typer.Option(metavar="FILE", help="write the profile as a content-free file, for use elsewhere")
    ] = None,
    forum: Annotated[str | None, typer.Option(metavar="CODE", help="this forum alone")] = None,
    out: Annotated[Path | None, typer.Option(help="new folder for tables, charts and rows by pseudonym")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="replace what stands at --out or --save")] = False,
    engine: Annotated[Engine, typer.Option(help="where reductions run")] = Engine.DUCKDB,
    seed: Annotated[int, typer.Option(min=0, help="of everything random")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead of tables")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress bar")] = False,
) -> None:
    """How much every member did, also those who never wrote; and one member's percentiles among them."""
    from vestige.activity import ComparisonSettings, ProfileSettings, fit_profile, measure_groups
    from vestige.dataset import open_dataset

    if member is None and (against is not None or populations is not None):
        raise SettingsError("there is nobody to compare", where="--member", hint="give the pseudonym of a member")
    if out is not None:
        check_folder_output(out, replace=replace)
    ratio_settings = _ratio_settings(scale, populations)
    settings = ProfileSettings(forum=forum, visit_gap_minutes=visit_gap, per_days=per_days, cohort_months=cohort_months)
    comparison = ComparisonSettings(population=population, interval=interval)  # type: ignore[arg-type] # checked there
    results: dict[str, FiguresResult] = {}
    with open_dataset(folder, engine=engine) as dataset, progress_bar(quiet=quiet or as_json) as progress:
        found = fit_profile(dataset, settings=settings, seed=seed, progress=progress)
        results["profile"] = found
        if groups:
            results["groups"] = measure_groups(dataset, profile=found, seed=seed, progress=progress)
    if member is not None:
        results["member"] = _compared(found, member, comparison, against, seed)
        if populations is not None:
            results["ratio"] = _ratio(found, member, populations, measures, ratio_settings, seed)
    if save is not None:
        found.save(save, replace=replace)
    if out is not None:
        rows = {
            f"{name}-members": own.table("members") for name, own in results.items() if "members" in own.table_names
        }
        write_results(out, results, rows, replace=replace)
    if as_json:
        print_json(results)
        return
    if member is not None:
        _tell(results)
    _print({name: own for name, own in results.items() if member is None or name != "profile"})


def _compared(
    found: "ProfileResult", member: str, settings: object, against: Path | None, seed: int
) -> "ComparisonResult":
    from vestige.activity import compare_member, read_profile

    reference = None if against is None else read_profile(against)
    return compare_member(found, member, reference=reference, settings=settings, seed=seed)  # type: ignore[arg-type] # lazily typed


def _ratio_settings(scale: Path | None, populations: Path | None) -> "LikelihoodRatioSettings":
    from vestige.activity import LikelihoodRatioSettings, read_verbal_scale

    if scale is None:
        return LikelihoodRatioSettings()
    if populations is None:
        raise SettingsError("a verbal scale is for a likelihood ratio", where="--scale", hint="give --populations")
    return LikelihoodRatioSettings(scale=read_verbal_scale(scale))


def _ratio(
    found: "ProfileResult",
    member: str,
    populations: Path,
    measures: str | None,
    settings: "LikelihoodRatioSettings",
    seed: int,
) -> "LikelihoodRatioResult":
    from vestige.activity import labelled_populations, measure_likelihood_ratio

    chosen = None if measures is None else [name.strip() for name in measures.split(",")]
    two = labelled_populations(found, _labels(populations), measures=chosen)
    return measure_likelihood_ratio(found, member, two, settings=settings, seed=seed)


def _labels(file: Path) -> dict[str, str]:
    """Pseudonym to population; no cell of the file reaches an error message."""
    import pyarrow as pa
    import pyarrow.csv as pc

    table: pa.Table | None = None
    try:
        if file.stat().st_size <= _LARGEST_LABELS:
            text = {"pseudonym": pa.string(), "population": pa.string()}
            table = pc.read_csv(file, convert_options=pc.ConvertOptions(column_types=text))
    except (OSError, pa.ArrowException):
        table = None
    if table is None or not {"pseudonym", "population"} <= set(table.column_names):
        raise SettingsError(
            "the table of populations cannot be read",
            where="--populations",
            hint="give a CSV file with the headings pseudonym,population",
        )
    labels = zip(table.column("pseudonym").to_pylist(), table.column("population").to_pylist(), strict=True)
    return {str(pseudonym): str(label) for pseudonym, label in labels}


def _tell(results: "dict[str, FiguresResult]") -> None:
    """About the one member who was asked for, in sentences."""
    from vestige.activity.comparison_words import NOT_A_RATIO

    print_line("About one member, by the pseudonym given; figures about the others have passed the disclosure policy.")
    print_line()
    for name in ("member", "ratio"):
        for sentence in results[name].sentences() if name in results else ():
            print_line(f"- {sentence}")
    print_line()
    print_line(NOT_A_RATIO)
    print_line()


def _print(results: "dict[str, FiguresResult]") -> None:
    """Published tables that fit a terminal, findings, and where they came from."""
    from vestige.cli.tables import output_console, print_table

    console = output_console()
    for result in results.values():
        for table in result.safe_tables:
            if table.name not in _NOT_PRINTED:
                print_table(console, table, most=_ROWS_SHOWN)
        for finding in result.findings:
            console.print(f"{finding.severity.value}: {finding.text}")
        console.print()
    console.print(LEGEND + "Counts are rounded to 5.", style="dim")
    provenance = next(iter(results.values())).provenance
    console.print(f"Dataset {provenance.dataset_digest}, Vestige {provenance.version}", style="dim")
