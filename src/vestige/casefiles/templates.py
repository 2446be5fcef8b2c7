"""Start a study from a documented template."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from vestige.casefiles.schema import CODING_COLUMNS, TABLES
from vestige.errors import SettingsError
from vestige.outputs import staged_folder


@dataclass(frozen=True)
class Template:
    """One template: its name, one line about it, and the publications behind it."""

    name: str
    summary: str
    source: str


TEMPLATES: Final[dict[str, Template]] = {
    template.name: template
    for template in (
        Template(
            "organised-crime-monitor",
            "group, activities, environment, proceeds, overlaid with three structures",
            "Kruisbergen, Van de Bunt and Kleemans (2012); Von Lampe (2016)",
        ),
        Template(
            "crime-script", "stages, scenes, casts, requirements, interventions", "Cornish (1994); Borrion (2013)"
        ),
        Template(
            "market-needs",
            "access, security, value, victimisation, competition by arrangements",
            "Beckert and Wehinger (2013); Von Lampe (2016)",
        ),
        Template("organised-crime-traits", "eleven traits, to what extent", "Council of the European Union (1997)"),
        Template("worked-example", "six invented cases, two coders, one planted contradiction", "invented"),
    )
}


def new_study(folder: str | Path, template: str) -> tuple[str, ...]:
    """Write a template's files into a new folder; missing tables get their heading row.

    Args:
        folder: where the study shall stand; must not exist.
        template: one of `TEMPLATES`.

    Returns:
        Relative names of the files written.

    Raises:
        SettingsError: no such template.
        OutputError: the folder exists or cannot be written.
    """
    if template not in TEMPLATES:
        raise SettingsError("there is no such template", hint=f"known: {', '.join(TEMPLATES)}")
    root = Path(str(files("vestige.casefiles") / "study_templates" / template))
    with staged_folder(Path(folder)) as staged:
        for source in sorted(path for path in root.rglob("*") if path.suffix in {".toml", ".csv"}):
            target = staged / source.relative_to(root)
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(source.read_bytes())
        for name, table in TABLES.items():
            _with_heading(staged / f"{name}.csv", [column.name for column in table.columns])
        if not (staged / "codings").exists():
            (staged / "codings").mkdir()
            _with_heading(staged / "codings" / "coder-1.csv", [column.name for column in CODING_COLUMNS])
        return tuple(sorted(path.relative_to(staged).as_posix() for path in staged.rglob("*") if path.is_file()))


def _with_heading(path: Path, columns: list[str]) -> None:
    if not path.exists():
        path.write_text(",".join(columns) + "\n", encoding="utf-8")
