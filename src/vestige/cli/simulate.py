"""`vestige simulate`: a synthetic forum with known truth."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from vestige.cli.app import app
from vestige.cli.console import print_line, progress_bar
from vestige.errors import SettingsError
from vestige.outputs import check_folder_output

Choice = TypeVar("Choice", bound=StrEnum)


class Form(StrEnum):
    """What is written."""

    DATASET = "dataset"
    PHPBB_DUMP = "phpbb-dump"
    ACCESS_LOG = "access-log"


@app.command()
def simulate(
    out: Annotated[Path, typer.Option(help="New folder for the forum and its truth.", show_default=False)],
    members: Annotated[int | None, typer.Option(help="Number of members; the preset's own if not given.")] = None,
    months: Annotated[int | None, typer.Option(help="Months in the window; the preset's own if not given.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same settings and seed, same forum.")] = 0,
    preset: Annotated[str, typer.Option(help="posting-groups, silent-downloaders or one-group.")] = "posting-groups",
    form: Annotated[
        Form, typer.Option("--as", help="Write a dataset, a phpBB dump, or a dump with its access log.")
    ] = Form.DATASET,
    layout: Annotated[
        str, typer.Option(help="Layout of the dump: mysqldump, mariadb-dump, phpmyadmin, adminer or one-row.")
    ] = "mysqldump",
    compression: Annotated[str, typer.Option(help="Packing of the dump: none, gz, zst or xz.")] = "none",
    text_bytes: Annotated[int, typer.Option(help="Mean length of a post's text in the dump.")] = 400,
    replace: Annotated[bool, typer.Option("--replace", help="Replace what stands at --out.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Make a synthetic forum with known truth, as a dataset or as a phpBB dump full of hostile text."""
    from vestige.simulate import (
        AccessLogSettings,
        Compression,
        DumpLayout,
        DumpSettings,
        Preset,
        preset_settings,
        simulate_forum,
        write_simulated_dataset,
        write_simulated_dump,
    )

    settings = preset_settings(preset, members=members, months=months)
    dump = DumpSettings(
        layout=_choice(DumpLayout, layout, "--layout"),
        compression=_choice(Compression, "" if compression == "none" else f".{compression}", "--compression"),
        text_bytes=text_bytes,
    )
    check_folder_output(out, replace=replace)
    with progress_bar(quiet=quiet) as progress:
        forum = simulate_forum(settings=settings, seed=seed, progress=progress)
        chosen = Preset(preset)
        if form is not Form.DATASET:
            log = AccessLogSettings() if form is Form.ACCESS_LOG else None
            write_simulated_dump(out, forum, settings=dump, log=log, preset=chosen, replace=replace, progress=progress)
        else:
            write_simulated_dataset(out, forum, preset=chosen, replace=replace, progress=progress)
    if not quiet:
        for name, columns in forum.tables.items():
            print_line(f"{name:<15}{len(next(iter(columns.values()))):>14,}")


def _choice(enum: type[Choice], value: str, option: str) -> Choice:
    """The enum's member of that value; the enums stay out of the signature, so that other commands start fast."""
    for member in enum:
        if member.value == value:
            return member
    known = ", ".join(member.value.lstrip(".") or "none" for member in enum)
    raise SettingsError(f"{option} takes no such value", hint=f"choose one of {known}")
