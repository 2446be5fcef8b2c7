"""Run the command line, as a real process or, where that tells nothing more, in this one."""

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path

from vestige import cli

SOURCE_TREE = Path(__file__).parents[2] / "src"


def environment(temporary):
    """This process's environment, with the source tree and a temporary folder of its own."""
    return {**os.environ, "PYTHONPATH": str(SOURCE_TREE), "TMPDIR": str(temporary), "NO_COLOR": "1"}


def start(temporary, *arguments, **options):
    """Start `vestige` with these arguments."""
    command = [sys.executable, "-m", "vestige", *map(str, arguments)]
    return subprocess.Popen(
        command, env=environment(temporary), stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )


def run(temporary, *arguments, stdin=None):
    """Run `vestige` to its end; returns exit code, standard output and standard error as bytes."""
    process = start(temporary, *arguments, stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL)
    output, error = process.communicate(stdin, timeout=300)
    return process.returncode, output, error


def run_here(*arguments):
    """Run `vestige` in this process; returns exit code, standard output and standard error as bytes."""
    output, error = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(error):
        status = cli.run([str(argument) for argument in arguments])
    return status, output.getvalue().encode(), error.getvalue().encode()
