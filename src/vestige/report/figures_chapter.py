"""A chapter from a result of figures: sentences, charts beside their tables, and how they mislead."""

from typing import Final

from vestige.disclosure.result import FiguresResult
from vestige.report.chapters import Chapter, Chart, Part, Points, Words

_HEADING: Final = ("How this can mislead:",)


def figures_chapter(
    key: str, title: str, words: tuple[str, ...], result: FiguresResult, mislead: tuple[str, ...]
) -> Chapter:
    """Sentences, then each chart before the table it is drawn from, then how this misleads.

    Args:
        key: the chapter's anchor.
        title: its heading.
        words: paragraphs that say what is shown.
        result: what is shown, as far as it is published.
        mislead: one sentence for each way to misread it.
    """
    parts: list[Part] = [Words(words)]
    if sentences := result.sentences(brief=True):
        parts.append(Points(sentences))
    for table in result.safe_tables:
        for name, chart in result.charts().items():
            if chart.table == table.name and name in result.plot_names:
                parts.append(Chart(chart.title, chart.words(result.safe_by_name), result.plot(name)))
        parts.append(table)
    parts += [Words(_HEADING), Points(mislead)]
    return Chapter(key, title, tuple(parts), result.findings, result.provenance)
