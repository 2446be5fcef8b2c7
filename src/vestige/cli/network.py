"""`vestige network INPUT`: a network of a dataset or an edge list, its structure, exports and picture."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vestige.cli.app import app
from vestige.cli.console import print_line, progress_bar
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
    UndirectedOption,
    WeightingOption,
    WeightOption,
    WhereOption,
    WithinOption,
    open_network,
)
from vestige.dataset.engine import Engine
from vestige.outputs import check_folder_output, staged_folder

if TYPE_CHECKING:
    from vestige.network import AnyNetwork, StructureResult
    from vestige.network.exports import ExportFormat


@app.command()
def network(
    source: SourceArgument,
    kind: KindOption = None,
    forum: ForumOption = None,
    start: StartOption = None,
    end: EndOption = None,
    reply: ReplyOption = "auto",
    within: WithinOption = 5,
    weighting: WeightingOption = "count",
    largest_thread: LargestOption = 200,
    days: DaysOption = None,
    engine: EngineOption = Engine.DUCKDB,
    source_column: FromOption = "from",
    target_column: ToOption = "to",
    weight_column: WeightOption = None,
    time_column: TimeOption = None,
    where: WhereOption = None,
    undirected: UndirectedOption = False,
    replicates: Annotated[int, typer.Option(min=0, help="random networks to compare with; 0 for none")] = 20,
    out: Annotated[Path | None, typer.Option(help="new folder for tables, the picture and exports")] = None,
    export: Annotated[
        list[str] | None, typer.Option(help="also write graphml, gexf, pajek, analyst; may be repeated; needs --out")
    ] = None,
    names: Annotated[int, typer.Option(min=0, max=50, help="members named in the picture, by pseudonym")] = 12,
    replace: Annotated[bool, typer.Option("--replace", help="replace what stands at --out")] = False,
    seed: Annotated[int, typer.Option(min=0, help="of random networks and of the picture")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress bar")] = False,
) -> None:
    """Build a network of members, measure its structure, draw it and write it for other programs."""
    from vestige.network import StructureSettings, measure_structure
    from vestige.network.exports import ExportFormat
    from vestige.network.settings import chosen

    formats = [chosen(ExportFormat, name, "--export") for name in export or ()]
    if out is not None:
        check_folder_output(out, replace=replace)
    elif formats:
        raise typer.BadParameter("an export needs a folder: pass --out")
    choice = NetworkChoice(
        kind=kind, forum=forum, engine=engine, start=start, end=end, reply=reply, within=within, weighting=weighting,
        largest_thread=largest_thread, days=days, source_column=source_column, target_column=target_column,
        weight_column=weight_column, time_column=time_column, where=where, undirected=undirected,
    )  # fmt: skip
    with progress_bar(quiet=quiet or as_json) as progress:
        found = open_network(source, choice, progress=progress)
        settings = StructureSettings(replicates=replicates)
        structure = measure_structure(found, settings=settings, seed=seed, progress=progress)
    if out is not None:
        _write(out, found, structure, formats, names=names, seed=seed, replace=replace)
    _print(structure, as_json=as_json)


def _print(structure: "StructureResult", *, as_json: bool) -> None:
    if as_json:
        import json

        print_line(json.dumps(structure.to_plain(), indent=1, ensure_ascii=False, allow_nan=False))
        return
    from vestige.cli.tables import output_console, print_table

    console = output_console()
    console.print(structure.opening)
    for table in structure.safe_tables:
        print_table(console, table, most=20)
    for finding in structure.findings:
        console.print(f"{finding.severity.value}: {finding.text}")


def _write(
    out: Path, found: "AnyNetwork", structure: "StructureResult", formats: "list[ExportFormat]",
    *, names: int, seed: int, replace: bool,
) -> None:  # fmt: skip
    """Member-level tables and exports stay with the researcher; the picture names a few by short pseudonyms."""
    import pyarrow.parquet as pq
    import vl_convert

    from vestige.network import export_network
    from vestige.network.exports import FILE_NAMES
    from vestige.network.picture import PictureSettings, draw_network, drawable

    with staged_folder(out, replace=replace) as folder:
        for name in found.table_names:
            pq.write_table(found.table(name), folder / f"{name}.parquet", compression="zstd")
        for name in structure.table_names:
            pq.write_table(structure.table(name), folder / f"structure-{name}.parquet")
        (folder / "summary.txt").write_text(structure.summary() + "\n", encoding="utf-8")
        for file_format in formats:
            export_network(found, folder / FILE_NAMES[file_format], file_format)
        one_mode = drawable(found)
        if one_mode is not None:
            drawn = draw_network(one_mode, settings=PictureSettings(names=names, seed=seed)).to_json()
            (folder / "picture.svg").write_text(vl_convert.vegalite_to_svg(drawn), encoding="utf-8")
            (folder / "picture.png").write_bytes(vl_convert.vegalite_to_png(drawn, scale=1.5))
