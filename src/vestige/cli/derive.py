"""`vestige derive`, `vestige map`, `vestige new-key`: the custodian's three commands."""

import gc
import os
import sys
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from vestige.cli.app import PlainCommand, app
from vestige.cli.console import print_error, print_line, progress_bar
from vestige.errors import SettingsError, SourceError

if TYPE_CHECKING:
    from vestige.derive.pipeline import DeriveResult, OpenSource
    from vestige.statistics.unicity import Unicity

Choice = TypeVar("Choice", bound=StrEnum)

SourceArgument = Annotated[
    str,
    typer.Argument(
        help="Dump file (plain, .gz, .zst, .xz), - for a pipe, folder of XML files, map of tables (.toml), "
        "mail archive (mbox, Maildir), "
        "or a live database: mysql://ACCOUNT@HOST/DATABASE, postgresql://ACCOUNT@HOST/DATABASE.",
        show_default=False,
    ),
]
SoftwareOption = Annotated[str | None, typer.Option(help="Package of the forum, where it cannot be seen.")]
PrefixOption = Annotated[str | None, typer.Option(help="Prefix of the forum's tables, where it cannot be found.")]
PasswordOption = Annotated[
    Path | None, typer.Option(help="File that holds a live database's password; or set VESTIGE_DATABASE_PASSWORD.")
]
TruncatedOption = Annotated[
    bool, typer.Option("--allow-truncated", help="Keep the complete rows of a source that ends too early.")
]
ReplaceOption = Annotated[bool, typer.Option("--replace", help="Replace what stands at --out.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no closing table.")]


@app.command("new-key")
def new_key(file: Annotated[Path, typer.Argument(help="New key file.", show_default=False)]) -> None:
    """Make a key. Guard it: the same key gives the same pseudonyms for ever, and who holds it can recompute them."""
    from vestige.derive.keys import write_key

    key = write_key(file)
    print_line(f"Key written, readable by you alone. Fingerprint: {key.fingerprint}")


@app.command("map")
def map_names(
    source: SourceArgument,
    out: Annotated[Path, typer.Option(help="New TOML file, for the custodian alone.", show_default=False)],
    software: SoftwareOption = None,
    prefix: PrefixOption = None,
    password_file: PasswordOption = None,
    allow_truncated: TruncatedOption = False,
    replace: ReplaceOption = False,
) -> None:
    """List the forum's groups and sections BY NAME, to be given roles and neutral kinds. Never share the file."""
    from vestige.derive.group_map import write_map

    opened = _open(source, software, prefix, password_file, allow_truncated=allow_truncated)
    groups, sections = write_map(opened.source, opened.reader, out, replace=replace)
    print_error("WARNING: this file holds NAMES from the forum. It is for the custodian alone: keep it with the key,")
    print_error("WARNING: never beside, inside or together with a dataset.")
    print_line(f"{groups:,} groups and {sections:,} sections listed. Fill in role and kind, then derive with --map.")


