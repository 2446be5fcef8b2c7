"""A lint of crime scripts by the quality criteria of Borrion (2013), "Quality assurance in crime scripting".

Each criterion gets what can be checked by rule; passing is not proof of quality, and a remark is a question to the
author, not an error.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from vestige.casefiles.crime_scripts import PARTS, Script

LONG_LABEL: Final = 60
MANY_SCENES: Final = 40


@dataclass(frozen=True)
class Remark:
    """One remark: the criterion, the scene it is about ("" for the script), and what to look at."""

    criterion: str
    scene: str
    text: str


def lint_script(script: Script) -> tuple[Remark, ...]:
    """Every remark on a script, in the order of Borrion's criteria."""
    return tuple(Remark(criterion, scene, text) for criterion, rule in _RULES.items() for scene, text in rule(script))


_Found = Iterator[tuple[str, str]]


def _typology(script: Script) -> _Found:
    if not script.perspective:
        yield "", "it is not stated whose perspective the script takes"
    if not script.unit:
        yield "", "it is not stated whether it describes individuals, groups or a community"


def _traceability(script: Script) -> _Found:
    for scene in script.scenes:
        if not scene.sources:
            yield scene.code, "no source supports the scene"
        elif len(scene.sources) == 1:
            yield scene.code, "a single source supports the scene"


def _transparency(script: Script) -> _Found:
    if not script.basis:
        yield "", "it is not stated how the script was made (basis)"


def _consistency(script: Script) -> _Found:
    order = {code: place for place, (code, _) in enumerate(script.stages)}
    places = {scene.code: order.get(scene.stage, 0) for scene in script.scenes}
    for scene in script.scenes:
        if any(places.get(code, 0) > places[scene.code] for code in scene.after):
            yield scene.code, "the scene follows one of a later stage"


def _context(script: Script) -> _Found:
    if not script.context:
        yield "", "it is not stated where and when the script holds (context)"


def _completeness(script: Script) -> _Found:
    for code, label in script.stages:
        tracks = {scene.track for scene in script.scenes if scene.stage == code}
        if not tracks:
            yield "", f"stage {label!r} has no scene"
        elif "both" not in tracks and len(tracks) == 1:
            missing = "general" if tracks == {"key"} else "key"
            yield "", f"stage {label!r} has no scene for {missing} members"


def _parsimony(script: Script) -> _Found:
    used = {code for scene in script.scenes for part in PARTS for code in scene.part(part)}
    unused = len(set(script.labels) - used)
    if unused:
        yield "", f"{unused} labels are used by no scene"
    if len(script.scenes) > MANY_SCENES:
        yield "", f"more than {MANY_SCENES} scenes: can some be one?"


def _precision(script: Script) -> _Found:
    for scene in script.scenes:
        for part in ("cast", "requirements"):
            if not scene.part(part):
                yield scene.code, f"the scene names no {part}"


def _uncertainty(script: Script) -> _Found:
    for scene in script.scenes:
        if not scene.certainty:
            yield scene.code, "it is not stated whether the scene was observed, inferred or assumed"


def _usability(script: Script) -> _Found:
    if script.scenes and not any(scene.interventions for scene in script.scenes):
        yield "", "no scene names an intervention point"


def _ambiguity(script: Script) -> _Found:
    counts = Counter(scene.label.lower() for scene in script.scenes)
    for scene in script.scenes:
        if counts[scene.label.lower()] > 1:
            yield scene.code, "another scene has the same label"
        if len(scene.label) > LONG_LABEL:
            yield scene.code, f"the label is longer than {LONG_LABEL} characters"


def _accuracy(script: Script) -> _Found:
    if not script.reviewed_by:
        yield "", "no expert has reviewed the script (reviewed_by)"


_RULES: Final[dict[str, Callable[[Script], _Found]]] = {
    "typology": _typology,
    "traceability": _traceability,
    "transparency": _transparency,
    "consistency": _consistency,
    "context": _context,
    "completeness": _completeness,
    "parsimony": _parsimony,
    "precision": _precision,
    "uncertainty": _uncertainty,
    "usability": _usability,
    "ambiguity": _ambiguity,
    "accuracy": _accuracy,
}
CRITERIA: Final = tuple(_RULES)
