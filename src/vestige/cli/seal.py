"""`vestige seal` and `vestige verify`: signed packages."""

from pathlib import Path
from typing import Annotated

import typer

from vestige.cli.app import app
from vestige.cli.console import print_line, progress_bar


@app.command()
def seal(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="a dataset, a folder of results, or a report")],
    key: Annotated[Path, typer.Option("--sign-with", metavar="SSHKEY", help="OpenSSH private key")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="BAG", help="new folder; DIR.bag beside DIR if not given")
    ] = None,
    dataset: Annotated[
        Path | None,
        typer.Option("--of", metavar="DIR", help="of results: their dataset, or its package"),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="replace an existing package")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress bar")] = False,
) -> None:
    """Copy a folder into a signed BagIt package that anybody can check, also without Vestige."""
    from vestige.sealed import SealSettings, seal_folder

    whole = folder.absolute()
    place = out or whole.with_name(f"{whole.stem if whole.is_file() else whole.name}.bag")
    settings = SealSettings(key, dataset, replace)
    with progress_bar(quiet=quiet) as progress:
        bag, digest = seal_folder(folder, place, settings=settings, progress=progress)
    if not quiet:
        print_line(f"Package {bag}")
        print_line(f"Dataset {digest}" if digest is not None else "No dataset is named: give it with --of")


@app.command()
def verify(
    bag: Annotated[Path, typer.Argument(metavar="BAG", help="folder of the package")],
    signers: Annotated[Path, typer.Option(metavar="FILE", help="allowed signers, as ssh-keygen reads them")],
    dataset: Annotated[
        Path | None,
        typer.Option(
            "--of", metavar="BAG", help="the package of the results' dataset, or of a part of a merged one: checked too"
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress bar")] = False,
) -> None:
    """Check a package: the signature first, then the tag manifest, then every file."""
    from vestige.sealed import verify_bag, verify_walk

    source = None
    with progress_bar(quiet=quiet) as progress:
        if dataset is None:
            found = verify_bag(bag, signers=signers, progress=progress)
        else:
            found, source = verify_walk(bag, dataset, signers=signers, progress=progress)
    print_line(f"Good: {found.content}, {found.files} files, signed by {found.signer} ({found.fingerprint})")
    print_line(f"Package {found.bag_digest}")
    if found.dataset_digest is not None:
        print_line(f"Dataset {found.dataset_digest}")
    if source is not None:
        print_line(f"Good: of that dataset, {source.files} files, signed by {source.signer} ({source.fingerprint})")
