"""Print and write results of figures about members; only what passed the disclosure policy, unless said otherwise."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from vestige.cli.console import print_line
from vestige.outputs import staged_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from vestige.disclosure.result import FiguresResult

LEGEND = "[c]: suppressed, fewer than 10 members or a figure that would give one away. [x]: not available. "


def print_json(results: "Mapping[str, FiguresResult]") -> None:
    """One JSON document, a member a result."""
    plain = {name: result.to_plain() for name, result in results.items()}
    print_line(json.dumps(plain, indent=1, ensure_ascii=False, allow_nan=False))


def print_results(results: "Mapping[str, FiguresResult]", *, most: int | None = None) -> None:
    """Published tables, findings, and where they came from."""
    from vestige.cli.tables import output_console, print_table

    console = output_console()
    for result in results.values():
        for table in result.safe_tables:
            print_table(console, table, most=most)
        for finding in result.findings:
            console.print(f"{finding.severity.value}: {finding.text}")
        console.print()
    digests = {result.provenance.dataset_digest: result.provenance.version for result in results.values()}
    console.print(LEGEND + "Counts are rounded to 5.", style="dim")
    for digest, version in digests.items():
        console.print(f"Dataset {digest}, Vestige {version}", style="dim")


def write_results(
    out: Path, results: "Mapping[str, FiguresResult]", members: "Mapping[str, pa.Table]", *, replace: bool
) -> None:
    """A folder: published tables as CSV, charts as SVG, one JSON document, and tables with a row a member.

    Args:
        out: the new folder.
        results: by the name that their files begin with.
        members: file name to a table of pseudonyms; for the researcher, never for printing.
        replace: whether a folder there may be replaced.

    Raises:
        OutputError: the folder exists or cannot be written.
    """
    import pyarrow.csv as pc
    import pyarrow.parquet as pq
    import vl_convert

    with staged_folder(out, replace=replace) as folder:
        for name, result in results.items():
            for table in result.safe_tables:
                pc.write_csv(table.data, folder / f"{name}-{table.name}.csv")
            for chart in result.plot_names:
                svg = vl_convert.vegalite_to_svg(result.plot(chart).to_json())
                (folder / f"{name}-{chart}.svg").write_text(svg, encoding="utf-8")
        plain = {name: result.to_plain() for name, result in results.items()}
        text = json.dumps(plain, indent=1, ensure_ascii=False, allow_nan=False)
        (folder / "results.json").write_text(text + "\n", encoding="utf-8")
        for name, rows in members.items():
            pq.write_table(rows, folder / f"{name}.parquet")
