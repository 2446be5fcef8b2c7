"""What is wrong with a study folder, one line each: file, row and column, never a cell's value."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Weight(StrEnum):
    """Whether a problem stops the study from being used."""

    ERROR = "error"
    NOTE = "note"


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to put right.

    Attributes:
        file: the file, by the name its kind has in every study ("codings/coder-1.csv").
        row: the row as a spreadsheet counts it (the heading is row 1), or the number of a TOML entry; 0 for the file.
        column: the declared name of the column, "column 7" where it has none, or "" for the whole row.
        what: what is wrong, without the cell's value.
        hint: what to do.
        weight: error or note.
    """

    file: str
    row: int
    column: str
    what: str
    hint: str
    weight: Weight = Weight.ERROR

    def __str__(self) -> str:
        place = [self.file]
        if self.row:
            place.append(f"{'entry' if self.file.endswith('.toml') else 'row'} {self.row}")
        if self.column:
            place.append(self.column)
        return f"{self.weight.value}: {', '.join(place)}: {self.what}. Hint: {self.hint}"


@dataclass
class ProblemList:
    """Collects problems while a folder is read, so that all of them are told at once."""

    found: list[Problem] = field(default_factory=list)

    def error(self, file: str, row: int, column: str, what: str, hint: str) -> None:
        """Note something that stops the study from being used."""
        self.found.append(Problem(file, row, column, what, hint))

    def note(self, file: str, row: int, column: str, what: str, hint: str) -> None:
        """Note something that was read all the same."""
        self.found.append(Problem(file, row, column, what, hint, Weight.NOTE))

    @property
    def has_errors(self) -> bool:
        """Whether any problem stops the study from being used."""
        return any(problem.weight is Weight.ERROR for problem in self.found)


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems as a reader works through them: by file, row, column."""
    return tuple(sorted(set(problems), key=lambda problem: (problem.file, problem.row, problem.column, problem.what)))
