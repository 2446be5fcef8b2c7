"""Boxes and arrows as SVG text: no script, no style sheet, no font file; grey scales and line styles for print."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from html import escape
from pathlib import Path
from typing import Final

from vestige.casefiles.figures.layered import Place, layered_places

FONT: Final = "Helvetica, Arial, 'Liberation Sans', sans-serif"
SIZE: Final = 13.0
LINE: Final = 17.0
CHARACTER: Final = 7.1
"""Width allowed for a character of 13 px text; a little more than Helvetica's mean."""
PAD: Final = 10.0
INK: Final = "#1a1a1a"
STYLE_GAP: Final = 18.0
HEAD: Final = 9.0


class Line(StrEnum):
    """How an arrow is drawn, so that kinds are told apart without colour."""

    SOLID = ""
    DASHED = "7 4"
    DOTTED = "2 4"


class Fill(StrEnum):
    """How a box is filled."""

    WHITE = "#ffffff"
    LIGHT = "#ececec"
    MIDDLE = "#d2d2d2"
    DARK = "#b4b4b4"


@dataclass(frozen=True)
class Box:
    """A box: its lines of text (the first is set bold), its filling, and whether its border is double or dashed."""

    lines: tuple[str, ...]
    fill: Fill = Fill.WHITE
    dashed: bool = False
    width: float | None = None

    @property
    def size(self) -> tuple[float, float]:
        """Width and height."""
        longest = max((len(line) for line in self.lines), default=0)
        return (self.width or max(64.0, longest * CHARACTER + 2 * PAD)), len(self.lines) * LINE + 2 * PAD - 4


@dataclass(frozen=True)
class Arrow:
    """An arrow from the lower edge of one box to the upper edge of another."""

    source: str
    target: str
    line: Line = Line.SOLID


@dataclass
class Canvas:
    """Collects SVG elements and the area they take."""

    elements: list[str] = field(default_factory=list)
    right: float = 0.0
    bottom: float = 0.0

    def text(
        self, x: float, y: float, words: str, *, bold: bool = False, anchor: str = "start", size: float = SIZE
    ) -> None:
        """A line of text; `y` is its base line."""
        style = f'text-anchor="{anchor}" font-size="{size:g}" fill="{INK}"' + (' font-weight="bold"' if bold else "")
        self.elements.append(f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(words)}</text>')
        if anchor == "start":
            self._reach(x + len(words) * CHARACTER * size / SIZE, y + 4)

    def box(self, x: float, y: float, box: Box) -> None:
        """A box by its centre."""
        width, height = box.size
        dash = ' stroke-dasharray="5 3"' if box.dashed else ""
        self.elements.append(
            f'<rect x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'fill="{box.fill.value}" stroke="{INK}" stroke-width="1.2"{dash}/>'
        )
        for number, line in enumerate(box.lines):
            base = y - height / 2 + PAD + 9 + number * LINE
            self.text(x, base, line, bold=number == 0, anchor="middle")
        self._reach(x + width / 2, y + height / 2)

    def arrow(self, points: Sequence[tuple[float, float]], line: Line = Line.SOLID, *, head: bool = True) -> None:
        """A polyline with an arrow head at its end."""
        path = " ".join(f"{'M' if number == 0 else 'L'}{x:.1f} {y:.1f}" for number, (x, y) in enumerate(points))
        dash = f' stroke-dasharray="{line.value}"' if line.value else ""
        self.elements.append(f'<path d="{path}" fill="none" stroke="{INK}" stroke-width="1.3"{dash}/>')
        if head:
            self.elements.append(f'<path d="{_head(points[-2], points[-1])}" fill="{INK}"/>')
        for x, y in points:
            self._reach(x, y)

    def _reach(self, x: float, y: float) -> None:
        self.right, self.bottom = max(self.right, x), max(self.bottom, y)

    def render(self, title: str) -> str:
        """The whole drawing, with a title for screen readers."""
        margin = 14
        width, height = self.right + 2 * margin, self.bottom + 2 * margin
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(title)}" width="{width:.0f}" '
            f'height="{height:.0f}" viewBox="{-margin} {-margin} {width:.0f} {height:.0f}" font-family="{FONT}" '
            f'fill="{INK}"><title>{escape(title)}</title>'
            f'<rect x="{-margin}" y="{-margin}" width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>'
            + "".join(self.elements)
            + "</svg>"
        )


