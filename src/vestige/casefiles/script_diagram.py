"""A script as a drawing: stages from the top down, one lane for key and one for general members."""

import textwrap
from typing import Final

from vestige.casefiles.crime_scripts import Scene, Script
from vestige.casefiles.figures.svg import Box, Canvas, Fill

LANE: Final = 250.0
GUTTER: Final = 46.0
STAGE: Final = 132.0
GAP: Final = 34.0
_COLUMNS: Final = {"key": 0.5, "general": 1.5, "both": 1.0}


def script_diagram(script: Script) -> str:
    """The script as SVG: scenes with their cast, number of sources, and intervention points as numbered triangles."""
    canvas = Canvas()
    canvas.text(STAGE + GUTTER + LANE / 2, 12, "Key members", bold=True, anchor="middle")
    canvas.text(STAGE + 2 * GUTTER + 1.5 * LANE, 12, "General members", bold=True, anchor="middle")
    points = {code: number for number, code in enumerate(_interventions(script), start=1)}
    y, placed = 34.0, {}
    for code, label in script.stages:
        scenes = [scene for scene in script.scenes if scene.stage == code]
        if not scenes:
            continue
        top = y
        for line_number, line in enumerate(textwrap.wrap(label, 17)):
            canvas.text(0, y + 16 + 16 * line_number, line, bold=True)
        for group in _rows(scenes):
            height = max(_box(script, scene, points).size[1] for scene in group)
            for scene in group:
                box = _box(script, scene, points)
                placed[scene.code] = (_centre(scene), y + box.size[1] / 2, box)
            y += height + GAP
        canvas.elements.append(
            f'<line x1="0" y1="{top - 12:.1f}" x2="{STAGE + 2 * GUTTER + 2 * LANE:.1f}" y2="{top - 12:.1f}" '
            'stroke="#999999" stroke-width="0.8"/>'
        )
    _draw_arrows(canvas, script, placed)
    for x, middle, box in placed.values():
        canvas.box(x, middle, box)
    _key(canvas, script, points)
    return canvas.render(f"Crime script {script.code}")


def _interventions(script: Script) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for scene in script.scenes for code in scene.interventions))


def _rows(scenes: list[Scene]) -> list[list[Scene]]:
    """Scenes of one stage in rows: a scene for key members and one for general members may stand side by side."""
    rows: list[list[Scene]] = []
    for scene in scenes:
        taken = {each.track for each in rows[-1]} if rows else {"both"}
        if "both" in taken or scene.track in taken or scene.track == "both":
            rows.append([scene])
        else:
            rows[-1].append(scene)
    return rows


def _centre(scene: Scene) -> float:
    return STAGE + GUTTER + LANE * _COLUMNS[scene.track] + GUTTER * (_COLUMNS[scene.track] - 0.5)


def _box(script: Script, scene: Scene, points: dict[str, int]) -> Box:
    wide = scene.track == "both"
    characters = 66 if wide else 31
    cast = ", ".join(script.labels.get(code, code) for code in scene.cast)
    count = len(scene.sources)
    diamonds = " ".join(f"\u25b2{points[code]}" for code in scene.interventions)
    last = f"{count} source{'' if count == 1 else 's'}" + (f"   {diamonds}" if diamonds else "")
    lines = [*textwrap.wrap(scene.label, characters)[:2], *textwrap.wrap(cast, characters)[:2], last]
    return Box(
        tuple(lines), Fill.LIGHT if wide else Fill.WHITE, dashed=count == 0, width=2 * LANE + GUTTER if wide else LANE
    )


def _draw_arrows(canvas: Canvas, script: Script, placed: dict[str, tuple[float, float, Box]]) -> None:
    for scene in script.scenes:
        if scene.code not in placed:
            continue
        x, middle, box = placed[scene.code]
        for before in script.followed(scene):
            if before not in placed:
                continue
            from_x, from_middle, from_box = placed[before]
            start, end = from_middle + from_box.size[1] / 2, middle - box.size[1] / 2
            narrow = x if box.size[0] <= from_box.size[0] else from_x
            if end - start <= GAP + 60 and end > start:
                straight = abs(x - from_x) < LANE / 2 or box.size[0] != from_box.size[0]
                bend = end - GAP / 2
                path = [(narrow, start), (narrow, end)]
                canvas.arrow(path if straight else [(from_x, start), (from_x, bend), (x, bend), (x, end)])
            else:
                side = STAGE + GUTTER / 2
                canvas.arrow(
                    [
                        (from_x - from_box.size[0] / 2, from_middle),
                        (side, from_middle),
                        (side, middle),
                        (x - box.size[0] / 2, middle),
                    ]
                )


def _key(canvas: Canvas, script: Script, points: dict[str, int]) -> None:
    y = canvas.bottom + 30
    for code, number in points.items():
        canvas.text(STAGE + GUTTER, y, f"\u25b2{number}  {script.labels.get(code, code)}", size=12)
        y += 18
    if any(not scene.sources for scene in script.scenes):
        canvas.text(STAGE + GUTTER, y, "dashed: supported by no source", size=12)
