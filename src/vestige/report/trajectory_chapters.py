"""The optional chapter on posting paths: a search over numbers of groups, and the model with the best BIC."""

from collections import Counter
from datetime import date
from typing import Any, Final

import altair as alt
import pyarrow as pa

from vestige.dataset import Dataset
from vestige.disclosure import MINIMUM_MEMBERS, SafeTable
from vestige.progress import Progress
from vestige.report.chapters import Chapter, Chart, Part, Points, Words
from vestige.report.prose import paragraphs
from vestige.report.trajectory_tables import groups_table, models_table, paths_table, profiles_tables
from vestige.results import Finding, Severity, most_severe_first
from vestige.trajectories import (
    Clock,
    Family,
    PanelSettings,
    SelectionResult,
    SelectionSettings,
    TrajectorySettings,
    adequacy_findings,
    build_panel,
    member_traits,
    profile_groups,
    select_trajectories,
)

ABOUT: Final = paragraphs("""
Members are summarised by a few typical paths of posts a month, and the share of members near each (group-based
trajectory model; Nagin 2005). The model is a zero-inflated Poisson with a quadratic curve for each group; a member
counts from the month of registration to the end of the window or the month before a lasting ban. Several numbers of
groups were fitted, each from many starting points, since the best fit is easily missed. The paths below are those of
the model that BIC prefers; the table shows how close its rivals are.
""")
MISLEAD: Final = paragraphs("""
Groups are a summary, not kinds of people. Where activity varies without any kinds, the method still finds groups, and
more of them the more members there are: a number of groups is a choice, to be made with the table of models, the
paths and what is known of the forum, never by BIC alone.

Nobody belongs to a group for certain, and within a group members differ. A path tells what was seen in the window,
month by month, for members together; it says nothing of what anybody will do. Posts vary more than a Poisson model
allows, so that intervals and bands are, if anything, too narrow; compare a negative binomial model before relying on
a small group.
""")
CAREFUL: Final = ("How this can mislead:",)
GOOD: Final = (
    "Every group meets the usual demands: average posterior probability at least 0.7, odds of correct classification "
    "at least 5, and as many members assigned as estimated, within 5 points."
)
SHOWN_SECTIONS: Final = 5
OTHER_SECTIONS: Final = "other sections"
AXIS_VALUES: Final = (0, 1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000)
_TELLS_OF_SMALL: Final = frozenset({"nobody-assigned", "empty-group", "small-group"})
"""Findings that would tell an empty group from a small one."""


def trajectory_chapters(
    dataset: Dataset, *, groups: tuple[int, ...], forum: str | None, seed: int, progress: Progress
) -> tuple[Chapter, ...]:
    """The chapter on posting paths.

    Args:
        dataset: an opened dataset.
        groups: numbers of groups to try.
        forum: code of the forum; may be None where the dataset has one.
        seed: of the search.
        progress: told of every model.

    Raises:
        SettingsError: several forums and none chosen, or numbers of groups that cannot be fitted.
        DatasetError: no posts, no members, or a window that is not known.
    """
    panel = build_panel(dataset, settings=PanelSettings("post", Clock.CALENDAR, forum=forum))
    model = TrajectorySettings(family=Family.ZIP, groups=min(groups), order=2, zero_order=0)
    settings = SelectionSettings(model=model, groups=groups, split_halves=False)
    result = select_trajectories(panel, settings=settings, seed=seed, progress=progress)
    profile = profile_groups(result.best(), _with_other_sections(member_traits(dataset, forum=forum)))
    return (paths_chapter(result, _first_month(dataset, forum), profile),)


def _with_other_sections(traits: pa.Table) -> pa.Table:
    """All but the largest sections as one category, so that the table of profiles can be read."""
    if "section" not in traits.column_names:
        return traits
    sections = traits.column("section").to_pylist()
    counts = Counter(section for section in sections if section is not None)
    kept = {section for section, _ in counts.most_common(SHOWN_SECTIONS)}
    shown = [section if section is None or section in kept else OTHER_SECTIONS for section in sections]
    return traits.set_column(traits.column_names.index("section"), "section", pa.array(shown, pa.string()))


