"""A key set: who is in it, its value, and how much better another set could be."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vestige.errors import SettingsError
from vestige.network.graph import Network
from vestige.network.key_sets.settings import KeySetSettings
from vestige.results import Finding, Provenance

if TYPE_CHECKING:
    import altair as alt
    import pyarrow as pa


@dataclass(frozen=True)
class KeySetResult:
    """A key set.

    Attributes:
        settings: what was looked for.
        network: the network it was looked for in.
        chosen: nodes of the set, each with what the set would lose without it, most first.
        value: of the set.
        before: the measure of no set at all.
        path: values of the greedy sets of 1, 2, ... members.
        with_most_ties: value of the set of those with most ties.
        bound: value that no set of this size can exceed; None where there is no bound.
        exact: whether all sets were tried.
        findings: what to know before trusting it.
        provenance: how to get it again.
    """

    settings: KeySetSettings
    network: Network = field(repr=False)
    chosen: tuple[tuple[int, float], ...]
    value: float
    before: float
    path: tuple[float, ...]
    with_most_ties: float
    bound: float | None
    exact: bool
    findings: tuple[Finding, ...]
    provenance: Provenance

    @property
    def nodes(self) -> tuple[int, ...]:
        """Nodes of the set, ascending."""
        return tuple(sorted(node for node, _ in self.chosen))

    @property
    def gap(self) -> float | None:
        """How far the value is below the bound, as a share of the bound; None where there is no bound."""
        if self.bound is None:
            return None
        return 0.0 if self.bound == 0 else (self.bound - self.value) / self.bound

    @property
    def table_names(self) -> tuple[str, ...]:
        """Names that `table` takes."""
        return ("set", "greedy")

    def table(self, name: str) -> "pa.Table":
        """A table by name.

        set: member-level, never for print: member, pseudonym, degree, contribution.
        greedy: size, value.

        Raises:
            SettingsError: there is no such table.
        """
        import pyarrow as pa

        if name == "set":
            nodes = [node for node, _ in self.chosen]
            return pa.table(
                {
                    "member": self.network.members[nodes],
                    "pseudonym": [self.network.pseudonyms[node] for node in nodes],
                    "degree": self.network.degree[nodes],
                    "contribution": [loss for _, loss in self.chosen],
                }
            )
        if name == "greedy":
            return pa.table({"size": list(range(1, len(self.path) + 1)), "value": list(self.path)})
        raise SettingsError("there is no such table", hint=f"choose one of {', '.join(self.table_names)}")

    def summary(self) -> str:
        """The set in numbers; names nobody."""
        size, measure = len(self.chosen), self.settings.measure.value
        first = (
            f"A set of {size} of {self.network.size:,} members has {measure} {self.value:.4f} "
            f"({self.before:.4f} without a set); the {size} with most ties have {self.with_most_ties:.4f}."
        )
        lines = [first]
        if self.exact:
            lines.append("All sets of this size were tried: there is no better one.")
        elif self.gap is not None:
            lines.append(f"No set of this size exceeds {self.bound:.4f}: at most {self.gap:.1%} are missing.")
        return "\n".join([*lines, *(finding.text for finding in self.findings)])

    def plot(self, name: str = "greedy") -> "alt.TopLevelMixin":
        """The measure against the size of the greedy set.

        Raises:
            SettingsError: there is no such chart.
        """
        import altair as alt

        if name != "greedy":
            raise SettingsError("there is no such chart", hint="choose greedy")
        rows = [{"size": 0, "value": self.before}, *self.table("greedy").to_pylist()]
        data = alt.Data(values=rows)  # type: ignore[no-untyped-call] # Altair's own gap
        title = f"{self.settings.measure.value} of the set".capitalize()
        members, value = alt.X("size:Q", title="Members of the set"), alt.Y("value:Q", title=title)
        chart: alt.TopLevelMixin = alt.Chart(data).mark_line(point=True).encode(x=members, y=value)
        return chart
