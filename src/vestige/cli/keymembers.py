"""`vestige keymembers INPUT`: where members stand, how firm that is, and what it adds to plain activity."""

import json
from dataclasses import replace as replace_fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vestige.cli import networks as options
from vestige.cli.app import app
from vestige.cli.console import print_line, progress_bar
from vestige.dataset.engine import Engine
from vestige.dataset.schema import Role
from vestige.errors import DatasetError, SettingsError
from vestige.inputs import chosen, read_table_file
from vestige.outputs import check_folder_output, staged_folder
from vestige.progress import Progress

if TYPE_CHECKING:
    from vestige.disclosure import SafeTable
    from vestige.network import AnyNetwork
    from vestige.network.positions import PositionResult
    from vestige.network.role_records import Labels
    from vestige.network.role_settings import RoleSettings
    from vestige.network.roles import RoleResult

_FIRST_ROWS = 40


@app.command()
def keymembers(
    source: options.SourceArgument,
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
    role: Annotated[
        list[str] | None, typer.Option(help="dataset: role that counts, administrator and moderator if not given")
    ] = None,
    timing: Annotated[
        str, typer.Option(help="dataset: events before each role began, or whole; auto decides")
    ] = "auto",
    judge_on: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="dataset: choose here, judge on this other dataset too, and the reverse"),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(metavar="FILE", help="file of ties: CSV or Parquet that says who holds the role")
    ] = None,
    identifier: Annotated[str, typer.Option("--id", help="labels: column of the member")] = "id",
    role_column: Annotated[str, typer.Option(help="labels: column that says whether the role is held")] = "role",
    holds: Annotated[
        list[str] | None, typer.Option(help="labels: value that means it is held; 1, true or yes if not given")
    ] = None,
    leave_out: Annotated[
        str | None, typer.Option(metavar="COLUMN=VALUE", help="labels: members of these rows are not looked at")
    ] = None,
    roles: Annotated[bool, typer.Option("--roles/--no-roles", help="hold positions against known roles")] = True,
    replicates: Annotated[int, typer.Option(min=0, help="bootstrap samples behind intervals of ranks")] = 200,
    losses: Annotated[int, typer.Option(min=0, help="random losses for each share of missing records")] = 20,
    rewirings: Annotated[int, typer.Option(min=0, help="networks with the same degrees to compare with")] = 50,
    top: Annotated[int, typer.Option(min=1, help="members at the top that are compared and listed")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="of everything random")] = 0,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="write every table and chart, also those with a row a member")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="replace an existing FOLDER")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead of text")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress bar")] = False,
) -> None:
    """Positions of members beside plain activity: ranks with intervals, stability, and how well roles are found."""
    from vestige.network.positions import PositionSettings
    from vestige.network.role_settings import RoleSettings, Timing

    choice = options.NetworkChoice(
        kind=kind, forum=forum, engine=engine, start=start, end=end, reply=reply, within=within, weighting=weighting,
        largest_thread=largest_thread, days=days, source_column=source_column, target_column=target_column,
        weight_column=weight_column, time_column=time_column, where=where, undirected=undirected,
    )  # fmt: skip
    if judge_on and not (roles and source.is_dir()):
        raise SettingsError("there is nothing to judge elsewhere", where="--judge-on", hint="give a dataset with roles")
    if out is not None:
        check_folder_output(out, replace=replace)
    transfer: SafeTable | None = None
    repeats: dict[str, Any] = {"replicates": replicates, "missing_replicates": losses, "top": top}
    with progress_bar(quiet=quiet or as_json) as progress:
        if source.is_dir():
            settings = RoleSettings(
                PositionSettings(network=choice.dataset_settings(), **repeats),
                roles=tuple(chosen(Role, own, "--role") for own in role) if role else RoleSettings.roles,
                timing=chosen(Timing, timing, "--timing"), rewirings=rewirings,
            )  # fmt: skip
            found = _dataset_results(source, engine, settings, roles, seed, progress)
            transfer = _transferred(judge_on or [], engine, settings, found, seed, progress)
        else:
            settings = RoleSettings(PositionSettings(**repeats), rewirings=rewirings)
            known = _labels(labels, identifier, role_column, holds, leave_out, choice) if labels and roles else None
            opened = options.open_network(source, choice, progress=progress)
            known = known and _matched(known, source, choice)
            found = _network_results(opened, known, settings, seed, progress)
    positions, evaluation, missing = found
    if out is not None:
        _write(out, positions, evaluation, replace=replace)
    _print(positions, evaluation, transfer, missing, as_json=as_json)


_Found = tuple["PositionResult", "RoleResult | None", str | None]


def _dataset_results(
    folder: Path, engine: Engine, settings: "RoleSettings", roles: bool, seed: int, progress: Progress
) -> _Found:
    """Positions, and their evaluation where roles are known; else the reason why there is none."""
    from vestige.dataset import open_dataset
    from vestige.network.positions import measure_positions
    from vestige.network.roles import evaluate_roles

    with open_dataset(folder, engine=engine) as dataset:
        positions = measure_positions(dataset, settings=settings.positions, seed=seed, progress=progress)
        if not roles:
            return positions, None, None
        missing: str | None = None
        try:
            evaluation = evaluate_roles(dataset, settings=settings, seed=seed, progress=progress)
        except DatasetError as error:
            missing = str(error)
        return (positions, None, missing) if missing is not None else (positions, evaluation, None)


