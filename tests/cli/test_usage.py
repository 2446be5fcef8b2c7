"""A slip on the command line is answered in a line, not called an internal error."""

import pytest

from vestige.cli import run


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["simulate"], "--out"),
        (["simulate", "--out", "x", "--seed", "-1"], "--seed"),
        (["simulate", "--out", "x", "--as", "spreadsheet"], "--as"),
        (["simulate", "--out", "x", "--unheard-of"], "--unheard-of"),
        (["unheard-of"], "unheard-of"),
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
