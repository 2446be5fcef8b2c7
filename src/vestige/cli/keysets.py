"""`vestige keysets INPUT`: sets of members who together hold a network together, or together reach most of it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vestige.cli import networks as options
from vestige.cli.app import app
from vestige.cli.console import print_line, progress_bar
from vestige.dataset.engine import Engine
from vestige.inputs import chosen
from vestige.outputs import check_folder_output, staged_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.network.key_sets import KeySetResult


@app.command()
def keysets(
    source: options.SourceArgument,
    measure: Annotated[
        list[str] | None,
        typer.Option(
            help="fragmentation, distance-fragmentation (KPP-NEG), reach or distance-reach (KPP-POS); may be repeated",
            show_default="fragmentation and reach",
        ),
    ] = None,
    size: Annotated[int, typer.Option(min=1, help="members of the set")] = 3,
    steps: Annotated[int, typer.Option(min=1, help="reach: how far it goes")] = 2,
    restarts: Annotated[int, typer.Option(min=0, help="random sets that are improved too")] = 4,
    exhaustive: Annotated[int, typer.Option(min=0, help="up to so many sets, all are tried")] = 1_000_000,
    candidates: Annotated[
        int, typer.Option(min=0, help="distance-fragmentation: members with most ties that are tried; 0 for all")
    ] = 200,
    kind: options.KindOption = None,
    forum: options.ForumOption = None,
    engine: options.EngineOption = Engine.DUCKDB,
    start: options.StartOption = None,
    end: options.EndOption = None,
    reply: options.ReplyOption = "auto",
    within: options.WithinOption = 5,
    weighting: options.WeightingOption = "count",
    largest_thread: options.LargestOption = 200,
    days: options.DaysOption = None,
    source_column: options.FromOption = "from",
    target_column: options.ToOption = "to",
    weight_column: options.WeightOption = None,
    time_column: options.TimeOption = None,
    where: options.WhereOption = None,
    undirected: options.UndirectedOption = False,
    seed: Annotated[int, typer.Option(min=0, help="of the random sets")] = 0,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="write who is in each set, by pseudonym, and charts")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="replace an existing FOLDER")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead of text")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress bar")] = False,
) -> None:
    """Sets of key members: value, how far from the best set it can be, and what those with most ties would do."""
    from vestige.network.key_sets import KeySetMeasure, KeySetSettings, find_key_set

    choice = options.NetworkChoice(
        kind=kind, forum=forum, engine=engine, start=start, end=end, reply=reply, within=within, weighting=weighting,
        largest_thread=largest_thread, days=days, source_column=source_column, target_column=target_column,
        weight_column=weight_column, time_column=time_column, where=where, undirected=undirected,
    )  # fmt: skip
    names = measure or [KeySetMeasure.FRAGMENTATION, KeySetMeasure.REACH]
    settings = [
        KeySetSettings(chosen(KeySetMeasure, own, "--measure"), size, steps, restarts, exhaustive, candidates or None)
        for own in dict.fromkeys(names)
    ]
    if out is not None:
        check_folder_output(out, replace=replace)
    with progress_bar(quiet=quiet or as_json) as progress:
        network = options.open_network(source, choice, progress=progress)
        results = [find_key_set(network, settings=own, seed=seed, progress=progress) for own in settings]
    if out is not None:
        _write(out, results, replace=replace)
    _print(results, as_json=as_json)


def _write(out: Path, results: "Sequence[KeySetResult]", *, replace: bool) -> None:
    import pyarrow.csv as pc
    import pyarrow.parquet as pq
    import vl_convert

    from vestige.network.key_sets.figures import key_set_figures

    with staged_folder(out, replace=replace) as folder:
        pc.write_csv(key_set_figures(results).data, folder / "key-sets.csv")
        for result in results:
            name = result.settings.measure.value
            pq.write_table(result.table("set"), folder / f"{name}-set.parquet")
            pq.write_table(result.table("greedy"), folder / f"{name}-greedy.parquet")
            svg = vl_convert.vegalite_to_svg(result.plot().to_json())
            (folder / f"{name}.svg").write_text(svg, encoding="utf-8")


def _print(results: "Sequence[KeySetResult]", *, as_json: bool) -> None:
    from vestige.network.key_sets.figures import key_set_figures

    table = key_set_figures(results)
    findings = list(dict.fromkeys(finding for result in results for finding in result.findings))
    if as_json:
        document = {
            "size": results[0].settings.size,
            "tables": {table.name: table.to_plain()},
            "findings": [{"code": own.code, "severity": own.severity.value, "text": own.text} for own in findings],
            "seed": results[0].provenance.seed,
        }
        print_line(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False))
        return
    from vestige.cli.tables import output_console, print_table

    console = output_console()
    print_table(console, table)
    for finding in findings:
        console.print(f"{finding.severity.value}: {finding.text}")
    console.print("Who is in the sets: see --out.", style="dim")
