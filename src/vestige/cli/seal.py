"""`vestige seal` and `vestige verify`: signed packages."""

from pathlib import Path
from typing import Annotated

import typer

from vestige.cli.app import app
from vestige.cli.console import print_line, progress_bar


@app.command()
def seal(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="folder of a dataset, or of results or reports")],
    key: Annotated[Path, typer.Option("--sign-with", metavar="SSHKEY", help="OpenSSH private key")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="BAG", help="new folder; DIR.bag beside DIR if not given")
    ] = None,
    dataset: Annotated[
        Path | None, typer.Option("--of", metavar="DIR", help="of results: the dataset they were made from")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="replace an existing package")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="no progress bar")] = False,
) -> None:
    """Copy a folder into a signed BagIt package that anybody can check, also without Vestige."""
    from vestige.sealed import SealSettings, seal_folder

    place = out or folder.absolute().with_name(f"{folder.absolute().name}.bag")
    settings = SealSettings(key, dataset, replace)
    with progress_bar(quiet=quiet) as progress:
        bag, digest = seal_folder(folder, place, settings=settings, progress=progress)
    if not quiet:
        print_line(f"Package {bag}")
        if digest is not None:
            print_line(f"Dataset {digest}")


@app.command()
def verify(
    bag: Annotated[Path, typer.Argument(metavar="BAG", help="folder of the package")],
    signers: Annotated[Path, typer.Option(metavar="FILE", help="allowed signers, as ssh-keygen reads them")],
    quiet: Annotated[bool, typer.Option("--quiet", help="no progress bar")] = False,
) -> None:
    """Check a package: the signature first, then the tag manifest, then every file."""
    from vestige.sealed import verify_bag

    with progress_bar(quiet=quiet) as progress:
        found = verify_bag(bag, signers=signers, progress=progress)
    print_line(f"Good: {found.content}, {found.files} files, signed by {found.signer}")
    print_line(f"Package {found.bag_digest}")
    if found.dataset_digest is not None:
        print_line(f"Dataset {found.dataset_digest}")
