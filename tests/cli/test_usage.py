"""A slip on the command line is answered in a line, not called an internal error."""

from importlib import import_module

import pytest

from vestige.cli import COMMANDS, run
from vestige.cli.app import app


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["simulate"], "--out"),
        (["simulate", "--out", "x", "--seed", "-1"], "--seed"),
        (["simulate", "--out", "x", "--as", "spreadsheet"], "--as"),
        (["simulate", "--out", "x", "--unheard-of"], "--unheard-of"),
        (["unheard-of"], "unheard-of"),
        (["derive", "x", "--out", "y", "--key", "z"], "--forum"),
        (["derive", "x", "--out", "y", "--key", "z", "--forum", "a", "--least-posts", "few"], "--least-posts"),
        (["derive", "x", "--out", "y", "--key", "z", "--forum", "a", "--least-posts", "-1"], "--least-posts"),
    ],
)
def test_usage_errors_say_what_is_wrong(capsys: pytest.CaptureFixture[str], arguments: list[str], told: str) -> None:
    assert run(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("Error: ")
    assert told in error
    assert "Hint:" in error
    assert "internal error" not in error


def test_help_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["simulate", "--help"]) == 0
    assert "--preset" in capsys.readouterr().out


def test_every_module_is_listed_with_the_commands_that_it_adds() -> None:
    for module in COMMANDS:
        import_module(f"vestige.cli.{module}")
    added: dict[str, set[str]] = {}
    for command in app.registered_commands:
        assert command.callback is not None
        name = command.name or command.callback.__name__.replace("_", "-")
        added.setdefault(command.callback.__module__.removeprefix("vestige.cli."), set()).add(name)
    for group in app.registered_groups:
        added.setdefault(str(group.name), set()).add(str(group.name))
    assert added == {module: set(commands) for module, commands in COMMANDS.items()}
