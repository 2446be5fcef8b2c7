"""The Typer application that every command module adds itself to."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

_AS_THEY_STAND: Final[dict[object, type]] = {str: str, Path: Path}


def _no_options() -> None:
    """There are none before the command; without this, a single command would be taken for the whole application."""


class _Plain(TyperCommand if TYPE_CHECKING else object):  # type: ignore[misc] # a mixin of commands and groups
    """Takes words and paths as they stand.

    To check other values, Typer loads Pydantic, which takes a tenth of a second of a short derivation.
    """

    def get_params(self, ctx: Any) -> list[Any]:  # noqa: ANN401 - Typer's own context
        found: list[Any] = super().get_params(ctx)
        for parameter in found:
            if "process_value" not in vars(parameter):
                parameter.process_value = _plainly(parameter)
        return found


class PlainCommand(_Plain, TyperCommand):
    """A command of plain values."""


class _PlainGroup(_Plain, TyperGroup):
    """The commands; before them stands nothing but --help."""


def _plainly(parameter: Any) -> Any:  # noqa: ANN401 - Typer's parameters have no public type
    checked = parameter.process_value
    kind = _AS_THEY_STAND.get(parameter.type_descriptor.annotation)

    def process_value(context: Any, value: Any) -> Any:  # noqa: ANN401 - of any kind
        if value is None and parameter.required:
            return checked(context, value)
        if value is not None and value != parameter.default:
            if kind is None or not isinstance(value, str):
                return checked(context, value)
            value = kind(value)
        return value if parameter.callback is None else parameter.callback(context, parameter, value)

    return process_value


app = typer.Typer(
    name="vestige",
    cls=_PlainGroup,
    callback=_no_options,
    help="Content-free datasets from seized forum databases, and the methods to study them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
