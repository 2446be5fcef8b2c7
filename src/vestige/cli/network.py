"""`vestige network INPUT`: a network of a dataset or an edge list, its structure, exports and picture."""

from dataclasses import dataclass
from dataclasses import replace as replace_fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vestige.cli.app import app
from vestige.cli.console import print_line, progress_bar
from vestige.cli.networks import (
    BesideOption,
    DaysOption,
    EndOption,
    EngineOption,
    ForumOption,
    FromOption,
    KindOption,
    LargestOption,
    MonthsOption,
    NetworkChoice,
    ReplyOption,
    SourceArgument,
    StartOption,
    StepOption,
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
from vestige.errors import SettingsError
from vestige.inputs import chosen
from vestige.outputs import check_folder_output, staged_folder

if TYPE_CHECKING:
    import pyarrow as pa

    from vestige.dataset import Dataset
    from vestige.disclosure import SafeTable
    from vestige.network import AnyNetwork, StructureResult
    from vestige.network.exports import ExportFormat
    from vestige.progress import Progress


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
    months: MonthsOption = None,
    step: StepOption = None,
    beside: BesideOption = None,
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
        more = _more(source, choice, found, months, step, beside, progress)
    if out is not None:
        _write(out, found, structure, more, formats, names=names, seed=seed, replace=replace)
    _print(structure, more, as_json=as_json)


@dataclass(frozen=True)
class _More:
    """What was asked for beside the structure: tables that may leave, and the member-level rows of a comparison."""

    windows: "tuple[SafeTable, SafeTable] | None" = None
    overlap: "SafeTable | None" = None
    top_members: "pa.Table | None" = None

    @property
    def safe_tables(self) -> "tuple[SafeTable, ...]":
        return (*(self.windows or ()), *([] if self.overlap is None else [self.overlap]))


def _more(
    source: Path, choice: NetworkChoice, found: "AnyNetwork", months: int | None, step: int | None, beside: str | None,
    progress: "Progress",
) -> _More:  # fmt: skip
    from vestige.dataset import open_dataset
    from vestige.network import WindowSettings, build_windows

    if step is not None and months is None:
        raise SettingsError("--step needs windows", hint="pass --months")
    if months is None and beside is None:
        return _More()
    if not source.is_dir():
        raise SettingsError("--months and --beside belong to a dataset, not to a file", hint="leave them out")
    more = _More()
    with open_dataset(source, engine=choice.engine) as dataset:
        if months is not None:
            cuts = (WindowSettings(months, step or months, cumulative=own) for own in (False, True))
            series = [
                build_windows(dataset, settings=choice.dataset_settings(), windows=own, progress=progress)
                for own in cuts
            ]
            more = _More(windows=(series[0].safe(), series[1].safe()))
        return more if beside is None else _compared(dataset, choice, found, beside, more)


def _compared(dataset: "Dataset", choice: NetworkChoice, found: "AnyNetwork", beside: str, more: _More) -> _More:
    from vestige.network import Network, build_network, compare_networks, top_members
    from vestige.network.overlap import overlap_figures

    other = build_network(dataset, settings=replace_fields(choice, kind=beside).dataset_settings())
    if not isinstance(found, Network) or not isinstance(other, Network):
        raise SettingsError("a two-mode network has no ties between members", hint="compare other kinds")
    overlap = compare_networks(found, other)
    words = (own.kind.value for own in (found, other))
    return replace_fields(
        more, overlap=overlap_figures(overlap, *words), top_members=top_members(found, other, overlap)
    )


def _print(structure: "StructureResult", more: _More, *, as_json: bool) -> None:
    if as_json:
        import json

        plain = structure.to_plain()
        plain["tables"] |= {table.name: table.rows() for table in more.safe_tables}
        print_line(json.dumps(plain, indent=1, ensure_ascii=False, allow_nan=False))
        return
    from vestige.cli.tables import output_console, print_table

    console = output_console()
    console.print(structure.opening)
    for table in (*structure.safe_tables, *more.safe_tables):
        print_table(console, table, most=20)
    for finding in structure.findings:
        console.print(f"{finding.severity.value}: {finding.text}")


def _write(
    out: Path, found: "AnyNetwork", structure: "StructureResult", more: _More, formats: "list[ExportFormat]",
    *, names: int, seed: int, replace: bool,
) -> None:  # fmt: skip
    """Member-level tables and exports stay with the researcher; the picture names a few by short pseudonyms."""
    import pyarrow.csv as pc
    import pyarrow.parquet as pq
    import vl_convert

    from vestige.network import export_network, growth_chart
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
        for safe in more.safe_tables:
            pc.write_csv(safe.data, folder / f"{safe.name}.csv")
        if more.windows is not None:
            chart = growth_chart(*more.windows).to_json()
            (folder / "growth.svg").write_text(vl_convert.vegalite_to_svg(chart), encoding="utf-8")
        if more.top_members is not None:
            pq.write_table(more.top_members, folder / "top-members.parquet")
        one_mode = drawable(found)
        if one_mode is not None:
            drawn = draw_network(one_mode, settings=PictureSettings(names=names, seed=seed)).to_json()
            (folder / "picture.svg").write_text(vl_convert.vegalite_to_svg(drawn), encoding="utf-8")
            (folder / "picture.png").write_bytes(vl_convert.vegalite_to_png(drawn, scale=1.5))