def _first_month(dataset: Dataset, forum: str | None) -> date:
    """`build_panel` has made sure that there is one such forum, with a window."""
    row = next(row for row in dataset.arrow("forum").to_pylist() if forum in {None, row["code"]})
    return date(row["window_start"].year, row["window_start"].month, 1)


def paths_chapter(result: SelectionResult, first: date, profile: pa.Table | None = None) -> Chapter:
    """A search as a chapter.

    Args:
        result: of a panel on the calendar's clock, one time a month.
        first: first day of the window's first month.
        profile: groups of the best model against members' traits, as from `profile_groups`.
    """
    best = result.best()
    models, groups, paths = models_table(result), groups_table(best), paths_table(best, first)
    adequacy = adequacy_findings(best)
    findings = _released((*result.findings, *best.findings, *adequacy), groups)
    drawn = [row for row in paths.rows() if row["expected"] is not None]
    chart: tuple[Part, ...] = (Chart("Posts a month by group", _seen(drawn), _paths(drawn)),) if drawn else ()
    words: tuple[Part, ...] = () if adequacy else (Words((GOOD,)),)
    profiles: tuple[Part, ...] = () if profile is None else profiles_tables(profile)
    parts: tuple[Part, ...] = (
        Words(ABOUT), *chart, paths, models, groups, *profiles, *words, Words(CAREFUL), Points(MISLEAD)
    )  # fmt: skip
    return Chapter("trajectories", "Paths of posting", parts, findings, result.provenance)


def _released(findings: tuple[Finding, ...], groups: SafeTable) -> tuple[Finding, ...]:
    """Findings without those on groups that are held back; a reader is told that there are such groups."""
    small = [row["group"] for row in groups.rows() if row["posterior"] is None]
    kept = [
        finding
        for finding in findings
        if not small or (finding.code not in _TELLS_OF_SMALL and not _names(finding.text, small))
    ]
    if small:
        text = f"The model has groups of fewer than {MINIMUM_MEMBERS} members, which are not shown; try fewer groups."
        kept.append(Finding("groups-held-back", Severity.CAUTION, text))
    return most_severe_first(kept)


def _names(text: str, groups: list[str]) -> bool:
    return text.startswith(("Groups ", *(f"Group {group} " for group in groups)))


def _seen(rows: list[dict[str, Any]]) -> str:
    """The chart in words, from published figures: first, highest and last month of each path."""
    sentences = []
    for group in dict.fromkeys(row["group"] for row in rows):
        own = [row for row in rows if row["group"] == group]
        top = max(own, key=lambda row: row["expected"])
        sentences.append(
            f"Group {group}: {own[0]['expected']:g} posts in {own[0]['month']}, at most {top['expected']:g} in "
            f"{top['month']}, {own[-1]['expected']:g} in {own[-1]['month']}."
        )
    return f"A line a group with its 95 % band, on a scale that widens small figures. {' '.join(sentences)}"


def _paths(rows: list[dict[str, Any]]) -> alt.TopLevelMixin:
    """Paths with bands; a symmetric-log scale, since groups differ a hundredfold and may be near zero."""
    data = alt.Data(values=[{**row, "month": f"{row['month']}-01"} for row in rows])  # type: ignore[no-untyped-call] # Altair's own gap
    scale = alt.Scale(type="symlog", domainMin=0)
    month = alt.X("month:T", title=None, timeUnit="utcyearmonth", axis=alt.Axis(format="%Y-%m"))
    colour = alt.Color("group:N", title="Group", legend=alt.Legend(symbolOpacity=1))
    base = alt.Chart(data).encode(x=month, color=colour)
    band = base.mark_area(opacity=0.2).encode(
        y=alt.Y("low:Q", title="Expected posts a month", scale=scale, axis=alt.Axis(values=list(AXIS_VALUES))),
        y2="high:Q",
        detail="group:N",
    )
    line = base.mark_line().encode(y=alt.Y("expected:Q", scale=scale))
    return alt.layer(band, line)
