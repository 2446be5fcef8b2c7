"""A chart as inline SVG: drawn by vl-convert without a network, cut down to shapes and text.

The SVG keeps listed elements and attributes only, so that no link, style sheet, script, picture or identifier can
slip into the page. Anything else is an error, not a warning.
"""

import re
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any, Final

from vestige.errors import VestigeError
from vestige.report.chapters import Chart, Diagram

if TYPE_CHECKING:
    from lxml.etree import _Element

PALETTE: Final = ("#2f78c4", "#d5732a", "#3a9178", "#a05bb0", "#8a7a2e", "#c2476c")
"""Distinct also without colour vision, and legible on white and on near-black."""

_INK: Final = "currentColor"
_AXIS: Final = {
    "domainColor": _INK, "domainOpacity": 0.4, "gridColor": _INK, "gridOpacity": 0.1, "tickColor": _INK,
    "tickOpacity": 0.4, "labelColor": _INK, "titleColor": _INK, "labelFontSize": 12, "titleFontSize": 12,
    "titleFontWeight": "normal", "labelPadding": 5, "titlePadding": 10, "tickSize": 4,
}  # fmt: skip
THEME: Final[Mapping[str, Any]] = {
    "font": "sans-serif",
    "background": "transparent",
    "view": {"stroke": None, "continuousWidth": 600, "continuousHeight": 230, "discreteWidth": 600},
    "range": {"category": list(PALETTE)},
    "mark": {"color": PALETTE[0]},
    "line": {"strokeWidth": 2},
    "point": {"size": 22},
    "axis": _AXIS,
    "axisX": {"grid": False},
    "axisXQuantitative": {"grid": True},
    "axisYBand": {"domain": False, "ticks": False, "grid": False},
    "axisYQuantitative": {"domain": False, "ticks": False},
    "legend": {
        "orient": "top", "labelColor": _INK, "labelFontSize": 12, "symbolStrokeWidth": 3, "offset": 12,
        "columnPadding": 18, "labelLimit": 300,
    },
}  # fmt: skip
"""Generic font families only: a named font would have to be fetched or be missing."""

_ELEMENTS: Final = frozenset({"g", "path", "line", "rect", "circle", "text", "tspan"})
_ATTRIBUTES: Final = frozenset({
    "d", "x", "y", "x1", "x2", "y1", "y2", "dx", "dy", "cx", "cy", "r", "width", "height", "transform", "fill",
    "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-dashoffset",
    "stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "opacity", "font-size", "font-weight", "font-style",
    "text-anchor", "display",
})  # fmt: skip
_DROPPED: Final = re.compile(r"^(class|role|aria-.*|pointer-events|font-family|cursor)$")
_VALUE: Final = re.compile(r"^[-\w\s.,#()%+]*$")
_NAMESPACE: Final = "{http://www.w3.org/2000/svg}"
_VIEW_BOX: Final = re.compile(r"^[\d. -]+$")


class DrawingError(VestigeError):
    """A chart would bring something into the page that is not a shape or text."""


def draw_chart(chart: Chart, key: str) -> str:
    """A chart as an SVG element with a title and a description.

    Args:
        chart: the chart.
        key: anchor of its title within the page: letters, digits and hyphens.

    Raises:
        DrawingError: the chart loads data, or the drawing holds an element or attribute that is not listed.
    """
    import vl_convert

    specification = chart.drawing.to_dict()
    if _loads(specification):
        raise DrawingError("a chart refers to data outside itself", where=chart.title, hint="put its data inside")
    specification["config"] = dict(THEME)
    drawn = vl_convert.vegalite_to_svg(specification, allowed_base_urls=[])
    return _clean(drawn, chart, key)


def _loads(specification: object) -> bool:
    """Whether anything in a specification names an address to load from."""
    if isinstance(specification, Mapping):
        return any(name in {"url", "href"} or _loads(part) for name, part in specification.items())
    return isinstance(specification, list) and any(map(_loads, specification))


def draw_diagram(diagram: Diagram, key: str) -> str:
    """A diagram as an SVG element with a title and a description, cut down like a chart.

    Args:
        diagram: the diagram.
        key: anchor of its title within the page: letters, digits and hyphens.

    Raises:
        DrawingError: the drawing holds an element or attribute that is not listed.
    """
    return _clean(diagram.svg, diagram, key)


def _clean(drawn: str, chart: Chart | Diagram, key: str) -> str:
    from lxml import etree

    root = etree.fromstring(drawn.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    box = root.get("viewBox", "")
    if root.tag != f"{_NAMESPACE}svg" or not _VIEW_BOX.match(box):
        raise DrawingError("the drawing is no SVG", where=chart.title, hint="please report this")
    width = box.split()[2]
    inside = "".join(_element(child, chart.title) for child in root if child.tag != f"{_NAMESPACE}title")
    return (
        f'<svg role="img" aria-labelledby="{key}-title {key}-words" viewBox="{box}" width="{width}">'
        f'<title id="{key}-title">{escape(chart.title)}</title><desc id="{key}-words">{escape(chart.words)}</desc>'
        f"{inside}</svg>"
    )


def _element(element: "_Element", where: str) -> str:
    name = str(element.tag).removeprefix(_NAMESPACE)
    if name not in _ELEMENTS:
        raise DrawingError("a drawing holds something that is not a shape or text", where=where, hint="simplify it")
    attributes = "".join(_attribute(str(key), str(value), where) for key, value in element.attrib.items())
    inside = escape(element.text or "") + "".join(_element(child, where) for child in element)
    return f"<{name}{attributes}>{inside}</{name}>" if inside else f"<{name}{attributes}/>"


def _attribute(name: str, value: str, where: str) -> str:
    if _DROPPED.match(name):
        return ""
    if name not in _ATTRIBUTES or not _VALUE.match(value) or "url" in value:
        raise DrawingError("a drawing holds an attribute that is not listed", where=where, hint="simplify the chart")
    return f' {name}="{value}"'
