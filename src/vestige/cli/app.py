"""The Typer application that every command module adds itself to."""

import typer


def _no_options() -> None:
    """There are none before the command; without this, a single command would be taken for the whole application."""


app = typer.Typer(
    name="vestige",
    callback=_no_options,
    help="Content-free datasets from seized forum databases, and the methods to study them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
