"""`vestige disrupt INPUT`: what removals of members do to a network and to what is shared in it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vestige.cli.app import app
from vestige.cli.console import progress_bar
from vestige.cli.figures import LEGEND, print_json, write_results
from vestige.cli.networks import (
    DaysOption,
    EndOption,
    EngineOption,
    ForumOption,
    FromOption,
    KindOption,
    LargestOption,
    NetworkChoice,
    ReplyOption,
    SourceArgument,
    StartOption,
    TimeOption,
    ToOption,
    WeightingOption,
    WeightOption,
    WhereOption,
    WithinOption,
    open_network,
)
from vestige.dataset.engine import Engine
from vestige.errors import SettingsError
from vestige.inputs import chosen, read_table_file
from vestige.outputs import check_folder_output

if TYPE_CHECKING:
    from vestige.network.disruption import DisruptionResult, DisruptionSettings
    from vestige.progress import Progress

_NOT_PRINTED = "curves"


@app.command()
def disrupt(
    source: SourceArgument,
    strategy: Annotated[
        list[str] | None,
        typer.Option(
            help="random, degree, adaptive-degree, betweenness, adaptive-betweenness, collective-influence, corehd, "
            "pagerank, network-dismantling or best-of; may be repeated",
            show_default="seven quick ones",
        ),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(help="remove after a column: role, posts, downloads served, ... or one of --attributes"),
    ] = None,
    attributes: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CSV or Parquet with pseudonym or member, and columns")
    ] = None,
    cost: Annotated[str | None, typer.Option(metavar="COLUMN", help="column of --attributes with costs")] = None,
    reinsertion: Annotated[bool, typer.Option("--reinsertion", help="better each order by reinsertion")] = False,
    up_to: Annotated[float, typer.Option(help="share of the members up to which curves are drawn")] = 0.3,
    points: Annotated[int, typer.Option(help="points of a curve")] = 31,
    replications: Annotated[int, typer.Option(help="how often everything random is drawn again")] = 20,
    matched: Annotated[bool, typer.Option("--matched/--no-matched", help="random members of like activity")] = True,
    efficiency: Annotated[bool, typer.Option("--efficiency/--no-efficiency", help="takes most of the time")] = True,
    seen: Annotated[float, typer.Option(help="share of the ties that are seen by who plans")] = 1.0,
    decoys: Annotated[float, typer.Option(help="false ties, as a share of those seen")] = 0.0,
    rewiring: Annotated[str, typer.Option(help="recovery: none, random, distance or degree")] = "none",
    rewired: Annotated[float, typer.Option(help="recovery: chance of a new tie for one lost")] = 1.0,
    replaced: Annotated[float, typer.Option(help="recovery: chance that a newcomer takes the place")] = 0.0,
    periods: Annotated[int, typer.Option(min=0, help="arrests over so many periods; 0 for one after another")] = 0,
    arrests: Annotated[float, typer.Option(help="expected arrests a period")] = 5.0,
    success: Annotated[float, typer.Option(help="chance that an arrest succeeds")] = 1.0,
    kind: KindOption = None,
    forum: ForumOption = None,
    engine: EngineOption = Engine.DUCKDB,
    start: StartOption = None,
    end: EndOption = None,
    reply: ReplyOption = "auto",
    within: WithinOption = 5,
    weighting: WeightingOption = "count",
    largest_thread: LargestOption = 200,
    days: DaysOption = None,
    source_column: FromOption = "from",
    target_column: ToOption = "to",
    weight_column: WeightOption = None,
    time_column: TimeOption = None,
    where: WhereOption = None,
    out: Annotated[
        Path | None, typer.Option(help="new folder for tables, charts and who was removed, by pseudonym")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--replace", help="replace what stands at --out")] = False,
    seed: Annotated[int, typer.Option(min=0, help="of everything random")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead of tables")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress bar")] = False,
) -> None:
    """Which removals break a network, beside random members of like activity, and what goes with them."""
    from vestige.network.disruption import (
        ArrestSettings,
        DisruptionSettings,
        KnowledgeSettings,
        RecoverySettings,
        Rewiring,
    )
    from vestige.network.disruption.settings import DEFAULT_STRATEGIES, chosen_strategies

    if out is not None:
        check_folder_output(out, replace=overwrite)
    settings = DisruptionSettings(
        strategies=chosen_strategies(strategy) if strategy else () if by else DEFAULT_STRATEGIES,
        reinsertion=reinsertion, by=tuple(by or ()), cost=cost, matched=matched, up_to=up_to, points=points,
        replications=replications, efficiency=efficiency, knowledge=KnowledgeSettings(seen, decoys),
        recovery=RecoverySettings(chosen(Rewiring, rewiring, "--rewiring"), rewired, replaced),
        arrests=ArrestSettings(periods, arrests, success) if periods else None,
    )  # fmt: skip
    choice = NetworkChoice(
        kind, forum, engine, start, end, reply, within, weighting, largest_thread, days, source_column, target_column,
        weight_column, time_column, where,
    )  # fmt: skip
    with progress_bar(quiet=quiet or as_json) as progress:
        result = _simulated(source, choice, settings, attributes, seed, progress)
    if out is not None:
        write_results(out, {"disruption": result}, {"removed-members": result.removed_members()}, replace=overwrite)
    if as_json:
        print_json({"disruption": result})
    else:
        _print(result)


def _simulated(
    source: Path,
    choice: NetworkChoice,
    settings: "DisruptionSettings",
    attributes: Path | None,
    seed: int,
    progress: "Progress",
) -> "DisruptionResult":
    from vestige.dataset import open_dataset
    from vestige.network import build_network
    from vestige.network.disruption import simulate_disruption

    table = None if attributes is None else read_table_file(attributes)
    if source.is_dir():
        with open_dataset(source, engine=choice.engine) as dataset:
            network = build_network(dataset, settings=choice.dataset_settings(), progress=progress)
            return simulate_disruption(
                network, dataset=dataset, attributes=table, settings=settings, seed=seed, progress=progress
            )
    if not source.is_file():
        raise SettingsError("there is no dataset and no file at INPUT", hint="check the path")
    network = open_network(source, choice, progress=progress)
    return simulate_disruption(network, attributes=table, settings=settings, seed=seed, progress=progress)


def _print(result: "DisruptionResult") -> None:
    from vestige.cli.tables import output_console, print_table

    console = output_console()
    for table in result.safe_tables:
        if table.name != _NOT_PRINTED:
            print_table(console, table)
    for finding in result.findings:
        console.print(f"{finding.severity.value}: {finding.text}")
    console.print(LEGEND + "Counts are rounded to 5. Curves: see --json or --out.", style="dim")
    console.print(f"Seed {result.provenance.seed}, Vestige {result.provenance.version}", style="dim")
