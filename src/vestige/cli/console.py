"""What commands print: results on standard output, everything else on standard error."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from vestige.progress import ASKING, COMPILING, Progress, Step, ignore_progress

_ONCE = "Compiling, once on this machine: about ten seconds."


def print_error(line: str) -> None:
    """One plain line on standard error."""
    sys.stderr.write(line + "\n")


def print_line(line: str = "") -> None:
    """One plain line on standard output."""
    sys.stdout.write(line + "\n")


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[Progress]:
    """A bar on standard error; draws nothing when quiet or when standard error is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield ignore_progress
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[counted]}"),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def draw(step: Step, /) -> None:
            if step.stage == COMPILING:
                bars.console.print(_ONCE)
                return
            if step.stage == ASKING:
                bars.stop()
                return
            if step.stage not in tasks:
                tasks[step.stage] = bars.add_task(step.stage, total=step.total, counted="")
            bars.update(tasks[step.stage], completed=step.done, total=step.total, counted=_counted(step))

        yield draw


def _counted(step: Step) -> str:
    scale, unit = (1_000_000, "MB") if step.unit == "bytes" else (1, step.unit)
    done = f"{step.done // scale:,} {unit}"
    return done if step.rows is None else f"{done}, {step.rows:,} rows"
