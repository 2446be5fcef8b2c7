"""`vestige grants`: the rights that a live database's reading account needs, and no more."""

from typing import Annotated

import typer

from vestige.cli.app import app
from vestige.cli.console import print_line
from vestige.errors import SettingsError


@app.command("grants")
def grants(
    address: Annotated[
        str,
        typer.Argument(help="mysql://ACCOUNT@HOST/DATABASE or postgresql://ACCOUNT@HOST/DATABASE.", show_default=False),
    ],
    prefix: Annotated[str, typer.Option(help="Prefix of the forum's tables.", show_default=False)],
    software: Annotated[str, typer.Option(help="Package of the forum.")] = "phpbb",
    names: Annotated[
        bool, typer.Option("--with-names", help="Also the names of groups and sections, for `vestige map`.")
    ] = False,
    handles: Annotated[
        bool, typer.Option("--with-handles", help="Also the members' handles, for `vestige derive --link-handles`.")
    ] = False,
) -> None:
    """Print the GRANT statements, column by column, for the database's administrator. Connects to nothing."""
    from vestige.dataset.schema import Software
    from vestige.derive.live.address import parse_address
    from vestige.derive.live.grants import grant_statements
    from vestige.derive.opening import known_software, source_of

    known = [each.value for each in known_software()]
    if software not in known:
        raise SettingsError("--software takes no such value", hint=f"choose one of {', '.join(known)}")
    for statement in grant_statements(
        source_of(Software(software)), parse_address(address), prefix=prefix, names=names, handles=handles
    ):
        print_line(statement)
