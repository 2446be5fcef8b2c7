"""Chapters as one self-contained page: no script, no request, nothing from anywhere else."""

import base64
import hashlib
import re
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import Final

from vestige.disclosure import MINIMUM_MEMBERS, ROUND_COUNTS_TO, SafeTable
from vestige.disclosure.policy import LABEL_KINDS
from vestige.report.chapters import CaseTable, Chapter, Chart, Diagram, Facts, Part, Points, Words
from vestige.report.drawing import draw_chart, draw_diagram
from vestige.results import Finding

_IDENTIFIER: Final = re.compile(r"(?<![\w-])[a-z0-9]{1,12}-[a-z0-9-]{1,12}(?![\w-])")
_LONG_TABLE: Final = 16
"""Rows beyond which a table is folded on screen; in print every table is open."""
_FOOT: Final = (
    f"[c]: suppressed, since fewer than {MINIMUM_MEMBERS} members stand behind the figure or since it would give such "
    f"a figure away. [x]: not available. Counts are rounded to {ROUND_COUNTS_TO}."
)


def render_page(title: str, subtitle: str, chapters: Sequence[Chapter], *, foot: str = _FOOT) -> str:
    """The page's HTML; the same chapters give the same bytes.

    Args:
        title: of the report.
        subtitle: one line below it.
        chapters: in order.
        foot: standing note at the end.

    Raises:
        DrawingError: a chart is more than shapes and text.
        TypeError: a part is of an unknown kind.
    """
    style = files("vestige.report").joinpath("page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    contents = "".join(f'<li><a href="#{chapter.key}">{escape(chapter.title)}</a></li>' for chapter in chapters)
    body = "".join(_chapter(chapter, number) for number, chapter in enumerate(chapters, 1))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f'<header><p class="mark">Vestige</p><h1>{escape(title)}</h1>'
        f'<p class="subtitle">{escape(subtitle)}</p></header>\n'
        f'<nav aria-label="Chapters"><ol>{contents}</ol></nav>\n<main>\n{body}</main>\n'
        f"<footer><p>{escape(foot)}</p></footer>\n</body>\n</html>\n"
    )


def _chapter(chapter: Chapter, number: int) -> str:
    findings = "".join(map(_finding, chapter.findings))
    parts = "".join(_part(part, f"{chapter.key}-{place}") for place, part in enumerate(chapter.parts, 1))
    head = f'<h2 id="{chapter.key}-head"><span class="number">{number}</span> {escape(chapter.title)}</h2>'
    notes = f'<ul class="findings">{findings}</ul>' if findings else ""
    return f'<section id="{chapter.key}" aria-labelledby="{chapter.key}-head">\n{head}\n{notes}{parts}</section>\n'


def _finding(finding: Finding) -> str:
    severity = finding.severity.value
    return f'<li class="{severity}"><b>{severity.capitalize()}.</b> {escape(finding.text)}</li>'


def _part(part: Part, key: str) -> str:
    if isinstance(part, SafeTable):
        return _table(part)
    if isinstance(part, CaseTable):
        return _case_table(part)
    if isinstance(part, Chart | Diagram):
        drawn = draw_chart(part, key) if isinstance(part, Chart) else draw_diagram(part, key)
        return f"<figure><figcaption>{escape(part.title)}</figcaption>{drawn}</figure>\n"
    return _text(part)


def _text(part: Words | Points | Facts) -> str:
    if isinstance(part, Words):
        return "".join(f"<p>{escape(paragraph)}</p>\n" for paragraph in part.paragraphs)
    if isinstance(part, Points):
        return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in part.items)}</ul>\n"
    if isinstance(part, Facts):
        entries = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in part.entries.items())
        return f"<dl>{entries}</dl>\n"
    raise TypeError("a report holds words, points, facts, charts, diagrams and checked tables only")


def _table(table: SafeTable) -> str:
    heads = "".join(
        f'<th scope="col"{"" if rule.kind in LABEL_KINDS else " class=n"}>{escape(rule.title)}</th>'
        for rule in table.columns
    )
    rows = "".join(f"<tr>{_cells(table, row)}</tr>" for row in table.texts())
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    return _grid(table.title, table.data.num_rows, heads, rows, note)


def _case_table(table: CaseTable) -> str:
    heads = "".join(
        f'<th scope="col"{" class=n" if numeric else ""}>{escape(column)}</th>'
        for column, numeric in zip(table.columns, table.numeric, strict=True)
    )
    rows = "".join(f"<tr>{_case_cells(row, table.numeric)}</tr>" for row in table.rows)
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in table.notes)
    return _grid(table.title, len(table.rows), heads, rows, notes)


def _case_cells(row: tuple[str, ...], numeric: tuple[bool, ...]) -> str:
    """Cells of one row; a neutral id is not broken at its hyphens."""
    texts = [_IDENTIFIER.sub(r'<span class="k">\g<0></span>', escape(text)) for text in row]
    cells = [f"<td{' class=n' if number else ''}>{text}</td>" for text, number in zip(texts, numeric, strict=True)]
    return f'<th scope="row">{texts[0]}</th>{"".join(cells[1:])}'


def _grid(title: str, count: int, heads: str, rows: str, notes: str) -> str:
    """A table with its caption; a long one is folded on screen."""
    long = count > _LONG_TABLE
    caption = escape(title)
    grid = (
        f'<div class="scroll"><table>{"" if long else f"<caption>{caption}</caption>"}'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
    folded = f"<details><summary>{caption}: {count} rows</summary>{grid}</details>" if long else grid
    return f'<div class="table">{folded}{notes}</div>\n'


def _cells(table: SafeTable, row: tuple[str, ...]) -> str:
    cells = []
    for place, (rule, text) in enumerate(zip(table.columns, row, strict=True)):
        if place == 0:
            cells.append(f'<th scope="row">{escape(text)}</th>')
        else:
            kind = "" if rule.kind in LABEL_KINDS else ' class="n m"' if text.startswith("[") else ' class="n"'
            cells.append(f"<td{kind}>{escape(text)}</td>")
    return "".join(cells)
