"""Crime scripts: stages, scenes and who supports them, for key and general members; labels only, never instructions.

Source: Cornish (1994), "The procedural analysis of offending"; two tracks after the field's own scripts of communities.
"""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vestige.casefiles.problems import ProblemList
from vestige.casefiles.schema import IDENTIFIER
from vestige.casefiles.study import Study
from vestige.casefiles.tomls import Entry, allow_sections, entries, head_of, read_toml
from vestige.errors import SettingsError

if TYPE_CHECKING:
    import pyarrow as pa

FOLDER: Final = "scripts"
TRACKS: Final = ("key", "general", "both")
CERTAINTIES: Final = ("observed", "inferred", "assumed")
PERSPECTIVES: Final = ("offender", "victim", "guardian", "community")
UNITS: Final = ("individual", "group", "community")
PARTS: Final = ("cast", "props", "requirements", "facilitators", "interventions")


@dataclass(frozen=True)
class Scene:
    """One scene.

    Attributes:
        code, label: neutral code and a reader's words.
        stage: code of its stage.
        track: "key", "general" or "both".
        cast, props, requirements, facilitators, interventions: codes declared in the script's labels.
        after: scenes it follows; the one above it on its track when none is named.
        sources: ids of cases and interviews that support it.
        certainty: whether it was observed, inferred or assumed; "" when not stated.
    """

    code: str
    label: str
    stage: str
    track: str
    cast: tuple[str, ...] = ()
    props: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    facilitators: tuple[str, ...] = ()
    interventions: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    certainty: str = ""

    def part(self, name: str) -> tuple[str, ...]:
        """One of `PARTS`."""
        codes: tuple[str, ...] = getattr(self, name)
        return codes


@dataclass(frozen=True)
class Script:
    """A crime script.

    Attributes:
        code, title: of the script.
        perspective: whose procedure it describes; "" when not stated.
        unit: individual, group or community; "" when not stated.
        basis: one line on how it was made; "" when not stated.
        context: one line on where and when it holds; "" when not stated.
        reviewed_by: neutral ids of experts who reviewed it.
        labels: code to words for casts, props, requirements, facilitators and interventions.
        stages: code and label, in order.
        scenes: in order.
        file: where it stands.
    """

    code: str
    title: str
    perspective: str
    unit: str
    basis: str
    context: str
    reviewed_by: tuple[str, ...]
    labels: dict[str, str]
    stages: tuple[tuple[str, str], ...]
    scenes: tuple[Scene, ...]
    file: str

    def followed(self, scene: Scene) -> tuple[str, ...]:
        """Scenes that lead to this one: those it names, else the last scenes above it that share a track."""
        if scene.after:
            return scene.after
        place = [each.code for each in self.scenes].index(scene.code)
        above = self.scenes[:place]
        found: list[str] = []
        for track in ("key", "general") if scene.track == "both" else (scene.track,):
            last = next((each.code for each in reversed(above) if each.track in {track, "both"}), None)
            if last is not None and last not in found:
                found.append(last)
        return tuple(found)


def read_scripts(study: Study, problems: ProblemList) -> tuple[Script, ...]:
    """Every script of a study; faults go to `problems`."""
    sources = set(study.units("case")) | {row.text("interview") for row in study.tables.get("interviews", ())}
    scripts = []
    for number, path in enumerate(sorted((study.folder / FOLDER).glob("*.toml")), start=1):
        neutral = IDENTIFIER.fullmatch(path.stem) is not None
        file = f"{FOLDER}/{path.name}" if neutral else f"{FOLDER}/file-{number}.toml"
        if not neutral:
            problems.error(file, 0, "", "the file has no neutral name", "rename it, such as script-1.toml")
        script = _read_script(path, file, sources, problems)
        if script is not None:
            scripts.append(script)
    return tuple(scripts)


def open_scripts(study: Study) -> dict[str, Script]:
    """Scripts by code; for a study whose check shows no error.

    Raises:
        SettingsError: a script has errors.
    """
    problems = ProblemList()
    scripts = read_scripts(study, problems)
    if problems.has_errors:
        raise SettingsError(
            "a script has errors", hint="run vestige casefile check on the folder, which lists them all"
        )
    return {script.code: script for script in scripts}


def _read_script(path: Path, file: str, sources: set[str], problems: ProblemList) -> Script | None:
    content = read_toml(path, file, problems)
    if content is None:
        return None
    allow_sections(content, ("script", "labels", "stage", "scene"), file, problems)
    head = head_of(content, "script", file, problems)
    head.allow("code", "title", "perspective", "unit", "basis", "context", "reviewed_by")
    labels = _labels(head_of(content, "labels", file, problems))
    stages = {}
    for entry in entries(content, "stage", file, problems):
        entry.allow("code", "label")
        stages[entry.identifier("code")] = entry.label("label", required=True)
    scenes: dict[str, Scene] = {}
    for entry in entries(content, "scene", file, problems):
        scene = _scene(entry, labels, stages, sources)
        if scene.code in scenes:
            entry.fault("code", "the code stands twice", "give each scene its own code")
        scenes[scene.code] = scene
    script = Script(
        head.identifier("code"),
        head.label("title", required=True),
        head.choice("perspective", PERSPECTIVES) if "perspective" in head.keys else "",
        head.choice("unit", UNITS) if "unit" in head.keys else "",
        head.label("basis"),
        head.label("context"),
        head.identifiers("reviewed_by"),
        labels,
        tuple(stages.items()),
        tuple(scenes.values()),
        file,
    )
    _check_order(script, content, problems)
    return script


