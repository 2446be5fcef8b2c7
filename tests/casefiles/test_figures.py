"""Figures: boxes that do not overlap, arrows that point down, nothing fetched, and what each shows."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestige.casefiles.agreement import AgreementSettings, measure_agreement
from vestige.casefiles.check import open_study
from vestige.casefiles.figures.layered import layered_places
from vestige.casefiles.figures.study_figures import chart_svg, item_matrix_plot, study_figures, timeline
from vestige.casefiles.figures.svg import Arrow, Box, draw_diagram
from vestige.casefiles.templates import new_study
from vestige.cli import run
from vestige.errors import SettingsError

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("figures") / "study"
    new_study(folder, "worked-example")
    return open_study(folder)


graphs = st.integers(1, 9).flatmap(
    lambda size: st.tuples(
        st.lists(st.tuples(st.integers(40, 160), st.integers(20, 80)), min_size=size, max_size=size),
        st.lists(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)), max_size=14),
    )
)


@settings(deadline=None, max_examples=60)
@given(graphs)
def test_boxes_never_overlap_and_stay_on_the_canvas(graph):
    sizes = {f"n{i}": size for i, size in enumerate(graph[0])}
    places = layered_places(sizes, [(f"n{one}", f"n{other}") for one, other in graph[1]])
    boxes = [(places[name].x, places[name].y, *sizes[name]) for name in sizes]
    for number, (x, y, width, height) in enumerate(boxes):
        assert x - width / 2 > -1e-6
        assert y - height / 2 > -1e-6
        for other_x, other_y, other_width, other_height in boxes[:number]:
            apart = abs(x - other_x) >= (width + other_width) / 2 - 1e-6
            assert apart or abs(y - other_y) >= (height + other_height) / 2 - 1e-6


def test_arrows_point_down_where_there_is_no_circle():
    edges = [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("a", "d")]
    places = layered_places(dict.fromkeys("abcd", (50.0, 20.0)), edges)
    assert all(places[one].layer < places[other].layer for one, other in edges)
    assert places["d"].layer == 2


def test_labels_are_escaped():
    svg = draw_diagram({"a": Box(('<script>"&',)), "b": Box(("b",))}, [Arrow("a", "b")], 'title "<"')
    root = ET.fromstring(svg)
    assert "script" not in {element.tag.removeprefix(SVG) for element in root.iter()}
    assert '<script>"&' in [element.text for element in root.iter(f"{SVG}text")]


def test_every_figure_is_well_formed_and_fetches_nothing(study):
    figures = study_figures(study)
    assert list(figures) == ["links", "timeline", "items", "roles-forum-1", "roles-forum-3"]
    for draw in figures.values():
        svg = draw()
        root = ET.fromstring(svg)
        assert float(root.get("width").removesuffix("px")) > 100
        assert not {"script", "image", "foreignObject"} & {element.tag.removeprefix(SVG) for element in root.iter()}
        assert "http" not in svg.replace("http://www.w3.org/", "")


def test_link_map_has_every_case_and_link(study):
    root = ET.fromstring(study_figures(study)["links"]())
    words = [element.text for element in root.iter(f"{SVG}text")]
    assert {f"case-{number}" for number in range(1, 7)} <= set(words)
    lines = [element for element in root.iter(f"{SVG}path") if element.get("fill") == "none"]
    assert len(lines) == 5 + 3


def test_role_chart_marks_the_areas(study):
    root = ET.fromstring(study_figures(study)["roles-forum-3"]())
    words = [element.text for element in root.iter(f"{SVG}text")]
    assert words.count("\u25a1 trusted") == 2
    assert words.count("\u25a0 staff") == 2


def test_timeline_and_matrix_carry_the_uncertain(study):
    assert "end unknown" in chart_svg(timeline(study))
    svg = chart_svg(item_matrix_plot(study))
    assert ">n/a<" in svg
    assert ">?<" in svg


def test_states_of_the_matrix_look_different_in_print(study):
    svg = study_figures(study)["items"]()
    assert "n/a (not applicable)" in svg
    assert "? cannot tell" in svg
    colours = next(layer["encoding"]["color"] for layer in item_matrix_plot(study).to_dict()["layer"])
    assert len(set(colours["scale"]["range"])) == len(colours["scale"]["domain"])


def test_agreement_chart(study):
    result = measure_agreement(study, settings=AgreementSettings(bootstrap=20))
    assert "illegal-governance" in chart_svg(result.plot("coefficients"))
    with pytest.raises(SettingsError):
        result.plot("nothing")


def test_command_line(study, tmp_path, capsys):
    assert run(["casefile", "figure", str(study.folder), "list"]) == 0
    assert "roles-forum-1" in capsys.readouterr().out
    assert run(["casefile", "figure", str(study.folder), "links", "--out", str(tmp_path / "a.png")]) == 0
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert run(["casefile", "figure", str(study.folder), "links", "--out", str(tmp_path / "a.svg")]) == 0
    assert run(["casefile", "figure", str(study.folder), "links", "--out", str(tmp_path / "a.gif")]) == 2
    assert run(["casefile", "figure", str(study.folder), "nothing"]) == 2