@app.command(cls=PlainCommand)
def derive(
    source: SourceArgument,
    out: Annotated[Path, typer.Option(help="New folder for the dataset.", show_default=False)],
    key: Annotated[Path, typer.Option(help="The custodian's key file.", show_default=False)],
    forum: Annotated[
        str, typer.Option(help="Neutral code (a-z, 0-9, -): the forum's lasting identity.", show_default=False)
    ],
    custodian_map: Annotated[
        Path | None, typer.Option("--map", help="The custodian's map of groups and sections.")
    ] = None,
    software: SoftwareOption = None,
    prefix: PrefixOption = None,
    time_resolution: Annotated[str, typer.Option(help="day, hour, minute or second.")] = "hour",
    accept_fine_times: Annotated[
        bool, typer.Option("--accept-fine-times", help="Accept that minutes or seconds single members out.")
    ] = False,
    registration_resolution: Annotated[
        str | None, typer.Option(help="month or year: cut times of registration further than other times.")
    ] = None,
    window_end: Annotated[str | None, typer.Option(help="Last day observed, YYYY-MM-DD; else the last event.")] = None,
    link_handles: Annotated[
        bool,
        typer.Option(
            "--link-handles", help="Also a keyed pseudonym of each handle, the same on every forum under this key."
        ),
    ] = False,
    timezone: Annotated[
        str | None, typer.Option(help="Zone of software that stores local times, such as Europe/Berlin.")
    ] = None,
    release: Annotated[
        str | None, typer.Option(help="Name of the release: its pseudonyms fit no other release. a-z, 0-9, -.")
    ] = None,
    least_section_members: Annotated[
        int, typer.Option(min=0, help="Leave out sections in which fewer members wrote, with their posts.")
    ] = 0,
    least_posts: Annotated[
        int, typer.Option(min=0, help="Leave out members with fewer posts; their posts stay, without an author.")
    ] = 0,
    lookup: Annotated[
        Path | None, typer.Option(help="New file, for the custodian alone: what derive-log needs beside the key.")
    ] = None,
    password_file: PasswordOption = None,
    allow_truncated: TruncatedOption = False,
    replace: ReplaceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Derive a content-free, pseudonymised dataset: numbers of declared columns only, every other byte unread."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy starts a thread a core, of which derivation uses none
    from vestige.dataset.manifest import TimeResolution
    from vestige.derive.group_map import read_map
    from vestige.derive.keys import read_key
    from vestige.derive.leaving_out import RegistrationResolution
    from vestige.derive.pipeline import DeriveSettings, FineTimesError, derive_dataset

    settings = DeriveSettings(
        time_resolution=_choice(TimeResolution, time_resolution, "--time-resolution"),
        accept_fine_times=accept_fine_times,
        registration_resolution=None
        if registration_resolution is None
        else _choice(RegistrationResolution, registration_resolution, "--registration-resolution"),
        window_end=_date(window_end),
        release=release,
        least_section_members=least_section_members,
        least_posts=least_posts,
        link_handles=link_handles,
        timezone=timezone,
    )
    pseudonym_key = read_key(key)
    chosen_map = read_map(custodian_map) if custodian_map else None
    opened = _open(source, software, prefix, password_file, allow_truncated=allow_truncated)
    if "duckdb" not in sys.modules:  # it wants its own objects looked through at the end
        gc.freeze()  # what is loaded stays: looking for garbage in it, also at the end, takes a twentieth of the time
    refused: FineTimesError | None = None
    try:
        with progress_bar(quiet=quiet) as progress:
            result = derive_dataset(
                opened,
                out,
                key=pseudonym_key,
                forum_code=forum,
                settings=settings,
                custodian_map=chosen_map,
                lookup=lookup,
                replace_existing=replace,
                progress=progress,
            )
    except FineTimesError as error:
        refused = error
    if refused is not None:
        _print_unicity(refused.unicity)
        raise refused
    if result.unicity:
        _print_unicity(result.unicity)
    if not quiet:
        _print_result(result)


def _open(
    source: str, software: str | None, prefix: str | None, password_file: Path | None, *, allow_truncated: bool
) -> "OpenSource":
    from vestige.dataset.schema import Software
    from vestige.derive.opening import open_source

    return open_source(
        source,
        software=_choice(Software, software, "--software") if software else None,
        prefix=prefix,
        allow_truncated=allow_truncated,
        password=_password(password_file),
    )


def _password(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        failure = SourceError("the password file cannot be read", hint="check its path and permissions")
    raise failure


def _date(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        failure = SettingsError("--window-end is no date", hint="write it as YYYY-MM-DD")
    raise failure


def _choice(enum: type[Choice], value: str, option: str) -> Choice:
    """The enum's member of that value; the enums stay out of the signature, so that other commands start fast."""
    for member in enum:
        if member.value == value:
            return member
    raise SettingsError(f"{option} takes no such value", hint=f"choose one of {', '.join(enum)}")


def _print_result(result: "DeriveResult") -> None:
    print_line(f"Package: {', '.join(forum.software for forum in result.manifest.forums)}")
    print_line()
    print_line(f"{'source table':<20}{'rows read':>14}{'rows kept':>14}")
    for count in result.manifest.source_counts:
        kept = "looked up" if count.table in result.looked_up else f"{count.kept:,}"
        print_line(f"{count.table:<20}{count.read:>14,}{kept:>14}")
    print_line()
    print_line(f"{'dataset table':<20}{'rows':>14}")
    for entry in result.manifest.files:
        print_line(f"{entry.table:<20}{entry.rows:>14,}")
    print_line()
    print_line("Not in this dataset, and why:")
    for what, reason in result.manifest.absent.items():
        print_line(f"  {what:<26}{reason}")
    if result.findings:
        print_line()
        print_line("Findings:")
        for finding in result.findings:
            print_line(f"  {finding.severity.value:<9}{finding.text}")
    print_line()
    print_line(result.summary())


def _print_unicity(unicity: "tuple[Unicity, ...]") -> None:
    """Why fine times matter: on standard error, since it is no result."""
    print_error("Members whose own activity times fit nobody else (de Montjoye et al., 2013), by how many moments are")
    print_error("known about them:")
    print_error(f"  {'times to the':<14}" + "".join(f"{_points(points):>14}" for points in _known(unicity)))
    for resolution in dict.fromkeys(figure.resolution for figure in unicity):
        shares = [figure.share for figure in unicity if figure.resolution == resolution]
        print_error(f"  {resolution:<14}" + "".join(f"{share:>14.0%}" for share in shares))


def _known(unicity: "tuple[Unicity, ...]") -> list[int | None]:
    return list(dict.fromkeys(figure.known_points for figure in unicity))


def _points(points: int | None) -> str:
    return "all known" if points is None else f"{points} known"
