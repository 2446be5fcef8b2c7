"""Tables of a simulated disruption, each with the rule by which it may leave."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from vestige.disclosure.figures import Figures, members_column, rows_table
from vestige.disclosure.policy import Additive, ColumnKind, ColumnRule, TableRule
from vestige.network.disruption.content import Content
from vestige.network.disruption.measuring import EFFICIENCY, LARGEST, LOST, PAIRS
from vestige.network.disruption.result import RemovalRuns, Replications
from vestige.network.disruption.settings import DisruptionSettings
from vestige.statistics.compiled import FloatArray

TARGETED: Final = "targeted"
MATCHED: Final = "matched random"
Row = tuple[object, ...]


def disruption_figures(
    runs: Sequence[RemovalRuns], contents: Sequence[Content], settings: DisruptionSettings, members: int
) -> Mapping[str, Figures]:
    """The tables `strategies`, `groups`, `losses` and `curves`; those without a row are left out.

    Args:
        runs: of every removal.
        contents: traces that can be lost.
        settings: of the simulation.
        members: of the network.
    """
    labels = tuple(run.label for run in runs)
    outcomes = (LARGEST, PAIRS, EFFICIENCY, *(own.name + LOST for own in contents))
    tables = (
        _strategies(runs, settings, members, labels),
        _groups(runs, settings, labels, outcomes),
        _losses(runs, contents, settings, members, labels, outcomes),
        _curves(runs, settings, members, labels, outcomes),
    )
    return {figures.rule.name: figures for figures in tables if figures.data.num_rows}


def summarised(values: FloatArray, confidence: float) -> tuple[float | None, float | None, float | None]:
    """Mean and percentile interval over replications; nothing where a replication has no value."""
    if not np.isfinite(values).all():
        return None, None, None
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, (tail, 1 - tail))
    return float(values.mean()), float(low), float(high)


def share_until(values: FloatArray, removed: FloatArray, threshold: float) -> FloatArray:
    """Of each replication the first entry of `removed` at which `values` are at or below a threshold; else NaN."""
    reached = values <= threshold
    first = reached.argmax(axis=1)
    rows = np.arange(len(values))
    return np.where(reached.any(axis=1), removed[rows, first], np.nan)


def share_to_lose(replications: Replications, content: Content, lost: float, members: int) -> FloatArray:
    """Of each replication the share of the members removed until so much of a trace is lost; else NaN."""
    found = []
    for order in replications.orders:
        gone = np.cumsum(content.counts[order]) >= lost * content.total
        found.append((int(gone.argmax()) + 1) / members if gone.any() else np.nan)
    return np.array(found)


def _label(name: str, title: str, vocabulary: tuple[str, ...]) -> ColumnRule:
    return ColumnRule(name, title, ColumnKind.LABEL, vocabulary=tuple(dict.fromkeys(vocabulary)))


def _estimate(name: str, title: str, *, proportion: bool = True) -> ColumnRule:
    kind = ColumnKind.PROPORTION if proportion else ColumnKind.ESTIMATE
    return ColumnRule(name, title, kind, behind=("behind",))


def _behind(title: str = "", *, shown: bool = False) -> ColumnRule:
    return members_column("behind", title, additive=Additive.NO, shown=shown)


def _strategies(
    runs: Sequence[RemovalRuns], settings: DisruptionSettings, members: int, labels: tuple[str, ...]
) -> Figures:
    percent = f"{settings.confidence:.0%}"
    rule = TableRule(
        "strategies",
        "How fast the network breaks",
        (
            _label("removal", "Removed first", labels),
            _behind(),
            _estimate("area", "Area R"),
            _estimate("area_low", f"{percent} low"),
            _estimate("area_high", "high"),
            _estimate("broken", "Share removed until broken"),
            _estimate("matched_area", "Area R, matched random"),
            _estimate("gap_low", "Difference, low", proportion=False),
            _estimate("gap_high", "high", proportion=False),
        ),
        f"Area R: mean relative size of the largest component from nobody to everybody removed; lower breaks faster. "
        f"Broken: the largest component holds at most {settings.component:.0%} of all members. Differences are taken "
        f"within replications.",
    )
    rows: list[Row] = []
    for run in runs:
        if run.group is None:
            own = run.targeted
            broken = share_until(own.outcomes[LARGEST], own.removed / members, settings.component)
            matched, gap = _differences(run, lambda kept: kept.area, settings.confidence)
            rows.append(
                (run.label, members, *summarised(own.area, settings.confidence),
                 summarised(broken, settings.confidence)[0], matched, *gap)
            )  # fmt: skip
    return Figures(rule, rows_table(rule, rows))


def _differences(
    run: RemovalRuns, value: Callable[[Replications], FloatArray], confidence: float
) -> tuple[float | None, Row]:
    """Mean of the matched random removals, and the interval of targeted minus matched, pair by pair."""
    if run.matched is None:
        return None, (None, None)
    matched, targeted = value(run.matched), value(run.targeted)
    return summarised(matched, confidence)[0], summarised(targeted - matched, confidence)[1:]


def _groups(
    runs: Sequence[RemovalRuns], settings: DisruptionSettings, labels: tuple[str, ...], outcomes: tuple[str, ...]
) -> Figures:
    rule = TableRule(
        "groups",
        "When a whole group is removed",
        (
            _label("removal", "Group", labels),
            _behind("Members", shown=True),
            _label("outcome", "Outcome", outcomes),
            *_beside_columns(settings),
        ),
        "Shares of what there was at first, after the whole group is gone; beside them, as many random members of like "
        "activity.",
    )
    rows = [
        (run.label, run.group, name, *_beside(run, name, -1, settings.confidence))
        for run in runs
        if run.group is not None
        for name in run.targeted.outcomes
    ]
    return Figures(rule, rows_table(rule, rows))


def _beside_columns(settings: DisruptionSettings) -> tuple[ColumnRule, ...]:
    return (
        _estimate("value", "Mean"),
        _estimate("matched", "Matched random"),
        _estimate("gap_low", f"Difference, {settings.confidence:.0%} low", proportion=False),
        _estimate("gap_high", "high", proportion=False),
    )


def _beside(run: RemovalRuns, outcome: str, point: int, confidence: float) -> Row:
    matched, gap = _differences(run, lambda kept: kept.outcomes[outcome][:, point], confidence)
    return (summarised(run.targeted.outcomes[outcome][:, point], confidence)[0], matched, *gap)


def _losses(
    runs: Sequence[RemovalRuns],
    contents: Sequence[Content],
    settings: DisruptionSettings,
    members: int,
    labels: tuple[str, ...],
    outcomes: tuple[str, ...],
) -> Figures:
    rule = TableRule(
        "losses",
        "What goes with those who are removed",
        (
            _label("removal", "Removed first", labels),
            _behind(),
            _label("outcome", "Outcome", outcomes),
            _estimate("removed", "Members removed"),
            *_beside_columns(settings),
            _estimate("until", f"Members until {settings.lost:.0%} are lost"),
        ),
        "Shares of the whole forum's, guests' included, at the end of the curves.",
    )
    rows: list[Row] = []
    for run in runs:
        count = int(run.targeted.removed[:, -1].mean())
        for own in contents:
            if run.group is None:
                until = share_to_lose(run.targeted, own, settings.lost, members)
                values = _beside(run, own.name + LOST, -1, settings.confidence)
                last = summarised(until, settings.confidence)[0]
                rows.append((run.label, count, own.name + LOST, count / members, *values, last))
    return Figures(rule, rows_table(rule, rows))


def _curves(
    runs: Sequence[RemovalRuns],
    settings: DisruptionSettings,
    members: int,
    labels: tuple[str, ...],
    outcomes: tuple[str, ...],
) -> Figures:
    rule = TableRule(
        "curves",
        "Outcomes along the removals",
        (
            _label("removal", "Removed first", labels),
            _label("variant", "Who", (TARGETED, MATCHED)),
            _label("outcome", "Outcome", outcomes),
            _behind(),
            _estimate("point", "Period" if settings.arrests else "Share removed", proportion=False),
            _estimate("removed", "Members removed"),
            _estimate("value", "Mean"),
            _estimate("low", f"{settings.confidence:.0%} low"),
            _estimate("high", "high"),
        ),
        "Shares of what there was at first.",
    )
    return Figures(rule, rows_table(rule, list(_points(runs, settings, members))))


def _points(runs: Sequence[RemovalRuns], settings: DisruptionSettings, members: int) -> Iterator[Row]:
    for run in runs:
        for variant, own in ((TARGETED, run.targeted), (MATCHED, run.matched)):
            if own is None or run.group is not None:
                continue
            removed = own.removed.mean(axis=0)
            for name, values in own.outcomes.items():
                for place in range(values.shape[1]):
                    behind = int(removed[place]) if name.endswith(LOST) else members
                    point = float(place) if settings.arrests else float(removed[place] / members)
                    yield (
                        run.label, variant, name, behind, point, float(removed[place] / members),
                        *summarised(values[:, place], settings.confidence),
                    )  # fmt: skip
