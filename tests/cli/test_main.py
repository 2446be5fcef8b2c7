"""The command line's promises: exit codes, one-line errors without a value, interruption without a trace."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from vestige import cli
from vestige.cli import INTERNAL_ERROR, INTERRUPTED, run
from vestige.cli.console import progress_bar
from vestige.progress import COMPILING, Step

CANARY = "secret-handle"


@pytest.mark.parametrize("arguments", [["--help"], ["validate", "--help"]])
def test_help_is_no_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 0
    assert "Usage" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["nonsense"], ["validate"], ["validate", "a", "--nonsense"]])
def test_wrong_usage_is_exit_code_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert ". Hint: see vestige --help" in line
    assert ".." not in line


def test_an_internal_error_quotes_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(*_: object, **__: object) -> None:
        try:
            int(CANARY)
        except ValueError as error:
            raise RuntimeError(CANARY) from error

    monkeypatch.setattr("vestige.dataset.validation.validate_dataset", fail)
    assert run(["validate", "anywhere"]) == INTERNAL_ERROR
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("Error: internal error, RuntimeError at test_main.py:")
    assert shown.err.count("\n") == 1
    assert CANARY not in shown.err


def test_an_interruption_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("vestige.dataset.validation.validate_dataset", interrupt)
    assert run(["validate", "anywhere"]) == INTERRUPTED
    assert capsys.readouterr().err.splitlines() == ["Interrupted; nothing was left half-done."]


def test_termination_is_an_interruption() -> None:
    before = signal.getsignal(signal.SIGTERM)
    try:
        signal.signal(signal.SIGTERM, cli._interrupt)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_the_module_is_the_command_line(tmp_path: Path) -> None:
    source = Path(cli.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "vestige", "validate", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(source)},
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: no readable manifest")
    assert "Traceback" not in done.stderr


def test_progress_is_silent_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Also about compilation: on a fresh machine an error must still be one line."""
    with progress_bar(quiet=False) as progress:
        progress(Step(COMPILING, 0, 1))
    assert capsys.readouterr() == ("", "")
