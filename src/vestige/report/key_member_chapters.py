"""The optional chapter on key members: what a place in the network adds to plain activity, and how firm it is."""

from typing import Any, Final

import altair as alt

from vestige.dataset import Dataset
from vestige.disclosure import SafeTable
from vestige.errors import DatasetError
from vestige.network import NetworkSettings, PositionSettings, RoleSettings, evaluate_roles, measure_positions
from vestige.network.role_release import released_positions, released_roles
from vestige.progress import Progress
from vestige.report.chapters import Chapter, Chart, Part, Points, Words
from vestige.report.prose import paragraphs
from vestige.results import Finding, Severity, most_severe_first

ABOUT: Final = paragraphs("""
Members who wrote in the same threads are joined, and each member's place among the others is measured in several ways
(centralities). Beside every one stands plain activity: posts, threads joined, active days, tenure, thanks received.
Where the forum's own roles are known, both are held against them: how well does each find those who hold a role, and
does a place in the network find them any better than counting what they wrote?

AUC is the chance that a holder of the role ranks above another member. It is high for almost any measure, since most
members do little. Average precision asks how many of those ranked as high as a holder hold a role themselves; where
holders are few it may be low while the AUC is close to 1. Neither may be cited without the other, nor without the line
of plain activity.
""")
MISLEAD: Final = paragraphs("""
Only what was recorded is seen. Private contacts, other forums and deleted threads are not; the table of missing records
shows how much of each ranking would be left if more were missing at random, and what is missing is seldom random.

A rank is standing observed in one forum and one window. It is no trait of a person, and says nothing of what anybody
will do. Those who hold a role are not all who matter, and a role brings activity with it.
""")
_REPLICATES: Final = 100
_LOSSES: Final = 10
_REWIRINGS: Final = 10
_COLOURS: Final = ("#d5732a", "#2f78c4")


def key_member_chapters(dataset: Dataset, *, forum: str | None, seed: int, progress: Progress) -> tuple[Chapter, ...]:
    """The chapter on key members; none where the dataset has no posts.

    Raises:
        SettingsError: several forums and none chosen.
    """
    if "post" not in dataset.tables:
        return ()
    settings = PositionSettings(
        NetworkSettings(forum=forum), replicates=_REPLICATES, missing_replicates=_LOSSES, missing=(0.1, 0.3, 0.5)
    )
    positions = measure_positions(dataset, settings=settings, seed=seed, progress=progress)
    tables = dict(released_positions(positions))
    findings, provenance = list(positions.findings), positions.provenance
    unknown = False
    try:
        roles = evaluate_roles(
            dataset, settings=RoleSettings(settings, rewirings=_REWIRINGS), seed=seed, progress=progress
        )
    except DatasetError:
        unknown = True
    if unknown:
        text = "Roles are unknown, or nobody with a role was active: nothing shows what these places are worth."
        findings.append(Finding("roles-unknown", Severity.PROBLEM, text))
    else:
        tables = {**released_roles(roles), **tables}
        findings = list(dict.fromkeys([*roles.findings, *findings]))
        provenance = roles.provenance
    parts: tuple[Part, ...] = (Words(ABOUT), *_charts(tables), *tables.values(), Words(("How this can mislead:",)))
    return (Chapter("key-members", "Key members", (*parts, Points(MISLEAD)), most_severe_first(findings), provenance),)


def _charts(tables: dict[str, SafeTable]) -> tuple[Chart, ...]:
    found = []
    if "accuracy" in tables:
        rows = [row for row in tables["accuracy"].rows() if row["auc"] is not None and row["precision"] is not None]
        if rows:
            found.append(Chart("Activity and position against known roles", _accuracy_words(rows), _accuracy(rows)))
    rows = [row for row in tables["stability"].rows() if row["correlation"] is not None]
    if rows:
        found.append(Chart("What is left of ranks when records are missing", _stability_words(rows), _stability(rows)))
    return tuple(found)


def _accuracy(rows: list[dict[str, Any]]) -> alt.TopLevelMixin:
    """Average precision and AUC of each measure, activity in another colour."""
    order = [row["measure"] for row in sorted(rows, key=lambda row: -row["precision"])]
    panels = []
    for name, title in (("auc", "AUC"), ("precision", "Average precision")):
        data = alt.InlineData(
            values=[{"measure": row["measure"], "kind": row["kind"], "value": row[name]} for row in rows]
        )
        kinds = alt.Scale(domain=["activity", "position"], range=list(_COLOURS))
        panels.append(
            alt.Chart(data)
            .mark_point(filled=True, size=60, opacity=1)
            .encode(
                y=alt.Y("measure:N", title=None, sort=order),
                x=alt.X("value:Q", title=title, scale=alt.Scale(domain=[0, 1])),
                color=alt.Color("kind:N", title=None, scale=kinds),
            )
            .properties(width=220, height=19 * len(order))
        )
    return alt.hconcat(*panels)


def _accuracy_words(rows: list[dict[str, Any]]) -> str:
    best = [max((row for row in rows if row["kind"] == kind), key=lambda row: row["precision"], default=None)
            for kind in ("activity", "position")]  # fmt: skip
    said = [f"{row['measure']} ({row['kind']}): AUC {row['auc']:.3f}, average precision {row['precision']:.3f}."
            for row in best if row is not None]  # fmt: skip
    return f"A point a measure, sorted by average precision. Best of each kind: {' '.join(said)}"


def _stability(rows: list[dict[str, Any]]) -> alt.TopLevelMixin:
    """Rank correlation with the whole when half is missing: one point for records, one for members."""
    most = max(int(row["share"].split()[0]) for row in rows)
    shown = [row for row in rows if row["share"] == f"{most} %"]
    data = alt.InlineData(values=[{name: row[name] for name in ("measure", "missing", "correlation")} for row in shown])
    chart: alt.TopLevelMixin = (
        alt.Chart(data)
        .mark_point(filled=True, size=60, opacity=1)
        .encode(
            y=alt.Y("measure:N", title=None, sort="-x"),
            x=alt.X("correlation:Q", title=f"Rank correlation with the whole, {most} % missing"),
            color=alt.Color("missing:N", title=None, scale=alt.Scale(range=list(_COLOURS))),
        )
        .properties(width=460, height=19 * len({row["measure"] for row in shown}))
    )
    return chart


def _stability_words(rows: list[dict[str, Any]]) -> str:
    low = min(rows, key=lambda row: row["correlation"])
    return (
        f"A point a measure and kind of loss. The lowest is {low['measure']} with {low['share']} of the "
        f"{low['missing']} missing: {low['correlation']:.2f}."
    )
