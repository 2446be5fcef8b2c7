"""`build_windows`: a network in windows of months, so that growth and change can be seen."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.dataset import Dataset
from vestige.disclosure import Additive, ColumnKind, ColumnRule, Runs, SafeTable, TableRule, check_table
from vestige.errors import DatasetError, SettingsError
from vestige.network import shape
from vestige.network.build import build_network, forum_of
from vestige.network.graph import AnyNetwork, Network
from vestige.network.settings import NetworkSettings
from vestige.progress import Progress, Step, ignore_progress

if TYPE_CHECKING:
    import altair as alt
    import pyarrow as pa


_FEW_POINTS: Final = 2
"""Published figures that a line needs."""


@dataclass(frozen=True)
class WindowSettings:
    """Which windows.

    Attributes:
        months: length of a window.
        step: months from the start of one window to the start of the next; shorter than `months`, windows overlap.
        cumulative: whether every window begins at the first month instead: growth, not change.
    """

    months: int = 6
    step: int = 6
    cumulative: bool = False

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        if not (1 <= self.months <= 600 and 1 <= self.step <= 600):  # noqa: PLR2004 - bounds, not thresholds
            raise SettingsError("windows and steps are 1 to 600 months long", hint="use 6")


@dataclass(frozen=True)
class NetworkSeries:
    """One network a window, in order.

    Attributes:
        networks: of the windows in which somebody did anything.
        empty: how many windows had nobody.
        cumulative: whether every window begins at the first month.
    """

    networks: tuple[AnyNetwork, ...] = field(repr=False)
    empty: int
    cumulative: bool = False

    def table(self) -> "pa.Table":
        """One row a window: month, members, stayed (also in the window before), ties, largest (members).

        The month is the window's first, or its last where windows are cumulative.
        """
        import pyarrow as pa

        rows = []
        before = np.zeros(0, dtype=np.int64)
        for network in self.networks:
            stayed = np.intersect1d(network.members, before).size
            rows.append((self._month(network), network.size, stayed, network.ties, _largest(network)))
            before = network.members
        columns = list(zip(*rows, strict=True)) or [()] * 5
        names = ("month", "members", "stayed", "ties", "largest")
        types = (pa.date32(), *(pa.int64() for _ in names[1:]))
        return pa.table({name: pa.array(own, kind) for name, own, kind in zip(names, columns, types, strict=True)})

    def safe(self) -> SafeTable:
        """The table as the disclosure policy lets it leave."""
        runs = Runs.GROWING if self.cumulative else Runs.SEPARATE
        stayed = ColumnRule(
            "stayed",
            "Also in the window before",
            ColumnKind.MEMBERS,
            within="members",
            additive=Additive.NO,
            counts="staying",
        )
        rule = TableRule(
            "growth" if self.cumulative else "windows",
            "Growth of the network" if self.cumulative else "The network window by window",
            (
                ColumnRule(
                    "month", "To the end of" if self.cumulative else "From", ColumnKind.MONTH, length=self._months()
                ),
                ColumnRule(
                    "members", "Members", ColumnKind.MEMBERS, additive=Additive.NO, counts="networked", runs=runs
                ),
                *([] if self.cumulative else [stayed]),
                ColumnRule(
                    "ties",
                    "Ties",
                    ColumnKind.COUNT,
                    behind=("members",),
                    additive=Additive.NO,
                    counts="ties",
                    runs=runs,
                ),
                ColumnRule(
                    "largest",
                    "Largest component",
                    ColumnKind.MEMBERS,
                    within="members",
                    additive=Additive.NO,
                    counts="connected",
                    runs=runs,
                ),
            ),
            "A window without anybody is left out.",
        )
        return check_table(self.table().select([column.name for column in rule.columns]), rule)

    def _months(self) -> int:
        """Length of a window that is not cumulative."""
        start, end = self.networks[0].window
        return 1 if self.cumulative or start is None or end is None else max(1, _month(end) - _month(start))

    def _month(self, network: AnyNetwork) -> date | None:
        start, end = network.window
        if self.cumulative:
            return None if end is None else _moment(_month(end) - 1).date()
        return None if start is None else start.date()


def growth_chart(windows: SafeTable, growth: SafeTable) -> "alt.TopLevelMixin":
    """Members and ties window by window, and the network so far; suppressed figures are gaps.

    Args:
        windows: from windows one after another.
        growth: from cumulative windows.
    """
    import altair as alt

    members = {"members": "Members", "stayed": "Also in the window before", "largest": "Largest component"}
    so_far = {"members": "Members", "largest": "Largest component"}
    chart: alt.TopLevelMixin = alt.vconcat(
        _lines(windows, members, "In each window"),
        _lines(windows, {"ties": "Ties"}, "Ties in each window"),
        _lines(growth, so_far, "All so far"),
    ).resolve_scale(color="independent")
    return chart


def _lines(table: SafeTable, columns: dict[str, str], title: str) -> "alt.Chart":
    import altair as alt

    published = table.rows()
    drawn = {
        column: name
        for column, name in columns.items()
        if sum(row[column] is not None for row in published) >= _FEW_POINTS
    }
    rows = [
        {"month": row["month"], "series": name, "value": row[column]}
        for row in published
        for column, name in drawn.items()
    ]
    order = list(drawn.values())
    colour = alt.Color(
        "series:N", title=None, sort=order, scale=alt.Scale(domain=order), legend=alt.Legend() if order[1:] else None
    )
    chart = alt.Chart(alt.InlineData(values=rows), title=title).mark_line(
        point=True, invalid="break-paths-show-domains"
    )
    month = alt.X("month:T", title=None, axis=alt.Axis(format="%b %Y", labelOverlap=True))
    lines: alt.Chart = chart.encode(x=month, y=alt.Y("value:Q", title=None, axis=alt.Axis(format=",d")), color=colour)
    return lines.properties(width=420, height=130)


def build_windows(
    dataset: Dataset,
    *,
    settings: NetworkSettings | None = None,
    windows: WindowSettings | None = None,
    progress: Progress | None = None,
) -> NetworkSeries:
    """A network for each window of whole months from the forum's first to its last.

    Args:
        dataset: an opened dataset.
        settings: as for `build_network`; `start` and `end` narrow the span that is cut into windows.
        windows: their length and step.
        progress: called once a window.

    Raises:
        SettingsError: no such forum, or several and none chosen.
        DatasetError: the forum's window is unknown, or no window has anybody.
    """
    wanted, cut, report = settings or NetworkSettings(), windows or WindowSettings(), progress or ignore_progress
    spans = _spans(*_span(dataset, wanted), cut)
    found = []
    failure: DatasetError | None = None
    for done, (start, end) in enumerate(spans):
        try:
            found.append(build_network(dataset, settings=replace(wanted, start=start, end=end)))
        except DatasetError as error:
            failure = error
        report(Step("windows", done + 1, len(spans), "windows"))
    if not found:
        raise failure or DatasetError("the forum's window is empty", hint="choose another forum")
    return NetworkSeries(tuple(found), len(spans) - len(found), cut.cumulative)


def months_of(dataset: Dataset, settings: NetworkSettings) -> int:
    """Months that the forum's window touches; raises as `build_windows`."""
    first, beyond = _span(dataset, settings)
    return beyond - first


