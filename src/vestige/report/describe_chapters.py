"""The first chapters: growth, who takes part, concentration, sections, roles."""

from dataclasses import dataclass

from vestige.activity import DescribeResult, DescribeSettings, describe_dataset
from vestige.activity.charts import CHARTS
from vestige.dataset import Dataset
from vestige.progress import Progress
from vestige.report import prose
from vestige.report.chapters import Chapter, Chart, Part, Points, Words


@dataclass(frozen=True)
class _Plan:
    """A chapter before its figures: paragraphs, then "chart NAME" and "table NAME" as far as the data allow."""

    key: str
    title: str
    words: tuple[str, ...]
    shows: tuple[str, ...]


_PLANS = (
    _Plan(
        "growth",
        "Growth",
        prose.GROWTH,
        ("chart members_by_month", "chart posts_by_month", "chart downloads_by_month", "table months"),
    ),
    _Plan(
        "participation",
        "Who takes part",
        prose.PARTICIPATION,
        ("chart participation", "table participation", "table volume"),
    ),
    _Plan(
        "concentration",
        "Concentration",
        prose.CONCENTRATION,
        (
            "table gini",
            "table top_shares",
            "chart lorenz_posts",
            "chart lorenz_downloads",
            "table lorenz",
            "chart posts_per_member",
            "table posts_per_member",
            "chart downloads_per_member",
            "table downloads_per_member",
        ),
    ),
    _Plan("sections", "Sections", prose.SECTIONS, ("chart sections", "table sections")),
    _Plan("roles", "Roles and accounts", (), ("table roles", "table moderation", "table accounts")),
)


def describe_chapters(dataset: Dataset, *, forum: str | None, seed: int, progress: Progress) -> tuple[Chapter, ...]:
    """The description of a dataset in chapters."""
    result = describe_dataset(dataset, settings=DescribeSettings(forum=forum), seed=seed, progress=progress)
    return (_overview(result), *(chapter for plan in _PLANS if (chapter := _chapter(plan, result)) is not None))


def _overview(result: DescribeResult) -> Chapter:
    sentences = result.sentences(brief=True)
    parts: tuple[Part, ...] = (Words(prose.OVERVIEW), Points(sentences)) if sentences else ()
    return Chapter("overview", "In short", parts, result.findings, result.provenance)


def _chapter(plan: _Plan, result: DescribeResult) -> Chapter | None:
    tables = {table.name: table for table in result.safe_tables}
    parts: list[Part] = []
    for kind, name in (shown.split() for shown in plan.shows):
        if kind == "chart" and name in result.plot_names:
            parts.append(Chart(CHARTS[name].title, CHARTS[name].words(tables), result.plot(name)))
        elif kind == "table" and name in tables:
            parts.append(tables[name])
    return Chapter(plan.key, plan.title, (Words(plan.words), *parts)) if parts else None
