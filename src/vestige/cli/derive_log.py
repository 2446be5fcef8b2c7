"""`vestige derive-log`: access logs as views and downloads of a dataset."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vestige.cli.app import app
from vestige.cli.console import print_line, progress_bar
from vestige.errors import SettingsError
from vestige.outputs import check_folder_output

if TYPE_CHECKING:
    from vestige.derive.log.settings import LogResult


@app.command("derive-log")
def derive_log(
    logs: Annotated[
        str,
        typer.Argument(
            help="Access log (common or combined format; plain, .gz, .zst, .xz), a folder of them, or - for a pipe.",
            show_default=False,
        ),
    ],
    dataset: Annotated[Path, typer.Option(help="Dataset derived from the forum's database.", show_default=False)],
    rules: Annotated[str, typer.Option(help="Rules: a TOML file, or phpbb, mybb, smf or xenforo.", show_default=False)],
    key: Annotated[Path, typer.Option(help="The custodian's key file.", show_default=False)],
    lookup: Annotated[
        Path | None, typer.Option(help="The lookup that derive --lookup wrote; else threads stay unknown.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="New folder; else --replace replaces the dataset.")] = None,
    sessions: Annotated[
        str | None, typer.Option(help="Dump of the forum's database, for its table of sessions.")
    ] = None,
    prefix: Annotated[str | None, typer.Option(help="Prefix of that dump's tables, where it cannot be found.")] = None,
    completed_share: Annotated[float, typer.Option(help="Share of an object that makes a download complete.")] = 0.95,
    parts_minutes: Annotated[
        int, typer.Option(help="Longest pause between partial answers of one transfer; 0 joins none.")
    ] = 10,
    replace: Annotated[bool, typer.Option("--replace", help="Replace what stands at --out, or the dataset.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no closing table.")] = False,
) -> None:
    """Add views and downloads from access logs: no address, user agent, referrer or path is stored or shown."""
    from vestige.derive.keys import read_key
    from vestige.derive.log.deriving import LogSource
    from vestige.derive.log.deriving import derive_log as derive
    from vestige.derive.log.rules import read_rules
    from vestige.derive.log.settings import LogSettings

    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy starts a thread a core, of which derivation uses none
    if out is None and not replace:
        raise SettingsError("there is no place for the new dataset", hint="give --out, or --replace the old one")
    place = out or dataset
    check_folder_output(place, replace=replace)
    settings = LogSettings(completed_share=completed_share, parts_minutes=parts_minutes)
    source = LogSource(logs, read_rules(rules), lookup, sessions, prefix)
    pseudonym_key = read_key(key)
    with progress_bar(quiet=quiet) as progress:
        result = derive(
            dataset, source, place, key=pseudonym_key, settings=settings, replace_existing=replace, progress=progress
        )
    if not quiet:
        _print_result(result)


def _print_result(result: "LogResult") -> None:
    print_line(f"{'access log':<44}{'lines':>14}")
    for what, count in result.lines():
        print_line(f"{what:<44}{count:>14,}")
    print_line()
    print_line(f"{'dataset table':<20}{'rows':>14}")
    for entry in result.manifest.files:
        print_line(f"{entry.table:<20}{entry.rows:>14,}")
    if result.findings:
        print_line()
        print_line("Findings:")
        for finding in result.findings:
            print_line(f"  {finding.severity.value:<9}{finding.text}")
    print_line()
    print_line(result.summary())
