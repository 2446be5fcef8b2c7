"""The command line: thin, it only calls the public verbs and draws what they return."""

import gc
import signal
import sys
import traceback
from importlib import import_module
from typing import Final, NoReturn

import typer
from typer.exceptions import TyperException

from vestige.cli.app import app
from vestige.cli.console import print_error
from vestige.errors import VestigeError
from vestige.runs import one_run

COMMANDS: Final[dict[str, tuple[str, ...]]] = {
    "casefile": ("casefile",),
    "derive": ("new-key", "map", "derive"),
    "derive_log": ("derive-log",),
    "sources": ("sources",),
    "merge": ("merge",),
    "classify": ("classify-objects",),
    "simulate": ("simulate",),
    "describe": ("describe",),
    "validate": ("validate",),
    "report": ("report",),
    "grants": ("grants",),
    "trajectories": ("trajectories",),
    "careers": ("careers",),
    "seal": ("seal", "verify"),
    "profile": ("profile",),
    "disclosure": ("disclosure-check",),
    "disrupt": ("disrupt",),
    "network": ("network",),
    "activity": ("activity",),
    "keymembers": ("keymembers",),
    "keysets": ("keysets",),
}
"""Modules of this package, each of which adds its commands to `app` when imported."""

OBJECTS_BETWEEN_COLLECTIONS = 100_000
"""Imports make many objects and no garbage; at Python's own 700, looking for some takes a twentieth of a derivation."""

INTERRUPTED = 130
INTERNAL_ERROR = 70


def main() -> NoReturn:
    """Run the command line and exit: 0 done, 1 failed validation, 2 bad input or usage, 130 interrupted."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, *gc.get_threshold()[1:])
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; returns its exit code. No traceback is shown, since one may quote a value.

    All tables that a command lets out are one run for the disclosure policy.
    """
    for module in _modules_of(arguments[:1]):
        import_module(f"vestige.cli.{module}")
    try:
        with one_run():
            code = app(arguments, prog_name="vestige", standalone_mode=False)
    except typer.Exit as stop:
        code = stop.exit_code
    except TyperException as error:
        if error.format_message():  # empty when Typer has printed the help in its place
            said = error.format_message().rstrip(".")
            print_error(f"Error: {said}. Hint: see vestige --help, or --help after the command")
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except VestigeError as error:
        print_error(f"Error: {error}")
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the last line of defence: never a message that quotes a cell
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}"
        print_error(f"Error: internal error, {type(error).__name__} at {place}. Hint: please report this line")
        return INTERNAL_ERROR
    if code == INTERRUPTED:  # Typer turns the interrupt into this code by itself
        print_error("Interrupted; nothing was left half-done.")
    return code if isinstance(code, int) else 0


def _modules_of(command: list[str]) -> tuple[str, ...]:
    """The module that has a command; every module where there is no such command, for the help and for hints."""
    found = tuple(module for module, commands in COMMANDS.items() if set(command) & set(commands))
    return found or tuple(COMMANDS)


def _interrupt(_signal: int, _frame: object) -> NoReturn:
    """Stop once; a second signal must not interrupt the cleaning up."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
