"""How long work reports how far it is. The library is silent: it calls back, the command line draws."""

from dataclasses import dataclass
from typing import Final, Protocol

COMPILING: Final = "compile"
"""Stage of work that a machine does only once; reported as it begins."""

ASKING: Final = "ask"
"""Stage in which another program may ask for something, such as a passphrase: no bar may hide it."""


@dataclass(frozen=True)
class Step:
    """One report of progress.

    Attributes:
        stage: what is being done, from a fixed vocabulary of the verb; never taken from the data.
        done: units finished so far in this stage.
        total: units of this stage, or None when it cannot be known (a pipe).
        unit: what is counted, such as "bytes", "rows", "starts".
        rows: rows read so far, where that says something beside `done`.
    """

    stage: str
    done: int
    total: int | None = None
    unit: str = "steps"
    rows: int | None = None


class Progress(Protocol):
    """A callback that takes a `Step`. It may raise KeyboardInterrupt to stop the work."""

    def __call__(self, step: Step, /) -> None:
        """Take one report."""


def ignore_progress(step: Step, /) -> None:
    """Report nowhere; the default of every verb."""
