"""A result of figures about members: exact tables, their published form, charts, sentences, findings."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from vestige.disclosure.check import check_tables
from vestige.disclosure.figures import Figures
from vestige.disclosure.policy import Mark
from vestige.disclosure.safe import SafeTable
from vestige.errors import SettingsError
from vestige.results import Finding, Provenance

if TYPE_CHECKING:
    import altair as alt
    import pyarrow as pa

Tables = Mapping[str, SafeTable]
Rows = list[dict[str, Any]]

_FEW_CELLS: Final = 2


@dataclass(frozen=True)
class ChartKind:
    """One chart.

    Attributes:
        title: heading.
        table: name of the table it is drawn from; the report prints it beside the chart.
        columns: columns that must hold at least two published figures.
        where: which rows are drawn.
        make: draws those rows.
        describe: says in words what is to be seen, for those who cannot see it.
    """

    title: str
    table: str
    columns: tuple[str, ...]
    make: "Callable[[Rows], alt.TopLevelMixin]"
    describe: Callable[[Rows], str]
    where: tuple[str, str] | None = None

    def possible(self, tables: Tables) -> bool:
        """Whether enough figures are published to draw it."""
        rows = self._rows(tables)
        return all(sum(row.get(column) is not None for row in rows) >= _FEW_CELLS for column in self.columns)

    def draw(self, tables: Tables) -> "alt.TopLevelMixin":
        """The chart."""
        return self.make(self._rows(tables))

    def words(self, tables: Tables) -> str:
        """What is to be seen."""
        return self.describe(self._rows(tables))

    def _rows(self, tables: Tables) -> Rows:
        if self.table not in tables:
            return []
        table = tables[self.table]
        rows = table.rows()
        for row, place in zip(rows, range(len(rows)), strict=True):
            row["suppressed"] = [name for name, marks in table.marks.items() if marks[place] is Mark.SUPPRESSED]
        return [row for row in rows if self.where is None or row[self.where[0]] == self.where[1]]


@dataclass(frozen=True)
class FiguresResult(ABC):
    """Tables from `table` are exact and for the researcher; whatever is printed goes through `safe`.

    Attributes:
        figures: table name to the exact table and its disclosure rule.
        findings: what to know before trusting it, most severe first.
        provenance: how to get it again.
    """

    figures: Mapping[str, Figures] = field(repr=False)
    findings: tuple[Finding, ...]
    provenance: Provenance

    @abstractmethod
    def charts(self) -> Mapping[str, ChartKind]:
        """Every chart of this kind of result, whether or not the data allow it."""

    @abstractmethod
    def sentences(self, *, brief: bool = False) -> tuple[str, ...]:
        """One sentence a fact, from published figures only; the main ones if `brief`."""

    @property
    def table_names(self) -> tuple[str, ...]:
        """Names of the tables."""
        return tuple(self.figures)

    def table(self, name: str) -> "pa.Table":
        """An exact table, for further analysis within the project; not for printing.

        Raises:
            SettingsError: there is no such table.
        """
        return self._known(name).data

    def safe(self, name: str) -> SafeTable:
        """A table as the disclosure policy lets it leave.

        Raises:
            SettingsError: there is no such table.
        """
        self._known(name)
        return self.safe_by_name[name]

    @property
    def safe_tables(self) -> tuple[SafeTable, ...]:
        """All tables as they may leave."""
        return tuple(self.safe_by_name.values())

    @cached_property
    def safe_by_name(self) -> Mapping[str, SafeTable]:
        """All tables as they may leave, by name; checked together."""
        return check_tables({name: (figures.data, figures.rule) for name, figures in self.figures.items()})

    @property
    def plot_names(self) -> tuple[str, ...]:
        """Names that `plot` takes."""
        return tuple(name for name, chart in self.charts().items() if chart.possible(self.safe_by_name))

    def plot(self, name: str) -> "alt.TopLevelMixin":
        """A chart, drawn from tables that passed the disclosure policy.

        Raises:
            SettingsError: there is no such chart, or the data do not allow it.
        """
        if name not in self.plot_names:
            known = ", ".join(self.plot_names) or "none"
            raise SettingsError("there is no such chart", where=f"chart {name!r}", hint=f"known: {known}")
        return self.charts()[name].draw(self.safe_by_name)

    def summary(self) -> str:
        """The result in a few sentences, from published figures only, and its findings."""
        return "\n".join([*self.sentences(), *(finding.text for finding in self.findings)])

    def to_plain(self) -> dict[str, Any]:
        """Published tables, findings, decisions and provenance as values that JSON can hold."""
        return {
            "tables": {name: table.to_plain() for name, table in self.safe_by_name.items()},
            "findings": [asdict(finding) for finding in self.findings],
            "disclosure": [decision.words for table in self.safe_tables for decision in table.decisions],
            "provenance": asdict(self.provenance),
        }

    def _known(self, name: str) -> Figures:
        if name not in self.figures:
            raise SettingsError(
                "there is no such table", where=f"table {name!r}", hint=f"known: {', '.join(self.figures) or 'none'}"
            )
        return self.figures[name]
