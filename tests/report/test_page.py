"""The page: self-contained, deterministic, escaped, and made of checked tables only."""

import re
from html.parser import HTMLParser

import altair as alt
import pytest

from vestige import open_dataset
from vestige.errors import SettingsError
from vestige.report import ReportSettings, build_report
from vestige.report.chapters import Chapter, Chart, Facts, Points, Words
from vestige.report.drawing import DrawingError, draw_chart
from vestige.report.page import render_page
from vestige.results import Finding, Severity

FORBIDDEN = (
    "http:", "https:", "//", "url(", "@import", "@font-face", "<script", "javascript:", "src=", "srcset", "<link",
    "<img", "<iframe", "<object", "<embed", "<form", "<base", "data:", "xlink", "xmlns", "onload", "onclick",
    "<foreignobject",
)  # fmt: skip
HOSTILE = '<script src="x">alert(1)</script><img onerror=1>&"\''


class Reader(HTMLParser):
    """Tags in order, and whether every one that must be closed is."""

    VOID = frozenset({"meta", "br", "hr", "img", "link", "input"})

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.identifiers, self.anchors = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        attributes = dict(attrs)
        if "id" in attributes:
            self.identifiers.append(attributes["id"])
        if attributes.get("href"):
            self.anchors.append(attributes["href"])
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def read(html):
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    return reader


def test_nothing_points_anywhere_else(report):
    page = report.html.lower()
    assert [word for word in FORBIDDEN if word in page] == []
    assert re.search(r"\son\w+=", page) is None


def test_the_policy_allows_this_style_sheet_alone(report):
    assert "default-src 'none'; style-src 'sha256-" in report.html
    assert "unsafe" not in report.html
    assert " style=" not in report.html


def test_the_page_is_well_formed_and_its_anchors_exist(report):
    reader = read(report.html)
    assert len(set(reader.identifiers)) == len(reader.identifiers)
    assert {anchor.removeprefix("#") for anchor in reader.anchors} <= set(reader.identifiers)
    assert reader.tags.count("svg") == reader.tags.count("figure") >= 6
    assert reader.tags.count("desc") == reader.tags.count("svg")


def test_every_chapter_is_there(report):
    keys = "about window overview growth participation concentration sections roles missing disclosure provenance"
    assert [chapter.key for chapter in report.chapters] == keys.split()
    for wanted in ("no access log was given", "[c]", "Gini coefficient", "--seed 3", "pseudonymised, not anonymous"):
        assert wanted in report.html


def test_the_same_dataset_and_seed_give_the_same_bytes(folder, report):
    with open_dataset(folder) as dataset:
        assert build_report(dataset, seed=3).html == report.html
        assert build_report(dataset, seed=4).html != report.html


def test_no_pseudonym_is_shown(report):
    digest = next(word for word in re.findall(r"[0-9a-f]{64}", report.html))
    assert re.findall(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])", report.html.replace(digest, "")) == []


def test_an_unknown_forum_is_refused(folder):
    with open_dataset(folder) as dataset, pytest.raises(SettingsError, match="no such forum"):
        build_report(dataset, settings=ReportSettings(forum="forum-z"))


def test_every_word_is_escaped():
    parts = (Words((HOSTILE,)), Points((HOSTILE,)), Facts({HOSTILE: HOSTILE}), Chart(HOSTILE, HOSTILE, _bars(HOSTILE)))
    finding = Finding("x", Severity.NOTE, HOSTILE)
    page = render_page(HOSTILE, HOSTILE, [Chapter("one", HOSTILE, parts, (finding,))])
    reader = read(page)
    assert not {"script", "img"} & set(reader.tags)
    assert page.count("&lt;script") >= 9


def test_anything_but_a_checked_table_is_refused(report):
    table = next(table for chapter in report.chapters for table in chapter.tables)
    for smuggled in (table.data, table.rows(), "<b>text</b>", None):
        with pytest.raises(TypeError, match="checked tables only"):
            render_page("t", "s", [Chapter("one", "One", (smuggled,))])


def _bars(label="a"):
    return alt.Chart(alt.Data(values=[{"x": label, "y": 1}])).mark_bar().encode(x="x:N", y="y:Q")


def test_a_chart_loads_nothing():
    loading = alt.Chart(alt.UrlData(url="figures.csv")).mark_bar().encode(x="x:N", y="y:Q")
    linking = _bars().encode(href="x:N")
    for drawing in (loading, linking):
        with pytest.raises(DrawingError, match="outside itself"):
            draw_chart(Chart("A", "B", drawing), "key")


def test_a_drawing_holds_shapes_and_text_only():
    gradient = alt.Chart(alt.Data(values=[{"x": 1, "y": 1}])).mark_bar(
        color=alt.Gradient(
            gradient="linear", stops=[alt.GradientStop(color="red", offset=0), alt.GradientStop(color="blue", offset=1)]
        )
    )
    picture = alt.Chart(alt.Data(values=[{"x": 1}])).mark_image(width=10, height=10).encode(x="x:Q")
    for drawing in (gradient, picture):
        with pytest.raises(DrawingError):
            draw_chart(Chart("A", "B", drawing), "key")


def test_a_chapter_that_nobody_makes_is_refused() -> None:
    with pytest.raises(SettingsError, match="do not exist"):
        ReportSettings(chapters=("no-such-chapter",))
