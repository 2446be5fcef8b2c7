"""`vestige simulate`: a synthetic forum with known truth."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import typer

from vestige.cli.app import app
from vestige.cli.console import print_line, progress_bar
from vestige.errors import SettingsError
from vestige.outputs import check_folder_output

if TYPE_CHECKING:
    from vestige.simulate.packages import Package

Choice = TypeVar("Choice", bound=StrEnum)


_DATASET: Final = "dataset"
_ACCESS_LOG: Final = "access-log"
_PHPBB: Final = "phpbb"
_DUMP: Final = "-dump"


@app.command()
def simulate(
    out: Annotated[Path, typer.Option(help="New folder for the forum and its truth.", show_default=False)],
    members: Annotated[int | None, typer.Option(help="Number of members; the preset's own if not given.")] = None,
    months: Annotated[int | None, typer.Option(help="Months in the window; the preset's own if not given.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same settings and seed, same forum.")] = 0,
    preset: Annotated[str, typer.Option(help="posting-groups, silent-downloaders or one-group.")] = "posting-groups",
    form: Annotated[
        str,
        typer.Option(
            "--as",
            help="dataset; PACKAGE-dump, a dump of that package's database (phpbb-dump, vbulletin-dump, ...); "
            "or access-log, a phpBB dump with its access log.",
        ),
    ] = _DATASET,
    layout: Annotated[
        str | None,
        typer.Option(
            help="Layout of the dump: mysqldump, mariadb-dump, phpmyadmin, adminer, one-row or pg-dump; "
            "the package's usual one if not given.",
            show_default=False,
        ),
    ] = None,
    compression: Annotated[str, typer.Option(help="Packing of the dump: none, gz, zst or xz.")] = "none",
    text_bytes: Annotated[int, typer.Option(help="Mean length of a post's text in the dump.")] = 400,
    replace: Annotated[bool, typer.Option("--replace", help="Replace what stands at --out.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Make a synthetic forum with known truth, as a dataset or as a database dump full of hostile text."""
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
    from vestige.simulate.packages import package_settings

    settings = preset_settings(preset, members=members, months=months)
    package = _package(form)
    usual = package.layout if package is not None else DumpLayout.MYSQLDUMP
    dump = DumpSettings(
        layout=usual if layout is None else _choice(DumpLayout, layout, "--layout"),
        compression=_choice(Compression, "" if compression == "none" else f".{compression}", "--compression"),
        text_bytes=text_bytes,
    )
    if package is not None:
        dump = package_settings(package, dump)
    check_folder_output(out, replace=replace)
    with progress_bar(quiet=quiet) as progress:
        forum = simulate_forum(settings=settings, seed=seed, progress=progress)
        chosen = Preset(preset)
        if form != _DATASET:
            log = AccessLogSettings() if form == _ACCESS_LOG else None
            write_simulated_dump(
                out, forum, settings=dump, package=package, log=log, preset=chosen, replace=replace, progress=progress
            )
        else:
            write_simulated_dataset(out, forum, preset=chosen, replace=replace, progress=progress)
    if not quiet:
        for name, columns in forum.tables.items():
            print_line(f"{name:<15}{len(next(iter(columns.values()))):>14,}")


def _package(form: str) -> "Package | None":
    """The mapping of the package whose dump is asked for; None for phpBB and for what is no dump."""
    from vestige.simulate.packages import known_packages, package_of

    if form in {_DATASET, _ACCESS_LOG, _PHPBB + _DUMP}:
        return None
    name = form.removesuffix(_DUMP)
    if form == name or name not in known_packages():
        dumps = ", ".join(f"{known}{_DUMP}" for known in (_PHPBB, *known_packages()))
        raise SettingsError("--as takes no such value", hint=f"choose one of {_DATASET}, {_ACCESS_LOG}, {dumps}")
    return package_of(name)


def _choice(enum: type[Choice], value: str, option: str) -> Choice:
    """The enum's member of that value; the enums stay out of the signature, so that other commands start fast."""
    for member in enum:
        if member.value == value:
            return member
    known = ", ".join(member.value.lstrip(".") or "none" for member in enum)
    raise SettingsError(f"{option} takes no such value", hint=f"choose one of {known}")