def _labels(entry: Entry) -> dict[str, str]:
    codes = list(entry.keys)
    Entry(entry.file, 0, "labels", {"codes": codes}, entry.problems).identifiers("codes")
    return {code: entry.label(code, required=True) for code in codes}


def _scene(entry: Entry, labels: dict[str, str], stages: dict[str, str], sources: set[str]) -> Scene:
    entry.allow("code", "label", "stage", "track", *PARTS, "after", "sources", "certainty")
    parts: dict[str, Any] = {}
    for part in PARTS:
        parts[part] = entry.identifiers(part)
        if any(code not in labels for code in parts[part]):
            entry.fault(part, "a code that [labels] does not declare", "add it there with its words")
    supported = entry.identifiers("sources")
    if any(source not in sources for source in supported):
        entry.fault("sources", "no case or interview of the study has that id", "correct the id")
    stage = entry.identifier("stage")
    if stage and stage not in stages:
        entry.fault("stage", "not a declared stage", "add a [[stage]], or correct the code")
    return Scene(
        entry.identifier("code"),
        entry.label("label", required=True),
        stage,
        entry.choice("track", TRACKS, "both"),
        after=entry.identifiers("after"),
        sources=supported,
        certainty=entry.choice("certainty", CERTAINTIES) if "certainty" in entry.keys else "",
        **parts,
    )


def _check_order(script: Script, content: dict[str, Any], problems: ProblemList) -> None:
    known = {scene.code for scene in script.scenes}
    above: dict[str, set[str]] = defaultdict(set)
    numbered = {
        scene.code: entry
        for entry, scene in zip(entries(content, "scene", script.file, problems), script.scenes, strict=False)
    }
    for scene in script.scenes:
        if set(scene.after) - known:
            numbered[scene.code].fault("after", "no scene has that code", "correct the code")
        above[scene.code] = set(script.followed(scene)) & known
    settled: set[str] = set()
    while ready := {code for code in known - settled if above[code] <= settled}:
        settled |= ready
    for code in sorted(known - settled):
        numbered[code].fault("after", "the scenes follow one another in a circle", "break it")


def scene_support(script: Script) -> "pa.Table":
    """Each scene: how many sources support it, and which."""
    import pyarrow as pa

    labels = dict(script.stages)
    rows = [
        {
            "stage": labels.get(scene.stage, scene.stage),
            "scene": scene.label,
            "track": scene.track,
            "sources": len(scene.sources),
            "which": ", ".join(scene.sources),
            "certainty": scene.certainty or "not stated",
            "interventions": ", ".join(script.labels.get(code, code) for code in scene.interventions),
        }
        for scene in script.scenes
    ]
    text = ("stage", "scene", "track", "which", "certainty", "interventions")
    names = list(rows[0]) if rows else [*text[:3], "sources", *text[3:]]
    return pa.Table.from_pylist(
        rows, schema=pa.schema([(name, pa.string() if name in text else pa.int64()) for name in names])
    )


def compare_scripts(one: Script, other: Script) -> "pa.Table":
    """Scenes of two scripts by code: in which they stand, with how many sources, and how alike they are.

    `alike` is Jaccard's index over cast, props, requirements, facilitators and interventions together; null where a
    scene is in one script only, or neither names any.
    """
    import pyarrow as pa

    first = {scene.code: scene for scene in one.scenes}
    second = {scene.code: scene for scene in other.scenes}
    rows = []
    for code in dict.fromkeys([*first, *second]):
        a, b = first.get(code), second.get(code)
        rows.append(
            {
                "scene": code,
                "in_one": a is not None,
                "in_other": b is not None,
                "sources_one": len(a.sources) if a else None,
                "sources_other": len(b.sources) if b else None,
                "same_stage": a.stage == b.stage if a and b else None,
                "same_track": a.track == b.track if a and b else None,
                "alike": _jaccard(_all_parts(a), _all_parts(b)) if a and b else None,
            }
        )
    fields = [("scene", pa.string()), ("in_one", pa.bool_()), ("in_other", pa.bool_())]
    fields += [("sources_one", pa.int64()), ("sources_other", pa.int64())]
    fields += [("same_stage", pa.bool_()), ("same_track", pa.bool_()), ("alike", pa.float64())]
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))


def _all_parts(scene: Scene) -> set[tuple[str, str]]:
    return {(part, code) for part in PARTS for code in scene.part(part)}


def _jaccard(one: set[tuple[str, str]], other: set[tuple[str, str]]) -> float | None:
    return len(one & other) / len(one | other) if one | other else None