def _head(start: tuple[float, float], tip: tuple[float, float]) -> str:
    """The path of an arrow head: a shape of its own, so that a drawing needs no markers or references."""
    length = max(((tip[0] - start[0]) ** 2 + (tip[1] - start[1]) ** 2) ** 0.5, 1e-9)
    dx, dy = (tip[0] - start[0]) / length, (tip[1] - start[1]) / length
    back = (tip[0] - HEAD * dx, tip[1] - HEAD * dy)
    side = (-dy * HEAD / 2.2, dx * HEAD / 2.2)
    one, other = (back[0] + side[0], back[1] + side[1]), (back[0] - side[0], back[1] - side[1])
    return f"M{tip[0]:.1f} {tip[1]:.1f} L{one[0]:.1f} {one[1]:.1f} L{other[0]:.1f} {other[1]:.1f} Z"


def draw_diagram(
    boxes: Mapping[str, Box], arrows: Sequence[Arrow], title: str, *, legend: Sequence[tuple[Line | Fill, str]] = ()
) -> str:
    """Boxes in layers with arrows between them, and a legend below.

    Args:
        boxes: by id.
        arrows: from upper to lower boxes.
        title: read by screen readers.
        legend: line styles and fillings with their meaning.

    Returns:
        SVG text.
    """
    canvas = Canvas()
    sizes = {name: box.size for name, box in boxes.items()}
    places = layered_places(sizes, [(arrow.source, arrow.target) for arrow in arrows])
    for arrow in arrows:
        shift = _shift(arrow, arrows)
        canvas.arrow(_route(places[arrow.source], places[arrow.target], sizes, arrow, shift), arrow.line)
    for name, box in boxes.items():
        canvas.box(places[name].x, places[name].y, box)
    _legend(canvas, legend)
    return canvas.render(title)


def _shift(arrow: Arrow, arrows: Sequence[Arrow]) -> float:
    """Arrows of different styles leave a box side by side, so that none hides another; those of one style share."""
    styles = sorted({other.line for other in arrows if other.source == arrow.source})
    return (styles.index(arrow.line) - (len(styles) - 1) / 2) * STYLE_GAP


def _route(
    start: Place, end: Place, sizes: Mapping[str, tuple[float, float]], arrow: Arrow, shift: float
) -> list[tuple[float, float]]:
    down = 1 if end.y >= start.y else -1
    from_y = start.y + sizes[arrow.source][1] / 2 * down
    to_y = end.y - sizes[arrow.target][1] / 2 * down
    from_x = start.x + shift
    if abs(from_x - end.x) < STYLE_GAP:
        return [(end.x, from_y), (end.x, to_y)]
    bend = to_y - (20 - shift / 4) * down
    return [(from_x, from_y), (from_x, bend), (end.x, bend), (end.x, to_y)]


def _legend(canvas: Canvas, legend: Sequence[tuple[Line | Fill, str]]) -> None:
    y = canvas.bottom + 30
    for style, meaning in legend:
        if isinstance(style, Line):
            canvas.arrow([(0, y - 4), (40, y - 4)], style)
        else:
            canvas.elements.append(
                f'<rect x="8" y="{y - 12:.1f}" width="24" height="14" fill="{style.value}" stroke="{INK}"/>'
            )
        canvas.text(50, y, meaning, size=12)
        y += 20


def save_figure(svg: str, path: Path, *, scale: float = 2.0) -> None:
    """Write a drawing as SVG or PNG, by the ending of `path`.

    Raises:
        OutputError: the file exists or cannot be written.
        SettingsError: another ending.
    """
    from vestige.errors import SettingsError
    from vestige.outputs import staged_file

    if path.suffix not in {".svg", ".png"}:
        raise SettingsError("a figure is written as .svg or .png", hint="change the ending of --out")
    with staged_file(path) as target:
        if path.suffix == ".svg":
            target.write_text(svg, encoding="utf-8")
        else:
            import vl_convert

            target.write_bytes(vl_convert.svg_to_png(svg, scale=scale))