def _transferred(
    others: list[Path], engine: Engine, settings: "RoleSettings", found: _Found, seed: int, progress: Progress
) -> "SafeTable | None":
    """The cross-forum test; None where no other forum was named.

    Raises:
        SettingsError: roles of this forum are unknown.
        DatasetError: roles of another are.
    """
    from vestige.dataset import open_dataset
    from vestige.network.role_release import released_transfer
    from vestige.network.roles import evaluate_roles

    _, here, missing = found
    if not others:
        return None
    if here is None:
        raise SettingsError("there is nothing to judge elsewhere", where="--judge-on", hint=missing or "name a role")
    results = {"this forum": here}
    network = replace_fields(settings.positions.network, forum=None)
    elsewhere = replace_fields(settings, rewirings=0, positions=replace_fields(settings.positions, network=network))
    for place, folder in enumerate(others, 1):
        with open_dataset(folder, engine=engine) as dataset:
            results[f"other forum {place}"] = evaluate_roles(dataset, settings=elsewhere, seed=seed, progress=progress)
    return released_transfer(results, seed=seed)


def _network_results(
    network: "AnyNetwork", labels: "Labels | None", settings: "RoleSettings", seed: int, progress: Progress
) -> _Found:
    from vestige.network.positions import measure_positions
    from vestige.network.roles import evaluate_roles

    positions = measure_positions(network, settings=settings.positions, seed=seed, progress=progress)
    if labels is None:
        return positions, None, None
    return positions, evaluate_roles(network, labels=labels, settings=settings, seed=seed, progress=progress), None


def _labels(
    file: Path, identifier: str, role: str, holds: list[str] | None, leave_out: str | None,
    choice: options.NetworkChoice,
) -> "Labels":  # fmt: skip
    from vestige.network.role_records import LabelSettings, read_labels

    settings = LabelSettings(
        identifier, role, leave_out=_rule(leave_out, "--leave-out"), where=_same_rows(file, choice)
    )
    if holds:
        settings = LabelSettings(identifier, role, tuple(holds), settings.leave_out, settings.where)
    return read_labels(file, settings)


def _matched(labels: "Labels", source: Path, choice: options.NetworkChoice) -> "Labels":
    """The labels by the numbers that stand for them where the file of ties has names, which are never kept."""
    from vestige.network import node_numbers

    return labels.renamed(node_numbers(source, settings=choice.file_settings()))


def _same_rows(file: Path, choice: options.NetworkChoice) -> tuple[str, str] | None:
    """The rule that picks one of several networks, where the labels have its column too."""
    rule = _rule(choice.where, "--where")
    return rule if rule is not None and rule[0] in read_table_file(file).column_names else None


def _rule(text: str | None, option: str) -> tuple[str, str] | None:
    if text is None:
        return None
    name, equals, value = text.partition("=")
    if not equals:
        raise SettingsError(f"{option} takes a column and a value", hint=f"for example {option} kind=machine")
    return name, value


def _write(out: Path, positions: "PositionResult", evaluation: "RoleResult | None", *, replace: bool) -> None:
    """Every table as Parquet and every chart as SVG; pseudonyms only, and rows a member: for the project's own use."""
    import pyarrow.parquet as pq
    import vl_convert

    results: dict[str, PositionResult | RoleResult] = {"positions": positions}
    if evaluation is not None:
        results["roles"] = evaluation
    with staged_folder(out, replace=replace) as folder:
        for name, result in results.items():
            own = folder / name
            own.mkdir()
            for table in result.table_names:
                pq.write_table(result.table(table), own / f"{table}.parquet")
            for chart in ("stability", "activity") if name == "positions" else ("accuracy", "activity"):
                try:
                    drawn = result.plot(chart)
                except SettingsError:
                    continue
                (own / f"{chart}.svg").write_text(vl_convert.vegalite_to_svg(drawn.to_json()), encoding="utf-8")
            (own / "summary.txt").write_text(result.summary() + "\n", encoding="utf-8")


def _print(
    positions: "PositionResult", evaluation: "RoleResult | None", transfer: "SafeTable | None", missing: str | None,
    *, as_json: bool,
) -> None:  # fmt: skip
    from vestige.network.role_release import released_positions, released_roles

    safe = {**({} if evaluation is None else released_roles(evaluation)), **released_positions(positions)}
    safe |= {} if transfer is None else {transfer.name: transfer}
    findings = (positions if evaluation is None else evaluation).findings
    if as_json:
        document = {
            "positions": positions.summary().splitlines(),
            "tables": {name: table.to_plain() for name, table in safe.items()},
            "findings": [{"code": own.code, "severity": own.severity.value, "text": own.text} for own in findings],
            "roles_unknown": missing,
            "seed": positions.provenance.seed,
        }
        print_line(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False))
        return
    from vestige.cli.tables import output_console, print_table
    from vestige.disclosure.policy import MINIMUM_MEMBERS

    console = output_console()
    print_line(positions.summary() if evaluation is None else evaluation.summary())
    print_line()
    for table in safe.values():
        if table.name == "first" and all(row["recall"] is None for row in table.rows()):
            print_line(f"{table.title}: held back, since fewer than {MINIMUM_MEMBERS} hold the role.\n")
        else:
            print_table(console, table, most=_FIRST_ROWS)
    if missing is not None:
        print_line(f"caution: roles are not compared: {missing}")
