"""The Typer application that every command module adds itself to."""

import typer

app = typer.Typer(
    name="vestige",
    help="Content-free datasets from seized forum databases, and the methods to study them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