def _largest(network: AnyNetwork) -> int:
    if isinstance(network, Network):
        return int(shape.component_sizes(network.joined()).max(initial=0))
    return int(shape.two_mode_component_sizes(network.membership()).max(initial=0))


def _span(dataset: Dataset, settings: NetworkSettings) -> tuple[int, int]:
    """First month, and the month after the last."""
    forum, _ = forum_of(dataset, settings.forum)
    row = next(row for row in dataset.arrow("forum").to_pylist() if row["forum"] == forum)
    first, last = settings.start or row["window_start"], settings.end or row["window_end"]
    if first is None or last is None:
        raise DatasetError("the forum's window is unknown", hint="set start and end, or derive with --window-end")
    ends_on_a_month = settings.end is not None and (last.day, last.hour, last.minute) == (1, 0, 0)
    return _month(first), _month(last) + (0 if ends_on_a_month else 1)


def _spans(first: int, beyond: int, windows: WindowSettings) -> list[tuple[datetime, datetime]]:
    """Windows that lie whole within the months; at least one, cut short where there are too few months."""
    starts = range(first, max(beyond - windows.months, first) + 1, windows.step)
    return [
        (_moment(first if windows.cumulative else start), _moment(min(start + windows.months, beyond)))
        for start in starts
    ]


def _month(moment: datetime) -> int:
    return moment.year * 12 + moment.month - 1


def _moment(month: int) -> datetime:
    return datetime(month // 12, month % 12 + 1, 1)  # noqa: DTZ001 - times of a dataset are UTC without a zone
