"""Crime scripts: reading, support, comparison, lint, diagram."""

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from vestige.casefiles.check import check_study, open_study
from vestige.casefiles.crime_scripts import Scene, compare_scripts, open_scripts, scene_support
from vestige.casefiles.script_diagram import script_diagram
from vestige.casefiles.script_lint import CRITERIA, lint_script
from vestige.casefiles.templates import new_study
from vestige.cli import run
from vestige.errors import SettingsError


@pytest.fixture
def folder(tmp_path):
    new_study(tmp_path / "study", "worked-example")
    return tmp_path / "study"


@pytest.fixture
def script(folder):
    return open_scripts(open_study(folder))["tickets"]


def test_scenes_and_their_support(script):
    rows = {row["scene"]: row for row in scene_support(script).to_pylist()}
    assert rows["Admission"]["sources"] == 4
    assert rows["Moving to another forum"]["sources"] == 0
    assert rows["Opening a forum"]["interventions"] == "takedown of the site"


def test_scenes_follow_what_they_name_or_what_stands_above_on_their_track(script):
    scenes = {scene.code: scene for scene in script.scenes}
    assert script.followed(scenes["opening"]) == ()
    assert script.followed(scenes["admission"]) == ("opening", "hearing")
    assert script.followed(scenes["trading"]) == ("admission",)
    assert script.followed(scenes["settling"]) == ("supervising", "trading")


def test_lint_asks_what_borrion_asks(script):
    found = {(remark.criterion, remark.scene) for remark in lint_script(script)}
    assert found == {
        ("traceability", "hearing"),
        ("traceability", "settling"),
        ("traceability", "moving"),
    }
    bare = replace(script, perspective="", unit="", basis="", context="", reviewed_by=())
    assert {remark.criterion for remark in lint_script(bare)} == {
        "typology", "transparency", "context", "accuracy", "traceability",
    }  # fmt: skip


def test_every_criterion_can_fire(script):
    scenes = (
        replace(script.scenes[0], label="Twice", interventions=(), requirements=(), certainty="", after=("moving",)),
        replace(script.scenes[3], label="twice", interventions=(), cast=()),
        *(replace(scene, interventions=()) for scene in script.scenes[5:]),
    )
    worst = replace(
        script,
        scenes=scenes,
        perspective="",
        basis="",
        context="",
        reviewed_by=(),
        labels={**script.labels, "spare": "x"},
    )
    assert {remark.criterion for remark in lint_script(worst)} == set(CRITERIA)


def test_comparison(script):
    opening = script.scenes[0]
    other = replace(
        script,
        scenes=(
            replace(opening, stage="entry", requirements=("hosting", "invitation"), sources=("case-1",)),
            Scene("new", "New", "exit", "key"),
        ),
    )
    rows = {row["scene"]: row for row in compare_scripts(script, other).to_pylist()}
    assert rows["opening"] == {
        "scene": "opening", "in_one": True, "in_other": True, "sources_one": 3, "sources_other": 1, "same_stage": False,
        "same_track": True, "alike": pytest.approx(3 / 4),
    }  # fmt: skip
    assert rows["new"]["in_one"] is False
    assert rows["trading"]["in_other"] is False


def test_diagram(script):
    root = ET.fromstring(script_diagram(script))
    words = " ".join(element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text"))
    assert "Key members" in words
    assert "\u25b21  takedown of the site" in words
    assert "0 sources" in words
    dashed = [r for r in root.iter("{http://www.w3.org/2000/svg}rect") if r.get("stroke-dasharray")]
    assert len(dashed) == 1


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('sources = ["case-2"]', 'sources = ["case-9"]', (2, "scene.sources")),
        ('cast = ["newcomers"]', 'cast = ["nobody"]', (2, "scene.cast")),
        ('stage = "exit"', 'stage = "end"', (7, "scene.stage")),
        ('after = ["supervising", "trading"]', 'after = ["nothing"]', (6, "scene.after")),
        ('after = ["supervising", "trading"]', 'after = ["moving"]', (6, "scene.after")),
        ('code = "hearing"', 'code = "opening"', (2, "scene.code")),
        ('track = "key"', 'track = "low"', (1, "scene.track")),
        ('certainty = "assumed"', 'certainty = "sure"', (7, "scene.certainty")),
        ('hosting = "hosting"', 'Hosting = "hosting"', (0, "labels.codes")),
        ('unit = "community"', "unit = 3", (0, "script.unit")),
        ('title = "A', 'quote = "x"\ntitle = "A', (0, "script.key 2")),
    ],
)
def test_faults_are_placed(folder, old, new, place):
    path = folder / "scripts" / "tickets.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    found = {(problem.file, problem.row, problem.column) for problem in check_study(folder).errors}
    assert ("scripts/tickets.toml", *place) in found


def test_a_file_name_is_not_repeated_when_it_is_not_neutral(folder):
    path = folder / "scripts" / "tickets.toml"
    path.rename(folder / "scripts" / "Hans Privat.toml")
    errors = check_study(folder).errors
    assert [(problem.file, problem.what) for problem in errors] == [
        ("scripts/file-1.toml", "the file has no neutral name")
    ]


def test_template_ships_empty_of_scenes(tmp_path):
    new_study(tmp_path / "study", "crime-script")
    script = open_scripts(open_study(tmp_path / "study"))["script-1"]
    assert script.scenes == ()
    assert script.labels == {}
    assert scene_support(script).num_rows == 0
    assert script_diagram(script).startswith("<svg")


def test_scripts_with_errors_are_not_opened(folder):
    study = open_study(folder)
    (folder / "scripts" / "broken.toml").write_text("[script\n")
    with pytest.raises(SettingsError):
        open_scripts(study)


def test_command_line(folder, tmp_path, capsys):
    assert run(["casefile", "script", str(folder), "tickets"]) == 0
    assert "traceability: moving: no source supports the scene" in capsys.readouterr().out
    assert run(["casefile", "script", str(folder), "tickets", "--compare", "tickets"]) == 0
    assert run(["casefile", "script", str(folder), "tickets", "--out", str(tmp_path / "s.svg")]) == 0
    assert run(["casefile", "script", str(folder), "nothing"]) == 2
