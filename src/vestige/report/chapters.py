"""What a report is made of. Every analysis adds chapters through a `ChapterMaker`; the page draws them.

A figure about members reaches a chapter as a `SafeTable` or as a chart and sentences drawn from one. `Facts` are
about the dataset and the run, such as the window or a version; never about members.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from vestige.dataset import Dataset
from vestige.disclosure import SafeTable
from vestige.progress import Progress
from vestige.results import Finding, Provenance

if TYPE_CHECKING:
    import altair as alt


@dataclass(frozen=True)
class Words:
    """Paragraphs of plain text."""

    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Points:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """Facts about the dataset or the run, by their names."""

    entries: Mapping[str, str]


@dataclass(frozen=True)
class Chart:
    """A chart drawn from published figures.

    Attributes:
        title: heading.
        words: what is to be seen, for those who cannot see it.
        drawing: the chart, with its data inside.
    """

    title: str
    words: str
    drawing: "alt.TopLevelMixin" = field(repr=False)


@dataclass(frozen=True)
class Diagram:
    """Boxes and arrows drawn by Vestige as SVG.

    Attributes:
        title: heading.
        words: what is to be seen, for those who cannot see it.
        svg: the drawing.
    """

    title: str
    words: str
    svg: str = field(repr=False)


@dataclass(frozen=True)
class CaseTable:
    """A table about coded cases, codings or sources; never about members, whose figures need a `SafeTable`.

    Attributes:
        title: heading.
        columns: headings of the columns.
        rows: cells as text.
        numeric: whether each column holds numbers.
        notes: one sentence each, below the table.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    notes: tuple[str, ...] = ()


Part = Words | Points | Facts | Chart | Diagram | SafeTable | CaseTable


@dataclass(frozen=True)
class Chapter:
    """One chapter.

    Attributes:
        key: its anchor: lower-case letters and hyphens, one of a kind in a report.
        title: heading.
        parts: what it shows, in order.
        findings: what a reader must know before trusting it; shown at its top.
        provenance: how to get its figures again, where it has any.
    """

    key: str
    title: str
    parts: tuple[Part, ...]
    findings: tuple[Finding, ...] = ()
    provenance: Provenance | None = None

    @property
    def tables(self) -> tuple[SafeTable, ...]:
        """The tables among its parts."""
        return tuple(part for part in self.parts if isinstance(part, SafeTable))


class ChapterMaker(Protocol):
    """Runs one analysis and tells it in chapters; none where the dataset does not allow it."""

    def __call__(self, dataset: Dataset, *, forum: str | None, seed: int, progress: Progress) -> tuple[Chapter, ...]:
        """The chapters on a dataset, or on one of its forums."""
